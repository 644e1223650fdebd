//! Every kind of answer ends in its class, and the report says so.

use crate::mock::{Answer, Asked, Mock, Ran};
use serde_json::{Value, json};
use std::process::Stdio;

const RESERVED: &str = "ReservedFunctionConcurrentInvocationLimitExceeded";

fn throttled(reason: &str) -> Answer {
    let body = format!(r#"{{"Reason":"{reason}","Type":"User","message":"Rate Exceeded."}}"#);
    Answer::new(429, body).with_header("x-amzn-errortype", "TooManyRequestsException")
}

/// An answer of the sample function that ran from 100 s to 102 s, give or take.
fn ran(environment: u64, cold_start: bool, started_at: f64, finished_at: f64) -> Answer {
    let body = json!({
        "environment_id": format!("e-{environment}"), "cold_start": cold_start,
        "cold_start_time": 0.02, "started_at": started_at, "finished_at": finished_at,
    });
    Answer::new(200, body.to_string())
}

#[test]
fn a_burst_of_a_hundred_on_five() {
    let mock = Mock::start(|asked: &Asked| {
        let then = match asked.n {
            n @ 0..5 => ran(n, true, 100.0 + n as f64 / 10.0, 102.5),
            _ => throttled(RESERVED),
        };
        // Nobody gets an answer before everybody has asked: it is a burst.
        Answer::Together(100, Box::new(then))
    });
    let (code, report) = mock.report(&[
        "--function",
        "sandbox",
        "--expect",
        "ok==5",
        "throttled between 95 and 95",
        "max_concurrency<=5",
    ]);
    assert_eq!(code, 0, "{report:#}");
    let check = |pointer: &str, expected: Value| {
        assert_eq!(report.pointer(pointer), Some(&expected), "{pointer}");
    };
    check("/schema", json!("loadgen.report/2"));
    check("/target", json!(mock.endpoint));
    check("/subject", json!({"function": "sandbox"}));
    check("/mode", json!("sync"));
    check("/requests", json!(100));
    check("/retries", json!("off"));
    check("/interrupted", json!(false));
    check("/arrivals/kind", json!("burst"));
    check(
        "/counts",
        json!({
            "ok_warm": 0, "ok_cold": 5, "accepted": 0, "throttled": {RESERVED: 95}, "function_error": 0,
            "server_error": 0, "client_error": 0, "timeout": 0, "no_answer": 0, "not_sent": 0,
        }),
    );
    check("/latency_ms/ok_cold/count", json!(5));
    check("/latency_ms/throttled/count", json!(95));
    check("/environments", json!(5));
    check("/max_concurrency", json!(5));
    check("/max_concurrency_source", json!("answers"));
    check("/expectations/1/ok", json!(true));
    check("/cold_start_ms/max", json!(20.0));
    for key in ["start_skew_ms", "wall_s"] {
        assert!(report[key].is_number(), "{key} in {report:#}");
    }
    assert_eq!(mock.arrived(), 100, "a throttle is not retried");
}

#[test]
fn every_kind_of_answer_is_counted_apart() {
    let mock = Mock::start(|asked: &Asked| match asked.n {
        0 => ran(1, true, 100.0, 101.0),
        1 => ran(1, false, 101.0, 102.0),
        2 => throttled(RESERVED),
        3 => throttled("CallerRateLimitExceeded"),
        4 => Answer::new(200, r#"{"errorType":"Exception","errorMessage":"no"}"#)
            .with_header("x-amz-function-error", "Unhandled"),
        5 => Answer::new(500, r#"{"Message":"broken","Type":"Service"}"#)
            .with_header("x-amzn-errortype", "ServiceException"),
        6 => Answer::new(404, r#"{"Message":"Function not found: f","Type":"User"}"#)
            .with_header("x-amzn-errortype", "ResourceNotFoundException"),
        7 => Answer::new(502, "<html>not JSON</html>"),
        8 => Answer::HangUp,
        _ => Answer::Hang,
    });
    let flags = ["--function", "f", "--requests", "10", "--concurrency", "1", "--timeout", "2s"];
    let (code, report) = mock.report(&flags);
    assert_eq!(code, 0);
    assert_eq!(
        report["counts"],
        json!({
            "ok_warm": 1, "ok_cold": 1, "accepted": 0,
            "throttled": {RESERVED: 1, "CallerRateLimitExceeded": 1}, "function_error": 1,
            "server_error": 2, "client_error": 1, "timeout": 1, "no_answer": 1, "not_sent": 0,
        })
    );
    assert_eq!(report["max_concurrency"], 1, "one ends where the other begins");
    assert_eq!(report["environments"], 1);
    assert_eq!(report["notes"]["function_error"], "Exception: no");
    assert_eq!(report["notes"]["server_error"], "500 ServiceException: broken");
    assert_eq!(report["notes"]["client_error"], "404 ResourceNotFoundException: Function not found: f");
    assert_eq!(report["start_skew_ms"], Value::Null, "a closed loop has no common start");
    assert_eq!(mock.arrived(), 10);
}

#[test]
fn events_are_accepted() {
    let mock = Mock::start(|asked: &Asked| {
        assert_eq!(asked.path, "/2015-03-31/functions/sandbox/invocations");
        assert_eq!(asked.body, r#"{"sleep": 1}"#);
        assert_eq!(asked.log_type, "", "an event has no log yet");
        match asked.invocation_type.as_str() {
            "Event" => Answer::new(202, ""),
            _ => Answer::new(400, "{}"),
        }
    });
    let flags =
        ["--function", "sandbox", "--mode", "async", "--requests", "20", "--payload", r#"{"sleep": 1}"#];
    let (code, report) = mock.report(&flags);
    assert_eq!((code, &report["counts"]["accepted"]), (0, &json!(20)));
    assert_eq!(report["environments"], Value::Null);
    assert_eq!(report["max_concurrency"], Value::Null);
}

#[test]
fn a_foreign_function_is_measured_by_the_clients_clock() {
    let mock = Mock::start(|_: &Asked| Answer::Together(7, Box::new(Answer::new(200, "\"hello\""))));
    let (_, report) = mock.report(&["--function", "f", "--requests", "7"]);
    assert_eq!(report["counts"]["ok_warm"], 7);
    assert_eq!(report["max_concurrency"], 7, "the answers waited for each other");
    assert_eq!(report["max_concurrency_source"], "client");
}

#[test]
fn a_foreign_functions_cold_start_is_read_from_its_log() {
    /// `REPORT RequestId: 1⇥Duration: 3.01 ms⇥Init Duration: 110.10 ms⇥`
    const COLD: &str =
        "UkVQT1JUIFJlcXVlc3RJZDogMQlEdXJhdGlvbjogMy4wMSBtcwlJbml0IER1cmF0aW9uOiAxMTAuMTAgbXMJCg==";
    /// `REPORT RequestId: 1⇥Duration: 3.01 ms⇥`
    const WARM: &str = "UkVQT1JUIFJlcXVlc3RJZDogMQlEdXJhdGlvbjogMy4wMSBtcwkK";
    let mock = Mock::start(|asked: &Asked| {
        assert_eq!(asked.log_type, "Tail");
        let answer = Answer::new(200, "\"hello\"");
        match asked.n {
            0..2 => answer.with_header("x-amz-log-result", COLD),
            2..4 => answer.with_header("x-amz-log-result", WARM),
            _ => answer,
        }
    });
    let (code, report) = mock.report(&["--function", "f", "--requests", "5", "--concurrency", "1"]);
    assert_eq!(code, 0, "{report:#}");
    assert_eq!((&report["counts"]["ok_cold"], &report["counts"]["ok_warm"]), (&json!(2), &json!(3)));
    assert_eq!(report["cold_start_ms"]["max"], 110.1);
}

#[test]
fn an_open_loop_counts_from_the_intended_time() {
    let mock = Mock::start(|_: &Asked| Answer::new(200, "{}"));
    let (code, report) = mock.report(&["--function", "f", "--rate", "100", "--duration", "500ms"]);
    assert_eq!((code, &report["requests"]), (0, &json!(50)));
    assert_eq!(
        report["arrivals"],
        json!({"kind": "constant", "per_second": 100.0, "duration_s": 0.5, "seed": 0})
    );
    let count = |class: &str| report["counts"][class].as_u64().unwrap();
    // A machine that stalls for a second loses requests, and says so.
    assert_eq!(count("ok_warm") + count("not_sent"), 50, "{report:#}");
    assert!(report["wall_s"].as_f64().unwrap() >= 0.49, "{report:#}");
    let lag = report["send_lag_ms"]["max"].as_f64().unwrap();
    assert!(report["latency_ms"]["ok_warm"]["max"].as_f64().unwrap() >= lag);
}

#[test]
fn an_open_loop_does_not_hide_what_it_could_not_send() {
    let mock = Mock::start(|_: &Asked| Answer::Hang);
    let run = mock.command(&["--function", "f", "--rate", "100", "--duration", "500ms"]);
    // Eighty open files leave room for sixteen connections.
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "ulimit -n 80; exec \"$0\" \"$@\""]).arg(run.get_program());
    command.args(run.get_args()).args(["--timeout", "2s", "--output", "json"]);
    let ran = Ran::new(&command.output().unwrap());
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let count = |class: &str| report["counts"][class].as_u64().unwrap();
    // A machine that stalls may leave places unused, but never use more.
    assert!(count("timeout") <= 16 && count("not_sent") >= 34, "{report:#}");
    assert_eq!(count("timeout") + count("not_sent"), 50, "{report:#}");
    assert!(report["notes"]["not_sent"].is_string(), "{report:#}");
}

#[test]
fn a_closed_loop_never_has_more_open_than_users() {
    let mock =
        Mock::start(|asked: &Asked| Answer::Together(3.max(asked.n), Box::new(Answer::new(200, "{}"))));
    let flags = ["--function", "f", "--requests", "40", "--concurrency", "3"];
    let (code, report) = mock.report(&flags);
    assert_eq!((code, &report["counts"]["ok_warm"]), (0, &json!(40)));
    assert_eq!(report["arrivals"], json!({"kind": "closed_loop", "requests": 40, "users": 3, "seed": 0}));
    assert_eq!(report["max_concurrency"], 3);
}

#[test]
fn a_server_that_goes_away_leaves_requests_unsent() {
    // The probe finds a listener, and nobody who takes a request from it.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let taker = std::thread::spawn(move || drop(listener.accept().unwrap()));
    let mut command = crate::mock::loadgen(&["run", "--target", &endpoint, "--function", "f"]);
    command.args(["--requests", "5", "--output", "json"]);
    let ran = Ran::new(&command.output().unwrap());
    taker.join().unwrap();
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let (not_sent, no_answer) = (&report["counts"]["not_sent"], &report["counts"]["no_answer"]);
    // Which of the two depends on whether the listener closed before a
    // connection stood in its queue; none may be missing.
    assert_eq!(not_sent.as_u64().unwrap() + no_answer.as_u64().unwrap(), 5, "{report:#}");
}

#[test]
fn an_interrupt_gives_an_honest_partial_report() {
    let mock = Mock::start(|asked: &Asked| match asked.n {
        0..3 => Answer::new(200, "{}"),
        _ => Answer::Hang,
    });
    let mut command = mock.command(&["--function", "f", "--requests", "50", "--concurrency", "2"]);
    command.args(["--output", "json"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    mock.wait_for(5);
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let ran = Ran::new(&child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{ran:?}");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(report["interrupted"], true);
    let counts = &report["counts"];
    let counts = (&counts["ok_warm"], &counts["no_answer"], &counts["not_sent"]);
    assert_eq!(counts, (&json!(3), &json!(2), &json!(45)));
}

#[test]
fn a_failed_expectation_is_one_line_and_exit_code_1() {
    let mock = Mock::start(|_: &Asked| Answer::new(200, "{}"));
    let ran = mock.run(&[
        "--function",
        "f",
        "--requests",
        "3",
        "--expect",
        "ok==3",
        "--expect",
        "ok==5",
        "max_concurrency<1",
        "--expect",
        "environments==1",
    ]);
    assert_eq!(ran.code, 1);
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert_eq!(lines[0], "expectation failed: ok==5 (observed 3)");
    assert!(lines[1].starts_with("expectation failed: max_concurrency<1 (observed "));
    assert_eq!(lines[2], "expectation failed: environments==1 (nothing observed)");
    assert_eq!(lines.len(), 3, "{ran:?}");
    assert!(ran.stdout.contains("✓ ok==3"), "{ran:?}");
    assert!(ran.stdout.contains("✗ ok==5"), "{ran:?}");
}

#[test]
fn a_run_that_served_nobody_is_an_error() {
    let refuse = |_: &Asked| {
        Answer::new(404, r#"{"Message":"Function not found: typo","Type":"User"}"#)
            .with_header("x-amzn-errortype", "ResourceNotFoundException")
    };
    let check = |flags: &[&str], stderr: &[&str]| {
        let mock = Mock::start(refuse);
        let ran = mock.run(&[&["--function", "typo", "--requests", "3"], flags].concat());
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stdout.contains("404 ResourceNotFoundException"), "the report comes first: {ran:?}");
        let lines: Vec<&str> = ran.stderr.lines().collect();
        assert_eq!(lines, stderr);
    };
    let error = "error: no request was served: 3 × 404 ResourceNotFoundException: Function not found: typo";
    let hint = "hint: check --function and --target";
    check(&[], &[error, "", hint]);
    check(&["--mode", "async"], &[error, "", hint]);
    check(&["--output", "json"], &[error, "", hint]);
    check(&["--expect", "ok==3"], &["expectation failed: ok==3 (observed 0)", error, "", hint]);

    let mock = Mock::start(move |asked: &Asked| match asked.n {
        0 => Answer::new(200, "{}"),
        _ => refuse(asked),
    });
    assert_eq!(mock.run(&["--function", "f", "--requests", "3"]).code, 0, "one was served");
}

#[test]
fn the_text_has_no_colour_outside_a_terminal() {
    let mock = Mock::start(|_: &Asked| Answer::new(200, "{}"));
    let ran = mock.run(&["--function", "f", "--requests", "3"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "nothing but the report");
    assert!(!ran.stdout.contains('\u{1b}'));
    assert!(ran.stdout.contains("200 warm"), "{}", ran.stdout);
}

#[test]
fn the_report_file_is_the_report() {
    let mock = Mock::start(|_: &Asked| Answer::new(200, "{}"));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.json");
    let ran = mock.run(&[
        "--function",
        "f",
        "--requests",
        "3",
        "--output",
        "json",
        "--report",
        path.to_str().unwrap(),
    ]);
    assert_eq!(std::fs::read_to_string(path).unwrap(), ran.stdout);
}
