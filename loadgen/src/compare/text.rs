//! The comparison for people.

use super::{Comparison, CountRow, Estimate, NumberRow, TimeRow, Verdict, words};
use crate::duration::show_ms;
use crate::report::text::{BAD, FAINT, GOOD, STRONG, THROTTLED, mark};
use anstyle::Style;

/// The heading of its column, in a page too.
pub(super) const DIFFERENCE: &str = "B less A (95 % interval)";

/// Letters in a line of the notes.
const WIDTH: usize = 110;

/// Tables whose last column is the verdict, the verdict on all, and what the words
/// mean.
pub fn text(comparison: &Comparison) -> String {
    let Comparison { name, a, b, .. } = comparison;
    let mut out = format!("{STRONG}{name}: A is {}, B is {}{STRONG:#}\n", a.endpoint, b.endpoint);
    for warning in &comparison.warnings {
        out.push_str(&format!("  {BAD}careful:{BAD:#} {warning}\n"));
    }
    let counts = comparison.counts.iter().map(|row| (count_cells(row), row.finding.verdict));
    let numbers = comparison.numbers.iter().map(|row| (number_cells(row), row.finding.verdict));
    table(&mut out, ["outcome", "A", "B", DIFFERENCE], counts.chain(numbers));
    let times = comparison.times.iter().map(|row| (time_cells(row), row.finding.verdict));
    table(&mut out, ["time", "A", "B", DIFFERENCE], times);
    out.push_str(&format!("\n  {} {}\n\n", mark(comparison.agree), comparison.sentence));
    for line in words::notes(&comparison.tolerance).iter().flat_map(|note| wrapped(note)) {
        out.push_str(&format!("  {FAINT}{line}{FAINT:#}\n"));
    }
    out.push('\n');
    out
}

pub(super) fn count_cells(row: &CountRow) -> [String; 4] {
    let share = |count: u64, share: Estimate| format!("{count} ({:.1} %)", share.value * 100.0);
    let points = between(row.difference, |share| format!("{:+.1}", share * 100.0));
    [row.what.clone(), share(row.a, row.share_a), share(row.b, row.share_b), format!("{points} points")]
}

pub(super) fn number_cells(row: &NumberRow) -> [String; 4] {
    let difference = format!("{:+}", i128::from(row.b) - i128::from(row.a));
    [row.what.to_owned(), row.a.to_string(), row.b.to_string(), difference]
}

pub(super) fn time_cells(row: &TimeRow) -> [String; 4] {
    let signed = |ms: f64| format!("{}{}", if ms < 0.0 { "-" } else { "+" }, show_ms(ms.abs()));
    let difference = match row.distance {
        None => between(row.difference_ms, signed),
        Some(distance) => {
            format!(
                "{} on average, up to {:.0} points apart",
                signed(row.difference_ms.value),
                distance * 100.0
            )
        }
    };
    [row.label(), row.show_a(), row.show_b(), difference]
}

/// A number, and from where to where it may be.
fn between(estimate: Estimate, show: impl Fn(f64) -> String) -> String {
    let end = |end: Option<f64>| end.map_or("unknown".to_owned(), &show);
    let value = show(estimate.value);
    match (estimate.low, estimate.high) {
        (None, None) => format!("{value} (unknown)"),
        (low, high) => format!("{value} ({} to {})", end(low), end(high)),
    }
}

fn table(out: &mut String, head: [&str; 4], rows: impl Iterator<Item = ([String; 4], Verdict)>) {
    let rows: Vec<([String; 4], Verdict)> = rows.collect();
    if rows.is_empty() {
        return;
    }
    let width = |n: usize| {
        let cells = rows.iter().map(|(cells, _)| cells[n].chars().count());
        cells.chain([head[n].len()]).max().unwrap_or_default()
    };
    let [w0, w1, w2, w3] = [0, 1, 2, 3].map(width);
    let line = |cells: [&str; 4]| {
        format!("{:w0$}  {:>w1$}  {:>w2$}  {:w3$}", cells[0], cells[1], cells[2], cells[3])
    };
    out.push_str(&format!("\n  {FAINT}{}{FAINT:#}\n", line(head).trim_end()));
    for (cells, verdict) in &rows {
        let cells = [0, 1, 2, 3].map(|n| cells[n].as_str());
        let style = style(*verdict);
        out.push_str(&format!("  {}  {style}{}{style:#}\n", line(cells), verdict.words()));
    }
}

fn style(verdict: Verdict) -> Style {
    match verdict {
        Verdict::Same | Verdict::WithinTolerance => GOOD,
        Verdict::Differs => BAD,
        Verdict::TooFew => THROTTLED,
    }
}

/// Lines of whole words.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is one from the beginning");
        match last.chars().count() + 1 + word.chars().count() {
            _ if last.is_empty() => last.push_str(word),
            wide if wide > WIDTH => lines.push(word.to_owned()),
            _ => *last = format!("{last} {word}"),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Tolerance, compare};
    use crate::report::Report;
    use crate::report::tests::example;

    fn plain(a: &Report, b: &Report) -> String {
        let text = text(&compare(a, b, &Tolerance::default()));
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn every_row_has_its_verdict() {
        let mut other = example();
        other.counts.ok_cold = 50;
        other.counts.throttled.values_mut().for_each(|count| *count = 50);
        let text = plain(&example(), &other);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "sandbox: A is http://127.0.0.1:4566, B is http://127.0.0.1:4566 outcome",
            "200 cold 5 (5.0 %) 50 (50.0 %) +45.0 (+33.6 to +55.0) points differs",
            "environments 5 5 +0 no difference beyond chance",
            "response p50 of successes 2.50 s 2.50 s +0.00 ms (unknown) too few to tell",
            "response p50 of throttles 20.0 ms 20.0 ms +0.00 ms (+0.00 ms to +0.00 ms) no difference",
            "+0.00 ms on average, up to 0 points apart no difference beyond chance",
            "✗ A and B differ in what became of requests: 200 cold 5 and 50, 429 Reserved",
            "The tests take requests to be independent. Those of a burst are not",
            "Tolerance: 1 % of all requests, 5 % of a time, 5 % of a number.",
        ] {
            assert!(words.contains(part), "{part}\nin\n{text}");
        }
    }

    #[test]
    fn a_warning_stands_before_all_numbers() {
        let text = plain(&example(), &Report { interrupted: true, ..example() });
        assert_eq!(text.lines().nth(1), Some("  careful: B was interrupted"));
    }

    #[test]
    fn notes_are_as_wide_as_a_page() {
        let text = "word ".repeat(60);
        let lines = wrapped(&text);
        assert!(lines.len() == 3 && lines.iter().all(|line| line.len() <= WIDTH), "{lines:?}");
        assert_eq!(lines.join(" "), text.trim());
    }
}
