//! The numbers that a run is remembered by.

use super::markup::{Element, element};
use super::simulation::instant;
use super::words::{count, decimal, per_second, plural, share, things, time, whose_clock};
use crate::outcome::Class;
use crate::report::{LittlesLaw, Report};

/// A number, what it is, and what one has to know of it.
pub(super) struct Fact {
    name: &'static str,
    value: String,
    note: String,
}

pub(super) fn fact(name: &'static str, value: impl Into<String>, note: impl Into<String>) -> Fact {
    Fact { name, value: value.into(), note: note.into() }
}

/// All that the report has.
pub(super) fn numbers(report: &Report) -> Element {
    tiles([counts(report), environments(report), times(report), later(report)].into_iter().flatten())
}

/// Side by side, as many as the page has room for.
pub(super) fn tiles(facts: impl IntoIterator<Item = Fact>) -> Element {
    let tiles = facts.into_iter().map(|Fact { name, value, note }| {
        let note = (!note.is_empty()).then(|| element("dd").class("note").text(note));
        element("div").child(element("dt").text(name)).child(element("dd").text(value)).children(note)
    });
    element("dl").class("numbers").children(tiles)
}

fn counts(report: &Report) -> Vec<Fact> {
    let counts = &report.counts;
    let of = |n: u64| share(n, report.requests);
    let (ok, refused, errors) = (counts.ok() + counts.accepted, counts.of(Class::Throttled), counts.errors());
    let attempts = report.attempts;
    let unsent = match counts.not_sent {
        0 => String::new(),
        unsent => format!(", {} never left", count(unsent)),
    };
    let resent = (attempts.made > report.requests).then(|| {
        fact("attempts", count(attempts.made), format!("{} of them refused", count(attempts.throttled)))
    });
    let kinds = match counts.accepted {
        0 => format!("{} warm, {} cold", count(counts.ok_warm), count(counts.ok_cold)),
        accepted => format!("{} accepted", count(accepted)),
    };
    let facts = [
        fact(things(report), count(report.requests), ""),
        fact("succeeded", count(ok), format!("{}: {kinds}", of(ok))),
        fact("refused (429)", count(refused), of(refused)),
        fact("went wrong", count(errors), format!("{}{unsent}", of(errors))),
    ];
    facts.into_iter().chain(resent).collect()
}

fn environments(report: &Report) -> Vec<Fact> {
    let environments = report.environments.map(|n| fact("environments", count(n), "that answered"));
    let highest = report.max_concurrency.map(|highest| {
        let left_out = match report.max_concurrency_left_out {
            0 => String::new(),
            n => format!(", {} left out", plural(n, "answer")),
        };
        fact("highest concurrency", count(highest), format!("{}{left_out}", whose_clock(report)))
    });
    let mean =
        report.mean_concurrency.map(|mean| fact("mean concurrency", decimal(mean), whose_clock(report)));
    let cold = report.cold_start_ms.map(|cold| {
        let note = format!("p50 {}, max {}", time(cold.p50), time(cold.max));
        fact("cold starts (Init)", count(cold.count), note)
    });
    let law = report.littles_law.map(|law| littles_law(law, report));
    [environments, highest, mean, law, cold].into_iter().flatten().collect()
}

/// Wanted beside ran.
fn littles_law(law: LittlesLaw, report: &Report) -> Fact {
    let duration = time(law.mean_duration_ms);
    let why = match (law.requests_per_s, report.arrivals.users()) {
        (Some(rate), _) => format!("{} × {duration}", per_second(rate)),
        (None, Some(_)) => format!("all users at once, {duration} each"),
        (None, None) => format!("all at once, {duration} each"),
    };
    let ran =
        report.mean_concurrency.map(|mean| format!("; ran {} on average", decimal(mean))).unwrap_or_default();
    fact("Little's law wants", decimal(law.wanted), format!("{why}{ran}"))
}

fn times(report: &Report) -> Vec<Fact> {
    let success = report.success_ms.filter(|_| !instant(report)).map(|times| {
        fact("successes, p50", time(times.p50), format!("p99 {}, max {}", time(times.p99), time(times.max)))
    });
    // A simulation's clock lets nobody be late, and it has one of its own.
    if report.simulated.is_some() {
        return success.into_iter().collect();
    }
    let skew =
        report.start_skew_ms.map(|ms| fact("start skew", time(ms), "from the first that left to the last"));
    // A burst's lag is its start skew.
    let lag = report.send_lag_ms.filter(|_| report.start_skew_ms.is_none()).map(|lag| {
        let note = format!("p99 {}, from due to sent", time(lag.p99));
        fact("sent late by at most", time(lag.max), note)
    });
    let wall = fact("wall time", time(report.wall_s * 1000.0), "from the first due to the last end");
    [success, skew, lag, Some(wall)].into_iter().flatten().collect()
}

/// What became of work that was only accepted.
fn later(report: &Report) -> Vec<Fact> {
    let done = report.completion.as_ref().map(|done| {
        let note =
            done.latency_ms.map(|times| format!("p50 {}, max {} after", time(times.p50), time(times.max)));
        let name = if report.simulated.is_some() { "done" } else { "done, by the log" };
        fact(name, count(done.completed), note.unwrap_or_default())
    });
    let queue = report.queue.map(|queue| match queue.drain_s {
        Some(seconds) => fact("queue empty after", time(seconds * 1000.0), "from the last confirmation"),
        None => fact("left in the queue", count(queue.left), "when last looked"),
    });
    done.into_iter().chain(queue).collect()
}

#[cfg(test)]
mod tests {
    use super::super::markup::tests::assert_balanced;
    use super::*;
    use crate::completion::Completion;
    use crate::report::QueueReport;
    use crate::report::tests::example;
    use crate::stats::Attempted;

    fn tile(name: &str, value: &str, note: &str) -> String {
        format!("<dt>{name}</dt><dd>{value}</dd><dd class=\"note\">{note}</dd>")
    }

    #[test]
    fn the_numbers_are_the_report_s() {
        let text = numbers(&example()).to_string();
        assert_balanced(&text);
        let tiles = [
            tile("succeeded", "5", "5\u{a0}%: 0 warm, 5 cold"),
            tile("refused (429)", "95", "95\u{a0}%"),
            tile("went wrong", "0", "0\u{a0}%"),
            tile("environments", "5", "that answered"),
            tile("highest concurrency", "5", "by the function&#39;s own clock"),
            tile("mean concurrency", "4.9", "by the function&#39;s own clock"),
            tile("Little&#39;s law wants", "100", "all at once, 2.50\u{a0}s each; ran 4.9 on average"),
            tile("cold starts (Init)", "5", "p50 18.0\u{a0}ms, max 21.0\u{a0}ms"),
            tile("start skew", "12.5\u{a0}ms", "from the first that left to the last"),
            tile("wall time", "2.51\u{a0}s", "from the first due to the last end"),
        ];
        for tile in tiles {
            assert!(text.contains(&tile), "{tile} in {text}");
        }
        assert!(!text.contains("attempts") && !text.contains("sent late"));
    }

    #[test]
    fn work_that_was_only_accepted_is_followed() {
        let completion = Completion {
            accepted: 100,
            completed: 98,
            latency_ms: example().success_ms,
            ..Completion::default()
        };
        let queue = QueueReport { sent: 100, drained: false, left: 2, drain_s: None };
        let text =
            numbers(&Report { completion: Some(completion), queue: Some(queue), ..example() }).to_string();
        let done = tile("done, by the log", "98", "p50 2.50\u{a0}s, max 2.50\u{a0}s after");
        assert!(
            text.contains(&done) && text.contains(&tile("left in the queue", "2", "when last looked")),
            "{text}"
        );
    }

    #[test]
    fn a_simulation_is_never_late() {
        let simulated = Some(super::super::simulation::tests::simulated());
        let text = numbers(&Report { simulated, ..example() }).to_string();
        assert!(text.contains("successes, p50"));
        for part in ["start skew", "sent late", "wall time"] {
            assert!(!text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn repeated_attempts_are_told() {
        let report = Report { attempts: Attempted { made: 250, throttled: 150 }, ..example() };
        assert!(numbers(&report).to_string().contains(&tile("attempts", "250", "150 of them refused")));
    }
}
