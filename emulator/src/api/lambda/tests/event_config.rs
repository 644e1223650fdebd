//! Settings of asynchronous invocation.

use serde_json::{Value, json};

use super::{ARN, capital_error, user_error, violation};
use crate::api::lambda::world::World;

const CONFIG: &str = "/2019-09-25/functions/f/event-invoke-config";
const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:q";

/// A world with function `f` of one version, function `g`, and queue `q`.
async fn world() -> World {
    let world = World::new();
    world.create_versions(1).await;
    world.create_alias("live", "1").await;
    world.create_built_in("g", json!({})).await;
    let headers = [("x-amz-target", "AmazonSQS.CreateQueue"), ("content-type", "application/x-amz-json-1.0")];
    let created = world.send("POST /", &headers, r#"{"QueueName":"q"}"#).await;
    assert_eq!(created.status, 200, "{}", created.body);
    world
}

fn to(on_success: impl Into<Value>, on_failure: impl Into<Value>) -> Value {
    json!({ "DestinationConfig": {
        "OnSuccess": { "Destination": on_success.into() }, "OnFailure": { "Destination": on_failure.into() },
    } })
}

#[tokio::test]
async fn a_config_is_put_changed_listed_and_deleted() {
    let world = world().await;
    let put = world.call(&format!("PUT {CONFIG}"), json!({ "MaximumRetryAttempts": 1 })).await;
    assert_eq!(put.status, 200, "{}", put.body);
    let modified = put.json()["LastModified"].as_f64().expect("epoch seconds");
    assert!(modified > 1.7e9 && modified < 1.0e11, "{modified}");
    let modified = put.json()["LastModified"].to_string();
    let expected =
        format!(r#"{{"LastModified":{modified},"FunctionArn":"{ARN}:$LATEST","MaximumRetryAttempts":1}}"#);
    assert_eq!(put.body, expected);
    assert_eq!(world.call(&format!("GET {CONFIG}"), Value::Null).await.body, expected);

    let s3 = "arn:aws:s3:::bucket";
    let steps = [
        // POST leaves what it does not name; DestinationConfig is one member.
        ("POST", json!({ "MaximumEventAgeInSeconds": 60 }), json!([1, 60, null])),
        (
            "POST",
            to(QUEUE, Value::Null),
            json!([1, 60, { "OnSuccess": { "Destination": QUEUE }, "OnFailure": {} }]),
        ),
        ("POST", to("", s3), json!([1, 60, { "OnSuccess": {}, "OnFailure": { "Destination": s3 } }])),
        ("POST", json!({ "DestinationConfig": {} }), json!([1, 60, { "OnSuccess": {}, "OnFailure": {} }])),
        // PUT forgets it.
        ("PUT", json!({ "MaximumEventAgeInSeconds": 21_600 }), json!([null, 21_600, null])),
        ("PUT", json!({ "MaximumRetryAttempts": 0 }), json!([0, null, null])),
    ];
    for (method, body, expected) in steps {
        let set = world.call(&format!("{method} {CONFIG}"), body.clone()).await;
        assert_eq!(set.status, 200, "{}", set.body);
        let set = set.json();
        let members =
            json!([set["MaximumRetryAttempts"], set["MaximumEventAgeInSeconds"], set["DestinationConfig"]]);
        assert_eq!(members, expected, "{method} {body}");
    }

    for qualifier in ["live", "1"] {
        let line = format!("PUT {CONFIG}?Qualifier={qualifier}");
        let put =
            world.call(&line, to("arn:aws:lambda:us-east-1:000000000000:function:g", Value::Null)).await;
        assert_eq!(put.json()["FunctionArn"], format!("{ARN}:{qualifier}"), "{}", put.body);
    }
    let (mut arns, mut marker) = (Vec::new(), String::new());
    loop {
        let page =
            world.call(&format!("GET {CONFIG}/list?MaxItems=2&Marker={marker}"), Value::Null).await.json();
        let configs = page["FunctionEventInvokeConfigs"].as_array().expect("configs").clone();
        arns.extend(configs.iter().filter_map(|config| config["FunctionArn"].as_str().map(str::to_owned)));
        let Some(next) = page["NextMarker"].as_str() else { break };
        next.clone_into(&mut marker);
    }
    assert_eq!(arns, [format!("{ARN}:$LATEST"), format!("{ARN}:1"), format!("{ARN}:live")]);

    let deleted = world.call(&format!("DELETE {CONFIG}?Qualifier=live"), Value::Null).await;
    assert_eq!((deleted.status.as_u16(), deleted.body.as_str()), (204, ""));
    let none = capital_error(&format!("The function {ARN}:live doesn't have an EventInvokeConfig"));
    for (method, body) in
        [("GET", Value::Null), ("DELETE", Value::Null), ("POST", json!({ "MaximumRetryAttempts": 1 }))]
    {
        let gone = world.call(&format!("{method} {CONFIG}?Qualifier=live"), body).await;
        assert_eq!(gone.error(), (404, "ResourceNotFoundException", none.as_str()), "{method}");
    }
}

#[tokio::test]
async fn bad_configs_are_refused() {
    let world = world().await;
    let invalid = |message: &str| (400, "InvalidParameterValueException", user_error(message));
    let broken = |what: &str| (400, "ValidationException", violation(what));
    let most = "failed to satisfy constraint: Member must have value less than or equal to";
    let least = "failed to satisfy constraint: Member must have value greater than or equal to";
    let config = |on_success: &str, on_failure: &str| {
        invalid(&format!(
            "The provided destination config DestinationConfig(onSuccess={on_success}, onFailure={on_failure}) is \
             invalid."
        ))
    };
    let s3 = "arn:aws:s3:::bucket";
    let dynamo = "arn:aws:dynamodb:us-east-1:000000000000:table/t";
    let (no_function, no_queue) =
        ("arn:aws:lambda:us-east-1:000000000000:function:h", "arn:aws:sqs:us-east-1:000000000000:none");
    let no_alias = "arn:aws:lambda:us-east-1:000000000000:function:g:none";
    let fifo = "arn:aws:sqs:us-east-1:000000000000:q.fifo";
    let itself = invalid("You can't specify the function as a destination for itself.");
    let nothing = invalid("You must specify at least one of error handling or destination setting.");
    for (body, (status, code, expected)) in [
        (json!({}), nothing),
        (json!({ "MaximumRetryAttempts": 3 }), broken(&format!("'3' at 'maximumRetryAttempts' {most} 2"))),
        (json!({ "MaximumRetryAttempts": -1 }), broken(&format!("'-1' at 'maximumRetryAttempts' {least} 0"))),
        (
            json!({ "MaximumEventAgeInSeconds": 59 }),
            broken(&format!("'59' at 'maximumEventAgeInSeconds' {least} 60")),
        ),
        (
            json!({ "MaximumEventAgeInSeconds": 21_601 }),
            broken(&format!("'21601' at 'maximumEventAgeInSeconds' {most} 21600")),
        ),
        (to(s3, Value::Null), config(&format!("OnSuccess(destination={s3})"), "null")),
        (
            to(QUEUE, dynamo),
            config(&format!("OnSuccess(destination={QUEUE})"), &format!("OnFailure(destination={dynamo})")),
        ),
        (to(Value::Null, fifo), config("null", &format!("OnFailure(destination={fifo})"))),
        (to(no_function, Value::Null), invalid(&format!("The destination ARN {no_function} is invalid."))),
        (to(no_alias, Value::Null), invalid(&format!("The destination ARN {no_alias} is invalid."))),
        (to(Value::Null, no_queue), invalid(&format!("The destination ARN {no_queue} is invalid."))),
        (to(ARN, Value::Null), itself.clone()),
        (to(Value::Null, format!("{ARN}:live")), itself),
    ] {
        for method in ["PUT", "POST"] {
            let refused = world.call(&format!("{method} {CONFIG}"), body.clone()).await;
            assert_eq!(refused.error(), (status, code, expected.as_str()), "{method} {body}");
        }
    }
    let refused = world.call(&format!("PUT {CONFIG}"), to("here", Value::Null)).await;
    assert_eq!((refused.status.as_u16(), refused.error().1), (400, "ValidationException"));
    assert!(
        refused.body.contains("Value 'here' at 'destinationConfig.onSuccess.destination'"),
        "{}",
        refused.body
    );

    let missing = capital_error("The function doesn't exist.");
    for (line, body) in [
        ("PUT /2019-09-25/functions/h/event-invoke-config", json!({ "MaximumRetryAttempts": 1 })),
        ("POST /2019-09-25/functions/h/event-invoke-config", json!({ "MaximumRetryAttempts": 1 })),
        ("PUT /2019-09-25/functions/f/event-invoke-config?Qualifier=9", json!({ "MaximumRetryAttempts": 1 })),
        ("GET /2019-09-25/functions/f:none/event-invoke-config", Value::Null),
        ("DELETE /2019-09-25/functions/h/event-invoke-config", Value::Null),
        ("GET /2019-09-25/functions/h/event-invoke-config/list", Value::Null),
    ] {
        let refused = world.call(line, body).await;
        assert_eq!(refused.error(), (404, "ResourceNotFoundException", missing.as_str()), "{line}");
    }
}
