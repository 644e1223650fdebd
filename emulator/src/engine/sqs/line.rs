//! Who is next: the visible messages of a queue, by groups, in their order.
//!
//! Both kinds of queue are one structure with two rules. In a **FIFO queue** a
//! group with messages in flight is not served, and its messages keep the order
//! in which they were sent. In a **standard queue** messages come in the order
//! in which they became visible, and a *noisy* group, one that holds too large
//! a share of what is in flight, comes after all others ("Amazon SQS fair
//! queues"). Messages without a group are each their own tenant: never noisy.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use super::shelf::MessageKey;
use crate::engine::ids::GroupId;
use crate::engine::time::Timestamp;

/// A noisy group has at least so many messages in flight … ("Fair queues":
/// thresholds are approximate).
const NOISY_IN_FLIGHT: usize = 30;

/// … and more than this part of all that are in flight: a tenth.
const NOISY_PART: usize = 10;

/// A noisy group is quiet again after this time with nothing in flight.
const CALM_AFTER: Duration = Duration::from_secs(300);

/// A group's name, or none: all messages without one.
type Name = Option<GroupId>;

/// Which rule orders a queue's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As they become visible, noisy groups last.
    Fair,
    /// As they were sent, one batch of a group at a time.
    Fifo,
}

/// A group became noisy, or quiet again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Noise {
    pub(crate) group: GroupId,
    pub(crate) noisy: bool,
}

/// The visible messages of a queue.
#[derive(Debug)]
pub(super) struct Line {
    order: Order,
    /// Messages without a group. Most queues have no others, so these are kept
    /// out of all sets.
    alone: Group,
    groups: HashMap<GroupId, Group>,
    /// The groups that can be served, the next one first.
    heads: BTreeSet<Head>,
    /// When noisy groups with nothing in flight are quiet again.
    calm: BTreeSet<(Timestamp, GroupId)>,
    in_flight: usize,
    /// Groups that became noisy or quiet since it was last asked.
    noise: Vec<Noise>,
}

#[derive(Debug, Default)]
struct Group {
    /// By their turn.
    visible: BTreeMap<u64, MessageKey>,
    in_flight: usize,
    noisy: bool,
    /// Since when nothing of it is in flight.
    rests_since: Option<Timestamp>,
    calm_at: Option<Timestamp>,
    head: Option<Head>,
}

/// A group's place among those that can be served: quiet ones by the turn of
/// their first message, then noisy ones, those with the least in flight first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Head {
    noisy: bool,
    in_flight: usize,
    turn: u64,
    name: Name,
}

impl Line {
    pub(super) fn new(order: Order) -> Self {
        Self {
            order,
            alone: Group::default(),
            groups: HashMap::new(),
            heads: BTreeSet::new(),
            calm: BTreeSet::new(),
            in_flight: 0,
            noise: Vec::new(),
        }
    }

    /// Forgets everybody; who was noisy is so no more.
    pub(super) fn clear(&mut self) {
        let noisy = self.heads.iter().filter(|head| head.noisy).filter_map(|head| head.name.clone());
        let noise = noisy.map(|group| Noise { group, noisy: false }).collect();
        *self = Self { noise, ..Self::new(self.order) };
    }

    /// Whether a receive would find something.
    pub(super) fn has_next(&self) -> bool {
        self.head().is_some()
    }

    /// The next message. A receive that has begun with a group of a FIFO queue
    /// goes on with it as long as it can.
    pub(super) fn next(&self, begun: Option<&Name>) -> Option<MessageKey> {
        let begun = begun.filter(|_| self.order == Order::Fifo).and_then(|name| self.group(name));
        let begun = begun.filter(|group| !group.visible.is_empty());
        let group = begun.or_else(|| self.group(&self.head()?.name))?;
        group.visible.first_key_value().map(|(_, &key)| key)
    }

    /// A message became visible.
    pub(super) fn join(&mut self, name: &Name, turn: u64, key: MessageKey) {
        if let Some(id) = name
            && !self.groups.contains_key(id)
        {
            self.groups.insert(id.clone(), Group::default());
        }
        self.change(name, |group| {
            group.visible.insert(turn, key);
        });
    }

    /// A visible message goes for good.
    pub(super) fn leave(&mut self, name: &Name, turn: u64) {
        self.change(name, |group| {
            group.visible.remove(&turn);
        });
    }

    /// A visible message is in flight.
    pub(super) fn depart(&mut self, name: &Name, turn: u64) {
        self.in_flight += 1;
        let all = self.in_flight;
        self.change(name, |group| {
            group.visible.remove(&turn);
            group.in_flight += 1;
            let share = group.in_flight >= NOISY_IN_FLIGHT && group.in_flight * NOISY_PART > all;
            group.noisy |= share && !group.visible.is_empty();
        });
    }

    /// A message of the group is in flight no more.
    pub(super) fn land(&mut self, name: &Name, now: Timestamp) {
        self.in_flight -= 1;
        self.change(name, |group| {
            group.in_flight -= 1;
            group.rests_since = (group.in_flight == 0).then_some(now);
        });
    }

    /// When time makes a group quiet, if ever.
    pub(super) fn next_calm(&self) -> Option<Timestamp> {
        self.calm.first().map(|(at, _)| *at)
    }

    /// Calls groups quiet that have had nothing in flight for long.
    pub(super) fn calm_down(&mut self, now: Timestamp) {
        while let Some((at, id)) = self.calm.first().filter(|(at, _)| *at <= now).cloned() {
            self.calm.remove(&(at, id.clone()));
            self.change(&Some(id), |group| group.noisy = false);
        }
    }

    /// Groups that became noisy or quiet since the last call.
    pub(super) fn take_noise(&mut self) -> Vec<Noise> {
        std::mem::take(&mut self.noise)
    }

    /// Whoever is served next.
    fn head(&self) -> Option<&Head> {
        [self.heads.first(), self.alone.head.as_ref()].into_iter().flatten().min()
    }

    fn group(&self, name: &Name) -> Option<&Group> {
        match name {
            Some(id) => self.groups.get(id),
            None => Some(&self.alone),
        }
    }

    /// Changes a group, and puts it where it then belongs.
    fn change(&mut self, name: &Name, change: impl FnOnce(&mut Group)) {
        let group = match name {
            Some(id) => self.groups.get_mut(id),
            None => Some(&mut self.alone),
        };
        let Some(group) = group else { return };
        let was_noisy = group.noisy;
        change(group);
        // Whose backlog is gone crowds nobody out.
        group.noisy &= self.order == Order::Fair && name.is_some() && !group.visible.is_empty();
        let head = group.head(self.order, name);
        let old = std::mem::replace(&mut group.head, head);
        let Some(id) = name else { return };
        if old != group.head {
            if let Some(old) = old {
                self.heads.remove(&old);
            }
            self.heads.extend(group.head.clone());
        }
        if was_noisy != group.noisy {
            self.noise.push(Noise { group: id.clone(), noisy: group.noisy });
        }
        let calm_at = group.rests_since.filter(|_| group.noisy && group.in_flight == 0);
        let calm_at = calm_at.map(|since| since + CALM_AFTER);
        if calm_at != group.calm_at {
            let entry = |at: Timestamp| (at, id.clone());
            if let Some(old) = group.calm_at.map(entry) {
                self.calm.remove(&old);
            }
            self.calm.extend(calm_at.map(entry));
            group.calm_at = calm_at;
        }
        // Memory goes by what is there: names of tenants come and go.
        if group.visible.is_empty() && group.in_flight == 0 {
            self.groups.remove(id);
        }
    }
}

impl Group {
    fn head(&self, order: Order, name: &Name) -> Option<Head> {
        let turn = *self.visible.first_key_value()?.0;
        let in_flight = if self.noisy { self.in_flight } else { 0 };
        let served = order == Order::Fair || self.in_flight == 0;
        served.then(|| Head { noisy: self.noisy, in_flight, turn, name: name.clone() })
    }
}
