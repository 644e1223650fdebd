//! Event source mappings.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::api::lambda::world::World;
use crate::engine::{QueueAttributes, Quotas};

const MAPPINGS: &str = "/2015-03-31/event-source-mappings";
const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:q";

async fn world() -> World {
    world_with(Quotas::default()).await
}

async fn world_with(quotas: Quotas) -> World {
    let world = World::with_quotas(quotas);
    world.create_built_in("f", json!({})).await;
    world.api().driver.step(|engine, now| {
        let made = engine.create_queue(
            now,
            &"q".into(),
            QueueAttributes::default(),
            BTreeMap::new(),
            |_: &QueueAttributes| None,
        );
        made.expect("a free name");
    });
    world
}

#[tokio::test]
async fn a_mapping_is_made_shown_changed_and_deleted() {
    let world = world().await;
    let body = json!({
        "EventSourceArn": QUEUE, "FunctionName": "arn:aws:lambda:us-east-1:000000000000:function:f",
        "ScalingConfig": { "MaximumConcurrency": 2 }, "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "FilterCriteria": { "Filters": [] },
    });
    let created = world.call(&format!("POST {MAPPINGS}/"), body.clone()).await;
    assert_eq!(created.status, 202, "{}", created.body);
    let shown = created.json();
    let (uuid, modified) = (shown["UUID"].as_str().expect("an id"), &shown["LastModified"]);
    assert!(modified.is_f64() || modified.is_u64(), "{modified}");
    let expected = format!(
        r#"{{"BatchSize":10,"EventSourceArn":"{QUEUE}","EventSourceMappingArn":"arn:aws:lambda:us-east-1:000000000000:event-source-mapping:{uuid}","FunctionArn":"arn:aws:lambda:us-east-1:000000000000:function:f","FunctionResponseTypes":["ReportBatchItemFailures"],"LastModified":{modified},"MaximumBatchingWindowInSeconds":0,"ScalingConfig":{{"MaximumConcurrency":2}},"State":"Creating","StateTransitionReason":"USER_INITIATED","UUID":"{uuid}"}}"#
    );
    assert_eq!(created.body, expected);
    let duplicate = world.call(&format!("POST {MAPPINGS}"), body).await;
    let told = format!(
        r#"{{"Type":"User","message":"An event source mapping with SQS arn (\" {QUEUE} \") and function (\" f \") already exists. Please update or delete the existing mapping with UUID {uuid}"}}"#
    );
    assert_eq!(duplicate.error(), (409, "ResourceConflictException", told.as_str()));

    let one = format!("{MAPPINGS}/{uuid}");
    assert_eq!(world.call(&format!("GET {one}"), Value::Null).await.json()["State"], "Enabled");
    let change =
        json!({ "Enabled": false, "ScalingConfig": {}, "FunctionResponseTypes": [], "BatchSize": 5 });
    let changed = world.call(&format!("PUT {one}"), change).await;
    assert_eq!((changed.status.as_u16(), &changed.json()["State"]), (202, &json!("Disabling")));
    let shown = world.call(&format!("GET {one}"), Value::Null).await.json();
    assert_eq!(
        (&shown["State"], &shown["BatchSize"], &shown["ScalingConfig"], &shown["FunctionResponseTypes"]),
        (&json!("Disabled"), &json!(5), &Value::Null, &json!([]))
    );

    for (query, count) in [
        (String::new(), 1),
        (format!("?EventSourceArn={QUEUE}&FunctionName=f"), 1),
        ("?FunctionName=g".to_owned(), 0),
        (format!("?EventSourceArn={QUEUE}2"), 0),
        // What has no mappings has none, whatever it is.
        ("?EventSourceArn=arn:aws:kinesis:us-east-1:000000000000:stream/s".to_owned(), 0),
        ("?FunctionName=f:live".to_owned(), 0),
    ] {
        let listed = world.call(&format!("GET {MAPPINGS}{query}"), Value::Null).await.json();
        assert_eq!(listed["EventSourceMappings"].as_array().map(Vec::len), Some(count), "{query}");
    }

    let deleted = world.call(&format!("DELETE {one}"), Value::Null).await;
    assert_eq!((deleted.status.as_u16(), &deleted.json()["State"]), (202, &json!("Deleting")));
    let told = r#"{"Message":"The resource you requested does not exist.","Type":"User"}"#;
    for (method, id) in [("GET", uuid), ("PUT", uuid), ("DELETE", uuid), ("GET", "no-uuid")] {
        let gone = world.call(&format!("{method} {MAPPINGS}/{id}"), Value::Null).await;
        assert_eq!(gone.error(), (404, "ResourceNotFoundException", told), "{method} {id}");
    }
}

#[tokio::test]
async fn a_mapping_in_a_passing_state_is_not_changed() {
    let quotas = Quotas { mapping_transition: Duration::from_secs(3_600), ..Quotas::default() };
    let world = world_with(quotas).await;
    let body = json!({ "EventSourceArn": QUEUE, "FunctionName": "f" });
    let created = world.call(&format!("POST {MAPPINGS}"), body).await.json();
    let one = format!("{MAPPINGS}/{}", created["UUID"].as_str().expect("an id"));
    for (method, body) in [("PUT", json!({ "BatchSize": 1 })), ("DELETE", Value::Null)] {
        let refused = world.call(&format!("{method} {one}"), body).await;
        let (status, code, told) = refused.error();
        assert_eq!((status, code), (400, "ResourceInUseException"), "{method}: {told}");
        assert!(told.contains(r#""Message":"Cannot "#) && told.contains("it is in use."), "{method}: {told}");
    }
    let shown = world.call(&format!("GET {one}"), Value::Null).await.json();
    assert_eq!((&shown["State"], &shown["BatchSize"]), (&json!("Creating"), &json!(10)));
}

#[tokio::test]
async fn bad_mappings_are_refused() {
    let world = world().await;
    world.call("PUT /2015-03-31/functions/f/configuration", json!({ "Timeout": 31 })).await;
    let invalid = |message: &str| {
        let body = format!(r#"{{"Type":"User","message":"{message}"}}"#);
        (400, "InvalidParameterValueException", body)
    };
    let validation = |value: &str, rule: &str| {
        let body = format!(
            r#"{{"message":"1 validation error detected: Value {value} failed to satisfy constraint: {rule}"}}"#
        );
        (400, "ValidationException", body)
    };
    let not_served = |member: &str| {
        let body = format!(
            r#"{{"Message":"the emulator does not serve {member} of CreateEventSourceMapping yet","Type":"Service"}}"#
        );
        (501, "ServiceException", body)
    };
    let at_most = |n: u32| format!("Member must have value less than or equal to {n}");
    for (changes, (status, code, expected)) in [
        (json!({ "EventSourceArn": null }), invalid("Unrecognized event source.")),
        (
            json!({ "EventSourceArn": "arn:aws:sqs:eu-west-1:000000000000:q" }),
            invalid("Unrecognized event source."),
        ),
        (
            json!({ "EventSourceArn": "arn:aws:sqs:us-east-1:111111111111:q" }),
            invalid("Unrecognized event source."),
        ),
        (
            json!({ "EventSourceArn": "arn:aws:sqs:us-east-1:000000000000:none" }),
            invalid(
                "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.",
            ),
        ),
        (json!({ "FunctionName": "none" }), invalid("Function does not exist")),
        (json!({ "FunctionName": "f:live" }), invalid("Function does not exist")),
        (json!({ "FunctionName": null }), validation("null at 'functionName'", "Member must not be null")),
        (
            json!({ "BatchSize": 11 }),
            invalid(
                "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
            ),
        ),
        (
            json!({}),
            invalid("Queue visibility timeout: 30 seconds is less than Function timeout: 31 seconds"),
        ),
        (json!({ "BatchSize": 10_001 }), validation("'10001' at 'batchSize'", &at_most(10_000))),
        (
            json!({ "MaximumBatchingWindowInSeconds": 301 }),
            validation("'301' at 'maximumBatchingWindowInSeconds'", &at_most(300)),
        ),
        (
            json!({ "ScalingConfig": { "MaximumConcurrency": 1_001 } }),
            validation("'1001' at 'scalingConfig.maximumConcurrency'", &at_most(1_000)),
        ),
        (
            json!({ "FunctionResponseTypes": ["Other"] }),
            validation(
                "'[Other]' at 'functionResponseTypes'",
                "Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures], Member must not be null]",
            ),
        ),
        (
            json!({ "DestinationConfig": { "OnFailure": { "Destination": "arn" } } }),
            invalid("Unsupported DestinationConfig parameter for given event source mapping type."),
        ),
        (
            json!({ "StartingPosition": "LATEST" }),
            invalid("Unsupported StartingPosition parameter for given event source mapping type."),
        ),
        (
            json!({ "FilterCriteria": { "Filters": [{ "Pattern": "{\"body\":\"no list\"}" }] } }),
            invalid("Invalid filter pattern definition."),
        ),
        (
            json!({ "FilterCriteria": { "Filters": vec![json!({ "Pattern": "{}" }); 6] } }),
            invalid("FilterCriteria may have up to 5 filters"),
        ),
        (
            json!({ "ProvisionedPollerConfig": { "MinimumPollers": 1 } }),
            invalid("MinimumPollers and MaximumPollers must be at least 2 for SQS"),
        ),
        (
            json!({ "ProvisionedPollerConfig": { "MinimumPollers": 9, "MaximumPollers": 8 } }),
            invalid("MinimumPollers must be less than or equal to MaximumPollers"),
        ),
        (
            json!({
                "ProvisionedPollerConfig": { "MinimumPollers": 2 },
                "ScalingConfig": { "MaximumConcurrency": 2 },
            }),
            invalid("ProvisionedPollerConfig and ScalingConfig cannot be used together"),
        ),
        (
            json!({ "MetricsConfig": { "Metrics": ["ErrorCount"] } }),
            invalid("Unsupported MetricsConfig parameter for given event source mapping type."),
        ),
        (json!({ "LoggingConfig": { "SystemLogLevel": "DEBUG" } }), not_served("LoggingConfig")),
    ] {
        let mut body = json!({ "EventSourceArn": QUEUE, "FunctionName": "f" });
        for (member, value) in changes.as_object().into_iter().flatten() {
            body[member] = value.clone();
        }
        let answered = world.call(&format!("POST {MAPPINGS}"), body).await;
        assert_eq!(answered.error(), (status, code, expected.as_str()), "{changes}");
    }
}
