//! The picture of concurrency: who ran when, who was refused meanwhile, and how
//! many ran at once, all on one time axis.
//!
//! ```text
//! due      ▂█▂ ▁ ▂█▂        requests, when they were due
//! 429       ▆     ▆         what became of those that never ran
//! e-1     ▨▨██ ███──███     one lane per environment: Init, runs, idle
//! e-2       ▨▨████
//! at once ▁▁▂▂▂▂▂▁▁▁▁▁      the same bars, counted
//! ```

use super::chart::{self, Axis, Steps};
use super::heat;
use super::intervals::{Bar, Kind, Lane, Lanes};
use super::look::{INIT_HATCH, key_of};
use super::markup::{Element, Percent, Short, element};
use super::strips;
use super::words::plural;
use crate::duration::show_ms;
use crate::outcome::Class;
use crate::report::simulated::OverTime;
use crate::report::{Report, words};

/// More lanes than this are drawn as a heat map.
const MOST_LANES: usize = 60;

const CONCURRENCY_HEIGHT: f64 = 90.0;

/// None when no request is known to have run.
pub(super) fn lanes(report: &Report) -> Option<Element> {
    let lanes = Lanes::new(report)?;
    let time = time_axis(report, &lanes);
    let many = lanes.lanes.len() > MOST_LANES;
    let mut pictures = strips::strips(report, &time);
    pictures.push(if many { heat::map(&lanes, &time) } else { each(report, &lanes, &time) });
    pictures.push(concurrency(report, &lanes, &time));
    let heading = match lanes.kind {
        Kind::Environments { .. } => "Environments, and how many ran at once",
        Kind::InFlight => "Requests in flight, and how many at once",
    };
    Some(chart::figure(heading, legend(report, &lanes), pictures, &caption(report, &lanes, many)))
}

fn time_axis(report: &Report, lanes: &Lanes) -> Axis {
    let first = lanes.lanes.iter().map(Lane::begin).fold(0.0, f64::min);
    let ended = report.points.requests.iter().map(|point| point.due_s + point.response_s);
    let last = lanes.lanes.iter().map(Lane::end).chain(ended).fold(0.0, f64::max);
    Axis::of_time(first, last, "time from the start of the run")
}

fn legend(report: &Report, lanes: &Lanes) -> Vec<Element> {
    let ran = |class: &Class| lanes.bars().any(|bar| bar.class == *class);
    let sign = |class: &str| {
        let bar =
            element("rect").with("width", 22).with("height", 12).with("y", 1).with("fill", "currentColor");
        element("svg").class(format_args!("bar {class}")).with("aria-hidden", "true").child(bar)
    };
    let init = lanes.bars().any(|bar| bar.init.is_some()).then(|| {
        let hatch = element("rect").class("hatch").with("width", 22).with("height", 12).with("y", 1);
        element("span").class("key").child(sign("ok_cold").child(hatch.with("fill", INIT_HATCH))).text("Init")
    });
    let classes = Class::ALL.into_iter().filter(ran);
    let runs = classes.map(|class| {
        element("span")
            .class("key")
            .child(sign(class.key()))
            .text(format_args!("ran, {}", words(class, report.mode)))
    });
    let refused = strips::classes(report).into_iter().map(|class| key_of(class, report.mode));
    init.into_iter().chain(runs).chain(refused).collect()
}

fn each(report: &Report, lanes: &Lanes, time: &Axis) -> Element {
    let pitch = if lanes.lanes.len() <= 20 { 24.0 } else { 16.0 };
    let height = pitch * lanes.lanes.len() as f64;
    let rows = lanes.lanes.iter().enumerate().map(|(n, lane)| row(report, lane, n, pitch, time));
    chart::plot("lanes", height, "One lane per environment, with a bar for each request that ran in it")
        .child(element("g").class("axis").child(time.verticals(height)))
        .children(rows.collect::<Vec<_>>())
}

fn row(report: &Report, lane: &Lane, n: usize, pitch: f64, time: &Axis) -> Element {
    let middle = pitch * (n as f64 + 0.5);
    let name = lane.id.as_ref().map_or_else(|| (n + 1).to_string(), |id| short(id));
    let name = element("text").class("name").with("x", -8).with("y", Short(middle + 4.5)).text(name);
    let name = name.hint(lane.id.as_deref().unwrap_or("a request in flight"));
    let idle = element("line")
        .class("idle")
        .with("x1", Percent(time.scale.at(lane.begin())))
        .with("x2", Percent(time.scale.at(lane.end())))
        .with("y1", Short(middle))
        .with("y2", Short(middle));
    let bars = lane.bars.iter().flat_map(|bar| bar_marks(report, lane, bar, middle, pitch - 6.0, time));
    element("g").child(name).child(idle).children(bars)
}

fn bar_marks(report: &Report, lane: &Lane, bar: &Bar, middle: f64, height: f64, time: &Axis) -> Vec<Element> {
    let rect = |from: f64, to: f64| {
        let (from, to) = (time.scale.at(from), time.scale.at(to));
        element("rect")
            .with("x", Percent(from))
            .with("width", Percent(to - from))
            .with("y", Short(middle - height / 2.0))
            .with("height", Short(height))
    };
    let told = told(report, lane, bar);
    let init = bar.init.map(|begin| {
        let whole = rect(begin, bar.from).class(format_args!("run {}", Class::OkCold.key()));
        [whole, rect(begin, bar.from).class("hatch").with("fill", INIT_HATCH).hint(&told)]
    });
    let run = rect(bar.from, bar.to).class(format_args!("run {}", bar.class.key())).hint(&told);
    init.into_iter().flatten().chain([run]).collect()
}

/// What a pointer on a bar is told.
fn told(report: &Report, lane: &Lane, bar: &Bar) -> String {
    let ms = |seconds: f64| show_ms(seconds * 1000.0);
    let class = words(bar.class, report.mode);
    let place = lane.id.as_deref().map(|id| format!(" in {id}")).unwrap_or_default();
    let init = bar.init.map(|begin| format!(", after {} of Init", ms(bar.from - begin))).unwrap_or_default();
    format!("{class}{place}: {} to {} ({}){init}", ms(bar.from), ms(bar.to), ms(bar.to - bar.from))
}

/// Of an environment's id, or its log stream's, what tells it from the others.
fn short(id: &str) -> String {
    const LONGEST: usize = 9;
    let own = id.rsplit([']', '/']).next().filter(|own| !own.is_empty()).unwrap_or(id);
    match own.chars().count() {
        n if n > LONGEST => own.chars().take(LONGEST - 1).chain(['…']).collect(),
        _ => own.to_owned(),
    }
}

fn concurrency(report: &Report, lanes: &Lanes, time: &Axis) -> Element {
    let height = CONCURRENCY_HEIGHT;
    let levels = running(report, lanes);
    let seen = levels.iter().map(|(_, running)| *running).max().unwrap_or_default();
    let most = report.max_concurrency.unwrap_or(seen);
    let up = Axis::of_counts(most as f64, 3, "at once");
    let y = |running: u64| height * (1.0 - up.scale.at(running as f64));
    let mut steps = Steps::default();
    steps.to(0.0, height);
    let mut level = 0;
    for (at, running) in levels {
        let x = time.scale.at(at) * chart::LAYER_WIDTH;
        steps.to(x, y(level));
        steps.to(x, y(running));
        level = running;
    }
    let area = element("path").class("area").with("d", steps.area(height));
    let line = element("path").class("line").with("d", steps.line());
    let limit = report.max_concurrency.map(|highest| chart::highest(highest, y(highest)));
    chart::plot("lanes", height, "How many ran at the same time")
        .child(up.beside(height))
        .child(time.below(height))
        .child(chart::layer(height).child(area).child(line))
        .children(limit.into_iter().flatten())
}

/// How many ran from when on.
fn running(report: &Report, lanes: &Lanes) -> Vec<(f64, u64)> {
    let each = report.points.every;
    // A simulation knows better than a part of its requests.
    if let Some(simulated) = report.simulated.as_ref().filter(|_| each > 1) {
        let OverTime { every_s, running, .. } = &simulated.over_time;
        return running.iter().enumerate().map(|(n, &running)| (every_s * n as f64, running)).collect();
    }
    // Of thinned points each stands for several requests, which is an estimate;
    // the highest is known.
    let known = report.max_concurrency.unwrap_or(u64::MAX);
    lanes.concurrency().into_iter().map(|(at, running)| (at, (running * each).min(known))).collect()
}

const STRIPS: &str = "The columns above count requests by when they were due";
const CLIENT: &str = "by the client's clock";

fn caption(report: &Report, lanes: &Lanes, many: bool) -> String {
    let rows = if many {
        "row stands for several environments, stronger in colour where more of them are busy"
    } else {
        "lane is an environment"
    };
    let clock = match lanes.kind {
        // A simulation has but one clock.
        Kind::Environments { .. } if report.simulated.is_some() => {
            format!("Each {rows}; bars are when the function ran. {STRIPS}.")
        }
        Kind::Environments { shift_s: None } => {
            format!("Each {rows}; bars are when the function ran, by its own clock. {STRIPS}, {CLIENT}.")
        }
        Kind::Environments { shift_s: Some(shift) } => format!(
            "Each {rows}; bars are when the function ran, by its own clock. That clock was {} {} the client's; \
             the bars are shifted by as much. {STRIPS}, {CLIENT}.",
            show_ms(shift.abs() * 1000.0),
            if shift < 0.0 { "ahead of" } else { "behind" },
        ),
        Kind::InFlight => {
            "The answers name no environments. Lanes are as many as it takes to lay requests side by \
                           side from their due time to their end, by the client's clock."
                .to_owned()
        }
    };
    let thinned = match report.points.every {
        1 => String::new(),
        n if report.simulated.is_some() => format!(" Of every {n} requests one is drawn."),
        n => format!(
            " Of every {n} requests one is drawn, and counts as {n}: the numbers at once are estimates."
        ),
    };
    let without = match lanes.without {
        0 => String::new(),
        n => format!(" {} named no environment and cannot be drawn.", plural(n as u64, "answer")),
    };
    format!("{clock}{thinned}{without}")
}

#[cfg(test)]
mod tests {
    use super::super::markup::tests::assert_balanced;
    use super::*;
    use crate::report::tests::example;
    use crate::stats::Point;

    /// So many environments that each run two requests, by a clock that is ahead.
    fn many(environments: usize, ahead_s: f64) -> Report {
        let mut report = example();
        let runs = (0..environments * 2).map(|n| {
            let from = (n / environments) as f64 + 0.1;
            Point {
                due_s: from - 0.1,
                response_s: 1.0,
                class: Class::OkWarm,
                environment: Some(n % environments),
                ran_s: Some((from + ahead_s, from + 0.8 + ahead_s)),
                init_s: None,
            }
        });
        report.points.requests = runs.collect();
        report
    }

    #[test]
    fn every_run_is_a_bar_with_its_init() {
        let picture = lanes(&example()).unwrap().to_string();
        assert_balanced(&picture);
        assert_eq!(picture.matches("class=\"run ok_cold\"").count(), 10, "five runs after five Inits");
        assert!(picture.contains("200 cold in e-4: 30.0 ms to 2.49 s (2.46 s), after 18.0 ms of Init"));
        assert!(picture.contains("highest: 5"));
    }

    #[test]
    fn many_environments_become_a_heat_map() {
        let picture = lanes(&many(200, 0.0)).unwrap().to_string();
        assert_balanced(&picture);
        assert!(!picture.contains("class=\"run"));
        assert!(picture.contains("stands for several environments"));
    }

    #[test]
    fn a_shifted_clock_is_said() {
        let picture = lanes(&many(2, 30.0)).unwrap().to_string();
        assert!(picture.contains("That clock was 30.0 s ahead of the client&#39;s"));
        let picture = lanes(&many(2, -30.0)).unwrap().to_string();
        assert!(picture.contains("That clock was 30.0 s behind the client&#39;s"));
        assert!(!lanes(&many(2, 0.0)).unwrap().to_string().contains("That clock was"));
    }

    #[test]
    fn ids_are_shortened_to_what_differs() {
        let check = |id: &str, expected: &str| assert_eq!(short(id), expected);
        check("e-1", "e-1");
        check("2025/11/21/[$LATEST]0123456789abcdef", "01234567…");
        check("odd/", "odd/");
        check("ünïcödé-ünïcödé", "ünïcödé-…");
    }
}
