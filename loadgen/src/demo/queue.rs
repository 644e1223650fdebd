//! Experiment 3: a queue in front of the function.
//!
//! Twenty messages in batches of ten are about two invocations, so about two
//! environments, each with its own log stream.

use super::Experiment;
use super::observer::{FunctionState, QueueState};
use super::table::Row;
use super::world::{World, until};
use crate::failure::Failure;
use crate::plan::Plan;
use crate::progress::Progress;
use crate::report::Report;
use aws_sdk_lambda::error::DisplayErrorContext;
use aws_sdk_sqs::types::QueueAttributeName;

pub(super) const FUNCTION: &str = "sandbox-queue";
pub(super) const QUEUE: &str = "demo-queue";
const MESSAGES: u64 = 20;
const BATCH_SIZE: i32 = 10;
const WINDOW_S: i32 = 1;
/// Six times the function's timeout, as AWS advises.
const VISIBILITY_S: &str = "90";

pub(super) async fn experiment(world: &World) -> Result<Experiment, Failure> {
    anstream::eprintln!("3 of 3: {MESSAGES} messages through a queue, batch size {BATCH_SIZE}");
    world.fresh().await?;
    world.create_function(FUNCTION).await?;
    let queue_url = create_queue(world).await?;
    map(world, &queue_url).await?;
    let plan = Plan::messages(&world.clients, &queue_url, MESSAGES);
    let report = world.run(&plan, "sending").await.report;
    let queue = emptied(world).await?;
    let function = world.settled(FUNCTION).await?;
    let log_streams = world.observer.log_streams(FUNCTION).await?;
    Ok(Experiment {
        title: format!("3 Queue: {MESSAGES} messages, batch size {BATCH_SIZE}"),
        rows: observations(&report, &queue, &function, log_streams),
        reports: vec![report],
    })
}

async fn create_queue(world: &World) -> Result<String, Failure> {
    let request = world.clients.sqs.create_queue().queue_name(QUEUE);
    let request = request.attributes(QueueAttributeName::VisibilityTimeout, VISIBILITY_S);
    let step = "create the queue";
    let answer = request.send().await.map_err(|e| Failure::demo(step, &DisplayErrorContext(e)))?;
    let url = answer.queue_url().ok_or_else(|| Failure::demo(step, "no URL in the answer"))?;
    Ok(url.to_owned())
}

async fn queue_arn(world: &World, queue_url: &str) -> Result<String, Failure> {
    let step = "ask the queue for its ARN";
    let request = world.clients.sqs.get_queue_attributes().queue_url(queue_url);
    let answer = request.attribute_names(QueueAttributeName::QueueArn).send().await;
    let answer = answer.map_err(|e| Failure::demo(step, &DisplayErrorContext(e)))?;
    let arn = answer.attributes().and_then(|attributes| attributes.get(&QueueAttributeName::QueueArn));
    arn.cloned().ok_or_else(|| Failure::demo(step, "no ARN in the answer"))
}

/// Maps the queue to the function and waits until the mapping is enabled.
async fn map(world: &World, queue_url: &str) -> Result<(), Failure> {
    let step = "map the queue to the function";
    let arn = queue_arn(world, queue_url).await?;
    let request = world.clients.lambda.create_event_source_mapping().function_name(FUNCTION);
    let request = request.event_source_arn(arn);
    let request = request.batch_size(BATCH_SIZE).maximum_batching_window_in_seconds(WINDOW_S);
    let mapping = request.send().await.map_err(|e| Failure::demo(step, &DisplayErrorContext(e)))?;
    let uuid = mapping.uuid().ok_or_else(|| Failure::demo(step, "no UUID in the answer"))?;
    until(step, async || {
        let mapping = world.clients.lambda.get_event_source_mapping().uuid(uuid).send().await;
        let mapping = mapping.map_err(|e| Failure::demo(step, &DisplayErrorContext(e)))?;
        Ok((mapping.state() == Some("Enabled")).then_some(()))
    })
    .await
}

/// Watches until the queue is empty: what is in flight is being processed.
async fn emptied(world: &World) -> Result<QueueState, Failure> {
    let progress = Progress::bar(MESSAGES, "processing ");
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
