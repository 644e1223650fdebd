//! The run over time: what left and what ended in each interval, and how long
//! that had taken.

use super::chart::{self, Axis, LAYER_WIDTH, Steps};
use super::look::key_of;
use super::markup::{Element, Percent, Short, element};
use super::scale::Scale;
use super::simulation::instant;
use super::words::{capitalized, count, things};
use crate::cli::Mode;
use crate::duration::show_ms;
use crate::outcome::Class;
use crate::report::{Report, words};
use crate::stats::{Coarse, Timeline};
use std::collections::BTreeMap;

/// Columns that a page has room for.
const MOST_COLUMNS: usize = 240;

const COUNTS_HEIGHT: f64 = 200.0;
const TIMES_HEIGHT: f64 = 200.0;

/// None when all happened in one interval: then there is no course to show.
pub(super) fn timeline(report: &Report) -> Option<Element> {
    let course = Course::new(&report.timeline, report.mode);
    if course.columns.len() < 2 {
        return None;
    }
    let classes: Vec<Class> = Class::ALL.into_iter().filter(|class| course.has(*class)).collect();
    let wide = show_ms(course.width_s * 1000.0);
    let up = |most| Axis::of_counts(most, 4, &format!("{} per {wide}", things(report)));
    let time = Axis::of_time(0.0, course.span_s(), "time from the start of the run");
    let timed = timed_classes(&classes);
    let above = "requests that ended, stacked by what became of them, and a line for those that left.";
    let counts = counts(&course, &classes, &time, &up(course.most()), instant(report));
    let signs = classes.iter().map(|class| key_of(*class, report.mode));
    let legend = [line_key("sent", "sent")].into_iter().chain(signs);
    if instant(report) {
        return Some(chart::figure("Over time", legend.collect(), vec![counts], &capitalized(above)));
    }
    let pictures = vec![counts, times(&course, &timed, &time)];
    let legend = legend.chain([line_key("median", "p50"), line_key("slowest", "p99")]).collect();
    let of = if timed.iter().all(|class| class.is_success()) { "successes" } else { "all that ended" };
    let caption = format!("Above: {above} Below: response times of {of}, by when they ended.");
    Some(chart::figure("Over time", legend, pictures, &caption))
}

/// Times of refusals would hide those of what ran.
fn timed_classes(present: &[Class]) -> Vec<Class> {
    let of = |wanted: fn(&Class) -> bool| present.iter().copied().filter(wanted).collect::<Vec<_>>();
    let successes = of(|class| class.is_success());
    if successes.is_empty() { of(|class| *class != Class::NotSent) } else { successes }
}

/// The timeline in as many columns as there is room for.
struct Course {
    /// Names the classes.
    mode: Mode,
    width_s: f64,
    columns: Vec<Column>,
}

#[derive(Default)]
struct Column {
    sent: u64,
    ended: BTreeMap<Class, BTreeMap<u64, u64>>,
}

impl Course {
    fn new(timeline: &Timeline, mode: Mode) -> Course {
        let several = round_factor(timeline.intervals.len().div_ceil(MOST_COLUMNS).max(1));
        let columns = timeline.intervals.chunks(several).map(|intervals| {
            let mut column = Column::default();
            for interval in intervals {
                column.sent += interval.sent;
                interval.ended.iter().for_each(|(class, times)| column.add(*class, times));
            }
            column
        });
        Course {
            mode,
            width_s: (timeline.width_ms * several as u64) as f64 / 1000.0,
            columns: columns.collect(),
        }
    }

    fn span_s(&self) -> f64 {
        self.width_s * self.columns.len() as f64
    }

    fn has(&self, class: Class) -> bool {
        self.columns.iter().any(|column| column.count(class) > 0)
    }

    fn most(&self) -> f64 {
        let highest =
            |column: &Column| column.sent.max(Class::ALL.map(|class| column.count(class)).iter().sum());
        self.columns.iter().map(highest).max().unwrap_or_default() as f64
    }

    fn at(&self, column: usize) -> f64 {
        column as f64 / self.columns.len() as f64
    }
}

impl Column {
    fn add(&mut self, class: Class, times: &Coarse) {
        let all = self.ended.entry(class).or_default();
        for (micros, n) in Vec::from(times.clone()) {
            *all.entry(micros).or_default() += n;
        }
    }

    fn count(&self, class: Class) -> u64 {
        self.ended.get(&class).map_or(0, |times| times.values().sum())
    }

    fn percentile_s(&self, classes: &[Class], percent: f64) -> Option<f64> {
        let mut all = BTreeMap::new();
        for (micros, n) in classes.iter().filter_map(|class| self.ended.get(class)).flatten() {
            *all.entry(*micros).or_default() += n;
        }
        let all: Vec<(u64, u64)> = all.into_iter().collect();
        Some(Coarse::from(all).percentile_ms(percent)? / 1000.0)
    }

    fn told(&self, classes: &[Class], mode: Mode, from_s: f64, to_s: f64) -> String {
        let ms = |seconds: f64| show_ms(seconds * 1000.0);
        let ended = classes.iter().filter(|class| self.count(**class) > 0);
        let ended: String =
            ended.map(|class| format!(", {}: {}", words(*class, mode), count(self.count(*class)))).collect();
        format!("{} to {}; sent: {}{ended}", ms(from_s), ms(to_s), count(self.sent))
    }
}

/// The next of 1, 2, 5, 10, 20, …: so many intervals make a round one.
fn round_factor(least: usize) -> usize {
    let decades = std::iter::successors(Some(1), |decade| Some(decade * 10));
    let factors = decades.flat_map(|decade| [decade, 2 * decade, 5 * decade]);
    factors.into_iter().find(|factor| *factor >= least).expect("there is no last one")
}

fn line_key(kind: &str, text: &str) -> Element {
    let line = element("line").class(format_args!("line {kind}")).with("x2", 24).with("y1", 7).with("y2", 7);
    let sign = element("svg").class("bar").with("aria-hidden", "true").child(line);
    element("span").class("key").child(sign).text(text)
}

/// With the labels of the time axis where nothing stands below.
fn counts(course: &Course, classes: &[Class], time: &Axis, up: &Axis, alone: bool) -> Element {
    let height = COUNTS_HEIGHT;
    let y = |n: u64| height * (1.0 - up.scale.at(n as f64));
    // Each area reaches down to zero, and those below are painted over it.
    let areas = (0..classes.len()).rev().map(|n| {
        let upto = |column: &Column| classes[..=n].iter().map(|class| column.count(*class)).sum();
        let area = steps(course, |column| y(upto(column))).area(height);
        element("path").class(format_args!("stack {}", classes[n].key())).with("d", area)
    });
    let sent = steps(course, |column| y(column.sent)).line();
    let sent = element("path").class("line sent").with("d", sent);
    let told = course.columns.iter().enumerate().map(|(n, column)| {
        let from = course.width_s * n as f64;
        element("rect")
            .class("touch")
            .with("x", Percent(course.at(n)))
            .with("width", Percent(course.at(1)))
            .with("height", height)
            .hint(column.told(classes, course.mode, from, from + course.width_s))
    });
    chart::plot("counts", height, "Requests sent and ended in each interval")
        .child(time.under(height, alone))
        .child(up.beside(height))
        .child(chart::layer(height).children(areas).child(sent))
        .children(told)
}

fn steps(course: &Course, y: impl Fn(&Column) -> f64) -> Steps {
    let mut steps = Steps::default();
    for (n, column) in course.columns.iter().enumerate() {
        steps.to(course.at(n) * LAYER_WIDTH, y(column));
        steps.to(course.at(n + 1) * LAYER_WIDTH, y(column));
    }
    steps
}

/// Beyond so many columns only those without neighbours get a dot: the others
/// have a line.
const FEW: usize = 80;

fn times(course: &Course, classes: &[Class], time: &Axis) -> Element {
    let height = TIMES_HEIGHT;
    let curve = |percent| course.columns.iter().map(|column| column.percentile_s(classes, percent)).collect();
    let (median, slowest): (Vec<Option<f64>>, Vec<Option<f64>>) = (curve(50.0), curve(99.0));
    let scale = Scale::of_values(median.iter().chain(&slowest).flatten().copied(), 1e-5);
    let up = Axis::of_durations(scale, "response time");
    let mut layer = chart::layer(height);
    let mut dots = element("g");
    for (kind, name, curve) in [("slowest", "p99", slowest), ("median", "p50", median)] {
        let places = places(course, &curve, |seconds| height * (1.0 - scale.at(seconds)));
        layer = layer.child(element("path").class(format_args!("line {kind}")).with("d", polyline(&places)));
        dots = dots.children(marks(&places, kind, |n| {
            let at = show_ms(course.width_s * n as f64 * 1000.0);
            format!("{name} of the interval from {at}: {}", show_ms(curve[n].unwrap_or_default() * 1000.0))
        }));
    }
    chart::plot("times", height, "p50 and p99 of the response time in each interval")
        .child(up.beside(height))
        .child(time.below(height))
        .child(layer)
        .child(dots)
}

/// In the middle of each column, where it has a value.
fn places(course: &Course, curve: &[Option<f64>], y: impl Fn(f64) -> f64) -> Vec<Option<(f64, f64)>> {
    let place =
        |(n, seconds): (usize, &Option<f64>)| Some((course.at(n) + course.at(1) / 2.0, y((*seconds)?)));
    curve.iter().enumerate().map(place).collect()
}

/// A line from place to place, which breaks where there is none.
fn polyline(places: &[Option<(f64, f64)>]) -> String {
    let mut path = String::new();
    let mut command = 'M';
    for place in places {
        match place {
            Some((x, y)) => {
                path.push_str(&format!("{command}{} {}", Short(x * LAYER_WIDTH), Short(*y)));
                command = 'L';
            }
            None => command = 'M',
        }
    }
    path
}

fn marks(places: &[Option<(f64, f64)>], kind: &str, told: impl Fn(usize) -> String) -> Vec<Element> {
    let alone = |n: usize| {
        let before = n.checked_sub(1).and_then(|before| places[before]);
        before.is_none() && places.get(n + 1).copied().flatten().is_none()
    };
    let shown = places.iter().enumerate().filter(|(n, _)| places.len() <= FEW || alone(*n));
    let mark = |(n, place): (usize, &Option<(f64, f64)>)| {
        let (x, y) = (*place)?;
        let dot = element("circle").class(kind).with("cx", Percent(x)).with("cy", Short(y)).with("r", 4);
        Some(dot.hint(told(n)))
    };
    shown.filter_map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::super::markup::tests::assert_balanced;
    use super::*;
    use crate::report::tests::example;
    use std::time::Duration;

    #[test]
    fn columns_add_up_to_the_timeline() {
        let mut timeline = Timeline::default();
        for n in 0..3_000 {
            let at = Duration::from_millis(100 * n);
            timeline.left(at);
            timeline.ended(at, Class::OkWarm, Duration::from_millis(1 + n % 10));
        }
        let course = Course::new(&timeline, Mode::Sync);
        assert_eq!((course.columns.len(), course.width_s), (150, 2.0));
        assert_eq!(course.columns.iter().map(|column| column.sent).sum::<u64>(), 3_000);
        assert_eq!(course.columns.iter().map(|column| column.count(Class::OkWarm)).sum::<u64>(), 3_000);
        let median = course.columns[7].percentile_s(&[Class::OkWarm], 50.0).unwrap();
        assert!((median - 0.005).abs() < 0.0005, "{median}");
    }

    #[test]
    fn the_picture_tells_counts_and_times() {
        let picture = timeline(&example()).unwrap().to_string();
        assert_balanced(&picture);
        assert!(picture.contains("0.00 ms to 100 ms; sent: 100, 429: 95"));
        assert!(picture.contains("p99 of the interval from 2.50 s: 2.5"));
        assert!(picture.contains("response times of successes"));
    }

    #[test]
    fn what_took_no_time_has_no_course() {
        let report = Report { timeline: Timeline::default(), ..example() };
        assert!(timeline(&report).is_none());
    }

    #[test]
    fn several_intervals_make_a_round_one() {
        let check = |least, expected| assert_eq!(round_factor(least), expected);
        check(1, 1);
        check(3, 5);
        check(15, 20);
        check(500, 500);
    }
}
