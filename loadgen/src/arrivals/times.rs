//! Due times, one after the other.
//!
//! A rate that changes is turned into due times by its integral: request number
//! n is due when the integral of the rate reaches n. So the spacing is even
//! wherever the rate is, and nothing is drawn by lot but [`poisson`] and what [`minutes`] spreads.

use super::{Arrivals, End, Shape, Step, minutes, trace};
use std::f64::consts::TAU;
use std::iter;
use std::time::Duration;

/// A duration ends just before its last instant: what binary fractions put
/// there is meant to be beyond it.
const JUST_BEFORE: f64 = 1.0 - 1e-12;

type Times = Box<dyn Iterator<Item = f64> + Send>;

/// Due times of all processes together.
pub(super) fn of(arrivals: &Arrivals) -> Box<dyn Iterator<Item = Duration> + Send> {
    let times: Times = match &arrivals.shape {
        Shape::Burst => Box::new(iter::repeat(0.0)),
        Shape::ClosedLoop { .. } => Box::new(iter::empty()),
        &Shape::Constant { per_second } => Box::new((0_u64..).map(move |n| n as f64 / per_second)),
        &Shape::Ramp { from, to } => ramp(from, to, arrivals.until),
        &Shape::Poisson { per_second } => poisson(per_second, arrivals.seed),
        &Shape::Sine { low, high, period_s } => sine(low, high, period_s),
        Shape::Steps { steps } => stairs(steps.clone()),
        Shape::Trace { file, .. } => trace::times(file),
        Shape::Minutes { file, function, .. } => minutes::times(file, function.as_deref(), arrivals.seed),
    };
    let bounded: Times = match arrivals.until {
        End::Requests(requests) => Box::new(times.take(requests as usize)),
        End::DurationS(seconds) => Box::new(times.take_while(move |&time| time < seconds * JUST_BEFORE)),
    };
    Box::new(bounded.map(Duration::from_secs_f64))
}

/// The integral of a rate that goes from `from` to `to` is a parabola, whose
/// inverse is a square root.
fn ramp(from: f64, to: f64, until: End) -> Times {
    let seconds = match until {
        End::DurationS(seconds) => seconds,
        End::Requests(requests) => requests as f64 * 2.0 / (from + to),
    };
    let slope = (to - from) / seconds;
    if slope == 0.0 {
        return Box::new((0_u64..).map(move |n| n as f64 / from));
    }
    let time = move |n: u64| ((from * from + 2.0 * slope * n as f64).max(0.0).sqrt() - from) / slope;
    let all = (from + to) / 2.0 * seconds;
    Box::new((0_u64..).take_while(move |&n| (n as f64) < all * JUST_BEFORE).map(time))
}

/// Independent arrivals: the distances are exponential.
fn poisson(per_second: f64, seed: u64) -> Times {
    let mut lots = fastrand::Rng::with_seed(seed);
    let mut now = 0.0;
    Box::new(iter::from_fn(move || {
        now += -libm::log(1.0 - lots.f64()) / per_second;
        Some(now)
    }))
}

fn sine(low: f64, high: f64, period: f64) -> Times {
    let (middle, swing) = (f64::midpoint(low, high), (high - low) / 2.0);
    let arrived = move |t: f64| middle * t + swing * period / TAU * (1.0 - libm::cos(TAU * t / period));
    let mut now = 0.0;
    Box::new((0_u64..).map(move |n| {
        now = inverse(arrived, n as f64, now, now + period + 2.0 / middle);
        now
    }))
}

/// Where a rising function reaches a value, to the nanosecond or so.
fn inverse(function: impl Fn(f64) -> f64, value: f64, mut low: f64, mut high: f64) -> f64 {
    while high - low > 1e-9_f64.max(high * 1e-15) {
        let middle = f64::midpoint(low, high);
        if function(middle) < value {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// Each step begins with a request of its own.
fn stairs(steps: Vec<Step>) -> Times {
    let starts = steps.clone().into_iter().scan(0.0, |at, step| {
        let start = *at;
        *at += step.duration_s;
        Some(start)
    });
    let starts: Vec<f64> = starts.collect();
    Box::new(steps.into_iter().zip(starts).flat_map(|(step, start)| {
        let within = (0_u64..).map(move |n| n as f64 / step.per_second);
        let within = within.take_while(move |&time| time < step.duration_s * JUST_BEFORE);
        within.map(move |time| start + time)
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(shape: &str, until: End) -> Vec<f64> {
        let arrivals = Arrivals { shape: shape.parse().unwrap(), until, seed: 7, share: None };
        of(&arrivals).map(|due| due.as_secs_f64()).collect()
    }

    /// How many are due in each of `parts` equal parts of a time.
    fn per_part(times: &[f64], whole: f64, parts: usize) -> Vec<usize> {
        let mut counts = vec![0; parts];
        times.iter().for_each(|time| counts[(time / whole * parts as f64) as usize] += 1);
        counts
    }

    #[test]
    fn a_ramp_rises_evenly() {
        let times = seconds("ramp:0/s..100/s", End::DurationS(4.0));
        assert_eq!(per_part(&times, 4.0, 4), [13, 37, 63, 87]);
        let falling = seconds("ramp:100/s..0/s", End::DurationS(4.0));
        assert_eq!(per_part(&falling, 4.0, 4), [88, 62, 38, 12]);
        let by_number = seconds("ramp:0/s..100/s", End::Requests(200));
        assert_eq!(by_number, times);
    }

    #[test]
    fn a_sine_swings() {
        let times = seconds("sine:0/s..100/s@4s", End::DurationS(4.0));
        let quarters = per_part(&times, 4.0, 4);
        // 50 ± 50·2/π in each quarter.
        assert!(
            quarters.iter().zip([82, 82, 18, 18]).all(|(&seen, ideal)| seen.abs_diff(ideal) <= 1),
            "{quarters:?}"
        );
    }

    #[test]
    fn steps_follow_each_other() {
        let times = seconds("steps:2/s@1s,0/s@1s,4/s@1s", End::DurationS(3.0));
        assert_eq!(times, [0.0, 0.5, 2.0, 2.25, 2.5, 2.75]);
    }

    #[test]
    fn poisson_arrivals_are_random_in_the_right_way() {
        let times = seconds("poisson:100/s", End::Requests(20_000));
        assert_eq!(times, seconds("poisson:100/s", End::Requests(20_000)), "a seed draws the same");
        let gaps: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        // An exponential's deviation is its mean. Five standard errors of 20,000 draws.
        assert!((mean * 100.0 - 1.0).abs() < 0.035, "{mean}");
        assert!((variance.sqrt() / mean - 1.0).abs() < 0.05, "{variance}");
    }
}
