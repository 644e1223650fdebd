//! Requests per second and how long one takes, beside the bare server.

use super::ROUNDS;
use super::crew::Crew;
use super::load::{Load, Measured};
use super::queue::{BATCH, Queue, handles};
use super::server::Server;
use super::shot::Shot;

/// Requests of a round at 50 connections, and at one.
const MANY: usize = 30_000;
const ONE: usize = 6_000;

/// Connections that make ready what the lines need.
const HELPERS: usize = 8;

/// Messages in the queue that is received from. They are received with a
/// visibility timeout of 0, so that they are there again for the next receive,
/// and never come to be as many in flight as SQS allows. A receive then also
/// pays for their return.
const KEPT: usize = 10_000;

/// What a line asks for.
#[derive(Debug, Clone, Copy)]
enum Kind {
    Send,
    SendBatch,
    Receive,
    Delete,
    Invoke(&'static str),
}

const LINES: [(&str, Kind, usize, usize); 11] = [
    ("SQS SendMessage, 100 bytes", Kind::Send, 50, MANY),
    ("SQS SendMessageBatch of 10", Kind::SendBatch, 50, MANY / 6),
    ("SQS ReceiveMessage of 10", Kind::Receive, 50, MANY),
    ("SQS DeleteMessage", Kind::Delete, 50, MANY),
    ("Invoke, built-in handler, warm", Kind::Invoke("handler"), 50, MANY),
    ("Invoke, refused with 429", Kind::Invoke("refused"), 50, MANY),
    ("Invoke, sandbox-fn process, warm", Kind::Invoke("sandbox"), 50, MANY / 3),
    ("SQS SendMessage, 100 bytes", Kind::Send, 1, ONE),
    ("Invoke, built-in handler, warm", Kind::Invoke("handler"), 1, ONE),
    ("Invoke, refused with 429", Kind::Invoke("refused"), 1, ONE),
    ("Invoke, sandbox-fn process, warm", Kind::Invoke("sandbox"), 1, ONE),
];

/// Measures the lines that have `wanted` in their name, and says how many.
pub(crate) fn measure(wanted: &str) -> usize {
    let wanted: Vec<_> = LINES.into_iter().filter(|(name, ..)| name.contains(wanted)).collect();
    if wanted.is_empty() {
        return 0;
    }
    let stage = Stage::new();
    println!("\nrequests, server and load on a core each, median of {ROUNDS} rounds");
    println!(
        "{:<44} {:>9} {:>9} {:>7} {:>9} {:>9} {:>7}",
        "", "req/s", "bare", "ratio", "p50 µs", "bare", "ratio"
    );
    for &(name, kind, connections, requests) in &wanted {
        stage.compare(name, kind, connections, requests);
    }
    println!(
        "\npeak memory of the emulator: {:.1} MiB, with {} messages in its queues at the end",
        stage.emulator.peak_memory_mib(),
        super::grouped(stage.messages())
    );
    wanted.len()
}

/// Both servers, and what the requests need of the emulator.
#[derive(Debug)]
struct Stage {
    emulator: Server,
    bare: Server,
    /// What is sent to, one message and ten at a time.
    bench: Queue,
    batches: Queue,
    /// What is received from.
    kept: Queue,
    /// What is deleted from.
    deleted: Queue,
    /// How many bytes the answers to each action of SQS have.
    lengths: Vec<(&'static str, usize)>,
}

impl Stage {
    /// The bare server's constant is, for each action of SQS, what the
    /// emulator answered to the first request of that kind: both write as many
    /// bytes. Invocations are answered with what SendMessage is.
    fn new() -> Self {
        let emulator = Server::emulator();
        Load::new(emulator.address()).prepare();
        let mut helpers = Crew::new(emulator.address(), HELPERS);
        let mut queue = |name| Queue::create(&mut helpers, name);
        let (bench, batches, kept, deleted) =
            (queue("bench"), queue("batches"), queue("kept"), queue("deleted"));
        kept.fill(&mut helpers, KEPT);
        let bare = Server::bare(&[]);
        let mut stage = Self { emulator, bare, bench, batches, kept, deleted, lengths: Vec::new() };
        let constants =
            [Kind::Send, Kind::SendBatch, Kind::Receive, Kind::Delete].map(|kind| stage.first(kind));
        stage.bare = Server::bare(&constants);
        stage.lengths = constants.iter().map(|(target, answer)| (*target, answer.len())).collect();
        stage
    }

    /// What is asked for first of a kind, and its answer.
    fn first(&self, kind: Kind) -> (&'static str, String) {
        let shot = self.shot(kind, BATCH);
        let target = shot.target().expect("an action of SQS");
        let answer = self.helpers().ask(shot);
        let whole = match kind {
            Kind::Receive => handles(&answer).count() == BATCH,
            Kind::Send | Kind::SendBatch | Kind::Delete | Kind::Invoke(_) => true,
        };
        let answer = String::from_utf8(answer.into()).expect("an answer is text");
        assert!(whole && !answer.contains("Failed"), "{target} was answered with {answer}");
        (target, answer)
    }

    /// The requests of a round, and what they need, made ready.
    fn shot(&self, kind: Kind, requests: usize) -> Shot {
        let shot = match kind {
            Kind::Send => self.bench.send(),
            Kind::SendBatch => self.batches.send_batch(),
            Kind::Receive => self.kept.receive(BATCH, r#","VisibilityTimeout":0"#),
            Kind::Delete => {
                let mut helpers = self.helpers();
                self.deleted.fill(&mut helpers, requests);
                let received = self.deleted.take(&mut helpers, requests, "");
                self.deleted.delete(received.iter().flat_map(|answer| handles(answer)))
            }
            Kind::Invoke(function) => Shot::invoke(function),
        };
        match self.lengths.iter().find(|(target, _)| shot.target() == Some(target)) {
            Some(&(_, length)) => shot.answered_in(length),
            None => shot,
        }
    }

    fn compare(&self, name: &str, kind: Kind, connections: usize, requests: usize) {
        let mut rounds: Vec<(Measured, Measured)> = (0..=ROUNDS)
            .map(|_| {
                let shot = self.shot(kind, requests);
                let ours = Load::new(self.emulator.address()).run(&shot, connections, requests);
                let theirs = Load::new(self.bare.address()).run(&shot.anywhere(), connections, requests);
                (ours, theirs)
            })
            .collect();
        // The first round warms both up.
        rounds.remove(0);
        let ours = middle(rounds.iter().map(|(ours, _)| ours));
        let theirs = middle(rounds.iter().map(|(_, theirs)| theirs));
        println!(
            "{name:<35} {:>3} conn {:>9.0} {:>9.0} {:>7.2} {:>9.1} {:>9.1} {:>7.2}",
            connections,
            ours.per_second,
            theirs.per_second,
            ours.per_second / theirs.per_second,
            ours.p50.as_secs_f64() * 1e6,
            theirs.p50.as_secs_f64() * 1e6,
            ours.p50.as_secs_f64() / theirs.p50.as_secs_f64(),
        );
    }

    fn messages(&self) -> usize {
        let mut helpers = self.helpers();
        let queues = [&self.bench, &self.batches, &self.kept, &self.deleted];
        let counts = queues.map(|queue| queue.counts(&mut helpers));
        counts.iter().map(|counts| counts.visible + counts.in_flight).sum()
    }

    /// Opened when needed: a server does not keep open what nobody uses.
    fn helpers(&self) -> Crew {
        Crew::new(self.emulator.address(), HELPERS)
    }
}

fn middle<'a>(measured: impl Iterator<Item = &'a Measured>) -> Measured {
    let mut sorted: Vec<Measured> = measured.copied().collect();
    sorted.sort_by(|a, b| a.per_second.total_cmp(&b.per_second));
    sorted[sorted.len() / 2]
}
