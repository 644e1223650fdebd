//! Expected beside observed, and whether they agree.

use crate::report::text::{BAD, FAINT, STRONG, mark};
use anstyle::Style;
use serde::Serialize;
use std::fmt::Write;
use std::ops::RangeInclusive;

/// One observation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Row {
    /// The setting it was made under; empty when it is that of the row above.
    pub(super) case: String,
    pub(super) what: String,
    pub(super) expected: String,
    pub(super) observed: String,
    pub(super) ok: bool,
}

impl Row {
    /// Exactly as many.
    pub(super) fn equal(what: impl Into<String>, expected: u64, observed: u64) -> Row {
        let ok = expected == observed;
        Row::new(what.into(), expected.to_string(), observed.to_string(), ok)
    }

    /// As many or fewer.
    pub(super) fn at_most(what: impl Into<String>, most: u64, observed: Option<u64>) -> Row {
        let ok = observed.is_some_and(|observed| observed <= most);
        let observed = observed.map_or("unknown".to_owned(), |observed| observed.to_string());
        Row::new(what.into(), format!("≤ {most}"), observed, ok)
    }

    /// As many or more.
    pub(super) fn at_least(what: impl Into<String>, least: u64, observed: u64) -> Row {
        Row::new(what.into(), format!("≥ {least}"), observed.to_string(), observed >= least)
    }

    /// Somewhere between.
    pub(super) fn within(what: impl Into<String>, range: RangeInclusive<u64>, observed: u64) -> Row {
        let expected = format!("{} to {}", range.start(), range.end());
        Row::new(what.into(), expected, observed.to_string(), range.contains(&observed))
    }

    fn new(what: String, expected: String, observed: String, ok: bool) -> Row {
        Row { case: String::new(), what, expected, observed, ok }
    }

    /// What is observed, behind a column of settings where there are any.
    fn labels(rows: &[Row]) -> Vec<String> {
        let case = width("", rows.iter().map(|row| &row.case));
        let label = |row: &Row| match case {
            0 => row.what.clone(),
            _ => format!("{:case$}  {}", row.case, row.what),
        };
        rows.iter().map(label).collect()
    }

    /// Begins a new setting.
    pub(super) fn case(self, case: impl Into<String>) -> Row {
        Row { case: case.into(), ..self }
    }
}

/// The table of an experiment.
pub(super) fn render(title: &str, rows: &[Row]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_table(&mut text, title, rows);
    text
}

fn write_table(out: &mut String, title: &str, rows: &[Row]) -> std::fmt::Result {
    let labels = Row::labels(rows);
    let label = width("", &labels);
    let expected = width("expected", rows.iter().map(|row| &row.expected));
    let observed = width("observed", rows.iter().map(|row| &row.observed));

    writeln!(out, "{STRONG}{title}{STRONG:#}")?;
    let head = format!("{:label$}  {:>expected$}  {:>observed$}", "", "expected", "observed");
    writeln!(out, "  {FAINT}{head}{FAINT:#}")?;
    for (row, text) in rows.iter().zip(&labels) {
        let style = if row.ok { Style::new() } else { BAD };
        write!(out, "  {text:label$}  {:>expected$}", row.expected)?;
        write!(out, "  {style}{:>observed$}{style:#}", row.observed)?;
        writeln!(out, "  {}", mark(row.ok))?;
    }
    writeln!(out)
}

/// The width of the widest, in characters.
fn width<T: AsRef<str>>(head: &str, cells: impl IntoIterator<Item = T>) -> usize {
    let cells = cells.into_iter().map(|cell| cell.as_ref().chars().count());
    cells.chain([head.len()]).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_judge() {
        let check = |row: Row, expected: &str, observed: &str, ok: bool| {
            assert_eq!((row.expected.as_str(), row.observed.as_str(), row.ok), (expected, observed, ok));
        };
        check(Row::equal("x", 5, 5), "5", "5", true);
        check(Row::equal("x", 5, 6), "5", "6", false);
        check(Row::at_most("x", 5, Some(5)), "≤ 5", "5", true);
        check(Row::at_most("x", 5, Some(6)), "≤ 5", "6", false);
        check(Row::at_most("x", 5, None), "≤ 5", "unknown", false);
        check(Row::at_least("x", 1, 1), "≥ 1", "1", true);
        check(Row::at_least("x", 1, 0), "≥ 1", "0", false);
        check(Row::within("x", 2..=4, 2), "2 to 4", "2", true);
        check(Row::within("x", 2..=4, 5), "2 to 4", "5", false);
    }

    #[test]
    fn tables_line_up() {
        let rows = [
            Row::equal("200", 5, 5).case("reserved 5"),
            Row::equal("429", 95, 94),
            Row::at_most("running at once", 5, Some(5)),
        ];
        let expected = "\
1 Synchronous
                               expected  observed
  reserved 5  200                     5         5  ✓
              429                    95        94  ✗
              running at once       ≤ 5         5  ✓

";
        let text = anstream::adapter::strip_str(&render("1 Synchronous", &rows)).to_string();
        assert_eq!(text, expected);
        let without_cases = render("2", &[Row::equal("202", 20, 20)]);
        assert!(without_cases.contains("\n  202        20  "), "{without_cases}");
    }
}
