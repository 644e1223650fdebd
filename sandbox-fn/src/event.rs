//! Where the instructions of an event are found.
//!
//! - **Plain payload**: the payload itself, if it is an object.
//! - **SQS**: the body of each record, if it is a JSON object. The batch is
//!   worked on once: times add up, and a body that says `fail` makes its
//!   message a batch item failure. The event source mapping must have
//!   `ReportBatchItemFailures` for that to have an effect.
//! - **HTTP** (API Gateway and function URLs, payload 1.0 and 2.0): the query
//!   parameters, and the JSON body on top of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use crate::instruction::{Instruction, Malformed};
use crate::message::Message;

/// An event, understood.
#[derive(Debug, PartialEq, Eq)]
pub struct Event {
    pub source: Source,
    pub instruction: Instruction,
}

/// Who sent the event, which decides the shape of the answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Source {
    Direct,
    Sqs(Vec<Message>),
    Http,
}

impl Event {
    /// Understands a payload. One that says nothing gets the default sleep;
    /// one that says something wrong is refused.
    pub fn read(payload: &Value) -> Result<Self, Malformed> {
        if let Some(records) = sqs_records(payload) {
            return Self::batch(records);
        }
        if is_http(payload) {
            return Self::http(payload);
        }
        let instruction = payload.as_object().map(Instruction::read).transpose()?;
        Ok(Self { source: Source::Direct, instruction: instruction.unwrap_or_default().or_sleep() })
    }

    fn batch(records: &[Value]) -> Result<Self, Malformed> {
        let mut whole = Instruction::default();
        let mut messages = Vec::new();
        for record in records {
            let message_id = record["messageId"].as_str().unwrap_or_default();
            let one = message_instruction(record).map_err(|malformed| malformed.in_message(message_id))?;
            messages.push(Message::of(record, one.fail.is_some()));
            whole = whole.and(one);
        }
        // A message that fails is reported; it does not fail the invocation.
        let instruction = Instruction { fail: None, ..whole.or_sleep() };
        Ok(Self { source: Source::Sqs(messages), instruction })
    }

    fn http(request: &Value) -> Result<Self, Malformed> {
        let query = request["queryStringParameters"].as_object();
        let query = query.map(Instruction::read_query).transpose()?.unwrap_or_default();
        let body = http_body(request)?.map(|keys| Instruction::read(&keys)).transpose()?.unwrap_or_default();
        Ok(Self { source: Source::Http, instruction: over(body, query).or_sleep() })
    }
}

/// Whether an HTTP front door sent this payload. Format 2.0 says its version;
/// 1.0 is known by the method, because REST APIs send no version.
pub fn is_http(payload: &Value) -> bool {
    payload["requestContext"].is_object()
        && (payload["httpMethod"].is_string() || payload["version"] == "2.0")
}

fn sqs_records(payload: &Value) -> Option<&[Value]> {
    let records = payload["Records"].as_array()?;
    let sqs = !records.is_empty() && records.iter().all(|record| record["eventSource"] == "aws:sqs");
    sqs.then_some(records)
}

/// A body that is not a JSON object is a message like any other.
fn message_instruction(record: &Value) -> Result<Instruction, Malformed> {
    let body = record["body"].as_str().unwrap_or_default();
    match serde_json::from_str::<Map<String, Value>>(body) {
        Ok(keys) => Instruction::read(&keys),
        Err(_) => Ok(Instruction::default()),
    }
}

/// The JSON object in the body. Text that is not JSON is refused: over HTTP it
/// is most likely an instruction with a slip of the pen.
fn http_body(request: &Value) -> Result<Option<Map<String, Value>>, Malformed> {
    let text = request["body"].as_str().unwrap_or_default();
    let bytes = if request["isBase64Encoded"] == true {
        STANDARD.decode(text).map_err(|error| Malformed::new(format!("body is not base64: {error}")))?
    } else {
        text.as_bytes().to_vec()
    };
    if bytes.trim_ascii().is_empty() {
        return Ok(None);
    }
    let body: Value = serde_json::from_slice(&bytes)
        .map_err(|error| Malformed::new(format!("body is not JSON: {error}")))?;
    Ok(body.as_object().cloned())
}

/// The body's word counts where both body and query say something.
fn over(body: Instruction, query: Instruction) -> Instruction {
    Instruction {
        sleep_ms: body.sleep_ms.or(query.sleep_ms),
        burn_ms: body.burn_ms.or(query.burn_ms),
        allocate_mb: body.allocate_mb.or(query.allocate_mb),
        return_bytes: body.return_bytes.or(query.return_bytes),
        exit: body.exit.or(query.exit),
        fail: body.fail.or(query.fail),
        fail_batch: body.fail_batch.or(query.fail_batch),
        log: if body.log.is_empty() { query.log } else { body.log },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn instruction(keys: &Value) -> Instruction {
        Instruction::read(keys.as_object().expect("an object")).expect("well-formed")
    }

    /// Reads `payload` and compares with the source and the plain instruction
    /// that it should amount to.
    fn check(payload: &Value, source: Source, keys: &Value) {
        let expected = Event { source, instruction: instruction(keys) };
        assert_eq!(Event::read(payload), Ok(expected), "{payload}");
    }

    #[test]
    fn a_plain_payload_instructs_if_it_is_an_object() {
        let sleep = json!({"sleep_ms": 2500});
        for payload in [json!(null), json!("x"), json!([1]), json!({}), json!({"Records": []})] {
            check(&payload, Source::Direct, &sleep);
        }
        check(&json!({"sleep_ms": 7}), Source::Direct, &json!({"sleep_ms": 7}));
        check(&json!({"requestContext": {}, "sleep_ms": 7}), Source::Direct, &json!({"sleep_ms": 7}));
    }

    #[test]
    fn a_batch_is_worked_on_once() {
        let check = |bodies: &[&str], failed: &[&str], keys: Value| {
            let records = bodies.iter().zip(1..).map(
                |(body, id)| json!({"messageId": format!("m{id}"), "eventSource": "aws:sqs", "body": body}),
            );
            let payload = json!({"Records": records.collect::<Vec<_>>()});
            let messages = payload["Records"].as_array().expect("a list").iter().map(|record| {
                let id = record["messageId"].as_str().expect("an id");
                Message::of(record, failed.contains(&id))
            });
            check(&payload, Source::Sqs(messages.collect()), &keys);
        };
        check(&["hello", "{}"], &[], json!({"sleep_ms": 2500}));
        check(&[r#"{"sleep_ms":1}"#, "hello", r#"{"sleep_ms":2}"#], &[], json!({"sleep_ms": 3}));
        check(&[r#"{"fail":true}"#, "hello", r#"{"fail":"no"}"#], &["m1", "m3"], json!({}));
        check(&[r#"{"fail":true}"#, r#"{"fail_batch":"all"}"#], &["m1"], json!({"fail_batch": "all"}));
    }

    #[test]
    fn a_request_instructs_by_query_and_body() {
        let check = |mut request: Value, keys: Value| {
            request["requestContext"] = json!({});
            request["version"] = json!("2.0");
            check(&request, Source::Http, &keys);
            request["version"] = json!("1.0");
            request["httpMethod"] = json!("POST");
            check(&request, Source::Http, &keys);
        };
        check(json!({}), json!({"sleep_ms": 2500}));
        check(json!({"body": null, "queryStringParameters": null}), json!({"sleep_ms": 2500}));
        check(json!({"body": "{\"sleep_ms\":1}"}), json!({"sleep_ms": 1}));
        check(json!({"body": "eyJzbGVlcF9tcyI6MX0=", "isBase64Encoded": true}), json!({"sleep_ms": 1}));
        check(json!({"queryStringParameters": {"burn_ms": "4"}}), json!({"burn_ms": 4}));
        let both =
            json!({"body": "{\"sleep_ms\":1}", "queryStringParameters": {"sleep_ms": "9", "exit": "2"}});
        check(both, json!({"sleep_ms": 1, "exit": 2}));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let check = |payload: Value, expected: &str| {
            let message = Event::read(&payload).expect_err("malformed").to_string();
            assert!(message.starts_with(expected), "{message}");
        };
        let http = |body: &str, base64: bool| json!({"requestContext": {}, "httpMethod": "POST", "body": body, "isBase64Encoded": base64});
        check(json!({"sleep_ms": true}), "sleep_ms must be");
        check(
            json!({"Records": [{"messageId": "m1", "eventSource": "aws:sqs", "body": "{\"exit\":[]}"}]}),
            "message m1: exit",
        );
        check(http("{sleep_ms:1}", false), "body is not JSON");
        check(http("?", true), "body is not base64");
        check(http("{\"burn_ms\":\"1\"}", false), "burn_ms must be");
    }
}
