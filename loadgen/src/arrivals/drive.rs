//! Keeping the due times.

use super::Arrivals;
use super::alarm::Alarm;
use super::{End, Shape};
use crate::sender::{Due, Seat, Sender, StartLine};
use std::io;
use std::num::NonZero;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Waker};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// An open loop that falls further behind than this gives up on a request
/// rather than send it at a time nobody asked for.
pub const MOST_LATE: Duration = Duration::from_secs(1);

/// Due times are handed out at most so many in a row before others get a turn.
const IN_A_ROW: usize = 32;

/// Connections that an open loop has before it starts. Later ones are opened
/// when they are needed, at the cost of the request that needs them.
const OPEN_LOOP_LINES: usize = 64;

/// Sends every request, and returns when the last has ended. `in_flight` bounds
/// how many an open loop may have open; a `precise` one waits awake.
pub async fn drive(
    arrivals: &Arrivals,
    sender: &Arc<Sender>,
    in_flight: usize,
    precise: bool,
) -> io::Result<()> {
    match (&arrivals.shape, arrivals.users()) {
        (Shape::Burst, _) => burst(arrivals, sender).await,
        (_, Some(users)) => closed_loop(arrivals, sender, users).await,
        (_, None) => return open_loop(arrivals, sender, in_flight, precise).await,
    }
    Ok(())
}

/// A request that is ready to leave on an open connection.
type Launch = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Everything is done before the start line that can be: connections are open,
/// requests are signed, timers are set. Then all leave in a row, as many rows as
/// there are cores: nobody is woken and no answer is read until the last has
/// left. A task for each that waits at a barrier would take three times as long.
async fn burst(arrivals: &Arrivals, sender: &Arc<Sender>) {
    let requests = arrivals.requests().unwrap_or_default() as usize;
    let batch = sender.batch();
    sender.prepare(requests.div_ceil(batch)).await;
    let line = Arc::new(StartLine::default());
    let mut launches = Vec::with_capacity(requests.div_ceil(batch));
    for first in (0..requests).step_by(batch) {
        let items = batch.min(requests - first);
        launches.push(launch(Arc::clone(sender), sender.seat().await, Arc::clone(&line), items));
    }
    if sender.stop().is_cancelled() {
        return;
    }
    let tasks = TaskTracker::new();
    for launch in leave_at_once(launches, line).await {
        tasks.spawn(launch);
    }
    finish(&tasks).await;
}

fn launch(sender: Arc<Sender>, mut seat: Seat, line: Arc<StartLine>, items: usize) -> Launch {
    Box::pin(async move {
        sender.send(&mut seat, Due::Together { line: &line, items }).await;
        sender.leave(seat);
    })
}

/// Brings all to the start line, and lets them pass. Returns those that have not
/// ended, to be polled by whoever waits for the answers.
async fn leave_at_once(launches: Vec<Launch>, line: Arc<StartLine>) -> Vec<Launch> {
    let mut launches = polled(launches);
    let cores = available_parallelism().map_or(1, NonZero::get).min(launches.len().max(1));
    let mut rows = Vec::with_capacity(cores);
    for core in (1..=cores).rev() {
        let row = launches.split_off(launches.len() - launches.len() / core);
        let line = Arc::clone(&line);
        rows.push(tokio::task::spawn_blocking(move || {
            line.release();
            polled(row)
        }));
    }
    let mut left = Vec::new();
    for row in rows {
        left.extend(row.await.expect("sending does not panic"));
    }
    left
}

/// Polls each once, which takes it as far as it gets by itself.
fn polled(launches: Vec<Launch>) -> Vec<Launch> {
    let mut cx = Context::from_waker(Waker::noop());
    let under_way = |mut launch: Launch| launch.as_mut().poll(&mut cx).is_pending().then_some(launch);
    launches.into_iter().filter_map(under_way).collect()
}

async fn closed_loop(arrivals: &Arrivals, sender: &Arc<Sender>, users: u64) {
    let requests = arrivals.requests().unwrap_or(u64::MAX);
    let end = match arrivals.until {
        End::DurationS(seconds) => Some(Duration::from_secs_f64(seconds)),
        End::Requests(_) => None,
    };
    let users = users.min(requests.div_ceil(sender.batch() as u64));
    sender.prepare(users as usize).await;
    let end = end.map(|end| Instant::now() + end);
    let taken = Arc::new(AtomicU64::new(0));
    let tasks = TaskTracker::new();
    for _ in 0..users {
        let (sender, taken) = (Arc::clone(sender), Arc::clone(&taken));
        tasks.spawn(async move { user(&sender, &taken, requests, end).await });
    }
    finish(&tasks).await;
}

/// Sends, waits for the answer, sends again.
async fn user(sender: &Sender, taken: &AtomicU64, requests: u64, end: Option<Instant>) {
    let batch = sender.batch() as u64;
    let mut seat = sender.seat().await;
    while !sender.stop().is_cancelled() && end.is_none_or(|end| Instant::now() < end) {
        let first = taken.fetch_add(batch, Ordering::Relaxed);
        let items = requests.saturating_sub(first).min(batch) as usize;
        if items == 0 {
            break;
        }
        sender.send(&mut seat, Due::At(&vec![Instant::now(); items])).await;
    }
    sender.leave(seat);
}

async fn open_loop(
    arrivals: &Arrivals,
    sender: &Arc<Sender>,
    in_flight: usize,
    precise: bool,
) -> io::Result<()> {
    let expected = arrivals.requests().unwrap_or_default().min(OPEN_LOOP_LINES as u64) as usize;
    sender.prepare(expected.min(in_flight)).await;
    let mut alarm = Alarm::new(precise)?;
    let places = Arc::new(Semaphore::new(in_flight));
    let tasks = TaskTracker::new();
    let start = Instant::now();
    let mut dues = arrivals.due_times().map(|due| start + due).peekable();
    let mut in_a_row = 0;
    while dues.peek().is_some() {
        let batch: Vec<Instant> = dues.by_ref().take(sender.batch()).collect();
        // A batch leaves when its last message is there.
        let due = batch[batch.len() - 1];
        if !wait_until(&mut alarm, sender, due, &mut in_a_row).await {
            break;
        }
        depart(&tasks, sender, &places, batch, in_flight).await;
    }
    finish(&tasks).await;
    Ok(())
}

/// False when the run was stopped before.
async fn wait_until(alarm: &mut Alarm, sender: &Sender, due: Instant, in_a_row: &mut usize) -> bool {
    *in_a_row += 1;
    if due <= Instant::now() && *in_a_row < IN_A_ROW {
        return !sender.stop().is_cancelled();
    }
    *in_a_row = 0;
    tokio::select! {
        biased;
        () = sender.stop().cancelled() => false,
        () = async {
            tokio::task::yield_now().await;
            alarm.wait_until(due).await;
        } => true,
    }
}

/// Sends a request on its way, unless it is far too late or there is no room.
async fn depart(
    tasks: &TaskTracker,
    sender: &Arc<Sender>,
    places: &Arc<Semaphore>,
    batch: Vec<Instant>,
    in_flight: usize,
) {
    let refusal = match Arc::clone(places).try_acquire_owned() {
        _ if batch[batch.len() - 1].elapsed() > MOST_LATE => format!("more than {MOST_LATE:?} late"),
        Err(_) => format!("{in_flight} requests in flight, as many as may be"),
        Ok(place) => {
            let sender = Arc::clone(sender);
            tasks.spawn(async move {
                let mut seat = sender.seat().await;
                sender.send(&mut seat, Due::At(&batch)).await;
                sender.leave(seat);
                drop(place);
            });
            return;
        }
    };
    for due in batch {
        sender.give_up(due, refusal.clone()).await;
    }
}

async fn finish(tasks: &TaskTracker) {
    tasks.close();
    tasks.wait().await;
}
