//! Plain HTTP, and connections that come and go.

use crate::mock::{Answer, Asked, Mock, Ran, loadgen};
use serde_json::{Value, json};

fn report(flags: &[&str]) -> Value {
    let mut command = loadgen(&["run", "--output", "json"]);
    let ran = Ran::new(&command.args(flags).output().unwrap());
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
}

#[test]
fn answers_of_a_url_are_told_apart() {
    let mock = Mock::start(|asked: &Asked| match asked.n {
        0 => Answer::new(200, r#"{"environment_id":"e","cold_start":true,"cold_start_time":0.1}"#),
        1 => Answer::new(201, "<html>"),
        2 => Answer::new(
            429,
            r#"{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}"#,
        ),
        3 => Answer::new(429, r#"{"message":"Too Many Requests"}"#),
        4 => Answer::new(502, "Internal Server Error"),
        5 => Answer::new(503, r#"{"message":"Service Unavailable"}"#),
        _ => Answer::new(403, r#"{"message":"Forbidden"}"#),
    });
    let url = format!("{}/stage/path?a=b%20c", mock.endpoint);
    let report = report(&["--url", &url, "--requests", "7", "--concurrency", "1"]);
    let throttled = json!({"ReservedFunctionConcurrentInvocationLimitExceeded": 1, "Too Many Requests": 1});
    let expected = [("ok_cold", json!(1)), ("ok_warm", json!(1)), ("throttled", throttled)];
    for (class, count) in expected.into_iter().chain([("server_error", json!(2)), ("client_error", json!(1))])
    {
        assert_eq!(report["counts"][class], count, "{class} in {report:#}");
    }
    let statuses = json!({"200": 1, "201": 1, "403": 1, "429": 2, "502": 1, "503": 1});
    assert_eq!(report["statuses"], statuses);
    assert_eq!(report["subject"], json!({"url": url}));
    assert_eq!(report["mode"], "http");
}

#[test]
fn method_headers_and_body_are_as_asked_for() {
    let mock = Mock::start(|asked: &Asked| {
        let header = |name: &str| asked.headers.get(name).map_or("", String::as_str);
        assert!(!asked.headers.contains_key("authorization"), "nobody is told who we are");
        let seen = format!(
            "{} {} {} {} {}",
            asked.method,
            asked.path,
            header("x-a"),
            header("content-type"),
            asked.body
        );
        Answer::new(if seen == "PUT /p?q=1 b text/plain hello" { 200 } else { 400 }, seen)
    });
    let url = format!("{}/p?q=1", mock.endpoint);
    let flags = ["--url", &url, "--requests", "1", "--method", "PUT", "--payload", "hello"];
    let report =
        report(&[&flags[..], &["--header", "x-a: b", "--header", "content-type: text/plain"]].concat());
    assert_eq!(report["counts"]["ok_warm"], 1, "{report:#}");
}

#[test]
fn a_server_that_closes_idle_connections_costs_nothing() {
    // Connection: close after each answer: the next request needs a new one.
    let mock = Mock::start(|_: &Asked| Answer::new(200, "{}").with_header("connection", "close"));
    let (code, report) = mock.report(&["--function", "f", "--requests", "50", "--concurrency", "3"]);
    assert_eq!((code, &report["counts"]["ok_warm"]), (0, &json!(50)), "{report:#}");
}

#[test]
fn a_burst_leaves_on_open_connections_at_once() {
    let mock = Mock::start(|_: &Asked| Answer::Together(300, Box::new(Answer::new(200, "{}"))));
    let (code, report) = mock.report(&["--function", "f", "--requests", "300"]);
    assert_eq!((code, &report["counts"]["ok_warm"]), (0, &json!(300)), "{report:#}");
    assert_eq!(report["max_concurrency"], 300);
    let (skew, lag) = (&report["start_skew_ms"], &report["send_lag_ms"]);
    assert!(skew.as_f64().unwrap() <= lag["max"].as_f64().unwrap(), "{skew} {lag}");
}
