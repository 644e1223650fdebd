//! What a comparison says in words.

use super::verdict::Verdict;
use super::{CountRow, NumberRow, TimeRow, Tolerance};

/// Differences that a sentence names.
const MOST_NAMED: usize = 3;

/// The verdict on all rows in one sentence.
pub(super) fn sentence(counts: &[CountRow], numbers: &[NumberRow], times: &[TimeRow]) -> String {
    format!("{}; {}", of_outcomes(counts, numbers), of_times(times))
}

fn of_outcomes(counts: &[CountRow], numbers: &[NumberRow]) -> String {
    let numbers = numbers.iter().filter(|row| !row.finding.verdict.agrees());
    let differing = counts.iter().filter(|row| !row.finding.verdict.agrees());
    let differing: Vec<String> = differing
        .map(|row| format!("{} {} and {}", row.what, row.a, row.b))
        .chain(numbers.map(|row| format!("{} {} and {}", row.what, row.a, row.b)))
        .collect();
    let are_few = counts.iter().any(|row| row.finding.verdict == Verdict::TooFew);
    match differing.as_slice() {
        [] if counts.is_empty() => "neither A nor B has sent a request".to_owned(),
        [] if are_few => "A and B agree on what became of requests, as far as so few can tell".to_owned(),
        [] => "A and B agree on what became of requests".to_owned(),
        rows => format!("A and B differ in what became of requests: {}", named(rows)),
    }
}

fn of_times(times: &[TimeRow]) -> String {
    let differing = times.iter().filter(|row| !row.finding.verdict.agrees());
    let differing: Vec<String> =
        differing.map(|row| format!("{} {} and {}", row.label(), row.show_a(), row.show_b())).collect();
    match differing.as_slice() {
        [] if times.is_empty() => "there are no times to compare".to_owned(),
        [] => "times agree".to_owned(),
        rows => format!("times differ: {}", named(rows)),
    }
}

/// The first few of them.
fn named(rows: &[String]) -> String {
    let (first, rest) = rows.split_at(rows.len().min(MOST_NAMED));
    match rest.len() {
        0 => first.join(", "),
        more => format!("{}, and {more} more", first.join(", ")),
    }
}

/// What the verdicts mean, for those who read them the first time.
pub(super) fn notes(tolerance: &Tolerance) -> [String; 3] {
    let percent = |part: f64| part * 100.0;
    [
        "Differs: beyond what chance brings in 19 of 20 comparisons of equals, by Fisher's exact test for counts, order \
         statistics for percentiles and Smirnov's test for distributions, corrected for the number of rows by Holm's \
         method. The interval \
         of a row, by itself right in 19 of 20 cases, says how large a difference may hide where none has shown."
            .to_owned(),
        "The tests take requests to be independent. Those of a burst are not: a limit makes their counts less random, so \
         rather too little is called different than too much, and what a limit decides in a burst (environments, the \
         highest concurrency) is compared as it is. Times of a burst have more in common, for one pause delays many: \
         whether they differ is better seen in several runs."
            .to_owned(),
        format!(
            "Tolerance: {} % of all requests, {} % of a time, {} % of a number.",
            percent(tolerance.share),
            percent(tolerance.time),
            percent(tolerance.number)
        ),
    ]
}
