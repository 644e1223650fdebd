//! Taking a request from its due time to its outcome.

use crate::outcome::Outcome;
use crate::retry::Retry;
use crate::sample::{Attempts, Sample};
use crate::wire::{Broken, Line, Lines};
use crate::work::Work;
use std::future::poll_fn;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::{Duration, Instant};
use tokio::sync::{Barrier, mpsc};
use tokio_util::sync::CancellationToken;

/// A place to send from: the connection of the request before, if it is open.
pub type Seat = Option<Line>;

/// Sends requests of one kind to one target, and reports to the owner of the
/// statistics.
#[derive(Debug)]
pub struct Sender {
    work: Arc<Work>,
    lines: Arc<Lines>,
    timeout: Duration,
    retry: Option<Retry>,
    samples: mpsc::Sender<Sample>,
    in_flight: Arc<AtomicU64>,
    /// Where senders that begin together wait for each other.
    together: Option<Arc<Barrier>>,
    stop: CancellationToken,
}

impl Sender {
    pub fn new(
        work: Arc<Work>,
        lines: Arc<Lines>,
        timeout: Duration,
        retry: Option<Retry>,
        samples: mpsc::Sender<Sample>,
        stop: CancellationToken,
    ) -> Sender {
        Sender { work, lines, timeout, retry, samples, in_flight: Arc::default(), together: None, stop }
    }

    /// Begins when all others at the barrier are ready too.
    pub fn together(self, together: Option<Arc<Barrier>>) -> Sender {
        Sender { together, ..self }
    }

    /// How many requests are under way.
    pub fn in_flight(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.in_flight)
    }

    /// How many due times one request serves.
    pub fn batch(&self) -> usize {
        self.work.batch().unwrap_or(1) as usize
    }

    pub fn stop(&self) -> &CancellationToken {
        &self.stop
    }

    /// Opens connections before they are needed; gives up when the run is stopped.
    pub async fn prepare(&self, lines: usize) {
        let ready = async {
            self.lines.prepare(lines).await;
            if let Some(together) = &self.together {
                together.wait().await;
            }
        };
        tokio::select! {
            () = ready => {}
            () = self.stop.cancelled() => {}
        }
    }

    /// A seat, on an open connection where one is idle.
    pub async fn seat(&self) -> Seat {
        self.lines.take().await
    }

    /// Gives a seat's connection to whoever comes next.
    pub fn leave(&self, seat: Seat) {
        if let Some(line) = seat {
            self.lines.put(line);
        }
    }

    /// Sends one request that is due now or was a moment ago. Several due times
    /// make a batch.
    pub async fn send(&self, seat: &mut Seat, due: Due<'_>) {
        let items = due.items();
        self.in_flight.fetch_add(items as u64, Ordering::Relaxed);
        let mut trip = Trip { line: due.line(), sent: None, attempts: Attempts::default() };
        let finished = tokio::select! {
            biased;
            outcomes = self.attempts(seat, items, &mut trip) => Some(outcomes),
            () = self.stop.cancelled() => None,
        };
        let outcomes = finished.unwrap_or_else(|| vec![self.interrupted(seat, &mut trip); items]);
        let done = Instant::now();
        self.in_flight.fetch_sub(items as u64, Ordering::Relaxed);
        for (n, outcome) in outcomes.into_iter().enumerate() {
            let sent = trip.sent.filter(|_| !matches!(outcome, Outcome::NotSent(_)));
            let due = due.time(n).unwrap_or(done);
            self.report(Sample { due, sent, done, outcome, attempts: trip.attempts }).await;
        }
    }

    /// Reports a request that will not be sent.
    pub async fn give_up(&self, due: Instant, why: String) {
        let outcome = Outcome::NotSent(why);
        self.report(Sample { due, sent: None, done: Instant::now(), outcome, attempts: Attempts::default() })
            .await;
    }

    /// A connection in the middle of an exchange is of no further use.
    fn interrupted(&self, seat: &mut Seat, trip: &mut Trip<'_>) -> Outcome {
        let line = seat.take();
        trip.sent = trip.sent.or(line.and_then(|line| line.departed()));
        match trip.sent {
            Some(_) => Outcome::NoAnswer("interrupted".to_owned()),
            None => Outcome::NotSent("interrupted".to_owned()),
        }
    }

    /// One attempt, or as many as an SDK makes.
    async fn attempts(&self, seat: &mut Seat, items: usize, trip: &mut Trip<'_>) -> Vec<Outcome> {
        let mut paid = 0;
        loop {
            let outcomes = self.attempt(seat, items, trip).await;
            let first = &outcomes[0];
            let Some(retry) = &self.retry else { return outcomes };
            let Some((pause, cost)) = retry.again(trip.attempts.made, first) else {
                if first.class().is_success() {
                    retry.succeeded(paid);
                }
                return outcomes;
            };
            paid = cost;
            tokio::time::sleep(pause).await;
        }
    }

    /// One attempt within the time for an answer.
    async fn attempt(&self, seat: &mut Seat, items: usize, trip: &mut Trip<'_>) -> Vec<Outcome> {
        trip.attempts.made += 1;
        // What a request before this one left on the line is not this one's departure.
        if let Some(line) = seat.as_ref() {
            line.arm();
        }
        let outcomes = match tokio::time::timeout(self.timeout, self.exchange(seat, items, trip.line)).await {
            Ok(outcomes) => outcomes,
            Err(_) if departed(seat).is_none() => {
                vec![Outcome::NotSent("no connection within --timeout".to_owned()); items]
            }
            Err(_) => vec![Outcome::Timeout; items],
        };
        trip.sent = trip.sent.or(departed(seat));
        trip.attempts.throttled += u32::from(matches!(outcomes[0], Outcome::Throttled { .. }));
        if leaves_a_broken_line(&outcomes[0]) {
            *seat = None;
        }
        outcomes
    }

    /// Sends on the seat's connection, or on a new one where that was closed.
    async fn exchange(&self, seat: &mut Seat, items: usize, start: Option<&StartLine>) -> Vec<Outcome> {
        let mut request = self.work.request(items);
        // A server may close an idle connection at any time; a new one has no excuse.
        loop {
            let fresh = match self.take_line(seat).await {
                Ok(fresh) => fresh,
                Err(problem) => return vec![Outcome::NotSent(problem); items],
            };
            let line = seat.as_mut().expect("it was just taken");
            if let Some(start) = start {
                start.pass().await;
            }
            match line.exchange(request).await {
                Ok(answer) => return self.work.outcomes(&answer, items),
                Err(Broken::Unsent(again)) if !fresh => request = *again,
                Err(Broken::Unsent(_)) => return vec![Outcome::NotSent(CLOSED.to_owned()); items],
                Err(Broken::Lost(problem)) => return vec![Outcome::NoAnswer(problem); items],
            }
            *seat = None;
        }
    }

    /// Makes sure that the seat has an open line; says whether it is a new one.
    async fn take_line(&self, seat: &mut Seat) -> Result<bool, String> {
        if let Some(line) = seat.as_mut()
            && line.is_open().await
        {
            return Ok(false);
        }
        *seat = None;
        let line = self.lines.open().await.map_err(|error| plain(&error))?;
        line.arm();
        *seat = Some(line);
        Ok(true)
    }

    async fn report(&self, sample: Sample) {
        // The owner listens until the last sender is gone.
        let _ = self.samples.send(sample).await;
    }
}

const CLOSED: &str = "the connection was closed before the request could leave";

/// When a request is due.
#[derive(Debug, Clone, Copy)]
pub enum Due<'a> {
    /// Each of a batch has a time of its own.
    At(&'a [Instant]),
    /// With all others, when the line is released.
    Together { line: &'a StartLine, items: usize },
}

impl<'a> Due<'a> {
    fn items(self) -> usize {
        match self {
            Due::At(times) => times.len(),
            Due::Together { items, .. } => items,
        }
    }

    fn line(self) -> Option<&'a StartLine> {
        match self {
            Due::At(_) => None,
            Due::Together { line, .. } => Some(line),
        }
    }

    fn time(self, n: usize) -> Option<Instant> {
        match self {
            Due::At(times) => times.get(n).copied(),
            Due::Together { line, .. } => line.0.get().copied(),
        }
    }
}

/// Where those wait that are to leave at the same instant. It wakes nobody:
/// whoever releases it polls them.
#[derive(Debug, Default)]
pub struct StartLine(OnceLock<Instant>);

impl StartLine {
    /// All are due now.
    pub fn release(&self) {
        self.0.get_or_init(Instant::now);
    }

    async fn pass(&self) {
        poll_fn(|_| if self.0.get().is_some() { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

/// What is known of a request under way.
#[derive(Debug)]
struct Trip<'a> {
    line: Option<&'a StartLine>,
    /// When its first attempt left.
    sent: Option<Instant>,
    attempts: Attempts,
}

fn departed(seat: &Seat) -> Option<Instant> {
    seat.as_ref().and_then(Line::departed)
}

/// Whether the connection is in the middle of an exchange, or gone.
fn leaves_a_broken_line(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Timeout | Outcome::NoAnswer(_) | Outcome::NotSent(_))
}

/// An I/O error without the operating system's number.
pub fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    text.to_lowercase()
}
