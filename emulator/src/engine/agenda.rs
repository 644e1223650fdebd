//! What is due later, in the order in which it is due, and can be called off.
//!
//! A heap of four children each, whose entries know the slot that holds what
//! is due, and the other way round. So an entry that is called off leaves at
//! once: the agenda is as long as what is still to come, however much was.

use super::time::Timestamp;

/// Children of a node: flatter than two, and all of them in one cache line or two.
const CHILDREN: usize = 4;

/// Names one entry, so that it can be called off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AgendaKey {
    slot: u32,
    order: u64,
}

/// Things that are due, the earliest first; those of one moment in the order
/// in which they were entered.
#[derive(Debug)]
pub(crate) struct Agenda<T> {
    heap: Vec<Entry>,
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    entered: u64,
}

/// `rank` is the time and below it the order, so that one comparison does.
#[derive(Debug, Clone, Copy)]
struct Entry {
    rank: u128,
    slot: u32,
}

#[derive(Debug)]
struct Slot<T> {
    /// Of the entry that it belongs to, or belonged to last.
    order: u64,
    /// Where in the heap that entry is.
    place: u32,
    due: Option<T>,
}

impl<T> Default for Agenda<T> {
    fn default() -> Self {
        Self { heap: Vec::new(), slots: Vec::new(), free: Vec::new(), entered: 0 }
    }
}

impl Entry {
    fn new(at: Timestamp, order: u64, slot: u32) -> Self {
        Self { rank: (u128::from(at.as_micros()) << 64) | u128::from(order), slot }
    }

    fn at(self) -> Timestamp {
        Timestamp::from_micros((self.rank >> 64) as u64)
    }

    fn is_before(self, other: Self) -> bool {
        self.rank < other.rank
    }
}

impl<T> Agenda<T> {
    /// Enters something.
    pub(crate) fn enter(&mut self, at: Timestamp, due: T) -> AgendaKey {
        self.entered += 1;
        let order = self.entered;
        let slot = Slot { order, place: 0, due: Some(due) };
        let number = match self.free.pop() {
            Some(number) => {
                self.slots[number as usize] = slot;
                number
            }
            None => {
                self.slots.push(slot);
                u32::try_from(self.slots.len() - 1).expect("four billion things are due")
            }
        };
        let entry = Entry::new(at, order, number);
        self.heap.push(entry);
        self.rise(self.heap.len() - 1, entry);
        AgendaKey { slot: number, order }
    }

    /// Calls something off and enters something else, as if one after the other.
    pub(crate) fn exchange(&mut self, key: AgendaKey, at: Timestamp, due: T) -> AgendaKey {
        let slot = self.slots.get_mut(key.slot as usize);
        let Some(slot) = slot.filter(|slot| slot.order == key.order && slot.due.is_some()) else {
            return self.enter(at, due);
        };
        self.entered += 1;
        let (order, place) = (self.entered, slot.place as usize);
        slot.order = order;
        slot.due = Some(due);
        self.settle(place, Entry::new(at, order, key.slot));
        AgendaKey { slot: key.slot, order }
    }

    /// Calls something off, and gives it back; what has been taken already is
    /// no error.
    pub(crate) fn call_off(&mut self, key: AgendaKey) -> Option<T> {
        let slot = self.slots.get(key.slot as usize)?;
        if slot.order != key.order || slot.due.is_none() {
            return None;
        }
        self.take(slot.place as usize).map(|(_, due)| due)
    }

    /// When the earliest is due.
    pub(crate) fn next_at(&self) -> Option<Timestamp> {
        self.heap.first().map(|entry| entry.at())
    }

    /// Takes the earliest that is due at `now` or before, with its own moment.
    pub(crate) fn pop_due(&mut self, now: Timestamp) -> Option<(Timestamp, T)> {
        self.heap.first().filter(|entry| entry.at() <= now)?;
        self.take(0)
    }

    /// Everything that is due, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Timestamp, &T)> {
        self.heap.iter().filter_map(|entry| Some((entry.at(), self.slots[entry.slot as usize].due.as_ref()?)))
    }

    fn take(&mut self, place: usize) -> Option<(Timestamp, T)> {
        let last = self.heap.pop()?;
        let gone = match self.heap.get(place) {
            Some(&gone) => {
                self.settle(place, last);
                gone
            }
            None => last,
        };
        self.free.push(gone.slot);
        let due = self.slots[gone.slot as usize].due.take()?;
        Some((gone.at(), due))
    }

    /// Puts an entry in the place of another, or where it has to go from there.
    fn settle(&mut self, place: usize, entry: Entry) {
        if entry.is_before(self.heap[place]) {
            self.rise(place, entry);
        } else {
            self.sink(place, entry);
        }
    }

    /// Puts an entry where a hole is, or nearer to the root.
    fn rise(&mut self, mut hole: usize, entry: Entry) {
        while hole > 0 {
            let parent = (hole - 1) / CHILDREN;
            if !entry.is_before(self.heap[parent]) {
                break;
            }
            self.put(hole, self.heap[parent]);
            hole = parent;
        }
        self.put(hole, entry);
    }

    /// Puts an entry where a hole is, or farther from the root.
    fn sink(&mut self, mut hole: usize, entry: Entry) {
        loop {
            let children = hole * CHILDREN + 1..self.heap.len().min(hole * CHILDREN + CHILDREN + 1);
            let first =
                children.reduce(
                    |first, child| {
                        if self.heap[child].is_before(self.heap[first]) { child } else { first }
                    },
                );
            match first.filter(|&child| self.heap[child].is_before(entry)) {
                Some(child) => self.put(hole, self.heap[child]),
                None => break,
            }
            hole = first.unwrap_or(hole);
        }
        self.put(hole, entry);
    }

    #[expect(clippy::cast_possible_truncation, reason = "there are fewer entries than slots")]
    fn put(&mut self, place: usize, entry: Entry) {
        self.heap[place] = entry;
        self.slots[entry.slot as usize].place = place as u32;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::engine::Rng;

    #[test]
    fn it_is_what_an_ordered_map_is() {
        for seed in 0..50 {
            let mut rng = Rng::new(seed);
            let (mut agenda, mut map, mut keys) = (Agenda::default(), BTreeMap::new(), Vec::new());
            for order in 0..2_000_u64 {
                let at = Timestamp::from_micros(rng.between(0, 300));
                match rng.between(0, 9) {
                    0..5 => {
                        map.insert((at, order), order);
                        keys.push((agenda.enter(at, order), (at, order)));
                    }
                    5 if !keys.is_empty() => {
                        let which = rng.between(0, keys.len() as u64 - 1);
                        let (key, before) = keys[usize::try_from(which).expect("few keys")];
                        map.remove(&before);
                        map.insert((at, order), order);
                        keys.push((agenda.exchange(key, at, order), (at, order)));
                    }
                    6..8 if !keys.is_empty() => {
                        let which = rng.between(0, keys.len() as u64 - 1);
                        let (key, at) = keys[usize::try_from(which).expect("few keys")];
                        assert_eq!(agenda.call_off(key), map.remove(&at), "seed {seed}");
                    }
                    _ => {
                        let first = map.first_entry().filter(|first| first.key().0 <= at);
                        let first = first.map(|first| (first.key().0, first.remove()));
                        assert_eq!(agenda.pop_due(at), first, "seed {seed}");
                    }
                }
                assert_eq!(agenda.next_at(), map.first_key_value().map(|(key, _)| key.0), "seed {seed}");
                assert_eq!(agenda.iter().count(), map.len(), "seed {seed}");
            }
            assert!(agenda.slots.len() <= 2_000 && !map.is_empty(), "seed {seed}");
        }
    }

    #[test]
    fn it_is_as_long_as_what_is_to_come() {
        let mut agenda = Agenda::default();
        for n in 0..10_000_u64 {
            let key = agenda.enter(Timestamp::from_micros(n + 1_000_000), n);
            assert_eq!(agenda.call_off(key), Some(n));
            assert_eq!(agenda.call_off(key), None);
        }
        assert_eq!((agenda.heap.len(), agenda.slots.len()), (0, 1));
    }
}
