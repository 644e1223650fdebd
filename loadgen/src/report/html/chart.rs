//! Axes and frames that every picture with axes is drawn in.
//!
//! A picture is as wide as the page lets it be, without a script and without
//! letters that grow or shrink: places along the page are percentages, places
//! down the page are pixels. Labels stand in the margins that the style sheet
//! leaves; only lines and areas are drawn in a [`layer`] that stretches.

use super::markup::{Element, Percent, Short, element};
use super::scale::{Round, Scale, TimeUnit, time_label};
use super::words::count;

/// Units from left to right in a [`layer`].
pub(super) const LAYER_WIDTH: f64 = 1000.0;

/// Labels of times that a page has room for.
const TIMES_ACROSS: usize = 8;

/// One side of a picture: where numbers lie, and what stands beside it.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub(super) scale: Scale,
    pub(super) labels: Vec<(f64, String)>,
    pub(super) name: String,
}

impl Axis {
    /// Seconds, from left to right.
    pub(super) fn of_time(from_s: f64, to_s: f64, name: &str) -> Axis {
        let unit = TimeUnit::for_seconds(to_s);
        // Round numbers are looked for in the unit that they are shown in: 60 s
        // are round as a minute.
        let shown = Scale::linear(from_s / unit.seconds, to_s / unit.seconds).to_round(TIMES_ACROSS);
        let label = |value: f64| format!("{} {}", Round(value), unit.name);
        let labels = shown.ticks(TIMES_ACROSS).into_iter().map(|tick| (tick.at, label(tick.value))).collect();
        let scale = Scale::linear(from_s, shown.high() * unit.seconds);
        Axis { scale, labels, name: name.to_owned() }
    }

    /// How long something took, in seconds.
    pub(super) fn of_durations(scale: Scale, name: &str) -> Axis {
        let labels = if scale.is_logarithmic() { logarithmic_labels(scale) } else { linear_labels(scale) };
        let kind = if scale.is_logarithmic() { " (logarithmic)" } else { "" };
        Axis { scale, labels, name: format!("{name}{kind}") }
    }

    /// From zero to a round number that has room for a count.
    pub(super) fn of_counts(most: f64, wanted: usize, name: &str) -> Axis {
        let scale = Scale::of_counts(most, wanted);
        let whole = scale.ticks(wanted).into_iter().filter(|tick| tick.value.fract() == 0.0);
        let labels = whole.map(|tick| (tick.at, Round(tick.value).to_string())).collect();
        Axis { scale, labels, name: name.to_owned() }
    }

    /// Numbers of any kind, labelled as they are to be read.
    pub(super) fn of_numbers(scale: Scale, wanted: usize, label: impl Fn(f64) -> String, name: &str) -> Axis {
        let labels = scale.ticks(wanted).into_iter().map(|tick| (tick.at, label(tick.value))).collect();
        Axis { scale, labels, name: name.to_owned() }
    }

    /// Places and words given one by one, on an axis from 0 to 1.
    pub(super) fn of_words(labels: Vec<(f64, String)>, name: &str) -> Axis {
        Axis { scale: Scale::linear(0.0, 1.0), labels, name: name.to_owned() }
    }

    /// Lines from top to bottom, and their labels below.
    pub(super) fn below(&self, height: f64) -> Element {
        let labels = self.labels.iter().enumerate().map(|(n, (at, label))| {
            // On a narrow page there is room for every other one.
            let class = if n % 2 == 1 { "odd" } else { "even" };
            let text = element("text").class(class).with("x", Percent(*at)).with("y", Short(height + 18.0));
            text.text(label)
        });
        let name =
            element("text").class("name").with("x", "50%").with("y", Short(height + 38.0)).text(&self.name);
        self.verticals(height).class("axis below").children(labels).child(name)
    }

    /// What lies under a picture: its marks are painted over it. Of several on
    /// the same axis the last has the labels.
    pub(super) fn under(&self, height: f64, last: bool) -> Element {
        if last { self.below(height) } else { self.verticals(height).class("axis") }
    }

    /// The lines alone, for a picture that stands above another on the same axis.
    pub(super) fn verticals(&self, height: f64) -> Element {
        let line = |at: f64| {
            let x = Percent(at).to_string();
            element("line").with("x1", &x).with("x2", &x).with("y1", 0).with("y2", Short(height))
        };
        element("g").children(self.labels.iter().map(|(at, _)| line(*at)))
    }

    /// Lines from left to right, their labels to the left, the name above.
    pub(super) fn beside(&self, height: f64) -> Element {
        let marks = self.labels.iter().flat_map(|(at, label)| {
            let y = height * (1.0 - at);
            let line = element("line").with("x2", "100%").with("y1", Short(y)).with("y2", Short(y));
            let text = element("text").with("x", -8).with("y", Short(y + 4.5)).text(label);
            [line, text]
        });
        let name = element("text").class("name").with("x", "0").with("y", -9).text(&self.name);
        element("g").class("axis beside").children(marks).child(name)
    }
}

fn linear_labels(scale: Scale) -> Vec<(f64, String)> {
    let unit = TimeUnit::for_seconds(scale.high());
    let label = |value: f64| format!("{} {}", Round(value / unit.seconds), unit.name);
    let inside = Scale::linear(0.0, scale.high() / unit.seconds);
    inside.ticks(5).into_iter().map(|tick| (tick.at, label(tick.value * unit.seconds))).collect()
}

fn logarithmic_labels(scale: Scale) -> Vec<(f64, String)> {
    scale.ticks(12).into_iter().map(|tick| (tick.at, time_label(tick.value))).collect()
}

/// A picture with room for labels around it. `what` is read out by those who
/// cannot see it; the style sheet knows the `kind`.
pub(super) fn plot(kind: &str, height: f64, what: &str) -> Element {
    element("svg")
        .class(format_args!("plot {kind}"))
        .with("height", Short(height))
        .with("role", "img")
        .with("aria-label", what)
}

/// The part of a picture that stretches: [`LAYER_WIDTH`] units wide whatever
/// the page's width, its lines as thin as ever.
pub(super) fn layer(height: f64) -> Element {
    element("svg")
        .with("viewBox", format_args!("0 0 {LAYER_WIDTH} {}", Short(height)))
        .with("preserveAspectRatio", "none")
        .with("width", "100%")
        .with("height", Short(height))
}

/// A picture with its heading, what its signs mean, and what there is to see.
pub(crate) fn figure(heading: &str, legend: Vec<Element>, pictures: Vec<Element>, caption: &str) -> Element {
    let legend = (!legend.is_empty()).then(|| element("p").class("legend").children(legend));
    element("figure")
        .child(element("h3").text(heading))
        .children(legend)
        .children(pictures)
        .child(element("figcaption").text(caption))
}

/// The most there ever was, as a dashed line with its number.
pub(super) fn highest(most: u64, y: f64) -> [Element; 2] {
    let line = element("line").class("limit").with("x2", "100%").with("y1", Short(y)).with("y2", Short(y));
    let text = element("text").class("limit").with("x", "100%").with("y", Short(y - 5.0));
    [line, text.text(format_args!("highest: {}", count(most)))]
}

/// A path that goes up and down at right angles, from left to right.
#[derive(Debug, Default)]
pub(super) struct Steps {
    first: Option<(f64, f64)>,
    last: (f64, f64),
    rest: String,
}

/// Distances below this are not seen.
const UNSEEN: f64 = 0.2;

impl Steps {
    /// Goes right to `x`, then up or down to `y`.
    pub(super) fn to(&mut self, x: f64, y: f64) {
        let seen = (x - self.last.0).abs() >= UNSEEN || (y - self.last.1).abs() >= UNSEEN;
        if self.first.is_none() {
            self.first = Some((x, y));
        } else if seen {
            self.rest.push_str(&format!("H{}V{}", Short(x), Short(y)));
        } else {
            return;
        }
        self.last = (x, y);
    }

    /// The line.
    pub(super) fn line(&self) -> String {
        let (x, y) = self.first.unwrap_or_default();
        format!("M{} {}{}", Short(x), Short(y), self.rest)
    }

    /// The area between the line and a level.
    pub(super) fn area(&self, level: f64) -> String {
        let (x, y) = self.first.unwrap_or_default();
        format!("M{} {}V{}{}V{}Z", Short(x), Short(level), Short(y), self.rest, Short(level))
    }
}

#[cfg(test)]
mod tests {
    use super::super::markup::tests::assert_balanced;
    use super::*;

    #[test]
    fn labels_have_units() {
        let axis = Axis::of_time(0.0, 2.51, "time");
        let labels: Vec<_> = axis.labels.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["0 s", "0.5 s", "1 s", "1.5 s", "2 s", "2.5 s"]);
        let axis = Axis::of_counts(2.0, 5, "requests");
        let labels: Vec<_> = axis.labels.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels, ["0", "1", "2"], "half a request is none");
    }

    #[test]
    fn axes_are_well_formed() {
        let axis = Axis::of_time(0.0, 600.0, "<time>");
        let picture = plot("dots", 100.0, "\"what\"").child(axis.below(100.0)).child(axis.beside(100.0));
        assert_balanced(&picture.to_string());
    }

    #[test]
    fn a_step_line_keeps_right_angles() {
        let mut steps = Steps::default();
        for (x, y) in [(0.0, 10.0), (5.0, 4.0), (5.05, 4.05), (9.0, 4.0)] {
            steps.to(x, y);
        }
        assert_eq!(steps.line(), "M0 10H5V4H9V4");
        assert_eq!(steps.area(20.0), "M0 20V10H5V4H9V4V20Z");
    }
}
