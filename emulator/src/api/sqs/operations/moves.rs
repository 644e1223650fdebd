//! StartMessageMoveTask, CancelMessageMoveTask and ListMessageMoveTasks.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use crate::api::sqs::error::Fault;
use crate::api::sqs::text::Text;
use crate::api::sqs::{Endpoint, Operation, limits};
use crate::config::Identity;
use crate::engine::{MoveFailure, MoveTaskId, MoveTaskStatus, MoveTaskView, SqsError};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct StartMessageMoveTask<'a> {
    #[serde(borrow)]
    source_arn: Option<Text<'a>>,
    destination_arn: Option<Text<'a>>,
    max_number_of_messages_per_second: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct CancelMessageMoveTask<'a> {
    #[serde(borrow)]
    task_handle: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct ListMessageMoveTasks<'a> {
    #[serde(borrow)]
    source_arn: Option<Text<'a>>,
    max_results: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct Started {
    task_handle: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct Cancelled {
    approximate_number_of_messages_moved: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct Tasks {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    results: Vec<Shown>,
}

/// A task; it can only be named while it runs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    #[serde(skip_serializing_if = "Option::is_none")]
    task_handle: Option<String>,
    status: &'static str,
    source_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_number_of_messages_per_second: Option<u32>,
    approximate_number_of_messages_moved: u64,
    approximate_number_of_messages_to_move: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<&'static str>,
    /// In milliseconds.
    started_timestamp: u64,
}

impl<'a> Operation<'a> for StartMessageMoveTask<'a> {
    type Answer = Started;

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<Started, Fault> {
        let source_arn = self.source_arn.ok_or_else(|| Fault::missing("SourceArn"))?;
        let source = endpoint.identity.queue_of(&source_arn).ok_or(SqsError::MoveSourceMissing)?;
        let destination = match &self.destination_arn {
            Some(arn) => Some(endpoint.identity.queue_of(arn).ok_or(SqsError::MoveDestinationMissing)?),
            None => None,
        };
        let rate = self.max_number_of_messages_per_second;
        let rate = rate.map(|rate| limits::MOVES_PER_SECOND.number(rate)).transpose()?;
        let rate = rate.and_then(|rate| u32::try_from(rate).ok());
        let started =
            endpoint.driver.step(|engine, now| engine.start_move_task(now, source, destination, rate));
        Ok(Started { task_handle: handle(started?, &source_arn) })
    }
}

impl<'a> Operation<'a> for CancelMessageMoveTask<'a> {
    type Answer = Cancelled;

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<Cancelled, Fault> {
        let handle = self.task_handle.ok_or_else(|| Fault::missing("TaskHandle"))?;
        let unreadable = || Fault::InvalidParameter("Value for parameter TaskHandle is invalid.".to_owned());
        let task = read_handle(&handle, endpoint.identity).ok_or_else(unreadable)?;
        let moved = endpoint.driver.step(|engine, now| engine.cancel_move_task(now, task));
        Ok(Cancelled { approximate_number_of_messages_moved: moved? })
    }
}

impl<'a> Operation<'a> for ListMessageMoveTasks<'a> {
    type Answer = Tasks;

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<Tasks, Fault> {
        let arn = self.source_arn.ok_or_else(|| Fault::missing("SourceArn"))?;
        let source = endpoint.identity.queue_of(&arn).ok_or(SqsError::MoveSourceMissing)?;
        let most = self.max_results.map_or(Ok(1), |max| limits::MOVE_TASKS.number(max))?;
        let tasks = endpoint.driver.step(|engine, _| engine.move_tasks(source))?;
        let newest = tasks.iter().take(usize::try_from(most).unwrap_or(1));
        Ok(Tasks { results: newest.map(|task| Shown::new(task, endpoint.identity)).collect() })
    }
}

impl Shown {
    fn new(task: &MoveTaskView, identity: &Identity) -> Self {
        let source_arn = identity.queue_arn(task.source.as_str());
        let running = task.status == MoveTaskStatus::Running;
        let (status, failure_reason) = status(task.status);
        Self {
            task_handle: running.then(|| handle(task.id, &source_arn)),
            status,
            destination_arn: task.destination.as_ref().map(|queue| identity.queue_arn(queue.as_str())),
            source_arn,
            max_number_of_messages_per_second: task.max_per_second,
            approximate_number_of_messages_moved: task.moved,
            approximate_number_of_messages_to_move: task.to_move,
            failure_reason,
            started_timestamp: task.started.as_millis(),
        }
    }
}

fn status(status: MoveTaskStatus) -> (&'static str, Option<&'static str>) {
    match status {
        MoveTaskStatus::Running => ("RUNNING", None),
        MoveTaskStatus::Cancelling => ("CANCELLING", None),
        MoveTaskStatus::Cancelled => ("CANCELLED", None),
        MoveTaskStatus::Completed => ("COMPLETED", None),
        MoveTaskStatus::Failed(failure) => ("FAILED", Some(failure_reason(failure))),
    }
}

fn failure_reason(failure: MoveFailure) -> &'static str {
    match failure {
        MoveFailure::DestinationMissing => "AWS.SimpleQueueService.NonExistentQueue",
        MoveFailure::SourceUnknown => "CouldNotDetermineMessageSource",
        MoveFailure::TooLong => "The task ran for 36 hours.",
    }
}

/// What a handle says: opaque to clients.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Handle {
    task_id: String,
    source_arn: String,
}

fn handle(task: MoveTaskId, source_arn: &str) -> String {
    let handle = Handle { task_id: task.to_string(), source_arn: source_arn.to_owned() };
    BASE64_STANDARD.encode(serde_json::to_vec(&handle).expect("text is plain data"))
}

fn read_handle(text: &str, identity: &Identity) -> Option<MoveTaskId> {
    let handle: Handle = serde_json::from_slice(&BASE64_STANDARD.decode(text).ok()?).ok()?;
    identity.queue_of(&handle.source_arn)?;
    handle.task_id.parse().ok().map(MoveTaskId)
}
