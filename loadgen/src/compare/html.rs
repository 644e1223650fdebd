//! The comparison as one page.

use super::text::{DIFFERENCE, count_cells, number_cells, time_cells};
use super::{Comparison, Verdict, words};
use crate::report::html::distribution::{Series, distribution};
use crate::report::html::markup::{Element, element};
use crate::report::html::shell;
use crate::report::html::tables::{column, number, number_column, table};

/// One self-contained page, which opens from disk.
pub fn html(comparisons: &[Comparison]) -> String {
    let title = match comparisons {
        [one] => format!("{}: A and B", one.name),
        _ => "A and B".to_owned(),
    };
    let notes = comparisons.first().map(|first| words::notes(&first.tolerance)).into_iter().flatten();
    let notes = element("footer").children(notes.map(|note| element("p").text(note)));
    let heading = element("h1").text(&title);
    let body: String = [heading]
        .into_iter()
        .chain(comparisons.iter().map(section))
        .chain([notes])
        .map(|part| part.to_string())
        .collect();
    shell(&title, &body)
}

fn section(comparison: &Comparison) -> Element {
    let Comparison { name, a, b, .. } = comparison;
    let sides = element("p").text(format!(
        "A is {} ({} requests), B is {} ({} requests).",
        a.endpoint, a.requests, b.endpoint, b.requests
    ));
    let mark = if comparison.agree { "✓" } else { "✗" };
    let verdict = element("p").class("caption").text(format!("{mark} {}.", comparison.sentence));
    let warnings =
        comparison.warnings.iter().map(|warning| element("p").text(format!("Careful: {warning}.")));
    let counts = comparison.counts.iter().map(|row| row_of(count_cells(row), row.finding.verdict));
    let numbers = comparison.numbers.iter().map(|row| row_of(number_cells(row), row.finding.verdict));
    let times = comparison.times.iter().map(|row| row_of(time_cells(row), row.finding.verdict));
    element("section")
        .child(element("h2").text(name))
        .child(sides)
        .child(verdict)
        .children(warnings)
        .child(table(head("outcome"), counts.chain(numbers)))
        .child(table(head("time"), times))
        .children(pictures(comparison))
}

/// One picture for each kind of time.
fn pictures(comparison: &Comparison) -> impl Iterator<Item = Element> {
    comparison.curves.iter().map(|curves| {
        let label = |side: &str| format!("{side}, {} of {}", curves.time, curves.of);
        distribution(&[
            Series::numbered(0, label("A"), &curves.a),
            Series::numbered(1, label("B"), &curves.b),
        ])
    })
}

fn head(first: &str) -> Vec<Element> {
    let cells =
        [column(first), number_column("A"), number_column("B"), number_column(DIFFERENCE), column("verdict")];
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
    use crate::report::Report;
    use crate::report::html::markup::tests::assert_balanced;
    use crate::report::tests::example;

    #[test]
    fn the_page_is_whole_and_says_the_verdict() {
        let one = compare(&example(), &example(), &Tolerance::default());
        let check = |comparisons: &[Comparison], pictures: usize| {
            let page = html(comparisons);
            assert_balanced(&page);
            assert_eq!(page.matches("class=\"distribution\"").count(), pictures);
            assert_eq!(
                page.matches("✓ A and B agree on what became of requests; times agree.").count(),
                comparisons.len()
            );
            assert!(page.matches("The tests take requests to be independent").count() <= 1);
        };
        check(std::slice::from_ref(&one), 5);
        check(&[one.clone(), one], 10);
        check(&[], 0);
    }

    #[test]
    fn nothing_from_outside_becomes_markup() {
        let evil = "<script>".to_owned();
        let mut report = Report { name: Some(evil.clone()), endpoint: evil.clone(), ..example() };
        report.counts.throttled.insert(evil, 1);
        let page = html(&[compare(&report, &report, &Tolerance::default())]);
        assert_balanced(&page);
        assert!(!page.contains("<script"));
    }
}
