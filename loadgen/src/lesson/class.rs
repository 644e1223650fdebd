//! What a class is told before and after: the question, a moment to guess, and
//! the answer.

use crate::outputs::print;
use crate::report::suite::Suite;
use crate::report::text::{FAINT, STRONG, mark};
use crate::scenario::Scenario;
use std::io::{IsTerminal, stdin, stdout};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// For a line to be read, and talked about.
const PAUSE: Duration = Duration::from_secs(4);

/// Time for the class after each line; none where nobody sits before a terminal.
pub(super) fn pause() -> Duration {
    if is_there() { PAUSE } else { Duration::ZERO }
}

fn is_there() -> bool {
    stdin().is_terminal() && stdout().is_terminal()
}

/// Asks the class for its guess, and waits for Enter where somebody can press it.
pub(super) async fn predict(number: usize, scenario: &Scenario, stop: &CancellationToken) {
    let question = scenario.question.as_deref().unwrap_or(&scenario.name);
    print(&format!("{STRONG}Lesson {number}: {}{STRONG:#}\n{question}\n\n", scenario.name));
    if let Some(predict) = &scenario.predict {
        print(&format!("Predict first: {predict}\n"));
    }
    if is_there() {
        print(&format!("{FAINT}Enter shows it.{FAINT:#} "));
        let enter = tokio::task::spawn_blocking(|| stdin().read_line(&mut String::new()));
        tokio::select! {
            _ = enter => {}
            () = stop.cancelled() => {}
        }
    }
    print("\n");
}

/// What was expected beside what was observed, and what it means.
pub(super) fn answer(scenario: &Scenario, suite: &Suite) -> String {
    let verdicts = suite.reports.iter().flat_map(|report| {
        let title = report.title();
        report.expectations.iter().map(move |verdict| (title.clone(), verdict))
    });
    let rows: Vec<_> = verdicts.collect();
    let width = rows.iter().map(|(title, _)| title.chars().count()).max().unwrap_or_default();
    let mut text = format!("{STRONG}Expected, and observed{STRONG:#}\n\n");
    for (title, verdict) in rows {
        text.push_str(&format!("  {} {title:width$}  {verdict}\n", mark(verdict.ok)));
    }
    for name in &suite.not_run {
        text.push_str(&format!("  {} {name:width$}  not run\n", mark(false)));
    }
    // Who has not seen it all is not told the end.
    let whole = suite.not_run.is_empty() && !suite.interrupted;
    if let Some(answer) = scenario.answer.as_ref().filter(|_| whole) {
        text.push_str(&format!("\n{STRONG}Answer:{STRONG:#} {answer}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Report;
    use crate::report::tests::example;
    use std::path::Path;

    #[test]
    fn the_answer_lays_expected_beside_observed() {
        let text = "answer = \"As many as are reserved.\"\n[[function]]\nname = \"f\"\n[[stage]]\n";
        let scenario = Scenario::parse(Path::new("f.toml"), text).unwrap();
        let mut report = Report { name: Some("reserved 5".into()), ..example() };
        report.judge(&["ok==5".parse().unwrap(), "throttled==94".parse().unwrap()]);
        let mut suite = Suite { reports: vec![report], ..Suite::new("s", None) };
        let check = |suite: &Suite, expected: &str| {
            assert_eq!(anstream::adapter::strip_str(&answer(&scenario, suite)).to_string(), expected);
        };
        let rows = "\
Expected, and observed

  ✓ reserved 5  ok==5 (observed 5)
  ✗ reserved 5  throttled==94 (observed 95)
";
        check(&suite, &format!("{rows}\nAnswer: As many as are reserved.\n"));
        suite.not_run = vec!["reserved 10".into()];
        check(&suite, &format!("{rows}  ✗ reserved 10  not run\n"));
    }
}
