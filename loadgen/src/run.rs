//! `loadgen run`: resolve, send, fold, report.

use crate::arrivals::drive::drive;
use crate::aws;
use crate::cli::{Mode, RunFlags};
use crate::completion::{self, Accepted};
use crate::failure::{Failure, exit};
use crate::outcome::Outcome;
use crate::outputs::{CHECKPOINT, Outputs, Recorder};
use crate::plan::{Load, Plan};
use crate::progress::{Progress, TICK};
use crate::queue;
use crate::report::{Report, Retries, Subject, nobody_served, text};
use crate::retry::Retry;
use crate::sample::Sample;
use crate::scenario;
use crate::sender::Sender;
use crate::signal;
use crate::stats::Stats;
use crate::target::{Clients, Target};
use std::cell::RefCell;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{self, error::TryRecvError};
use tokio_util::sync::CancellationToken;

/// Samples on their way to the owner of the statistics. Beyond it the sending
/// tasks wait, which they do after their sample was taken.
const SAMPLES: usize = 65_536;
/// How often the owner looks for samples.
const LOOK: Duration = Duration::from_millis(5);

/// The command.
pub fn main(flags: &RunFlags) -> ExitCode {
    match &flags.scenario {
        Some(file) => complete(scenario::command(file, flags)),
        None => complete(command(flags)),
    }
}

/// Runs a command to its end, and says by the exit code how it went.
pub fn complete(command: impl Future<Output = Result<u8, Failure>>) -> ExitCode {
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::Runtime(error).print(),
    };
    let ended = runtime.block_on(command);
    // What still waits for an answer somewhere has nothing to add.
    runtime.shutdown_background();
    match ended {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.print(),
    }
}

async fn command(flags: &RunFlags) -> Result<u8, Failure> {
    let mut load = flags.load.load()?;
    load.check_connections()?;
    let target = flags.target.clone().unwrap_or(Target::Emulator);
    let clients = clients(&load, &target).await?;
    let outputs = Outputs::open(&flags.output)?;
    aws::ask_before(&flags.aws, clients.as_ref(), std::slice::from_mut(&mut load), &[]).await?;
    let plan = Plan::new(load, &target.to_string(), clients.as_ref()).await?;
    // Until here a signal ends the process at once: a pipe may wait for its reader.
    let stop = signal::stop_on_signal().map_err(Failure::Runtime)?;

    let mut report = perform(&plan, "", &outputs.recorder, &stop).await;
    report.judge(&flags.expect);
    outputs.write_report(&report)?;
    complain(&report);
    nobody_served(&report).map_or(Ok(()), Err)?;
    Ok(exit_code(report.as_expected(), report.interrupted))
}

/// A URL says itself where it leads.
async fn clients(load: &Load, target: &Target) -> Result<Option<Clients>, Failure> {
    match load.subject {
        Subject::Url(_) => Ok(None),
        Subject::Function(_) | Subject::Queue(_) => Clients::connect(target).await.map(Some),
    }
}

/// Sends everything the plan says, and waits for what was only accepted.
pub async fn perform(
    plan: &Plan,
    prefix: &str,
    recorder: &RefCell<Recorder>,
    stop: &CancellationToken,
) -> Report {
    let (stats, accepted) = send(plan, prefix, recorder, stop).await;
    let mut report = Report::new(plan.sent(), &stats, stop.is_cancelled());
    if plan.mode == Mode::Queue {
        report.queue = Some(drain(plan, report.counts.accepted, stop).await);
    }
    if let (Some(dead_letters), Some(clients)) = (&plan.dead_letters, &plan.clients)
        && let Err(problem) = dead_letters.count(&mut report, clients, plan.drain_timeout, stop).await
    {
        anstream::eprintln!("warning: the dead-letter queue: {problem}");
    }
    if plan.follow {
        let (started, count) = (report.times.started, report.counts.accepted);
        let drained = report.queue.is_some_and(|queue| queue.drained);
        match completion::follow(plan, started, count, accepted, drained, stop).await {
            Ok(completion) => report.completion = Some(completion),
            Err(problem) => anstream::eprintln!("warning: --follow: {problem}"),
        }
    }
    report.interrupted = stop.is_cancelled();
    report
}

async fn drain(plan: &Plan, sent: u64, stop: &CancellationToken) -> crate::report::QueueReport {
    let undrained = crate::report::QueueReport { sent, drained: false, left: sent, drain_s: None };
    let (Some(clients), Subject::Queue(url)) = (&plan.clients, plan.work.subject()) else { return undrained };
    let progress = Progress::bar(Some(sent), "");
    let drained = queue::drain(&clients.sqs, &url, sent, plan.drain_timeout, &progress, stop).await;
    progress.clear();
    drained
}

/// Sends everything the plan says, and folds what becomes of it.
async fn send(
    plan: &Plan,
    prefix: &str,
    recorder: &RefCell<Recorder>,
    stop: &CancellationToken,
) -> (Stats, Accepted) {
    let (samples, inbox) = mpsc::channel(SAMPLES);
    let retry = (plan.retries == Retries::LikeSdk).then(Retry::default);
    let (work, lines) = (Arc::clone(&plan.work), Arc::clone(&plan.lines));
    let sender = Sender::new(work, lines, plan.timeout, retry, samples, stop.clone());
    let sender = Arc::new(sender.together(plan.together.clone()));
    let in_flight = sender.in_flight();
    let (arrivals, most, precise) = (plan.arrivals.clone(), plan.most_in_flight, plan.precise);
    let driver = tokio::spawn(async move { drive(&arrivals, &sender, most, precise).await });

    let mut fold = Fold::new(plan, recorder);
    let progress = Progress::bar(plan.arrivals.requests(), prefix);
    let show = |stats: &Stats| progress.show(stats, plan.mode, in_flight.load(Ordering::Relaxed));
    fold.all(inbox, show).await;
    progress.clear();
    let Fold { mut stats, accepted, .. } = fold;
    let why = match driver.await.expect("sending does not panic") {
        Ok(()) => "interrupted".to_owned(),
        Err(error) => error.to_string(),
    };
    let never_begun = plan.arrivals.requests().unwrap_or_default().saturating_sub(stats.ended());
    stats.never_begun(never_begun, &why);
    (stats, accepted)
}

/// The one owner of the statistics.
struct Fold<'a> {
    plan: &'a Plan,
    recorder: &'a RefCell<Recorder>,
    stats: Stats,
    /// Events to be followed.
    accepted: Accepted,
    started: Instant,
}

impl<'a> Fold<'a> {
    fn new(plan: &'a Plan, recorder: &'a RefCell<Recorder>) -> Fold<'a> {
        let started = Instant::now();
        Fold { plan, recorder, stats: Stats::new(started), accepted: Accepted::new(), started }
    }

    /// Ends when the last sender is gone. Looks now and then instead of being
    /// woken by each sample: on a busy machine that would cost as much as the
    /// request that the sample is about.
    async fn all(&mut self, mut inbox: mpsc::Receiver<Sample>, show: impl Fn(&Stats)) {
        let mut shown = Instant::now();
        let mut written = Instant::now();
        loop {
            tokio::time::sleep(LOOK).await;
            if self.drain(&mut inbox) {
                break;
            }
            if shown.elapsed() >= TICK {
                shown = Instant::now();
                show(&self.stats);
            }
            if written.elapsed() >= CHECKPOINT {
                written = Instant::now();
                self.checkpoint();
            }
        }
    }

    /// Folds what has come in; says whether that was the last.
    fn drain(&mut self, inbox: &mut mpsc::Receiver<Sample>) -> bool {
        loop {
            match inbox.try_recv() {
                Ok(sample) => self.record(&sample),
                Err(TryRecvError::Empty) => return false,
                Err(TryRecvError::Disconnected) => return true,
            }
        }
    }

    fn record(&mut self, sample: &Sample) {
        self.stats.record(sample);
        self.recorder.borrow_mut().sample(self.plan.name.as_deref(), sample, self.started);
        if let Outcome::Accepted { request_id: Some(id), .. } = &sample.outcome
            && self.plan.follow
        {
            let accepted_s = self.stats.epoch_s(sample.done);
            completion::note(&mut self.accepted, id, accepted_s);
        }
    }

    /// A report as of now: what has not ended counts as not answered.
    fn checkpoint(&mut self) {
        let mut recorder = self.recorder.borrow_mut();
        if recorder.wants_checkpoints() {
            let mut so_far = self.stats.clone();
            let open = self.plan.arrivals.requests().unwrap_or_default().saturating_sub(so_far.ended());
            so_far.never_begun(open, "had not ended when this was written");
            recorder.checkpoint(Report::new(self.plan.sent(), &so_far, true));
        }
    }
}

/// One line on standard error for each thing that was expected and is not so.
pub fn complain(report: &Report) {
    let name = report.name.as_ref().map_or(String::new(), |name| format!("{name}: "));
    for verdict in report.expectations.iter().filter(|verdict| !verdict.ok) {
        anstream::eprintln!("expectation failed: {name}{verdict}");
    }
    if let Some(queue) = report.queue.filter(|queue| !queue.drained) {
        let left = text::plural(queue.left, "message");
        anstream::eprintln!("expectation failed: {name}the queue becomes empty ({left} left)");
    }
}

pub fn exit_code(as_expected: bool, interrupted: bool) -> u8 {
    match as_expected {
        _ if interrupted => exit::INTERRUPTED,
        true => exit::DONE,
        false => exit::UNEXPECTED,
    }
}
