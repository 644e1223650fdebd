//! What is refused, how it is said, and what help shows.

use crate::mock::{Ran, loadgen};

fn run(arguments: &[&str]) -> Ran {
    Ran::new(&loadgen(arguments).output().unwrap())
}

/// One line that names the culprit, then perhaps a blank line and a hint.
fn check(flags: &[&str], culprit: &str, hint: Option<&str>) {
    let ran = run(&[&["run"], flags].concat());
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{flags:?} {ran:?}");
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert!(lines[0].starts_with("error: "), "{ran:?}");
    assert!(lines[0].contains(culprit), "{culprit} in {}", lines[0]);
    match hint {
        None => assert_eq!(lines.len(), 1, "{ran:?}"),
        Some(hint) => {
            assert_eq!((lines.len(), lines[1]), (3, ""), "{ran:?}");
            assert!(lines[2].starts_with("hint: ") && lines[2].contains(hint), "{hint} in {}", lines[2]);
        }
    }
}

const HELP: Option<&str> = Some("--help");

#[test]
fn flags_that_contradict_each_other_are_refused() {
    let rate = ["--function", "f", "--rate", "5"];
    let check = |flags: &[&str], culprit: &str, hint| check(&[&rate, flags].concat(), culprit, hint);
    check(&["--duration", "1s", "--requests", "5"], "--requests", HELP);
    check(&["--duration", "1s", "--concurrency", "5"], "--concurrency", HELP);
    check(&["--arrivals", "poisson:5/s"], "--arrivals", HELP);
    check(&[], "--rate constant needs a duration or a number of requests", None);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    check(&["--function", "f", "--duration", "5s"], "--duration a burst has no duration", None);
    check(&["--function", "f", "--queue", "q"], "--queue and --function exclude each other", None);
    check(&["--function", "f", "--mode", "queue"], "--mode does not fit", None);
    check(&["--queue", "q", "--mode", "async"], "--mode does not fit", None);
    check(&["--function", "f", "--drain-timeout", "1s"], "--drain-timeout needs --queue or --follow", None);
    check(&["--function", "f", "--follow"], "--follow needs --queue or --mode async", None);
    check(&["--function", "f", "--batch", "10"], "--batch needs --queue", None);
    check(&["--function", "f", "--precise"], "--precise needs --rate", None);
    check(&["--function", "f", "--method", "PUT"], "--method needs --url", None);
    check(&["--url", "http://127.0.0.1/", "--like-sdk"], "--like-sdk has no meaning with --url", None);
    check(
        &["--function", "f", "--arrivals", "steps:1/s@1s", "--requests", "5"],
        "--arrivals steps has an end",
        None,
    );
    check(&["--function", "f", "--requests", "2", "--share", "2/3"], "--share leaves nothing to send", None);
}

#[test]
fn a_hint_names_the_help_of_the_subcommand_that_was_used() {
    let check = |arguments: &[&str], hint: &str| {
        let ran = run(arguments);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert_eq!(ran.stderr.lines().last(), Some(hint), "{arguments:?}");
    };
    check(&["run", "--requests", "0"], "hint: see `loadgen run --help`");
    check(&["demo", "--requests", "0"], "hint: see `loadgen demo --help`");
    check(&["fly"], "hint: see `loadgen --help`");
}

#[test]
fn what_is_missing_is_named() {
    check(&[], "--function is missing", Some("--function sandbox"));
    check(&["--mode", "async"], "--function is missing", Some("--function sandbox"));
    check(&["--mode", "http"], "--url is missing", Some("--url http"));
    check(&["--mode", "queue"], "--queue is missing", Some("--queue demo-queue"));
    check(&["--function", " "], "--function must not be empty", None);
}

#[test]
fn values_out_of_range_are_refused() {
    check(&["--function", "f", "--requests", "0"], "--requests", HELP);
    check(&["--function", "f", "--requests", "many"], "--requests", HELP);
    check(&["--function", "f", "--concurrency", "0"], "--concurrency", HELP);
    check(&["--function", "f", "--rate", "0", "--duration", "1s"], "--rate", HELP);
    check(&["--function", "f", "--arrivals", "sawtooth"], "expected burst", HELP);
    check(&["--function", "f", "--arrivals", "trace:/no/such.csv"], "/no/such.csv: cannot read", HELP);
    check(&["--function", "f", "--share", "3/3"], "--share", HELP);
    check(&["--queue", "q", "--batch", "11"], "--batch", HELP);
    check(&["--url", "http://127.0.0.1/", "--header", "no colon"], "--header", HELP);
    check(&["--url", "localhost", "--requests", "1"], "--url not an http", None);
    check(&["--function", "f", "--rate", "5", "--duration", "0s"], "--duration", HELP);
    check(&["--function", "f", "--timeout", "10"], "has no unit", HELP);
    check(
        &["--function", "f", "--requests", "900000000"],
        "--requests 900000000 at once",
        Some("--concurrency"),
    );
    check(&["--function", "f", "--expect", "okay==5"], "'okay' is not a number of the report", HELP);
    check(&["--function", "f", "--mode", "later"], "--mode", HELP);
    check(&["--function", "f", "--target", "localhost:4566"], "--target", HELP);
    check(&["--function", "f", "--no-such-flag"], "--no-such-flag", HELP);
}

#[test]
fn a_payload_that_cannot_be_sent_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let missing = format!("@{}", directory.path().join("missing.json").display());
    let text = directory.path().join("text.json");
    std::fs::write(&text, "no json").unwrap();
    let text = format!("@{}", text.display());
    check(&["--function", "f", "--payload", "no json"], "--payload is not JSON", None);
    check(&["--function", "f", "--payload", &missing], "missing.json: cannot read", Some("@FILE"));
    check(&["--function", "f", "--payload", &text], "text.json: is not JSON", Some("@FILE"));
}

#[test]
fn an_endpoint_where_nobody_listens_is_an_error_with_a_remedy() {
    // A port that was just free, and that nobody else is given so soon.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let expected = format!("nothing answers at {url}: connection refused");
    check(&["--function", "f", "--target", &url], &expected, Some("start the emulator"));

    let mut command = loadgen(&["run", "--function", "f"]);
    let ran = Ran::new(&command.env("AWS_ENDPOINT_URL", &url).output().unwrap());
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains(&expected), "the emulator is where AWS_ENDPOINT_URL says: {ran:?}");
}

#[test]
fn a_report_file_that_cannot_be_written_is_known_before_the_load() {
    let mock = crate::mock::Mock::start(|_| crate::mock::Answer::new(200, "{}"));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("missing/report.json");
    let ran = mock.run(&["--function", "f", "--report", path.to_str().unwrap()]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.starts_with("error: --report "), "{ran:?}");
    assert_eq!(mock.arrived(), 0);
}

#[test]
fn help_is_short_and_long() {
    let short = run(&["run", "-h"]);
    let long = run(&["run", "--help"]);
    assert_eq!((short.code, long.code), (0, 0));
    assert!(long.stdout.len() > 2 * short.stdout.len());
    assert!(long.stdout.contains("Examples:") && !short.stdout.contains("Examples:"));
    assert!(run(&["--help"]).stdout.contains("Exit codes:"));
    assert!(!run(&["--help"]).stdout.contains("sandbox-fn"), "it is not for people");
    assert_eq!(run(&[]).code, 2);
}

#[cfg(not(feature = "aws"))]
#[test]
fn without_the_feature_aws_is_a_usage_error() {
    check(&["--function", "f", "--target", "aws"], "--target aws", Some("feature `aws`"));
}
