//! The comparison for people.

use super::{Comparison, CountRow, NumberRow, TimeRow, Verdict};
use crate::duration::show_ms;
use crate::report::text::{BAD, FAINT, GOOD, STRONG, THROTTLED, mark};
use anstyle::Style;

/// Rows of cells, the last of which is the verdict.
pub fn text(comparison: &Comparison) -> String {
    let Comparison { name, a, b, .. } = comparison;
    let mut out = format!("{STRONG}{name}: A is {}, B is {}{STRONG:#}\n", a.endpoint, b.endpoint);
    for warning in &comparison.warnings {
        out.push_str(&format!("  {BAD}not the same load:{BAD:#} {warning}\n"));
    }
    let counts = comparison.counts.iter().map(|row| (count_cells(row), row.verdict));
    let numbers = comparison.numbers.iter().map(|row| (number_cells(row), row.verdict));
    table(&mut out, ["outcome", "A", "B", "difference"], counts.chain(numbers));
    let times = comparison.times.iter().map(|row| (time_cells(row), row.verdict));
    table(&mut out, ["time", "A", "B", "difference"], times);
    out.push_str(&format!("\n  {} {}\n\n", mark(comparison.agree), comparison.sentence()));
    out
}

pub(super) fn count_cells(row: &CountRow) -> [String; 4] {
    let points = |share: f64| format!("{:+.1}", share * 100.0);
    let share = |count: u64, share: f64| format!("{count} ({:.1} %)", share * 100.0);
    let difference =
        format!("{} points, {} to {}", points(row.difference), points(row.low), points(row.high));
    [row.what.clone(), share(row.a, row.share_a), share(row.b, row.share_b), difference]
}

pub(super) fn number_cells(row: &NumberRow) -> [String; 4] {
    let shown = |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
    let difference = row.a.zip(row.b).map(|(a, b)| format!("{:+}", b.cast_signed() - a.cast_signed()));
    [row.what.to_owned(), shown(row.a), shown(row.b), difference.unwrap_or_default()]
}

pub(super) fn time_cells(row: &TimeRow) -> [String; 4] {
    let signed = |ms: f64| format!("{}{}", if ms < 0.0 { "-" } else { "+" }, show_ms(ms.abs()));
    let bound = |ms: Option<f64>| ms.map_or("unknown".to_owned(), signed);
    let difference = match row.p {
        None => format!("{}, {} to {}", signed(row.b_ms - row.a_ms), bound(row.low_ms), bound(row.high_ms)),
        Some(_) => format!("{} on average", signed(row.b_ms - row.a_ms)),
    };
    [format!("{} {}", row.what, row.point), row.show_a(), row.show_b(), difference]
}

fn table(out: &mut String, head: [&str; 4], rows: impl Iterator<Item = ([String; 4], Verdict)>) {
    let rows: Vec<([String; 4], Verdict)> = rows.collect();
    let width = |n: usize| {
        let cells = rows.iter().map(|(cells, _)| cells[n].chars().count());
        cells.chain([head[n].len()]).max().unwrap_or_default()
    };
    let [w0, w1, w2, w3] = [width(0), width(1), width(2), width(3)];
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Tolerance, compare};
    use crate::report::tests::example;

    #[test]
    fn every_row_has_its_verdict() {
        let mut other = example();
        other.counts.ok_cold = 50;
        other.counts.throttled.values_mut().for_each(|count| *count = 50);
        let text = text(&compare(&example(), &other, &Tolerance::default()));
        let text = anstream::adapter::strip_str(&text).to_string();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in [
            "sandbox: A is http://127.0.0.1:4566, B is http://127.0.0.1:4566",
            "200 cold 5 (5.0 %) 50 (50.0 %) +45.0 points, +33.6 to +55.0 differs",
            "environments 5 5 +0 no difference beyond chance",
            "200 and 202 p50 2.50 s 2.50 s +0.00 ms",
            "✗ what became of requests differs: 200 cold 5 and 50, 429 Reserved",
        ] {
            assert!(text.contains(part), "{part}\nin\n{text}");
        }
    }
}
