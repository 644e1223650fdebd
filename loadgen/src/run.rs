//! `loadgen run`: resolve, send, fold, report.

use crate::cli::{Mode, Output, RunFlags};
use crate::failure::{Failure, exit};
use crate::issue::{Event, Issuer, Sender, Work};
use crate::outcome::Class;
use crate::plan::Plan;
use crate::progress::{Progress, TICK};
use crate::queue;
use crate::report::json::ReportFile;
use crate::report::{Report, json, text};
use crate::signal;
use crate::stats::{EnvironmentUse, Stats};
use std::collections::HashMap;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Events on their way to the owner of the statistics. Beyond it the sending
/// tasks wait, which they do after their sample was taken.
const EVENTS: usize = 65_536;

/// What a run leaves behind.
#[derive(Debug)]
pub struct Finished {
    pub report: Report,
    pub environments: HashMap<String, EnvironmentUse>,
}

/// The command.
pub fn main(flags: &RunFlags) -> ExitCode {
    complete(command(flags))
}

/// Runs a command to its end, and says by the exit code how it went.
pub fn complete(command: impl Future<Output = Result<u8, Failure>>) -> ExitCode {
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::Runtime(error).print(),
    };
    match runtime.block_on(command) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.print(),
    }
}

async fn command(flags: &RunFlags) -> Result<u8, Failure> {
    let plan = Plan::resolve(flags).await?;
    let file = flags.report.as_deref().map(ReportFile::create).transpose()?;
    // Until here a signal ends the process at once: a pipe may wait for its reader.
    let stop = signal::stop_on_signal().map_err(Failure::Runtime)?;

    let mut report = run(&plan, String::new(), &stop).await.report;
    if let (Mode::Queue, Work::SendMessage { queue_url, .. }) = (plan.mode, &plan.work) {
        let sent = report.counts.accepted;
        let progress = Progress::bar(sent, "");
        let (sqs, timeout) = (&plan.clients.sqs, plan.drain_timeout);
        report.queue = Some(queue::drain(sqs, queue_url, sent, timeout, &progress, &stop).await);
        progress.clear();
        report.interrupted = stop.is_cancelled();
    }
    report.judge(&flags.expect);

    print(&match flags.output {
        Output::Text => text::render(&report),
        Output::Json => json::render(&report),
    });
    file.map_or(Ok(()), |file| file.write(&report))?;
    complain(&report);
    nobody_served(&report).map_or(Ok(()), Err)?;
    Ok(exit_code(&report))
}

/// Sends everything the plan says, and folds what becomes of it.
pub async fn run(plan: &Plan, prefix: String, stop: &CancellationToken) -> Finished {
    let (events, inbox) = mpsc::channel(EVENTS);
    let progress = Progress::bar(plan.arrivals.requests(), prefix);
    let owner = tokio::spawn(fold(inbox, progress, plan.mode));
    let issuer = Issuer { clients: plan.clients.clone(), work: plan.work.clone(), timeout: plan.timeout };
    let sender = Arc::new(Sender::new(issuer, events, stop.clone()));
    plan.arrivals.drive(&sender, plan.connections).await;
    drop(sender);

    let mut stats = owner.await.expect("folding does not panic");
    let never_begun = plan.arrivals.requests() - stats.ended();
    stats.never_begun(never_begun, "interrupted");
    Finished {
        report: Report::new(plan, &stats, stop.is_cancelled()),
        environments: stats.environments().clone(),
    }
}

/// The one owner of the statistics. Ends when the last sender is gone.
async fn fold(mut inbox: mpsc::Receiver<Event>, progress: Progress, mode: Mode) -> Stats {
    let mut stats = Stats::new(Instant::now());
    let mut tick = tokio::time::interval(TICK);
    loop {
        tokio::select! {
            event = inbox.recv() => match event {
                Some(Event::Left) => stats.leave(),
                Some(Event::Ended(sample)) => stats.record(&sample),
                None => break,
            },
            _ = tick.tick() => progress.show(&stats, mode),
        }
    }
    progress.clear();
    stats
}

/// Writes to standard output. A reader that has gone away is not an error.
pub fn print(text: &str) {
    let mut out = anstream::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// One line on standard error for each thing that was expected and is not so.
fn complain(report: &Report) {
    for verdict in report.expectations.iter().filter(|verdict| !verdict.ok) {
        anstream::eprintln!("expectation failed: {verdict}");
    }
    if let Some(queue) = report.queue.filter(|queue| !queue.drained) {
        let left = text::plural(queue.left, "message");
        anstream::eprintln!("expectation failed: the queue becomes empty ({left} left)");
    }
}

/// The failure that a run is when its every request was refused or never left:
/// a name or an address is wrong.
fn nobody_served(report: &Report) -> Option<Failure> {
    const HOPELESS: [Class; 2] = [Class::ClientError, Class::NotSent];
    let of = |class| report.counts.of(class);
    if report.interrupted || HOPELESS.into_iter().map(of).sum::<u64>() < report.requests {
        return None;
    }
    let problem = |class: Class| {
        let words = report.notes.get(&class).map_or(class.key(), String::as_str);
        let not_sent = if class == Class::NotSent { "not sent: " } else { "" };
        format!("{} × {not_sent}{words}", of(class))
    };
    let problems: Vec<_> = HOPELESS.into_iter().filter(|&class| of(class) > 0).map(problem).collect();
    let flag = if report.mode == Mode::Queue { "--queue" } else { "--function" };
    Some(Failure::NobodyServed { problem: problems.join(", "), flag })
}

fn exit_code(report: &Report) -> u8 {
    match report.as_expected() {
        _ if report.interrupted => exit::INTERRUPTED,
        true => exit::DONE,
        false => exit::UNEXPECTED,
    }
}
