//! What became of the requests, as a ring and as a table beside it.

use super::chart;
use super::look::{hatch, marker};
use super::markup::{Element, Short, element};
use super::words::{by_count, count, share, things};
use crate::outcome::Class;
use crate::report::{Report, words};
use std::f64::consts::TAU;

/// Requests of one class; of refused ones, of one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slice<'a> {
    pub(super) class: Class,
    pub(super) reason: Option<&'a str>,
    pub(super) count: u64,
    /// Laid over the class's colour.
    hatch: Option<String>,
    /// Whether others have the class's colour too.
    shared: bool,
}

impl Slice<'_> {
    pub(super) fn label(&self, report: &Report) -> String {
        let class = words(self.class, report.mode);
        self.reason.map_or(class.to_owned(), |reason| format!("{class} {reason}"))
    }
}

/// All that occurred, in the order of [`Class::ALL`].
pub(super) fn slices(report: &Report) -> Vec<Slice<'_>> {
    let whole =
        |class| Slice { class, reason: None, count: report.counts.of(class), hatch: None, shared: false };
    let slices = Class::ALL
        .into_iter()
        .flat_map(|class| if class == Class::Throttled { reasons(report) } else { vec![whole(class)] });
    slices.filter(|slice| slice.count > 0).collect()
}

fn reasons(report: &Report) -> Vec<Slice<'_>> {
    let reasons = by_count(&report.counts.throttled);
    let shared = reasons.len() > 1;
    let slices = reasons.into_iter().enumerate().map(|(n, (reason, count))| Slice {
        class: Class::Throttled,
        reason: Some(reason),
        count,
        hatch: hatch(n),
        shared,
    });
    slices.collect()
}

/// The ring with its table.
pub(crate) fn outcomes(report: &Report) -> Element {
    let slices = slices(report);
    let both = element("div").class("pair").child(ring(report, &slices)).child(table(report, &slices));
    chart::figure(&format!("What became of the {}", things(report)), Vec::new(), vec![both], "")
}

const RADIUS: f64 = 86.0;

/// Slices thinner than this, in percent, could not be seen or pointed at.
const THINNEST: f64 = 0.7;

/// Slices with less than this have no room for their shape.
const ROOM_FOR_SHAPE: f64 = 4.0;

fn ring(report: &Report, slices: &[Slice<'_>]) -> Element {
    let widths = widths(slices);
    let starts = widths.iter().scan(0.0, |sum, width| {
        let start = *sum;
        *sum += width;
        Some(start)
    });
    let parts = slices
        .iter()
        .zip(starts.zip(&widths))
        .flat_map(|(slice, (start, &width))| part(report, slice, start, width));
    let total = count(report.requests);
    // The ring leaves room for about 120 units.
    let size = (190 / total.len().max(5)).min(32);
    let text = |class: &str, y, text: &str| element("text").class(class).with("y", y).text(text);
    element("svg")
        .class("pie")
        .with("viewBox", "-112 -112 224 224")
        .with("role", "img")
        .with("aria-label", "Shares of outcomes; the table beside it has the numbers")
        .children(parts)
        .child(text("total", 8, &total).with("font-size", size))
        .child(text("unit", 30, things(report)))
}

/// In percent of the ring.
fn widths(slices: &[Slice<'_>]) -> Vec<f64> {
    let all: u64 = slices.iter().map(|slice| slice.count).sum();
    let widths = slices.iter().map(|slice| (slice.count as f64 * 100.0 / all as f64).max(THINNEST));
    let widths: Vec<f64> = widths.collect();
    let sum: f64 = widths.iter().sum();
    widths.into_iter().map(|width| width * 100.0 / sum).collect()
}

/// A part of the ring is a dash of a thick circle's line; so is the hatch on it.
fn part(report: &Report, slice: &Slice<'_>, start: f64, width: f64) -> Vec<Element> {
    // Neighbours are kept apart by a gap; who has none needs none.
    let dash = if width < 100.0 { width - 0.35 } else { width };
    let ring = || {
        element("circle")
            .with("r", RADIUS)
            .with("pathLength", 100)
            .with("stroke-dasharray", format_args!("{} {}", Short(dash), Short(100.0 - dash)))
            .with("stroke-dashoffset", Short(-start))
            .with("transform", "rotate(-90)")
    };
    let told =
        format!("{}: {} ({})", slice.label(report), count(slice.count), share(slice.count, report.requests));
    let colour = ring().class(slice.class.key()).with("stroke", "currentColor").hint(&told);
    let hatch = slice.hatch.as_ref().map(|hatch| ring().class("hatch").with("stroke", hatch).hint(&told));
    let shape = (width >= ROOM_FOR_SHAPE).then(|| shape(slice.class, start + width / 2.0));
    [Some(colour), hatch, shape].into_iter().flatten().collect()
}

fn shape(class: Class, middle: f64) -> Element {
    let angle = middle / 100.0 * TAU;
    let (x, y) = (RADIUS * angle.sin(), -RADIUS * angle.cos());
    element("use")
        .class("on-colour")
        .with("href", format_args!("#m-{}", class.key()))
        .with("transform", format_args!("translate({} {}) scale(1.7)", Short(x), Short(y)))
}

fn table(report: &Report, slices: &[Slice<'_>]) -> Element {
    let cell = |text: String| element("td").class("number").text(text);
    let rows = slices.iter().map(|slice| {
        let name = element("th").with("scope", "row").child(swatch(slice)).text(slice.label(report));
        element("tr")
            .child(name)
            .child(cell(count(slice.count)))
            .child(cell(share(slice.count, report.requests)))
    });
    let heading = |text| element("th").with("scope", "col").text(text);
    let head = element("tr").child(heading("outcome")).child(heading(things(report)).class("number"));
    let head = head.child(heading("share").class("number"));
    let total = element("tr")
        .child(element("th").with("scope", "row").text("all"))
        .child(cell(count(report.requests)))
        .child(cell(share(report.requests, report.requests)));
    element("table")
        .class("outcomes")
        .child(element("thead").child(head))
        .child(element("tbody").children(rows))
        .child(element("tfoot").child(total))
}

/// What a slice is known by: its shape, or its hatch where others have the shape too.
fn swatch(slice: &Slice<'_>) -> Element {
    if !slice.shared {
        return marker(slice.class);
    }
    let square = || element("rect").with("x", -9).with("y", -9).with("width", 18).with("height", 18);
    element("svg")
        .class(format_args!("marker {}", slice.class.key()))
        .with("viewBox", "-10 -10 20 20")
        .with("aria-hidden", "true")
        .child(square().with("fill", "currentColor"))
        .children(slice.hatch.as_ref().map(|hatch| square().class("hatch").with("fill", hatch)))
}

/// All outcomes of a run in one line of a table.
pub(crate) fn strip(report: &Report) -> Element {
    let slices = slices(report);
    let mut start = 0.0;
    let parts = slices.iter().zip(widths(&slices)).map(|(slice, width)| {
        let x = start;
        start += width;
        let told = format!("{}: {}", slice.label(report), count(slice.count));
        element("rect")
            .class(slice.class.key())
            .with("x", format_args!("{}%", Short(x)))
            .with("width", format_args!("{}%", Short(width)))
            .with("height", 16)
            .hint(told)
    });
    element("svg").class("strip").with("aria-hidden", "true").children(parts.collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::super::markup::tests::assert_balanced;
    use super::*;
    use crate::report::Counts;
    use crate::report::tests::example;

    fn everything() -> Report {
        let throttled = [("A".to_owned(), 30), ("<B>".to_owned(), 20)].into();
        let counts = Counts {
            ok_warm: 100_000,
            ok_cold: 9,
            accepted: 8,
            throttled,
            function_error: 7,
            server_error: 6,
            client_error: 5,
            timeout: 4,
            no_answer: 3,
            not_sent: 1,
        };
        let requests = Class::ALL.into_iter().map(|class| counts.of(class)).sum();
        Report { counts, requests, ..example() }
    }

    #[test]
    fn slices_add_up_to_all_requests() {
        let report = everything();
        assert_eq!(slices(&report).iter().map(|slice| slice.count).sum::<u64>(), report.requests);
        let classes = slices(&example()).iter().map(|slice| slice.class).collect::<Vec<_>>();
        assert_eq!(classes, [Class::OkCold, Class::Throttled]);
    }

    #[test]
    fn a_ring_is_whole_and_hides_no_slice() {
        let report = everything();
        let widths = widths(&slices(&report));
        assert!((widths.iter().sum::<f64>() - 100.0).abs() < 1e-6);
        assert!(widths.iter().all(|width| *width > 0.5));
    }

    #[test]
    fn ring_and_table_show_the_report_s_numbers() {
        let text = outcomes(&everything()).to_string();
        assert_balanced(&text);
        for part in [
            "100,093",
            "200 warm: 100,000 (&gt; 99.9\u{a0}%)",
            "429 &lt;B&gt;: 20",
            "not sent: 1 (&lt; 0.1\u{a0}%)",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let empty = Report { counts: Counts::default(), requests: 0, ..example() };
        assert_balanced(&outcomes(&empty).to_string());
        assert!(!outcomes(&empty).to_string().contains("NaN"));
    }
}
