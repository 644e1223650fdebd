//! From numbers to places on an axis, and the round numbers beside it.
//!
//! Knows nothing of pictures: a place is a fraction of the axis.

use std::fmt;

/// Maps a range of numbers onto 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Linear,
    /// Equal distances are equal ratios.
    Logarithmic,
}

/// A round number on an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    pub(super) value: f64,
    pub(super) at: f64,
}

/// A range is wide when its end is so many times its beginning: then what is
/// short would lie flat on a linear axis.
const WIDE: f64 = 20.0;

impl Scale {
    pub(super) fn linear(low: f64, high: f64) -> Scale {
        // A single value still needs an axis to lie on.
        let high = if high > low { high } else { low + 1.0 };
        Scale { low, high, kind: Kind::Linear }
    }

    /// To a round number, where one is so near that the axis may as well reach it.
    pub(super) fn to_round(self, wanted: usize) -> Scale {
        const NEAR: f64 = 0.03;
        let step = round_above((self.high - self.low) / wanted.max(1) as f64);
        let next = (self.high / step - 1e-9).ceil() * step;
        let near = next - self.high <= (self.high - self.low) * NEAR;
        Scale { high: if near { next } else { self.high }, ..self }
    }

    /// From zero to a round number that has room for all; logarithmic from round
    /// to round when the values are far apart. `shortest` keeps noise near zero
    /// from stretching the axis.
    pub(super) fn of_values(values: impl Iterator<Item = f64>, shortest: f64) -> Scale {
        let (low, high) = values.fold((f64::INFINITY, 0.0_f64), |(low, high), value| {
            (low.min(value.max(shortest)), high.max(value))
        });
        let high = high.max(shortest);
        match high / low > WIDE {
            // A little room keeps marks off the frame.
            true => {
                Scale { low: round_below(low / 1.1), high: round_above(high * 1.1), kind: Kind::Logarithmic }
            }
            false => Scale::linear(0.0, round_end(high, 5)),
        }
    }

    /// From zero to a round number that has room for a count.
    pub(super) fn of_counts(most: f64, wanted: usize) -> Scale {
        Scale::linear(0.0, round_end(most.max(1.0), wanted))
    }

    /// Where a number lies. What lies outside is moved to the end.
    pub(super) fn at(&self, value: f64) -> f64 {
        let place = match self.kind {
            Kind::Linear => (value - self.low) / (self.high - self.low),
            Kind::Logarithmic => (value.max(self.low) / self.low).ln() / (self.high / self.low).ln(),
        };
        place.clamp(0.0, 1.0)
    }

    /// The number at a place.
    pub(super) fn value_at(&self, place: f64) -> f64 {
        match self.kind {
            Kind::Linear => self.low + place * (self.high - self.low),
            Kind::Logarithmic => self.low * (self.high / self.low).powf(place),
        }
    }

    pub(super) fn is_logarithmic(&self) -> bool {
        self.kind == Kind::Logarithmic
    }

    pub(super) fn high(&self) -> f64 {
        self.high
    }

    /// About as many round numbers as wanted, from low to high.
    pub(super) fn ticks(&self, wanted: usize) -> Vec<Tick> {
        let values = match self.kind {
            Kind::Linear => linear_values(self.low, self.high, wanted),
            Kind::Logarithmic => logarithmic_values(self.low, self.high, wanted),
        };
        values.into_iter().map(|value| Tick { value, at: self.at(value) }).collect()
    }
}

/// Room for values that begin with a 1, a 2 or a 5.
const MANTISSAS: [f64; 3] = [1.0, 2.0, 5.0];

fn linear_values(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let step = round_above((high - low) / wanted.max(1) as f64);
    // The small part absorbs what binary fractions take away.
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    (first..=last).map(|n| n as f64 * step).collect()
}

fn logarithmic_values(low: f64, high: f64, wanted: usize) -> Vec<f64> {
    let decades = low.log10().floor() as i32..=high.log10().ceil() as i32;
    let inside = |value: &f64| (low * (1.0 - 1e-9)..=high * (1.0 + 1e-9)).contains(value);
    let of = |mantissas: &[f64]| -> Vec<f64> {
        let values = decades.clone().flat_map(|n| mantissas.iter().map(move |m| m * power_of_ten(n)));
        values.filter(inside).collect()
    };
    let fine = of(&MANTISSAS);
    if fine.len() <= wanted { fine } else { of(&MANTISSAS[..1]) }
}

/// Division keeps 0.001 what it is written as.
fn power_of_ten(exponent: i32) -> f64 {
    if exponent < 0 { 1.0 / 10_f64.powi(-exponent) } else { 10_f64.powi(exponent) }
}

/// The smallest 1, 2 or 5 with zeros that is not below.
fn round_above(value: f64) -> f64 {
    round_numbers(value).find(|round| *round >= value * (1.0 - 1e-9)).unwrap_or(value)
}

/// The largest 1, 2 or 5 with zeros that is not above.
fn round_below(value: f64) -> f64 {
    round_numbers(value).filter(|round| *round <= value * (1.0 + 1e-9)).last().unwrap_or(value)
}

fn round_numbers(near: f64) -> impl Iterator<Item = f64> {
    let decade = if near > 0.0 { near.log10().floor() as i32 } else { 0 };
    (decade - 1..=decade + 1).flat_map(|n| MANTISSAS.map(|m| m * power_of_ten(n)))
}

/// Where a linear axis ends that has room for a value: at one of its own ticks.
fn round_end(value: f64, ticks: usize) -> f64 {
    let step = round_above(value / ticks.max(1) as f64);
    (value / step - 1e-9).ceil().max(1.0) * step
}

/// What times on one axis are counted in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct TimeUnit {
    pub(super) seconds: f64,
    pub(super) name: &'static str,
}

impl TimeUnit {
    /// The one in which an axis of that length has short numbers.
    pub(super) fn for_seconds(seconds: f64) -> TimeUnit {
        let (seconds, name) = match seconds {
            s if s < 0.002 => (1e-6, "µs"),
            s if s < 1.0 => (1e-3, "ms"),
            s if s <= 180.0 => (1.0, "s"),
            s if s <= 10_800.0 => (60.0, "min"),
            _ => (3600.0, "h"),
        };
        TimeUnit { seconds, name }
    }
}

/// A number as it stands beside an axis: no more digits than it has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Round(pub(super) f64);

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.6}", self.0);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// A time in the unit that fits it alone, for axes that span many.
pub(super) fn time_label(seconds: f64) -> String {
    let TimeUnit { seconds: unit, name } = match seconds {
        s if s < 0.000_999 => TimeUnit { seconds: 1e-6, name: "µs" },
        s if s < 0.999 => TimeUnit { seconds: 1e-3, name: "ms" },
        _ => TimeUnit { seconds: 1.0, name: "s" },
    };
    format!("{} {name}", Round(seconds / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale, wanted: usize) -> Vec<String> {
        scale.ticks(wanted).iter().map(|tick| Round(tick.value).to_string()).collect()
    }

    #[test]
    fn ticks_are_round() {
        let check =
            |high, expected: &[&str]| assert_eq!(labels(Scale::linear(0.0, high), 6), expected, "{high}");
        check(1.0, &["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        check(2.51, &["0", "0.5", "1", "1.5", "2", "2.5"]);
        check(0.03, &["0", "0.005", "0.01", "0.015", "0.02", "0.025", "0.03"]);
        check(97.0, &["0", "20", "40", "60", "80"]);
        check(3600.0, &["0", "1000", "2000", "3000"]);
        check(0.0, &["0", "0.2", "0.4", "0.6", "0.8", "1"]);
    }

    #[test]
    fn logarithmic_ticks_are_round_and_few() {
        let scale = |low, high| Scale { low, high, kind: Kind::Logarithmic };
        assert_eq!(labels(scale(0.02, 5.0), 9), ["0.02", "0.05", "0.1", "0.2", "0.5", "1", "2", "5"]);
        assert_eq!(labels(scale(0.002, 50.0), 8), ["0.01", "0.1", "1", "10"]);
    }

    #[test]
    fn a_wide_range_is_logarithmic_and_a_narrow_one_begins_at_zero() {
        let check = |values: &[f64], low, high, kind| {
            assert_eq!(
                Scale::of_values(values.iter().copied(), 0.01),
                Scale { low, high, kind },
                "{values:?}"
            );
        };
        check(&[0.02, 2.5], 0.01, 5.0, Kind::Logarithmic);
        check(&[0.5, 2.5], 0.0, 2.5, Kind::Linear);
        check(&[0.7, 2.6], 0.0, 3.0, Kind::Linear);
        check(&[0.0, 1.0], 0.005, 2.0, Kind::Logarithmic);
        check(&[0.0], 0.0, 0.01, Kind::Linear);
        check(&[], 0.0, 0.01, Kind::Linear);
    }

    #[test]
    fn an_axis_reaches_the_round_number_that_is_near() {
        let check = |high, expected: f64| {
            let reached = Scale::linear(0.0, high).to_round(8).high();
            assert!((reached - expected).abs() < 1e-9, "{high}: {reached}");
        };
        check(19.99, 20.0);
        check(20.0, 20.0);
        check(21.0, 21.0);
        check(2.51, 2.51);
    }

    #[test]
    fn places_lie_on_the_axis() {
        let linear = Scale::linear(0.0, 10.0);
        assert_eq!([linear.at(-1.0), linear.at(5.0), linear.at(11.0)], [0.0, 0.5, 1.0]);
        let wide = Scale { low: 0.01, high: 100.0, kind: Kind::Logarithmic };
        assert_eq!([wide.at(0.0), wide.at(1.0), wide.at(1e9)], [0.0, 0.5, 1.0]);
        assert_eq!([linear.value_at(0.5), wide.value_at(0.5).round()], [5.0, 1.0]);
    }

    #[test]
    fn times_are_in_the_unit_that_fits() {
        let check =
            |seconds, expected: &str| assert_eq!(TimeUnit::for_seconds(seconds).name, expected, "{seconds}");
        check(0.001, "µs");
        check(0.5, "ms");
        check(2.5, "s");
        check(600.0, "min");
        check(86_400.0, "h");
        assert_eq!(time_label(0.02), "20 ms");
        assert_eq!(time_label(5.0), "5 s");
        assert_eq!(time_label(0.0005), "500 µs");
    }
}
