//! Several reports that belong together: the stages of a scenario, or the cases
//! of a sweep.

use super::Report;
use crate::failure::Failure;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Names the form; a change that breaks readers changes the number.
pub const SCHEMA: &str = "loadgen.suite/1";

/// Reports with names, in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Suite {
    pub schema: String,
    pub name: String,
    /// What a scenario asks its readers.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub question: Option<String>,
    pub interrupted: bool,
    pub reports: Vec<Report>,
    /// What an interruption or a failure left undone.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub not_run: Vec<String>,
}

impl Suite {
    pub fn new(name: impl Into<String>, question: Option<String>) -> Suite {
        Suite {
            schema: SCHEMA.to_owned(),
            name: name.into(),
            question,
            interrupted: false,
            reports: Vec::new(),
            not_run: Vec::new(),
        }
    }

    pub fn as_expected(&self) -> bool {
        self.not_run.is_empty() && self.reports.iter().all(Report::as_expected)
    }
}

/// What a file of `--report` may hold.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    Report(Box<Report>),
    Suite(Suite),
}

#[derive(Debug, Deserialize)]
struct Schema {
    schema: String,
}

impl Document {
    /// Reads what `--report` has written.
    pub fn read(path: &Path) -> Result<Document, Failure> {
        let failure = |problem: String| Failure::Unreadable { path: path.to_owned(), problem };
        let text = std::fs::read_to_string(path).map_err(|error| failure(format!("cannot read: {error}")))?;
        Document::parse(&text).map_err(failure)
    }

    fn parse(text: &str) -> Result<Document, String> {
        let foreign = |error: serde_json::Error| format!("is no report of loadgen: {error}");
        let Schema { schema } = serde_json::from_str(text).map_err(foreign)?;
        match schema.as_str() {
            super::SCHEMA => serde_json::from_str(text).map(Document::Report).map_err(foreign),
            SCHEMA => serde_json::from_str(text).map(Document::Suite).map_err(foreign),
            other => {
                Err(format!("has the form {other}, and this loadgen reads {} and {SCHEMA}", super::SCHEMA))
            }
        }
    }

    /// All reports in it.
    pub fn reports(&self) -> &[Report] {
        match self {
            Document::Report(report) => std::slice::from_ref(report),
            Document::Suite(suite) => &suite.reports,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::json::render;
    use crate::report::tests::example;

    #[test]
    fn documents_are_known_by_their_schema() {
        let report = Document::parse(&render(&example())).unwrap();
        assert_eq!(report, Document::Report(Box::new(example())));
        let suite = Suite { reports: vec![example()], ..Suite::new("s", None) };
        assert_eq!(Document::parse(&render(&suite)).unwrap(), Document::Suite(suite));
    }

    #[test]
    fn what_is_no_report_is_refused() {
        let check = |text: &str, part: &str| {
            let problem = Document::parse(text).unwrap_err();
            assert!(problem.contains(part), "{problem}");
        };
        check("", "is no report of loadgen");
        check("{}", "missing field `schema`");
        check(r#"{"schema":"loadgen.report/1"}"#, "has the form loadgen.report/1");
        check(r#"{"schema":"loadgen.report/2"}"#, "missing field");
    }
}
