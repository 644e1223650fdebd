//! `loadgen simulate`: a scenario on virtual time, by the engine that the
//! emulator runs, in one thread, with no sockets and no processes.
//!
//! `world` makes what the scenario needs, `source` says who asks next,
//! `play` asks and lets time pass, `watch` makes numbers of what happens.

mod bill;
mod gauge;
mod grid;
mod line;
mod play;
mod sampler;
mod source;
mod stand_in;
mod track;
mod watch;
mod world;

pub use grid::main as grid;
pub use play::play;

use crate::cli::SimulateFlags;
use crate::failure::Failure;
use crate::outputs::Outputs;
use crate::report::suite::Suite;
use crate::report::text::{self, STRONG};
use crate::run::{complain, exit_code};
use crate::scenario::Scenario;
use crate::signal;
use emulator::engine::Quotas;
use line::FactLog;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How a simulation is run.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub quotas: Quotas,
    /// All that is left to chance follows from it.
    pub seed: u64,
    /// Where to write what happens.
    pub facts: Option<PathBuf>,
    /// What happens so soon after a stage begins is not counted into
    /// probabilities, averages and costs: an account that is empty at first is
    /// not yet as it will be.
    pub warm_up: Duration,
    /// Ends it early, once it is raised.
    pub stop: Arc<AtomicBool>,
}

impl Options {
    /// As the scenario wants its account.
    pub fn of(scenario: &Scenario) -> Options {
        Options { quotas: scenario.account.quotas(), ..Options::default() }
    }

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
    let (scenario, mut options) = flags.resolve()?;
    let outputs = Outputs::open(&flags.output)?;
    options.stop = signal::flag_on_signal().map_err(Failure::Runtime)?;
    let suite = play(&scenario, &options)?;
    match suite.reports.as_slice() {
        // One function's report stands alone.
        [report] if flags.scenario.is_none() => outputs.write_report(report)?,
        _ => outputs.write_suite(&suite, &words(&suite))?,
    }
    suite.reports.iter().for_each(complain);
    Ok(exit_code(suite.as_expected(), suite.interrupted))
}

/// A scenario's reports for people.
pub fn words(suite: &Suite) -> String {
    let question = suite.question.as_ref().map_or(String::new(), |question| format!("\n{question}"));
    let reports: Vec<String> = suite.reports.iter().map(text::render).collect();
    format!("{STRONG}{}{STRONG:#}{question}\n\n{}", suite.name, reports.join("\n"))
}
