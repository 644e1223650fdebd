//! How many batches a mapping works on at once, and how that number changes
//! ("Amazon SQS scaling behavior").
//!
//! A fleet begins small, grows by a steady rate while its queue has more than
//! it can take, and shrinks when it has less to do. It does not look at the
//! function's concurrency: that is what over-pull comes from.

use std::collections::BTreeSet;
use std::time::Duration;

use super::mappings::{Mapping, MappingSpec, ProvisionedPollers};
use super::poller::{Doing, Poller};
use crate::engine::Engine;
use crate::engine::alarm::{Alarm, AlarmKey};
use crate::engine::fact::What;
use crate::engine::ids::{MappingId, QueueName};
use crate::engine::lambda::TokenBucket;
use crate::engine::quotas::{Quotas, Rate};
use crate::engine::time::Timestamp;

/// "Provisioned mode": one poller runs up to 10 batches at once …
const BATCHES_PER_POLLER: usize = 10;

/// … polls up to 10 times a second …
const POLLS_PER_SECOND: u32 = 10;

/// … and takes up to 1 MB a second.
const BYTES_PER_SECOND: u32 = 1_048_576;

/// The pollers of a mapping. In the engine one [`Poller`] is one batch at a
/// time; a poller of provisioned mode is ten of them.
#[derive(Debug)]
pub(crate) struct Fleet {
    /// In AWS's pollers.
    size: usize,
    pollers: Vec<Poller>,
    /// Those that are not at work and can be started.
    off: BTreeSet<usize>,
    /// Those that wait for messages and hold none, the last started last.
    idle: BTreeSet<usize>,
    alarm: Option<(Timestamp, AlarmKey)>,
    /// When it last had anything to do.
    last_work: Timestamp,
    /// When a function last failed with a batch.
    last_error: Option<Timestamp>,
    /// What provisioned pollers may still do at this moment.
    supply: Option<Supply>,
}

/// Polls and bytes of provisioned pollers.
#[derive(Debug)]
struct Supply {
    polls: TokenBucket,
    bytes: TokenBucket,
}

/// The sizes between which a fleet moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bounds {
    /// When it has had nothing to do for long.
    idle: usize,
    /// When it begins.
    initial: usize,
    most: usize,
    rate: Rate,
}

impl Fleet {
    pub(super) fn new(now: Timestamp) -> Self {
        Self {
            size: 0,
            pollers: Vec::new(),
            off: BTreeSet::new(),
            idle: BTreeSet::new(),
            alarm: None,
            last_work: now,
            last_error: None,
            supply: None,
        }
    }

    pub(super) fn poller(&self, index: usize) -> Option<&Poller> {
        self.pollers.get(index)
    }

    pub(super) fn poller_mut(&mut self, index: usize) -> Option<&mut Poller> {
        self.pollers.get_mut(index)
    }

    pub(super) fn len(&self) -> usize {
        self.pollers.len()
    }

    /// Changes what a poller does, and gives what it did before.
    pub(super) fn set_doing(&mut self, index: usize, doing: Doing) -> Option<Doing> {
        let poller = self.pollers.get_mut(index)?;
        let (off, idle) = (matches!(doing, Doing::Off), doing.is_idle());
        let before = std::mem::replace(&mut poller.doing, doing);
        for (set, belongs) in [(&mut self.off, off), (&mut self.idle, idle)] {
            if belongs {
                set.insert(index);
            } else {
                set.remove(&index);
            }
        }
        Some(before)
    }

    /// A poller that can be started.
    fn spare(&mut self) -> usize {
        if let Some(&index) = self.off.first() {
            return index;
        }
        self.pollers.push(Poller::new());
        self.off.insert(self.pollers.len() - 1);
        self.pollers.len() - 1
    }

    /// Batches that are worked on or waited for.
    fn active(&self) -> usize {
        self.pollers.len() - self.off.len()
    }
}

impl Mapping {
    /// How many batches its fleet may work on at once.
    fn places(&self) -> usize {
        match self.spec.provisioned {
            Some(_) => self.fleet.size * BATCHES_PER_POLLER,
            None => self.fleet.size,
        }
    }

    /// Whether its fleet has a place for another batch.
    pub(super) fn has_place(&self) -> bool {
        self.polls() && self.fleet.active() < self.places()
    }

    /// Whether a provisioned fleet may poll at this moment.
    pub(super) fn may_poll(&mut self, now: Timestamp) -> bool {
        self.fleet
            .supply
            .as_mut()
            .is_none_or(|supply| supply.polls.has_token(now) && supply.bytes.has_token(now))
    }

    /// Counts a poll, and what it brought.
    pub(super) fn note_poll(&mut self, now: Timestamp, bytes: usize) {
        self.fleet.last_work = if bytes > 0 { now } else { self.fleet.last_work };
        if let Some(supply) = &mut self.fleet.supply {
            supply.polls.take(now);
            supply.bytes.take_many(now, bytes);
        }
    }

    fn fit_supply(&mut self, now: Timestamp) {
        if self.spec.provisioned.is_none() {
            self.fleet.supply = None;
            return;
        }
        let pollers = u32::try_from(self.fleet.size).unwrap_or(u32::MAX);
        let rate = |count: u32| Rate { count: count.saturating_mul(pollers), per: Duration::from_secs(1) };
        let (polls, bytes) = (rate(POLLS_PER_SECOND), rate(BYTES_PER_SECOND));
        let full = || Supply { polls: TokenBucket::new(polls), bytes: TokenBucket::new(bytes) };
        let supply = self.fleet.supply.get_or_insert_with(full);
        supply.polls.set_rate(now, polls);
        supply.bytes.set_rate(now, bytes);
    }
}

fn bounds(spec: &MappingSpec, quotas: &Quotas) -> Bounds {
    if let Some(ProvisionedPollers { minimum, maximum }) = spec.provisioned {
        let rate = quotas.provisioned_poller_rate;
        return Bounds { idle: minimum, initial: minimum, most: maximum, rate };
    }
    let initial = quotas.initial_pollers;
    let (idle, most) = match spec.maximum_concurrency {
        // Such a fleet does not go below where it began.
        Some(most) => (initial.min(most), most),
        None => (quotas.idle_pollers, quotas.most_pollers),
    };
    Bounds { idle, initial: initial.min(most), most, rate: quotas.poller_rate }
}

impl Engine {
    /// Starts a fleet at its first size.
    pub(super) fn start_fleet(&mut self, now: Timestamp, id: MappingId) {
        let Some(mapping) = self.mappings.get_mut(&id).filter(|mapping| mapping.polls()) else { return };
        let initial = bounds(&mapping.spec, &self.quotas).initial;
        mapping.fleet.last_work = now;
        mapping.fleet.last_error = None;
        mapping.fleet.size = 0;
        self.resize_fleet(now, id, initial);
    }

    /// Gives a fleet another size, and starts as many pollers as have a place.
    /// Those beyond it end when their batch is settled; see `poll`.
    fn resize_fleet(&mut self, now: Timestamp, id: MappingId, size: usize) {
        let Some(mapping) = self.mappings.get_mut(&id) else { return };
        if mapping.fleet.size == size {
            return;
        }
        mapping.fleet.size = size;
        mapping.fit_supply(now);
        self.record(now, What::PollersScaled { mapping: id, pollers: size });
        let mut free = self
            .mappings
            .get(&id)
            .map_or(0, |mapping| mapping.places().saturating_sub(mapping.fleet.active()));
        while free > 0
            && let Some(mapping) = self.mappings.get_mut(&id).filter(|mapping| mapping.has_place())
        {
            let index = mapping.fleet.spare();
            self.poll(now, id, index);
            free -= 1;
        }
    }

    /// Ends a fleet that is not to poll any more.
    pub(super) fn stop_fleet(&mut self, now: Timestamp, id: MappingId) {
        let Some(mapping) = self.mappings.get_mut(&id) else { return };
        if let Some((_, key)) = mapping.fleet.alarm.take() {
            self.alarms.cancel(key);
        }
        if std::mem::take(&mut mapping.fleet.size) > 0 {
            self.record(now, What::PollersScaled { mapping: id, pollers: 0 });
        }
    }

    /// Messages wait at a queue that nobody is free for: fleets may grow.
    pub(in crate::engine) fn notice_backlog(&mut self, now: Timestamp, queue: &QueueName) {
        let ids = self.mappings_of.get(queue).cloned().unwrap_or_default();
        for id in ids {
            self.arm_fleet(now, id);
        }
    }

    /// A function failed with a batch: its fleet becomes smaller, and does not
    /// grow for a while. AWS says that it backs off; how is not documented.
    pub(super) fn back_off(&mut self, now: Timestamp, id: MappingId) {
        let Some(mapping) = self.mappings.get_mut(&id).filter(|mapping| mapping.polls()) else { return };
        mapping.fleet.last_error = Some(now);
        let (size, least) = (mapping.fleet.size, bounds(&mapping.spec, &self.quotas).idle);
        if size > least {
            self.resize_fleet(now, id, size - 1);
        }
        self.arm_fleet(now, id);
    }

    /// Sets the alarm for the next change of size, if one is to come.
    pub(super) fn arm_fleet(&mut self, now: Timestamp, id: MappingId) {
        let at = self.next_scaling(now, id);
        let Some(mapping) = self.mappings.get_mut(&id) else { return };
        let (set, due) = (mapping.fleet.alarm.map(|(set, _)| set), at);
        // An alarm that rings too early only looks again.
        if due.is_none() || set.is_some_and(|set| due.is_some_and(|due| set <= due)) {
            return;
        }
        if let Some((_, key)) = mapping.fleet.alarm.take() {
            self.alarms.cancel(key);
        }
        mapping.fleet.alarm = due.map(|at| (at, self.alarms.set(at, Alarm::ScaleMapping(id))));
    }

    /// When the size changes next, as things are.
    fn next_scaling(&self, now: Timestamp, id: MappingId) -> Option<Timestamp> {
        let mapping = self.mappings.get(&id).filter(|mapping| mapping.polls())?;
        let bounds = bounds(&mapping.spec, &self.quotas);
        let fleet = &mapping.fleet;
        let step = now + bounds.rate.interval();
        if self.has_backlog(mapping) {
            let calm = fleet.last_error.map(|at| at + self.quotas.poller_error_pause);
            return (fleet.size < bounds.most).then(|| calm.map_or(step, |calm| calm.max(step)));
        }
        if fleet.idle.is_empty() {
            return None;
        }
        let quiet = fleet.last_work + self.quotas.poller_idle_after;
        if fleet.size > bounds.initial {
            Some(step)
        } else {
            (fleet.size > bounds.idle).then(|| quiet.max(step))
        }
    }

    /// Whether a fleet is about to grow, because messages wait.
    pub(in crate::engine) fn grows(&self, id: MappingId) -> bool {
        self.mappings.get(&id).is_some_and(|mapping| mapping.polls() && self.has_backlog(mapping))
    }

    /// Whether messages wait that no poller of the fleet is free for.
    fn has_backlog(&self, mapping: &Mapping) -> bool {
        let queue = self.queues.get(&mapping.spec.queue);
        mapping.fleet.active() >= mapping.places()
            && mapping.fleet.idle.is_empty()
            && queue.is_some_and(|queue| {
                queue.is_receivable() && queue.in_flight_count() < self.quotas.in_flight_limit
            })
    }

    /// Lets a fleet grow or shrink by one.
    pub(in crate::engine) fn scaling_alarm_rang(&mut self, now: Timestamp, id: MappingId) {
        let Some(mapping) = self.mappings.get_mut(&id) else { return };
        mapping.fleet.alarm = None;
        let Some(mapping) = self.mappings.get(&id).filter(|mapping| mapping.polls()) else { return };
        let bounds = bounds(&mapping.spec, &self.quotas);
        let (size, fleet) = (mapping.fleet.size, &mapping.fleet);
        let paused = fleet.last_error.is_some_and(|at| now < at + self.quotas.poller_error_pause);
        let quiet = now >= fleet.last_work + self.quotas.poller_idle_after;
        let floor = if quiet { bounds.idle } else { bounds.initial };
        if self.has_backlog(mapping) && size < bounds.most && !paused {
            // One that has shrunk while there was nothing to do begins again.
            self.resize_fleet(now, id, (size + 1).max(bounds.initial));
        } else if !fleet.idle.is_empty() && size > floor {
            self.send_home(now, id);
            self.resize_fleet(now, id, size - 1);
        }
        self.arm_fleet(now, id);
    }

    /// Ends the idle pollers that are started last, as many as a poller stands for.
    fn send_home(&mut self, now: Timestamp, id: MappingId) {
        let Some(mapping) = self.mappings.get_mut(&id) else { return };
        let many = if mapping.spec.provisioned.is_some() { BATCHES_PER_POLLER } else { 1 };
        let queue = mapping.spec.queue.clone();
        for _ in 0..many {
            let Some(mapping) = self.mappings.get_mut(&id) else { return };
            let Some(&index) = mapping.fleet.idle.last() else { return };
            if let Some(Doing::Receiving { receiver, .. }) = mapping.fleet.set_doing(index, Doing::Off) {
                self.forget_receiver(now, queue.as_str(), receiver);
            }
        }
    }
}
