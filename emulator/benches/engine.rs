//! Engine steps per second: what a decision costs before any wire or process.
//!
//! Every step takes the effects and facts that it left, as a driver does. Time
//! goes on by a microsecond a step, so that alarms are set and cancelled as in
//! earnest. Run it with `cargo bench -p emulator --bench engine`; without
//! `--bench` it only shows that it works.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;
use emulator::engine::{
    BatchItems, Completion, Effect, Engine, Fact, FunctionSpec, HandlerModel, Invoke, NewMessage, News,
    Outcome, QueueAttributes, Quotas, Receive, ReceiveRequest, Report, Rng, Times, Timestamp,
};
use emulator::sim::{BuiltIn, Simulation};

/// How long each line is measured.
const MEASURED: Duration = Duration::from_millis(700);

/// Steps between two looks at the clock.
const ROUND: u32 = 200;

fn main() {
    let in_earnest = std::env::args().any(|arg| arg == "--bench");
    let measured = if in_earnest { MEASURED } else { Duration::ZERO };
    println!("{:<42} {:>12} {:>12}", "one step", "per second", "each");
    let mut bench = Bench::new();
    bench.warm_up();
    show("invoke (warm) and finish", measured, || bench.invoke_and_finish());
    let mut bench = Bench::new();
    bench.fill_concurrency();
    show("invoke, refused", measured, || bench.invoke_refused());
    let mut bench = Virtual::new();
    show("simulated: a caller, Init or not, and its end", measured, || bench.call());
    for depth in [0, 1_000, 100_000] {
        let mut bench = Bench::new();
        bench.fill_queue(depth);
        show(&format!("send, receive, delete at depth {depth}"), measured, || bench.send_receive_delete());
    }
}

/// Repeats a step for some time and prints a line of the table.
fn show(what: &str, measured: Duration, mut step: impl FnMut()) {
    let (began, mut steps) = (Instant::now(), 0_u32);
    loop {
        (0..ROUND).for_each(|_| step());
        steps += ROUND;
        if began.elapsed() >= measured {
            break;
        }
    }
    let took = began.elapsed();
    let rate = f64::from(steps) / took.as_secs_f64();
    println!("{what:<42} {rate:>12.0} {:>12}", format!("{:.2?}", took / steps));
}

/// One engine with a function `f` and a queue `q`.
struct Bench {
    engine: Engine,
    now: Timestamp,
    effects: Vec<Effect>,
    facts: Vec<Fact>,
}

impl Bench {
    fn new() -> Self {
        // A step each microsecond is more than any account may ask for.
        let quotas = Quotas { requests_per_concurrency: 1_000_000, ..Quotas::default() };
        let mut engine = Engine::new(quotas, 1);
        let now = Timestamp::from_millis(1_700_000_000_000);
        engine.create_function(now, "f".into(), function()).expect("the name is free");
        let (attributes, tags) = (QueueAttributes::default(), BTreeMap::new());
        engine.create_queue(now, &"q".into(), attributes, tags, |_| None).expect("the name is free");
        Self { engine, now, effects: Vec::new(), facts: Vec::new() }
    }

    fn drain(&mut self) {
        self.engine.take_effects(&mut self.effects);
        self.engine.take_facts(&mut self.facts);
        self.now = self.now + Duration::from_micros(1);
    }

    /// Leaves one environment idle.
    fn warm_up(&mut self) {
        self.invoke();
        let Some(Effect::Start(start)) = self.effects.first() else { panic!("nothing starts") };
        let report = Report { environment: start.environment, incarnation: 0, news: News::Ready };
        self.engine.report(self.now, report);
        self.drain();
        self.finish();
    }

    fn invoke_and_finish(&mut self) {
        self.invoke();
        self.finish();
    }

    fn invoke(&mut self) {
        let (_, admitted) = self.engine.invoke(self.now, Invoke::new("f", Bytes::from_static(b"{}")));
        admitted.expect("there is room");
        self.drain();
    }

    /// Ends the invocation that was just handed over.
    fn finish(&mut self) {
        let Some(Effect::Dispatch(dispatch)) = self.effects.last() else { panic!("nothing runs") };
        let completion = Completion {
            request_id: dispatch.request_id,
            outcome: Outcome::Success(Bytes::from_static(b"null")),
            max_memory_mb: None,
            items: BatchItems::AllSucceeded,
            rested: true,
        };
        let news = News::Finished(completion);
        let report = Report { environment: dispatch.environment, incarnation: 0, news };
        self.engine.report(self.now, report);
        self.drain();
    }

    /// Uses up a reservation of 5: all stay in Init.
    fn fill_concurrency(&mut self) {
        self.engine.put_reserved_concurrency(self.now, "f", 5).expect("there is room");
        (0..5).for_each(|_| self.invoke());
    }

    fn invoke_refused(&mut self) {
        let (_, refused) = self.engine.invoke(self.now, Invoke::new("f", Bytes::from_static(b"{}")));
        refused.expect_err("all five are busy");
        // Time stands still here, or Init would pass its limit.
        self.engine.take_effects(&mut self.effects);
        self.engine.take_facts(&mut self.facts);
    }

    fn fill_queue(&mut self, depth: usize) {
        (0..depth).for_each(|_| self.send());
    }

    fn send(&mut self) {
        self.engine.send_message(self.now, "q", message(), None).expect("the queue is there");
        self.drain();
    }

    fn send_receive_delete(&mut self) {
        self.send();
        let request = ReceiveRequest { max: 1, visibility: None, wait: None, attempt: None };
        let answer = self.engine.receive_message(self.now, "q", request).expect("the queue is there");
        self.drain();
        let Receive::Messages(messages) = answer else { panic!("a message is there") };
        self.engine.delete_message(self.now, "q", messages[0].receipt).expect("the queue is there");
        self.drain();
    }
}

/// Callers at random, on virtual time, four busy on average.
struct Virtual {
    simulation: Simulation<BuiltIn>,
    arrivals: Rng,
}

impl Virtual {
    fn new() -> Self {
        let mut simulation = Simulation::new(Quotas::default(), 1, BuiltIn);
        let duration = Times::Exponential(Duration::from_secs(1));
        let model = HandlerModel { duration, ..HandlerModel::default() };
        let spec = FunctionSpec { timeout: Duration::from_secs(900), ..FunctionSpec::simulated(model) };
        simulation.create_function("f", spec).expect("the name is free");
        Self { simulation, arrivals: Rng::new(1) }
    }

    fn call(&mut self) {
        let gap = Duration::from_secs_f64(self.arrivals.exponential() / 4.0);
        self.simulation.run_until(self.simulation.now() + gap, &mut ());
        let invoke = Invoke::new("f", Bytes::from_static(b"{}"));
        let (_, admitted) = self.simulation.command(|engine, now| engine.invoke(now, invoke));
        admitted.expect("there is room");
    }
}

fn function() -> FunctionSpec {
    FunctionSpec::simulated(HandlerModel::default())
}

fn message() -> NewMessage {
    NewMessage::new("hello", [0; 16])
}
