//! Message move tasks: what they are and how far they are.

use std::collections::{BTreeMap, VecDeque};

use crate::engine::alarm::AlarmKey;
use crate::engine::ids::{MoveTaskId, QueueName};
use crate::engine::quotas::Rate;
use crate::engine::time::Timestamp;

/// ListMessageMoveTasks shows up to 10 of a queue; older ones are forgotten.
const KEPT: usize = 10;

/// A task as ListMessageMoveTasks shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoveTaskView {
    /// Its id.
    pub id: MoveTaskId,
    /// The dead-letter queue that it empties.
    pub source: QueueName,
    /// Where all messages go; without it, each goes back where it came from.
    pub destination: Option<QueueName>,
    /// Messages a second, as its client asked.
    pub max_per_second: Option<u32>,
    /// How far it is.
    pub status: MoveTaskStatus,
    /// Messages moved so far.
    pub moved: u64,
    /// Messages that were there when it began.
    pub to_move: u64,
    /// When it began.
    pub started: Timestamp,
}

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveTaskStatus {
    /// It moves messages.
    Running,
    /// It is to end.
    Cancelling,
    /// It ended because a client said so.
    Cancelled,
    /// It has moved all that was there.
    Completed,
    /// It can't go on.
    Failed(MoveFailure),
}

/// Why a task can't go on ("Troubleshoot dead-letter queue redrive").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MoveFailure {
    /// A queue that a message is to go to is gone.
    DestinationMissing,
    /// A message was sent to the dead-letter queue directly: nobody knows where
    /// it should go.
    SourceUnknown,
    /// It has run for as long as a task may.
    TooLong,
}

impl MoveTaskStatus {
    /// Whether it still has an alarm.
    pub(super) fn is_active(self) -> bool {
        matches!(self, Self::Running | Self::Cancelling)
    }
}

/// A task, and when it goes on.
#[derive(Debug)]
pub(super) struct MoveTask {
    pub(super) view: MoveTaskView,
    pub(super) rate: Rate,
    pub(super) alarm: Option<AlarmKey>,
}

/// The tasks of all queues, by their source, the newest first.
#[derive(Debug, Default)]
pub(crate) struct MoveTasks(BTreeMap<QueueName, VecDeque<MoveTask>>);

impl MoveTasks {
    pub(super) fn of(&self, source: &str) -> impl Iterator<Item = &MoveTaskView> {
        self.0.get(source).into_iter().flatten().map(|task| &task.view)
    }

    /// The task of a queue that is not over.
    pub(super) fn active(&mut self, source: &str) -> Option<&mut MoveTask> {
        self.0.get_mut(source)?.front_mut().filter(|task| task.view.status.is_active())
    }

    pub(super) fn active_count(&self) -> usize {
        let newest = self.0.values().filter_map(VecDeque::front);
        newest.filter(|task| task.view.status.is_active()).count()
    }

    pub(super) fn find_active(&mut self, id: MoveTaskId) -> Option<&mut MoveTask> {
        let newest = self.0.values_mut().filter_map(VecDeque::front_mut);
        newest.into_iter().find(|task| task.view.id == id && task.view.status.is_active())
    }

    pub(super) fn add(&mut self, task: MoveTask) {
        let tasks = self.0.entry(task.view.source.clone()).or_default();
        tasks.push_front(task);
        tasks.truncate(KEPT);
    }

    /// Forgets the tasks of a queue that is gone; an alarm that was set comes back.
    pub(super) fn forget(&mut self, source: &QueueName) -> Option<AlarmKey> {
        self.0.remove(source)?.into_iter().find_map(|task| task.alarm)
    }
}
