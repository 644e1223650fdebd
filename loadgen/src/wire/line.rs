//! One connection, and one exchange after the other on it.
//!
//! The connection is driven by the task that waits for the answer. That saves a
//! task per connection and two wake-ups per request; and a connection that
//! nobody uses costs nothing.

use super::stream::{Connector, Stream};
use super::tap::Departure;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{Builder, Connection, SendRequest};
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Instant;

/// Lambda answers 6 MB at most, streamed 200.
const LARGEST_ANSWER: usize = 256 * 1024 * 1024;

/// A connection without a request on it.
pub struct Line {
    sender: SendRequest<Full<Bytes>>,
    connection: Pin<Box<Connection<TokioIo<Stream>, Full<Bytes>>>>,
    departure: Departure,
}

/// An answer, read whole.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// A header as text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Broken {
    /// The connection was closed before; here is the request again.
    Unsent(Box<Request<Full<Bytes>>>),
    /// It left, and then something broke.
    Lost(String),
}

impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Line").field("open", &self.sender.is_ready()).finish_non_exhaustive()
    }
}

impl Line {
    pub(super) async fn open(connector: &Connector) -> io::Result<Line> {
        let (stream, departure) = connector.connect().await?;
        let (sender, connection) =
            Builder::new().handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
        Ok(Line { sender, connection: Box::pin(connection), departure })
    }

    /// Whether it can take a request, as far as is known here.
    pub async fn is_open(&mut self) -> bool {
        let closed = poll_fn(|cx| Poll::Ready(self.connection.as_mut().poll(cx).is_ready())).await;
        !closed && self.sender.is_ready()
    }

    /// Makes ready to note when the next request leaves.
    pub fn arm(&self) {
        self.departure.arm();
    }

    /// When the request left that was sent since [`Line::arm`].
    pub fn departed(&self) -> Option<Instant> {
        self.departure.time()
    }

    /// Sends a request and reads the answer to its end. A line that has broken
    /// is of no further use.
    pub async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Answer, Broken> {
        let response = self.sender.try_send_request(request);
        let answer = async {
            match response.await {
                Ok(response) => read(response).await,
                Err(mut error) => Err(match error.take_message() {
                    Some(request) => Broken::Unsent(Box::new(request)),
                    None => Broken::Lost(innermost(error.error())),
                }),
            }
        };
        drive(self.connection.as_mut(), answer).await
    }
}

/// Polls the connection for as long as the answer is awaited.
async fn drive<T>(
    mut connection: Pin<&mut Connection<TokioIo<Stream>, Full<Bytes>>>,
    answer: impl Future<Output = T>,
) -> T {
    let mut answer = pin!(answer);
    let mut open = true;
    poll_fn(|cx| {
        // The connection first: what it reads is what the answer waits for.
        if open && connection.as_mut().poll(cx).is_ready() {
            open = false;
        }
        if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
            return Poll::Ready(answer);
        }
        // What the answer asked for goes out now, not at the next wake-up.
        if open && connection.as_mut().poll(cx).is_ready() {
            open = false;
            return answer.as_mut().poll(cx);
        }
        Poll::Pending
    })
    .await
}

async fn read(response: Response<Incoming>) -> Result<Answer, Broken> {
    let (parts, body) = response.into_parts();
    match Limited::new(body, LARGEST_ANSWER).collect().await {
        Ok(body) => Ok(Answer { status: parts.status, headers: parts.headers, body: body.to_bytes() }),
        Err(error) => Err(Broken::Lost(innermost(error.as_ref()))),
    }
}

/// The cause at the bottom, which is the one that names the trouble.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let chain = std::iter::successors(Some(error), |&cause| cause.source());
    chain.last().map(ToString::to_string).unwrap_or_default()
}
