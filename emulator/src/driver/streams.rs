//! Answers that come piece by piece.

use std::sync::Arc;

use bytes::Bytes;
use dashmap::DashMap;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::Driver;
use super::waiters::{Answer, Answered, Promised};
use crate::engine::{Refusal, RequestId, Version};

/// Pieces that may wait for a caller who reads slowly; then the function waits.
const PIECES: usize = 16;

/// A part of a streamed answer.
#[derive(Debug)]
pub(crate) enum Piece {
    /// The first: that the answer begins, and what it is.
    Head {
        /// The version that runs.
        version: Version,
        /// The media type, as the runtime names it.
        content_type: Option<String>,
    },
    /// Bytes of it.
    Data(Bytes),
}

/// The callers who take their answers so. Keyed, independent, never asked for a
/// decision.
#[derive(Debug, Default)]
pub(super) struct Streams {
    open: DashMap<RequestId, Sender<Piece>>,
}

impl Streams {
    /// Opens a stream before its invocation begins.
    pub(super) fn open(&self, request_id: RequestId) -> Receiver<Piece> {
        let (sender, receiver) = channel(PIECES);
        self.open.insert(request_id, sender);
        receiver
    }

    /// The way to a caller who takes the answer piece by piece, if it does.
    pub(super) fn sender(&self, request_id: RequestId) -> Option<Sender<Piece>> {
        self.open.get(&request_id).map(|sender| sender.clone())
    }

    /// No more pieces come from here on; those on their way arrive.
    pub(super) fn close(&self, request_id: RequestId) {
        self.open.remove(&request_id);
    }
}

/// How a streaming invocation is answered.
#[derive(Debug)]
pub(crate) enum Streamed {
    /// The function streams.
    Begun {
        /// The version that runs.
        version: Version,
        /// The media type, as the runtime names it.
        content_type: Option<String>,
        /// What is to come.
        pieces: Pieces,
    },
    /// It answered as a whole, or failed.
    Answered(Answer),
}

/// What is to come of a streamed answer. Dropping it tells the function
/// nothing: on AWS too it runs on.
#[derive(Debug)]
pub(crate) struct Pieces {
    driver: Arc<Driver>,
    request_id: RequestId,
    receiver: Receiver<Piece>,
    answer: Option<Promised<Answered>>,
    settled: Option<Answered>,
}

impl Pieces {
    pub(super) fn new(
        driver: Arc<Driver>,
        request_id: RequestId,
        receiver: Receiver<Piece>,
        answer: Promised<Answered>,
    ) -> Self {
        Self { driver, request_id, receiver, answer: Some(answer), settled: None }
    }

    pub(super) async fn begin(mut self) -> Result<Streamed, Refusal> {
        match self.next().await {
            Some(Piece::Head { version, content_type }) => {
                Ok(Streamed::Begun { version, content_type, pieces: self })
            }
            // A head comes before all else.
            Some(Piece::Data(_)) | None => self.answer().await.map(Streamed::Answered),
        }
    }

    /// The next piece, or `None` when all have come.
    pub(crate) async fn next(&mut self) -> Option<Piece> {
        while let Some(answer) = &mut self.answer {
            tokio::select! {
                biased;
                Some(piece) = self.receiver.recv() => return Some(piece),
                settled = answer.ready() => {
                    self.settled = Some(settled);
                    self.answer = None;
                }
            }
        }
        // What was sent before the answer has been received or waits here.
        self.receiver.try_recv().ok()
    }

    /// How it ended.
    pub(crate) async fn answer(&mut self) -> Answered {
        while self.next().await.is_some() {}
        self.settled.take().expect("an answer is settled once and taken once")
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        self.driver.streams.close(self.request_id);
    }
}
