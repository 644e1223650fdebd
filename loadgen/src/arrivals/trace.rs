//! Due times from a CSV file.
//!
//! The first column is the time of a request in seconds; a column headed
//! `due_s` is preferred, so that loadgen's own samples can be replayed. Times
//! are replayed relative to the first. The file is read line by line, once to
//! check it and once to follow it, and never held whole.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

/// The heading of the column that is preferred.
const COLUMN: &str = "due_s";

/// Why a file is no trace, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    file: PathBuf,
    line: Option<u64>,
    problem: String,
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Malformed { file, line, problem } = self;
        match line {
            Some(line) => write!(f, "{}:{line}: {problem}", file.display()),
            None => write!(f, "{}: {problem}", file.display()),
        }
    }
}

impl std::error::Error for Malformed {}

impl Malformed {
    pub(super) fn of_file(file: &Path, problem: impl Into<String>) -> Malformed {
        Malformed { file: file.to_owned(), line: None, problem: problem.into() }
    }

    pub(super) fn of_line(file: &Path, line: u64, problem: impl Into<String>) -> Malformed {
        Malformed { file: file.to_owned(), line: Some(line), problem: problem.into() }
    }
}

/// Reads a file to its end, and counts its requests.
pub fn check(file: &Path) -> Result<u64, Malformed> {
    let mut last = f64::NEG_INFINITY;
    let mut requests = 0;
    for row in Rows::open(file)? {
        let (line, time) = row?;
        if time < last {
            let problem = format!("{time} is before the {last} above it; sort the file by time");
            return Err(Malformed::of_line(file, line, problem));
        }
        last = time;
        requests += 1;
    }
    match requests {
        0 => Err(Malformed::of_file(file, "has no times")),
        requests => Ok(requests),
    }
}

/// Seconds from the first request. What has become unreadable since the check
/// ends the times.
pub(super) fn times(file: &Path) -> Box<dyn Iterator<Item = f64> + Send> {
    let rows = Rows::open(file).into_iter().flatten().map_while(Result::ok).map(|(_, time)| time);
    let mut first = None;
    Box::new(rows.map(move |time| (time - *first.get_or_insert(time)).max(0.0)))
}

/// Line numbers and times.
struct Rows {
    file: PathBuf,
    records: csv::StringRecordsIntoIter<File>,
    column: usize,
    begun: bool,
}

impl Rows {
    fn open(file: &Path) -> Result<Rows, Malformed> {
        let mut reader = csv::ReaderBuilder::new();
        reader.has_headers(false).flexible(true).comment(Some(b'#')).trim(csv::Trim::All);
        let reader = reader.from_path(file).map_err(|error| malformed(file, &error))?;
        Ok(Rows { file: file.to_owned(), records: reader.into_records(), column: 0, begun: false })
    }

    /// The time in a row; none in a first row that is a heading.
    fn time(&mut self, record: &csv::StringRecord) -> Result<Option<(u64, f64)>, Malformed> {
        let line = record.position().map_or(0, csv::Position::line);
        let text = record.get(self.column).unwrap_or_default();
        let first = !std::mem::replace(&mut self.begun, true);
        match text.parse::<f64>() {
            Ok(time) if time.is_finite() => Ok(Some((line, time))),
            Ok(_) | Err(_) if first => {
                self.column = record.iter().position(|name| name == COLUMN).unwrap_or_default();
                Ok(None)
            }
            Ok(_) | Err(_) => {
                Err(Malformed::of_line(&self.file, line, format!("'{text}' is not a time in seconds")))
            }
        }
    }
}

impl Iterator for Rows {
    type Item = Result<(u64, f64), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let row = match self.records.next()? {
                Ok(record) => self.time(&record),
                Err(error) => Err(malformed(&self.file, &error)),
            };
            if let Some(row) = row.transpose() {
                return Some(row);
            }
        }
    }
}

pub(super) fn malformed(file: &Path, error: &csv::Error) -> Malformed {
    let io = if let csv::ErrorKind::Io(error) = error.kind() { Some(error) } else { None };
    let problem = io.map_or_else(|| error.to_string(), |error| format!("cannot read: {error}"));
    let line = error.position().map(csv::Position::line);
    Malformed { file: file.to_owned(), line, problem }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn times_count_from_the_first() {
        let check = |text: &str, expected: &[f64]| {
            let file = file(text);
            assert_eq!(check(file.path()), Ok(expected.len() as u64), "{text}");
            assert_eq!(times(file.path()).collect::<Vec<_>>(), expected, "{text}");
        };
        check("0\n0.5\n2\n", &[0.0, 0.5, 2.0]);
        check("time\n1763750000\n1763750000.5\n", &[0.0, 0.5]);
        check("# a comment\nn, due_s, class\n1, 3.5, ok\n2, 4, ok\n", &[0.0, 0.5]);
        check("7\n7\n\n8", &[0.0, 0.0, 1.0]);
    }

    #[test]
    fn what_is_wrong_is_named_by_line() {
        let check = |text: &str, line: Option<u64>, part: &str| {
            let file = file(text);
            let problem = check(file.path()).unwrap_err();
            assert_eq!(problem.line, line, "{problem}");
            assert!(problem.to_string().contains(part), "{problem}");
        };
        check("", None, "has no times");
        check("time\n", None, "has no times");
        check("0\n1\nsoon\n", Some(3), "'soon' is not a time in seconds");
        check("0\n2\n1\n", Some(3), "sort the file");
        check("0\nNaN\n", Some(2), "'NaN'");
    }
}
