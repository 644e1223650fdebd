//! What a step told the world: effects must say what the facts say.

use emulator::engine::{Asker, BatchItems, Delivery, Dispatch, Effect, Payload, QueueName, RequestId};
use std::time::Duration;

use super::records::Record;
use super::{Auditor, HandOver, Step, Verdict, Violation};

fn found(verdict: Verdict) -> Result<(), Violation> {
    verdict.map_err(|rule| Violation { rule, fact: None })
}

impl Auditor {
    /// Begins a step.
    pub(crate) fn open_step(&mut self) {
        self.step = Step::default();
    }

    /// Compares a step's effects with its facts: each start, hand-over, stop,
    /// answer and record once, in the order of the facts.
    pub(crate) fn audit_effects(&mut self, effects: &[Effect]) -> Result<(), Violation> {
        let mut handed_over = Vec::new();
        let mut answered = Vec::new();
        let mut records = Vec::new();
        for effect in effects {
            match effect {
                Effect::Start(start) => handed_over.push(HandOver::Start(start.environment)),
                Effect::Restart { environment, incarnation, .. } => {
                    handed_over.push(HandOver::Restart(*environment, *incarnation));
                }
                Effect::Halt { environment } => handed_over.push(HandOver::Halt(*environment)),
                Effect::Dispatch(dispatch) => {
                    handed_over.push(HandOver::Dispatch(dispatch.environment, dispatch.request_id));
                    found(self.check_batch_size(dispatch))?;
                }
                Effect::Stop { environment } => handed_over.push(HandOver::Stop(*environment)),
                Effect::Respond { request_id, .. } => answered.push(*request_id),
                Effect::Refuse { request_id, refusal } => found(self.refused(*request_id, refusal))?,
                Effect::SendRecord(record) => records.push(Record::from(&**record)),
                Effect::Filter(_) | Effect::Deliver { .. } => {}
            }
        }
        found(self.check_same_story(&handed_over, &answered))?;
        found(self.check_records(records))?;
        self.the_refused_know()
    }

    fn check_same_story(&self, handed_over: &[HandOver], answered: &[RequestId]) -> Verdict {
        let facts = &self.step;
        rule!(facts.handed_over == handed_over, "effects {handed_over:?}, facts {:?}", facts.handed_over);
        rule!(facts.answered == answered, "answers to {answered:?}, ends of {:?}", facts.answered);
        Ok(())
    }

    fn check_batch_size(&self, dispatch: &Dispatch) -> Verdict {
        let Payload::Records { messages, .. } = &dispatch.payload else { return Ok(()) };
        rule!(!messages.is_empty(), "an empty batch was handed over");
        let running = self.running.get(&dispatch.request_id);
        let Some(Asker::Mapping(mapping)) = running.map(|running| running.asker) else { return Ok(()) };
        let most = self.granted_mappings.get(&mapping).map_or(0, |granted| granted.largest_batch);
        rule!(messages.len() <= most, "a batch of {} is larger than {most}", messages.len());
        Ok(())
    }

    /// A receiver got these: each is a receive of this step, invisible for as
    /// long as the receiver or the queue said.
    pub(crate) fn claim(
        &mut self,
        queue: &QueueName,
        messages: &[Delivery],
        visibility: Option<Duration>,
    ) -> Result<(), Violation> {
        messages.iter().try_for_each(|message| found(self.claim_one(queue, message, visibility)))
    }

    fn claim_one(&mut self, queue: &QueueName, message: &Delivery, visibility: Option<Duration>) -> Verdict {
        let id = message.content.id;
        let receipt = (queue.clone(), id, message.receive_count);
        let received = self.step.received.remove(&receipt);
        let received = received.ok_or_else(|| format!("{id} was delivered, and not received"))?;
        let right = visibility.map_or(received.by_queue, |visibility| received.at + visibility);
        rule!(received.visible_at == right, "{id} returns at {:?}, not {right:?}", received.visible_at);
        rule!(message.visible_at == right, "{id} is said to return at {:?}", message.visible_at);
        rule!(message.receipt.receive == message.receive_count, "{id} got the handle of another receive");
        Ok(())
    }

    /// Ends a step: the receives that no client got are pollers'.
    pub(crate) fn close_step(&self) -> Result<(), Violation> {
        self.step.received.iter().try_for_each(|((queue, id, _), received)| {
            let polled = self.granted_mappings.values().any(|granted| granted.spec.queue == *queue);
            found((|| {
                rule!(polled, "{id} was received from {queue}, by nobody");
                rule!(received.visible_at == received.by_queue, "a poller chose its own visibility");
                Ok(())
            })())
        })
    }

    /// Invocations that succeeded in this step.
    pub(crate) fn succeeded(&self) -> Vec<RequestId> {
        self.step.succeeded.iter().copied().collect()
    }

    /// After a batch: what succeeded is deleted unless it was received again,
    /// what failed stays.
    pub(crate) fn audit_batch(
        &self,
        id: RequestId,
        queue: &QueueName,
        messages: &[Delivery],
        items: &BatchItems,
    ) -> Result<(), Violation> {
        if !self.step.succeeded.contains(&id) {
            return Ok(());
        }
        messages.iter().try_for_each(|message| {
            let stays = stays(message, messages, items);
            let receipt = (queue.clone(), message.content.id, message.receive_count);
            let there = self.is_deletable(queue, message.content.id, message.receive_count);
            let deleted = self.step.deleted.contains(&receipt);
            found((|| {
                rule!(!(stays && deleted), "{} of {id} failed and was deleted", message.content.id);
                rule!(stays || !there, "{} of {id} succeeded and was not deleted", message.content.id);
                Ok(())
            })())
        })
    }
}

/// AWS's rules of ReportBatchItemFailures: an unknown id fails the whole batch.
fn stays(message: &Delivery, batch: &[Delivery], items: &BatchItems) -> bool {
    let failed = match items {
        BatchItems::AllSucceeded => return false,
        BatchItems::Invalid => return true,
        BatchItems::Failed(failed) => failed,
    };
    let is = |id: &str, delivery: &Delivery| delivery.content.id.to_string() == id;
    let unknown = failed.iter().any(|id| !batch.iter().any(|delivery| is(id, delivery)));
    unknown || failed.iter().any(|id| is(id, message))
}
