//! Resource-based policies of functions.

use serde_json::{Value, json};

use crate::api::lambda::world::{ROLE, World};

const POLICY: &str = "/2015-03-31/functions/f/policy";
const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";

/// A good AddPermission with some members changed.
fn permission(changes: &Value) -> Value {
    let mut body = json!({
        "StatementId": "s3", "Action": "lambda:InvokeFunction", "Principal": "s3.amazonaws.com",
    });
    for (member, value) in changes.as_object().expect("changes are members") {
        body[member] = value.clone();
    }
    body
}

async fn world() -> World {
    let world = World::new();
    world.create_built_in("f", json!({})).await;
    world
}

#[tokio::test]
async fn statements_are_written_as_aws_writes_them() {
    let world = world().await;
    for (sid, changes, rest) in [
        ("a", json!({}), r#""Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction""#),
        ("b", json!({ "Principal": "*", "Action": "*" }), r#""Principal":"*","Action":"*""#),
        (
            "c",
            json!({ "Principal": "111111111111" }),
            r#""Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"lambda:InvokeFunction""#,
        ),
    ] {
        let added = world
            .call(
                &format!("POST {POLICY}"),
                permission(&{
                    let mut changes = changes.clone();
                    changes["StatementId"] = json!(sid);
                    changes
                }),
            )
            .await;
        assert_eq!(added.status, 201, "{}", added.body);
        let expected = format!(r#"{{"Sid":"{sid}","Effect":"Allow",{rest},"Resource":"{ARN}"}}"#);
        assert_eq!(added.json(), json!({ "Statement": expected }), "{changes}");
    }
    for (sid, changes, condition) in [
        (
            "d",
            json!({ "SourceArn": "arn:aws:s3:::bucket", "SourceAccount": "111111111111" }),
            r#"{"StringEquals":{"AWS:SourceAccount":"111111111111"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}}"#,
        ),
        (
            "e",
            json!({ "FunctionUrlAuthType": "NONE", "PrincipalOrgID": "o-1234567890", "SourceAccount": "111111111111" }),
            r#"{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE","aws:PrincipalOrgID":"o-1234567890","AWS:SourceAccount":"111111111111"}}"#,
        ),
        ("f", json!({ "EventSourceToken": "t" }), r#"{"StringEquals":{"lambda:EventSourceToken":"t"}}"#),
        (
            "g",
            json!({ "InvokedViaFunctionUrl": true }),
            r#"{"Bool":{"lambda:InvokedViaFunctionUrl":"true"}}"#,
        ),
    ] {
        let mut body = permission(&changes);
        body["StatementId"] = json!(sid);
        let added = world.call(&format!("POST {POLICY}"), body).await.json();
        let statement = added["Statement"].as_str().expect("a text").to_owned();
        assert!(statement.ends_with(&format!(r#","Condition":{condition}}}"#)), "{statement}");
    }
}

#[tokio::test]
async fn a_policy_comes_with_its_first_statement_and_goes_with_its_last() {
    let world = world().await;
    let missing = r#"{"Message":"The resource you requested does not exist.","Type":"User"}"#;
    let none = world.call(&format!("GET {POLICY}"), Value::Null).await;
    assert_eq!(none.error(), (404, "ResourceNotFoundException", missing));

    let shown = world.call("GET /2015-03-31/functions/f", Value::Null).await.json();
    let of_function = &shown["Configuration"]["RevisionId"];
    let first = permission(&json!({ "RevisionId": of_function }));
    assert_eq!(world.call(&format!("POST {POLICY}"), first).await.status, 201);
    let policy = world.call(&format!("GET {POLICY}"), Value::Null).await.json();
    let statement = format!(
        r#"{{"Sid":"s3","Effect":"Allow","Principal":{{"Service":"s3.amazonaws.com"}},"Action":"lambda:InvokeFunction","Resource":"{ARN}"}}"#
    );
    let text = format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{statement}]}}"#);
    assert_eq!(policy["Policy"], text);
    assert_eq!(world.call("GET /2015-03-31/functions/f", Value::Null).await.json(), shown, "it is no update");

    let stale = r#"{"Type":"User","message":"The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id"}"#;
    let conflict = r#"{"Type":"User","message":"The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing statement."}"#;
    let latest = r#"{"Type":"User","message":"We currently do not support adding policies for $LATEST."}"#;
    let principal = r#"{"Type":"User","message":"The provided principal was invalid. Please check the principal and try again."}"#;
    let sid = r#"{"message":"1 validation error detected: Value 'example.com' at 'statementId' failed to satisfy constraint: Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)"}"#;
    let no_alias = r#"{"Message":"Cannot find alias arn: arn:aws:lambda:us-east-1:000000000000:function:f:live","Type":"User"}"#;
    let query = r#"{"message":"1 validation error detected: Value 'a?b' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: \\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+"}"#;
    let invalid = "InvalidParameterValueException";
    for (query_string, changes, expected) in [
        (
            "",
            json!({ "StatementId": "b", "RevisionId": "stale" }),
            (412, "PreconditionFailedException", stale),
        ),
        ("", json!({}), (409, "ResourceConflictException", conflict)),
        ("?Qualifier=$LATEST", json!({}), (400, invalid, latest)),
        ("?Qualifier=live", json!({}), (404, "ResourceNotFoundException", no_alias)),
        ("?Qualifier=a%3Fb", json!({}), (400, "ValidationException", query)),
        ("", json!({ "Principal": "example.com" }), (400, invalid, principal)),
        ("", json!({ "StatementId": "example.com" }), (400, "ValidationException", sid)),
    ] {
        let refused = world.call(&format!("POST {POLICY}{query_string}"), permission(&changes)).await;
        assert_eq!(refused.error(), expected, "{query_string} {changes}");
    }

    let unknown = r#"{"Message":"Statement b is not found in resource policy.","Type":"User"}"#;
    let removed = world.call(&format!("DELETE {POLICY}/b"), Value::Null).await;
    assert_eq!(removed.error(), (404, "ResourceNotFoundException", unknown));
    let removed = world.call(&format!("DELETE {POLICY}/s3?RevisionId=stale"), Value::Null).await;
    assert_eq!(removed.error(), (412, "PreconditionFailedException", stale));
    let revision = policy["RevisionId"].as_str().expect("a text");
    let removed = world.call(&format!("DELETE {POLICY}/s3?RevisionId={revision}"), Value::Null).await;
    assert_eq!((removed.status.as_u16(), removed.body.as_str()), (204, ""));
    let no_policy = r#"{"Message":"No policy is associated with the given resource.","Type":"User"}"#;
    let removed = world.call(&format!("DELETE {POLICY}/s3"), Value::Null).await;
    assert_eq!(removed.error(), (404, "ResourceNotFoundException", no_policy));
    let no_function =
        format!(r#"{{"Message":"No policy found for: {}g","Type":"User"}}"#, ARN.trim_end_matches('f'));
    let removed = world.call("DELETE /2015-03-31/functions/g/policy/s3", Value::Null).await;
    assert_eq!(removed.error(), (404, "ResourceNotFoundException", no_function.as_str()));
}

#[tokio::test]
async fn a_policy_is_at_most_20_kb_long_and_goes_with_its_function() {
    let world = world().await;
    let long = format!("arn:aws:s3:::{}", "b".repeat(9_000));
    for sid in ["a", "b"] {
        let body = permission(&json!({ "StatementId": sid, "SourceArn": long }));
        assert_eq!(world.call(&format!("POST {POLICY}"), body).await.status, 201, "{sid}");
    }
    let body = permission(&json!({ "StatementId": "c", "SourceArn": long }));
    let refused = world.call(&format!("POST {POLICY}"), body).await;
    assert_eq!((refused.error().0, refused.error().1), (400, "PolicyLengthExceededException"));
    assert!(refused.body.contains("is bigger than the limit (20480)."), "{}", refused.body);

    world.call("DELETE /2015-03-31/functions/f", Value::Null).await;
    world.create_built_in("f", json!({})).await;
    assert_eq!(world.call(&format!("GET {POLICY}"), Value::Null).await.status, 404);
}

#[tokio::test]
async fn each_version_has_a_policy_of_its_own() {
    let world = World::new();
    let body = json!({
        "FunctionName": "f", "Role": ROLE, "Runtime": "provided.al2023", "Handler": "emulator.handler",
        "Publish": true,
    });
    let version = world.call("POST /2015-03-31/functions", body).await.json();
    for (query, resource) in [("", ARN.to_owned()), ("?Qualifier=1", format!("{ARN}:1"))] {
        let added = world.call(&format!("POST {POLICY}{query}"), permission(&json!({}))).await;
        assert_eq!(added.status, 201, "{}", added.body);
        assert!(added.body.contains(&format!(r#"\"Resource\":\"{resource}\""#)), "{}", added.body);
    }
    let revision = version["RevisionId"].as_str().expect("a text");
    let removed =
        world.call(&format!("DELETE {POLICY}/s3?Qualifier=1&RevisionId={revision}"), Value::Null).await;
    assert_eq!(removed.status, 204, "{}", removed.body);
    assert_eq!(world.call(&format!("GET {POLICY}?Qualifier=1"), Value::Null).await.status, 404);
    assert_eq!(world.call(&format!("GET {POLICY}"), Value::Null).await.status, 200);

    world.call(&format!("POST {POLICY}?Qualifier=1"), permission(&json!({}))).await;
    world.call("DELETE /2015-03-31/functions/f?Qualifier=1", Value::Null).await;
    assert_eq!(world.call(&format!("GET {POLICY}?Qualifier=1"), Value::Null).await.status, 404);
}
