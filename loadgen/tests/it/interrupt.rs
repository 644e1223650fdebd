//! Whatever ends a run, and whenever: what is left is valid and honest.

use crate::mock::{Answer, Asked, Mock, Ran};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("it runs");
}

fn spawn(mut command: Command) -> Child {
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn is_honest(report: &Value, requests: u64) {
    let counts = report["counts"].as_object().unwrap();
    let number = |value: &Value| {
        value.as_u64().unwrap_or_else(|| value.as_object().unwrap().values().filter_map(Value::as_u64).sum())
    };
    assert_eq!(counts.values().map(number).sum::<u64>(), requests, "{report:#}");
    let answered = report["success_ms"]["count"].as_u64().unwrap_or_default();
    assert_eq!(report["counts"]["ok_warm"].as_u64(), Some(answered), "{report:#}");
}

/// A server on which a run of a thousand takes a second or so.
fn slow() -> Mock {
    Mock::start(|asked: &Asked| match asked.n % 50 {
        7 => Answer::Hang,
        _ => Answer::new(200, "{}"),
    })
}

#[test]
fn an_interrupt_at_any_moment_leaves_an_honest_report() {
    let kinds: [&[&str]; 3] = [
        &["--requests", "300"],
        &["--requests", "1000", "--concurrency", "5", "--timeout", "300ms"],
        &["--requests", "300", "--rate", "300"],
    ];
    for flags in kinds {
        for after in [1_u64, 2, 40, 250] {
            let mock = slow();
            let requests = flags[1].parse().unwrap();
            let child = spawn(mock.command(&[&["--function", "f", "--output", "json"], flags].concat()));
            // By number of requests seen, so that the moment is inside the run.
            mock.wait_for(after);
            signal(&child, Signal::INT);
            let ran = Ran::new(&child.wait_with_output().unwrap());
            let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
            assert_eq!((ran.code, &report["interrupted"]), (130, &Value::Bool(true)), "{flags:?} {ran:?}");
            is_honest(&report, requests);
        }
    }
}

#[test]
fn a_killed_run_has_left_the_part_before() {
    let mock = slow();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("report.json");
    let flags = ["--function", "f", "--rate", "20", "--duration", "10m", "--report", path.to_str().unwrap()];
    let mut child = spawn(mock.command(&flags));
    let end = Instant::now() + Duration::from_secs(60);
    while !path.exists() {
        assert!(Instant::now() < end, "nothing is written while the run lasts");
        std::thread::sleep(Duration::from_millis(20));
    }
    signal(&child, Signal::KILL);
    child.wait().unwrap();
    let report: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(report["interrupted"], true);
    is_honest(&report, 12_000);
    assert!(report["counts"]["ok_warm"].as_u64().unwrap() > 20, "{report:#}");
}

#[test]
fn a_server_that_never_takes_a_connection_does_not_hold_an_interrupt_up() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let mut command =
        crate::mock::loadgen(&["run", "--target", &endpoint, "--function", "f", "--output", "json"]);
    command.args(["--requests", "50"]);
    let child = spawn(command);
    // The first is the probe; by the second the run has begun.
    let _connections: Vec<_> = (0..2).map(|_| listener.accept().unwrap()).collect();
    signal(&child, Signal::TERM);
    let ran = Ran::new(&child.wait_with_output().unwrap());
    assert_eq!(ran.code, 130, "{ran:?}");
    is_honest(&serde_json::from_str(&ran.stdout).unwrap(), 50);
}
