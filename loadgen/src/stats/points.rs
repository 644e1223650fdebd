//! A few thousand requests one by one, for pictures.
//!
//! Memory is bounded: when there are too many, every second one goes, and from
//! then on only every second, fourth, eighth … one is taken.

use crate::duration::round_us;
use crate::outcome::Class;
use serde::{Deserialize, Serialize};

/// As many dots as a picture can show side by side.
const MOST_POINTS: usize = 2_000;

/// Every `every`-th request, in the order in which they ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Points {
    pub every: u64,
    /// Of so many.
    pub of: u64,
    pub requests: Vec<Point>,
}

/// One request. Seconds count from the start of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub due_s: f64,
    /// From its due time to its outcome.
    pub response_s: f64,
    pub class: Class,
    /// The environment's index in the report's list of environments.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub environment: Option<usize>,
    /// When the function ran, by its own clock.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub ran_s: Option<(f64, f64)>,
    /// How long its environment had taken to initialize, if it was cold.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub init_s: Option<f64>,
}

impl Default for Points {
    fn default() -> Points {
        Points { every: 1, of: 0, requests: Vec::new() }
    }
}

impl Points {
    /// Takes a request, or lets it go by.
    pub fn offer(&mut self, point: impl FnOnce() -> Point) {
        // It doubles, so it is a power of two.
        let taken = self.of & (self.every - 1) == 0;
        self.of += 1;
        if taken {
            self.requests.push(point());
            self.thin();
        }
    }

    /// Adds those of another run, which began `later_s` after this one. The
    /// environments it speaks of have `environments` as their new numbers.
    pub fn add(&mut self, other: &Points, later_s: f64, environments: &[usize]) {
        self.every = self.every.max(other.every);
        self.of += other.of;
        self.requests.extend(other.requests.iter().map(|point| Point {
            due_s: round_us(point.due_s + later_s),
            ran_s: point.ran_s.map(|(from, to)| (round_us(from + later_s), round_us(to + later_s))),
            environment: point.environment.and_then(|n| environments.get(n).copied()),
            ..point.clone()
        }));
        self.requests.sort_by(|a, b| a.due_s.total_cmp(&b.due_s));
        while self.thin() {}
    }

    fn thin(&mut self) -> bool {
        let full = self.requests.len() > MOST_POINTS;
        if full {
            let mut n = 0_usize;
            self.requests.retain(|_| {
                n += 1;
                n % 2 == 1
            });
            self.every *= 2;
        }
        full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(due_s: f64) -> Point {
        Point { due_s, response_s: 0.1, class: Class::OkWarm, environment: None, ran_s: None, init_s: None }
    }

    fn points(requests: u64) -> Points {
        let mut points = Points::default();
        (0..requests).for_each(|n| points.offer(|| point(n as f64)));
        points
    }

    #[test]
    fn few_are_kept_all_and_many_are_thinned_evenly() {
        let check = |requests, every, kept| {
            let points = points(requests);
            assert_eq!((points.every, points.requests.len()), (every, kept), "{requests}");
            let even =
                points.requests.iter().enumerate().all(|(n, point)| point.due_s == (n as u64 * every) as f64);
            assert!(even, "{requests}");
        };
        check(100, 1, 100);
        check(2_000, 1, 2_000);
        check(2_001, 2, 1_001);
        check(100_000, 64, 1_563);
    }

    #[test]
    fn added_points_lie_on_one_axis() {
        let mut all = points(2);
        let mut other = points(1);
        other.requests[0].environment = Some(0);
        all.add(&other, 0.5, &[7]);
        let seen: Vec<_> = all.requests.iter().map(|point| (point.due_s, point.environment)).collect();
        assert_eq!(seen, [(0.0, None), (0.5, Some(7)), (1.0, None)]);
    }
}
