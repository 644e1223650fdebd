//! Reading the logs of functions, through the API alone.

use serde_json::{Value, json};

use crate::api::lambda::world::{Answered, World};

async fn call(world: &World, operation: &str, body: Value) -> Answered {
    let target = format!("Logs_20140328.{operation}");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
    world.send("POST /", &headers, body.to_string()).await
}

/// Two functions; the first one's only environment ran twice.
async fn world() -> World {
    let world = World::new();
    for name in ["f", "g"] {
        world.create_built_in(name, json!({ "EMULATOR_INIT_MS": "0", "EMULATOR_DURATION_MS": "0" })).await;
    }
    for name in ["f", "f", "g"] {
        assert_eq!(world.invoke(name, &[]).await.status, 200);
    }
    world
}

fn messages(page: &Value) -> Vec<&str> {
    let events = page["events"].as_array().expect("a list of events");
    // The first word says which of the platform's lines it is.
    events.iter().filter_map(|event| event["message"].as_str()?.split_whitespace().next()).collect()
}

#[tokio::test]
async fn groups_and_streams_are_described() {
    let world = world().await;
    let groups = call(&world, "DescribeLogGroups", json!({ "limit": 1 })).await;
    assert_eq!(groups.header("content-type"), Some("application/x-amz-json-1.1"));
    let groups = groups.json();
    let group = &groups["logGroups"][0];
    assert_eq!(group["logGroupName"], "/aws/lambda/f");
    assert_eq!(group["logGroupArn"], "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f");
    assert_eq!(group["arn"], "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f:*");
    assert_eq!(group["logGroupClass"], "STANDARD");
    assert!(group["storedBytes"].as_u64() > Some(0));
    let next = json!({ "limit": 1, "nextToken": groups["nextToken"] });
    let groups = call(&world, "DescribeLogGroups", next).await.json();
    assert_eq!(groups["logGroups"][0]["logGroupName"], "/aws/lambda/g");
    assert_eq!(groups["nextToken"], Value::Null);
    let groups = call(&world, "DescribeLogGroups", json!({ "logGroupNamePattern": "a/g" })).await.json();
    assert_eq!(groups["logGroups"].as_array().map(Vec::len), Some(1));
    assert_eq!(groups["logGroups"][0]["storedBytes"], Value::Null);

    let by_time = json!({ "logGroupName": "/aws/lambda/f", "orderBy": "LastEventTime", "descending": true });
    let streams = call(&world, "DescribeLogStreams", by_time).await.json();
    let stream = &streams["logStreams"][0];
    let name = stream["logStreamName"].as_str().expect("a name");
    assert!(name.contains("/[$LATEST]"), "{name}");
    let arn = format!("arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f:log-stream:{name}");
    assert_eq!(stream["arn"], arn);
    assert_eq!(stream["storedBytes"], 0);
    assert!(stream["firstEventTimestamp"].as_u64() <= stream["lastEventTimestamp"].as_u64());
}

#[tokio::test]
async fn a_stream_is_read_forward_until_the_token_repeats() {
    let world = world().await;
    let streams = call(&world, "DescribeLogStreams", json!({ "logGroupName": "/aws/lambda/f" })).await.json();
    let stream = streams["logStreams"][0]["logStreamName"].clone();
    let page = |token: Value, limit: u32, head: bool| {
        let body = json!({
            "logGroupName": "/aws/lambda/f", "logStreamName": stream, "nextToken": token, "limit": limit,
            "startFromHead": head,
        });
        let world = &world;
        async move { call(world, "GetLogEvents", body).await.json() }
    };

    let all = ["INIT_START", "START", "END", "REPORT", "START", "END", "REPORT"];
    let (mut seen, mut token) = (Vec::new(), Value::Null);
    loop {
        let next = page(token.clone(), 3, true).await;
        seen.extend(messages(&next).into_iter().map(str::to_owned));
        if next["nextForwardToken"] == token {
            break;
        }
        token = next["nextForwardToken"].clone();
    }
    assert_eq!(seen, all);

    let newest = page(Value::Null, 2, false).await;
    assert_eq!(messages(&newest), ["END", "REPORT"]);
    let older = page(newest["nextBackwardToken"].clone(), 10, false).await;
    assert_eq!(messages(&older), all[..5]);
    let before_all = page(older["nextBackwardToken"].clone(), 10, false).await;
    assert_eq!(messages(&before_all), [""; 0]);
    assert_eq!(before_all["nextBackwardToken"], older["nextBackwardToken"]);
    let forward_again = page(before_all["nextForwardToken"].clone(), 10, true).await;
    assert_eq!(messages(&forward_again), all);
}

#[tokio::test]
async fn events_are_filtered_page_by_page() {
    let world = world().await;
    let (mut ids, mut token) = (Vec::new(), Value::Null);
    loop {
        let body = json!({
            "logGroupName": "/aws/lambda/f", "filterPattern": "?START ?REPORT -INIT", "limit": 2,
            "interleaved": true, "nextToken": token,
        });
        let page = call(&world, "FilterLogEvents", body).await.json();
        assert_eq!(page["searchedLogStreams"], json!([]));
        let events = page["events"].as_array().expect("a list");
        ids.extend(events.iter().map(|event| event["eventId"].as_str().expect("an id").to_owned()));
        token = page["nextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    // Optional terms count for nothing beside the excluded one.
    assert_eq!(ids.len(), 6);
    assert!(ids.is_sorted() && ids.iter().all(|id| id.len() == 56), "{ids:?}");

    let body = json!({ "logGroupIdentifier": "arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/f", "startFromHead": false });
    let newest_first = call(&world, "FilterLogEvents", body).await.json();
    assert_eq!(messages(&newest_first)[0], "REPORT");
    let future = json!({ "logGroupName": "/aws/lambda/f", "startTime": i64::MAX });
    assert_eq!(messages(&call(&world, "FilterLogEvents", future).await.json()), [""; 0]);
}

#[tokio::test]
async fn refusals_are_to_the_letter() {
    let world = world().await;
    let group = "/aws/lambda/f";
    for (operation, body, status, expected) in [
        (
            "DescribeLogStreams",
            json!({ "logGroupName": "none" }),
            400,
            r#"{"__type":"ResourceNotFoundException","message":"The specified log group does not exist."}"#,
        ),
        (
            "GetLogEvents",
            json!({ "logGroupName": group, "logStreamName": "none" }),
            400,
            r#"{"__type":"ResourceNotFoundException","message":"The specified log stream does not exist."}"#,
        ),
        (
            "GetLogEvents",
            json!({ "logGroupName": group }),
            400,
            r#"{"__type":"InvalidParameterException","message":"1 validation error detected: Value null at 'logStreamName' failed to satisfy constraint: Member must not be null"}"#,
        ),
        (
            "FilterLogEvents",
            json!({ "logGroupName": group, "nextToken": "x" }),
            400,
            r#"{"__type":"InvalidParameterException","message":"The specified nextToken is invalid."}"#,
        ),
        (
            "FilterLogEvents",
            json!({ "logGroupName": group, "limit": 10_001 }),
            400,
            r#"{"__type":"InvalidParameterException","message":"1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000"}"#,
        ),
        (
            "DescribeLogGroups",
            json!({ "logGroupNamePrefix": "a", "logGroupNamePattern": "b" }),
            400,
            r#"{"__type":"InvalidParameterException","message":"LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."}"#,
        ),
        (
            "FilterLogEvents",
            json!({ "logGroupName": group, "logGroupIdentifier": group }),
            400,
            r#"{"__type":"ValidationException","message":"LogGroup name and LogGroup ARN are mutually exclusive parameters."}"#,
        ),
        (
            "PutLogEvents",
            json!({}),
            501,
            r#"{"__type":"ServiceException","message":"the emulator does not serve PutLogEvents yet"}"#,
        ),
        ("Unheard", json!({}), 400, r#"{"__type":"UnknownOperationException"}"#),
    ] {
        let answered = call(&world, operation, body.clone()).await;
        assert_eq!(
            (answered.status.as_u16(), answered.body.as_str()),
            (status, expected),
            "{operation} {body}"
        );
    }
}
