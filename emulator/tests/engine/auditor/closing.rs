//! Closing the books: what the engine shows must be what the facts add up to,
//! and nothing may be overdue.

use std::collections::BTreeMap;
use std::time::Duration;

use emulator::engine::{FunctionSnapshot, MappingId, MappingState, QueueSnapshot, Snapshot};

use super::environments::State;
use super::functions::FunctionBook;
use super::queues::Place;
use super::{Auditor, Verdict, Violation, events};

impl Auditor {
    /// Compares the books with a snapshot taken after everything due happened.
    pub(crate) fn close(&self, snapshot: &Snapshot) -> Result<(), Violation> {
        let checks = || {
            self.nothing_is_owed()?;
            self.shares_are_kept()?;
            self.check_account(snapshot)?;
            snapshot.functions.iter().try_for_each(|shown| self.check_function(shown))?;
            snapshot.queues.iter().try_for_each(|shown| self.check_queue(shown))?;
            self.check_mappings(snapshot)?;
            self.nothing_is_overdue(snapshot)
        };
        checks().map_err(|rule| Violation { rule, fact: Some(format!("{snapshot:#?}")) })
    }

    /// After a reset nothing is alive.
    pub(crate) fn is_empty(&self) -> Result<(), Violation> {
        let left = [
            ("functions", self.functions.len()),
            ("invocations", self.running.len()),
            ("environments", self.environments.len()),
            ("events", self.events.len()),
            ("requests that wait", self.waiting.len()),
            ("queues", self.queues.len()),
            ("mappings", self.mappings.len()),
        ];
        match left.iter().find(|(_, count)| *count > 0) {
            None => Ok(()),
            Some((what, count)) => {
                let rule = format!("{count} {what} survived a reset");
                Err(Violation { rule, fact: None })
            }
        }
    }

    fn check_account(&self, shown: &Snapshot) -> Verdict {
        let account = shown.account;
        rule!(account.functions == self.functions.len(), "{} functions", self.functions.len());
        rule!(shown.functions.len() == self.functions.len(), "{} functions", self.functions.len());
        rule!(shown.queues.len() == self.queues.len(), "{} queues", self.queues.len());
        let reserved: u32 = self.functions.values().filter_map(|book| book.reserved).sum();
        let left = account.concurrency.saturating_sub(reserved);
        rule!(account.unreserved == left, "{left} are unreserved, not {}", account.unreserved);
        let (limit, in_use) = (self.unreserved_limit(), self.unreserved_in_use());
        rule!(account.on_demand == limit, "{limit} are left on demand, not {}", account.on_demand);
        let shown = account.on_demand_in_use;
        rule!(shown == in_use, "{in_use} of the unreserved are in use, not {shown}");
        Ok(())
    }

    fn check_function(&self, shown: &FunctionSnapshot) -> Verdict {
        let name = &shown.name;
        let book = self.functions.get(name).ok_or_else(|| format!("{name} is not there"))?;
        rule!(shown.reserved == book.reserved, "{name} has {:?} reserved", book.reserved);
        rule!(shown.in_flight == book.in_flight, "{name} has {} in flight", book.in_flight);
        rule!(shown.tally == book.tally, "{name} counts {:?}", book.tally);
        let requested: u32 = shown.provisioned.iter().map(|view| view.requested).sum();
        let targets: u32 = book.allocations.values().map(|allocation| allocation.target).sum();
        rule!(requested == targets, "{name} has {targets} provisioned, not {requested}");
        let available: u32 = shown.provisioned.iter().map(|view| view.available).sum();
        rule!(available <= book.ready(), "{name} has {} ready, not {available}", book.ready());
        let states = self.count_states(book);
        rule!((shown.init, shown.busy, shown.idle) == states, "{name} has (Init, Busy, Idle) {states:?}");
        let waiting = self.events.values().filter(|event| event.waits_for(name)).count();
        rule!(shown.events_waiting == waiting, "{name} has {waiting} events waiting");
        let running = self.events.values();
        let running = running
            .filter(|event| event.state == events::State::Running && event.generation == book.generation)
            .count();
        rule!(shown.events_in_flight == running, "{name} has {running} events in flight");
        Ok(())
    }

    fn count_states(&self, function: &FunctionBook) -> (usize, usize, usize) {
        let mut counts = (0, 0, 0);
        for book in self.environments.values().filter(|book| book.generation == function.generation) {
            match book.state {
                State::Placing(_) | State::Init { .. } | State::InitAgain { .. } => counts.0 += 1,
                State::Idle { .. } => counts.2 += 1,
                State::InitFailed(_)
                | State::Fresh
                | State::Ready(_)
                | State::Cold(_)
                | State::Restarting(_)
                | State::InitFailedAgain(_)
                | State::Busy(_)
                | State::Ended { .. }
                | State::Halted => counts.1 += 1,
            }
        }
        counts
    }

    fn check_queue(&self, shown: &QueueSnapshot) -> Verdict {
        let name = &shown.name;
        let book = self.queues.get(name).ok_or_else(|| format!("the queue {name} is not there"))?;
        let booked = (book.visible, book.in_flight, book.delayed);
        let counts = (shown.visible, shown.in_flight, shown.delayed);
        rule!(counts == booked, "{name} has (visible, in flight, delayed) {booked:?}, not {counts:?}");
        let full = book.in_flight >= self.quotas.in_flight_limit;
        let starving = shown.receivers > 0 && self.is_receivable(name) && !full;
        rule!(!starving, "{} wait at {name} while {} are visible", shown.receivers, book.visible);
        Ok(())
    }

    fn check_mappings(&self, shown: &Snapshot) -> Verdict {
        let booked: BTreeMap<MappingId, MappingState> =
            self.mappings.iter().map(|(&id, book)| (id, book.state)).collect();
        let views: BTreeMap<_, _> = shown.mappings.iter().map(|view| (view.id, view.state)).collect();
        rule!(views == booked, "the mappings are {booked:?}");
        Ok(())
    }

    /// Nothing waits beyond its time.
    fn nothing_is_overdue(&self, shown: &Snapshot) -> Verdict {
        let now = shown.now;
        self.nobody_waits_beyond(now + Duration::from_micros(1))?;
        self.provisioned_is_in_time(now)?;
        for (id, book) in &self.environments {
            if let State::Idle { since, .. } = book.state {
                let longest = self.quotas.idle_lifetime.1;
                rule!(book.provisioned || since + longest > now, "{id:?} is idle since {since:?}");
                let (_, longest) = self.quotas.environment_lifetime;
                rule!(book.born + longest > now, "{id:?} has lived since {:?}", book.born);
                rule!(self.is_current(book), "{id:?} is idle, and its version is not current");
            }
        }
        for (id, running) in &self.running {
            let longest = self.longest_of(running.environment)?;
            rule!(running.admitted + longest > now, "{id} runs since {:?}", running.admitted);
        }
        for (id, event) in &self.events {
            rule!(event.is_in_time(now), "{id} is overdue: {event:?}");
        }
        self.no_message_is_overdue(shown)
    }

    fn no_message_is_overdue(&self, shown: &Snapshot) -> Verdict {
        for (name, book) in &self.queues {
            let retention = self.attributes(name)?.retention;
            for (id, message) in &book.messages {
                rule!(message.sent + retention > shown.now, "{id} outlived its retention: {message:?}");
                let in_time = match message.place {
                    Place::Visible => true,
                    Place::Delayed { until } | Place::InFlight { until, .. } => until > shown.now,
                };
                rule!(in_time, "{id} should be visible: {message:?}");
            }
        }
        Ok(())
    }
}
