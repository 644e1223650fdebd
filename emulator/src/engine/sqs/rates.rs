//! How many requests a FIFO queue takes.

use crate::engine::lambda::TokenBucket;
use crate::engine::quotas::Rate;
use crate::engine::time::Timestamp;

/// A request that counts. A batch is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueRequest {
    /// SendMessage and its batch.
    Send,
    /// ReceiveMessage.
    Receive,
    /// DeleteMessage and its batch.
    Delete,
    /// ChangeMessageVisibility and its batch, which no limit is known for.
    ChangeVisibility,
}

/// A bucket for each kind ("Amazon SQS FIFO queue quotas": 300 requests a
/// second for each API method).
#[derive(Debug)]
pub(crate) struct RequestRates {
    send: TokenBucket,
    receive: TokenBucket,
    delete: TokenBucket,
}

impl RequestRates {
    pub(crate) fn new(rate: Rate) -> Self {
        let full = || TokenBucket::new(rate);
        Self { send: full(), receive: full(), delete: full() }
    }

    /// Takes a token for a request, if one is there.
    pub(crate) fn admit(&mut self, now: Timestamp, request: QueueRequest) -> bool {
        let bucket = match request {
            QueueRequest::Send => &mut self.send,
            QueueRequest::Receive => &mut self.receive,
            QueueRequest::Delete => &mut self.delete,
            QueueRequest::ChangeVisibility => return true,
        };
        let there = bucket.has_token(now);
        if there {
            bucket.take(now);
        }
        there
    }
}
