//! Plays a scenario on virtual time, stage by stage.

use super::Options;
use super::sampler::Sampler;
use super::source::Source;
use super::track::{Later, Track, Turn};
use super::world::{World, failure};
use crate::cli::Mode;
use crate::completion::Completion;
use crate::duration::{round_ms, round_us};
use crate::expect::Verdict;
use crate::failure::Failure;
use crate::outcome::Class;
use crate::report::simulated::{OverTime, Simulated, share};
use crate::report::suite::Suite;
use crate::report::{Latency, QueueReport, Report, Sent, Subject};
use crate::scenario::{Scenario, Stage};
use crate::stats::Source as ConcurrencySource;
use bytes::Bytes;
use emulator::engine::{
    Deduplication, DeduplicationId, GroupId, Invoke, NewMessage, Qualifier, QueueRequest, Refusal, SqsError,
    ThrottleReason, Timestamp,
};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What simulated reports have for target and endpoint.
pub(super) const TARGET: &str = "simulation";

/// Asynchronous events have come to their end by then: they are six hours old
/// at most, and one more attempt may last a quarter of an hour.
const EVENTS_END: Duration = Duration::from_secs(7 * 3_600);

/// Virtual time does not end.
const FOREVER: Timestamp = Timestamp::from_micros(u64::MAX);

/// Plays all of it.
pub fn play(scenario: &Scenario, options: &Options) -> Result<Suite, Failure> {
    let mut world = World::new(options.quotas.clone(), options.seed);
    world.watch.log = options.log()?;
    world.set_up(scenario)?;
    let mut suite = Suite::new(&scenario.name, scenario.question.clone());
    let speed = scenario.account.speed();
    for group in scenario.groups() {
        if options.stop.load(Ordering::Relaxed) {
            break;
        }
        let stages: Vec<Stage> =
            scenario.stages[group].iter().map(|stage| in_virtual_time(stage, speed)).collect();
        suite.reports.extend(play_group(&mut world, &stages, options)?);
    }
    world.watch.log.take().map_or(Ok(()), super::line::FactLog::finish)?;
    suite.interrupted = options.stop.load(Ordering::Relaxed);
    suite.not_run =
        scenario.stages.iter().skip(suite.reports.len()).map(|stage| stage.name.clone()).collect();
    Ok(suite)
}

/// Who waits for an emulator that runs faster waits in real time, and so for
/// more of its time.
fn in_virtual_time(stage: &Stage, speed: f64) -> Stage {
    let mut stage = stage.clone();
    stage.load.timeout = stage.load.timeout.mul_f64(speed);
    stage.load.drain_timeout = stage.load.drain_timeout.mul_f64(speed);
    stage
}

/// Stages that begin together.
fn play_group(world: &mut World, stages: &[Stage], options: &Options) -> Result<Vec<Report>, Failure> {
    let refusals = stages.iter().map(|stage| set(world, stage)).collect::<Result<Vec<_>, _>>()?;
    let (began, started, steps) = (world.now(), Instant::now(), world.simulation.steps());
    let tracks = stages.iter().map(|stage| Track::new(stage.load.clone(), began, options.seed)).collect();
    world.watch.begin(began, tracks);
    let counted_from = began + options.warm_up;
    let mut play = Play::new(world, began, counted_from, &options.stop)?;
    play.ask_all();
    play.wait_for_all();
    if play.counted_from.is_some() && !options.stop.load(Ordering::Relaxed) {
        return Err(Failure::flag(
            "--warm-up",
            "is longer than all that is simulated, and leaves nothing to count",
        ));
    }
    let over_time = play.sampler.finish();
    let pace = Pace { took: started.elapsed(), steps: world.simulation.steps() - steps };
    let simulated = simulated(world, counted_from, over_time, options, pace);
    let reports = stages.iter().zip(refusals).enumerate().map(|(n, (stage, refusal))| {
        let mut report = report(world, n, simulated.clone(), options.stop.load(Ordering::Relaxed));
        report.judge(&stage.expect);
        report.expectations.splice(0..0, refusal);
        report
    });
    Ok(reports.collect())
}

/// Sets what a stage sets. Returns what came of a refusal that was expected.
fn set(world: &mut World, stage: &Stage) -> Result<Option<Verdict>, Failure> {
    let Subject::Function(name) = &stage.load.subject else { return Ok(None) };
    match (world.set(name, stage.settings), &stage.refused) {
        (Ok(()), None) => Ok(None),
        (Ok(()), Some(words)) => Ok(Some(Verdict::refusal(words, None))),
        (Err(Failure::Account { problem, .. }), Some(words)) => {
            Ok(Some(Verdict::refusal(words, Some(&problem))))
        }
        (Err(failure), _) => Err(failure),
    }
}

/// How fast it was, in real time.
#[derive(Debug, Clone, Copy)]
struct Pace {
    took: Duration,
    steps: u64,
}

/// What is sent for each load, made once.
struct Shot {
    mode: Mode,
    name: String,
    qualifier: Qualifier,
    body: Bytes,
    /// Messages in one request to a queue.
    batch: u64,
    groups: u64,
    sent: u64,
    /// Tells its messages from those of other stages.
    began: Timestamp,
}

/// A stage under way.
struct Play<'a> {
    world: &'a mut World,
    source: Source,
    shots: Vec<Shot>,
    sampler: Sampler,
    /// When to count anew, once.
    counted_from: Option<Timestamp>,
    stop: &'a AtomicBool,
}

impl<'a> Play<'a> {
    fn new(
        world: &'a mut World,
        began: Timestamp,
        counted_from: Timestamp,
        stop: &'a AtomicBool,
    ) -> Result<Play<'a>, Failure> {
        let shots = world.watch.tracks.iter().map(|track| shot(world, track)).collect::<Result<_, _>>()?;
        let source = Source::new(began, &world.watch.tracks);
        let counted_from = Some(counted_from).filter(|from| *from > began);
        Ok(Play { world, source, shots, sampler: Sampler::new(began), counted_from, stop })
    }

    /// Makes every request at its time.
    fn ask_all(&mut self) {
        let by_steps = self.source.depends_on_answers(&self.world.watch.tracks);
        while !self.stop.load(Ordering::Relaxed) {
            match self.source.next_at() {
                Some(at) => {
                    if by_steps && self.step_until(at) {
                        continue;
                    }
                    self.pass(at);
                    if let Some(turn) = self.source.take() {
                        self.ask(turn);
                    }
                }
                None if by_steps && self.step_until(FOREVER) => {}
                None => return,
            }
            if by_steps {
                self.collect();
            }
        }
    }

    /// Lets things happen one by one until one of them has a request follow, or
    /// the time has come. Says whether a request follows.
    fn step_until(&mut self, at: Timestamp) -> bool {
        let waited_for = |world: &World| world.watch.tracks.iter().any(|track| track.in_flight > 0);
        while waited_for(self.world) && self.one(at) {
            if self.collect() {
                return true;
            }
        }
        false
    }

    /// Does the next thing that is due until a moment; says whether there was one.
    fn one(&mut self, limit: Timestamp) -> bool {
        let Some(due) = self.world.simulation.next_due().filter(|due| *due <= limit) else { return false };
        self.look_until(due);
        let World { simulation, watch, .. } = &mut *self.world;
        simulation.step(limit, watch)
    }

    /// Lets time pass.
    fn pass(&mut self, at: Timestamp) {
        self.look_until(at);
        let World { simulation, watch, .. } = &mut *self.world;
        simulation.run_until(at, watch);
    }

    fn look_until(&mut self, at: Timestamp) {
        if let Some(from) = self.counted_from.take_if(|from| *from <= at) {
            self.look_until(from);
            let World { simulation, watch, .. } = &mut *self.world;
            simulation.run_until(from, watch);
            watch.count_from(from);
        }
        while self.sampler.next() < at {
            let World { simulation, watch, .. } = &mut *self.world;
            simulation.run_until(self.sampler.next(), watch);
            self.sampler.look(self.world);
        }
    }

    /// Gathers what follows from answers; says whether anything does.
    fn collect(&mut self) -> bool {
        let mut any = false;
        for (n, track) in self.world.watch.tracks.iter_mut().enumerate() {
            for (at, next) in track.next.drain(..) {
                self.source.follow(n, at, next);
                any = true;
            }
        }
        any
    }

    /// Makes one request.
    fn ask(&mut self, turn: Turn) {
        match self.shots[turn.track].mode {
            Mode::Sync => self.invoke(turn),
            Mode::Async => self.invoke_event(turn),
            Mode::Queue => self.send(turn),
            Mode::Http => unreachable!("a shot is for a function or a queue"),
        }
        self.world.settle();
    }

    fn invoke(&mut self, turn: Turn) {
        let World { simulation, watch, .. } = &mut *self.world;
        watch.make(turn);
        let invoke = self.shots[turn.track].invoke();
        let (_, admitted) = simulation.command(|engine, now| engine.invoke(now, invoke));
        if let Err(refusal) = admitted {
            let (class, reason) = words(&refusal);
            watch.refused(simulation.now(), turn, class, reason);
        }
    }

    fn invoke_event(&mut self, turn: Turn) {
        let World { simulation, watch, .. } = &mut *self.world;
        let invoke = self.shots[turn.track].invoke();
        let accepted = simulation.command(|engine, now| engine.invoke_event(now, invoke));
        match accepted {
            Ok(id) => watch.accepted(simulation.now(), turn, id),
            Err(refusal) => {
                let (class, reason) = words(&refusal);
                watch.turned_away(simulation.now(), turn, class, reason);
            }
        }
    }

    fn send(&mut self, turn: Turn) {
        let World { simulation, watch, .. } = &mut *self.world;
        let shot = &mut self.shots[turn.track];
        let fifo = shot.name.ends_with(".fifo");
        let first = shot.sent.is_multiple_of(shot.batch);
        let order = fifo.then_some((shot.sent % shot.groups, shot.sent / shot.groups));
        let message = shot.message(fifo);
        let (name, now) = (shot.name.as_str(), simulation.now());
        let sent = simulation.command(|engine, now| {
            if first {
                engine.admit_queue_request(now, name, QueueRequest::Send)?;
            }
            engine.send_message(now, name, message, None)
        });
        match sent {
            Ok(accepted) => {
                watch.bill.queue(u64::from(first), fifo);
                watch.confirmed(now, turn, accepted.id, order);
            }
            Err(SqsError::RequestThrottled) => {
                watch.turned_away(now, turn, Class::Throttled, "RequestThrottled");
            }
            Err(error) => watch.turned_away(now, turn, Class::ClientError, &format!("{error:?}")),
        }
    }

    /// Waits for answers, and until what was only accepted is done.
    fn wait_for_all(&mut self) {
        while !self.stop.load(Ordering::Relaxed) && self.is_waited_for() && self.one(FOREVER) {}
        self.world.settle();
    }

    fn is_waited_for(&self) -> bool {
        let (watch, now) = (&self.world.watch, self.world.now());
        watch.tracks.iter().any(|track| {
            let Later { last_accepted, .. } = track.later;
            track.in_flight > 0
                || match &track.load.subject {
                    Subject::Queue(name) => {
                        watch.queued(name) > 0 && now.since(last_accepted) < track.load.drain_timeout
                    }
                    Subject::Function(_) => watch.own_events() > 0 && now.since(last_accepted) < EVENTS_END,
                    Subject::Url(_) => false,
                }
        })
    }
}

impl Shot {
    fn invoke(&self) -> Invoke<'_> {
        let mut invoke = Invoke::new(&self.name, self.body.clone());
        invoke.qualifier = self.qualifier.clone();
        invoke
    }

    /// Messages of a FIFO queue are of groups in turn, and each is another one.
    fn message(&mut self, fifo: bool) -> NewMessage {
        let n = self.sent;
        self.sent += 1;
        // What nobody receives needs no checksum.
        let body = std::str::from_utf8(&self.body).expect("payloads are text");
        let mut message = NewMessage::new(body, [0; 16]);
        if fifo || self.groups > 1 {
            message.group_id = Some(GroupId::from(format!("group-{}", n % self.groups).as_str()));
        }
        if fifo {
            let id = DeduplicationId::from(format!("{}-{n}", self.began.as_micros()).as_str());
            message.deduplication = Some(Deduplication::Id(id));
        }
        message
    }
}

fn shot(world: &World, track: &Track) -> Result<Shot, Failure> {
    let load = &track.load;
    let name = match &load.subject {
        Subject::Function(name) | Subject::Queue(name) => name.clone(),
        Subject::Url(url) => return Err(failure(url, "is a URL, and a simulation has no network")),
    };
    let engine = world.simulation.engine();
    match &load.subject {
        Subject::Function(_) if engine.function(&name).is_err() => {
            return Err(failure(&name, "is no function of the scenario"));
        }
        Subject::Queue(_) if !engine.queue_exists(&name) => {
            return Err(failure(&name, "is no queue of the scenario"));
        }
        Subject::Function(_) | Subject::Queue(_) | Subject::Url(_) => {}
    }
    Ok(Shot {
        mode: load.mode,
        qualifier: world.qualifier(&name),
        name,
        body: Bytes::from(load.payload.clone().unwrap_or_else(|| "{}".to_owned())),
        batch: load.batch,
        groups: load.groups,
        sent: 0,
        began: world.now(),
    })
}

/// The class of a refusal, and what the caller is told.
fn words(refusal: &Refusal) -> (Class, &'static str) {
    match refusal {
        Refusal::Throttled(reason) => (Class::Throttled, ThrottleReason::as_str(*reason)),
        Refusal::FunctionNotFound(..) => (Class::ClientError, "404 ResourceNotFoundException"),
        Refusal::Pending => (Class::ClientError, "409 ResourceConflictException"),
        Refusal::Recursive => (Class::ClientError, "400 RecursiveInvocationException"),
    }
}

/// What became of one load.
fn report(world: &mut World, track: usize, simulated: Simulated, interrupted: bool) -> Report {
    let Track { stats, load, .. } = &mut world.watch.tracks[track];
    stats.finish_simulated();
    // How many were asked for may take counting; without an interruption all of them ended.
    if interrupted {
        let open = load.arrivals.requests().unwrap_or_default().saturating_sub(stats.ended());
        stats.never_begun(open, "interrupted");
    }
    let track = &world.watch.tracks[track];
    let load = &track.load;
    let sent = Sent {
        name: load.name.clone(),
        target: TARGET.to_owned(),
        endpoint: TARGET.to_owned(),
        subject: load.subject.clone(),
        mode: load.mode,
        batch: (load.batch > 1).then_some(load.batch),
        retries: load.retries,
        arrivals: load.arrivals.clone(),
    };
    let mut report = Report::new(sent, &track.stats, interrupted);
    if track.running.highest() > 0 {
        report.max_concurrency = Some(track.running.highest());
        report.mean_concurrency = Some(round_ms(track.running.level(world.watch.last).average));
        report.max_concurrency_source = Some(ConcurrencySource::Simulation);
    }
    report.queue = queue_report(world, track);
    report.completion = completion(track);
    report.dead_lettered = load.dead_letters.as_ref().map(|dead| world.watch.queued(&dead.queue));
    report.simulated = Some(simulated);
    report
}

/// What happened in all of the account.
fn simulated(
    world: &World,
    counted_from: Timestamp,
    over_time: OverTime,
    options: &Options,
    pace: Pace,
) -> Simulated {
    let watch = &world.watch;
    let (end, seconds) = (watch.last.max(counted_from), pace.took.as_secs_f64());
    let attempts = watch.tally.admitted + watch.tally.throttles();
    let by_reason = watch.tally.throttled.iter();
    let cost = watch.bill.cost(end);
    Simulated {
        seed: options.seed,
        virtual_s: round_us(end.since(counted_from).as_secs_f64()),
        warm_up_s: options.warm_up.as_secs_f64(),
        invocations_per_second: Some((attempts as f64 / seconds).round()),
        steps_per_second: Some((pace.steps as f64 / seconds).round()),
        throttle_probability: share(watch.tally.throttles(), attempts),
        throttle_probability_by_reason: by_reason
            .map(|(reason, count)| (reason.as_str().to_owned(), share(*count, attempts)))
            .collect(),
        cold_start_probability: share(watch.tally.cold, watch.tally.admitted),
        environments: watch.census.levels(end),
        environment_lifespan_s: watch.tally.lifespan_s().map(round_us),
        cost_usd: cost.total(),
        cost,
        over_time,
    }
}

fn queue_report(world: &World, track: &Track) -> Option<QueueReport> {
    let Subject::Queue(name) = &track.load.subject else { return None };
    let (left, last) = (world.watch.queued(name), world.watch.last);
    let drain = last.since(track.later.last_accepted).as_secs_f64();
    Some(QueueReport {
        sent: track.later.accepted,
        drained: left == 0,
        left,
        drain_s: (left == 0).then(|| round_us(drain)),
    })
}

/// What the function's log would say.
fn completion(track: &Track) -> Option<Completion> {
    let later = &track.later;
    (track.load.mode != Mode::Sync).then(|| Completion {
        log_group: String::new(),
        accepted: later.accepted,
        completed: later.completed,
        failed: later.failed,
        invocations: later.invocations,
        environments: later.environments,
        out_of_order: track.is_fifo().then_some(later.out_of_order),
        cold_starts: later.cold_starts,
        latency_ms: Latency::new(&later.latency),
        duration_ms: Latency::new(&later.duration),
        init_ms: Latency::new(&later.init),
    })
}
