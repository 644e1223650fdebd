//! Experiment 3: a queue in front of the function.
//!
//! Twenty messages in batches of ten are about two invocations, so about two
//! environments, each with its own log stream.

use super::Experiment;
use super::observer::{FunctionState, QueueState};
use super::table::Row;
use super::world::{World, until};
use crate::account::{MappingSpec, QueueSpec};
use crate::arrivals::Arrivals;
use crate::failure::Failure;
use crate::plan::Load;
use crate::progress::Progress;
use crate::report::{Report, Subject};
use std::time::Duration;

pub(super) const FUNCTION: &str = "sandbox-queue";
pub(super) const QUEUE: &str = "demo-queue";
const MESSAGES: u64 = 20;
const BATCH_SIZE: u32 = 10;
const WINDOW: Duration = Duration::from_secs(1);
/// Six times the function's timeout, as AWS advises.
const VISIBILITY: Duration = Duration::from_secs(90);

pub(super) async fn experiment(world: &World) -> Result<Experiment, Failure> {
    anstream::eprintln!("3 of 3: {MESSAGES} messages through a queue, batch size {BATCH_SIZE}");
    world.fresh().await?;
    world.create_function(FUNCTION).await?;
    let mut account = world.account();
    account.make_queue(&queue()).await?;
    account.make_mapping(&mapping()).await?;
    let mut load = Load::new(Subject::Queue(QUEUE.to_owned()));
    load.arrivals = Arrivals::burst(MESSAGES);
    let report = world.run(load, "sending").await?;
    let queue = emptied(world).await?;
    let function = world.settled(FUNCTION).await?;
    let log_streams = world.observer.log_streams(FUNCTION).await?;
    Ok(Experiment {
        title: format!("3 Queue: {MESSAGES} messages, batch size {BATCH_SIZE}"),
        rows: observations(&report, &queue, &function, log_streams),
        reports: vec![report],
    })
}

fn queue() -> QueueSpec {
    QueueSpec {
        name: QUEUE.to_owned(),
        visibility_timeout: Some(VISIBILITY),
        delay: None,
        dead_letter_after: None,
    }
}

fn mapping() -> MappingSpec {
    MappingSpec {
        queue: QUEUE.to_owned(),
        function: FUNCTION.to_owned(),
        batch_size: BATCH_SIZE,
        window: Some(WINDOW),
        maximum_concurrency: None,
    }
}

/// Watches until the queue is empty: what is in flight is being processed.
async fn emptied(world: &World) -> Result<QueueState, Failure> {
    let progress = Progress::bar(Some(MESSAGES), "processing ");
    let queue = until("see the queue become empty", async || {
        let queues = world.observer.state().await?.queues;
        let queue = queues.into_iter().find(|queue| queue.name == QUEUE);
        let queue = queue.ok_or_else(|| Failure::demo("read the emulator's state", "no queue"))?;
        let message = format!("{} waiting · {} in flight", queue.visible, queue.in_flight);
        progress.set(MESSAGES.saturating_sub(queue.messages()), message);
        Ok((queue.messages() == 0).then_some(queue))
    })
    .await;
    progress.clear();
    queue
}

fn observations(report: &Report, queue: &QueueState, function: &FunctionState, log_streams: u64) -> Vec<Row> {
    vec![
        Row::equal("confirmed with a message id", MESSAGES, report.counts.accepted),
        Row::within("environments started", 2..=4, function.environments.started),
        Row::within("log streams, one per environment", 2..=4, log_streams),
        Row::equal("failed invocations", 0, function.invocations.failed),
        Row::equal("left in the queue", 0, queue.messages()),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::observer::{Environments, Invocations};
    use super::*;
    use crate::report::Counts;
    use crate::report::tests::example;

    #[test]
    fn twenty_messages_are_judged() {
        let check = |accepted, started, log_streams, failed, visible, wrong: &[&str]| {
            let mut report = example();
            report.counts = Counts { accepted, ..Counts::default() };
            let function = FunctionState {
                environments: Environments { busy: 0, started },
                invocations: Invocations { succeeded: 2, failed },
                ..FunctionState::default()
            };
            let queue = QueueState { visible, ..QueueState::default() };
            let rows = observations(&report, &queue, &function, log_streams);
            let failed: Vec<_> = rows.iter().filter(|row| !row.ok).map(|row| row.what.as_str()).collect();
            assert_eq!(failed, wrong);
        };
        check(20, 2, 2, 0, 0, &[]);
        check(20, 4, 4, 0, 0, &[]);
        check(19, 2, 2, 0, 0, &["confirmed with a message id"]);
        check(20, 1, 1, 0, 0, &["environments started", "log streams, one per environment"]);
        check(20, 5, 2, 0, 0, &["environments started"]);
        check(20, 2, 2, 1, 3, &["failed invocations", "left in the queue"]);
    }
}
