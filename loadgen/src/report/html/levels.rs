//! What a simulation saw at every moment: how many environments ran, started or
//! waited, and how many messages and events were on their way.
//!
//! ```text
//! 20 │      ░░░░░░░░░░     idle
//! 10 │   ▒▓▓▓▓▓▓▓▓▓▓░░     initializing, running
//!  0 └────────────────
//! ```

use super::chart::{self, Axis, LAYER_WIDTH, Steps};
use super::look::{INIT_HATCH, hatch};
use super::markup::{Element, Percent, Short, element};
use super::words::{count, listed};
use crate::duration::show_ms;
use crate::outcome::Class;
use crate::report::Report;
use crate::report::simulated::{Depths, OverTime, Simulated};

/// More looks than this are not told apart.
const MOST_LOOKS: usize = 500;

/// More queues than this are left to the JSON report.
const MOST_QUEUES: usize = 8;

const HEIGHT: f64 = 200.0;
const QUEUE_HEIGHT: f64 = 130.0;

/// Of environments, of waiting events and of messages; of each where there are any.
pub(super) fn levels(report: &Report) -> Vec<Element> {
    let all = |simulated| [environments(simulated), events(simulated), messages(simulated)];
    report.simulated.iter().flat_map(all).flatten().collect()
}

fn environments(simulated: &Simulated) -> Option<Element> {
    let over = &simulated.over_time;
    let stack = Stack(vec![
        Area::new("running", Class::OkWarm.key(), None, &over.running),
        Area::new("initializing", Class::OkCold.key(), Some(INIT_HATCH.to_owned()), &over.initializing),
        Area::new("idle", RESTING, hatch(2), &over.idle),
    ]);
    let looks = Looks::new(simulated);
    let highest = simulated.environments.total.max;
    let most = stack.most().max(highest);
    if stack.most() == 0 {
        return None;
    }
    let picture = stack.draw(&looks, most, HEIGHT, "environments", true);
    let y = HEIGHT * (1.0 - counts(most, "").scale.at(highest as f64));
    let picture = picture.children(chart::highest(highest, y));
    let caption = format!(
        "Environments of all functions, stacked. The dashed line is the most there ever were. {}",
        looks.told()
    );
    Some(chart::figure("Environments over time", stack.legend(), vec![picture], &caption))
}

fn events(simulated: &Simulated) -> Option<Element> {
    let area = Area::new("events", Class::Accepted.key(), None, &simulated.over_time.events);
    let (stack, looks) = (Stack(vec![area]), Looks::new(simulated));
    let picture = || stack.draw(&looks, stack.most(), QUEUE_HEIGHT, "events", true);
    let caption = format!("Asynchronous events that wait inside Lambda or are worked on. {}", looks.told());
    (stack.most() > 0)
        .then(|| chart::figure("Asynchronous events over time", Vec::new(), vec![picture()], &caption))
}

fn messages(simulated: &Simulated) -> Option<Element> {
    let queues = simulated.over_time.queues.iter().map(|(name, depths)| (name.as_str(), of_queue(depths)));
    let (full, empty): (Vec<_>, Vec<_>) = queues.partition(|(_, stack)| stack.most() > 0);
    let looks = Looks::new(simulated);
    let last = full.len().min(MOST_QUEUES).checked_sub(1)?;
    let pictures = full.iter().take(MOST_QUEUES).enumerate().map(|(n, (name, stack))| {
        stack.draw(&looks, stack.most(), QUEUE_HEIGHT, &format!("messages in {name}"), n == last)
    });
    let caption = format!(
        "In flight is what was received and not yet deleted. {}{}{}",
        looks.told(),
        stayed_empty(&empty.iter().map(|(name, _)| *name).collect::<Vec<_>>()),
        match full.len().saturating_sub(MOST_QUEUES) {
            0 => String::new(),
            hidden => format!(" Queues not shown: {hidden}."),
        },
    );
    Some(chart::figure("Messages over time", full[0].1.legend(), pictures.collect(), &caption))
}

fn of_queue(depths: &Depths) -> Stack<'_> {
    Stack(vec![
        Area::new("in flight", Class::OkWarm.key(), None, &depths.in_flight),
        Area::new("visible", Class::Accepted.key(), hatch(1), &depths.visible),
        Area::new("delayed", RESTING, hatch(2), &depths.delayed),
    ])
}

/// A dead-letter queue's best picture is none.
fn stayed_empty(queues: &[&str]) -> String {
    match queues {
        [] => String::new(),
        names if names.len() > MOST_QUEUES => format!(" {} other queues stayed empty.", names.len()),
        names => format!(" Seen empty all the time: {}.", listed(names.iter().map(|&name| name.to_owned()))),
    }
}

/// The style sheet's class of what waits and does nothing.
const RESTING: &str = "resting";

/// The times at which the simulation was looked at.
struct Looks {
    every_s: f64,
    /// Of so many looks one is drawn.
    step: usize,
    columns: usize,
    time: Axis,
}

impl Looks {
    fn new(simulated: &Simulated) -> Looks {
        let OverTime { every_s, running, .. } = &simulated.over_time;
        let step = running.len().div_ceil(MOST_LOOKS).max(1);
        let seen_s = every_s * running.len() as f64;
        // The last look stands for less than the others.
        let end_s = if simulated.virtual_s > 0.0 { seen_s.min(simulated.virtual_s) } else { seen_s };
        Looks {
            every_s: *every_s,
            step,
            columns: running.len().div_ceil(step),
            time: Axis::of_time(0.0, end_s, "time from the start of the run"),
        }
    }

    fn second(&self, column: usize) -> f64 {
        self.every_s * (column * self.step) as f64
    }

    /// A fraction of the width.
    fn at(&self, column: usize) -> f64 {
        self.time.scale.at(self.second(column))
    }

    fn told(&self) -> String {
        format!("Looked at every {}.", show_ms(self.second(1) * 1000.0))
    }
}

/// One of the areas that lie upon each other.
struct Area<'a> {
    name: &'static str,
    class: &'static str,
    /// Laid over the colour.
    hatch: Option<String>,
    values: &'a [u64],
}

impl<'a> Area<'a> {
    fn new(name: &'static str, class: &'static str, hatch: Option<String>, values: &'a [u64]) -> Area<'a> {
        Area { name, class, hatch, values }
    }

    /// At a look; a report from elsewhere may lack some.
    fn value(&self, look: usize) -> u64 {
        self.values.get(look).copied().unwrap_or_default()
    }

    fn key(&self) -> Element {
        let rect = || element("rect").with("width", 22).with("height", 12).with("y", 1);
        let hatch = self.hatch.as_ref().map(|hatch| rect().class("hatch").with("fill", hatch));
        let sign = element("svg")
            .class(format_args!("bar {}", self.class))
            .with("aria-hidden", "true")
            .child(rect().with("fill", "currentColor"))
            .children(hatch);
        element("span").class("key").child(sign).text(self.name)
    }
}

/// From below to above.
struct Stack<'a>(Vec<Area<'a>>);

impl Stack<'_> {
    fn legend(&self) -> Vec<Element> {
        self.0.iter().map(Area::key).collect()
    }

    /// How high it ever is.
    fn most(&self) -> u64 {
        let looks = self.0.iter().map(|area| area.values.len()).max().unwrap_or_default();
        (0..looks).map(|look| self.upto(self.0.len(), look)).max().unwrap_or_default()
    }

    /// The sum of so many areas.
    fn upto(&self, areas: usize, look: usize) -> u64 {
        self.0[..areas].iter().map(|area| area.value(look)).sum()
    }

    /// Only the `last` of several pictures has the labels of the time axis.
    fn draw(&self, looks: &Looks, most: u64, height: f64, name: &str, last: bool) -> Element {
        let up = counts(most, name);
        let y = |n: u64| height * (1.0 - up.scale.at(n as f64));
        // Each area reaches down to zero, and those below are painted over it.
        let areas = (1..=self.0.len()).rev().map(|areas| {
            let mut steps = Steps::default();
            for column in 0..looks.columns {
                let y = y(self.upto(areas, column * looks.step));
                steps.to(looks.at(column) * LAYER_WIDTH, y);
                steps.to(looks.at(column + 1) * LAYER_WIDTH, y);
            }
            let class = format!("stack {}", self.0[areas - 1].class);
            element("path").class(class).with("d", steps.area(height))
        });
        let hatched = (0..self.0.len()).flat_map(|area| self.hatched(area, looks, y));
        chart::plot("levels", height, &format!("{name} over time"))
            .child(looks.time.under(height, last))
            .child(up.beside(height))
            .child(chart::layer(height).children(areas))
            .children(hatched.collect::<Vec<_>>())
            .children((0..looks.columns).map(|column| self.touch(column, looks, height)))
    }

    /// A layer stretches, and a hatch in it would with it: so it lies over it in
    /// pieces, one for each stretch of time at one level.
    fn hatched(&self, area: usize, looks: &Looks, y: impl Fn(u64) -> f64) -> Vec<Element> {
        let Some(hatch) = &self.0[area].hatch else { return Vec::new() };
        let level = |column: usize| {
            let look = column * looks.step;
            (self.upto(area, look), self.upto(area + 1, look))
        };
        let columns: Vec<usize> = (0..looks.columns).collect();
        let pieces = columns.chunk_by(|a, b| level(*a) == level(*b)).filter_map(|piece| {
            let (first, last) = (*piece.first()?, *piece.last()?);
            let ((low, high), from) = (level(first), looks.at(first));
            let rect = element("rect")
                .class("hatch")
                .with("fill", hatch)
                .with("x", Percent(from))
                .with("width", Percent(looks.at(last + 1) - from))
                .with("y", Short(y(high)))
                .with("height", Short(y(low) - y(high)));
            (high > low).then_some(rect)
        });
        pieces.collect()
    }

    fn touch(&self, column: usize, looks: &Looks, height: f64) -> Element {
        let values =
            self.0.iter().map(|area| format!("{}: {}", area.name, count(area.value(column * looks.step))));
        let from = looks.at(column);
        element("rect")
            .class("touch")
            .with("x", Percent(from))
            .with("width", Percent(looks.at(column + 1) - from))
            .with("height", height)
            .hint(format_args!("at {}; {}", show_ms(looks.second(column) * 1000.0), listed(values)))
    }
}

fn counts(most: u64, name: &str) -> Axis {
    Axis::of_counts(most as f64, 4, name)
}

#[cfg(test)]
mod tests {
    use super::super::markup::tests::assert_balanced;
    use super::super::simulation::tests::simulated;
    use super::*;
    use crate::report::tests::example;

    fn drawn(over_time: OverTime) -> Vec<String> {
        let simulated = Simulated { over_time, ..simulated() };
        let pictures = levels(&Report { simulated: Some(simulated), ..example() });
        let pictures: Vec<String> = pictures.iter().map(Element::to_string).collect();
        pictures.iter().for_each(|picture| {
            assert_balanced(picture);
            assert!(!picture.contains("NaN") && !picture.contains("inf"), "{picture}");
        });
        pictures
    }

    #[test]
    fn areas_lie_upon_each_other() {
        let pictures = drawn(OverTime {
            every_s: 1.0,
            running: vec![1, 2, 2],
            idle: vec![0, 1, 1],
            initializing: vec![1, 0, 0],
            ..OverTime::default()
        });
        assert_eq!(pictures.len(), 1);
        assert!(pictures[0].contains("at 1.00 s; running: 2, initializing: 0, idle: 1"), "{}", pictures[0]);
        let pieces = pictures[0].matches("<rect class=\"hatch\" fill=\"url(#hatch-").count();
        // Those of the legend have a size before their fill.
        assert_eq!(pieces, 2, "one of Init, and one of two equal looks at idle ones");
    }

    #[test]
    fn what_never_was_has_no_picture() {
        assert!(drawn(OverTime::default()).is_empty());
        let zeros = || vec![0; 3];
        let depths = Depths { visible: zeros(), in_flight: zeros(), delayed: zeros() };
        let zero = OverTime {
            every_s: 1.0,
            running: zeros(),
            idle: zeros(),
            initializing: zeros(),
            events: zeros(),
            queues: [("jobs".to_owned(), depths)].into(),
        };
        assert!(drawn(zero).is_empty());
        assert!(levels(&example()).is_empty());
    }

    #[test]
    fn one_look_fills_the_picture() {
        let one = OverTime { every_s: 0.0, running: vec![3], ..OverTime::default() };
        assert_eq!(drawn(one).len(), 1);
    }

    #[test]
    fn looks_that_are_missing_count_as_none() {
        let short = OverTime { every_s: 1.0, running: vec![1; 5], idle: vec![1; 2], ..OverTime::default() };
        assert!(drawn(short)[0].contains("at 4.00 s; running: 1, initializing: 0, idle: 0"));
    }

    #[test]
    fn many_looks_are_thinned() {
        let many = OverTime { every_s: 1.0, running: vec![1; 1_000], ..OverTime::default() };
        let picture = &drawn(many)[0];
        assert_eq!(picture.matches("class=\"touch\"").count(), MOST_LOOKS);
        assert!(picture.contains("Looked at every 2.00 s"));
    }

    #[test]
    fn queues_have_a_picture_each_and_empty_ones_a_word() {
        let depths = |n| Depths { visible: vec![n; 4], in_flight: vec![n; 4], delayed: vec![0; 4] };
        let queues = [("<jobs>".to_owned(), depths(2)), ("dead".to_owned(), depths(0))].into();
        let over =
            OverTime { every_s: 1.0, running: vec![0; 4], events: vec![7; 4], queues, ..OverTime::default() };
        let pictures = drawn(over);
        assert_eq!(pictures.len(), 2, "of events and of messages");
        assert!(pictures[0].contains("events: 7"));
        assert!(
            pictures[1].contains("messages in &lt;jobs&gt;") && !pictures[1].contains("messages in dead")
        );
        assert!(pictures[1].contains("Seen empty all the time: dead."));
    }
}
