//! `--target aws`, with the emulator standing in for AWS: asked before, capped,
//! signed, and put back.

use crate::emulated::{Emulated, run};
use crate::mock::{Ran, loadgen};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::process::{Command, Stdio};
use std::time::Duration;

/// `loadgen COMMAND --target aws …`, where AWS is the emulator.
fn against(emulated: &Emulated, command: &str, arguments: &[&str]) -> Command {
    let mut command = loadgen(&[command, "--target", "aws"]);
    command.args(arguments).env("AWS_ENDPOINT_URL", emulated.emulator.endpoint()).envs(credentials());
    command
}

/// Those that the stand-in knows. No file of this machine's user has a say, and
/// no metadata service is asked.
pub(crate) fn credentials() -> [(&'static str, &'static str); 6] {
    [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]
}

async fn aws(emulated: &Emulated, command: &str, arguments: &[&str]) -> Ran {
    Ran::new(&run(against(emulated, command, arguments)).await)
}

pub(crate) const ROLE: &str = "arn:aws:iam::000000000000:role/lambda";

/// A stand-in that refuses what is not signed as AWS wants it.
pub(crate) async fn stand_in() -> Emulated {
    let listen = ([127, 0, 0, 1], 0).into();
    let credentials = vec![emulator::Credentials::new("test", "test")];
    let config = emulator::Config { listen, credentials, ..emulator::Config::default() };
    let emulated = Emulated::with(config).await;
    emulated.create_sandbox("mine").await;
    emulated.reserve("mine", 7).await;
    emulated
}

async fn reserved(emulated: &Emulated) -> Option<i32> {
    let found = emulated.clients.lambda.get_function_concurrency().function_name("mine").send().await;
    found.expect("the function is there").reserved_concurrent_executions()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_without_a_yes() {
    let emulated = stand_in().await;
    let ran = aws(&emulated, "run", &["--function", "mine", "--requests", "10"]).await;
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    for part in [
        "account  000000000000 at http://127.0.0.1:",
        "1000 concurrent executions, 993 of them unreserved",
        "to send  10 requests all at once to mine (reserved concurrency 7)",
        "in all   10 requests, at most 10 at once; at most 0.0025 USD, if each runs to its timeout",
        "error: --yes is needed where nobody can be asked",
    ] {
        assert!(ran.stderr.contains(part), "{part} in {}", ran.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_with_a_yes_is_a_run() {
    let emulated = stand_in().await;
    let flags = [
        "--function",
        "mine",
        "--requests",
        "10",
        "--payload",
        r#"{"sleep_ms":500}"#,
        "--yes",
        "--output",
        "json",
    ];
    let ran = aws(&emulated, "run", &flags).await;
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    assert_eq!((ran.code, &report["counts"]["ok_cold"]), (0, &7.into()), "{report:#}");
    assert_eq!(report["target"], "aws");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caps_hold() {
    let emulated = stand_in().await;
    for (flags, part) in [
        (
            &["--requests", "20000", "--concurrency", "5"][..],
            "--max-requests 10000 is less than the 20000 planned",
        ),
        (&["--requests", "1500"], "--max-concurrency 1000 is less than the 1500 planned at once"),
        (&["--requests", "100", "--max-cost", "0.001"], "--max-cost 0.001 USD is less than the"),
        (&["--concurrency", "5", "--duration", "5s"], "--duration of a closed loop on AWS leaves open"),
    ] {
        let ran = aws(&emulated, "run", &[&["--function", "mine", "--yes"], flags].concat()).await;
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
        assert!(ran.stderr.contains(part), "{part} in {}", ran.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_loop_is_held_to_the_cap() {
    let emulated = stand_in().await;
    let flags =
        ["--function", "mine", "--rate", "20", "--duration", "1s", "--payload", r#"{"sleep_ms":5000}"#];
    let flags = [&flags[..], &["--yes", "--max-concurrency", "4", "--output", "json"]].concat();
    let ran = aws(&emulated, "run", &flags).await;
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    assert_eq!(
        (&report["max_concurrency"], &report["counts"]["not_sent"]),
        (&4.into(), &16.into()),
        "{report:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_puts_back_what_was_reserved() {
    let emulated = stand_in().await;
    let flags = [
        "--function",
        "mine",
        "--reserved",
        "1,2",
        "--requests",
        "5",
        "--payload",
        r#"{"sleep_ms":300}"#,
        "--yes",
    ];
    let ran = aws(&emulated, "sweep", &flags).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(reserved(&emulated).await, Some(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_sweep_puts_it_back_too() {
    let emulated = stand_in().await;
    let flags = [
        "--function",
        "mine",
        "--reserved",
        "3,4,5",
        "--requests",
        "5",
        "--payload",
        r#"{"sleep_ms":60000}"#,
    ];
    let mut command = against(&emulated, "sweep", &[&flags[..], &["--yes", "--output", "json"]].concat());
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while reserved(&emulated).await != Some(3) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    let output = tokio::task::spawn_blocking(|| child.wait_with_output()).await.unwrap().unwrap();
    let ran = Ran::new(&output);
    assert_eq!(ran.code, 130, "{ran:?}");
    let suite: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    assert_eq!(suite["not_run"], serde_json::json!(["reserved 4", "reserved 5"]));
    assert_eq!(reserved(&emulated).await, Some(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn deploying_needs_a_role_there() {
    let emulated = stand_in().await;
    let ran = aws(&emulated, "deploy", &["--name", "new", "--yes"]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--role is missing"), "{}", ran.stderr);
    let ran = aws(&emulated, "deploy", &["--name", "new", "--yes", "--role", ROLE]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.stderr.contains("to do    function new, queue new with dead-letter queue"), "{}", ran.stderr);
    let ran = aws(&emulated, "destroy", &["--name", "new", "--yes"]).await;
    assert_eq!((ran.code, ran.stdout.matches("deleted").count()), (0, 4), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_refused_before_the_first_request() {
    let emulated = stand_in().await;
    let flags = ["--function", "mine", "--requests", "1", "--yes"];
    for (variable, value, words) in [
        ("AWS_SECRET_ACCESS_KEY", "wrong", "SignatureDoesNotMatch"),
        ("AWS_ACCESS_KEY_ID", "AKIDUNKNOWN", "InvalidClientTokenId"),
    ] {
        let mut command = against(&emulated, "run", &flags);
        command.env(variable, value);
        let ran = Ran::new(&run(command).await);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
        let expected = format!("error: failed to ask who is calling (STS): {words}: ");
        assert!(ran.stderr.starts_with(&expected), "{}", ran.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_signed_with_a_wrong_secret_is_refused_itself() {
    let emulated = stand_in().await;
    let mut command = loadgen(&["run", "--target", &emulated.emulator.endpoint(), "--function", "mine"]);
    command.args(["--requests", "3", "--output", "json"]);
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "wrong");
    let ran = Ran::new(&run(command).await);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    assert_eq!((ran.code, &report["statuses"]), (2, &serde_json::json!({"403": 3})), "{report:#}");
    let note = report["notes"]["client_error"].as_str().unwrap();
    assert!(note.starts_with("403 InvalidSignatureException: The request signature we calculated"), "{note}");
}
