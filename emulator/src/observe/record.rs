//! What became of an asynchronous event, in the words of AWS
//! (Developer Guide, "Capturing records of Lambda asynchronous invocations").

use serde::Serialize;
use serde_json::value::RawValue;

use super::date_time;
use crate::config::Identity;
use crate::engine::{Attempt, EventEnding, InvocationRecord, Outcome};
use crate::runtime::failure;

/// The record that destinations get.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    version: &'static str,
    timestamp: String,
    request_context: RequestContext<'a>,
    request_payload: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_context: Option<ResponseContext>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_payload: Option<Box<RawValue>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    request_id: String,
    function_arn: String,
    condition: &'a str,
    approximate_invoke_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseContext {
    status_code: u16,
    executed_version: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_error: Option<&'static str>,
}

/// AWS's word for the end of an event. That for a loop is not documented.
pub(crate) fn condition(ending: EventEnding) -> &'static str {
    match ending {
        EventEnding::Succeeded => "Success",
        EventEnding::RetriesExhausted => "RetriesExhausted",
        EventEnding::EventAgeExceeded => "EventAgeExceeded",
        EventEnding::ZeroReservedConcurrency => "ZeroReservedConcurrency",
        EventEnding::RecursiveLoop => "RecursiveInvocation",
        EventEnding::FunctionDeleted => "FunctionDeleted",
    }
}

/// The record as JSON. The payloads are as they were, byte for byte.
pub(crate) fn record(record: &InvocationRecord, identity: &Identity) -> String {
    let payload = str::from_utf8(&record.payload).unwrap_or("null");
    let payload: &RawValue = serde_json::from_str(payload).unwrap_or(RawValue::NULL);
    let arn = identity.function_arn(record.function.as_str());
    let written = Record {
        version: "1.0",
        timestamp: format!("{}Z", date_time(record.at)),
        request_context: RequestContext {
            request_id: record.request_id.to_string(),
            function_arn: format!("{arn}:{}", record.qualifier),
            condition: condition(record.ending),
            approximate_invoke_count: record.attempts,
        },
        request_payload: payload,
        response_context: record.last.as_ref().map(response_context),
        response_payload: record.last.as_ref().map(|last| answer(record, last)),
    };
    serde_json::to_string(&written).expect("records are plain data")
}

fn response_context(last: &Attempt) -> ResponseContext {
    let failed = matches!(last.outcome, Outcome::FunctionError(_));
    ResponseContext {
        status_code: 200,
        executed_version: last.version.to_string(),
        function_error: failed.then_some("Unhandled"),
    }
}

/// What the function said; a runtime may have said anything.
fn answer(record: &InvocationRecord, last: &Attempt) -> Box<RawValue> {
    let bytes = match &last.outcome {
        Outcome::Success(bytes) => bytes.clone(),
        Outcome::FunctionError(error) => failure::document(record.request_id, error.clone()),
        Outcome::HostFailure(_) => bytes::Bytes::new(),
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let quoted = |text: &String| RawValue::from_string(serde_json::Value::from(text.as_str()).to_string());
    let value = RawValue::from_string(text.clone()).or_else(|_| quoted(&text));
    value.unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// The message of the last failure, for a dead-letter queue: its first 1 KB.
pub(crate) fn error_message(record: &InvocationRecord) -> String {
    let Some(last) = &record.last else { return String::new() };
    let document: serde_json::Value = serde_json::from_str(answer(record, last).get()).unwrap_or_default();
    let message = document["errorMessage"].as_str().unwrap_or_default();
    let end = (0..=message.len().min(1_024)).rev().find(|&at| message.is_char_boundary(at));
    message[..end.unwrap_or(0)].to_owned()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::credentials::Credentials;
    use crate::engine::{FunctionError, Qualifier, RecordTarget, RequestId, Timestamp, Trace, Uuid, Version};

    fn ended(ending: EventEnding, last: Option<Outcome>) -> InvocationRecord {
        InvocationRecord {
            target: RecordTarget::OnFailure("arn".into()),
            request_id: RequestId(Uuid::from_random(0)),
            function: "f".into(),
            qualifier: Qualifier::Latest,
            ending,
            attempts: u32::from(last.is_some()) * 3,
            payload: Bytes::from_static(b"{\"a\": 1.0}"),
            last: last.map(|outcome| Attempt { version: Version::Latest, outcome }),
            trace: Trace::default(),
            at: Timestamp::from_millis(1_764_025_872_123),
        }
    }

    /// Fact 25: of a reservation of 0, the count is 0 and nothing tells of a response.
    #[test]
    fn records_are_to_the_letter() {
        let identity = Identity {
            region: "us-east-1".to_owned(),
            account_id: "123456789012".to_owned(),
            endpoint: None,
            role: Credentials::test(),
        };
        let id = "00000000-0000-4000-8000-000000000000";
        let begin = |condition: &str, count: u32| {
            format!(
                r#"{{"version":"1.0","timestamp":"2025-11-24T23:11:12.123Z","requestContext":{{"requestId":"{id}","functionArn":"arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST","condition":"{condition}","approximateInvokeCount":{count}}},"requestPayload":{{"a": 1.0}}"#
            )
        };
        let error = FunctionError::Reported(Bytes::from_static(br#"{"errorMessage":"no","errorType":"E"}"#));
        for (given, expected) in [
            (
                ended(EventEnding::RetriesExhausted, Some(Outcome::FunctionError(error))),
                format!(
                    r#"{},"responseContext":{{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"}},"responsePayload":{{"errorMessage":"no","errorType":"E"}}}}"#,
                    begin("RetriesExhausted", 3)
                ),
            ),
            (
                ended(EventEnding::Succeeded, Some(Outcome::Success(Bytes::from_static(b"null")))),
                format!(
                    r#"{},"responseContext":{{"statusCode":200,"executedVersion":"$LATEST"}},"responsePayload":null}}"#,
                    begin("Success", 3)
                ),
            ),
            (
                ended(EventEnding::ZeroReservedConcurrency, None),
                format!("{}}}", begin("ZeroReservedConcurrency", 0)),
            ),
        ] {
            assert_eq!(record(&given, &identity), expected);
        }
    }

    #[test]
    fn answers_that_are_no_json_become_text() {
        let given = ended(EventEnding::Succeeded, Some(Outcome::Success(Bytes::from_static(b"a \"b\""))));
        let identity = Identity {
            region: "r".to_owned(),
            account_id: "1".to_owned(),
            endpoint: None,
            role: Credentials::test(),
        };
        assert!(record(&given, &identity).ends_with(r#""responsePayload":"a \"b\""}"#));
    }
}
