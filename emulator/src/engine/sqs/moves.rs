//! Message move tasks: dead letters go back, one after the other.

use std::time::Duration;

use super::move_task::{MoveFailure, MoveTask, MoveTaskStatus, MoveTaskView};
use super::queue::Queue;
use crate::engine::Engine;
use crate::engine::alarm::Alarm;
use crate::engine::error::SqsError;
use crate::engine::fact::What;
use crate::engine::ids::{MessageId, MoveTaskId, QueueName};
use crate::engine::quotas::Rate;
use crate::engine::time::Timestamp;

/// Active tasks of an account at most ("Dead-letter queue redrive").
const MOST_ACTIVE: usize = 100;

/// A task runs for up to 36 hours (the same page).
const LONGEST: Duration = Duration::from_secs(36 * 3_600);

/// How long a task waits whose messages are all behind others of their groups.
const BLOCKED: Duration = Duration::from_secs(1);

impl Engine {
    /// StartMessageMoveTask: moves what is visible in a dead-letter queue.
    pub fn start_move_task(
        &mut self,
        now: Timestamp,
        source: &str,
        destination: Option<&str>,
        max_per_second: Option<u32>,
    ) -> Result<MoveTaskId, SqsError> {
        self.tick(now);
        let to_move = self.check_move(source, destination)?;
        let id = MoveTaskId(self.rng.uuid());
        let rate =
            max_per_second.map_or(self.quotas.move_rate, |count| Rate { count, per: Duration::from_secs(1) });
        let source = QueueName::from(source);
        let view = MoveTaskView {
            id,
            source: source.clone(),
            destination: destination.map(QueueName::from),
            max_per_second,
            status: MoveTaskStatus::Running,
            moved: 0,
            to_move,
            started: now,
        };
        self.record(
            now,
            What::MoveTaskChanged { task: id, queue: source.clone(), status: MoveTaskStatus::Running },
        );
        let alarm = Some(self.alarms.set(now + rate.interval(), Alarm::MoveMessage(source)));
        self.move_tasks.add(MoveTask { view, rate, alarm });
        Ok(id)
    }

    /// CancelMessageMoveTask. What was moved stays moved; it is how many.
    pub fn cancel_move_task(&mut self, now: Timestamp, id: MoveTaskId) -> Result<u64, SqsError> {
        self.tick(now);
        let task = self.move_tasks.find_active(id).ok_or(SqsError::MoveTaskNotFound)?;
        task.view.status = MoveTaskStatus::Cancelling;
        let (queue, moved) = (task.view.source.clone(), task.view.moved);
        let status = MoveTaskStatus::Cancelling;
        self.record(now, What::MoveTaskChanged { task: id, queue, status });
        Ok(moved)
    }

    /// The tasks of a source queue, the newest first.
    pub fn move_tasks(&self, source: &str) -> Result<Vec<MoveTaskView>, SqsError> {
        if !self.queues.contains_key(source) {
            return Err(SqsError::MoveSourceMissing);
        }
        Ok(self.move_tasks.of(source).cloned().collect())
    }

    /// Whether a task may begin, and how many messages it finds.
    fn check_move(&mut self, source: &str, destination: Option<&str>) -> Result<u64, SqsError> {
        let queue = self.queues.get(source).ok_or(SqsError::MoveSourceMissing)?;
        let to_move = queue.visible_count() as u64;
        if destination == Some(source) {
            return Err(SqsError::MoveToItself);
        }
        if let Some(destination) = destination {
            let destination = self.queues.get(destination).ok_or(SqsError::MoveDestinationMissing)?;
            if destination.is_fifo() != queue.is_fifo() {
                return Err(SqsError::MoveBetweenTypes);
            }
        }
        if self.dead_letter_sources(source)?.next().is_none() {
            return Err(SqsError::NotADeadLetterQueue);
        }
        if self.move_tasks.active(source).is_some() {
            return Err(SqsError::MoveTaskRunning);
        }
        if self.move_tasks.active_count() >= MOST_ACTIVE {
            return Err(SqsError::TooManyMoveTasks);
        }
        Ok(to_move)
    }

    /// Moves the next message, and says when the one after it goes.
    pub(in crate::engine) fn move_alarm_rang(&mut self, now: Timestamp, source: &QueueName) {
        self.expire_messages(now, source);
        let Some(task) = self.move_tasks.active(source.as_str()) else { return };
        task.alarm = None;
        let (rate, view) = (task.rate, task.view.clone());
        let mut pause = rate.interval();
        let status = if view.status == MoveTaskStatus::Cancelling {
            MoveTaskStatus::Cancelled
        } else if now.since(view.started) >= LONGEST {
            MoveTaskStatus::Failed(MoveFailure::TooLong)
        } else {
            match self.move_next(now, &view) {
                Ok(_) if self.queues.get(source).is_none_or(|queue| queue.visible_count() == 0) => {
                    MoveTaskStatus::Completed
                }
                Ok(moved) => {
                    if !moved {
                        pause = pause.max(BLOCKED);
                    }
                    MoveTaskStatus::Running
                }
                Err(failure) => MoveTaskStatus::Failed(failure),
            }
        };
        let at = now + pause;
        let alarm = status.is_active().then(|| self.alarms.set(at, Alarm::MoveMessage(source.clone())));
        let Some(task) = self.move_tasks.active(source.as_str()) else { return };
        task.alarm = alarm;
        task.view.status = status;
        if alarm.is_none() {
            self.record(now, What::MoveTaskChanged { task: view.id, queue: source.clone(), status });
        }
    }

    /// Moves a message, if there is one that can be.
    fn move_next(&mut self, now: Timestamp, task: &MoveTaskView) -> Result<bool, MoveFailure> {
        let Some(queue) = self.queues.get_mut(&task.source) else { return Ok(false) };
        // A message may be visible and behind others of its group: then later.
        let Some(next) = queue.peek_next() else { return Ok(false) };
        let (origin, fifo) = (next.dead_letter_source.clone(), queue.is_fifo());
        let to = task.destination.clone().or(origin).filter(|to| *to != task.source);
        let to = to.ok_or(MoveFailure::SourceUnknown)?;
        let fits = |target: &&Queue| target.is_fifo() == fifo;
        self.queues.get(&to).filter(fits).ok_or(MoveFailure::DestinationMissing)?;
        let new_id = MessageId(self.rng.uuid());
        let Some(message) = self.queues.get_mut(&task.source).and_then(|queue| queue.take_next(now)) else {
            return Ok(false);
        };
        let (id, group) = (message.id(), message.group().clone());
        if let Some(destination) = self.queues.get_mut(&to) {
            let visible_at = destination.arrival(now);
            destination.put(message.moved(new_id, now), visible_at, now);
        }
        if let Some(task) = self.move_tasks.active(task.source.as_str()) {
            task.view.moved += 1;
        }
        let (queue, destination) = (task.source.clone(), to.clone());
        self.record(now, What::MessageMoved { queue, destination, message: id, new_id, group });
        self.record_noise(now, &task.source);
        self.arm_queue(now, &task.source);
        self.serve(now, &to);
        Ok(true)
    }
}
