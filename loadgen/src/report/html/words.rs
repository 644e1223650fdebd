//! Sentences about a run, made of nothing but what its report holds.

use super::scale::TimeUnit;
use crate::cli::Mode;
use crate::duration::show_ms;
use crate::outcome::Class;
use crate::report::{LittlesLaw, Report, Retries, Subject, words};
use crate::stats::Source;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// What was sent where, and how.
pub(super) fn headline(report: &Report) -> String {
    let requests = match report.mode {
        Mode::Sync => plural(report.requests, "synchronous request"),
        Mode::Async => plural(report.requests, "asynchronous request"),
        Mode::Http => plural(report.requests, "request"),
        Mode::Queue => plural(report.requests, "message"),
    };
    let batch = report.batch.filter(|&batch| batch > 1);
    let batch = batch.map(|batch| format!(" in batches of {batch}")).unwrap_or_default();
    let Report { subject, arrivals, target, endpoint, .. } = report;
    let place = match (&report.simulated, subject) {
        (Some(simulated), _) => format!(", simulated with seed {}", simulated.seed),
        (None, Subject::Function(_) | Subject::Queue(_)) => format!(", at {endpoint} (target {target})"),
        // Which says where it is.
        (None, Subject::Url(_)) => String::new(),
    };
    let retries = match report.retries {
        Retries::Off => "retries off",
        Retries::LikeSdk => "retried as an SDK does",
    };
    format!("{requests} to {subject}{batch}, {arrivals}{place}, {retries}.")
}

/// Said plainly when the numbers are not those of a whole run.
pub(super) fn interruption(report: &Report) -> Option<String> {
    let ended = report.requests.saturating_sub(report.counts.not_sent);
    report.interrupted.then(|| {
        format!(
            "This run was interrupted, or had not ended when this was written: {} of {} {} had left.",
            count(ended),
            count(report.requests),
            things(report)
        )
    })
}

/// What happened and why, in one line.
pub(super) fn story(report: &Report) -> String {
    let clauses = [
        refusals(report),
        failures(report),
        unsent(report),
        successes(report),
        concurrency(report),
        demand(report),
        completion(report),
        queue_story(report),
    ];
    let clauses: Vec<String> = clauses.into_iter().flatten().collect();
    match clauses.is_empty() {
        true => "Nothing was sent.".to_owned(),
        false => format!("{}.", capitalized(&clauses.join("; "))),
    }
}

fn refusals(report: &Report) -> Option<String> {
    let refused = report.counts.of(Class::Throttled);
    let why = match by_count(&report.counts.throttled)[..] {
        [(reason, _)] => reason.to_owned(),
        ref reasons => listed(reasons.iter().map(|(reason, n)| format!("{reason} ({})", count(*n)))),
    };
    (refused > 0).then(|| format!("{} refused: {why}", of_all(refused, report)))
}

/// Reasons from frequent to rare.
pub(super) fn by_count(reasons: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let mut all: Vec<(&str, u64)> = reasons.iter().map(|(reason, &n)| (reason.as_str(), n)).collect();
    all.sort_by_key(|(_, n)| Reverse(*n));
    all
}

fn failures(report: &Report) -> Option<String> {
    let failed = |class: &Class| class.is_error() && *class != Class::NotSent && report.counts.of(*class) > 0;
    let classes = Class::ALL.into_iter().filter(failed);
    let each =
        classes.map(|class| format!("{} ({})", words(class, report.mode), count(report.counts.of(class))));
    let errors = report.counts.errors() - report.counts.not_sent;
    (errors > 0).then(|| format!("{} went wrong: {}", of_all(errors, report), listed(each)))
}

fn unsent(report: &Report) -> Option<String> {
    let unsent = report.counts.not_sent;
    (unsent > 0).then(|| format!("{} never left", of_all(unsent, report)))
}

/// Only where there is nothing else to tell.
fn successes(report: &Report) -> Option<String> {
    let what = match report.mode {
        Mode::Sync | Mode::Http => "succeeded",
        Mode::Async => "accepted",
        Mode::Queue => "confirmed",
    };
    let all = report.counts.ok() + report.counts.accepted;
    let whole = all > 0 && all == report.requests;
    whole.then(|| match all {
        1 => format!("the only request {what}"),
        all => format!("all {} {what}", count(all)),
    })
}

fn concurrency(report: &Report) -> Option<String> {
    let highest = report.max_concurrency?;
    let Some(environments) = report.environments else {
        return Some(format!("at most {} at once, {}", count(highest), whose_clock(report)));
    };
    let ran = match environments {
        1 => "1 environment ran".to_owned(),
        all if all == highest => format!("{} environments ran at once", count(all)),
        all => format!("{} environments ran, at most {} at once", count(all), count(highest)),
    };
    let cold = match report.counts.ok_cold {
        0 => "without a cold start".to_owned(),
        cold if cold == environments && cold > 1 => "each with a cold start".to_owned(),
        cold => format!("with {}", plural(cold, "cold start")),
    };
    Some(format!("{ran}, {cold}"))
}

/// What the load asked for, where it got less.
fn demand(report: &Report) -> Option<String> {
    let LittlesLaw { requests_per_s, mean_duration_ms, wanted } = report.littles_law?;
    let refused = report.counts.of(Class::Throttled) > 0;
    let short = report.max_concurrency.is_some_and(|highest| wanted > highest as f64);
    (refused && short).then(|| match requests_per_s {
        Some(rate) => {
            let product = format!("{} × {}", per_second(rate), time(mean_duration_ms));
            format!("the load asked for {} at once ({product})", decimal(wanted))
        }
        None => format!("the load asked for {} at once", decimal(wanted)),
    })
}

fn completion(report: &Report) -> Option<String> {
    let done = report.completion.as_ref()?;
    let environments = plural(done.environments, "environment");
    // A simulation needs no log to know.
    let source = if report.simulated.is_some() { "" } else { "by the log " };
    Some(format!("{source}{} of {} are done, in {environments}", count(done.completed), count(done.accepted)))
}

fn queue_story(report: &Report) -> Option<String> {
    let queue = report.queue?;
    Some(match (queue.drained, queue.drain_s) {
        (true, Some(seconds)) => format!("the queue was empty {} later", time(seconds * 1000.0)),
        (true, None) => "the queue was empty at the end".to_owned(),
        (false, _) => format!("the queue still held {}", plural(queue.left, "message")),
    })
}

/// A logarithmic axis has no zero.
pub(super) const NO_TIME: &str = " What took no time at all lies on the bottom.";

/// Whose clock the concurrency comes from.
pub(super) fn whose_clock(report: &Report) -> &'static str {
    match report.max_concurrency_source {
        Some(Source::Answers) => "by the function's own clock",
        Some(Source::Simulation) => "in the simulation",
        Some(Source::Client) | None => "as the client saw it",
    }
}

/// What is counted.
pub(super) fn things(report: &Report) -> &'static str {
    match report.mode {
        Mode::Sync | Mode::Async | Mode::Http => "requests",
        Mode::Queue => "messages",
    }
}

/// A time that no line break tears apart.
pub(super) fn time(ms: f64) -> String {
    show_ms(ms).replace(' ', "\u{a0}")
}

/// As many of a thing whose plural ends in s.
pub(super) fn plural(n: u64, one: &str) -> String {
    format!("{} {one}{}", count(n), if n == 1 { "" } else { "s" })
}

/// A count with its thousands apart.
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three digits that matter, and none that says nothing.
pub(super) fn digits(value: f64) -> String {
    const SMALLEST: f64 = 1e-12;
    match value.abs() {
        size if size < SMALLEST || !size.is_finite() => "0".to_owned(),
        size if size >= 1000.0 => count(value.round() as u64),
        size => {
            let decimals = (2.0 - size.log10().floor()).max(0.0) as usize;
            let text = format!("{value:.decimals$}");
            if decimals == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
        }
    }
}

/// A share of one.
pub(super) fn percent(share: f64) -> String {
    match digits(share * 100.0) {
        whole if whole == "100" && share < 1.0 => "> 99.9\u{a0}%".to_owned(),
        part => format!("{part}\u{a0}%"),
    }
}

/// An amount of money.
pub(super) fn usd(amount: f64) -> String {
    format!("{}\u{a0}USD", dollars(amount))
}

/// The same where the unit is said elsewhere.
pub(super) fn dollars(amount: f64) -> String {
    match amount {
        some if (1.0..1000.0).contains(&some) => format!("{some:.2}"),
        few_or_many => digits(few_or_many),
    }
}

/// A time as long as hours, in the unit that fits.
pub(super) fn lasted(seconds: f64) -> String {
    let unit = TimeUnit::for_seconds(seconds);
    format!("{}\u{a0}{}", digits(seconds / unit.seconds), unit.name)
}

/// At most one decimal.
pub(super) fn decimal(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

pub(super) fn per_second(rate: f64) -> String {
    format!("{}/s", decimal(rate))
}

/// A share of the whole; what is there is never called nothing.
pub(super) fn share(part: u64, whole: u64) -> String {
    match part as f64 * 100.0 / whole.max(1) as f64 {
        percent if part > 0 && percent < 0.1 => "< 0.1\u{a0}%".to_owned(),
        percent if part < whole && percent > 99.9 => "> 99.9\u{a0}%".to_owned(),
        percent => format!("{}\u{a0}%", decimal(percent)),
    }
}

fn of_all(part: u64, report: &Report) -> String {
    format!("{} of {}", count(part), count(report.requests))
}

pub(super) fn listed(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

pub(super) fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A day and time of UTC.
pub(super) fn utc(epoch_s: f64) -> String {
    let seconds = epoch_s.max(0.0) as u64;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!("{year}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC", rest / 3600, rest / 60 % 60, rest % 60)
}

/// The date so many days after 1970 began. Years are counted from March, so
/// that the leap day is a year's last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrivals::{Arrivals, End};
    use crate::report::tests::example;
    use crate::report::{Counts, QueueReport};

    #[test]
    fn a_burst_is_told_in_one_line() {
        let expected = "95 of 100 refused: ReservedFunctionConcurrentInvocationLimitExceeded; \
            5 environments ran at once, each with a cold start; the load asked for 100 at once.";
        assert_eq!(story(&example()), expected);
        let expected = "100 synchronous requests to sandbox, all at once, at http://127.0.0.1:4566 \
            (target emulator), retries off.";
        assert_eq!(headline(&example()), expected);
        assert_eq!(interruption(&example()), None);
    }

    #[test]
    fn every_kind_of_end_is_told() {
        let check = |counts: Counts, expected: &str| {
            let requests = Class::ALL.into_iter().map(|class| counts.of(class)).sum();
            let report = Report {
                counts,
                requests,
                max_concurrency: None,
                arrivals: Arrivals::burst(requests),
                ..example()
            };
            assert_eq!(story(&report), expected);
        };
        check(Counts::default(), "Nothing was sent.");
        check(Counts { ok_warm: 1, ..Counts::default() }, "The only request succeeded.");
        check(Counts { ok_warm: 1200, ..Counts::default() }, "All 1,200 succeeded.");
        check(
            Counts { timeout: 2, not_sent: 1, ..Counts::default() },
            "2 of 3 went wrong: timeout (2); 1 of 3 never left.",
        );
        let throttled = [("A".to_owned(), 1), ("B".to_owned(), 3)].into();
        check(Counts { ok_warm: 1, throttled, ..Counts::default() }, "4 of 5 refused: B (3), A (1).");
    }

    #[test]
    fn environments_are_told_with_their_cold_starts() {
        let check = |environments, highest, cold, expected: &str| {
            let counts = Counts { ok_cold: cold, ..Counts::default() };
            let report = Report { environments, max_concurrency: highest, counts, ..example() };
            assert_eq!(concurrency(&report).as_deref(), Some(expected));
        };
        check(Some(5), Some(5), 5, "5 environments ran at once, each with a cold start");
        check(Some(5), Some(5), 0, "5 environments ran at once, without a cold start");
        check(Some(5), Some(3), 2, "5 environments ran, at most 3 at once, with 2 cold starts");
        check(Some(1), Some(1), 1, "1 environment ran, with 1 cold start");
        check(Some(1), Some(1), 0, "1 environment ran, without a cold start");
        check(None, Some(7), 0, "at most 7 at once, by the function's own clock");
    }

    #[test]
    fn what_became_of_the_queue_is_told() {
        let check = |drained, left, drain_s, expected: &str| {
            let queue = QueueReport { sent: 9, drained, left, drain_s };
            let told = queue_story(&Report { queue: Some(queue), ..example() });
            assert_eq!(told.as_deref(), Some(expected));
        };
        check(true, 0, Some(2.0), "the queue was empty 2.00\u{a0}s later");
        check(false, 1, None, "the queue still held 1 message");
    }

    #[test]
    fn a_url_says_where_it_is() {
        let report = Report { subject: Subject::Url("http://here/x".into()), mode: Mode::Http, ..example() };
        assert_eq!(headline(&report), "100 requests to http://here/x, all at once, retries off.");
    }

    #[test]
    fn a_rate_is_multiplied_out() {
        let arrivals = Arrivals::new("constant:20/s".parse().unwrap(), Some(End::DurationS(5.0)), 0).unwrap();
        let mut report = Report { arrivals, ..example() };
        report.summarize();
        assert_eq!(demand(&report).unwrap(), "the load asked for 50 at once (20/s × 2.50\u{a0}s)");
    }

    #[test]
    fn an_interruption_is_said_plainly() {
        let counts = Counts { ok_warm: 70, not_sent: 30, ..Counts::default() };
        let report = Report { interrupted: true, counts, ..example() };
        let said = interruption(&report).unwrap();
        assert!(said.contains("was interrupted") && said.contains("70 of 100 requests had left"), "{said}");
    }

    #[test]
    fn numbers_read_well() {
        let check = |n, expected: &str| assert_eq!(count(n), expected);
        check(0, "0");
        check(999, "999");
        check(1000, "1,000");
        check(1_234_567, "1,234,567");
        assert_eq!([share(1, 3), share(0, 3), share(3, 3)], ["33.3\u{a0}%", "0\u{a0}%", "100\u{a0}%"]);
        assert_eq!([share(1, 100_000), share(99_999, 100_000)], ["< 0.1\u{a0}%", "> 99.9\u{a0}%"]);
    }

    #[test]
    fn a_simulation_is_nowhere() {
        let simulated = Some(super::super::simulation::tests::simulated());
        let said = headline(&Report { simulated, ..example() });
        assert!(said.ends_with("all at once, simulated with seed 7, retries off."), "{said}");
        assert!(!said.contains("http"));
    }

    #[test]
    fn three_digits_matter() {
        let check = |value, expected: &str| assert_eq!(digits(value), expected);
        check(0.0, "0");
        check(0.000_001_234, "0.00000123");
        check(0.05, "0.05");
        check(0.9996, "1");
        check(12.34, "12.3");
        check(120.4, "120");
        check(12_345.6, "12,346");
        assert_eq!(
            [percent(0.0), percent(0.001_013), percent(0.99999)],
            ["0\u{a0}%", "0.101\u{a0}%", "> 99.9\u{a0}%"]
        );
        assert_eq!(
            [usd(0.01849), usd(2.5), usd(1234.5)],
            ["0.0185\u{a0}USD", "2.50\u{a0}USD", "1,235\u{a0}USD"]
        );
        assert_eq!(
            [lasted(0.3), lasted(658.0), lasted(86_400.0)],
            ["300\u{a0}ms", "11\u{a0}min", "24\u{a0}h"]
        );
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        let check = |epoch, expected: &str| assert_eq!(utc(epoch), expected);
        check(0.0, "1970-01-01 00:00:00 UTC");
        check(951_782_400.0, "2000-02-29 00:00:00 UTC");
        check(1_763_750_000.5, "2025-11-21 18:33:20 UTC");
        check(1_767_225_599.0, "2025-12-31 23:59:59 UTC");
    }
}
