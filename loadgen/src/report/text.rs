//! The report for people: one table, then one line of what else matters.
//!
//! Every colour repeats what a word already says; the stream strips them where
//! they are not wanted (`NO_COLOR`, no terminal).

use super::simulated::{Environments, Simulated};
use super::{Latency, Report, Retries, words};
use crate::cli::Mode;
use crate::duration::show_ms;
use crate::outcome::Class;
use crate::stats::Source;
use anstyle::{AnsiColor, Style};
use std::fmt::Write;

pub const GOOD: Style = AnsiColor::Green.on_default();
pub const BAD: Style = AnsiColor::Red.on_default();
pub const THROTTLED: Style = AnsiColor::Yellow.on_default();
pub const STRONG: Style = Style::new().bold();
pub const FAINT: Style = Style::new().dimmed();

/// A line of the table.
struct Row {
    style: Style,
    label: String,
    count: u64,
    latency: Option<Latency>,
}

pub fn render(report: &Report) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_report(&mut text, report);
    text
}

fn write_report(out: &mut String, report: &Report) -> std::fmt::Result {
    writeln!(out, "{STRONG}{}{STRONG:#}\n", title(report))?;
    write_table(out, &rows(report))?;
    writeln!(out, "\n  {}", facts(report).join(" · "))?;
    for line in [littles_law(report), service_time(report), completion(report)].into_iter().flatten() {
        writeln!(out, "  {line}")?;
    }
    for line in report.simulated.iter().flat_map(simulated) {
        writeln!(out, "  {line}")?;
    }
    for (class, note) in &report.notes {
        writeln!(out, "  {BAD}{}{BAD:#}: {note}", class.key())?;
    }
    if !report.expectations.is_empty() {
        writeln!(out)?;
    }
    for verdict in &report.expectations {
        writeln!(out, "  {} {verdict}", mark(verdict.ok))?;
    }
    Ok(())
}

/// ✓ or ✗, in its colour.
pub fn mark(ok: bool) -> String {
    match ok {
        true => format!("{GOOD}✓{GOOD:#}"),
        false => format!("{BAD}✗{BAD:#}"),
    }
}

fn title(report: &Report) -> String {
    let requests = |one: &str| plural(report.requests, one);
    let to = &report.subject;
    let what = match report.mode {
        Mode::Sync => format!("{} to {to}", requests("synchronous request")),
        Mode::Async => format!("{} to {to}", requests("asynchronous request")),
        Mode::Queue => format!("{} to {to}", requests("message")),
        Mode::Http => format!("{} to {to}", requests("request")),
    };
    let name = report.name.as_ref().map_or(String::new(), |name| format!("{name}: "));
    let batch = report.batch.map_or(String::new(), |batch| format!(", {batch} in a request"));
    let retries = if report.retries == Retries::Off { "off" } else { "as an SDK makes them" };
    let at = match (report.mode, &report.simulated) {
        (_, Some(simulated)) => format!(", simulated with seed {}", simulated.seed),
        (Mode::Http, None) => String::new(),
        (Mode::Sync | Mode::Async | Mode::Queue, None) => format!(", at {}", report.endpoint),
    };
    let interrupted = if report.interrupted { ", interrupted" } else { "" };
    format!("{name}{what}, {}{batch}{at}, retries {retries}{interrupted}", report.arrivals)
}

fn rows(report: &Report) -> Vec<Row> {
    let seen = Class::ALL.into_iter().filter(|&class| report.counts.of(class) > 0);
    let rows = seen.flat_map(|class| {
        if class == Class::Throttled { throttle_rows(report) } else { vec![row(report, class)] }
    });
    rows.collect()
}

fn row(report: &Report, class: Class) -> Row {
    Row {
        style: style(class),
        label: words(class, report.mode).to_owned(),
        count: report.counts.of(class),
        latency: report.latency_ms.get(&class).copied(),
    }
}

/// One row per reason. The latency belongs to all 429s and stands beside the
/// first.
fn throttle_rows(report: &Report) -> Vec<Row> {
    let latency = report.latency_ms.get(&Class::Throttled).copied();
    let reasons = report.counts.throttled.iter().enumerate();
    let row = |(n, (reason, &count)): (usize, (&String, &u64))| Row {
        style: THROTTLED,
        label: format!("429 {reason}"),
        count,
        latency: latency.filter(|_| n == 0),
    };
    reasons.map(row).collect()
}

fn style(class: Class) -> Style {
    match class.is_success() {
        true => GOOD,
        false if class == Class::Throttled => THROTTLED,
        false => BAD,
    }
}

fn write_table(out: &mut String, rows: &[Row]) -> std::fmt::Result {
    let width = rows.iter().map(|row| row.label.len()).max().unwrap_or(0).max("outcome".len());
    let head = format!(
        "{:width$}  {:>8}  {:>8}  {:>8}  {:>8}  {:>8}",
        "outcome", "count", "p50", "p90", "p99", "max"
    );
    writeln!(out, "  {FAINT}{head}{FAINT:#}")?;
    for Row { style, label, count, latency } in rows {
        write!(out, "  {style}{label:width$}{style:#}  {count:>8}")?;
        if let Some(latency) = latency {
            for ms in [latency.p50, latency.p90, latency.p99, latency.max] {
                write!(out, "  {:>8}", show_ms(ms))?;
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

fn facts(report: &Report) -> Vec<String> {
    let mut facts = Vec::new();
    facts.extend(report.environments.map(|n| plural(n, "environment")));
    facts.extend(report.max_concurrency.map(|n| concurrency(n, report)));
    facts.extend(
        report
            .cold_start_ms
            .map(|cold| format!("cold start p50 {}, max {}", show_ms(cold.p50), show_ms(cold.max))),
    );
    if report.simulated.is_none() {
        facts.extend(report.start_skew_ms.map(|ms| format!("start skew {}", show_ms(ms))));
        // A burst's lag is its start skew.
        let lag = report.send_lag_ms.filter(|_| report.start_skew_ms.is_none());
        facts.extend(lag.map(|lag| format!("sent up to {} late", show_ms(lag.max))));
        facts.push(format!("wall {}", show_ms(report.wall_s * 1000.0)));
    }
    if report.retries == Retries::LikeSdk {
        let (made, throttled) = (report.attempts.made, report.attempts.throttled);
        facts.push(format!("sent {made} times in all, {throttled} of them throttled"));
    }
    facts.extend(report.queue.map(|queue| match queue.drain_s {
        Some(s) => format!("queue empty after {}", show_ms(s * 1000.0)),
        None => format!("queue not empty, {} left", plural(queue.left, "message")),
    }));
    facts.extend(report.dead_lettered.map(|n| format!("{n} in the dead-letter queue")));
    facts
}

/// What the load asks for, beside what ran.
fn littles_law(report: &Report) -> Option<String> {
    let law = report.littles_law?;
    let duration = show_ms(law.mean_duration_ms);
    let asked = match law.requests_per_s {
        Some(rate) => format!("{} × {duration}", show_rate(rate)),
        None => format!("{} at once", law.wanted),
    };
    let ran = report.max_concurrency.map_or(String::new(), |most| format!(", and at most {most} ran"));
    let mean = report.mean_concurrency.map_or(String::new(), |mean| format!(", {mean:.1} on average"));
    let wanted = law.requests_per_s.map_or(String::new(), |_| format!(" = {:.1} at once", law.wanted));
    Some(format!("Little's law: {asked}{wanted} were asked for{ran}{mean}"))
}

fn show_rate(per_second: f64) -> String {
    format!("{}/s", (per_second * 100.0).round() / 100.0)
}

/// Times from when requests left, where they were due at times of their own:
/// what is between the two is the wait before they could leave.
fn service_time(report: &Report) -> Option<String> {
    let differs = report.arrivals.shape.is_paced() && report.simulated.is_none();
    let service = report.service_of_successes().filter(|_| differs)?;
    let [p50, p99, max] = [service.p50, service.p99, service.max].map(show_ms);
    Some(format!(
        "counted from when they left instead of when they were due: p50 {p50}, p99 {p99}, max {max}"
    ))
}

fn completion(report: &Report) -> Option<String> {
    let done = report.completion.as_ref()?;
    let mut parts = vec![format!("{} of {} done by the log", done.completed, done.accepted)];
    parts.push(format!(
        "{} in {}",
        plural(done.invocations, "invocation"),
        plural(done.environments, "environment")
    ));
    parts.push(format!("{} cold", done.cold_starts));
    if done.failed > 0 {
        parts.push(format!("{} failed", plural(done.failed, "message")));
    }
    let times = |latency: Latency| format!("p50 {}, p99 {}", show_ms(latency.p50), show_ms(latency.p99));
    parts.extend(done.latency_ms.map(|latency| format!("from acceptance to end {}", times(latency))));
    parts.extend(done.duration_ms.map(|latency| format!("duration {}", times(latency))));
    Some(parts.join(" · "))
}

/// What only a simulation knows.
fn simulated(simulated: &Simulated) -> Vec<String> {
    let Environments { total, running, idle, initializing } = simulated.environments;
    let lived = simulated.environment_lifespan_s;
    let lived = lived.map_or(String::new(), |s| format!(", lived {} on average", show_ms(s * 1000.0)));
    let pace = simulated.invocations_per_second.zip(simulated.steps_per_second);
    let pace = pace.map_or(String::new(), |(invocations, steps)| {
        format!(", {invocations} invocations and {steps} engine steps per real second")
    });
    vec![
        format!(
            "{} of attempts throttled · {} of invocations cold",
            percent(simulated.throttle_probability),
            percent(simulated.cold_start_probability)
        ),
        format!(
            "environments: {:.2} on average (running {:.2}, idle {:.2}, initializing {:.2}), at most {}{lived}",
            total.average, running.average, idle.average, initializing.average, total.max
        ),
        format!("about {:.4} USD on AWS ({})", simulated.cost_usd, simulated.cost.prices),
        format!("{} of virtual time{pace}", show_ms(simulated.virtual_s * 1000.0)),
    ]
}

fn percent(share: f64) -> String {
    format!("{:.4} %", share * 100.0)
}

/// As many of a thing whose plural ends in s.
pub fn plural(n: u64, one: &str) -> String {
    format!("{n} {one}{}", if n == 1 { "" } else { "s" })
}

fn concurrency(highest: u64, report: &Report) -> String {
    let source = match report.max_concurrency_source {
        Some(Source::Answers) => "by the answers' own times",
        Some(Source::Simulation) => "in the simulation",
        Some(Source::Client) | None => "as the client saw it",
    };
    match report.max_concurrency_left_out {
        0 => format!("at most {highest} at once ({source})"),
        n => format!("at most {highest} at once ({source}, {} left out)", plural(n, "answer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::QueueReport;
    use crate::report::tests::example;

    fn plain(report: &Report) -> String {
        anstream::adapter::strip_str(&render(report)).to_string()
    }

    #[test]
    fn a_burst_reads_at_a_glance() {
        let mut report = example();
        report.judge(&["ok==5".parse().unwrap(), "throttled==90".parse().unwrap()]);
        let expected = "\
100 synchronous requests to sandbox, all at once, at http://127.0.0.1:4566, retries off

  outcome                                                   count       p50       p90       p99       max
  200 cold                                                      5    2.50 s    2.50 s    2.50 s    2.50 s
  429 ReservedFunctionConcurrentInvocationLimitExceeded        95   20.0 ms   20.0 ms   20.0 ms   20.0 ms

  5 environments · at most 5 at once (by the answers' own times) · cold start p50 18.0 ms, max 21.0 ms · start skew 12.5 ms · wall 2.51 s
  Little's law: 100 at once were asked for, and at most 5 ran, 4.9 on average

  ✓ ok==5 (observed 5)
  ✗ throttled==90 (observed 95)
";
        assert_eq!(plain(&report), expected);
    }

    #[test]
    fn one_is_not_many() {
        let check = |mode, requests, expected: &str| {
            let text = plain(&Report { mode, requests, ..example() });
            assert!(text.starts_with(expected), "{expected} in {text}");
        };
        check(Mode::Sync, 1, "1 synchronous request to sandbox, ");
        check(Mode::Async, 1, "1 asynchronous request to sandbox, ");
        check(Mode::Queue, 1, "1 message to sandbox, ");
        check(Mode::Queue, 2, "2 messages to sandbox, ");
    }

    #[test]
    fn trouble_is_named() {
        let mut report = example();
        report.mode = Mode::Queue;
        report.interrupted = true;
        report.notes.insert(Class::NotSent, "interrupted".into());
        report.queue = Some(QueueReport { sent: 3, drained: false, left: 1, drain_s: None });
        let text = plain(&report);
        for part in ["retries off, interrupted", "not_sent: interrupted", "queue not empty, 1 message left"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
