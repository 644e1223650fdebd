//! Tags of functions and event source mappings.

use serde_json::{Map, Value, json};

use crate::api::lambda::world::World;

const FUNCTION: &str = "/2017-03-31/tags/arn:aws:lambda:us-east-1:000000000000:function:f";

async fn world() -> World {
    let world = World::new();
    world.create_built_in("f", json!({ "EMULATOR_INIT_MS": "0", "EMULATOR_DURATION_MS": "0" })).await;
    world
}

#[tokio::test]
async fn tags_change_nothing_else_about_a_function() {
    let world = world().await;
    assert_eq!(world.invoke("f", &[]).await.status, 200);
    let before = world.call("GET /2015-03-31/functions/f", Value::Null).await.json();
    assert_eq!(world.call(&format!("GET {FUNCTION}"), Value::Null).await.body, r#"{"Tags":{}}"#);

    let tagged =
        world.call(&format!("POST {FUNCTION}"), json!({ "Tags": { "b": "1", "a b": "\u{e9}" } })).await;
    assert_eq!((tagged.status.as_u16(), tagged.body.as_str()), (204, ""));
    let encoded = FUNCTION.replace(':', "%3A");
    world.call(&format!("POST {encoded}"), json!({ "Tags": { "b": "2", "c": "" } })).await;
    let listed = world.call(&format!("GET {encoded}"), Value::Null).await;
    assert_eq!(listed.body, "{\"Tags\":{\"a b\":\"\u{e9}\",\"b\":\"2\",\"c\":\"\"}}");

    let untagged =
        world.call(&format!("DELETE {FUNCTION}?tagKeys=a%20b&tagKeys=c&tagKeys=none"), Value::Null).await;
    assert_eq!((untagged.status.as_u16(), untagged.body.as_str()), (204, ""));
    let after = world.call("GET /2015-03-31/functions/f", Value::Null).await.json();
    assert_eq!(after["Tags"], json!({ "b": "2" }));
    assert_eq!(after["Configuration"], before["Configuration"]);
    assert_eq!(world.invoke("f", &[]).await.status, 200);
    let state = world.call("GET /_emulator/state", Value::Null).await.json();
    assert_eq!(state["functions"][0]["environments"]["started"], 1, "the environment was kept");
}

#[tokio::test]
async fn mappings_have_tags_too() {
    let world = world().await;
    let queue = json!({ "QueueName": "q", "Attributes": { "VisibilityTimeout": "60" } });
    world.send("POST /", &[("x-amz-target", "AmazonSQS.CreateQueue")], queue.to_string()).await;
    let body = json!({
        "EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:q", "FunctionName": "f", "Tags": { "a": "1" },
    });
    let created = world.call("POST /2015-03-31/event-source-mappings", body).await.json();
    let arn = created["EventSourceMappingArn"].as_str().expect("an ARN");
    let tags = format!("/2017-03-31/tags/{arn}");
    world.call(&format!("POST {tags}"), json!({ "Tags": { "b": "2" } })).await;
    assert_eq!(world.call(&format!("GET {tags}"), Value::Null).await.body, r#"{"Tags":{"a":"1","b":"2"}}"#);
    world.call(&format!("DELETE {tags}?tagKeys=a"), Value::Null).await;
    assert_eq!(world.call(&format!("GET {tags}"), Value::Null).await.body, r#"{"Tags":{"b":"2"}}"#);
}

#[tokio::test]
async fn bad_tags_are_refused() {
    let world = world().await;
    let invalid = |message: &str| {
        (400, "InvalidParameterValueException", format!(r#"{{"Type":"User","message":"{message}"}}"#))
    };
    let many: Map<String, Value> = (0..51).map(|number| (format!("k{number}"), json!("v"))).collect();
    let long = "k".repeat(129);
    let keys = r"[Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: ([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*), Member must not be null]";
    let not_found = r#"{"Message":"Function not found: arn:aws:lambda:us-east-1:000000000000:function:g:$LATEST","Type":"User"}"#;
    for (resource, tags, expected) in [
        (FUNCTION.to_owned(), json!({}), invalid("An error occurred and the request cannot be processed.")),
        (FUNCTION.to_owned(), json!(many), invalid("Number of tags exceeds resource tag limit.")),
        (
            FUNCTION.to_owned(),
            json!({ long.as_str(): "v" }),
            (
                400,
                "ValidationException",
                format!(
                    r#"{{"message":"1 validation error detected: Value '{{{long}=v}}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: {keys}"}}"#
                ),
            ),
        ),
        (
            format!("{FUNCTION}:live"),
            json!({ "k": "v" }),
            invalid(
                "Tagging operations are permitted on Lambda functions only. Tags on aliases and versions are not supported. Please specify either a function name or a function ARN.",
            ),
        ),
        (
            FUNCTION.replace("function:f", "function:g"),
            json!({ "k": "v" }),
            (404, "ResourceNotFoundException", not_found.to_owned()),
        ),
        (
            FUNCTION.replace("function:f", "event-source-mapping:00000000-0000-4000-8000-000000000000"),
            json!({ "k": "v" }),
            (
                404,
                "ResourceNotFoundException",
                r#"{"Message":"The resource you requested does not exist.","Type":"User"}"#.to_owned(),
            ),
        ),
    ] {
        let refused = world.call(&format!("POST {resource}"), json!({ "Tags": tags })).await;
        let (status, code, body) = expected;
        assert_eq!(refused.error(), (status, code, body.as_str()), "{resource}");
    }
    let name = world.call("GET /2017-03-31/tags/f", Value::Null).await;
    assert_eq!((name.error().0, name.error().1), (400, "ValidationException"));
    let none = world.call(&format!("DELETE {FUNCTION}"), Value::Null).await;
    let told = r#"{"message":"1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null"}"#;
    assert_eq!(none.error(), (400, "ValidationException", told));
}
