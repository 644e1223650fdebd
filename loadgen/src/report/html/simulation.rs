//! The numbers that only a simulation knows.

use super::markup::{Element, Short, element};
use super::numbers::{Fact, fact, tiles};
use super::tables::{column, number, number_column, titled};
use super::words::{count, dollars, lasted, percent, usd};
use crate::report::simulated::{Environments, Level, Simulated};
use crate::report::{Latency, Report};

/// Tiles, and tables of what has parts. None where the world was real.
pub(super) fn simulation(report: &Report) -> Option<Element> {
    let simulated = report.simulated.as_ref()?;
    let tables = [Some(environments(simulated)), Some(cost(simulated)), throttles(simulated)];
    let tables = element("div").class("pair tables").children(tables.into_iter().flatten());
    Some(titled("What the simulation saw", [tiles(facts(simulated)), tables]))
}

/// Whether every answer took no time at all: virtual time stands still while a
/// message is handed over, so there is nothing to be drawn of it.
pub(super) fn instant(report: &Report) -> bool {
    report.simulated.is_some() && report.latency_ms.values().all(|times| times.max <= 0.0)
}

/// How long work took: of what is only handed over, until it was done.
pub(super) fn waited(report: &Report) -> Option<Latency> {
    let done = report.completion.as_ref().and_then(|done| done.latency_ms);
    if instant(report) { done } else { report.success_ms }
}

fn facts(simulated: &Simulated) -> Vec<Fact> {
    let total = simulated.environments.total;
    let lived = simulated
        .environment_lifespan_s
        .map(|seconds| fact("an environment lived", lasted(seconds), "on average, of those that have ended"));
    let pace = simulated
        .invocations_per_second
        .map(|pace| fact("simulated in a second", count(pace.round() as u64), "invocations, in real time"));
    // A tile has no room for many zeros.
    let (unit, sum) = match simulated.cost_usd {
        few if few > 0.0 && few < 1e-4 => ("cost, in millionths of a USD", few * 1e6),
        sum => ("cost on AWS in USD", sum),
    };
    let facts = [
        fact(
            "throttled",
            percent(simulated.throttle_probability),
            "of attempts, a queue's and a poller's included",
        ),
        fact("cold", percent(simulated.cold_start_probability), "of invocations that ran"),
        fact("environments at a time", average(total), format!("on average, at most {}", count(total.max))),
        fact(unit, dollars(sum), format!("estimate, prices of {}", simulated.cost.prices)),
        fact("virtual time", lasted(simulated.virtual_s), "until the last work ended"),
        fact("seed", simulated.seed.to_string(), "all chance follows from it"),
    ];
    facts.into_iter().chain(lived).chain(pace).collect()
}

/// Two decimals; what is there is never called nothing.
fn average(level: Level) -> String {
    const LEAST: f64 = 0.01;
    match level.average {
        few if few > 0.0 && few < LEAST => format!("< {LEAST}"),
        some => Short(some).to_string(),
    }
}

fn environments(simulated: &Simulated) -> Element {
    let Environments { total, running, idle, initializing } = simulated.environments;
    let levels = [("running", running), ("initializing", initializing), ("idle", idle)];
    let row = |name: &str, level: Level| row(name, [average(level), count(level.max)]);
    plain(
        [column("environments"), number_column("on average"), number_column("at most")],
        levels.map(|(name, level)| row(name, level)),
        Some(row("all", total)),
    )
}

fn cost(simulated: &Simulated) -> Element {
    let cost = &simulated.cost;
    let parts = [
        ("requests", cost.requests),
        ("duration (GB-seconds)", cost.duration),
        ("provisioned concurrency", cost.provisioned),
        ("requests to queues", cost.queues),
    ];
    let parts = parts.into_iter().filter(|(_, part)| *part > 0.0);
    plain(
        [column("cost"), number_column("estimate")],
        parts.map(|(name, part)| row(name, [usd(part)])),
        Some(row("all", [usd(simulated.cost_usd)])),
    )
}

fn throttles(simulated: &Simulated) -> Option<Element> {
    let reasons = &simulated.throttle_probability_by_reason;
    let rows = reasons.iter().map(|(reason, share)| row(reason, [percent(*share)]));
    let head = [column("throttled because of"), number_column("of attempts")];
    (!reasons.is_empty()).then(|| plain(head, rows, None))
}

fn row<const N: usize>(name: &str, cells: [String; N]) -> Element {
    let name = element("th").with("scope", "row").text(name);
    element("tr").child(name).children(cells.map(number))
}

/// A table narrow enough not to scroll.
fn plain<const N: usize>(
    head: [Element; N],
    rows: impl IntoIterator<Item = Element>,
    total: Option<Element>,
) -> Element {
    let total = total.map(|total| element("tfoot").child(total));
    element("table")
        .class("outcomes")
        .child(element("thead").child(element("tr").children(head)))
        .child(element("tbody").children(rows))
        .children(total)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::markup::tests::assert_balanced;
    use super::*;
    use crate::report::simulated::{Cost, OverTime};
    use crate::report::tests::example;

    /// Something of everything.
    pub(in super::super) fn simulated() -> Simulated {
        let level = |average, max| Level { average, max };
        Simulated {
            seed: 7,
            virtual_s: 86_400.0,
            warm_up_s: 0.0,
            invocations_per_second: None,
            steps_per_second: None,
            throttle_probability: 0.95,
            throttle_probability_by_reason: [("<Reserved>".to_owned(), 0.95)].into(),
            cold_start_probability: 0.001_013,
            environments: Environments {
                total: level(21.57, 23),
                running: level(7.66, 20),
                idle: level(13.9, 22),
                initializing: level(0.011, 3),
            },
            environment_lifespan_s: Some(658.0),
            cost_usd: 0.0253,
            cost: Cost {
                requests: 0.006,
                duration: 0.0193,
                prices: "November 2026".into(),
                ..Cost::default()
            },
            over_time: OverTime { every_s: 1.0, running: vec![1, 2], ..OverTime::default() },
        }
    }

    #[test]
    fn the_numbers_are_the_simulation_s() {
        let text = simulation(&Report { simulated: Some(simulated()), ..example() }).unwrap().to_string();
        assert_balanced(&text);
        for part in [
            "<dt>throttled</dt><dd>95\u{a0}%</dd>",
            "<dt>cold</dt><dd>0.101\u{a0}%</dd>",
            "<dd>21.57</dd><dd class=\"note\">on average, at most 23</dd>",
            "<dd>0.0253</dd><dd class=\"note\">estimate, prices of November 2026</dd>",
            "<dt>virtual time</dt><dd>24\u{a0}h</dd>",
            "<dt>seed</dt><dd>7</dd>",
            "<dt>an environment lived</dt><dd>11\u{a0}min</dd>",
            "<th scope=\"row\">initializing</th><td class=\"number\">0.01</td><td class=\"number\">3</td>",
            "<th scope=\"row\">&lt;Reserved&gt;</th><td class=\"number\">95\u{a0}%</td>",
            "<th scope=\"row\">requests</th><td class=\"number\">0.006\u{a0}USD</td>",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("provisioned"), "what cost nothing is not told");
        assert!(simulation(&example()).is_none());
        let cheap = Simulated { cost_usd: 9.36e-6, ..simulated() };
        let text = simulation(&Report { simulated: Some(cheap), ..example() }).unwrap().to_string();
        assert!(text.contains("<dt>cost, in millionths of a USD</dt><dd>9.36</dd>"), "{text}");
    }

    #[test]
    fn what_is_handed_over_is_waited_for_until_it_is_done() {
        let mut report = Report { simulated: Some(simulated()), ..example() };
        assert!(!instant(&report));
        assert_eq!(waited(&report), report.success_ms);
        report.latency_ms.values_mut().for_each(|times| times.max = 0.0);
        assert!(instant(&report));
        assert_eq!(waited(&report), None);
    }
}
