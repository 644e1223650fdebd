//! What a refusal looks like, in each protocol.

use serde_json::Value;

use super::form::unfold;
use super::{form, json};
use crate::api::Api;

/// Status, shape, query code, message.
pub(super) type Refusal<'a> = (u16, &'a str, &'a str, &'a str);

pub(super) fn invalid(message: &str) -> Refusal<'_> {
    (400, "InvalidParameterValueException", "InvalidParameterValue", message)
}

pub(super) fn missing(message: &str) -> Refusal<'_> {
    (400, "MissingRequiredParameterException", "MissingParameter", message)
}

pub(super) fn not_found(message: &str) -> Refusal<'_> {
    (404, "ResourceNotFoundException", "ResourceNotFoundException", message)
}

pub(super) fn unsupported(message: &str) -> Refusal<'_> {
    (400, "UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", message)
}

pub(super) fn attribute_name(message: &str) -> Refusal<'_> {
    (400, "InvalidAttributeName", "InvalidAttributeName", message)
}

pub(super) fn attribute_value(message: &str) -> Refusal<'_> {
    (400, "InvalidAttributeValue", "InvalidAttributeValue", message)
}

/// The request is refused so in both protocols; neither may change anything.
pub(super) async fn check(api: &Api, action: &str, body: &Value, refusal: Refusal<'_>) {
    check_json(api, action, &body.to_string(), refusal).await;
    let (path, members) = unfold(action, body);
    check_query_at(api, &path, action, &members, refusal).await;
}

pub(super) async fn check_json(
    api: &Api,
    action: &str,
    body: &str,
    (status, shape, code, message): Refusal<'_>,
) {
    let replied = json(api, action, body).await;
    let shown = replied.json();
    assert_eq!((replied.status, shown["message"].as_str()), (status, Some(message)), "{action} {body}");
    assert_eq!(
        shown["__type"].as_str().and_then(|full| full.split_once('#')).map(|parts| parts.1),
        Some(shape)
    );
    let blame = if status < 500 { "Sender" } else { "Receiver" };
    assert_eq!(replied.header("x-amzn-query-error"), format!("{code};{blame}"), "{action} {body}");
    assert_eq!(replied.header("content-type"), "application/x-amz-json-1.0");
}

/// The same over the query protocol, to the queue's path.
pub(super) async fn check_query(api: &Api, action: &str, members: &str, refusal: Refusal<'_>) {
    let path = if members.contains("QueueName") { "/" } else { "/000000000000/q" };
    check_query_at(api, path, action, members, refusal).await;
}

async fn check_query_at(
    api: &Api,
    path: &str,
    action: &str,
    members: &str,
    (status, _, code, message): Refusal<'_>,
) {
    let replied = form(api, path, action, members).await;
    let blame = if status < 500 { "Sender" } else { "Receiver" };
    let expected = format!(
        "<?xml version=\"1.0\"?><ErrorResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><Error>\
         <Type>{blame}</Type><Code>{code}</Code><Message>{}</Message><Detail/></Error>\
         <RequestId>00000000-0000-4000-8000-000000000000</RequestId></ErrorResponse>",
        quick_xml::escape::escape(message),
    );
    assert_eq!((replied.status, replied.body), (status, expected), "{action} {members}");
}
