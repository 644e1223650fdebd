//! What waits for time, and what is at work meanwhile: for a clock that is moved.
//!
//! *Work that waits* goes on at a moment that is known: a retry, a delay, a
//! batching window. *Housekeeping* has its moments too, but nobody waits for
//! them: an unused environment goes, an old message goes, a long poll ends. A
//! clock that skips idle time moves for the sake of work alone; else it would
//! run away with an account in which nothing happens.

use super::Engine;
use super::alarm::Alarm;
use super::sqs::Queue;
use super::time::Timestamp;

impl Engine {
    /// When work that waits goes on by itself, if any does.
    pub fn next_work(&self) -> Option<Timestamp> {
        self.alarms.iter().filter_map(|(at, alarm)| self.work_of(at, alarm)).min()
    }

    /// Environments whose code runs as processes at this moment, in Init or
    /// for an invocation. It takes real time, whatever the clock shows.
    pub fn running_code(&self) -> usize {
        let hosted = self.hosted.iter().filter_map(|id| self.environments.get(id));
        hosted.filter(|environment| environment.runs_code()).count()
    }

    /// Messages that clients received, and neither deleted nor gave back: they
    /// work on them.
    pub fn held_messages(&self) -> usize {
        self.queues.values().map(Queue::held_count).sum()
    }

    /// When the work begins that an alarm is set for; `None` for housekeeping.
    fn work_of(&self, at: Timestamp, alarm: &Alarm) -> Option<Timestamp> {
        let is_work = match alarm {
            Alarm::BeginInit(_)
            | Alarm::EndColdStart(_)
            | Alarm::EndArrival(_)
            | Alarm::ChangeFunction(_)
            | Alarm::Provision(..)
            | Alarm::TryEvents(_)
            | Alarm::MoveMessage(_)
            | Alarm::ChangeMapping(_) => true,
            // What runs ends by itself; these only say when it is too late.
            Alarm::EndInit(_) | Alarm::EndInvocation(_) => false,
            Alarm::ReclaimIdle(_) | Alarm::Retire(_) => false,
            // One alarm for all that happens in the queue.
            Alarm::AdvanceQueue(queue) => return self.queues.get(queue)?.next_work(),
            Alarm::ScaleMapping(mapping) => self.grows(*mapping),
            Alarm::WakePoller(mapping, poller) => self.poller_works(*mapping, *poller),
        };
        is_work.then_some(at)
    }
}
