//! `loadgen lesson N`: the ten lessons of Lambda concurrency, for a class.
//!
//! A lesson is a scenario that asks a question. An emulator starts inside this
//! process for it, with the account that the scenario wants; from there on all
//! goes over HTTP, as with any scenario. With `--fast` it is simulated. `catalogue` has the ten, `class` what is
//! said, `on_aws` the one that is played on AWS too.

mod catalogue;
mod class;
mod on_aws;

pub use catalogue::{LESSONS, Lesson};

use crate::cli::LessonFlags;
use crate::failure::{Failure, exit};
use crate::outputs::{Outputs, print};
use crate::report::suite::Suite;
use crate::report::text::STRONG;
use crate::run::{complain, complete, exit_code};
use crate::scenario::{Audience, Scenario, play};
use crate::signal;
use crate::simulate::{self, Options};
use crate::target::Target;
use emulator::Emulator;
use std::process::ExitCode;

/// The command.
pub fn main(flags: &LessonFlags) -> ExitCode {
    match flags.number.filter(|_| !flags.list) {
        Some(number) => complete(command(&LESSONS[usize::from(number) - 1], flags)),
        None => match list() {
            Ok(text) => {
                print(&text);
                ExitCode::from(exit::DONE)
            }
            Err(failure) => failure.print(),
        },
    }
}

/// All of them, with what they ask.
fn list() -> Result<String, Failure> {
    let mut text = String::new();
    for lesson in &LESSONS {
        let Scenario { name, question, .. } = lesson.scenario()?;
        let question = question.unwrap_or_default();
        text.push_str(&format!("{STRONG}{:2} {name}{STRONG:#}\n   {question}\n", lesson.number));
    }
    text.push_str("\n`loadgen lesson N` plays one.\n");
    Ok(text)
}

async fn command(lesson: &Lesson, flags: &LessonFlags) -> Result<u8, Failure> {
    match (flags.fast, lesson.on_aws) {
        (true, false) => fast(lesson, flags),
        (fast, true) => on_aws::compared(lesson, flags, !fast).await,
        (false, false) => {
            let outputs = Outputs::open(&flags.output)?;
            let audience = match outputs.is_for_people() {
                true => Audience::Class { pause: class::pause() },
                false => Audience::Nobody,
            };
            taught(lesson, flags, outputs, audience).await
        }
    }
}

/// As fast as it can be had: on virtual time, without pauses and captions.
fn fast(lesson: &Lesson, flags: &LessonFlags) -> Result<u8, Failure> {
    flags.output.refuse_csv()?;
    let outputs = Outputs::open(&flags.output)?;
    let scenario = lesson.scenario()?;
    let suite = simulate::play(&scenario, &Options::of(&scenario))?;
    outputs
        .write_suite(&suite, &format!("{}\n{}", simulate::words(&suite), class::answer(&scenario, &suite)))?;
    suite.reports.iter().for_each(complain);
    Ok(exit_code(suite.as_expected(), false))
}

/// Plays a lesson on an emulator of its own.
async fn taught(
    lesson: &Lesson,
    flags: &LessonFlags,
    outputs: Outputs,
    audience: Audience,
) -> Result<u8, Failure> {
    let scenario = lesson.scenario()?;
    let stop = signal::stop_on_signal().map_err(Failure::Runtime)?;
    if matches!(audience, Audience::Class { .. }) {
        class::predict(lesson.number, &scenario, &stop).await;
    }
    if stop.is_cancelled() {
        return Err(Failure::Interrupted);
    }
    let (suite, played) = played(&scenario, flags, &outputs, audience).await?;
    outputs.write_suite(&suite, &class::answer(&scenario, &suite))?;
    suite.reports.iter().for_each(complain);
    played?;
    Ok(exit_code(suite.as_expected(), suite.interrupted))
}

/// Starts an emulator as the scenario wants it, and stops it however the
/// scenario ends: its function processes must not outlive it.
async fn played(
    scenario: &Scenario,
    flags: &LessonFlags,
    outputs: &Outputs,
    audience: Audience,
) -> Result<(Suite, Result<(), Failure>), Failure> {
    let emulator = start(scenario).await?;
    let target = Target::Url(emulator.endpoint());
    let played = play(scenario, &target, &flags.aws, &outputs.recorder, audience).await;
    emulator.shutdown().await;
    played
}

async fn start(scenario: &Scenario) -> Result<Emulator, Failure> {
    let emulator = Emulator::builder().config(scenario.account.config()).start().await;
    emulator.map_err(|error| Failure::Account {
        step: "start the emulator".to_owned(),
        problem: error.to_string(),
    })
}
