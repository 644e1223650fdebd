//! Many receivers that wait for messages, and none comes.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::LocalSet;
use tokio::time::{sleep, timeout};

use super::crew::{Connection, Crew, runtime};
use super::queue::{Queue, handles};
use super::server::{Server, allow_open_files, cpu_step};
use super::shot::Shot;
use super::{grouped, millis};

/// Receivers, a connection each.
const RECEIVERS: usize = 10_000;

/// Files that a process has open besides its connections to receivers.
const SPARE: usize = 200;

/// How long a receive waits: SQS's longest.
const WAIT: Duration = Duration::from_secs(20);

/// From the first request until all surely wait, and then how long nothing
/// happens. With what follows it is less than a receive waits.
const SETTLING: Duration = Duration::from_secs(3);
const QUIET: Duration = Duration::from_secs(10);

/// Messages that are sent at the end, one after the other, and how long it is
/// watched after each whether it woke more than one receiver.
const WAKES: usize = 20;
const WATCHED: Duration = Duration::from_millis(25);

/// How long something may take that takes milliseconds.
const SOON: Duration = Duration::from_secs(5);

/// A receive that was answered.
#[derive(Debug)]
struct Answered {
    asked: Instant,
    at: Instant,
    answer: Bytes,
}

pub(crate) fn measure() {
    println!("\n{} receivers that wait for {} s", grouped(RECEIVERS), WAIT.as_secs());
    let files = usize::try_from(allow_open_files((RECEIVERS + SPARE) as u64)).unwrap_or(usize::MAX);
    let receivers = RECEIVERS.min(files.saturating_sub(SPARE));
    assert!(receivers > WAKES, "a process may have {files} open files, which are too few");
    println!(
        "  asked for {}, allowed by the limit of open files: {}",
        grouped(RECEIVERS),
        grouped(receivers)
    );
    let server = Server::emulator();
    let queue = Queue::create(&mut Crew::new(server.address(), 1), "bench");
    LocalSet::new().block_on(&runtime(), observe(&server, &queue, receivers));
}

async fn observe(server: &Server, queue: &Queue, receivers: usize) {
    let before = server.memory_mib();
    let begin = Instant::now();
    let (mut sender, connections) = connect(server.address(), receivers).await;
    let connecting = begin.elapsed();
    let begin = Instant::now();
    let mut answers = wait(queue, connections);
    sleep(SETTLING).await;

    let (quiet, computed) = (Instant::now(), server.cpu_seconds());
    sleep(QUIET).await;
    let (quiet, computed) = (quiet.elapsed().as_secs_f64(), server.cpu_seconds() - computed);
    let after = server.memory_mib();
    assert!(answers.is_empty(), "{} receives were answered while nothing came", answers.len());
    println!(
        "  computing: {:.2} % of a core ({:.0} ms in {quiet:.1} s, counted in steps of {} ms)",
        computed / quiet * 100.0,
        computed * 1e3,
        cpu_step().as_millis()
    );
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let each = (after - before) * 1024.0 / receivers as f64;
    println!(
        "  memory: {each:.1} KiB for each and its connection ({before:.1} MiB before, {after:.1} MiB with all; connected in {:.1} s)",
        connecting.as_secs_f64()
    );

    let mut latencies = Vec::new();
    for number in 0..WAKES {
        latencies.push(wake(queue, number, &mut sender, &mut answers).await);
    }
    assert!(begin.elapsed() < WAIT, "it took {:?}, and receives wait {WAIT:?}", begin.elapsed());
    latencies.sort();
    println!(
        "  a message: {:.2} ms from its send until a receiver has it (median of {WAKES}, worst {:.2} ms); each woke one",
        millis(latencies[WAKES / 2]),
        millis(latencies[WAKES - 1])
    );
    show_ends(receivers - WAKES, &mut answers).await;
}

/// Opens a connection to send with, and one for each receiver. Each is used
/// once, so that the server has accepted it before the next one comes.
async fn connect(address: SocketAddr, receivers: usize) -> (Connection, Vec<Connection>) {
    let (health, mut connections) = (Shot::health(), Vec::new());
    for number in 0..=receivers {
        let mut connection = Connection::open(address).await;
        health.fire(&mut connection, number).await;
        connections.push(connection);
    }
    (connections.pop().expect("one more than receivers"), connections)
}

/// Lets all of them receive. What they are answered comes out here.
fn wait(queue: &Queue, connections: Vec<Connection>) -> UnboundedReceiver<Answered> {
    let (sender, answers) = unbounded_channel();
    let shot = queue.receive(1, &format!(r#","WaitTimeSeconds":{}"#, WAIT.as_secs()));
    for connection in connections {
        tokio::task::spawn_local(receive(connection, shot.clone(), sender.clone()));
    }
    answers
}

async fn receive(mut connection: Connection, shot: Shot, answers: UnboundedSender<Answered>) {
    let asked = Instant::now();
    let answer = shot.fire(&mut connection, 0).await;
    // Whoever no longer listens has failed, and said why.
    let _gone = answers.send(Answered { asked, at: Instant::now(), answer });
}

/// How long a message takes from its send to a receiver that waits. It must
/// wake exactly one.
async fn wake(
    queue: &Queue,
    number: usize,
    sender: &mut Connection,
    answers: &mut UnboundedReceiver<Answered>,
) -> Duration {
    let text = format!("message {number}");
    let shot = queue.send_text(&text);
    let begin = Instant::now();
    let (_, answered) = tokio::join!(shot.fire(sender, 0), timeout(SOON, answers.recv()));
    let answered = answered.ok().flatten().unwrap_or_else(|| panic!("no receiver got it within {SOON:?}"));
    let shown = String::from_utf8_lossy(&answered.answer);
    let whole = handles(&answered.answer).count() == 1 && shown.contains(&format!(r#""Body":"{text}""#));
    assert!(whole, "a receiver got something else than \"{text}\": {shown}");
    sleep(WATCHED).await;
    assert!(answers.is_empty(), "one message woke {} receivers", answers.len() + 1);
    answered.at - begin
}

/// Waits for the ends of all the others, which must be empty and in time.
async fn show_ends(others: usize, answers: &mut UnboundedReceiver<Answered>) {
    let mut lengths = Vec::new();
    for _ in 0..others {
        let ended = timeout(WAIT + SOON, answers.recv()).await.ok().flatten();
        let ended = ended.unwrap_or_else(|| panic!("{} receives did not end", others - lengths.len()));
        let shown = String::from_utf8_lossy(&ended.answer);
        assert_eq!(handles(&ended.answer).count(), 0, "a receiver got what nobody sent: {shown}");
        lengths.push(ended.at - ended.asked);
    }
    lengths.sort();
    println!(
        "  the others: {} receives ended empty, {:.2} s to {:.2} s after they began",
        grouped(others),
        lengths[0].as_secs_f64(),
        lengths[others - 1].as_secs_f64()
    );
    assert!(lengths[0] >= WAIT, "a receive waited only {:?}", lengths[0]);
}
