//! Layers, their versions, and functions that have them.

use std::io::{Cursor, Write};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::api::lambda::world::World;

const LAYERS: &str = "/2018-10-31/layers";
const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:layer:l";
const CONFIGURATION: &str = "/2015-03-31/functions/f/configuration";

/// A zip of one file.
fn zip(name: &str) -> String {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file(name, SimpleFileOptions::default()).expect("a zip in memory");
    writer.write_all(b"content").expect("a zip in memory");
    BASE64_STANDARD.encode(writer.finish().expect("a zip in memory").into_inner())
}

async fn publish(world: &World, name: &str, changes: Value) -> Value {
    let mut body = json!({ "Content": { "ZipFile": zip("python/a.py") } });
    for (member, value) in changes.as_object().expect("changes are members") {
        body[member] = value.clone();
    }
    let published = world.call(&format!("POST {LAYERS}/{name}/versions"), body).await;
    assert_eq!(published.status, 201, "{}", published.body);
    published.json()
}

async fn get(world: &World, path: &str) -> Value {
    world.call(&format!("GET {path}"), Value::Null).await.json()
}

#[tokio::test]
async fn versions_are_published_shown_listed_and_deleted() {
    let world = World::new();
    let first = publish(
        &world,
        "l",
        json!({
            "Description": "d", "LicenseInfo": "MIT", "CompatibleRuntimes": ["python3.12"],
            "CompatibleArchitectures": ["x86_64"],
        }),
    )
    .await;
    for (member, expected) in [
        ("LayerArn", json!(ARN)),
        ("LayerVersionArn", json!(format!("{ARN}:1"))),
        ("Description", json!("d")),
        ("Version", json!(1)),
        ("CompatibleRuntimes", json!(["python3.12"])),
        ("CompatibleArchitectures", json!(["x86_64"])),
        ("LicenseInfo", json!("MIT")),
    ] {
        assert_eq!(first[member], expected, "{member}");
    }
    assert!(first["CreatedDate"].as_str().is_some_and(|date| date.ends_with("+0000")));
    let location = first["Content"]["Location"].as_str().expect("a text");
    assert_eq!(location, "http://localhost:4566/_emulator/layers/l/1/content.zip");
    let downloaded = world.call("GET /_emulator/layers/l/1/content.zip", Value::Null).await;
    assert!(downloaded.body.starts_with("PK"));

    let second = publish(&world, "l", json!({})).await;
    assert_eq!((&second["Version"], &second["Description"]), (&json!(2), &json!("")));
    assert_eq!((&second["CompatibleRuntimes"], &second["LicenseInfo"]), (&Value::Null, &Value::Null));
    publish(&world, "k", json!({})).await;

    assert_eq!(get(&world, &format!("{LAYERS}/l/versions/1")).await, first);
    assert_eq!(get(&world, &format!("{LAYERS}/{ARN}/versions/1")).await, first);
    assert_eq!(get(&world, &format!("{LAYERS}?find=LayerVersion&Arn={ARN}:1")).await, first);

    let names = |list: &Value| {
        let layers = list["Layers"].as_array().expect("a list").iter();
        layers.map(|layer| layer["LatestMatchingVersion"]["LayerVersionArn"].to_string()).collect::<String>()
    };
    let all = get(&world, LAYERS).await;
    assert_eq!(names(&all), format!("\"{}:1\"\"{ARN}:2\"", ARN.replace(":layer:l", ":layer:k")));
    let some = get(&world, &format!("{LAYERS}?CompatibleRuntime=python3.12")).await;
    assert_eq!(names(&some), format!("\"{ARN}:1\""), "the latest that matches");
    assert_eq!(names(&get(&world, &format!("{LAYERS}?CompatibleArchitecture=arm64")).await), "");

    let page = get(&world, &format!("{LAYERS}/l/versions?MaxItems=1")).await;
    assert_eq!((&page["LayerVersions"][0]["Version"], &page["LayerVersions"][1]), (&json!(2), &Value::Null));
    let marker = page["NextMarker"].as_str().expect("there is more");
    let page = get(&world, &format!("{LAYERS}/l/versions?MaxItems=1&Marker={marker}")).await;
    assert_eq!((&page["LayerVersions"][0]["Version"], &page["NextMarker"]), (&json!(1), &Value::Null));

    for version in [1, 2, 2, 9] {
        let deleted = world.call(&format!("DELETE {LAYERS}/l/versions/{version}"), Value::Null).await;
        assert_eq!((deleted.status.as_u16(), deleted.body.as_str()), (204, ""));
    }
    assert_eq!(get(&world, &format!("{LAYERS}/l/versions")).await, json!({ "LayerVersions": [] }));
    assert_eq!(publish(&world, "l", json!({})).await["Version"], 3, "numbers are not used again");
    world.call("POST /_emulator/reset", Value::Null).await;
    assert_eq!(get(&world, LAYERS).await, json!({ "Layers": [] }));
}

#[tokio::test]
async fn bad_layers_are_refused() {
    let world = World::new();
    publish(&world, "l", json!({})).await;
    let missing = r#"{"Message":"The resource you requested does not exist.","Type":"User"}"#;
    let below = r#"{"Type":"User","message":"Layer Version Cannot be less than 1"}"#;
    let arch = r#"{"message":"1 validation error detected: Value 'vax' at 'compatibleArchitecture' failed to satisfy constraint: Member must satisfy enum value set: [x86_64, arm64]"}"#;
    let archs = r#"{"message":"1 validation error detected: Value '[vax, x86_64]' at 'compatibleArchitectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64]]"}"#;
    let content = r#"{"message":"1 validation error detected: Value null at 'content' failed to satisfy constraint: Member must not be null"}"#;
    let few = r#"{"message":"1 validation error detected: Value '51' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 50"}"#;
    let (invalid, validation) = ("InvalidParameterValueException", "ValidationException");
    for (line, body, expected) in [
        (format!("GET {LAYERS}/none/versions/1"), Value::Null, (404, "ResourceNotFoundException", missing)),
        (format!("GET {LAYERS}/l/versions/2"), Value::Null, (404, "ResourceNotFoundException", missing)),
        (format!("GET {LAYERS}/l/versions/0"), Value::Null, (400, invalid, below)),
        (format!("GET {LAYERS}/l/versions/-1"), Value::Null, (400, invalid, below)),
        (format!("DELETE {LAYERS}/l/versions/-1"), Value::Null, (400, invalid, below)),
        (
            format!("GET {LAYERS}?find=LayerVersion&Arn={ARN}:2"),
            Value::Null,
            (404, "ResourceNotFoundException", missing),
        ),
        (format!("GET {LAYERS}?CompatibleArchitecture=vax"), Value::Null, (400, validation, arch)),
        (format!("GET {LAYERS}?MaxItems=51"), Value::Null, (400, validation, few)),
        (format!("POST {LAYERS}/l/versions"), json!({}), (400, validation, content)),
        (
            format!("POST {LAYERS}/l/versions"),
            json!({ "Content": {}, "CompatibleArchitectures": ["vax", "x86_64"] }),
            (400, validation, archs),
        ),
    ] {
        assert_eq!(world.call(&line, body).await.error(), expected, "{line}");
    }
    let no_version = world.call(&format!("GET {LAYERS}?find=LayerVersion&Arn={ARN}"), Value::Null).await;
    assert!(no_version.body.contains("at 'arn' failed to satisfy constraint"), "{}", no_version.body);
    let no_number = world.call(&format!("GET {LAYERS}/l/versions/one"), Value::Null).await;
    assert_eq!((no_number.error().0, no_number.error().1), (400, "SerializationException"));
    let other = world
        .call(
            &format!("GET {LAYERS}/{}/versions/1", ARN.replace("000000000000", "111111111111")),
            Value::Null,
        )
        .await;
    assert_eq!((other.error().0, other.error().1), (403, "AccessDeniedException"));
}

#[tokio::test]
async fn layer_versions_have_policies() {
    let world = World::new();
    publish(&world, "l", json!({})).await;
    let policy = format!("{LAYERS}/l/versions/1/policy");
    let no_policy = r#"{"Message":"No policy is associated with the given resource.","Type":"User"}"#;
    let none = world.call(&format!("GET {policy}"), Value::Null).await;
    assert_eq!(none.error(), (404, "ResourceNotFoundException", no_policy));

    let permission =
        |sid: &str| json!({ "StatementId": sid, "Action": "lambda:GetLayerVersion", "Principal": "*" });
    let added = world.call(&format!("POST {policy}"), permission("s1")).await;
    let statement = format!(
        r#"{{"Sid":"s1","Effect":"Allow","Principal":"*","Action":"lambda:GetLayerVersion","Resource":"{ARN}:1"}}"#
    );
    assert_eq!((added.status.as_u16(), &added.json()["Statement"]), (201, &json!(statement)));
    let shown = get(&world, &policy).await;
    let text = format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{statement}]}}"#);
    assert_eq!((&shown["Policy"], &shown["RevisionId"]), (&json!(text), &added.json()["RevisionId"]));

    let conflict = r#"{"Type":"User","message":"The statement id (s1) provided already exists. Please provide a new statement id, or remove the existing statement."}"#;
    let stale = r#"{"Type":"User","message":"The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the latest Revision Id"}"#;
    let no_layer = format!(r#"{{"Message":"Layer version {ARN}:2 does not exist.","Type":"User"}}"#);
    let no_statement = r#"{"Message":"Statement s2 is not found in resource policy.","Type":"User"}"#;
    let action = r#"{"message":"1 validation error detected: Value '*' at 'action' failed to satisfy constraint: Member must satisfy regular expression pattern: lambda:GetLayerVersion"}"#;
    let other = policy.replace("/1/", "/2/");
    let mut wide = permission("s2");
    wide["Action"] = json!("*");
    for (line, body, expected) in [
        (format!("POST {policy}"), permission("s1"), (409, "ResourceConflictException", conflict)),
        (
            format!("POST {policy}?RevisionId=wrong"),
            permission("s2"),
            (412, "PreconditionFailedException", stale),
        ),
        (format!("POST {policy}"), wide, (400, "ValidationException", action)),
        (format!("POST {other}"), permission("s1"), (404, "ResourceNotFoundException", no_layer.as_str())),
        (format!("GET {other}"), Value::Null, (404, "ResourceNotFoundException", no_layer.as_str())),
        (format!("DELETE {other}/s1"), Value::Null, (404, "ResourceNotFoundException", no_layer.as_str())),
        (format!("DELETE {policy}/s2"), Value::Null, (404, "ResourceNotFoundException", no_statement)),
    ] {
        assert_eq!(world.call(&line, body).await.error(), expected, "{line}");
    }
    let removed = world.call(&format!("DELETE {policy}/s1"), Value::Null).await;
    assert_eq!((removed.status.as_u16(), removed.body.as_str()), (204, ""));
}

#[tokio::test]
async fn functions_keep_the_layers_that_they_were_given() {
    let world = World::new();
    world.create_built_in("f", json!({})).await;
    let size = publish(&world, "l", json!({})).await["Content"]["CodeSize"].clone();
    publish(&world, "l", json!({})).await;
    let change = json!({ "Layers": [format!("{ARN}:1")] });
    let changed = world.call(&format!("PUT {CONFIGURATION}"), change).await.json();
    let shown = json!([{ "Arn": format!("{ARN}:1"), "CodeSize": size }]);
    assert_eq!(changed["Layers"], shown);
    world.call(&format!("DELETE {LAYERS}/l/versions/1"), Value::Null).await;
    assert_eq!(get(&world, CONFIGURATION).await["Layers"], shown, "deleted, and still in use");

    let invalid = |text: String| {
        (400, "InvalidParameterValueException", format!(r#"{{"Type":"User","message":"{text}"}}"#))
    };
    let six: Vec<String> = (0..6).map(|number| format!("{ARN}{number}:1")).collect();
    for (layers, (status, code, body)) in [
        (vec![format!("{ARN}:1")], invalid(format!("Layer version {ARN}:1 does not exist."))),
        (six, invalid("Cannot reference more than 5 layers.".to_owned())),
        (
            vec![format!("{ARN}:2"), format!("{ARN}:2")],
            invalid(format!(
                "Two different versions of the same layer are not allowed to be referenced in the same function. {ARN}:2 and {ARN}:2 are versions of the same layer."
            )),
        ),
        (
            vec![format!("{ARN}:2").replace("us-east-1", "eu-west-1")],
            invalid(
                "Layers are not in the same region as the function. Layers are expected to be in region us-east-1."
                    .to_owned(),
            ),
        ),
    ] {
        let refused = world.call(&format!("PUT {CONFIGURATION}"), json!({ "Layers": layers })).await;
        assert_eq!(refused.error(), (status, code, body.as_str()), "{layers:?}");
    }
    let none = world.call(&format!("PUT {CONFIGURATION}"), json!({ "Layers": [] })).await;
    assert_eq!(none.json()["Layers"], Value::Null);
}
