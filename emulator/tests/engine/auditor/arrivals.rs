//! Callers: each request is admitted or refused, at once or after a moment.

use emulator::engine::{
    FunctionName, Qualifier, Refusal, Report, RequestId, ThrottleReason, Timestamp, Version,
};

use super::environments::State;
use super::shares::weight;
use super::{Auditor, Verdict, Violation};

/// A request of a caller that was not refused at once.
#[derive(Debug)]
pub(super) struct Arrival {
    at: Timestamp,
    function: FunctionName,
    qualifier: Qualifier,
    /// The other version of its alias, and its share.
    pub(super) weight: Option<(Version, f64)>,
}

impl Auditor {
    /// A caller asked, and this is what the engine said at once.
    pub(crate) fn asked(
        &mut self,
        at: Timestamp,
        id: RequestId,
        function: &FunctionName,
        qualifier: &Qualifier,
        said: &Result<(), Refusal>,
    ) {
        match said {
            Ok(()) => {
                let weight = self.functions.get(function).and_then(|book| weight(book, qualifier));
                let (function, qualifier) = (function.clone(), qualifier.clone());
                let arrival = Arrival { at, function, qualifier, weight };
                self.waiting.insert(id, arrival);
            }
            Err(Refusal::Throttled(reason)) => drop(self.owed.refusals.insert(id, *reason)),
            Err(Refusal::FunctionNotFound(..) | Refusal::Pending | Refusal::Recursive) => {}
        }
    }

    /// A runtime answers in an environment that does not rest with it.
    pub(crate) fn lingers(&mut self, at: Timestamp, report: &Report, request: RequestId) {
        if let Some(book) = self.environments.get_mut(&report.environment)
            && book.incarnation == report.incarnation
            && matches!(book.state, State::Busy(served) if served == request)
        {
            book.lingers.get_or_insert(at);
        }
    }

    /// Environments of a function that have answered and do not rest.
    fn lingering(&self, name: &FunctionName) -> impl Iterator<Item = Timestamp> {
        let generation = self.functions.get(name).map(|book| book.generation);
        let own = self.environments.values().filter(move |book| Some(book.generation) == generation);
        own.filter_map(|book| book.lingers)
    }

    /// Whether a caller of a function may wait at all.
    pub(crate) fn somebody_lingers(&self, name: &FunctionName) -> bool {
        self.lingering(name).next().is_some()
    }

    /// Nobody who may wait is refused or starts an environment.
    pub(super) fn need_not_wait(&self, at: Timestamp, id: RequestId, name: &FunctionName) -> Verdict {
        let grace = self.quotas.arrival_grace;
        let came = self.waiting.get(&id).map_or(at, |arrival| arrival.at);
        let soon = self.lingering(name).find(|since| at < *since + grace);
        rule!(soon.is_none() || at >= came + grace, "{id} did not wait for what answered at {soon:?}");
        Ok(())
    }

    /// Whether a caller waits to be admitted.
    pub(crate) fn waits(&self, id: RequestId) -> bool {
        self.waiting.contains_key(&id)
    }

    /// A caller is refused at once, or after it has waited.
    pub(super) fn caller_throttled(&mut self, id: RequestId, reason: ThrottleReason) -> Verdict {
        rule!(self.ended.insert(id), "{id} was throttled after its end");
        if let Some(said) = self.owed.refusals.remove(&id) {
            rule!(said == reason, "the caller was told {said:?}");
            return Ok(());
        }
        rule!(self.waiting.remove(&id).is_some(), "{id} was throttled, and nobody waited for it");
        self.step.refused.push((id, reason));
        Ok(())
    }

    /// Nobody waits longer than the grace for an environment to rest. One whose
    /// function went is told so when the step ends.
    pub(super) fn nobody_waits_beyond(&self, now: Timestamp) -> Verdict {
        let grace = self.quotas.arrival_grace;
        for (id, Arrival { at, function, qualifier, weight: _ }) in &self.waiting {
            let late = *at + grace < now && self.resolves(function, qualifier);
            rule!(!late, "{id} has waited for {function} since {at:?}");
        }
        Ok(())
    }

    /// A caller that waited was told that it is refused.
    pub(super) fn refused(&mut self, id: RequestId, refusal: &Refusal) -> Verdict {
        match refusal {
            Refusal::Throttled(reason) => {
                let place = self.step.refused.iter().position(|refused| *refused == (id, *reason));
                let place = place.ok_or_else(|| format!("{id} was refused for {reason:?} without a fact"))?;
                self.step.refused.remove(place);
            }
            Refusal::FunctionNotFound(..) => {
                let arrival = self.waiting.remove(&id);
                let arrival = arrival.ok_or_else(|| format!("{id} was refused, and did not wait"))?;
                let there = self.resolves(&arrival.function, &arrival.qualifier);
                rule!(!there, "{id} was told that {} is not there", arrival.function);
                self.ended.insert(id);
            }
            Refusal::Pending | Refusal::Recursive => {
                return Err(format!("{id} waited, and was refused as {refusal:?}"));
            }
        }
        Ok(())
    }

    /// Whoever was refused was told, and who was told was refused.
    pub(super) fn the_refused_know(&self) -> Result<(), Violation> {
        let check = || {
            let untold = &self.step.refused;
            rule!(untold.is_empty(), "{untold:?} were refused, and not told");
            let told = &self.owed.refusals;
            rule!(told.is_empty(), "callers were told {told:?} without a fact");
            Ok(())
        };
        check().map_err(|rule| Violation { rule, fact: None })
    }
}
