//! The query protocol: a flat form, folded into the structures of JSON.

use form_urlencoded::parse;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::error::Fault;
use super::names::{self, Form};
use super::queue_url;
use crate::api::call::Call;
use crate::api::route;

/// No member lies deeper than
/// `SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue`.
const DEEPEST: usize = 6;

/// The action that is asked for.
pub(super) fn action(call: &Call) -> Option<String> {
    route::query_action(call)
}

/// Reads a request. One to a queue's path means that queue.
pub(super) fn read<'a, T: Deserialize<'a>>(call: &Call, action: &str) -> Result<T, Fault> {
    let pairs = parse(call.query.as_bytes()).chain(parse(&call.body));
    let mut request = fold(action, pairs)?;
    if queue_url::parse(&call.path).is_some() {
        request.entry("QueueUrl").or_insert_with(|| call.path.as_str().into());
    }
    T::deserialize(Value::Object(request)).map_err(|error| Fault::Malformed(error.to_string()))
}

/// `A.1.Name=x&A.1.Value=y` becomes `{"As": {"x": "y"}}`, and so on.
fn fold(
    action: &str,
    pairs: impl Iterator<Item = (impl AsRef<str>, impl Into<String>)>,
) -> Result<Map<String, Value>, Fault> {
    let mut tree = Map::new();
    for (key, value) in pairs {
        grow(&mut tree, key.as_ref().splitn(DEEPEST, '.'), value.into());
    }
    structure(action, tree)
}

/// Puts a value where its dotted key says; the last of several stays.
fn grow<'k>(tree: &mut Map<String, Value>, mut path: impl Iterator<Item = &'k str>, value: String) {
    let Some(first) = path.next() else { return };
    let mut at = tree.entry(first).or_insert(Value::Null);
    for part in path {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = at.as_object_mut().expect("it was just made one").entry(part).or_insert(Value::Null);
    }
    *at = Value::String(value);
}

/// Gives the members of a structure their JSON names and types.
fn structure(action: &str, members: Map<String, Value>) -> Result<Map<String, Value>, Fault> {
    members.into_iter().map(|(name, value)| member(action, name, value)).collect()
}

fn member(action: &str, name: String, value: Value) -> Result<(String, Value), Fault> {
    if let Value::String(text) = &value
        && names::is_number(&name)
    {
        let number: Result<i64, _> = text.parse();
        let number = number.map_err(|_| Fault::Malformed(format!("{name} is not an integer: {text}")))?;
        return Ok((name, number.into()));
    }
    let Value::Object(members) = value else { return Ok((name, value)) };
    let Some(collection) = names::by_singular(action, &name) else {
        return Ok((name, Value::Object(structure(action, members)?)));
    };
    let items = in_order(members);
    let value = match collection.form {
        Form::List => list(action, items)?,
        Form::Map { key } => map(action, key, items)?,
    };
    Ok((collection.plural.to_owned(), value))
}

/// The items of a collection by their numbers.
fn in_order(items: Map<String, Value>) -> Vec<Value> {
    let mut items: Vec<(u64, Value)> =
        items.into_iter().filter_map(|(number, item)| Some((number.parse().ok()?, item))).collect();
    items.sort_by_key(|&(number, _)| number);
    items.into_iter().map(|(_, item)| item).collect()
}

fn list(action: &str, items: Vec<Value>) -> Result<Value, Fault> {
    let items = items.into_iter().map(|item| {
        let Value::Object(members) = item else { return Ok(item) };
        structure(action, members).map(Value::Object)
    });
    items.collect::<Result<_, _>>().map(Value::Array)
}

fn map(action: &str, key: &str, items: Vec<Value>) -> Result<Value, Fault> {
    let mut entries = Map::new();
    for item in items {
        if let Value::Object(mut members) = item
            && let Some(Value::String(key)) = members.remove(key)
            && let Some(value) = members.remove("Value")
        {
            let (_, value) = member(action, "Value".to_owned(), value)?;
            entries.insert(key, value);
        }
    }
    Ok(Value::Object(entries))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(action: &str, form: &str, expected: &Value) {
        let folded = fold(action, parse(form.as_bytes())).map(Value::Object);
        assert_eq!(folded.as_ref(), Ok(expected), "{form}");
    }

    #[test]
    fn forms_fold_into_structures() {
        check("ListQueues", "", &json!({}));
        check(
            "SendMessage",
            "MessageBody=a%26b+c&DelaySeconds=-1",
            &json!({"MessageBody": "a&b c", "DelaySeconds": -1}),
        );
        check(
            "CreateQueue",
            "Attribute.1.Name=VisibilityTimeout&Attribute.1.Value=5&Tag.1.Key=a&Tag.1.Value=b",
            &json!({"Attributes": {"VisibilityTimeout": "5"}, "Tags": {"a": "b"}}),
        );
        check(
            "ReceiveMessage",
            "AttributeName.2=b&AttributeName.10=c&AttributeName.1=a&MaxNumberOfMessages=3",
            &json!({"AttributeNames": ["a", "b", "c"], "MaxNumberOfMessages": 3}),
        );
        check(
            "SendMessageBatch",
            "SendMessageBatchRequestEntry.1.Id=a\
             &SendMessageBatchRequestEntry.1.DelaySeconds=2\
             &SendMessageBatchRequestEntry.1.MessageAttribute.1.Name=n\
             &SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.StringValue=7\
             &SendMessageBatchRequestEntry.1.MessageAttribute.1.Value.DataType=Number\
             &SendMessageBatchRequestEntry.2.Id=b",
            &json!({"Entries": [
                {"Id": "a", "DelaySeconds": 2,
                 "MessageAttributes": {"n": {"StringValue": "7", "DataType": "Number"}}},
                {"Id": "b"},
            ]}),
        );
        check("UntagQueue", "TagKey.1=a&TagKey.2=b", &json!({"TagKeys": ["a", "b"]}));
    }

    #[test]
    fn odd_forms_do_no_harm() {
        check("X", "A=1&A.b=2", &json!({"A": {"b": "2"}}));
        check("X", "A.b=2&A=1", &json!({"A": "1"}));
        check("X", "Attribute.x=1&Attribute.1.Name=lonely", &json!({"Attributes": {}}));
        check("X", "..=1", &json!({"": {"": {"": "1"}}}));
        let deep = ".".repeat(1_000_000);
        assert!(fold("X", parse(deep.as_bytes())).is_ok());
        let wrong = fold("X", parse(b"MaxResults=x"));
        assert_eq!(wrong, Err(Fault::Malformed("MaxResults is not an integer: x".to_owned())));
    }
}
