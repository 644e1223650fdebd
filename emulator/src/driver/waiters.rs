//! Who waits for which answer.

use dashmap::DashMap;
use tokio::sync::oneshot;

use super::Driver;
use crate::engine::{Delivery, EnvironmentId, Outcome, ReceiverId, Refusal, RequestId, Timestamp, Version};

/// The answer to a synchronous invocation.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Where it ran.
    pub(crate) environment: EnvironmentId,
    /// The version that ran.
    pub(crate) version: Version,
    /// How it ended.
    pub(crate) outcome: Outcome,
    /// When it was answered, however late that is read.
    pub(crate) at: Timestamp,
}

/// An answer, or why there is none after all.
pub(super) type Answered = Result<Answer, Refusal>;

/// Callers by what they wait for. Keyed, independent, touched from many
/// tasks: never asked for a decision.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    answers: DashMap<RequestId, oneshot::Sender<Answered>>,
    messages: DashMap<ReceiverId, oneshot::Sender<Vec<Delivery>>>,
}

/// Something that will be sent exactly once: the engine answers everything
/// that it accepted.
#[derive(Debug)]
pub(super) struct Promised<T>(oneshot::Receiver<T>);

impl<T> Promised<T> {
    pub(super) async fn wait(mut self) -> T {
        self.ready().await
    }

    /// The same for one who also waits for something else; not to be asked
    /// again after it came.
    pub(super) async fn ready(&mut self) -> T {
        (&mut self.0).await.expect("the engine answers every invocation and every receive that it accepted")
    }
}

impl Waiters {
    pub(super) fn expect_answer(&self, request_id: RequestId) -> Promised<Answered> {
        let (sender, receiver) = oneshot::channel();
        self.answers.insert(request_id, sender);
        Promised(receiver)
    }

    pub(super) fn expect_messages(&self, receiver_id: ReceiverId) -> Promised<Vec<Delivery>> {
        let (sender, receiver) = oneshot::channel();
        self.messages.insert(receiver_id, sender);
        Promised(receiver)
    }

    /// Sends an answer; a caller that is gone does not miss it.
    pub(super) fn answer(&self, request_id: RequestId, answer: Answered) {
        if let Some((_, caller)) = self.answers.remove(&request_id) {
            let _gone = caller.send(answer);
        }
    }

    pub(super) fn deliver(&self, receiver: ReceiverId, messages: Vec<Delivery>) {
        if let Some((_, caller)) = self.messages.remove(&receiver) {
            let _gone = caller.send(messages);
        }
    }
}

/// Takes a waiting receive back when its caller hangs up.
#[derive(Debug)]
pub(super) struct ReceiverGuard<'a> {
    driver: &'a Driver,
    queue: &'a str,
    receiver: ReceiverId,
    armed: bool,
}

impl<'a> ReceiverGuard<'a> {
    pub(super) fn new(driver: &'a Driver, queue: &'a str, receiver: ReceiverId) -> Self {
        Self { driver, queue, receiver, armed: true }
    }

    pub(super) fn disarm(mut self) {
        self.armed = false;
    }
}

impl Drop for ReceiverGuard<'_> {
    fn drop(&mut self) {
        if self.armed {
            self.driver.waiters.messages.remove(&self.receiver);
            self.driver.step(|engine, now| engine.cancel_receive(now, self.queue, self.receiver));
        }
    }
}
