//! Publishing versions, listing and deleting them.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ARN, F, capital_error, user_error, violation};
use crate::api::lambda::world::World;
use crate::engine::Quotas;

#[tokio::test]
async fn versions_are_published_shown_listed_and_deleted() {
    let world = World::new();
    world.create_built_in("f", json!({})).await;
    let latest = world.call(&format!("GET {F}/configuration"), Value::Null).await.json();
    let publish = format!("POST {F}/versions");
    let request = json!({
        "Description": "first", "RevisionId": latest["RevisionId"], "CodeSha256": latest["CodeSha256"],
    });
    let published = world.call(&publish, request).await;
    assert_eq!(published.status, 201, "{}", published.body);
    let first = published.json();
    for (member, expected) in [
        ("FunctionArn", json!(format!("{ARN}:1"))),
        ("Version", json!("1")),
        ("Description", json!("first")),
        ("State", json!("Active")),
        ("LastUpdateStatus", json!("Successful")),
        ("CodeSha256", latest["CodeSha256"].clone()),
    ] {
        assert_eq!(first[member], expected, "{member}");
    }
    assert_ne!(first["RevisionId"], latest["RevisionId"]);

    // Nothing but the description is new: the version that is there is the answer.
    let again = world.call(&publish, json!({ "Description": "second" })).await.json();
    assert_eq!(again, first);
    let changed = world.call(&format!("PUT {F}/configuration"), json!({ "Timeout": 9 })).await;
    assert_eq!(changed.status, 200);
    let second = world.call(&publish, json!({})).await.json();
    assert_eq!((&second["Version"], &second["Timeout"]), (&json!("2"), &json!(9)));
    let shown = world.call(&format!("GET {F}/configuration?Qualifier=1"), Value::Null).await.json();
    assert_eq!(shown, first);

    let listed = world.call(&format!("GET {F}/versions"), Value::Null).await.json();
    assert_eq!(listed["NextMarker"], Value::Null);
    let versions = listed["Versions"].as_array().expect("versions");
    let arns: Vec<&str> = versions.iter().filter_map(|version| version["FunctionArn"].as_str()).collect();
    assert_eq!(arns, [format!("{ARN}:$LATEST"), format!("{ARN}:1"), format!("{ARN}:2")]);

    assert_eq!(world.call(&format!("DELETE {F}?Qualifier=1"), Value::Null).await.status, 204);
    let gone = world.call(&format!("GET {F}/configuration?Qualifier=1"), Value::Null).await;
    let missing = capital_error(&format!("Function not found: {ARN}:1"));
    assert_eq!(gone.error(), (404, "ResourceNotFoundException", missing.as_str()));
    let kept = user_error("$LATEST version cannot be deleted without deleting the function.");
    let refused = world.call(&format!("DELETE {F}?Qualifier=$LATEST"), Value::Null).await;
    assert_eq!(refused.error(), (400, "InvalidParameterValueException", kept.as_str()));
}

#[tokio::test]
async fn versions_are_listed_page_by_page() {
    let world = World::new();
    world.create_versions(11).await;
    let (mut pages, mut marker) = (Vec::new(), String::new());
    loop {
        let page = world.call(&format!("GET {F}/versions?MaxItems=5&Marker={marker}"), Value::Null).await;
        let page = page.json();
        let versions = page["Versions"].as_array().expect("versions").clone();
        pages.push(
            versions.iter().map(|version| version["Version"].as_str().unwrap_or("").to_owned()).collect(),
        );
        let Some(next) = page["NextMarker"].as_str() else { break };
        next.clone_into(&mut marker);
    }
    let expected: [Vec<&str>; 3] =
        [vec!["$LATEST", "1", "2", "3", "4"], vec!["5", "6", "7", "8", "9"], vec!["10", "11"]];
    let pages: Vec<Vec<String>> = pages;
    assert_eq!(pages, expected);
}

#[tokio::test]
async fn publications_that_do_not_fit_are_refused() {
    let world = World::new();
    world.create_versions(1).await;
    let invalid = "InvalidParameterValueException";
    let stale = user_error(
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to \
         retrieve the latest Revision Id",
    );
    let other_code = user_error(
        "CodeSHA256 (x) is different from current CodeSHA256 in $LATEST \
         (47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=). Please try again with the CodeSHA256 in $LATEST.",
    );
    let unknown =
        capital_error("Function not found: arn:aws:lambda:us-east-1:000000000000:function:g:$LATEST");
    let qualified = user_error(
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this \
         operation. Please specify either a function name or an unqualified function ARN.",
    );
    let long = "d".repeat(257);
    let too_long = violation(&format!(
        "'{long}' at 'description' failed to satisfy constraint: Member must have length less than or equal to 256"
    ));
    let revision = "00000000-0000-4000-8000-000000000000";
    for (name, body, expected) in [
        ("f", json!({ "RevisionId": revision }), (412, "PreconditionFailedException", &stale)),
        ("f", json!({ "RevisionId": "stale" }), (412, "PreconditionFailedException", &stale)),
        ("f", json!({ "CodeSha256": "x" }), (400, invalid, &other_code)),
        ("f", json!({ "Description": long }), (400, "ValidationException", &too_long)),
        ("f:1", json!({}), (400, invalid, &qualified)),
        ("g", json!({}), (404, "ResourceNotFoundException", &unknown)),
    ] {
        let refused = world.call(&format!("POST /2015-03-31/functions/{name}/versions"), body.clone()).await;
        let (status, code, message) = expected;
        assert_eq!(refused.error(), (status, code, message.as_str()), "{name} {body}");
    }
    let listed = world.call("GET /2015-03-31/functions/g/versions", Value::Null).await;
    assert_eq!(listed.error(), (404, "ResourceNotFoundException", unknown.as_str()));
}

#[tokio::test]
async fn a_function_is_pending_then_active_and_updates_take_their_time() {
    // Long enough that all that is asked meanwhile is answered before it is over.
    let quotas = Quotas { function_transition: Duration::from_secs(2), ..Quotas::default() };
    let world = World::with_quotas(quotas);
    world.create_built_in("f", json!({})).await;
    let pending = user_error(
        "The operation cannot be performed at this time. The function is currently in the following state: \
         Pending",
    );
    assert_eq!(world.invoke("f", &[]).await.error(), (409, "ResourceConflictException", pending.as_str()));
    let busy = user_error(&format!(
        "The operation cannot be performed at this time. An update is in progress for resource: {ARN}"
    ));
    let publish = format!("POST {F}/versions");
    let refused = world.call(&publish, json!({})).await;
    assert_eq!(refused.error(), (409, "ResourceConflictException", busy.as_str()));
    let configuration = format!("GET {F}/configuration");
    let settled = async |member: &str, before: &str, after: &str| loop {
        let shown = world.call(&configuration, Value::Null).await.json();
        if shown[member] == after {
            break;
        }
        assert_eq!(shown[member], before);
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    settled("State", "Pending", "Active").await;

    let change = format!("PUT {F}/configuration");
    assert_eq!(world.call(&change, json!({ "Timeout": 9 })).await.status, 200);
    for line in [&change, &publish] {
        let refused = world.call(line, json!({})).await;
        assert_eq!(refused.error(), (409, "ResourceConflictException", busy.as_str()), "{line}");
    }
    assert_eq!(world.invoke("f", &[]).await.status, 200, "what was there before the update serves meanwhile");
    let listed = world.call(&format!("GET {F}/versions"), Value::Null).await.json();
    assert_eq!(listed["Versions"][0]["LastUpdateStatus"], "InProgress");
    settled("LastUpdateStatus", "InProgress", "Successful").await;
    assert_eq!(world.call(&publish, json!({})).await.json()["Timeout"], 9);
}

/// Names sort by their characters: `f` and its versions come before `f-g`.
#[tokio::test]
async fn pages_of_all_versions_leave_none_out() {
    let world = World::new();
    for name in ["f", "f-g", "f0"] {
        world.create_built_in(name, json!({})).await;
    }
    assert_eq!(world.call(&format!("POST {F}/versions"), json!({})).await.status, 201);
    let (mut arns, mut marker) = (Vec::new(), String::new());
    loop {
        let list = format!("GET /2015-03-31/functions?FunctionVersion=ALL&MaxItems=1&Marker={marker}");
        let page = world.call(&list, Value::Null).await.json();
        arns.extend(page["Functions"][0]["FunctionArn"].as_str().map(str::to_owned));
        let Some(next) = page["NextMarker"].as_str() else { break };
        marker = next.to_owned();
    }
    let expected = [":$LATEST", ":1", "-g:$LATEST", "0:$LATEST"].map(|end| format!("{ARN}{end}"));
    assert_eq!(arns, expected);
}
