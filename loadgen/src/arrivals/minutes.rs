//! Due times from counts per minute.
//!
//! Two forms of CSV are understood. In the wide one a row is a function, and the
//! columns headed 1, 2, 3, … are its minutes: that is how the Azure Functions
//! trace of 2019 is published, with 1,440 of them. One function is chosen by the
//! beginning of any other column's text; otherwise all are added up. In the
//! narrow form a row is a minute, and the count stands in the first column or in
//! the one headed `count`.
//!
//! The file is read row by row; what is kept are the counts of its minutes.
//! Within a minute requests come at random, each independent of the others.

use super::trace::{Malformed, malformed};
use std::fs::File;
use std::iter;
use std::path::Path;

/// The heading of the column that is preferred in the narrow form.
const COLUMN: &str = "count";

const MINUTE_S: f64 = 60.0;

/// Reads a file to its end, and counts its requests.
pub fn check(file: &Path, function: Option<&str>) -> Result<u64, Malformed> {
    let counts = counts(file, function)?;
    match counts.iter().fold(0_u64, |sum, count| sum.saturating_add(*count)) {
        0 => Err(Malformed::of_file(file, "has no requests")),
        requests => Ok(requests),
    }
}

/// Seconds from the beginning of the first minute. What has become unreadable
/// since the check has no times.
pub(super) fn times(file: &Path, function: Option<&str>, seed: u64) -> Box<dyn Iterator<Item = f64> + Send> {
    let mut lots = fastrand::Rng::with_seed(seed);
    let counts = counts(file, function).unwrap_or_default();
    Box::new(counts.into_iter().enumerate().flat_map(move |(minute, count)| {
        let mut own = fastrand::Rng::with_seed(lots.u64(..));
        let begin = minute as f64 * MINUTE_S;
        within(count, move || own.f64()).map(move |part| begin + part * MINUTE_S)
    }))
}

/// So many parts of a whole, at random and in order: the first of n lies where
/// the lowest of n lots would, the next is the lowest of the rest, and so on.
fn within(count: u64, mut lot: impl FnMut() -> f64) -> impl Iterator<Item = f64> {
    let (mut left, mut at) = (count, 0.0);
    iter::from_fn(move || {
        let rest = left;
        left = left.checked_sub(1)?;
        at = 1.0 - (1.0 - at) * libm::pow(1.0 - lot(), 1.0 / rest as f64);
        Some(at)
    })
}

/// The requests of each minute.
fn counts(file: &Path, function: Option<&str>) -> Result<Vec<u64>, Malformed> {
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).flexible(true).comment(Some(b'#')).trim(csv::Trim::All);
    let reader = reader.from_path(file).map_err(|error| malformed(file, &error))?;
    let mut table = Table { file, function, records: reader.into_records() };
    let Some(head) = table.next()? else { return Err(Malformed::of_file(file, "is empty")) };
    match first_minute(&head) {
        Some(first) => table.wide(first),
        None if function.is_some() => {
            Err(Malformed::of_file(file, "has no columns headed 1, 2, 3, …, so no functions to choose from"))
        }
        None => table.narrow(&head),
    }
}

/// Where the columns of minutes begin, if the head names some.
fn first_minute(head: &csv::StringRecord) -> Option<usize> {
    let first = head.iter().position(|name| name == "1")?;
    (head.get(first + 1) == Some("2")).then_some(first)
}

struct Table<'a> {
    file: &'a Path,
    function: Option<&'a str>,
    records: csv::StringRecordsIntoIter<File>,
}

impl Table<'_> {
    fn next(&mut self) -> Result<Option<csv::StringRecord>, Malformed> {
        self.records.next().transpose().map_err(|error| malformed(self.file, &error))
    }

    fn wide(&mut self, first: usize) -> Result<Vec<u64>, Malformed> {
        let (mut sums, mut chosen) = (Vec::new(), 0_u64);
        while let Some(row) = self.next()? {
            if !self.is_chosen(&row, first) {
                continue;
            }
            chosen += 1;
            sums.resize(sums.len().max(row.len().saturating_sub(first)), 0_u64);
            for (sum, text) in sums.iter_mut().zip(row.iter().skip(first)) {
                *sum = sum.saturating_add(self.count(&row, text)?);
            }
        }
        match (self.function, chosen) {
            (Some(function), 0) => Err(Malformed::of_file(self.file, format!("has no function {function}"))),
            (Some(function), 2..) => {
                let problem =
                    format!("has {chosen} functions that begin with {function}; say more of its name");
                Err(Malformed::of_file(self.file, problem))
            }
            (Some(_) | None, _) => Ok(sums),
        }
    }

    fn is_chosen(&self, row: &csv::StringRecord, first: usize) -> bool {
        self.function.is_none_or(|function| row.iter().take(first).any(|text| text.starts_with(function)))
    }

    fn narrow(&mut self, head: &csv::StringRecord) -> Result<Vec<u64>, Malformed> {
        let named = head.iter().position(|name| name == COLUMN);
        let column = named.unwrap_or_default();
        let mut counts = Vec::new();
        // A head that is a number is the first minute.
        if let (None, Some(text)) = (named, head.get(column).filter(|text| text.parse::<f64>().is_ok())) {
            counts.push(self.count(head, text)?);
        }
        while let Some(row) = self.next()? {
            counts.push(self.count(&row, row.get(column).unwrap_or_default())?);
        }
        Ok(counts)
    }

    fn count(&self, row: &csv::StringRecord, text: &str) -> Result<u64, Malformed> {
        text.parse().map_err(|_| {
            let line = row.position().map_or(0, csv::Position::line);
            Malformed::of_line(self.file, line, format!("'{text}' is not a number of requests in a minute"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const WIDE: &str =
        "HashOwner,HashApp,HashFunction,Trigger,1,2,3\no,a,f1,http,2,0,1\no,a,f2,queue,0,5,0\n";

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    fn per_minute(text: &str, function: Option<&str>) -> Vec<usize> {
        let file = file(text);
        let times: Vec<f64> = times(file.path(), function, 7).collect();
        assert!(times.is_sorted(), "{times:?}");
        assert_eq!(check(file.path(), function), Ok(times.len() as u64));
        let minutes = times.last().map_or(0, |last| (last / MINUTE_S) as usize + 1);
        let mut counts = vec![0; minutes];
        times.iter().for_each(|time| counts[(time / MINUTE_S) as usize] += 1);
        counts
    }

    #[test]
    fn a_row_for_each_function_or_for_each_minute() {
        assert_eq!(per_minute(WIDE, None), [2, 5, 1]);
        assert_eq!(per_minute(WIDE, Some("f1")), [2, 0, 1]);
        assert_eq!(per_minute(WIDE, Some("f2")), [0, 5]);
        assert_eq!(per_minute("3\n0\n2\n", None), [3, 0, 2]);
        assert_eq!(per_minute("minute,count\n1,3\n2,4\n", None), [3, 4]);
    }

    #[test]
    fn requests_come_at_random_within_their_minute() {
        let file = file("100000\n");
        let times: Vec<f64> = times(file.path(), None, 1).collect();
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        assert!((mean - 30.0).abs() < 0.3, "{mean}");
        let early = times.iter().filter(|time| **time < 6.0).count();
        assert!(early.abs_diff(10_000) < 500, "{early}");
        assert!(times.iter().all(|time| (0.0..60.0).contains(time)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, function, part: &str| {
            let file = file(text);
            let problem = check(file.path(), function).unwrap_err().to_string();
            assert!(problem.contains(part), "{problem}");
        };
        check("", None, "is empty");
        check("0\n0\n", None, "has no requests");
        check("3\nmany\n", None, ":2: 'many' is not a number of requests");
        check(WIDE, Some("f3"), "has no function f3");
        check(WIDE, Some("f"), "has 2 functions that begin with f");
        check("3\n", Some("f"), "no functions to choose from");
        check("a,1,2\nf,1,-1\n", None, ":2: '-1'");
    }
}
