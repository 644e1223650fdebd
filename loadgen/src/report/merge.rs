//! `loadgen merge`: the reports of several machines that sent one load together.
//!
//! What can be added is added exactly: counts, and histograms instead of the
//! percentiles that are read from them. The order of the parts makes no
//! difference but to what only one of them can say, such as notes.
//!
//! What cannot be added is counted anew or left out. The highest concurrency of
//! the whole lies anywhere between the highest of a part and the sum of all; it
//! is known where the parts still have every single run of the function.

use super::{Counts, QueueReport, Report, Times};
use crate::arrivals::{Arrivals, End, Shape, Share, Step};
use crate::duration::round_ms;
use crate::expect::Expectation;
use crate::stats::{EnvironmentUse, Histograms, Interval, Overlap, Point, Points, Source, Timeline};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// As many points as one run keeps.
const MOST_POINTS: usize = 2_000;

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
    let arrivals = arrivals(parts)?;
    let expectations = expectations(parts)?;
    let reports: Vec<&Report> = parts.iter().map(|(_, part)| part).collect();
    if let [alone] = reports.as_slice() {
        return Ok(Report { arrivals, ..(*alone).clone() });
    }
    let mut whole = sum(&reports);
    whole.arrivals = arrivals;
    whole.summarize();
    whole.judge(&expectations);
    Ok(whole)
}

/// What keeps two reports from being parts of one load.
fn difference(a: &Report, b: &Report) -> Option<&'static str> {
    let region = |report: &Report| (report.target == "aws").then(|| report.endpoint.clone());
    let share = |report: &Report| report.arrivals.share;
    let same = [
        ("the subject", a.subject == b.subject),
        ("the mode", a.mode == b.mode),
        // Each machine may have another way to the same emulator.
        ("the target", region(a) == region(b)),
        ("the name of the run", a.name == b.name),
        ("what is done about refusals", a.retries == b.retries),
        ("the number of messages in a request", a.batch == b.batch),
        ("the shape of the arrivals", a.arrivals.shape == b.arrivals.shape),
        ("the end", a.arrivals.until == b.arrivals.until),
        ("whether they are shares", share(a).is_some() == share(b).is_some()),
        ("the number of shares", share(a).map(|share| share.of) == share(b).map(|share| share.of)),
        // Of shares only: they are parts of what one seed has drawn.
        ("the seed", a.arrivals.seed == b.arrivals.seed || share(a).is_none()),
    ];
    same.into_iter().find_map(|(what, same)| (!same).then_some(what))
}

/// The arrivals of all together.
fn arrivals(parts: &[(String, Report)]) -> Result<Arrivals, String> {
    let first = parts[0].1.arrivals.clone();
    match first.share {
        Some(Share { of, .. }) => {
            check_shares(parts, of)?;
            Ok(first.shared(None))
        }
        None => side_by_side(&first, parts.len() as u64),
    }
}

/// Each share has to be there, and once.
fn check_shares(parts: &[(String, Report)], of: u64) -> Result<(), String> {
    let mut seen: BTreeMap<u64, &str> = BTreeMap::new();
    for (name, part) in parts {
        let index = part.arrivals.share.map_or(0, |share| share.index);
        if let Some(before) = seen.insert(index, name) {
            return Err(format!("share {index}/{of} is there twice, in {before} and in {name}"));
        }
    }
    let missing = (0..of).filter(|index| !seen.contains_key(index));
    let missing: Vec<String> = missing.map(|index| format!("{index}/{of}")).collect();
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
        Shape::Trace { .. } | Shape::Minutes { .. } if times > 1 => {
            return Err("each has sent the whole trace; send parts of it with --share".to_owned());
        }
        Shape::Trace { .. } | Shape::Minutes { .. } => one.shape.clone(),
    };
    let until = match one.until {
        End::Requests(requests) => End::Requests(requests * times),
        End::DurationS(seconds) => End::DurationS(seconds),
    };
    Ok(Arrivals { shape, until, ..one.clone() })
}

/// Every expectation that a part had, once.
fn expectations(parts: &[(String, Report)]) -> Result<Vec<Expectation>, String> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for (name, part) in parts {
        for verdict in
            part.expectations.iter().filter(|verdict| verdict.words.is_none() && seen.insert(&verdict.text))
        {
            let text = &verdict.text;
            all.push(text.parse().map_err(|problem: String| format!("{name}: '{text}': {problem}"))?);
        }
    }
    Ok(all)
}

/// All numbers together, on the time axis of the part that began first.
fn sum(parts: &[&Report]) -> Report {
    let started = parts.iter().map(|part| part.times.started).fold(f64::INFINITY, f64::min);
    let later = |part: &Report| part.times.started - started;
    let (environment_uses, numbers) = environments(parts, later);
    let mut whole = Report { environment_uses, ..emptied(parts[0]) };
    whole.times.started = started;
    for part in parts {
        add(&mut whole, part, later(part));
    }
    for ((part, points), numbers) in parts.iter().zip(thinned(parts)).zip(&numbers) {
        whole.points.add(&points, later(part), numbers);
    }
    let ended = |point: &Point| point.due_s + point.response_s;
    whole.points.requests.sort_by(|a, b| ended(a).total_cmp(&ended(b)));
    set_concurrency(&mut whole, parts);
    whole
}

/// Says what was sent where, and no more.
fn emptied(part: &Report) -> Report {
    Report {
        requests: 0,
        interrupted: false,
        times: Times::default(),
        counts: Counts::default(),
        statuses: BTreeMap::new(),
        attempts: Default::default(),
        notes: BTreeMap::new(),
        queue: None,
        dead_lettered: None,
        // All have read the same log, and none says which lines were its own.
        completion: None,
        histograms: Histograms::default(),
        timeline: Timeline::default(),
        points: Points::default(),
        ..part.clone()
    }
}

fn add(whole: &mut Report, part: &Report, later_s: f64) {
    whole.requests += part.requests;
    whole.interrupted |= part.interrupted;
    whole.counts.add(&part.counts);
    add_each(&mut whole.statuses, &part.statuses);
    whole.attempts.made += part.attempts.made;
    whole.attempts.throttled += part.attempts.throttled;
    whole.histograms.add(&part.histograms);
    whole.timeline.add(&part.timeline, Duration::from_secs_f64(later_s));
    whole.times.include(part.times);
    for (class, note) in &part.notes {
        whole.notes.entry(*class).or_insert_with(|| note.clone());
    }
    whole.queue = both(whole.queue, part.queue);
    // The same queue, which only fills.
    whole.dead_lettered = whole.dead_lettered.max(part.dead_lettered);
}

fn add_each<K: Clone + Ord>(mine: &mut BTreeMap<K, u64>, its: &BTreeMap<K, u64>) {
    its.iter().for_each(|(key, count)| *mine.entry(key.clone()).or_default() += count);
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

/// All environments, and for each part the numbers that its own have among them.
/// They stand in the order of their first answers, as far as points tell.
fn environments(parts: &[&Report], later: impl Fn(&Report) -> f64) -> (Vec<EnvironmentUse>, Vec<Vec<usize>>) {
    let mut united: BTreeMap<&str, (f64, EnvironmentUse)> = BTreeMap::new();
    for part in parts {
        let first = first_answers(part);
        for (used, first) in part.environment_uses.iter().zip(first) {
            let none = EnvironmentUse { id: used.id.clone(), answers: 0, cold: 0, init_ms: None };
            let (seen, all) = united.entry(&used.id).or_insert((f64::INFINITY, none));
            *seen = seen.min(first + later(part));
            all.answers += used.answers;
            all.cold += used.cold;
            all.init_ms = all.init_ms.or(used.init_ms);
        }
    }
    let mut united: Vec<(f64, EnvironmentUse)> = united.into_values().collect();
    united.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let all: Vec<EnvironmentUse> = united.into_iter().map(|(_, used)| used).collect();
    let number: HashMap<&str, usize> =
        all.iter().enumerate().map(|(n, used)| (used.id.as_str(), n)).collect();
    let of = |part: &&Report| part.environment_uses.iter().map(|used| number[used.id.as_str()]).collect();
    let numbers = parts.iter().map(of).collect();
    (all, numbers)
}

/// When each environment of a part first answered, in seconds from its start.
fn first_answers(part: &Report) -> Vec<f64> {
    let mut first = vec![f64::INFINITY; part.environment_uses.len()];
    for point in &part.points.requests {
        if let Some(first) = point.environment.and_then(|n| first.get_mut(n)) {
            *first = first.min(point.due_s + point.response_s);
        }
    }
    first
}

/// The points of each part, every n-th of them, so that together they are not too
/// many and each part is there with its share. Thinned out together, of machines
/// that take turns one might go altogether.
fn thinned(parts: &[&Report]) -> Vec<Points> {
    let step = |points: &Points, every: u64| (every / points.every.max(1)).max(1) as usize;
    let kept = |every: u64| {
        let kept = parts.iter().map(|part| part.points.requests.len().div_ceil(step(&part.points, every)));
        kept.sum::<usize>()
    };
    let mut every = parts.iter().map(|part| part.points.every).max().unwrap_or(1);
    while kept(every) > MOST_POINTS.max(parts.len()) {
        every = every.saturating_mul(2);
    }
    let thin = |part: &&Report| {
        let requests = part.points.requests.iter().step_by(step(&part.points, every));
        Points { every, of: part.points.of, requests: requests.cloned().collect() }
    };
    parts.iter().map(thin).collect()
}

/// Who ran at the same time is known of one machine's requests, or if every run of
/// the function is there to be counted anew.
fn set_concurrency(whole: &mut Report, parts: &[&Report]) {
    let known: Vec<&&Report> = parts.iter().filter(|part| part.max_concurrency.is_some()).collect();
    whole.max_concurrency_left_out = parts.iter().map(|part| part.max_concurrency_left_out).sum();
    (whole.max_concurrency, whole.mean_concurrency, whole.max_concurrency_source) = match known.as_slice() {
        [one] => (one.max_concurrency, one.mean_concurrency, one.max_concurrency_source),
        _ if known.iter().all(|part| is_complete(part)) => {
            let overlap = overlap(parts);
            (overlap.highest(), overlap.mean().map(round_ms), overlap.source())
        }
        _ => (None, None, None),
    };
}

/// Whether the points tell of every run, by the function's clock.
fn is_complete(part: &Report) -> bool {
    part.points.every == 1 && part.max_concurrency_source == Some(Source::Answers)
}

/// The runs of the function one by one.
fn overlap(parts: &[&Report]) -> Overlap {
    let micros = |seconds: f64| (seconds * 1e6).round() as i64;
    let mut overlap = Overlap::default();
    for part in parts {
        let at = |seconds| (micros(part.times.started) + micros(seconds)).max(0).cast_unsigned();
        let ran = part.points.requests.iter().filter_map(|point| point.ran_s);
        ran.for_each(|(from, to)| {
            let interval = Interval::from_micros(at(from), at(to));
            overlap.add(Some(interval), interval);
        });
    }
    overlap
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
    use crate::outcome::{Answer, Class, Outcome};
    use crate::report::tests::example;
    use crate::sample::{Attempts, Sample};
    use crate::stats::Stats;
    use std::time::Instant;

    fn part(index: u64, started: f64) -> (String, Report) {
        let mut report = example();
        report.arrivals.share = Some(Share { index, of: 2 });
        report.times.started = started;
        (format!("{index}.json"), report)
    }

    /// A request every ten milliseconds, of which every third is refused, and the
    /// others are run by four environments for some time.
    fn sample(start: Instant, epoch_s: f64, n: u32) -> Sample {
        let ms = |ms| Duration::from_millis(u64::from(ms));
        let due = start + ms(10 * n);
        let took = 20 + n * 37 % 50;
        let begun = epoch_s + f64::from(10 * n + 5) / 1000.0;
        let outcome = match n % 3 {
            0 => Outcome::Throttled { status: 429, reason: "R".into() },
            _ => Outcome::Ok(Answer {
                environment_id: Some(format!("e-{}", n % 4)),
                cold_start: Some(n < 4),
                cold_start_time: Some(0.1),
                started_at: Some(begun),
                finished_at: Some(begun + f64::from(took - 10) / 1000.0),
                status: 200,
            }),
        };
        let attempts = Attempts { made: 1, throttled: u32::from(n.is_multiple_of(3)) };
        Sample { due, sent: Some(due + ms(1)), done: due + ms(took), outcome, attempts }
    }

    fn report(stats: &Stats, share: Option<Share>) -> Report {
        let arrivals = Arrivals::new("constant:100/s".parse().unwrap(), Some(End::Requests(200)), 0);
        let overlap = stats.overlap();
        let mut report = Report {
            requests: stats.ended(),
            arrivals: arrivals.unwrap().shared(share),
            times: Times::new(stats),
            counts: Counts::new(stats),
            statuses: stats.statuses().clone(),
            attempts: stats.attempts(),
            max_concurrency: overlap.highest(),
            mean_concurrency: overlap.mean().map(round_ms),
            max_concurrency_source: overlap.source(),
            max_concurrency_left_out: overlap.left_out(),
            notes: stats.notes().clone(),
            environment_uses: stats.environments().to_vec(),
            histograms: stats.histograms().clone(),
            timeline: stats.timeline().clone(),
            points: stats.points().clone(),
            ..example()
        };
        report.summarize();
        report
    }

    /// Two hundred requests as one machine reports them, and as three do.
    fn whole_and_parts() -> (Report, Vec<(String, Report)>) {
        let start = Instant::now();
        let mut whole = Stats::new(start);
        let epoch_s = whole.epoch_s(start);
        let mut parts = vec![whole.clone(); 3];
        let mut samples: Vec<Sample> = (0..200).map(|n| sample(start, epoch_s, n)).collect();
        // Requests are recorded as they end; each goes to the machine that sent it.
        samples.sort_by_key(|sample| sample.done);
        for sample in &samples {
            whole.record(sample);
            let n = (sample.due - start).as_millis() as usize / 10;
            parts[n % 3].record(sample);
        }
        let part = |(index, stats): (u64, &Stats)| {
            (format!("{index}.json"), report(stats, Some(Share { index, of: 3 })))
        };
        (report(&whole, None), (0..).zip(&parts).map(part).collect())
    }

    #[test]
    fn shares_of_a_run_are_the_whole_run() {
        let (whole, parts) = whole_and_parts();
        let merged = merge(&parts).unwrap();
        assert!(whole.max_concurrency.unwrap() > 1 && whole.environments == Some(4));
        assert_eq!(merged.max_concurrency, whole.max_concurrency);
        assert_eq!(merged.environment_uses, whole.environment_uses);
        assert_eq!(merged.points, whole.points);
        assert_eq!(merged, whole);
    }

    #[test]
    fn which_comes_first_makes_no_difference() {
        let (_, mut parts) = whole_and_parts();
        for ((_, part), later) in parts.iter_mut().zip([0.15, 0.0, 0.37]) {
            part.times.started += later;
        }
        let merged = merge(&parts).unwrap();
        parts.rotate_left(1);
        assert_eq!(merge(&parts).unwrap(), merged);
        parts.swap(0, 1);
        assert_eq!(merge(&parts).unwrap(), merged);
        assert_eq!(merged.timeline.intervals.iter().map(|interval| interval.sent).sum::<u64>(), 200);
    }

    #[test]
    fn one_part_of_one_stays_as_it_is() {
        let mut report = example();
        report.arrivals.share = Some(Share { index: 0, of: 1 });
        let merged = merge(&[("a".to_owned(), report)]).unwrap();
        assert_eq!(merged, example());
    }

    #[test]
    fn machines_that_take_turns_are_all_in_the_picture() {
        let mut parts = [part(0, 0.0), part(1, 0.0)];
        for (n, (_, part)) in parts.iter_mut().enumerate() {
            part.points = Points::default();
            for i in 0..2_000 {
                let due_s = (2 * i + n) as f64;
                let class = Class::OkWarm;
                let point =
                    Point { due_s, response_s: 0.1, class, environment: None, ran_s: None, init_s: None };
                part.points.offer(|| point);
            }
        }
        let points = merge(&parts).unwrap().points;
        assert_eq!((points.every, points.of, points.requests.len()), (2, 4_000, 2_000));
        let of_first = points.requests.iter().filter(|point| point.due_s % 2.0 == 0.0).count();
        assert_eq!(of_first, 1_000);
    }

    #[test]
    fn the_highest_concurrency_is_told_only_if_it_is_known() {
        let check = |change: fn(&mut Report, &mut Report), expected| {
            let (_, mut parts) = whole_and_parts();
            let (first, rest) = parts.split_at_mut(1);
            change(&mut first[0].1, &mut rest[0].1);
            // The first has sent none but refused requests.
            assert_eq!(first[0].1.max_concurrency, None);
            let merged = merge(&parts).unwrap();
            assert_eq!(merged.max_concurrency.is_some(), expected);
            assert_eq!(merged.mean_concurrency.is_some(), expected);
            assert_eq!(merged.max_concurrency_source.is_some(), expected);
        };
        check(|_, _| {}, true);
        check(|refused, _| refused.points.every = 2, true);
        check(|_, one| one.points.every = 2, false);
        check(|_, one| one.max_concurrency_source = Some(Source::Client), false);
        check(|_, one| one.max_concurrency = None, true);
    }

    #[test]
    fn expectations_are_judged_again() {
        let mut parts = [part(0, 0.0), part(1, 0.0)];
        parts[0].1.judge(&["ok==10".parse().unwrap()]);
        parts[1].1.judge(&["ok==10".parse().unwrap(), "environments==5".parse().unwrap()]);
        assert!(!parts[0].1.expectations[0].ok);
        let whole = merge(&parts).unwrap();
        let judged: Vec<_> =
            whole.expectations.iter().map(|verdict| (verdict.text.as_str(), verdict.ok)).collect();
        assert_eq!(judged, [("ok==10", true), ("environments==5", true)]);
        parts[1].1.expectations[0].text = "later==1".into();
        let problem = merge(&parts).unwrap_err();
        assert!(problem.starts_with("1.json: 'later==1': "), "{problem}");
    }

    #[test]
    fn a_queue_is_empty_when_all_have_seen_it_so() {
        let check = |a: QueueReport, b: QueueReport, expected: QueueReport| {
            let mut parts = [part(0, 0.0), part(1, 0.0)];
            (parts[0].1.queue, parts[1].1.queue) = (Some(a), Some(b));
            assert_eq!(merge(&parts).unwrap().queue, Some(expected));
        };
        let empty = |sent, drain_s| QueueReport { sent, drained: true, left: 0, drain_s: Some(drain_s) };
        let full = QueueReport { sent: 3, drained: false, left: 4, drain_s: None };
        check(empty(5, 1.5), empty(6, 1.0), empty(11, 1.5));
        check(empty(5, 1.5), full, QueueReport { sent: 8, ..full });
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
        check(|report| report.name = Some("reserved 5".into()), "the name of the run differs");
        check(|report| report.batch = Some(10), "the number of messages in a request differs");
        check(|report| report.arrivals.until = End::Requests(50), "the end differs");
        check(|report| report.arrivals.seed = 9, "the seed differs");
        check(|report| report.arrivals.share = None, "whether they are shares differs");
        check(
            |report| report.arrivals.share = Some(Share { index: 1, of: 3 }),
            "the number of shares differs",
        );
        check(
            |report| report.arrivals.share = Some(Share { index: 0, of: 2 }),
            "share 0/2 is there twice, in 0.json and in 1.json",
        );
        assert!(merge(&[part(0, 0.0)]).unwrap_err().contains("share 1/2 is missing"));
        assert!(merge(&[]).is_err());
    }

    #[test]
    fn another_way_to_the_same_target_is_none_but_another_region_is() {
        let mut parts = [part(0, 0.0), part(1, 0.0)];
        parts[1].1.endpoint = "http://host:4566".into();
        assert!(merge(&parts).is_ok());
        parts.iter_mut().for_each(|(_, part)| part.target = "aws".into());
        assert!(merge(&parts).unwrap_err().contains("the target differs"));
    }

    #[test]
    fn machines_side_by_side_add_their_rates() {
        let alone = |shape: &str, seed| {
            let arrivals = Arrivals::new(shape.parse().unwrap(), Some(End::Requests(100)), seed).unwrap();
            ("r.json".to_owned(), Report { arrivals, ..example() })
        };
        let whole = |shape: &str| merge(&[alone(shape, 0), alone(shape, 1)]).unwrap().arrivals;
        assert_eq!(whole("burst"), Arrivals::burst(200));
        assert_eq!(whole("closed:5").shape, Shape::ClosedLoop { users: 10 });
        assert_eq!(whole("poisson:5/s").shape, Shape::Poisson { per_second: 10.0 });
        assert_eq!(whole("constant:5/s").until, End::Requests(200));
    }
}
