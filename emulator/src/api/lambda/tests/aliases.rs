//! Aliases and weighted routing.

use serde_json::{Value, json};

use super::{ARN, F, capital_error, user_error, violation};
use crate::api::lambda::world::World;

#[tokio::test]
async fn an_alias_is_made_shown_changed_and_deleted() {
    let world = World::new();
    world.create_versions(2).await;
    let (aliases, live) = (format!("{F}/aliases"), format!("{F}/aliases/live"));
    let created = world
        .call(
            &format!("POST {aliases}"),
            json!({ "Name": "live", "FunctionVersion": "1", "Description": "d" }),
        )
        .await;
    assert_eq!(created.status, 201, "{}", created.body);
    let revision = created.json()["RevisionId"].as_str().expect("a revision").to_owned();
    let expected = format!(
        r#"{{"AliasArn":"{ARN}:live","Name":"live","FunctionVersion":"1","Description":"d","RevisionId":"{revision}"}}"#
    );
    assert_eq!(created.body, expected);
    assert_eq!(world.call(&format!("GET {live}"), Value::Null).await.body, expected);

    let weights = json!({ "AdditionalVersionWeights": { "2": 0.25 } });
    let update = json!({ "RoutingConfig": weights, "RevisionId": revision });
    let updated = world.call(&format!("PUT {live}"), update.clone()).await;
    assert_eq!(updated.status, 200, "{}", updated.body);
    let updated = updated.json();
    assert_eq!(updated["RoutingConfig"], weights);
    assert_eq!((&updated["FunctionVersion"], &updated["Description"]), (&json!("1"), &json!("d")));
    let stale = user_error(
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to \
         retrieve the latest Revision Id",
    );
    let refused = world.call(&format!("PUT {live}"), update).await;
    assert_eq!(refused.error(), (412, "PreconditionFailedException", stale.as_str()));

    let kept = world.call(&format!("PUT {live}"), json!({ "Description": "e" })).await.json();
    assert_eq!(kept["RoutingConfig"], weights);
    let straight = json!({ "RoutingConfig": { "AdditionalVersionWeights": {} }, "FunctionVersion": "2" });
    let straight = world.call(&format!("PUT {live}"), straight).await.json();
    assert_eq!((&straight["FunctionVersion"], &straight["RoutingConfig"]), (&json!("2"), &Value::Null));
    let referenced =
        user_error("Unable to delete version because the following aliases reference it: [live]");
    let refused = world.call(&format!("DELETE {F}?Qualifier=2"), Value::Null).await;
    assert_eq!(refused.error(), (409, "ResourceConflictException", referenced.as_str()));

    for _ in 0..2 {
        let deleted = world.call(&format!("DELETE {live}"), Value::Null).await;
        assert_eq!((deleted.status.as_u16(), deleted.body.as_str()), (204, ""));
    }
    let gone = capital_error(&format!("Cannot find alias arn: {ARN}:live"));
    let missing = world.call(&format!("GET {live}"), Value::Null).await;
    assert_eq!(missing.error(), (404, "ResourceNotFoundException", gone.as_str()));
}

#[tokio::test]
async fn aliases_are_listed_by_version_and_page_by_page() {
    let world = World::new();
    world.create_versions(2).await;
    for (name, version) in [("b", "1"), ("a", "2"), ("c", "$LATEST"), ("d", "1")] {
        world.create_alias(name, version).await;
    }
    let weights = json!({ "RoutingConfig": { "AdditionalVersionWeights": { "2": 0.5 } } });
    assert_eq!(world.call(&format!("PUT {F}/aliases/d"), weights).await.status, 200);
    for (query, expected) in [
        ("", vec!["a", "b", "c", "d"]),
        ("?FunctionVersion=1", vec!["b", "d"]),
        ("?FunctionVersion=2", vec!["a", "d"]),
        ("?FunctionVersion=$LATEST", vec!["c"]),
        ("?FunctionVersion=7", vec![]),
    ] {
        let listed = world.call(&format!("GET {F}/aliases{query}"), Value::Null).await.json();
        let names: Vec<&str> = listed["Aliases"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|alias| alias["Name"].as_str())
            .collect();
        assert_eq!(names, expected, "{query}");
        assert_eq!(listed["NextMarker"], Value::Null);
    }
    let first = world.call(&format!("GET {F}/aliases?MaxItems=3"), Value::Null).await.json();
    let marker = first["NextMarker"].as_str().expect("more aliases");
    let rest = world.call(&format!("GET {F}/aliases?Marker={marker}"), Value::Null).await.json();
    assert_eq!(rest["Aliases"].as_array().map(Vec::len), Some(1));
    assert_eq!(rest["Aliases"][0]["Name"], "d");
}

#[tokio::test]
async fn bad_aliases_are_refused() {
    let world = World::new();
    world.create_versions(3).await;
    world.create_alias("taken", "1").await;
    let weights = |weights: Value| json!({ "RoutingConfig": { "AdditionalVersionWeights": weights } });
    let routed = |version: &str, more: Value| {
        let mut body = weights(more);
        body["FunctionVersion"] = version.into();
        body
    };
    let invalid = |message: &str| (400, "InvalidParameterValueException", user_error(message));
    let not_found = |message: &str| (404, "ResourceNotFoundException", capital_error(message));
    let broken = |what: &str| (400, "ValidationException", violation(what));
    let range = "failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less \
                 than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]";
    let keys = "failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than \
                or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular \
                expression pattern: [0-9]+, Member must not be null]";
    let at = "at 'routingConfig.additionalVersionWeights'";
    let pattern = r"failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)";
    let version_pattern = r"failed to satisfy constraint: Member must satisfy regular expression pattern: (\$LATEST(\.PUBLISHED)?|[0-9]+)";
    for (name, body, expected) in [
        (
            "new",
            routed("1", json!({ "2": 0.1, "3": 0.1 })),
            invalid("Number of items in AdditionalVersionWeights cannot be greater than 1"),
        ),
        (
            "new",
            routed("1", json!({ "1": 0.1 })),
            invalid(
                "Invalid function version 1. Function version 1 is already included in routing configuration.",
            ),
        ),
        (
            "new",
            routed("$LATEST", json!({ "1": 0.1 })),
            invalid("$LATEST is not supported for an alias pointing to more than 1 version"),
        ),
        ("new", routed("1", json!({ "2": 1.5 })), broken(&format!("'{{2=1.5}}' {at} {range}"))),
        ("new", routed("1", json!({ "2": -0.5 })), broken(&format!("'{{2=-0.5}}' {at} {range}"))),
        ("new", routed("1", json!({ "$LATEST": 0.5 })), broken(&format!("'{{$LATEST=0.5}}' {at} {keys}"))),
        ("new", routed("1", json!({ "9": 0.5 })), not_found(&format!("Function not found: {ARN}:9"))),
        ("new", routed("9", json!({})), not_found(&format!("Function not found: {ARN}:9"))),
        ("new", routed("one", json!({})), broken(&format!("'one' at 'functionVersion' {version_pattern}"))),
        ("7", routed("1", json!({})), broken(&format!("'7' at 'name' {pattern}"))),
        ("a.b", routed("1", json!({})), broken(&format!("'a.b' at 'name' {pattern}"))),
        (
            "taken",
            routed("1", json!({})),
            (409, "ResourceConflictException", user_error(&format!("Alias already exists: {ARN}:taken"))),
        ),
        (
            "new",
            json!({}),
            broken("null at 'functionVersion' failed to satisfy constraint: Member must not be null"),
        ),
    ] {
        let mut body = body;
        body["Name"] = name.into();
        let refused = world.call(&format!("POST {F}/aliases"), body.clone()).await;
        let (status, code, message) = &expected;
        assert_eq!(refused.error(), (*status, *code, message.as_str()), "{body}");
    }
    let (status, code, message) = not_found(&format!("Alias not found: {ARN}:none"));
    let refused = world.call(&format!("PUT {F}/aliases/none"), json!({})).await;
    assert_eq!(refused.error(), (status, code, message.as_str()));
    let (status, code, message) = broken(&format!("'7' at 'name' {pattern}"));
    for method in ["GET", "PUT", "DELETE"] {
        let refused = world.call(&format!("{method} {F}/aliases/7"), Value::Null).await;
        assert_eq!(refused.error(), (status, code, message.as_str()), "{method}");
    }
}

/// The share of 200 requests stays within five standard deviations of 0.3.
#[tokio::test]
async fn a_weighted_alias_shares_its_requests() {
    let world = World::new();
    world.create_versions(2).await;
    world.create_alias("live", "1").await;
    let weights = json!({ "RoutingConfig": { "AdditionalVersionWeights": { "2": 0.3 } } });
    assert_eq!(world.call(&format!("PUT {F}/aliases/live"), weights).await.status, 200);
    let mut second = 0;
    for _ in 0..200 {
        let answer = world.invoke("f:live", &[]).await;
        match answer.header("x-amz-executed-version") {
            Some("1") => {}
            Some("2") => second += 1,
            other => panic!("{other:?}: {}", answer.body),
        }
    }
    assert!((28..=92).contains(&second), "{second}");
}

#[tokio::test]
async fn fact_10_only_answers_name_the_version_that_ran() {
    let world = World::new();
    world.create_versions(1).await;
    world.create_alias("live", "1").await;
    for (name, kind, status, version) in [
        ("f", "RequestResponse", 200, Some("$LATEST")),
        ("f:1", "RequestResponse", 200, Some("1")),
        ("f:live", "RequestResponse", 200, Some("1")),
        ("f:live", "Event", 202, None),
        ("f:live", "DryRun", 204, None),
    ] {
        let answer = world.invoke(name, &[("x-amz-invocation-type", kind)]).await;
        assert_eq!(answer.status, status, "{name} {kind}");
        assert_eq!(answer.header("x-amz-executed-version"), version, "{name} {kind}");
    }
}

#[tokio::test]
async fn fact_6_what_is_not_found_is_told_with_its_qualifier() {
    let world = World::new();
    world.create_versions(1).await;
    let g = "arn:aws:lambda:us-east-1:000000000000:function:g";
    let none = Value::Null;
    for (line, body, missing) in [
        ("POST /2015-03-31/functions/g/invocations", none.clone(), format!("{g}:$LATEST")),
        ("POST /2015-03-31/functions/f:live/invocations", none.clone(), format!("{ARN}:live")),
        ("POST /2015-03-31/functions/f/invocations?Qualifier=7", none.clone(), format!("{ARN}:7")),
        ("GET /2015-03-31/functions/f?Qualifier=7", none, format!("{ARN}:7")),
        (
            "PUT /2017-10-31/functions/g/concurrency",
            json!({ "ReservedConcurrentExecutions": 1 }),
            format!("{g}:$LATEST"),
        ),
    ] {
        let expected = capital_error(&format!("Function not found: {missing}"));
        let answer = world.call(line, body).await;
        assert_eq!(answer.error(), (404, "ResourceNotFoundException", expected.as_str()), "{line}");
    }
}
