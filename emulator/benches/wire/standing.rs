//! Sends, receives and deletes beside many messages that stand in the queue.

use std::time::{Duration, Instant};

use super::crew::Crew;
use super::queue::{Counts, Queue};
use super::server::Server;
use super::{ROUNDS, grouped, middle};

/// Connections, of each server its own.
const CONNECTIONS: usize = 8;

/// A round is many short turns: so many messages are sent, and then as many
/// received and deleted. A queue is never more than a turn from its depth.
const TURN: usize = 100;
const TURNS: usize = 30;

/// Keeps messages in flight until all is measured: SQS's longest.
const LONG: &str = r#","VisibilityTimeout":43200"#;

/// Messages that can be received beside those in flight.
const BESIDE: usize = 1_000;

/// Bytes in a MiB.
const MIB: f64 = 1_048_576.0;

pub(crate) fn measure_depth() {
    let depths = [1_000, 10_000, 100_000, 1_000_000];
    let counts = depths.map(|visible| Counts { visible, in_flight: 0 });
    measure("messages in the queue", &counts, |counts| counts.visible);
}

pub(crate) fn measure_flight() {
    let flights = [1_000, 10_000, 100_000];
    let counts = flights.map(|in_flight| Counts { visible: BESIDE, in_flight });
    let what = format!("messages in flight, and {} to receive", grouped(BESIDE));
    measure(&what, &counts, |counts| counts.in_flight);
}

/// Compares queues that hold that many messages, each in an emulator of its
/// own; they take turns.
fn measure(what: &str, counts: &[Counts], shown: impl Fn(Counts) -> usize) {
    println!("\nbeside {what}: {CONNECTIONS} connections, 100 bytes, median of {ROUNDS} rounds");
    println!("  a round is {} sends, and as many times receive 1 + delete", grouped(TURN * TURNS));
    let mut standing: Vec<Standing> = counts.iter().map(|&counts| Standing::fill(counts)).collect();
    for _ in 0..=ROUNDS {
        for one in &mut standing {
            one.round();
        }
    }
    println!(
        "{:>10} {:>10} {:>8} {:>9} {:>7} {:>9} {:>7} {:>8} {:>8} {:>8}",
        "messages",
        "counted",
        "filled",
        "send/s",
        "ratio",
        "rec+del/s",
        "ratio",
        "RSS MiB",
        "RSS MB",
        "B/mess."
    );
    let first = standing[0].rates();
    for one in &standing {
        let (send, receive) = one.rates();
        println!(
            "{:>10} {:>10} {:>6.1} s {:>9.0} {:>7.2} {:>9.0} {:>7.2} {:>8.1} {:>8.1} {:>8.0}",
            grouped(shown(one.asked)),
            grouped(shown(one.check())),
            one.filling.as_secs_f64(),
            send,
            send / first.0,
            receive,
            receive / first.1,
            one.memory / MIB,
            one.memory / 1e6,
            one.per_message(),
        );
    }
    println!("  ratio: to the first line. RSS: after filling. B/mess.: what filling added, by message");
}

/// A queue with messages, in an emulator of its own.
#[derive(Debug)]
struct Standing {
    server: Server,
    queue: Queue,
    asked: Counts,
    /// How long filling it took, and resident bytes before and after.
    filling: Duration,
    empty: f64,
    memory: f64,
    /// Of each round, the first one too.
    sends: Vec<f64>,
    receives: Vec<f64>,
}

impl Standing {
    fn fill(asked: Counts) -> Self {
        let server = Server::emulator();
        let mut crew = Crew::new(server.address(), CONNECTIONS);
        let queue = Queue::create(&mut crew, "bench");
        let empty = server.memory_mib() * MIB;
        let begin = Instant::now();
        queue.fill(&mut crew, asked.in_flight);
        drop(queue.take(&mut crew, asked.in_flight, LONG));
        queue.fill(&mut crew, asked.visible);
        let filling = begin.elapsed();
        let memory = server.memory_mib() * MIB;
        let (sends, receives) = (Vec::new(), Vec::new());
        let this = Self { server, queue, asked, filling, empty, memory, sends, receives };
        this.check();
        this
    }

    /// What the queue says that it holds, which must be what was asked for.
    fn check(&self) -> Counts {
        let counted = self.queue.counts(&mut self.crew());
        assert_eq!(counted, self.asked, "the queue does not hold what was asked for");
        counted
    }

    /// Opened when needed: a server does not keep open what nobody uses.
    fn crew(&self) -> Crew {
        Crew::new(self.server.address(), CONNECTIONS)
    }

    fn round(&mut self) {
        let mut crew = self.crew();
        let (mut sending, mut receiving) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..TURNS {
            sending += self.send(&mut crew);
            receiving += self.receive_and_delete(&mut crew);
        }
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let count = (TURN * TURNS) as f64;
        self.sends.push(count / sending.as_secs_f64());
        self.receives.push(count / receiving.as_secs_f64());
    }

    fn send(&self, crew: &mut Crew) -> Duration {
        let shot = self.queue.send();
        let begin = Instant::now();
        drop(crew.fire(shot, TURN));
        begin.elapsed()
    }

    fn receive_and_delete(&self, crew: &mut Crew) -> Duration {
        let queue = self.queue.clone();
        let receive = queue.receive(1, "");
        let begin = Instant::now();
        crew.share(TURN, async move |connection, _| queue.receive_and_delete(&receive, connection).await);
        begin.elapsed()
    }

    /// Sends, and receives with their deletes, per second. The first round
    /// warmed it up.
    fn rates(&self) -> (f64, f64) {
        let rate = |rounds: &[f64]| middle(rounds.iter().skip(1).copied());
        (rate(&self.sends), rate(&self.receives))
    }

    fn per_message(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a few millions")]
        let messages = (self.asked.visible + self.asked.in_flight) as f64;
        (self.memory - self.empty) / messages
    }
}
