//! Every request as a dot: when it was due, and how long it took.

use super::chart::{self, Axis};
use super::look::marker;
use super::markup::{Element, Percent, Short, element};
use super::scale::Scale;
use super::simulation::instant;
use super::words::{NO_TIME, count};
use crate::duration::show_ms;
use crate::outcome::Class;
use crate::report::{Report, words};
use crate::stats::Point;

const HEIGHT: f64 = 340.0;

/// Response times below ten microseconds are noise.
const SHORTEST_S: f64 = 1e-5;

/// More dots than this are drawn small.
const MANY: usize = 250;

/// Requests that are due within a millisecond are due at once; then an axis of
/// due times would put all on one line.
const AT_ONCE_S: f64 = 1e-3;

/// None when no request is known one by one. `most` bounds the dots.
pub(super) fn dots(report: &Report, most: usize) -> Option<Element> {
    if instant(report) {
        return None;
    }
    let step = report.points.requests.len().div_ceil(most.max(1)).max(1);
    let mut points: Vec<&Point> = report.points.requests.iter().step_by(step).collect();
    let every = report.points.every * step as u64;
    let drawing = Drawing::new(report, &points, every)?;
    if drawing.at_once {
        points.sort_by(|a, b| a.response_s.total_cmp(&b.response_s));
    }
    let no_time = |point: &&Point| point.class != Class::NotSent && point.response_s <= 0.0;
    let no_time = if points.iter().any(no_time) { NO_TIME } else { "" };
    let legend = present(&points).into_iter().map(|class| switch(class, report)).collect();
    let caption = format!(
        "{}{} Higher is slower.{no_time}",
        match every {
            1 => "One dot per request.".to_owned(),
            n => format!("One dot for every {} request.", ordinal(n)),
        },
        match drawing.at_once {
            true => " All were due at the same instant, so they stand in the order in which they ended.",
            false => "",
        }
    );
    Some(chart::figure("Request by request", legend, vec![drawing.picture(&points)], &caption))
}

struct Drawing<'a> {
    report: &'a Report,
    /// How many requests each dot stands for.
    every: u64,
    at_once: bool,
    across: Axis,
    up: Axis,
    /// What never left has no response time, and stands in a row of its own.
    unsent: bool,
}

impl<'a> Drawing<'a> {
    fn new(report: &'a Report, points: &[&Point], every: u64) -> Option<Drawing<'a>> {
        let first = points.iter().map(|point| point.due_s).reduce(f64::min)?;
        let last = points.iter().map(|point| point.due_s).reduce(f64::max)?;
        let at_once = last - first < AT_ONCE_S;
        let across = match at_once {
            true => Axis::of_counts(
                (points.len() as u64 * every) as f64,
                8,
                "requests, in the order in which they ended",
            ),
            false => {
                Axis::of_time(first.min(0.0), last, "when the request was due, from the start of the run")
            }
        };
        let sent = points.iter().filter(|point| point.class != Class::NotSent);
        // What a simulation refuses takes no time, and would stretch the axis
        // for nothing: it lies on the bottom.
        let scale = Scale::of_values(sent.map(|point| point.response_s).filter(|s| *s > 0.0), SHORTEST_S);
        let up = Axis::of_durations(scale, "response time");
        let unsent = points.iter().any(|point| point.class == Class::NotSent);
        Some(Drawing { report, every, at_once, across, up, unsent })
    }

    fn picture(&self, points: &[&Point]) -> Element {
        let size = if points.len() > MANY { 's' } else { 'm' };
        // What went wrong is rare and lies on top.
        let (over, under): (Vec<_>, Vec<_>) =
            points.iter().enumerate().partition(|(_, point)| point.class.is_error());
        let dots = under.into_iter().chain(over).map(|(n, point)| self.dot(n, point, size));
        let below = if self.unsent { 18.0 } else { 0.0 };
        let unsent = self.unsent.then(|| {
            let text = element("text").with("x", -8).with("y", HEIGHT + 14.0).text("not sent");
            element("g").class("axis beside").child(text)
        });
        chart::plot("tall", HEIGHT + below, "Response time of each request over its due time")
            .child(self.up.beside(HEIGHT))
            .child(self.across.below(HEIGHT + below))
            .children(unsent)
            .child(element("g").class("dots").children(dots))
    }

    fn dot(&self, n: usize, point: &Point, size: char) -> Element {
        let key = point.class.key();
        let x = if self.at_once { (n as f64 + 0.5) * self.every as f64 } else { point.due_s };
        let left = point.class != Class::NotSent;
        let y = if left { HEIGHT * (1.0 - self.up.scale.at(point.response_s)) } else { HEIGHT + 10.0 };
        element("use")
            .class(key)
            .with("href", format_args!("#{size}-{key}"))
            .with("x", Percent(self.across.scale.at(x)))
            .with("y", Short(y))
            .hint(self.hint(point))
    }

    fn hint(&self, point: &Point) -> String {
        let class = words(point.class, self.report.mode);
        let due = show_ms(point.due_s * 1000.0);
        let environment = point.environment.and_then(|n| self.report.environment_uses.get(n));
        let environment = environment.map(|used| format!(", in {}", used.id)).unwrap_or_default();
        let took = show_ms(point.response_s * 1000.0);
        let took = if point.class == Class::NotSent { String::new() } else { format!(" after {took}") };
        format!("{class}{took}, due at {due}{environment}")
    }
}

/// Classes of which there are dots.
fn present(points: &[&Point]) -> Vec<Class> {
    Class::ALL.into_iter().filter(|class| points.iter().any(|point| point.class == *class)).collect()
}

/// A class's sign, and a box that takes its dots away.
fn switch(class: Class, report: &Report) -> Element {
    let total = count(report.counts.of(class));
    let tick = Element::void("input").class(class.key()).with("type", "checkbox").with("checked", "");
    element("label")
        .class("key")
        .child(tick)
        .child(marker(class))
        .text(format_args!("{} ({total})", words(class, report.mode)))
}

fn ordinal(n: u64) -> String {
    let ending = match (n % 10, n % 100) {
        (1, last) if last != 11 => "st",
        (2, last) if last != 12 => "nd",
        (3, last) if last != 13 => "rd",
        _ => "th",
    };
    format!("{}{ending}", count(n))
}
