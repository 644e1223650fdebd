//! The numbers behind the pictures, for those who read, copy or cannot see.

use super::look::key_of;
use super::markup::{Element, element};
use super::pie;
use super::simulation::{instant, waited};
use super::words::{count, dollars, percent, plural, things};
use crate::completion::Completion;
use crate::duration::show_ms;
use crate::outcome::Class;
use crate::report::{Latency, QueueReport, Report, words};
use crate::stats::EnvironmentUse;

/// A table of ten thousand rows is read by nobody; the JSON report has them all.
const MOST_ENVIRONMENTS: usize = 200;

/// The columns of a [`Latency`].
const PERCENTILES: [&str; 5] = ["p50", "p90", "p99", "p99.9", "max"];

/// A table that scrolls for itself where the page is narrow.
pub(crate) fn table(head: Vec<Element>, rows: impl IntoIterator<Item = Element>) -> Element {
    let table =
        element("table").child(element("thead").children(head)).child(element("tbody").children(rows));
    // Whoever scrolls with the keyboard has to get there.
    element("div").class("scroll").with("tabindex", 0).child(table)
}

/// The heading of a column.
pub(crate) fn column(name: &str) -> Element {
    element("th").with("scope", "col").text(name)
}

/// The heading of a column of numbers.
pub(crate) fn number_column(name: &str) -> Element {
    column(name).class("number")
}

/// A cell with a number.
pub(crate) fn number(text: impl Into<String>) -> Element {
    element("td").class("number").text(text.into())
}

pub(super) fn titled(heading: &str, content: impl IntoIterator<Item = Element>) -> Element {
    element("section").child(element("h3").text(heading)).children(content)
}

/// Response and service times of each class.
pub(super) fn times(report: &Report) -> Option<Element> {
    let group =
        |name: &str| element("th").class("group").with("colspan", 5).with("scope", "colgroup").text(name);
    let class = column("outcome").with("rowspan", 2);
    let requests = number_column(things(report)).with("rowspan", 2);
    // What is simulated leaves when it is due: both would be the same.
    let kinds: &[&str] = match report.simulated {
        Some(_) => &["response time"],
        None => &["response time (from when it was due)", "service time (from when it left)"],
    };
    let groups = element("tr").child(class).child(requests).children(kinds.iter().map(|kind| group(kind)));
    let names = kinds.iter().flat_map(|_| PERCENTILES).map(number_column);
    let names = element("tr").children(names);
    let measured = Class::ALL.into_iter().filter(|class| report.counts.of(*class) > 0);
    let rows: Vec<Element> = measured.map(|class| times_of(report, class)).collect();
    (!rows.is_empty() && !instant(report))
        .then(|| titled("Times by outcome", [table(vec![groups, names], rows)]))
}

fn times_of(report: &Report, class: Class) -> Element {
    let service = report.simulated.is_none().then(|| percentiles(report.service_ms.get(&class)));
    element("tr")
        .child(element("th").with("scope", "row").child(key_of(class, report.mode)))
        .child(number(count(report.counts.of(class))))
        .children(percentiles(report.latency_ms.get(&class)))
        .children(service.into_iter().flatten())
}

fn percentiles(latency: Option<&Latency>) -> [Element; 5] {
    match latency {
        Some(times) => [times.p50, times.p90, times.p99, times.p999, times.max].map(|ms| number(show_ms(ms))),
        None => [(); 5].map(|()| number("–")),
    }
}

/// ✓ and ✗, with what was observed.
pub(super) fn expectations(report: &Report) -> Option<Element> {
    let items = report.expectations.iter().map(|verdict| {
        element("li")
            .class(if verdict.ok { "met" } else { "missed" })
            .child(element("span").class("mark").text(if verdict.ok { "✓ met" } else { "✗ missed" }))
            .child(element("code").text(&verdict.text))
            .child(element("span").text(verdict.observed_text()))
    });
    let list = element("ul").class("expectations").children(items);
    (!report.expectations.is_empty()).then(|| titled("Expectations", [list]))
}

/// How many were met, of how many.
pub(super) fn verdict(report: &Report) -> Element {
    let all = report.expectations.len();
    let met = report.expectations.iter().filter(|verdict| verdict.ok).count();
    let (class, text) = match (report.as_expected(), all) {
        (true, 0) => ("none", "–".to_owned()),
        (true, _) => ("met", format!("✓ {met} of {all}")),
        (false, _) if met == all => ("missed", "✗ queue not empty".to_owned()),
        (false, _) => ("missed", format!("✗ {met} of {all}")),
    };
    element("td").class(class).text(text)
}

/// HTTP statuses, and the words of the first error of each class.
pub(super) fn answers(report: &Report) -> Option<Element> {
    let rows = report.statuses.iter().map(|(status, answers)| {
        element("tr").child(element("th").with("scope", "row").text(status)).child(number(count(*answers)))
    });
    let head = element("tr").child(column("HTTP status")).child(number_column("answers"));
    let statuses = (!report.statuses.is_empty()).then(|| table(vec![head], rows));
    let notes = report.notes.iter().map(|(class, note)| {
        let name = element("dt").child(key_of(*class, report.mode)).text(", the first one said");
        [name, element("dd").child(element("code").text(note))]
    });
    let notes = (!report.notes.is_empty()).then(|| element("dl").class("notes").children(notes.flatten()));
    let content: Vec<Element> = statuses.into_iter().chain(notes).collect();
    (!content.is_empty()).then(|| titled("Answers", content))
}

/// What became of the queue.
pub(super) fn queue(report: &Report) -> Option<Element> {
    let QueueReport { sent, drained, left, drain_s } = report.queue?;
    let end = match (drained, drain_s) {
        (true, Some(seconds)) => {
            format!("It was empty {} after the last was confirmed.", show_ms(seconds * 1000.0))
        }
        (true, None) => "It was empty at the end.".to_owned(),
        (false, _) => format!("It was not empty at the end: {} left.", plural(left, "message")),
    };
    let text = format!("{} confirmed with an id reached the queue. {end}", plural(sent, "message"));
    let class = if drained { "met" } else { "missed" };
    Some(titled("Queue", [element("p").class(class).text(text)]))
}

/// What the function's log says of the work that was accepted.
pub(super) fn completion(report: &Report) -> Option<Element> {
    let done = report.completion.as_ref()?;
    let whole = done.completed >= done.accepted;
    // A simulation needs no log to know.
    let (heading, source) = match report.simulated {
        Some(_) => ("Work done", "The simulation"),
        None => ("Work done, by the log", "The log"),
    };
    let story = element("p").class(if whole { "met" } else { "missed" }).text(completion_story(done, source));
    let group = (!done.log_group.is_empty())
        .then(|| element("p").text("Log group: ").child(element("code").text(&done.log_group)));
    let head = element("tr").child(column("time")).child(number_column("measured"));
    let head = head.children(PERCENTILES.map(number_column));
    let measured = [
        ("from accepted to done", &done.latency_ms),
        ("running", &done.duration_ms),
        ("Init", &done.init_ms),
    ];
    let rows = measured.into_iter().filter_map(|(name, times)| {
        let times = times.as_ref()?;
        let row = element("tr").child(element("th").with("scope", "row").text(name));
        Some(row.child(number(count(times.count))).children(percentiles(Some(times))))
    });
    let content = [story].into_iter().chain(group).chain([table(vec![head], rows)]);
    Some(titled(heading, content))
}

fn completion_story(done: &Completion, source: &str) -> String {
    let unknown = match done.accepted.saturating_sub(done.completed) {
        0 => String::new(),
        left => format!(", of {} it does not", count(left)),
    };
    let failed = match done.failed {
        0 => String::new(),
        failed => format!(", {}", plural(failed, "failed message")),
    };
    format!(
        "{source} tells when {} of {} accepted were done{unknown}. It tells of {} in {}, {}{failed}.",
        count(done.completed),
        count(done.accepted),
        plural(done.invocations, "invocation"),
        plural(done.environments, "environment"),
        plural(done.cold_starts, "cold start"),
    )
}

/// Every environment that answered.
pub(super) fn environments(report: &Report) -> Option<Element> {
    let all = &report.environment_uses;
    let head = ["answers", "cold starts", "Init"].map(number_column);
    let head = element("tr").child(column("environment")).children(head);
    let shown = all.iter().take(MOST_ENVIRONMENTS).map(environment);
    let hidden = all.len().saturating_sub(MOST_ENVIRONMENTS) as u64;
    let more = (hidden > 0).then(|| element("p").text(format_args!("And {} more.", count(hidden))));
    let summary = element("summary").text(format_args!("Environments ({})", count(all.len() as u64)));
    let details = element("details").child(summary).child(table(vec![head], shown)).children(more);
    (!all.is_empty()).then_some(details)
}

fn environment(used: &EnvironmentUse) -> Element {
    element("tr")
        .child(element("th").with("scope", "row").child(element("code").text(&used.id)))
        .child(number(count(used.answers)))
        .child(number(count(used.cold)))
        .child(number(used.init_ms.map_or_else(|| "–".to_owned(), show_ms)))
}

/// Of several runs, a row each.
pub(super) fn summary(names: &[String], reports: &[Report]) -> Element {
    let served: Vec<Class> = Class::ALL.into_iter().filter(|class| is_column(*class, reports)).collect();
    let simulated = reports.iter().any(|report| report.simulated.is_some());
    let number = simulated.then(|| number_column("no."));
    let known = if simulated { &["cost in USD", "throttled"][..] } else { &[] };
    let head = element("tr")
        .children(number)
        .child(column("run"))
        .children(known.iter().map(|name| number_column(name)));
    let head = head.child(column("outcomes")).child(number_column("all"));
    let head = head
        .children(served.iter().map(|class| number_column(words(*class, reports[0].mode))))
        .children(["went wrong", "environments", "at once", "p50", "p99"].map(number_column))
        .child(column("expectations"));
    let rows = names
        .iter()
        .zip(reports)
        .enumerate()
        .map(|(n, (name, report))| summary_row(n, name, report, &served, simulated));
    table(vec![head], rows)
}

/// Errors share a column: which they are is in the section of the run.
fn is_column(class: Class, reports: &[Report]) -> bool {
    !class.is_error() && reports.iter().any(|report| report.counts.of(class) > 0)
}

fn summary_row(n: usize, name: &str, report: &Report, served: &[Class], simulated: bool) -> Element {
    let link = element("a").with("href", format_args!("#run-{}", n + 1)).text(name);
    let some = |value: Option<String>| number(value.unwrap_or_else(|| "–".to_owned()));
    let interrupted = report.interrupted.then(|| element("span").class("missed").text(" (interrupted)"));
    let errors = number(count(report.counts.errors()));
    let times = waited(report);
    let known = report.simulated.as_ref();
    let known = [
        known.map(|simulated| dollars(simulated.cost_usd)),
        known.map(|simulated| percent(simulated.throttle_probability)),
    ];
    element("tr")
        .children(simulated.then(|| number((n + 1).to_string())))
        .child(element("th").with("scope", "row").child(link).children(interrupted))
        .children(known.map(some).into_iter().filter(|_| simulated))
        .child(element("td").child(pie::strip(report)))
        .child(number(count(report.requests)))
        .children(served.iter().map(|class| number(count(report.counts.of(*class)))))
        .child(errors)
        .child(some(report.environments.map(count)))
        .child(some(report.max_concurrency.map(count)))
        .child(some(times.map(|times| show_ms(times.p50))))
        .child(some(times.map(|times| show_ms(times.p99))))
        .child(verdict(report))
}
