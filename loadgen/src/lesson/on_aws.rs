//! The lesson that is played twice: here and on AWS.

use super::{Lesson, class, start};
use crate::cli::{LessonFlags, Output};
use crate::compare;
use crate::failure::{Failure, exit};
use crate::outputs::print;
use crate::report::file::OutFile;
use crate::report::text::STRONG;
use crate::report::{Report, json};
use crate::reports::{pairs, played};
use crate::run::complain;
use crate::scenario::Scenario;
use crate::signal;
use crate::target::{Clients, Target};

/// Plays it on an emulator of its own and on AWS, and says whether the two agree.
pub(super) async fn compared(lesson: &Lesson, flags: &LessonFlags, to_class: bool) -> Result<u8, Failure> {
    let scenario = lesson.scenario()?;
    refuse_files_of_requests(flags)?;
    let mut html = OutFile::optional("--html", flags.output.html.as_deref())?;
    let mut report = OutFile::optional("--report", flags.output.report.as_deref())?;
    // Whoever has no account to play it in is told so before the lesson begins.
    Clients::connect(&Target::Aws).await?;
    let to_class = to_class && flags.output.output == Output::Text;
    if to_class {
        let stop = signal::stop_on_signal().map_err(Failure::Runtime)?;
        class::predict(lesson.number, &scenario, &stop).await;
        if stop.is_cancelled() {
            return Err(Failure::Interrupted);
        }
    }
    let (here, there) = both(&scenario, flags).await?;
    let comparisons = pairs(("emulator", &here), ("aws", &there))?;
    let document = json::render(&comparisons);
    match flags.output.output {
        Output::Text => comparisons.iter().for_each(|comparison| print(&compare::text(comparison))),
        Output::Json => print(&document),
    }
    if let (true, Some(answer)) = (to_class, &scenario.answer) {
        print(&format!("\n{STRONG}Answer:{STRONG:#} {answer}\n"));
    }
    html.as_mut().map_or(Ok(()), |file| file.write(&compare::html(&comparisons)))?;
    report.as_mut().map_or(Ok(()), |file| file.write(&document))?;
    here.iter().chain(&there).for_each(complain);
    let as_expected = here.iter().chain(&there).all(Report::as_expected);
    let agree = comparisons.iter().all(|comparison| comparison.agree);
    Ok(if agree && as_expected { exit::DONE } else { exit::UNEXPECTED })
}

/// What came of it here, and there. AWS comes first: it asks whether that is meant.
async fn both(scenario: &Scenario, flags: &LessonFlags) -> Result<(Vec<Report>, Vec<Report>), Failure> {
    let there = played(scenario, &Target::Aws, &flags.aws).await?;
    let emulator = start(scenario).await?;
    let here = played(scenario, &Target::Url(emulator.endpoint()), &flags.aws).await;
    emulator.shutdown().await;
    Ok((here?, there))
}

/// A comparison has no lines of its own for requests and expectations.
fn refuse_files_of_requests(flags: &LessonFlags) -> Result<(), Failure> {
    let given = [("--csv", &flags.output.csv), ("--junit", &flags.output.junit)];
    match given.into_iter().find(|(_, file)| file.is_some()) {
        Some((flag, _)) => Err(Failure::flag(flag, "is not written of a lesson that compares two runs")),
        None => Ok(()),
    }
}
