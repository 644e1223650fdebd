//! Creating, showing, changing and deleting functions.

use std::io::{Cursor, Write};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::api::lambda::world::{ROLE, World};

const FUNCTIONS: &str = "/2015-03-31/functions";

fn zip(entry: &str) -> String {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(entry, SimpleFileOptions::default()).expect("a zip in memory");
    writer.write_all(b"#!/bin/sh\n").expect("a zip in memory");
    BASE64_STANDARD.encode(writer.finish().expect("a zip in memory").into_inner())
}

/// A good CreateFunction with some members changed; `null` takes one out.
fn creation(changes: Value) -> Value {
    let mut body = json!({
        "FunctionName": "f", "Role": ROLE, "Runtime": "python3.12", "Handler": "app.handler",
        "Code": { "ZipFile": zip("app.py") },
    });
    let Value::Object(changes) = changes else { panic!("changes are members") };
    for (member, value) in changes {
        body[member] = value;
    }
    body
}

#[tokio::test]
async fn a_function_is_made_shown_changed_and_deleted() {
    let world = World::new();
    let tags = json!({ "team": "a" });
    let body = creation(json!({ "Tags": tags, "Description": "d", "Timeout": 30, "MemorySize": 256 }));
    let created = world.call(&format!("POST {FUNCTIONS}"), body.clone()).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let created = created.json();
    for (member, expected) in [
        ("FunctionName", json!("f")),
        ("FunctionArn", json!("arn:aws:lambda:us-east-1:000000000000:function:f")),
        ("Timeout", json!(30)),
        ("MemorySize", json!(256)),
        ("State", json!("Pending")),
        ("StateReason", json!("The function is being created.")),
        ("StateReasonCode", json!("Creating")),
        ("LastUpdateStatus", Value::Null),
        ("Version", json!("$LATEST")),
        ("PackageType", json!("Zip")),
        ("Architectures", json!(["x86_64"])),
        ("EphemeralStorage", json!({ "Size": 512 })),
    ] {
        assert_eq!(created[member], expected, "{member}");
    }
    let again = world.call(&format!("POST {FUNCTIONS}"), body).await;
    let conflict = r#"{"Type":"User","message":"Function already exist: f"}"#;
    assert_eq!(again.error(), (409, "ResourceConflictException", conflict));

    let shown = world.call(&format!("GET {FUNCTIONS}/f"), Value::Null).await.json();
    assert_eq!(shown["Configuration"]["State"], "Active");
    assert_eq!(shown["Configuration"]["LastUpdateStatus"], "Successful");
    assert_eq!(shown["Configuration"]["CodeSha256"], created["CodeSha256"]);
    assert_eq!(shown["Tags"], tags);
    assert_eq!(shown["Concurrency"], Value::Null);
    assert_eq!(shown["Code"]["RepositoryType"], "S3");
    assert_eq!(shown["Code"]["Location"], "http://localhost:4566/_emulator/functions/f/code.zip");

    let downloaded = world.call("GET /_emulator/functions/f/code.zip", Value::Null).await;
    assert_eq!(downloaded.header("content-type"), Some("application/zip"));
    assert!(downloaded.body.starts_with("PK"));

    let change = json!({ "Timeout": 5, "RevisionId": created["RevisionId"] });
    let configuration = format!("PUT {FUNCTIONS}/f/configuration");
    let changed = world.call(&configuration, change.clone()).await.json();
    assert_eq!((&changed["Timeout"], &changed["MemorySize"]), (&json!(5), &json!(256)));
    assert_eq!(changed["LastUpdateStatus"], "InProgress");
    assert_eq!(changed["LastUpdateStatusReasonCode"], "Creating");
    let stale = r#"{"Type":"User","message":"The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id"}"#;
    assert_eq!(world.call(&configuration, change).await.error(), (412, "PreconditionFailedException", stale));

    let code = format!("PUT {FUNCTIONS}/f/code");
    let dry = world.call(&code, json!({ "ZipFile": zip("other.py"), "DryRun": true })).await.json();
    assert_ne!(dry["CodeSha256"], created["CodeSha256"]);
    let qualified = format!("GET {FUNCTIONS}/f/configuration?Qualifier=$LATEST");
    let qualified = world.call(&qualified, Value::Null).await.json();
    assert_eq!(qualified["CodeSha256"], created["CodeSha256"]);
    assert_eq!(qualified["FunctionArn"], "arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST");
    let updated = world.call(&code, json!({ "ZipFile": zip("other.py") })).await.json();
    assert_eq!(updated["CodeSha256"], dry["CodeSha256"]);

    let deleted = world.call(&format!("DELETE {FUNCTIONS}/f"), Value::Null).await;
    assert_eq!((deleted.status.as_u16(), deleted.body.as_str()), (204, ""));
    let gone = r#"{"Message":"Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST","Type":"User"}"#;
    let missing = world.call(&format!("GET {FUNCTIONS}/f"), Value::Null).await;
    assert_eq!(missing.error(), (404, "ResourceNotFoundException", gone));
}

#[tokio::test]
async fn bad_creations_are_refused() {
    let world = World::new();
    let invalid = |message: &str| (400, "InvalidParameterValueException", message.to_owned());
    let validation =
        |message: &str| (400, "ValidationException", format!("1 validation error detected: Value {message}"));
    let not_served = |member: &str| {
        (501, "ServiceException", format!("the emulator does not serve {member} of CreateFunction yet"))
    };
    let null = "failed to satisfy constraint: Member must not be null";
    let not_unzipped = "Could not unzip uploaded file. Please check your file, then try to upload again.";
    for (changes, (status, code, part)) in [
        (json!({ "Role": null }), validation(&format!("null at 'role' {null}"))),
        (json!({ "FunctionName": null }), validation(&format!("null at 'functionName' {null}"))),
        (json!({ "Code": null }), validation(&format!("null at 'code' {null}"))),
        (json!({ "Timeout": 901 }), validation("'901' at 'timeout' failed to satisfy constraint")),
        (json!({ "MemorySize": 64 }), validation("'64' at 'memorySize' failed to satisfy constraint")),
        (json!({ "Architectures": ["vax"] }), validation("'[vax]' at 'architectures' failed to satisfy")),
        (json!({ "FunctionName": "f.g" }), validation("'f.g' at 'functionName' failed to satisfy")),
        (json!({ "FunctionName": "f g" }), validation("'f g' at 'functionName' failed to satisfy")),
        (json!({ "Runtime": "ruby3.4" }), invalid("The emulator does not run ruby3.4 functions yet")),
        (json!({ "Runtime": "cobol" }), invalid("Value cobol at 'runtime' failed to satisfy constraint")),
        (json!({ "Handler": null }), invalid("Runtime and Handler are mandatory parameters")),
        (json!({ "Code": {} }), invalid("Please provide a source for function code.")),
        (json!({ "Code": { "ZipFile": "" } }), invalid("Uploaded file must be a non-empty zip")),
        (json!({ "Code": { "ZipFile": "UEsgbm8=" } }), invalid(not_unzipped)),
        (json!({ "Code": { "ZipFile": zip("../evil") } }), invalid(not_unzipped)),
        (json!({ "Code": { "ZipFile": "%" } }), (400, "SerializationException", "not base64".to_owned())),
        (json!({ "Timeout": "3" }), (400, "SerializationException", "invalid type".to_owned())),
        (json!({ "Code": { "S3Bucket": "bucket", "S3Key": "k" } }), not_served("S3Bucket")),
        (json!({ "PackageType": "Image" }), not_served("PackageType")),
        (
            json!({ "Layers": ["l:1"] }),
            validation("'[l:1]' at 'layers' failed to satisfy constraint: Member"),
        ),
        (json!({ "VpcConfig": { "SubnetIds": ["subnet-0"] } }), not_served("VpcConfig")),
        (
            json!({ "DeadLetterConfig": { "TargetArn": "arn" } }),
            validation("'arn' at 'deadLetterConfig.targetArn'"),
        ),
        (json!({ "SnapStart": { "ApplyOn": "PublishedVersions" } }), not_served("SnapStart")),
        (json!({ "EphemeralStorage": {} }), validation(&format!("null at 'ephemeralStorage.size' {null}"))),
        (json!({ "Tags": { "aws:x": "y" } }), invalid("aws: prefixed tag key names are not allowed")),
        (
            json!({ "Environment": { "Variables": { "AWS_REGION": "r" } } }),
            invalid("Reserved keys used in this request: AWS_REGION"),
        ),
        (
            json!({ "Handler": "emulator.handler", "Environment": { "Variables": { "EMULATOR_INIT_MS": "x" } } }),
            invalid("Environment variable EMULATOR_INIT_MS is 'x'"),
        ),
    ] {
        let answered = world.call(&format!("POST {FUNCTIONS}"), creation(changes.clone())).await;
        let (actual_status, actual_code, body) = answered.error();
        assert_eq!((actual_status, actual_code), (status, code), "{changes}: {body}");
        assert!(body.contains(&part), "{changes}: {body}");
    }
    let malformed = world.send(&format!("POST {FUNCTIONS}"), &[], "{\"Role\"").await;
    assert_eq!((malformed.error().0, malformed.error().1), (400, "InvalidRequestContentException"));
    let none = world.call(&format!("GET {FUNCTIONS}"), Value::Null).await;
    assert_eq!(none.body, r#"{"Functions":[]}"#);
}

#[tokio::test]
async fn harmless_settings_are_taken() {
    let world = World::new();
    let body = creation(json!({
        "PackageType": "Zip", "Publish": false, "Layers": [], "Unheard": { "of": 1 },
        "VpcConfig": { "SubnetIds": [], "SecurityGroupIds": [] }, "DeadLetterConfig": { "TargetArn": "" },
        "TracingConfig": { "Mode": "PassThrough" }, "SnapStart": { "ApplyOn": "None" },
        "LoggingConfig": { "LogFormat": "Text", "LogGroup": "/aws/lambda/f" },
        "Architectures": ["arm64"], "EphemeralStorage": { "Size": 1024 },
    }));
    let created = world.call(&format!("POST {FUNCTIONS}"), body).await;
    assert_eq!(created.status, 201, "{}", created.body);
    let created = created.json();
    assert_eq!(created["Architectures"], json!(["arm64"]));
    assert_eq!(created["EphemeralStorage"], json!({ "Size": 1024 }));
}

#[tokio::test]
async fn the_handler_chooses_between_code_and_the_built_in_function() {
    let world = World::new();
    world.create_built_in("f", json!({})).await;
    let configuration = format!("PUT {FUNCTIONS}/f/configuration");
    let to_code = json!({ "Handler": "app.handler" });
    let refused = world.call(&configuration, to_code.clone()).await;
    assert_eq!(refused.error().1, "InvalidParameterValueException");
    assert!(refused.body.contains("UpdateFunctionCode"), "{}", refused.body);

    let shown = world.call(&format!("GET {FUNCTIONS}/f"), Value::Null).await.json();
    assert_eq!(shown["Code"], json!({ "RepositoryType": "S3" }));
    assert_eq!(shown["Configuration"]["CodeSize"], 0);

    world.call(&format!("PUT {FUNCTIONS}/f/code"), json!({ "ZipFile": zip("app.py") })).await;
    assert_eq!(world.invoke("f", &[]).await.status, 200, "it still runs the built-in handler");
    assert_eq!(world.call(&configuration, to_code).await.status, 200);
    let back = json!({
        "Handler": "emulator.handler", "Environment": { "Variables": { "EMULATOR_INIT_MS": "0", "EMULATOR_FAILURE_RATE": "1" } },
    });
    assert_ne!(world.call(&configuration, back).await.json()["CodeSize"], 0, "its code is kept");
    assert_eq!(world.invoke("f", &[]).await.header("x-amz-function-error"), Some("Unhandled"));

    let any_bytes = json!({
        "FunctionName": "g", "Role": ROLE, "Runtime": "python3.12", "Handler": "emulator.handler",
        "Code": { "ZipFile": "AAAA" },
    });
    assert_eq!(world.call(&format!("POST {FUNCTIONS}"), any_bytes).await.status, 201);
}

#[tokio::test]
async fn functions_are_listed_page_by_page() {
    let world = World::new();
    for name in ["c", "a", "b"] {
        world.create_built_in(name, json!({})).await;
    }
    let (mut pages, mut marker) = (Vec::new(), String::new());
    loop {
        let list = format!("GET {FUNCTIONS}/?MaxItems=2&Marker={marker}");
        let page = world.call(&list, Value::Null).await.json();
        let names = page["Functions"].as_array().expect("a list").iter();
        pages.push(names.map(|function| function["FunctionName"].to_string()).collect::<String>());
        let Some(next) = page["NextMarker"].as_str() else { break };
        marker = next.to_owned();
    }
    assert_eq!(pages, [r#""a""b""#, r#""c""#]);

    let bad = world.call(&format!("GET {FUNCTIONS}?MaxItems=0"), Value::Null).await;
    let told = r#"{"message":"1 validation error detected: Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1"}"#;
    assert_eq!(bad.error(), (400, "ValidationException", told));
    assert_eq!(world.call(&format!("GET {FUNCTIONS}?Marker=@"), Value::Null).await.error().0, 400);
}

#[tokio::test]
async fn what_is_not_served_is_named() {
    let world = World::new();
    world.create_built_in("f", json!({})).await;
    let scaling = world.call("GET /2025-11-30/functions/f/function-scaling-config", Value::Null).await;
    let told = r#"{"Message":"the emulator does not serve GetFunctionScalingConfig yet","Type":"Service"}"#;
    assert_eq!(scaling.error(), (501, "ServiceException", told));
    let unknown = world.call("GET /2015-03-31/unheard-of", Value::Null).await;
    assert_eq!((unknown.status.as_u16(), unknown.body.as_str()), (404, "<UnknownOperationException/>\n"));
    let latest = world.call(&format!("DELETE {FUNCTIONS}/f?Qualifier=$LATEST"), Value::Null).await;
    let told =
        r#"{"Type":"User","message":"$LATEST version cannot be deleted without deleting the function."}"#;
    assert_eq!(latest.error(), (400, "InvalidParameterValueException", told));
}

#[tokio::test]
async fn a_version_keeps_its_code_and_all_of_it_counts() {
    let world = World::new();
    let function = format!("{FUNCTIONS}/f");
    let first = world.call(&format!("POST {FUNCTIONS}"), creation(json!({ "Publish": true }))).await.json();
    let update = json!({ "ZipFile": zip("another.py") });
    let second = world.call(&format!("PUT {function}/code"), update).await.json();
    for (qualifier, entry) in [("$LATEST", "another.py"), ("1", "app.py")] {
        let shown = world.call(&format!("GET {function}?Qualifier={qualifier}"), Value::Null).await.json();
        let location = shown["Code"]["Location"].as_str().expect("a location");
        let path = location.strip_prefix("http://localhost:4566").expect("the emulator's own");
        let downloaded = world.call(&format!("GET {path}"), Value::Null).await;
        assert!(downloaded.body.contains(entry), "{qualifier} {path}");
    }
    let size = |function: &Value| function["CodeSize"].as_u64().expect("a size");
    let account = world.call("GET /2016-08-19/account-settings", Value::Null).await.json();
    assert_eq!(account["AccountUsage"]["TotalCodeSize"], size(&first) + size(&second));
}
