//! Above the lanes: when requests were due, and what became of those that never
//! ran, counted in narrow columns.

use super::chart::{self, Axis};

use super::markup::{Element, Percent, Short, element};
use super::words::count;
use crate::duration::show_ms;
use crate::outcome::Class;
use crate::report::{Report, words};
use crate::stats::Point;

const COLUMNS: usize = 240;
const HEIGHT: f64 = 30.0;

/// Letters of a name that fits beside its count on any page.
const SHORT_NAME: usize = 3;

/// One strip for all, and one for each class that went wrong.
pub(super) fn strips(report: &Report, time: &Axis) -> Vec<Element> {
    let all = columns(report, time, |_| true);
    // All strips have one scale, so that their columns can be compared.
    let most = all.iter().copied().max().unwrap_or_default();
    let due = strip("due", "due", report.requests, &all, most, time);
    let failed = classes(report).into_iter().map(|class| {
        let columns = columns(report, time, |point| point.class == class);
        let total = report.counts.of(class);
        strip(class.key(), words(class, report.mode), total, &columns, most, time)
    });
    std::iter::once(due).chain(failed).collect()
}

/// Classes that have a strip.
pub(super) fn classes(report: &Report) -> Vec<Class> {
    let failed = |class: &Class| {
        !class.is_success() && report.points.requests.iter().any(|point| point.class == *class)
    };
    Class::ALL.into_iter().filter(failed).collect()
}

/// How many requests were due in which column.
fn columns(report: &Report, time: &Axis, wanted: impl Fn(&Point) -> bool) -> Vec<u64> {
    let mut columns = vec![0; COLUMNS];
    for point in report.points.requests.iter().filter(|point| wanted(point)) {
        let column = (time.scale.at(point.due_s) * COLUMNS as f64) as usize;
        columns[column.min(COLUMNS - 1)] += report.points.every;
    }
    columns
}

fn strip(class: &str, name: &str, total: u64, columns: &[u64], most: u64, time: &Axis) -> Element {
    let marks = columns.iter().enumerate().filter(|(_, requests)| **requests > 0);
    let width = 1.0 / COLUMNS as f64;
    let marks = marks.map(|(n, &requests)| {
        // The square root keeps a single request visible beside a burst.
        let height = ((requests as f64 / most as f64).sqrt() * HEIGHT).max(4.0);
        let at = time.scale.value_at(n as f64 * width);
        element("rect")
            .with("x", Percent(n as f64 * width))
            .with("width", Percent(width))
            .with("y", Short(HEIGHT - height))
            .with("height", Short(height))
            .hint(format_args!("{name}: {} due at {}", count(requests), show_ms(at.max(0.0) * 1000.0)))
    });
    let text = element("text").class("name").with("x", -8).with("y", HEIGHT - 8.0);
    // A narrow page has no room for a long name; the legend has its colour.
    let width = if name.len() > SHORT_NAME { "wide" } else { "any" };
    let name_of_strip = element("tspan").class(width).text(format_args!("{name} "));
    chart::plot("lanes strip", HEIGHT, &format!("{name}: {}", count(total)))
        .child(element("g").class("axis").child(time.verticals(HEIGHT)))
        .child(text.child(name_of_strip).text(count(total)))
        .child(element("g").class(format_args!("column {class}")).children(marks))
}
