//! `loadgen compare` and `loadgen merge`: commands that work on reports.

use crate::cli::{AwsFlags, CompareFlags, MergeFlags, Output, OutputFlags};
use crate::compare::{self, Comparison, Tolerance};
use crate::failure::{Failure, exit};
use crate::outputs::{Outputs, print};
use crate::report::file::OutFile;
use crate::report::merge::merge;
use crate::report::suite::Document;
use crate::report::{Report, json};
use crate::run::{complain, complete, exit_code};
use crate::scenario::{self, Audience, Scenario};
use crate::target::Target;
use std::cell::RefCell;
use std::path::Path;
use std::process::ExitCode;

/// `loadgen compare`
pub fn compare(flags: &CompareFlags) -> ExitCode {
    complete(compared(flags))
}

/// `loadgen merge`
pub fn merged(flags: &MergeFlags) -> ExitCode {
    complete(add_up(flags))
}

async fn compared(flags: &CompareFlags) -> Result<u8, Failure> {
    let mut html = OutFile::optional("--html", flags.html.as_deref())?;
    let mut report = OutFile::optional("--report", flags.report.as_deref())?;
    let (a, b) = match &flags.scenario {
        Some(file) => {
            let scenario = Scenario::read(file)?;
            let (a, b) = (target(&flags.a)?, target(&flags.b)?);
            (played(&scenario, &a, &flags.aws).await?, played(&scenario, &b, &flags.aws).await?)
        }
        None => (read(&flags.a)?, read(&flags.b)?),
    };
    let comparisons = pairs((&flags.a, &a), (&flags.b, &b))?;
    let document = json::render(&comparisons);
    match flags.output {
        Output::Text => comparisons.iter().for_each(|comparison| print(&compare::text(comparison))),
        Output::Json => print(&document),
    }
    html.as_mut().map_or(Ok(()), |file| file.write(&compare::html(&comparisons)))?;
    report.as_mut().map_or(Ok(()), |file| file.write(&document))?;
    let agree = comparisons.iter().all(|comparison| comparison.agree);
    Ok(if agree { exit::DONE } else { exit::UNEXPECTED })
}

fn target(text: &str) -> Result<Target, Failure> {
    let hint = "with --scenario, A and B are targets: emulator, aws or a URL";
    text.parse().map_err(|problem: String| Failure::flag_with_hint("A and B:", problem, hint))
}

/// Plays a scenario for what is to be compared.
pub async fn played(scenario: &Scenario, target: &Target, flags: &AwsFlags) -> Result<Vec<Report>, Failure> {
    anstream::eprintln!("playing {} on {target}", scenario.name);
    scenario::warn_of_account(scenario, target).await?;
    let (suite, played) =
        scenario::play(scenario, target, flags, &RefCell::default(), Audience::Nobody).await?;
    played?;
    if suite.interrupted { Err(Failure::Interrupted) } else { Ok(suite.reports) }
}

fn read(path: &str) -> Result<Vec<Report>, Failure> {
    Ok(Document::read(Path::new(path))?.reports().to_vec())
}

/// Reports of the same name belong together; single ones do anyway. Each side
/// comes with what it is called.
pub fn pairs(
    (name_a, a): (&str, &[Report]),
    (name_b, b): (&str, &[Report]),
) -> Result<Vec<Comparison>, Failure> {
    let tolerance = Tolerance::default();
    if let ([a], [b]) = (a, b) {
        return Ok(vec![compare::compare(a, b, &tolerance)]);
    }
    let named = |reports: &[Report]| reports.iter().map(Report::title).collect::<Vec<_>>();
    if named(a) != named(b) {
        let problem =
            format!("{name_a} has {}, and {name_b} has {}", named(a).join(", "), named(b).join(", "));
        return Err(Failure::flag("A and B:", problem));
    }
    Ok(a.iter().zip(b).map(|(a, b)| compare::compare(a, b, &tolerance)).collect())
}

async fn add_up(flags: &MergeFlags) -> Result<u8, Failure> {
    let output = OutputFlags {
        output: flags.output,
        report: flags.report.clone(),
        html: flags.html.clone(),
        csv: None,
        junit: None,
    };
    let outputs = Outputs::open(&output)?;
    let mut parts = Vec::new();
    for file in &flags.files {
        match Document::read(file)?.reports() {
            [report] => parts.push((file.display().to_string(), report.clone())),
            reports => {
                let problem = format!("holds {} runs; merge takes one of each file", reports.len());
                return Err(Failure::Unreadable { path: file.clone(), problem });
            }
        }
    }
    let mut whole = merge(&parts).map_err(|problem| Failure::flag("FILE:", problem))?;
    if !flags.expect.is_empty() {
        whole.judge(&flags.expect);
    }
    outputs.write_report(&whole)?;
    complain(&whole);
    Ok(exit_code(whole.as_expected(), whole.interrupted))
}
