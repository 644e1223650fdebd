//! Where reports go: standard output, and the files that were asked for.

use crate::cli::{Output, OutputFlags};
use crate::failure::Failure;
use crate::report::file::OutFile;
use crate::report::samples::Samples;
use crate::report::suite::Suite;
use crate::report::{Report, html, json, junit, text};
use crate::sample::Sample;
use std::cell::RefCell;
use std::io::Write;
use std::time::{Duration, Instant};

/// How often the JSON report is renewed while a run lasts.
pub const CHECKPOINT: Duration = Duration::from_secs(5);

/// All of them, opened before the first request.
#[derive(Debug)]
pub struct Outputs {
    output: Output,
    html: Option<OutFile>,
    junit: Option<OutFile>,
    /// Runs at the same time share it.
    pub recorder: RefCell<Recorder>,
}

/// What is written while a run lasts.
#[derive(Debug, Default)]
pub struct Recorder {
    samples: Option<Samples>,
    report: Option<OutFile>,
    /// What the runs under way belong to, if they do not stand alone.
    suite: Option<Suite>,
    /// Of each run under way, the latest there is.
    under_way: Vec<Report>,
}

impl Outputs {
    pub fn open(flags: &OutputFlags) -> Result<Outputs, Failure> {
        let samples = OutFile::optional("--csv", flags.csv.as_deref())?;
        Ok(Outputs {
            output: flags.output,
            html: OutFile::optional("--html", flags.html.as_deref())?,
            junit: OutFile::optional("--junit", flags.junit.as_deref())?,
            recorder: RefCell::new(Recorder {
                samples: samples.map(OutFile::stream).transpose()?.map(Samples::new),
                report: OutFile::optional("--report", flags.report.as_deref())?,
                suite: None,
                under_way: Vec::new(),
            }),
        })
    }

    /// A run that stands alone.
    pub fn write_report(self, report: &Report) -> Result<(), Failure> {
        match self.output {
            Output::Text => print(&text::render(report)),
            Output::Json => print(&json::render(report)),
        }
        let report = report.repeatable();
        self.write_files(&report.title(), &json::render(&report), std::slice::from_ref(&report))
    }

    /// Several runs that belong together; `text` is how people are told of them.
    pub fn write_suite(self, suite: &Suite, text: &str) -> Result<(), Failure> {
        match self.output {
            Output::Text => print(text),
            Output::Json => print(&json::render(suite)),
        }
        let suite =
            Suite { reports: suite.reports.iter().map(Report::repeatable).collect(), ..suite.clone() };
        self.write_files(&suite.name, &json::render(&suite), &suite.reports)
    }

    /// Whether people read standard output as the runs go on.
    pub fn is_for_people(&self) -> bool {
        self.output == Output::Text
    }

    fn write_files(self, title: &str, document: &str, reports: &[Report]) -> Result<(), Failure> {
        let Recorder { samples, report, .. } = self.recorder.into_inner();
        report.map_or(Ok(()), |mut file| file.write(document))?;
        samples.map_or(Ok(()), Samples::finish)?;
        self.html.map_or(Ok(()), |mut file| file.write(&html::render(title, reports)))?;
        self.junit.map_or(Ok(()), |mut file| file.write(&junit::render(title, reports)))
    }
}

impl Recorder {
    /// The runs that were before the next ones.
    pub fn belongs_to(&mut self, suite: &Suite) {
        self.suite = Some(suite.clone());
        self.under_way.clear();
    }

    /// `name` is that of the run, where there are several.
    pub fn sample(&mut self, name: Option<&str>, sample: &Sample, start: Instant) {
        if let Some(samples) = &mut self.samples {
            samples.write(name, sample, start);
        }
    }

    pub fn wants_checkpoints(&self) -> bool {
        self.report.is_some()
    }

    /// Writes what there is so far. Trouble shows at the end, if it lasts.
    pub fn checkpoint(&mut self, so_far: Report) {
        let Some(file) = &mut self.report else { return };
        let document = match &self.suite {
            None => json::render(&so_far),
            Some(suite) => {
                self.under_way.retain(|report| report.name != so_far.name);
                self.under_way.push(so_far);
                let mut suite = Suite { interrupted: true, ..suite.clone() };
                suite.reports.extend(self.under_way.iter().cloned());
                json::render(&suite)
            }
        };
        let _ = file.write_so_far(&document);
    }
}

/// Writes to standard output. A reader that has gone away is not an error.
pub fn print(text: &str) {
    let mut out = anstream::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
