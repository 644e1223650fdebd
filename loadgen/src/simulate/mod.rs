//! `loadgen simulate`: a scenario on virtual time, by the engine that the
//! emulator runs, in one thread, with no sockets and no processes.
//!
//! [`world`] makes what the scenario needs, [`source`] says who asks next,
//! [`play`] asks and lets time pass, [`watch`] makes numbers of what happens.

mod bill;
mod gauge;
mod line;
mod play;
mod sampler;
mod source;
mod stand_in;
mod track;
mod watch;
mod world;

pub use play::play;

use crate::cli::{Output, SimulateFlags};
use crate::failure::{Failure, exit};
use crate::outputs::print;
use crate::report::file::OutFile;
use crate::report::suite::Suite;
use crate::report::text::STRONG;
use crate::report::{Report, html, json, junit, text};
use crate::run::complain;
use emulator::engine::Quotas;
use line::FactLog;
use std::path::PathBuf;
use std::process::ExitCode;

/// How a simulation is run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub quotas: Quotas,
    /// All that is left to chance follows from it.
    pub seed: u64,
    /// Where to write what happens.
    pub facts: Option<PathBuf>,
}

impl Options {
    fn log(&self) -> Result<Option<FactLog>, Failure> {
        self.facts.as_deref().map(FactLog::create).transpose()
    }
}

/// The command.
pub fn main(flags: &SimulateFlags) -> ExitCode {
    match command(flags) {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.print(),
    }
}

fn command(flags: &SimulateFlags) -> Result<u8, Failure> {
    let (scenario, options) = flags.resolve()?;
    let [report, html, junit] =
        [("--report", &flags.report), ("--html", &flags.html), ("--junit", &flags.junit)]
            .map(|(flag, path)| OutFile::optional(flag, path.as_deref()));
    let (report, html, junit) = (report?, html?, junit?);
    let alone = flags.scenario.is_none();
    let suite = play(&scenario, &options)?;
    match flags.output {
        Output::Text => print(&words(&suite, alone)),
        Output::Json => print(&document(&suite, alone)),
    }
    let repeatable = without_pace(&suite);
    report.map_or(Ok(()), |mut file| file.write(&document(&repeatable, alone)))?;
    let (name, reports) = (&repeatable.name, &repeatable.reports);
    html.map_or(Ok(()), |mut file| file.write(&html::render(name, reports)))?;
    junit.map_or(Ok(()), |mut file| file.write(&junit::render(name, reports)))?;
    suite.reports.iter().for_each(complain);
    Ok(if suite.as_expected() { exit::DONE } else { exit::UNEXPECTED })
}

/// One function's report stands alone; a scenario's are a suite.
fn document(suite: &Suite, alone: bool) -> String {
    match suite.reports.as_slice() {
        [report] if alone => json::render(report),
        _ => json::render(suite),
    }
}

/// Files are the same for the same seed, so they do not say how fast it was.
fn without_pace(suite: &Suite) -> Suite {
    let mut suite = suite.clone();
    for simulated in suite.reports.iter_mut().filter_map(|report| report.simulated.as_mut()) {
        simulated.invocations_per_second = None;
        simulated.steps_per_second = None;
    }
    suite
}

fn words(suite: &Suite, alone: bool) -> String {
    let reports: Vec<String> = suite.reports.iter().map(|report: &Report| text::render(report)).collect();
    let question = suite.question.as_ref().map_or(String::new(), |question| format!("\n{question}"));
    let head = if alone { String::new() } else { format!("{STRONG}{}{STRONG:#}{question}\n\n", suite.name) };
    format!("{head}{}", reports.join("\n"))
}
