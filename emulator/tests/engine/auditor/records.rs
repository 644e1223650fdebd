//! Records of asynchronous events: each end gives just those that the
//! function's settings ask for, and each is sent once.

use emulator::engine::{EventEnding, InvocationRecord, Qualifier, RecordTarget, RequestId};

use super::{Auditor, Verdict};

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    request_id: RequestId,
    qualifier: Qualifier,
    target: RecordTarget,
    ending: EventEnding,
    attempts: u32,
    /// Whether it tells of a last attempt.
    has_attempt: bool,
}

impl From<&InvocationRecord> for Record {
    fn from(record: &InvocationRecord) -> Self {
        Self {
            request_id: record.request_id,
            qualifier: record.qualifier.clone(),
            target: record.target.clone(),
            ending: record.ending,
            attempts: record.attempts,
            has_attempt: record.last.is_some(),
        }
    }
}

/// Records that are on their way.
pub(super) type Outstanding = Vec<(RequestId, RecordTarget)>;

impl Auditor {
    /// What must be sent because an event ended so: to the destination of its
    /// kind, and after a failure to the dead-letter queue as well.
    pub(super) fn expect_records(&mut self, id: RequestId, ending: EventEnding) -> Verdict {
        let config = self.event_config(id)?;
        let event = self.event(id)?;
        let (attempts, qualifier, generation) = (event.attempts, event.qualifier.clone(), event.generation);
        let name = event.function.clone();
        let Some(function) = self.functions.get(&name).filter(|book| book.generation == generation) else {
            return Ok(());
        };
        let version = function.main_version(&qualifier);
        let dead_letter = version.and_then(|version| version.spec.dead_letter_target.clone());
        let targets = match ending {
            EventEnding::FunctionDeleted => vec![],
            EventEnding::Succeeded => vec![config.on_success.map(RecordTarget::OnSuccess)],
            EventEnding::RetriesExhausted
            | EventEnding::EventAgeExceeded
            | EventEnding::ZeroReservedConcurrency
            | EventEnding::RecursiveLoop => {
                vec![
                    config.on_failure.map(RecordTarget::OnFailure),
                    dead_letter.map(RecordTarget::DeadLetter),
                ]
            }
        };
        self.step.records.extend(targets.into_iter().flatten().map(|target| Record {
            request_id: id,
            qualifier: qualifier.clone(),
            target,
            ending,
            attempts,
            has_attempt: attempts > 0,
        }));
        Ok(())
    }

    /// The records that a step gave are those that it should have given.
    pub(super) fn check_records(&mut self, given: Vec<Record>) -> Verdict {
        let right = &self.step.records;
        rule!(given == *right, "the records {given:?} were given, not {right:?}");
        self.outstanding.extend(given.into_iter().map(|record| (record.request_id, record.target)));
        Ok(())
    }

    pub(super) fn record_sent(&mut self, id: RequestId, target: &RecordTarget) -> Verdict {
        let place = self.outstanding.iter().position(|(of, to)| *of == id && to == target);
        let place = place.ok_or_else(|| format!("a record of {id} to {target:?} was not to be sent"))?;
        self.outstanding.remove(place);
        Ok(())
    }

    /// Whether records were given that have not been sent.
    pub(crate) fn has_unsent_records(&self) -> bool {
        !self.outstanding.is_empty()
    }
}
