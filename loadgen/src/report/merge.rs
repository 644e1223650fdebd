//! `loadgen merge`: the reports of several machines that sent one load together.
//!
//! What can be added is added exactly: counts, and histograms instead of the
//! percentiles that are read from them. What cannot be is left out: the highest
//! concurrency of the whole lies somewhere between the highest of a part and
//! the sum of all.

use super::{Counts, QueueReport, Report, Times};
use crate::arrivals::{Arrivals, End, Shape, Share, Step};
use crate::expect::Expectation;
use crate::stats::EnvironmentUse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// Adds up parts, each with the name that an error is to call it by.
pub fn merge(parts: &[(String, Report)]) -> Result<Report, String> {
    let Some(((first_name, first), rest)) = parts.split_first() else {
        return Err("there is nothing to merge".to_owned());
    };
    for (name, part) in rest {
        if let Some(what) = difference(first, part) {
            return Err(format!("{first_name} and {name} are not of one load: {what} differs"));
        }
    }
    let mut whole = first.clone();
    whole.arrivals = arrivals(parts)?;
    let texts = texts(parts);
    for (_, part) in rest {
        add(&mut whole, part);
    }
    if rest.iter().any(|(_, part)| part.max_concurrency.is_some()) {
        (whole.max_concurrency, whole.mean_concurrency) = (None, None);
    }
    whole.summarize();
    whole.judge(&texts);
    Ok(whole)
}

/// What keeps two reports from being parts of one load.
fn difference(a: &Report, b: &Report) -> Option<&'static str> {
    let is_aws = |report: &Report| report.target == "aws";
    let same = [
        ("the subject", a.subject == b.subject),
        ("the mode", a.mode == b.mode),
        ("the target", is_aws(a) == is_aws(b)),
        ("what is done about refusals", a.retries == b.retries),
        ("the number of messages in a request", a.batch == b.batch),
        ("the shape of the arrivals", a.arrivals.shape == b.arrivals.shape),
        ("the seed", a.arrivals.seed == b.arrivals.seed),
        ("whether they are shares", a.arrivals.share.is_some() == b.arrivals.share.is_some()),
        (
            "the number of shares",
            a.arrivals.share.map(|share| share.of) == b.arrivals.share.map(|share| share.of),
        ),
        ("the end", a.arrivals.until == b.arrivals.until),
    ];
    same.into_iter().find_map(|(what, same)| (!same).then_some(what))
}

/// The arrivals of all together.
fn arrivals(parts: &[(String, Report)]) -> Result<Arrivals, String> {
    let first = parts[0].1.arrivals.clone();
    let shares: Vec<Share> = parts.iter().filter_map(|(_, part)| part.arrivals.share).collect();
    match shares.first() {
        Some(Share { of, .. }) => {
            check_shares(&shares, *of)?;
            Ok(first.shared(None))
        }
        None => side_by_side(&first, parts.len() as u64),
    }
}

/// Each share has to be there, and once.
fn check_shares(shares: &[Share], of: u64) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    if let Some(twice) = shares.iter().find(|share| !seen.insert(share.index)) {
        return Err(format!("share {}/{of} is there twice", twice.index));
    }
    let missing: Vec<String> =
        (0..of).filter(|index| !seen.contains(index)).map(|index| format!("{index}/{of}")).collect();
    match missing.as_slice() {
        [] => Ok(()),
        missing => Err(format!("share {} is missing; give the reports of all", missing.join(" and "))),
    }
}

/// Several times the same load at once: its rates and users add up.
fn side_by_side(one: &Arrivals, times: u64) -> Result<Arrivals, String> {
    let n = times as f64;
    let shape = match &one.shape {
        Shape::Burst => Shape::Burst,
        Shape::ClosedLoop { users } => Shape::ClosedLoop { users: users * times },
        Shape::Constant { per_second } => Shape::Constant { per_second: per_second * n },
        Shape::Ramp { from, to } => Shape::Ramp { from: from * n, to: to * n },
        Shape::Poisson { per_second } => Shape::Poisson { per_second: per_second * n },
        Shape::Sine { low, high, period_s } => {
            Shape::Sine { low: low * n, high: high * n, period_s: *period_s }
        }
        Shape::Steps { steps } => {
            let step = |step: &Step| Step { per_second: step.per_second * n, duration_s: step.duration_s };
            Shape::Steps { steps: steps.iter().map(step).collect() }
        }
        Shape::Trace { .. } if times > 1 => {
            return Err("each has sent the whole trace; send parts of it with --share".to_owned());
        }
        Shape::Trace { .. } => one.shape.clone(),
    };
    let until = match one.until {
        End::Requests(requests) => End::Requests(requests * times),
        End::DurationS(seconds) => End::DurationS(seconds),
    };
    Ok(Arrivals { shape, until, ..one.clone() })
}

/// Every expectation that a part had, once.
fn texts(parts: &[(String, Report)]) -> Vec<Expectation> {
    let mut seen = BTreeSet::new();
    let verdicts = parts.iter().flat_map(|(_, part)| &part.expectations);
    let new = verdicts.filter(|verdict| seen.insert(&verdict.text));
    new.filter_map(|verdict| verdict.text.parse().ok()).collect()
}

fn add(whole: &mut Report, part: &Report) {
    let later = part.times.started - whole.times.started;
    if later < 0.0 {
        begin_earlier(whole, -later);
    }
    let later = later.max(0.0);
    whole.requests += part.requests;
    whole.interrupted |= part.interrupted;
    whole.counts.add(&part.counts);
    add_each(&mut whole.statuses, &part.statuses);
    whole.attempts.made += part.attempts.made;
    whole.attempts.throttled += part.attempts.throttled;
    whole.max_concurrency_left_out += part.max_concurrency_left_out;
    whole.histograms.add(&part.histograms);
    whole.timeline.add(&part.timeline, Duration::from_secs_f64(later));
    let numbers = unite(&mut whole.environment_uses, &part.environment_uses);
    whole.points.add(&part.points, later, &numbers);
    whole.times.include(part.times);
    for (class, note) in &part.notes {
        whole.notes.entry(*class).or_insert_with(|| note.clone());
    }
    whole.queue = both(whole.queue, part.queue);
    // Both have read the same log, and neither says which lines were its own.
    whole.completion = None;
}

/// Moves the origin of a report's time axis.
fn begin_earlier(report: &mut Report, by_s: f64) {
    let timeline = std::mem::take(&mut report.timeline);
    report.timeline.add(&timeline, Duration::from_secs_f64(by_s));
    let points = std::mem::take(&mut report.points);
    let same: Vec<usize> = (0..report.environment_uses.len()).collect();
    report.points.add(&points, by_s, &same);
    report.times.started -= by_s;
}

fn add_each<K: Clone + Ord>(mine: &mut BTreeMap<K, u64>, its: &BTreeMap<K, u64>) {
    its.iter().for_each(|(key, count)| *mine.entry(key.clone()).or_default() += count);
}

/// Returns the numbers that the second's environments have in the first.
fn unite(mine: &mut Vec<EnvironmentUse>, its: &[EnvironmentUse]) -> Vec<usize> {
    let mut known: HashMap<String, usize> =
        mine.iter().enumerate().map(|(n, used)| (used.id.clone(), n)).collect();
    let number = |used: &EnvironmentUse| {
        let number = *known.entry(used.id.clone()).or_insert(mine.len());
        match mine.get_mut(number) {
            None => mine.push(used.clone()),
            Some(before) => {
                before.answers += used.answers;
                before.cold += used.cold;
                before.init_ms = before.init_ms.or(used.init_ms);
            }
        }
        number
    };
    its.iter().map(number).collect()
}

/// They have watched the same queue.
fn both(a: Option<QueueReport>, b: Option<QueueReport>) -> Option<QueueReport> {
    let (Some(a), Some(b)) = (a, b) else { return a.or(b) };
    Some(QueueReport {
        sent: a.sent + b.sent,
        drained: a.drained && b.drained,
        left: a.left.max(b.left),
        drain_s: a.drain_s.zip(b.drain_s).map(|(a, b)| a.max(b)),
    })
}

impl Counts {
    fn add(&mut self, other: &Counts) {
        add_each(&mut self.throttled, &other.throttled);
        self.ok_warm += other.ok_warm;
        self.ok_cold += other.ok_cold;
        self.accepted += other.accepted;
        self.function_error += other.function_error;
        self.server_error += other.server_error;
        self.client_error += other.client_error;
        self.timeout += other.timeout;
        self.no_answer += other.no_answer;
        self.not_sent += other.not_sent;
    }
}

impl Times {
    fn include(&mut self, other: Times) {
        let pick = |a: Option<f64>, b: Option<f64>, of: fn(f64, f64) -> f64| match (a, b) {
            (Some(a), Some(b)) => Some(of(a, b)),
            (a, b) => a.or(b),
        };
        self.first_due = pick(self.first_due, other.first_due, f64::min);
        self.first_sent = pick(self.first_sent, other.first_sent, f64::min);
        self.last_sent = pick(self.last_sent, other.last_sent, f64::max);
        self.last_done = pick(self.last_done, other.last_done, f64::max);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::Class;
    use crate::report::tests::example;

    fn part(index: u64, started: f64) -> (String, Report) {
        let mut report = example();
        report.arrivals.share = Some(Share { index, of: 2 });
        report.times.started = started;
        (format!("{index}.json"), report)
    }

    #[test]
    fn two_halves_are_a_whole() {
        let one = part(0, 1_763_750_000.0);
        let whole = merge(&[one.clone(), part(1, 1_763_750_000.0)]).unwrap();
        assert_eq!((whole.requests, whole.counts.ok(), whole.counts.of(Class::Throttled)), (200, 10, 190));
        assert_eq!(whole.arrivals.share, None);
        let mut twice = one.1.histograms.clone();
        twice.add(&one.1.histograms);
        assert_eq!(whole.histograms, twice);
        assert_eq!(whole.success_ms.unwrap().count, 10);
        assert_eq!((whole.environments, whole.environment_uses[0].answers), (Some(5), 2), "the same five");
        assert_eq!((whole.max_concurrency, whole.mean_concurrency), (None, None), "they do not add up");
        assert_eq!(whole.points.of, 200);
    }

    #[test]
    fn which_comes_first_makes_no_difference() {
        let (early, late) = (part(0, 1_763_750_000.0), part(1, 1_763_750_001.0));
        let a = merge(&[early.clone(), late.clone()]).unwrap();
        let b = merge(&[late, early]).unwrap();
        assert_eq!(a.times, b.times);
        assert_eq!(a.timeline, b.timeline);
        assert_eq!((a.histograms, a.counts), (b.histograms, b.counts));
        assert_eq!(a.timeline.intervals[0].sent + a.timeline.intervals[10].sent, 200);
    }

    #[test]
    fn expectations_are_judged_again() {
        let mut parts = [part(0, 0.0), part(1, 0.0)];
        parts[0].1.judge(&["ok==10".parse().unwrap()]);
        assert!(!parts[0].1.expectations[0].ok);
        let whole = merge(&parts).unwrap();
        assert!(whole.expectations.len() == 1 && whole.expectations[0].ok);
    }

    #[test]
    fn what_is_not_one_load_is_refused() {
        let check = |change: fn(&mut Report), expected: &str| {
            let mut parts = [part(0, 0.0), part(1, 0.0)];
            change(&mut parts[1].1);
            let problem = merge(&parts).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        };
        check(
            |report| report.target = "aws".into(),
            "0.json and 1.json are not of one load: the target differs",
        );
        check(|report| report.arrivals.seed = 9, "the seed differs");
        check(|report| report.arrivals.share = None, "whether they are shares differs");
        check(|report| report.arrivals.share = Some(Share { index: 0, of: 2 }), "share 0/2 is there twice");
        assert!(merge(&[part(0, 0.0)]).unwrap_err().contains("share 1/2 is missing"));
        assert!(merge(&[]).is_err());
    }

    #[test]
    fn machines_side_by_side_add_their_rates() {
        let alone = |shape: &str| {
            let arrivals = Arrivals::new(shape.parse().unwrap(), Some(End::Requests(100)), 0).unwrap();
            ("r.json".to_owned(), Report { arrivals, ..example() })
        };
        let whole = |shape: &str| merge(&[alone(shape), alone(shape)]).unwrap().arrivals;
        assert_eq!(whole("burst"), Arrivals::burst(200));
        assert_eq!(whole("closed:5").shape, Shape::ClosedLoop { users: 10 });
        assert_eq!(whole("poisson:5/s").shape, Shape::Poisson { per_second: 10.0 });
        assert_eq!(whole("constant:5/s").until, End::Requests(200));
    }
}
