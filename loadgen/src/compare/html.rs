//! The comparison as one page.

use super::text::{count_cells, number_cells, time_cells};
use super::{Comparison, Verdict};
use crate::report::html::distribution::{Series, distribution};
use crate::report::html::markup::{Element, element};
use crate::report::html::shell;
use crate::report::html::tables::{column, number, number_column, table};

/// One self-contained page, which opens from disk.
pub fn html(comparisons: &[Comparison]) -> String {
    let title =
        comparisons.first().map_or("comparison".to_owned(), |first| format!("{}: A and B", first.name));
    let body: String = comparisons.iter().map(|comparison| section(comparison).to_string()).collect();
    shell(&title, &body)
}

fn section(comparison: &Comparison) -> Element {
    let Comparison { name, a, b, .. } = comparison;
    let heading = element("h2").text(name);
    let sides = element("p").text(format!(
        "A is {} ({} requests), B is {} ({} requests).",
        a.endpoint, a.requests, b.endpoint, b.requests
    ));
    let mark = if comparison.agree { "✓" } else { "✗" };
    let verdict = element("p").class("caption").text(format!("{mark} {}.", comparison.sentence()));
    let warnings =
        comparison.warnings.iter().map(|warning| element("p").text(format!("Not the same load: {warning}.")));
    let counts = comparison.counts.iter().map(|row| row_of(count_cells(row), row.verdict));
    let numbers = comparison.numbers.iter().map(|row| row_of(number_cells(row), row.verdict));
    let times = comparison.times.iter().map(|row| row_of(time_cells(row), row.verdict));
    element("section")
        .child(heading)
        .child(sides)
        .child(verdict)
        .children(warnings)
        .child(table(head("outcome"), counts.chain(numbers)))
        .child(table(head("time"), times))
        .children(comparison.curves.iter().map(|(what, a, b)| {
            let series =
                [Series::numbered(0, format!("A, {what}"), a), Series::numbered(1, format!("B, {what}"), b)];
            distribution(&series)
        }))
        .child(element("p").text(EXPLANATION))
}

/// What the words of the verdicts mean.
const EXPLANATION: &str = "Differs: beyond what chance alone brings, in 19 of 20 such comparisons, by Fisher's exact test \
    for counts, order statistics and the Kolmogorov–Smirnov test for times, corrected for the number of rows. The \
    interval says how large a difference may hide behind what does not differ. Environments and the highest \
    concurrency are decided by limits, and are compared as they are.";

fn head(first: &str) -> Vec<Element> {
    let cells = [
        column(first),
        number_column("A"),
        number_column("B"),
        number_column("difference, B less A"),
        column("verdict"),
    ];
    vec![element("tr").children(cells)]
}

fn row_of([what, a, b, difference]: [String; 4], verdict: Verdict) -> Element {
    let name = element("th").with("scope", "row").text(what);
    let verdict = element("td").text(verdict.words());
    element("tr").child(name).child(number(a)).child(number(b)).child(number(difference)).child(verdict)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Tolerance, compare};
    use crate::report::html::markup::tests::assert_balanced;
    use crate::report::tests::example;

    #[test]
    fn the_page_is_whole_and_says_the_verdict() {
        let page = html(&[compare(&example(), &example(), &Tolerance::default())]);
        assert_balanced(&page);
        assert!(page.contains("✓ what became of requests agrees; times agree."), "{page}");
        assert!(page.contains("<svg"), "{page}");
    }
}
