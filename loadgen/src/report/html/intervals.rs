//! When which environment ran: the report's points as bars in lanes.
//!
//! Knows nothing of pictures.

use crate::cli::Mode;
use crate::outcome::Class;
use crate::report::Report;
use crate::stats::Point;
use std::collections::BTreeMap;

/// Lanes in the order in which they began.
#[derive(Debug)]
pub(super) struct Lanes {
    pub(super) kind: Kind,
    pub(super) lanes: Vec<Lane>,
    /// Successes that named no environment, and have no bar.
    pub(super) without: usize,
}

/// What a lane is, and whose clock its bars are on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// An environment, by the function's clock. `shift_s` was added to lay it
    /// on the client's.
    Environments { shift_s: Option<f64> },
    /// As many lanes as were needed to lay requests side by side from due time
    /// to outcome, by the client's clock.
    InFlight,
}

#[derive(Debug)]
pub(super) struct Lane {
    /// The environment's; none where a lane is not an environment.
    pub(super) id: Option<String>,
    /// From early to late.
    pub(super) bars: Vec<Bar>,
}

/// A request that ran. Seconds count from the start of the run.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bar {
    pub(super) class: Class,
    /// When Init began, if the request waited for it.
    pub(super) init: Option<f64>,
    pub(super) from: f64,
    pub(super) to: f64,
}

impl Bar {
    pub(super) fn begin(&self) -> f64 {
        self.init.unwrap_or(self.from)
    }
}

impl Lane {
    pub(super) fn begin(&self) -> f64 {
        self.bars.first().map_or(0.0, Bar::begin)
    }

    pub(super) fn end(&self) -> f64 {
        self.bars.iter().map(|bar| bar.to).fold(0.0, f64::max)
    }
}

impl Lanes {
    /// None when no request is known to have run.
    pub(super) fn new(report: &Report) -> Option<Lanes> {
        let points = &report.points.requests;
        let mut lanes = of_environments(report, points).or_else(|| in_flight(report.mode, points))?;
        lanes.lanes.sort_by(|a, b| a.begin().total_cmp(&b.begin()));
        Some(lanes)
    }

    pub(super) fn bars(&self) -> impl Iterator<Item = &Bar> {
        self.lanes.iter().flat_map(|lane| &lane.bars)
    }

    /// How many ran from when on, from the first to the last change.
    pub(super) fn concurrency(&self) -> Vec<(f64, u64)> {
        // Who ends at an instant makes room for who begins at it.
        let mut changes: Vec<(f64, i64)> =
            self.bars().flat_map(|bar| [(bar.from, 1), (bar.to, -1)]).collect();
        changes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut running = 0;
        let levels = changes.into_iter().map(|(at, change)| {
            running += change;
            (at, running.max(0) as u64)
        });
        levels.collect()
    }
}

fn of_environments(report: &Report, points: &[Point]) -> Option<Lanes> {
    let shift_s = shift(points);
    let shifted = shift_s.unwrap_or_default();
    let mut lanes: BTreeMap<usize, Vec<Bar>> = BTreeMap::new();
    for point in points {
        let Some((environment, (from, to))) = point.environment.zip(point.ran_s) else { continue };
        let (from, to) = (from + shifted, to + shifted);
        let init = point.init_s.map(|init| from - init);
        lanes.entry(environment).or_default().push(Bar { class: point.class, init, from, to });
    }
    let named = lanes.values().map(Vec::len).sum::<usize>();
    let succeeded = points.iter().filter(|point| point.class.is_success()).count();
    let lane = |(n, mut bars): (usize, Vec<Bar>)| {
        bars.sort_by(|a, b| a.from.total_cmp(&b.from));
        let id = report.environment_uses.get(n).map(|used| used.id.clone());
        Lane { id, bars }
    };
    (named > 0).then(|| Lanes {
        kind: Kind::Environments { shift_s },
        lanes: lanes.into_iter().map(lane).collect(),
        without: succeeded.saturating_sub(named),
    })
}

/// Clocks that agree to this are taken as one: a clock that is kept by NTP is
/// no better.
const CLOCKS_AGREE_S: f64 = 0.02;

/// What to add to the function's clock, where it cannot be the client's: a
/// function cannot run before its request was due, nor end after the answer
/// was heard. Each request thereby bounds the difference from both sides; the
/// middle of what all allow errs the least.
fn shift(points: &[Point]) -> Option<f64> {
    let ran = points.iter().filter_map(|point| Some((point, point.ran_s?)));
    let bounds = ran.map(|(point, (from, to))| {
        let begin = from - point.init_s.unwrap_or_default();
        (point.due_s - begin, point.due_s + point.response_s - to)
    });
    let (low, high) = bounds.reduce(|a, b| (a.0.max(b.0), a.1.min(b.1)))?;
    let off = low > CLOCKS_AGREE_S || high < -CLOCKS_AGREE_S;
    off.then_some((low + high) / 2.0)
}

/// For functions that say nothing of themselves. What was refused never ran,
/// and what was only accepted ran unseen.
fn in_flight(mode: Mode, points: &[Point]) -> Option<Lanes> {
    let waits = matches!(mode, Mode::Sync | Mode::Http);
    let ran = points.iter().filter(|point| waits && occupies(point.class));
    let bar = |point: &Point| Bar {
        class: point.class,
        init: None,
        from: point.due_s,
        to: point.due_s + point.response_s,
    };
    let mut bars: Vec<Bar> = ran.map(bar).collect();
    bars.sort_by(|a, b| a.from.total_cmp(&b.from));
    let mut lanes: Vec<Lane> = Vec::new();
    for bar in bars {
        match lanes.iter_mut().find(|lane| lane.end() <= bar.from) {
            Some(lane) => lane.bars.push(bar),
            None => lanes.push(Lane { id: None, bars: vec![bar] }),
        }
    }
    (!lanes.is_empty()).then_some(Lanes { kind: Kind::InFlight, lanes, without: 0 })
}

fn occupies(class: Class) -> bool {
    match class {
        Class::OkWarm | Class::OkCold | Class::FunctionError | Class::Timeout | Class::NoAnswer => true,
        Class::Accepted | Class::Throttled | Class::ServerError | Class::ClientError | Class::NotSent => {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::example;

    fn point(due_s: f64, response_s: f64, environment: Option<usize>, ran_s: Option<(f64, f64)>) -> Point {
        Point { due_s, response_s, class: Class::OkWarm, environment, ran_s, init_s: None }
    }

    fn lanes(points: Vec<Point>) -> Lanes {
        let mut report = example();
        report.points.requests = points;
        Lanes::new(&report).unwrap()
    }

    #[test]
    fn the_example_has_a_cold_bar_in_each_of_five_lanes() {
        let lanes = Lanes::new(&example()).unwrap();
        assert_eq!(lanes.kind, Kind::Environments { shift_s: None });
        assert_eq!(lanes.lanes.len(), 5);
        let bar = Bar { class: Class::OkCold, init: Some(0.03 - 0.018), from: 0.03, to: 2.49 };
        assert!(lanes.bars().all(|seen| *seen == bar));
        assert_eq!(lanes.lanes[0].id.as_deref(), Some("e-0"));
        assert_eq!(lanes.concurrency().iter().map(|(_, running)| *running).max(), Some(5));
    }

    #[test]
    fn a_clock_that_is_off_is_shifted_into_the_run() {
        let check = |ran: (f64, f64), expected: Option<f64>| {
            let shift = shift(&[point(1.0, 2.0, Some(0), Some(ran))]);
            assert_eq!(shift.map(|s| (s * 1e6).round() / 1e6), expected, "{ran:?}");
        };
        check((1.1, 2.9), None);
        check((0.99, 3.01), None);
        check((101.1, 102.9), Some(-100.0));
        check((0.6, 2.4), Some(0.5));
    }

    #[test]
    fn requests_that_name_no_environment_are_laid_side_by_side() {
        let lanes = lanes(vec![
            point(0.0, 1.0, None, None),
            point(0.5, 1.0, None, None),
            point(1.0, 1.0, None, None),
            point(1.2, 0.1, None, None),
        ]);
        assert_eq!(lanes.kind, Kind::InFlight);
        let bars: Vec<_> = lanes.lanes.iter().map(|lane| lane.bars.len()).collect();
        assert_eq!(bars, [2, 1, 1]);
    }

    #[test]
    fn who_ends_makes_room_for_who_begins() {
        let lanes = lanes(vec![point(0.0, 1.0, None, None), point(1.0, 1.0, None, None)]);
        assert_eq!(lanes.concurrency().iter().map(|(_, running)| *running).max(), Some(1));
    }

    #[test]
    fn nothing_that_ran_is_no_picture() {
        let mut report = example();
        report.points.requests.retain(|point| point.class == Class::Throttled);
        assert!(Lanes::new(&report).is_none());
    }
}
