//! XML: what the query protocol answers with.

use std::fmt::Write;

use hyper::StatusCode;
use quick_xml::escape::escape;
use serde::Serialize;
use serde_json::Value;

use super::error::Code;
use super::names::{self, Form};
use crate::api::reply::{Reply, content_type, reply};
use crate::engine::Uuid;

const NAMESPACE: &str = "http://queue.amazonaws.com/doc/2012-11-05/";

/// A result in its envelope; an action without one has the envelope alone.
pub(super) fn write(action: &str, answer: &impl Serialize, request_id: Uuid) -> Reply {
    let answer = serde_json::to_value(answer).expect("answers are plain data");
    let result =
        if answer.is_null() { String::new() } else { element(action, &format!("{action}Result"), &answer) };
    let metadata = format!("<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>");
    document(StatusCode::OK, &format!("{action}Response"), &format!("{result}{metadata}"))
}

pub(super) fn refuse(code: Code, message: &str, request_id: Uuid) -> Reply {
    let content = format!(
        "<Error><Type>{}</Type><Code>{}</Code><Message>{}</Message><Detail/></Error>\
         <RequestId>{request_id}</RequestId>",
        code.blame(),
        code.query,
        escape(message),
    );
    document(code.status, "ErrorResponse", &content)
}

/// The reply to a request that names no action.
pub(super) fn no_action() -> Reply {
    reply(StatusCode::NOT_FOUND, content_type::XML, "<UnknownOperationException/>")
}

fn document(status: StatusCode, root: &str, content: &str) -> Reply {
    let text = format!("<?xml version=\"1.0\"?><{root} xmlns=\"{NAMESPACE}\">{content}</{root}>");
    reply(status, content_type::XML, text)
}

fn element(action: &str, name: &str, value: &Value) -> String {
    let mut text = String::new();
    push(&mut text, action, name, value).expect("a String takes everything");
    text
}

fn push(text: &mut String, action: &str, name: &str, value: &Value) -> std::fmt::Result {
    match value {
        Value::Null => Ok(()),
        Value::String(content) => write!(text, "<{name}>{}</{name}>", escape(content)),
        Value::Bool(_) | Value::Number(_) => write!(text, "<{name}>{value}</{name}>"),
        // All lists are flattened: the element repeats.
        Value::Array(items) => items.iter().try_for_each(|item| push(text, action, name, item)),
        Value::Object(members) if members.is_empty() => write!(text, "<{name}/>"),
        Value::Object(members) => {
            write!(text, "<{name}>")?;
            for (name, value) in members {
                push_member(text, action, name, value)?;
            }
            write!(text, "</{name}>")
        }
    }
}

fn push_member(text: &mut String, action: &str, name: &str, value: &Value) -> std::fmt::Result {
    let Some((collection, singular)) = names::by_plural(action, name) else {
        return push(text, action, name, value);
    };
    match (collection.form, value) {
        (Form::Map { key }, Value::Object(entries)) => {
            for (entry, value) in entries {
                write!(text, "<{singular}><{key}>{}</{key}>", escape(entry))?;
                push(text, action, "Value", value)?;
                write!(text, "</{singular}>")?;
            }
            Ok(())
        }
        (Form::List | Form::Map { .. }, value) => push(text, action, &singular, value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(action: &str, answer: &Value, expected: &str) {
        assert_eq!(element(action, "R", answer), expected);
    }

    #[test]
    fn answers_unfold_into_xml() {
        check("ReceiveMessage", &json!({}), "<R/>");
        check(
            "CreateQueue",
            &json!({"QueueUrl": "http://h/1/q"}),
            "<R><QueueUrl>http://h/1/q</QueueUrl></R>",
        );
        check(
            "ListQueues",
            &json!({"QueueUrls": ["a", "b"], "NextToken": "c"}),
            "<R><NextToken>c</NextToken><QueueUrl>a</QueueUrl><QueueUrl>b</QueueUrl></R>",
        );
        check(
            "GetQueueAttributes",
            &json!({"Attributes": {"Policy": "{\"a\":\"<&>\"}"}}),
            "<R><Attribute><Name>Policy</Name>\
             <Value>{&quot;a&quot;:&quot;&lt;&amp;&gt;&quot;}</Value></Attribute></R>",
        );
        check(
            "ListQueueTags",
            &json!({"Tags": {"k": "v"}}),
            "<R><Tag><Key>k</Key><Value>v</Value></Tag></R>",
        );
        check(
            "DeleteMessageBatch",
            &json!({"Successful": [{"Id": "a"}], "Failed": [{"Id": "b", "SenderFault": true}]}),
            "<R><BatchResultErrorEntry><Id>b</Id><SenderFault>true</SenderFault></BatchResultErrorEntry>\
             <DeleteMessageBatchResultEntry><Id>a</Id></DeleteMessageBatchResultEntry></R>",
        );
        check(
            "ReceiveMessage",
            &json!({"Messages": [{"Body": "a\r\n", "MessageAttributes": {"n": {"DataType": "String"}}}]}),
            "<R><Message><Body>a&#13;\n</Body><MessageAttribute><Name>n</Name>\
             <Value><DataType>String</DataType></Value></MessageAttribute></Message></R>",
        );
    }
}
