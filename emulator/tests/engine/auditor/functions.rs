//! Functions, their versions and aliases, and what is reserved for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use emulator::engine::{
    AliasName, FunctionName, FunctionVersion, Qualifier, Quotas, Rate, Tally, Timestamp, Version,
};

use super::provisioned::AllocationBook;
use super::rates::Bucket;
use super::{Auditor, Verdict};

/// Where an alias points, and the other version with its share.
pub(super) type Target = (Version, Option<(Version, f64)>);

/// The requests a second that so much concurrency may be asked for.
pub(super) fn request_rate(quotas: &Quotas, concurrency: u32) -> Rate {
    Rate { count: concurrency * quotas.requests_per_concurrency, per: Duration::from_secs(1) }
}

/// A function as its facts tell it.
#[derive(Debug)]
pub(super) struct FunctionBook {
    pub(super) generation: u64,
    made: Timestamp,
    pub(super) versions: BTreeMap<Version, Arc<FunctionVersion>>,
    numbers_given: u64,
    pub(super) aliases: BTreeMap<AliasName, Target>,
    pub(super) reserved: Option<u32>,
    pub(super) reserved_rate: Bucket,
    pub(super) scaling: Bucket,
    pub(super) allocations: BTreeMap<Version, AllocationBook>,
    pub(super) in_flight: u32,
    pub(super) tally: Tally,
}

impl FunctionBook {
    /// The versions that a request for this may go to.
    pub(super) fn candidates(&self, qualifier: &Qualifier) -> BTreeSet<Version> {
        let named = match qualifier {
            Qualifier::Latest => vec![Version::Latest],
            Qualifier::Version(number) => vec![Version::Published(*number)],
            Qualifier::Alias(alias) => self.aliases.get(alias).map_or_else(Vec::new, |&(main, other)| {
                std::iter::once(main).chain(other.map(|(other, _)| other)).collect()
            }),
        };
        named.into_iter().filter(|version| self.versions.contains_key(version)).collect()
    }

    /// The version that a qualifier means first of all.
    pub(super) fn main_version(&self, qualifier: &Qualifier) -> Option<&Arc<FunctionVersion>> {
        let version = match qualifier {
            Qualifier::Latest => Version::Latest,
            Qualifier::Version(number) => Version::Published(*number),
            Qualifier::Alias(alias) => self.aliases.get(alias)?.0,
        };
        self.versions.get(&version)
    }

    /// Provisioned concurrency that can be used.
    pub(super) fn ready(&self) -> u32 {
        self.allocations.values().filter(|allocation| allocation.is_ready()).map(|ready| ready.target).sum()
    }

    /// What it takes from the account: its reservation, or what is provisioned.
    pub(super) fn claim(&self) -> u32 {
        self.reserved.unwrap_or_else(|| self.ready())
    }

    /// The same, as far as it was ever promised.
    fn promised(&self) -> u32 {
        self.reserved.unwrap_or_else(|| self.allocations.values().map(|allocation| allocation.target).sum())
    }
}

impl Auditor {
    pub(super) fn function(&self, name: &FunctionName) -> Result<&FunctionBook, String> {
        self.functions.get(name).ok_or_else(|| format!("{name} is not there"))
    }

    pub(super) fn function_mut(&mut self, name: &FunctionName) -> Result<&mut FunctionBook, String> {
        self.functions.get_mut(name).ok_or_else(|| format!("{name} is not there"))
    }

    pub(super) fn request_rate(&self, concurrency: u32) -> Rate {
        request_rate(&self.quotas, concurrency)
    }

    /// A new function, a new `$LATEST`, or the next version of a function.
    pub(super) fn function_changed(&mut self, at: Timestamp, version: &Arc<FunctionVersion>) -> Verdict {
        let (name, own) = (&version.name, version.version);
        let fresh = self.revisions.insert(version.revision_id);
        rule!(fresh, "{name} got a revision that was there before");
        match (self.functions.get_mut(name), own) {
            (Some(book), Version::Latest) => drop(book.versions.insert(own, Arc::clone(version))),
            (Some(book), Version::Published(number)) => {
                let next = book.numbers_given + 1;
                rule!(number == next, "the next version of {name} is {next}");
                book.numbers_given = number;
                book.versions.insert(own, Arc::clone(version));
            }
            (None, Version::Latest) => self.function_made(at, version),
            (None, Version::Published(_)) => return Err(format!("{name} is not there")),
        }
        Ok(())
    }

    fn function_made(&mut self, at: Timestamp, version: &Arc<FunctionVersion>) {
        self.generations += 1;
        let book = FunctionBook {
            generation: self.generations,
            made: at,
            versions: BTreeMap::from([(Version::Latest, Arc::clone(version))]),
            numbers_given: 0,
            aliases: BTreeMap::new(),
            reserved: None,
            reserved_rate: Bucket::full(self.request_rate(0)),
            scaling: Bucket::full(self.quotas.scaling_rate),
            allocations: BTreeMap::new(),
            in_flight: 0,
            tally: Tally::default(),
        };
        self.functions.insert(version.name.clone(), book);
    }

    /// Whether a function is still being made.
    pub(crate) fn is_pending(&self, name: &FunctionName, at: Timestamp) -> bool {
        let made = self.functions.get(name).map(|book| book.made);
        made.is_some_and(|made| at < made + self.quotas.function_transition)
    }

    /// Whether that many requests of one chain are too many for a function.
    pub(crate) fn is_too_deep(&self, name: &FunctionName, depth: u32) -> bool {
        let there = self.functions.contains_key(name);
        there && !self.granted_loops.contains(name) && depth >= self.quotas.recursion_limit
    }

    /// Whether there is a version that a request for this may go to.
    pub(crate) fn resolves(&self, name: &FunctionName, qualifier: &Qualifier) -> bool {
        self.functions.get(name).is_some_and(|book| !book.candidates(qualifier).is_empty())
    }

    pub(super) fn function_deleted(&mut self, name: &FunctionName) -> Verdict {
        let book = self.functions.remove(name);
        let book = book.ok_or_else(|| format!("{name} was deleted, and was not there"))?;
        rule!(book.allocations.is_empty(), "{name} was deleted with provisioned concurrency");
        let waiting = self.events.values().filter(|event| event.waits_for(name)).count();
        rule!(waiting == 0, "{name} was deleted with {waiting} events still waiting");
        self.granted_configs.retain(|(of, _), _| of != name);
        self.granted_loops.remove(name);
        self.owed.deletions.retain(|(of, _)| of != name);
        Ok(())
    }

    /// A version goes only when no alias points to it.
    pub(super) fn version_deleted(&mut self, name: &FunctionName, version: Version) -> Verdict {
        let book = self.function_mut(name)?;
        let there = book.versions.remove(&version).is_some() && version != Version::Latest;
        rule!(there, "{name} has no version {version} that could go");
        let points =
            |(main, other): &Target| *main == version || other.is_some_and(|(other, _)| other == version);
        rule!(!book.aliases.values().any(points), "an alias points to version {version} that was deleted");
        rule!(
            !book.allocations.contains_key(&version),
            "version {version} went with provisioned concurrency"
        );
        self.owed.deletions.remove(&(name.clone(), version));
        self.granted_configs.retain(|(of, qualifier), _| of != name || *qualifier != version.into());
        Ok(())
    }

    pub(super) fn alias_changed(
        &mut self,
        name: &FunctionName,
        alias: &AliasName,
        target: Target,
    ) -> Verdict {
        let book = self.function_mut(name)?;
        let (main, other) = target;
        rule!(book.versions.contains_key(&main), "{alias} points to version {main}, which is not there");
        if let Some((other, share)) = other {
            rule!(
                book.versions.contains_key(&other),
                "{alias} points to version {other}, which is not there"
            );
            rule!(
                main != other && main != Version::Latest && other != Version::Latest,
                "{alias} is no split"
            );
            rule!((0.0..=1.0).contains(&share), "{alias} gives a share of {share}");
        }
        book.aliases.insert(alias.clone(), target);
        Ok(())
    }

    pub(super) fn alias_deleted(&mut self, name: &FunctionName, alias: &AliasName) -> Verdict {
        let there = self.function_mut(name)?.aliases.remove(alias).is_some();
        rule!(there, "{name} has no alias {alias}");
        self.grant_event_config(name, &Qualifier::Alias(alias.clone()), None);
        Ok(())
    }

    /// Reservations leave the account its minimum, except those of 0.
    pub(super) fn reserved_set(
        &mut self,
        at: Timestamp,
        name: &FunctionName,
        reserved: Option<u32>,
    ) -> Verdict {
        let rate = self.request_rate(reserved.unwrap_or(0));
        let book = self.function_mut(name)?;
        let before = std::mem::replace(&mut book.reserved, reserved);
        let held = book.allocations.values().map(|allocation| allocation.target).sum();
        rule!(reserved.is_none_or(|reserved| reserved >= held), "{held} of the reservation are provisioned");
        if before.is_some() {
            book.reserved_rate.change(at, rate);
        } else {
            book.reserved_rate = Bucket::full(rate);
        }
        let raised = reserved.unwrap_or(0) > before.unwrap_or(0);
        if raised { self.check_minimum() } else { Ok(()) }
    }

    /// What is promised leaves the account its minimum.
    pub(super) fn check_minimum(&self) -> Verdict {
        let promised: u32 = self.functions.values().map(FunctionBook::promised).sum();
        let left = self.quotas.account_concurrency.saturating_sub(promised);
        let minimum = self.quotas.unreserved_minimum;
        rule!(left >= minimum, "only {left} are left unreserved, less than {minimum}");
        Ok(())
    }

    /// What functions without a reservation can use on demand.
    pub(super) fn unreserved_limit(&self) -> u32 {
        let claimed: u32 = self.functions.values().map(FunctionBook::claim).sum();
        self.quotas.account_concurrency.saturating_sub(claimed)
    }

    /// Everything that runs on demand and has no reservation of its own,
    /// invocations of deleted functions included.
    pub(super) fn unreserved_in_use(&self) -> u32 {
        let reserved = |name, generation| {
            let book = self.functions.get(name).filter(|book| book.generation == generation);
            book.is_some_and(|book| book.reserved.is_some())
        };
        let running = self.running.values().filter(|running| running.allocation.is_none());
        let count = running.filter(|running| !reserved(&running.function, running.generation)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// What a function runs on demand.
    pub(super) fn on_demand_in_use(&self, book: &FunctionBook) -> u32 {
        let own = self.running.values().filter(|running| running.generation == book.generation);
        let count = own.filter(|running| running.allocation.is_none()).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }
}
