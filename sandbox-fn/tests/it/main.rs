//! The built function against a Runtime API of a hundred lines.

mod runtime_api;

use std::process::Command;

use serde_json::{Value, json};

use runtime_api::{Function, Outcome};

fn respond(function: &mut Function, payload: &Value) -> Value {
    let outcome = function.invoke(payload);
    let Outcome::Response(answer) = outcome else { panic!("{payload} gave {outcome:?}") };
    answer
}

fn sqs_event(bodies: &[Value]) -> Value {
    let records = bodies.iter().zip(1..).map(|(body, id)| {
        json!({"messageId": format!("m{id}"), "eventSource": "aws:sqs", "body": body.to_string()})
    });
    json!({"Records": records.collect::<Vec<_>>()})
}

#[test]
fn the_first_answer_is_cold_and_complete() {
    let mut function = Function::start("on-demand");
    let answer = respond(&mut function, &json!({"sleep_ms": 20}));
    for key in ["execution_id", "environment_id"] {
        assert_eq!(answer[key].as_str().map(str::len), Some(36), "{key}");
    }
    for (key, expected) in [
        ("request_id", json!("request-1")),
        ("cold_start", json!(true)),
        ("initialization_type", json!("on-demand")),
        ("function_name", json!("sample")),
        ("function_version", json!("$LATEST")),
        ("log_stream", json!("stream")),
    ] {
        assert_eq!(answer[key], expected, "{key}");
    }
    let number = |key: &str| answer[key].as_f64().unwrap_or_else(|| panic!("{key} in {answer}"));
    assert!(number("cold_start_time") > 0.0);
    assert!((0.02..5.0).contains(&number("processing_time")));
    assert!((0.02..5.0).contains(&(number("finished_at") - number("started_at"))));
    assert!((50.0..60.0).contains(&number("remaining_time")));
    assert_eq!(answer.as_object().map(serde_json::Map::len), Some(13));
}

#[test]
fn the_second_answer_is_warm() {
    let mut function = Function::start("on-demand");
    let cold = respond(&mut function, &json!({"sleep_ms": 0}));
    let warm = respond(&mut function, &json!({"burn_ms": 1, "allocate_mb": 1, "return_bytes": 10}));
    assert_eq!(warm["cold_start"], false);
    assert_eq!(warm["cold_start_time"], 0.0);
    assert_eq!(warm["padding"], "xxxxxxxxxx");
    assert_eq!(warm["environment_id"], cold["environment_id"]);
    assert_ne!(warm["execution_id"], cold["execution_id"]);
}

#[test]
fn nobody_waits_for_a_provisioned_environment() {
    let mut function = Function::start("provisioned-concurrency");
    let answer = respond(&mut function, &json!({"sleep_ms": 0}));
    assert_eq!(answer["cold_start"], false);
    assert_eq!(answer["initialization_type"], "provisioned-concurrency");
}

#[test]
fn without_instruction_it_sleeps() {
    let mut function = Function::start("on-demand");
    let answer = respond(&mut function, &json!(null));
    let processing_time = answer["processing_time"].as_f64().expect("a number");
    assert!((2.5..5.0).contains(&processing_time), "{processing_time}");
}

#[test]
fn failures_are_function_errors_and_leave_it_running() {
    let mut function = Function::start("on-demand");
    let mut check = |payload: Value, error_type: &str, error_message: &str| {
        let expected = json!({"errorType": error_type, "errorMessage": error_message});
        assert_eq!(function.invoke(&payload), Outcome::Error(expected));
    };
    check(json!({"fail": "no luck"}), "SandboxError", "no luck");
    check(json!({"fail": true}), "SandboxError", "failed as instructed");
    check(sqs_event(&[json!({"fail_batch": "all"})]), "SandboxError", "all");
    check(json!({"sleep_ms": []}), "InvalidInstruction", "sleep_ms must be a non-negative integer, not []");
}

#[test]
fn it_exits_with_the_code_it_is_told() {
    for code in [0, 7] {
        let mut function = Function::start("on-demand");
        let payload = json!({"exit": code, "log": "bye"});
        assert_eq!(function.invoke(&payload), Outcome::Exit { code, stdout: "bye\n".into() });
    }
}

#[test]
fn a_batch_reports_the_messages_that_fail() {
    let mut function = Function::start("on-demand");
    let mut check = |bodies: &[Value], failed: Value| {
        let answer = respond(&mut function, &sqs_event(bodies));
        assert_eq!(answer["batchItemFailures"], failed);
        assert_eq!(answer["messages"], bodies.len());
        assert!(answer["execution_id"].is_string());
    };
    check(&[json!({"fail": true}), json!("hello")], json!([{"itemIdentifier": "m1"}]));
    check(&[json!({"log": "fine"})], json!([]));
}

#[test]
fn a_request_gets_a_response() {
    let mut function = Function::start("on-demand");
    let mut check = |body: &str, status: u16, key: &str, expected: Value| {
        let request = json!({"version": "2.0", "requestContext": {}, "body": body});
        let response = respond(&mut function, &request);
        assert_eq!(response["statusCode"], status);
        assert_eq!(response["headers"], json!({"content-type": "application/json"}));
        let text = response["body"].as_str().expect("text");
        let body: Value = serde_json::from_str(text).expect("JSON");
        assert_eq!(body[key], expected);
    };
    check(r#"{"sleep_ms":0}"#, 200, "cold_start", json!(true));
    check(r#"{"log":0}"#, 400, "errorMessage", json!("log must be a string, not 0"));
}

#[test]
fn outside_lambda_it_says_what_it_is() {
    let output = Command::new(env!("CARGO_BIN_EXE_sandbox-fn")).env_remove("AWS_LAMBDA_RUNTIME_API").output();
    let output = output.expect("started");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(stderr.lines().count(), 1);
    assert!(stderr.contains("bootstrap") && stderr.contains("provided.al2023"), "{stderr}");
}
