//! The runtimes: they answer `Start`, `Restart` and `Dispatch` after random
//! times, answer before they rest, fail in every way they can, and sometimes
//! say nothing.

use std::time::Duration;

use bytes::Bytes;
use emulator::engine::{
    BatchItems, Completion, Delivery, Dispatch, Effect, EntrypointFault, EnvironmentId, Exit, FunctionError,
    News, Outcome, Payload, ReceiverId, Report,
};

use super::World;

impl World {
    pub(super) fn perform(&mut self, effect: &Effect) {
        match effect {
            Effect::Start(start) => self.start(start.environment, 0),
            Effect::Restart { environment, incarnation, .. } => self.start(*environment, *incarnation),
            Effect::Dispatch(dispatch) => self.dispatch(dispatch),
            // What it would have said is still said, and must not count.
            Effect::Halt { .. } => {}
            Effect::Stop { environment } => drop(self.incarnations.remove(environment)),
            Effect::Respond { .. } | Effect::Refuse { .. } => {}
            Effect::SendRecord(record) => self.records.push((**record).clone()),
            Effect::Filter(request) => self.filters.push((**request).clone()),
            Effect::Deliver { receiver, messages } => self.delivered(*receiver, messages),
        }
    }

    fn start(&mut self, environment: EnvironmentId, incarnation: u32) {
        self.incarnations.insert(environment, incarnation);
        let millis = self.rng.between(0, 3_000);
        let (millis, news) = match self.rng.between(0, 99) {
            0..=4 => (millis, News::InitFailed(FunctionError::Reported(Bytes::from_static(b"{}")))),
            5..=8 => (millis, News::Exited(Exit::Signal(9))),
            9 => (millis, News::InitFailed(FunctionError::InvalidEntrypoint(EntrypointFault::Missing))),
            10 => (millis, News::StartRefused("no more processes".into())),
            11..=12 => (millis + 9_000, News::Ready),
            13 => (millis + 9_500, News::Exited(Exit::Status(1))),
            14 => return,
            15..=44 => (0, News::Ready),
            _ => (millis, News::Ready),
        };
        self.say_in(Duration::from_millis(millis), environment, news);
    }

    fn dispatch(&mut self, dispatch: &Dispatch) {
        let environment = dispatch.environment;
        let items = self.remember_batch(dispatch);
        let took = self.duration();
        let outcome = match self.rng.between(0, 99) {
            0..=11 => Outcome::FunctionError(FunctionError::Reported(Bytes::from_static(b"{}"))),
            12 => Outcome::FunctionError(FunctionError::ResponseTooLarge),
            13..=15 => return self.say_in(took, environment, News::Exited(Exit::Status(1))),
            16..=17 => return,
            _ => Outcome::Success(Bytes::from_static(b"null")),
        };
        let rested = !self.one_in(3);
        let request_id = dispatch.request_id;
        let completion = Completion { request_id, outcome, max_memory_mb: None, items, rested };
        self.say_in(took, environment, News::Finished(completion));
        if !rested {
            self.rest(environment, took);
        }
        if self.one_in(20) {
            self.say_in(took / 2, environment, News::MemoryUsed(64));
        }
        if self.one_in(40) {
            let later = took + Duration::from_secs(self.rng.between(0, 600));
            self.say_in(later, environment, News::Exited(Exit::Signal(15)));
        }
    }

    /// After the answer: soon, late or never.
    fn rest(&mut self, environment: EnvironmentId, answered: Duration) {
        let micros = match self.rng.between(0, 19) {
            0 => return,
            1 => self.rng.between(0, 5_000_000),
            2 => {
                let at = answered + Duration::from_millis(3);
                return self.say_in(at, environment, News::Exited(Exit::Status(0)));
            }
            _ => self.rng.between(0, 8_000),
        };
        self.say_in(answered + Duration::from_micros(micros), environment, News::Rested);
    }

    fn duration(&mut self) -> Duration {
        let exponent = u32::try_from(self.rng.between(0, 7)).unwrap_or(0);
        Duration::from_micros(self.rng.between(0, 3 * 10_u64.pow(exponent)))
    }

    fn remember_batch(&mut self, dispatch: &Dispatch) -> BatchItems {
        let Payload::Records { queue, messages, .. } = &dispatch.payload else {
            return BatchItems::AllSucceeded;
        };
        let items = self.batch_items(dispatch.reports_item_failures, messages);
        let batch =
            super::BatchOut { queue: queue.clone(), messages: messages.to_vec(), items: items.clone() };
        self.batches.insert(dispatch.request_id, batch);
        items
    }

    fn batch_items(&mut self, reports: bool, messages: &[Delivery]) -> BatchItems {
        if !reports {
            return BatchItems::AllSucceeded;
        }
        match self.rng.between(0, 3) {
            0 => BatchItems::AllSucceeded,
            1 => BatchItems::Invalid,
            2 => BatchItems::Failed(vec!["nobody".into()]),
            _ => {
                let failed = messages.iter().step_by(2);
                BatchItems::Failed(failed.map(|message| message.content.id.to_string().into()).collect())
            }
        }
    }

    fn say_in(&mut self, span: Duration, environment: EnvironmentId, news: News) {
        let incarnation = self.incarnations.get(&environment).copied().unwrap_or(0);
        self.reports_made += 1;
        self.reports.insert((self.now + span, self.reports_made), Report { environment, incarnation, news });
    }

    /// Each long poll is answered once, in time, with at most what it asked for.
    fn delivered(&mut self, receiver: ReceiverId, messages: &[Delivery]) {
        let wait = self.waiting.remove(&receiver);
        let Some(wait) = wait else { self.fail(&format!("{receiver:?} was answered, and did not wait")) };
        self.expect(messages.len() <= wait.max, || format!("{} for {wait:?}", messages.len()));
        let claim = self.auditor.claim(&wait.queue, messages, wait.visibility);
        self.demand(claim);
        self.keep_handles(&wait.queue, messages);
    }
}
