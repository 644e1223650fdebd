//! Settings that are kept and shown: recursion, runtime management, code
//! signing, logging, tracing, dead-letter queues; and InvokeAsync.

use serde_json::{Value, json};

use crate::api::lambda::world::World;

const CONFIGURATION: &str = "/2015-03-31/functions/f/configuration";

async fn world() -> World {
    let world = World::new();
    world.create_built_in("f", json!({ "EMULATOR_INIT_MS": "0", "EMULATOR_DURATION_MS": "0" })).await;
    world
}

#[tokio::test]
async fn what_is_put_is_what_is_got() {
    let world = world().await;
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
    let runtime = "arn:aws:lambda:us-east-1::runtime:0cdcfbdefbc5";
    let recursion = "/2024-08-31/functions/f/recursion-config";
    let management = "/2021-07-20/functions/f/runtime-management-config";
    for (line, body, expected) in [
        (format!("GET {recursion}"), Value::Null, r#"{"RecursiveLoop":"Terminate"}"#.to_owned()),
        (
            format!("PUT {recursion}"),
            json!({ "RecursiveLoop": "Allow" }),
            r#"{"RecursiveLoop":"Allow"}"#.to_owned(),
        ),
        (format!("GET {recursion}"), Value::Null, r#"{"RecursiveLoop":"Allow"}"#.to_owned()),
        (
            format!("GET {management}"),
            Value::Null,
            format!(r#"{{"UpdateRuntimeOn":"Auto","FunctionArn":"{arn}","RuntimeVersionArn":null}}"#),
        ),
        (
            format!("PUT {management}?Qualifier=$LATEST"),
            json!({ "UpdateRuntimeOn": "Manual", "RuntimeVersionArn": runtime }),
            format!(
                r#"{{"UpdateRuntimeOn":"Manual","FunctionArn":"{arn}:$LATEST","RuntimeVersionArn":"{runtime}"}}"#
            ),
        ),
        (
            format!("GET {management}"),
            Value::Null,
            format!(
                r#"{{"UpdateRuntimeOn":"Manual","FunctionArn":"{arn}","RuntimeVersionArn":"{runtime}"}}"#
            ),
        ),
        (
            "GET /2020-06-30/functions/f/code-signing-config".to_owned(),
            Value::Null,
            r#"{"CodeSigningConfigArn":"","FunctionName":"f"}"#.to_owned(),
        ),
        (
            "GET /2020-04-22/code-signing-configs".to_owned(),
            Value::Null,
            r#"{"CodeSigningConfigs":[]}"#.to_owned(),
        ),
    ] {
        let answered = world.call(&line, body).await;
        assert_eq!((answered.status.as_u16(), answered.body), (200, expected), "{line}");
    }
}

#[tokio::test]
async fn what_can_not_be_put_or_found_is_refused() {
    let world = world().await;
    let signing = "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdef0";
    let loop_ = r#"{"message":"1 validation error detected: Value 'Maybe' at 'recursiveLoop' failed to satisfy constraint: Member must satisfy enum value set: [Allow, Terminate]"}"#;
    let manual =
        r#"{"Type":"User","message":"RuntimeVersionArn is required when UpdateRuntimeOn is Manual."}"#;
    let missing = format!(
        r#"{{"Message":"The Lambda code signing configuration {signing} can not be found.","Type":"User"}}"#
    );
    let not_found = format!(
        r#"{{"Message":"The code signing configuration cannot be found. Check that the provided configuration is not deleted: {signing}.","Type":"User"}}"#
    );
    let no_function = r#"{"Message":"Function not found: arn:aws:lambda:us-east-1:000000000000:function:g:$LATEST","Type":"User"}"#;
    for (line, body, expected) in [
        (
            "PUT /2024-08-31/functions/f/recursion-config".to_owned(),
            json!({ "RecursiveLoop": "Maybe" }),
            (400, "ValidationException", loop_),
        ),
        (
            "GET /2024-08-31/functions/g/recursion-config".to_owned(),
            Value::Null,
            (404, "ResourceNotFoundException", no_function),
        ),
        (
            "PUT /2021-07-20/functions/f/runtime-management-config".to_owned(),
            json!({ "UpdateRuntimeOn": "Manual" }),
            (400, "InvalidParameterValueException", manual),
        ),
        (
            "GET /2020-06-30/functions/g/code-signing-config".to_owned(),
            Value::Null,
            (404, "ResourceNotFoundException", no_function),
        ),
        (
            format!("GET /2020-04-22/code-signing-configs/{signing}"),
            Value::Null,
            (404, "ResourceNotFoundException", missing.as_str()),
        ),
        (
            "PUT /2020-06-30/functions/f/code-signing-config".to_owned(),
            json!({ "CodeSigningConfigArn": signing }),
            (404, "CodeSigningConfigNotFoundException", not_found.as_str()),
        ),
    ] {
        assert_eq!(world.call(&line, body).await.error(), expected, "{line}");
    }
    let scaling = world.call("PUT /2025-11-30/functions/f/function-scaling-config", json!({})).await;
    assert_eq!(scaling.status, 501);
}

/// Fact 27: InvokeAsync still has the old limit.
#[tokio::test]
async fn invoke_async_takes_256_kb() {
    const LINE: &str = "POST /2014-11-13/functions/f/invoke-async/";
    let world = world().await;
    let text = |length: usize| format!("\"{}\"", "x".repeat(length - 2));
    let accepted = world.send(LINE, &[], text(262_144)).await;
    assert_eq!((accepted.status.as_u16(), accepted.body.as_str()), (202, r#"{"Status":202}"#));
    let refused = world.send(LINE, &[], text(262_145)).await;
    let told = r#"{"Message":"Request must be smaller than 262144 bytes for the InvokeAsync operation"}"#;
    assert_eq!(refused.error(), (413, "RequestEntityTooLargeException", told));
}

#[tokio::test]
async fn logging_tracing_and_the_dead_letter_queue_are_set_and_shown() {
    let world = world().await;
    let queue = "arn:aws:sqs:us-east-1:000000000000:dead";
    for (change, member, expected) in [
        (json!({}), "LoggingConfig", json!({ "LogFormat": "Text", "LogGroup": "/aws/lambda/f" })),
        (
            json!({ "LoggingConfig": { "LogFormat": "JSON", "SystemLogLevel": "WARN" } }),
            "LoggingConfig",
            json!({
                "LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "WARN",
                "LogGroup": "/aws/lambda/f",
            }),
        ),
        (
            json!({ "LoggingConfig": { "LogGroup": "mine" } }),
            "LoggingConfig",
            json!({ "LogFormat": "Text", "LogGroup": "mine" }),
        ),
        (json!({ "Timeout": 4 }), "LoggingConfig", json!({ "LogFormat": "Text", "LogGroup": "mine" })),
        (json!({}), "TracingConfig", json!({ "Mode": "PassThrough" })),
        (json!({ "TracingConfig": { "Mode": "Active" } }), "TracingConfig", json!({ "Mode": "Active" })),
        (json!({}), "TracingConfig", json!({ "Mode": "Active" })),
        (json!({}), "DeadLetterConfig", Value::Null),
        (
            json!({ "DeadLetterConfig": { "TargetArn": queue } }),
            "DeadLetterConfig",
            json!({ "TargetArn": queue }),
        ),
        (json!({ "DeadLetterConfig": { "TargetArn": "" } }), "DeadLetterConfig", Value::Null),
    ] {
        let changed = world.call(&format!("PUT {CONFIGURATION}"), change.clone()).await;
        assert_eq!(changed.status, 200, "{change}: {}", changed.body);
        assert_eq!(changed.json()[member], expected, "{change}");
    }

    let level = r#"{"Type":"User","message":"LogLevel is not supported when LogFormat is set to \"Text\". Remove LogLevel from your request or change the LogFormat to \"JSON\" and try again."}"#;
    let fifo = r#"{"Type":"User","message":"The provided target arn: arn:aws:sqs:us-east-1:000000000000:dead.fifo is not valid. The dead-letter queue must be a standard SQS queue or SNS topic."}"#;
    let format = r#"{"message":"1 validation error detected: Value 'XML' at 'loggingConfig.logFormat' failed to satisfy constraint: Member must satisfy enum value set: [JSON, Text]"}"#;
    let invalid = "InvalidParameterValueException";
    for (change, expected) in [
        (json!({ "LoggingConfig": { "ApplicationLogLevel": "INFO" } }), (400, invalid, level)),
        (json!({ "DeadLetterConfig": { "TargetArn": format!("{queue}.fifo") } }), (400, invalid, fifo)),
        (json!({ "LoggingConfig": { "LogFormat": "XML" } }), (400, "ValidationException", format)),
    ] {
        let refused = world.call(&format!("PUT {CONFIGURATION}"), change.clone()).await;
        assert_eq!(refused.error(), expected, "{change}");
    }
}
