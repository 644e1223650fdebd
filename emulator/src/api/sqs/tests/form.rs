//! Requests written for JSON, as the old SDKs would have sent them: forms
//! ("Making query API requests"). The names are written down here once more, so
//! that a mistake in the emulator's own table shows.

use form_urlencoded::byte_serialize;
use serde_json::Value;

/// Lists by both names; the entries of batches are called after the action.
const LISTS: [(&str, &str); 6] = [
    ("AWSAccountIds", "AWSAccountId"),
    ("Actions", "ActionName"),
    ("AttributeNames", "AttributeName"),
    ("MessageAttributeNames", "MessageAttributeName"),
    ("MessageSystemAttributeNames", "MessageSystemAttributeName"),
    ("TagKeys", "TagKey"),
];

/// Maps by both names, and what their keys are called.
const MAPS: [(&str, &str, &str); 5] = [
    ("Attributes", "Attribute", "Name"),
    ("MessageAttributes", "MessageAttribute", "Name"),
    ("MessageSystemAttributes", "MessageSystemAttribute", "Name"),
    ("Tags", "Tag", "Key"),
    ("tags", "Tag", "Key"),
];

/// The path and the form that say the same as a JSON body. A request about a
/// queue goes to the queue's path.
pub(super) fn unfold(action: &str, body: &Value) -> (String, String) {
    let url = body.get("QueueUrl").and_then(Value::as_str);
    let path = url.map(|url| url.trim_start_matches("http://localhost:4566").to_owned());
    let mut form = Vec::new();
    for (name, value) in body.as_object().expect("a body is an object") {
        if name != "QueueUrl" {
            push(&mut form, action, "", name, value);
        }
    }
    (path.unwrap_or_else(|| "/".to_owned()), form.join("&"))
}

fn push(form: &mut Vec<String>, action: &str, before: &str, name: &str, value: &Value) {
    match value {
        Value::Object(members) => match MAPS.iter().find(|(plural, _, _)| *plural == name) {
            Some((_, singular, key)) => {
                for (index, (member, value)) in members.iter().enumerate() {
                    let item = format!("{before}{singular}.{}.", index + 1);
                    push(form, action, &item, key, &member.as_str().into());
                    push(form, action, &item, "Value", value);
                }
            }
            None => {
                for (member, value) in members {
                    push(form, action, &format!("{before}{name}."), member, value);
                }
            }
        },
        Value::Array(items) => {
            let known = LISTS.iter().find(|(plural, _)| *plural == name);
            let singular = known.map_or_else(|| format!("{action}RequestEntry"), |known| known.1.to_owned());
            for (index, item) in items.iter().enumerate() {
                let number = (index + 1).to_string();
                let list = format!("{before}{singular}.");
                push(form, action, &list, &number, item);
            }
        }
        Value::String(text) => {
            let text: String = byte_serialize(text.as_bytes()).collect();
            form.push(format!("{before}{name}={text}"));
        }
        Value::Number(_) | Value::Bool(_) => form.push(format!("{before}{name}={value}")),
        Value::Null => {}
    }
}

#[test]
fn bodies_unfold_into_forms() {
    let body = serde_json::json!({
        "QueueUrl": "http://localhost:4566/000000000000/q",
        "Entries": [{"Id": "a", "DelaySeconds": 1,
                     "MessageAttributes": {"n": {"DataType": "String", "StringValue": "x&y"}}}],
    });
    let entry = "SendMessageBatchRequestEntry.1";
    let expected = format!(
        "{entry}.DelaySeconds=1&{entry}.Id=a&{entry}.MessageAttribute.1.Name=n\
         &{entry}.MessageAttribute.1.Value.DataType=String&{entry}.MessageAttribute.1.Value.StringValue=x%26y"
    );
    assert_eq!(unfold("SendMessageBatch", &body), ("/000000000000/q".to_owned(), expected));
    let body = serde_json::json!({ "QueueName": "q", "tags": {"k": "v"} });
    let expected = "QueueName=q&Tag.1.Key=k&Tag.1.Value=v";
    assert_eq!(unfold("CreateQueue", &body), ("/".to_owned(), expected.to_owned()));
    let body = serde_json::json!({ "TagKeys": ["a", "b"] });
    assert_eq!(unfold("UntagQueue", &body).1, "TagKey.1=a&TagKey.2=b");
}
