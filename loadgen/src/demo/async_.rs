//! Experiment 2: events are accepted at once and processed when there is room.
//!
//! Five run; fifteen are throttled inside Lambda, which tries again after 1 s,
//! 2 s, 4 s, 8 s. Nobody outside sees a 429, and none is lost.

use super::Experiment;
use super::observer::FunctionState;
use super::table::Row;
use super::world::{World, until};
use crate::arrivals::Arrivals;
use crate::cli::Mode;
use crate::failure::Failure;
use crate::plan::Load;
use crate::progress::Progress;
use crate::report::{Report, Subject};

const FUNCTION: &str = "sandbox";
const EVENTS: u64 = 20;
const RESERVED: u64 = 5;

pub(super) async fn experiment(world: &World) -> Result<Experiment, Failure> {
    anstream::eprintln!(
        "2 of 3: {EVENTS} asynchronous invocations, reserved concurrency {RESERVED}; about 18 s, for \
         throttled events wait 1 s, 2 s, 4 s, 8 s as on AWS"
    );
    world.fresh().await?;
    world.create_function(FUNCTION).await?;
    world.reserve(FUNCTION, Some(RESERVED)).await?;
    let mut load = Load::new(Subject::Function(FUNCTION.to_owned()));
    (load.mode, load.arrivals) = (Mode::Async, Arrivals::burst(EVENTS));
    let report = world.run(load, "handing over").await?;
    let state = processed(world).await?;
    Ok(Experiment {
        title: format!("2 Asynchronous: {EVENTS} events, reserved concurrency {RESERVED}"),
        rows: observations(&report, &state),
        reports: vec![report],
    })
}

/// Watches until every event has ended one way or the other.
async fn processed(world: &World) -> Result<FunctionState, Failure> {
    let progress = Progress::bar(Some(EVENTS), "processing ");
    let state = until("see all events processed", async || {
        let state = world.function(FUNCTION).await?;
        let ended = state.invocations.succeeded + state.invocations.failed;
        let message = format!("{} running · {} waiting", state.in_use, state.event_queue.waiting);
        progress.set(ended, message);
        Ok((ended >= EVENTS && state.in_use == 0).then_some(state))
    })
    .await;
    progress.clear();
    state
}

fn observations(report: &Report, state: &FunctionState) -> Vec<Row> {
    let throttled: u64 = state.throttles.values().sum();
    vec![
        Row::equal("202", EVENTS, report.counts.accepted),
        Row::at_most("running at the same time", RESERVED, Some(state.peak_in_use)),
        Row::at_least("throttled inside Lambda, and tried again", 1, throttled),
        Row::equal("processed", EVENTS, state.invocations.succeeded),
        Row::equal("failed", 0, state.invocations.failed),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::observer::Invocations;
    use super::*;
    use crate::report::Counts;
    use crate::report::tests::example;
    use std::collections::BTreeMap;

    #[test]
    fn twenty_events_are_judged() {
        let check = |accepted, peak_in_use, throttled, succeeded, failed, wrong: &[&str]| {
            let mut report = example();
            report.counts = Counts { accepted, ..Counts::default() };
            let state = FunctionState {
                peak_in_use,
                throttles: BTreeMap::from([("R".to_owned(), throttled)]),
                invocations: Invocations { succeeded, failed },
                ..FunctionState::default()
            };
            let rows = observations(&report, &state);
            let failed: Vec<_> = rows.iter().filter(|row| !row.ok).map(|row| row.what.as_str()).collect();
            assert_eq!(failed, wrong);
        };
        check(20, 5, 45, 20, 0, &[]);
        check(19, 5, 45, 20, 0, &["202"]);
        check(20, 6, 45, 20, 0, &["running at the same time"]);
        check(20, 5, 45, 19, 1, &["processed", "failed"]);
        check(20, 5, 0, 20, 0, &["throttled inside Lambda, and tried again"]);
    }
}
