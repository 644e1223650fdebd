//! The forms of a report, reports added up, reports compared.

use crate::emulated::Emulated;
use crate::mock::{Answer, Asked, Mock, Ran, loadgen};
use serde_json::Value;
use std::path::Path;

fn run(arguments: &[&str]) -> Ran {
    Ran::new(&loadgen(arguments).output().unwrap())
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn one_run_has_all_its_forms() {
    let mock = Mock::start(|asked: &Asked| match asked.n % 4 {
        0 => Answer::new(429, r#"{"Reason":"ConcurrentInvocationLimitExceeded"}"#),
        _ => Answer::new(200, r#"{"environment_id":"<e>","started_at":100.0,"finished_at":100.1}"#),
    });
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name);
    let path = |name: &str| file(name).to_str().unwrap().to_owned();
    let flags =
        ["--function", "f", "--requests", "40", "--concurrency", "4", "--expect", "ok==30", "throttled==9"];
    let files = [
        "--report",
        &path("r.json"),
        "--html",
        &path("r.html"),
        "--csv",
        &path("r.csv"),
        "--junit",
        &path("r.xml"),
    ];
    let ran = mock.run(&[&flags[..], &files].concat());
    assert_eq!(ran.code, 1, "{ran:?}");

    let report: Value = serde_json::from_str(&read(&file("r.json"))).unwrap();
    assert_eq!(report["counts"]["ok_warm"], 30);
    let html = read(&file("r.html"));
    assert!(html.starts_with("<!doctype html>") && html.contains("<svg") && !html.contains("<e>"), "{html}");
    let csv = read(&file("r.csv"));
    assert_eq!(csv.lines().count(), 41);
    assert_eq!(csv.matches(",throttled,429,ConcurrentInvocationLimitExceeded,").count(), 10, "{csv}");
    let junit = read(&file("r.xml"));
    assert!(junit.contains(r#"tests="2" failures="1""#) && junit.contains("observed 10"), "{junit}");
}

#[test]
fn samples_can_be_replayed() {
    let mock = Mock::start(|_: &Asked| Answer::new(200, "{}"));
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("samples.csv");
    let path = path.to_str().unwrap();
    // One after the other, so that they end in the order in which they were due.
    let flags = ["--function", "f", "--concurrency", "1", "--requests", "20"];
    assert_eq!(mock.run(&[&flags[..], &["--csv", path]].concat()).code, 0);
    let arrivals = format!("trace:{path}");
    let (code, report) = mock.report(&["--function", "f", "--arrivals", &arrivals]);
    assert_eq!((code, &report["requests"]), (0, &serde_json::json!(20)), "{report:#}");
    assert_eq!(report["arrivals"]["kind"], "trace");
}

#[tokio::test(flavor = "multi_thread")]
async fn shares_of_a_run_are_merged_to_the_whole() {
    let emulated = Emulated::start(1_000).await;
    emulated.create_sandbox("f").await;
    let directory = tempfile::tempdir().unwrap();
    let path = |n: u32| directory.path().join(format!("{n}.json")).to_str().unwrap().to_owned();
    for n in 0..3 {
        let share = format!("{n}/3");
        let flags = [
            "run",
            "--function",
            "f",
            "--rate",
            "50",
            "--duration",
            "1s",
            "--payload",
            r#"{"sleep_ms":20}"#,
            "--share",
            &share,
            "--report",
            &path(n),
        ];
        let ran = emulated.loadgen(&flags).await;
        assert_eq!(ran.code, 0, "{ran:?}");
    }
    let whole = directory.path().join("whole.json");
    let ran = run(&[
        "merge",
        &path(0),
        &path(1),
        &path(2),
        "--report",
        whole.to_str().unwrap(),
        "--expect",
        "ok==50",
    ]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let whole: Value = serde_json::from_str(&read(&whole)).unwrap();
    assert_eq!((&whole["requests"], &whole["success_ms"]["count"]), (&50.into(), &50.into()));
    assert_eq!(whole["arrivals"]["share"], Value::Null, "all parts are there");
    let parts: Vec<Value> =
        (0..3).map(|n| serde_json::from_str(&read(Path::new(&path(n)))).unwrap()).collect();
    let slowest = parts.iter().filter_map(|part| part["success_ms"]["max"].as_f64()).fold(0.0, f64::max);
    assert_eq!(whole["success_ms"]["max"].as_f64(), Some(slowest));

    let twice = run(&["merge", &path(0), &path(0)]);
    assert_eq!(twice.code, 2, "a part counts once: {twice:?}");
    let missing = run(&["merge", "/no/such.json"]);
    assert!(missing.code == 2 && missing.stderr.contains("/no/such.json: cannot read"), "{missing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_are_compared() {
    let emulated = Emulated::start(1_000).await;
    emulated.create_sandbox("f").await;
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    for (name, reserved) in [("five", 5), ("again", 5), ("fifty", 50)] {
        emulated.reserve("f", reserved).await;
        let flags = ["run", "--function", "f", "--payload", r#"{"sleep_ms":1500}"#, "--report", &path(name)];
        assert_eq!(emulated.loadgen(&flags).await.code, 0);
    }
    let html = path("verdict.html");
    let same = run(&["compare", &path("five"), &path("again"), "--html", &html]);
    assert_eq!(same.code, 0, "{}", same.stdout);
    assert!(read(Path::new(&html)).starts_with("<!doctype html>"));
    let other = run(&["compare", &path("five"), &path("fifty"), "--output", "json"]);
    assert_eq!(other.code, 1, "{}", other.stdout);
    let verdict: Value = serde_json::from_str(&other.stdout).unwrap();
    assert_eq!(verdict[0]["agree"], false, "{verdict:#}");
    let foreign = run(&["compare", &path("five"), &html]);
    assert!(foreign.code == 2 && foreign.stderr.contains("is no report of loadgen"), "{foreign:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scenario_is_played_on_two_targets_and_compared() {
    let (one, two) = (Emulated::start(1_000).await, Emulated::start(1_000).await);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s.toml");
    std::fs::write(
        &path,
        "[[function]]\nname = \"f\"\nreserved = 5\n[[stage]]\nrequests = 50\npayload = { sleep_ms = 1000 }\n",
    )
    .unwrap();
    let (a, b) = (one.emulator.endpoint(), two.emulator.endpoint());
    let mut command = loadgen(&["compare", &a, &b, "--scenario", path.to_str().unwrap(), "--output", "json"]);
    command.env_remove("AWS_ENDPOINT_URL");
    let ran = Ran::new(&crate::emulated::run(command).await);
    assert_eq!(ran.code, 0, "{ran:?}");
    let verdict: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(verdict[0]["agree"], true, "{verdict:#}");
}
