//! Provisioned concurrency: its operations, their errors, and what it does.

use std::time::Duration;

use serde_json::{Value, json};

use super::{ARN, F, bare_error, capital_error, user_error, violation};
use crate::api::lambda::world::{Answered, World};
use crate::engine::Quotas;

/// A world in which preparation takes no time.
fn prepared() -> World {
    let provisioned_preparation = (Duration::ZERO, Duration::ZERO);
    World::with_quotas(Quotas { provisioned_preparation, ..Quotas::default() })
}

fn line(method: &str, qualifier: &str) -> String {
    format!("{method} /2019-09-30/functions/f/provisioned-concurrency?Qualifier={qualifier}")
}

async fn put(world: &World, qualifier: &str, requested: i64) -> Answered {
    let body = json!({ "ProvisionedConcurrentExecutions": requested });
    world.call(&line("PUT", qualifier), body).await
}

/// Asks until preparation is over.
async fn settled(world: &World, qualifier: &str) -> Value {
    loop {
        let shown = world.call(&line("GET", qualifier), Value::Null).await.json();
        if shown["Status"] != "IN_PROGRESS" {
            return shown;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn provisioned_concurrency_is_prepared_used_listed_and_deleted() {
    let world = prepared();
    world.create_versions(2).await;
    world.create_alias("live", "2").await;
    let asked = put(&world, "live", 3).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    let modified = asked.json()["LastModified"].as_str().expect("a date").to_owned();
    assert_eq!((modified.len(), &modified[10..11], &modified[19..]), (24, "T", "+0000"));
    let begin = r#"{"RequestedProvisionedConcurrentExecutions":3,"AvailableProvisionedConcurrentExecutions":0,"AllocatedProvisionedConcurrentExecutions":0,"Status":"IN_PROGRESS","LastModified""#;
    assert_eq!(asked.body, format!(r#"{begin}:"{modified}"}}"#));

    let ready = json!({
        "RequestedProvisionedConcurrentExecutions": 3, "AvailableProvisionedConcurrentExecutions": 3,
        "AllocatedProvisionedConcurrentExecutions": 3, "Status": "READY", "LastModified": modified,
    });
    assert_eq!(settled(&world, "live").await, ready);
    assert_eq!(world.invoke("f:live", &[]).await.status, 200);
    assert_eq!(world.invoke("f:2", &[]).await.status, 200, "what the alias has serves its version too");
    let state = world.call("GET /_emulator/state", Value::Null).await.json();
    assert_eq!(state["functions"][0]["environments"]["started"], 3, "{state}");

    assert_eq!(put(&world, "1", 1).await.status, 202);
    settled(&world, "1").await;
    let list = "GET /2019-09-30/functions/f/provisioned-concurrency?List=ALL";
    let listed = world.call(list, Value::Null).await.json();
    let configs = listed["ProvisionedConcurrencyConfigs"].as_array().expect("configs");
    let arns: Vec<&str> = configs.iter().filter_map(|config| config["FunctionArn"].as_str()).collect();
    assert_eq!(arns, [format!("{ARN}:1"), format!("{ARN}:live")]);
    let mut expected = ready;
    expected["FunctionArn"] = json!(format!("{ARN}:live"));
    assert_eq!(configs[1], expected);
    let first = world.call(&format!("{list}&MaxItems=1"), Value::Null).await.json();
    let marker = first["NextMarker"].as_str().expect("one more");
    let rest = world.call(&format!("{list}&Marker={marker}"), Value::Null).await.json();
    assert_eq!(rest["ProvisionedConcurrencyConfigs"], json!([expected]));

    assert_eq!(world.call(&line("DELETE", "live"), Value::Null).await.status, 204);
    let none = user_error("No Provisioned Concurrency Config found for this function");
    let gone = world.call(&line("GET", "live"), Value::Null).await;
    assert_eq!(gone.error(), (404, "ProvisionedConcurrencyConfigNotFoundException", none.as_str()));
}

/// Preparation takes a minute at least: all of this happens meanwhile.
#[tokio::test]
async fn what_is_being_prepared_can_be_asked_for_anew() {
    let world = World::new();
    world.create_versions(1).await;
    for requested in [2, 5, 3] {
        let asked = put(&world, "1", requested).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
        let shown = world.call(&line("GET", "1"), Value::Null).await.json();
        assert_eq!(shown["RequestedProvisionedConcurrentExecutions"], requested);
        assert_eq!(shown["Status"], "IN_PROGRESS");
    }
    assert_eq!(world.invoke("f:1", &[]).await.status, 200, "it runs on demand meanwhile");
}

#[tokio::test]
async fn bad_requests_are_refused() {
    let world = prepared();
    world.create_versions(3).await;
    for (alias, version) in [("one", "1"), ("two", "2"), ("latest", "$LATEST")] {
        world.create_alias(alias, version).await;
    }
    assert_eq!(put(&world, "1", 1).await.status, 202);
    assert_eq!(put(&world, "two", 1).await.status, 202);
    let least = "failed to satisfy constraint: Member must have value greater than or equal to 1";
    let zero = violation(&format!("'0' at 'provisionedConcurrentExecutions' {least}"));
    let unpublished =
        user_error("Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
    let invalid = "InvalidParameterValueException";
    let (missing, conflict) = ("ResourceNotFoundException", "ResourceConflictException");
    for (qualifier, requested, (status, code, body)) in [
        ("$LATEST", 1, (400, invalid, unpublished.clone())),
        ("latest", 1, (400, invalid, unpublished)),
        ("3", 0, (400, "ValidationException", zero)),
        ("none", 1, (404, missing, capital_error(&format!("Cannot find alias arn: {ARN}:none")))),
        ("9", 1, (404, missing, capital_error(&format!("Function not found: {ARN}:9")))),
        (
            "one",
            1,
            (
                409,
                conflict,
                user_error(
                    "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
                ),
            ),
        ),
        ("2", 1, (409, conflict, user_error("Version is pointed by a Provisioned Concurrency alias"))),
    ] {
        let refused = put(&world, qualifier, requested).await;
        assert_eq!(refused.error(), (status, code, body.as_str()), "{qualifier} {requested}");
    }
    let not_one = user_error("The function resource provided must be an alias or a published version.");
    for method in ["GET", "DELETE"] {
        let refused = world.call(&line(method, "$LATEST"), Value::Null).await;
        assert_eq!(refused.error(), (400, invalid, not_one.as_str()), "{method}");
        let refused = world.call(&line(method, "none"), Value::Null).await;
        let expected = capital_error(&format!("Cannot find alias arn: {ARN}:none"));
        assert_eq!(refused.error(), (404, missing, expected.as_str()), "{method}");
        let refused = world.call(&line(method, "9"), Value::Null).await;
        let expected = capital_error(&format!("Function not found: {ARN}:9"));
        assert_eq!(refused.error(), (404, missing, expected.as_str()), "{method}");
    }
    let null = violation("null at 'qualifier' failed to satisfy constraint: Member must not be null");
    for (method, body) in [
        ("PUT", json!({ "ProvisionedConcurrentExecutions": 1 })),
        ("GET", Value::Null),
        ("DELETE", Value::Null),
    ] {
        let refused =
            world.call(&format!("{method} /2019-09-30/functions/f/provisioned-concurrency"), body).await;
        assert_eq!(refused.error(), (400, "ValidationException", null.as_str()), "{method}");
    }
}

/// The texts have no `Type`, and that about the reservation begins with a blank
/// and has two in its middle.
#[tokio::test]
async fn fact_3_range_errors_have_no_type() {
    let world = prepared();
    world.create_versions(1).await;
    let greater = bare_error(
        "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [1000].",
    );
    let below = bare_error(
        "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its \
         minimum value of [100].",
    );
    for (requested, body) in [(1_001, &greater), (i64::MAX, &greater), (901, &below)] {
        let refused = put(&world, "1", requested).await;
        assert_eq!(refused.error(), (400, "InvalidParameterValueException", body.as_str()), "{requested}");
    }
    assert_eq!(put(&world, "1", 2).await.status, 202);
    let reserve = "PUT /2017-10-31/functions/f/concurrency";
    let lower = bare_error(
        " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2].",
    );
    let refused = world.call(reserve, json!({ "ReservedConcurrentExecutions": 1 })).await;
    assert_eq!(refused.error(), (400, "InvalidParameterValueException", lower.as_str()));

    assert_eq!(world.call(reserve, json!({ "ReservedConcurrentExecutions": 4 })).await.status, 200);
    let above = user_error(
        "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function",
    );
    let refused = put(&world, "1", 5).await;
    assert_eq!(refused.error(), (400, "InvalidParameterValueException", above.as_str()));
}

/// What must stay unreserved differs from account to account, and so does the
/// number in the text; it is never another code.
#[tokio::test]
async fn facts_4_and_5_the_floor_is_the_accounts_own() {
    for (account_concurrency, unreserved_minimum, reserved) in [(1_000, 100, 901), (100, 50, 51), (10, 10, 1)]
    {
        let world =
            World::with_quotas(Quotas { account_concurrency, unreserved_minimum, ..Quotas::default() });
        world.create_versions(1).await;
        let floor = |of: &str| {
            bare_error(&format!(
                "Specified {of} for function decreases account's UnreservedConcurrentExecution below its minimum \
                 value of [{unreserved_minimum}]."
            ))
        };
        let body = |reserved: i64| json!({ "ReservedConcurrentExecutions": reserved });
        let reserve = "PUT /2017-10-31/functions/f/concurrency";
        let refused = world.call(reserve, body(reserved)).await;
        let expected = floor("ReservedConcurrentExecutions");
        assert_eq!(refused.error(), (400, "InvalidParameterValueException", expected.as_str()));
        let refused = put(&world, "1", reserved).await;
        let expected = floor("ConcurrentExecutions");
        assert_eq!(refused.error(), (400, "InvalidParameterValueException", expected.as_str()));
        assert_eq!(world.call(reserve, body(0)).await.status, 200, "0 is always accepted");
    }
}

#[tokio::test]
async fn fact_11_what_is_not_set_is_told_in_three_ways() {
    let world = prepared();
    world.create_versions(1).await;
    let reserved = world.call("GET /2019-09-30/functions/f/concurrency", Value::Null).await;
    assert_eq!((reserved.status.as_u16(), reserved.body.as_str()), (200, "{}"));
    let none = user_error("No Provisioned Concurrency Config found for this function");
    let provisioned = world.call(&line("GET", "1"), Value::Null).await;
    assert_eq!(provisioned.error(), (404, "ProvisionedConcurrencyConfigNotFoundException", none.as_str()));
    let deleted = world.call(&line("DELETE", "1"), Value::Null).await;
    assert_eq!((deleted.status.as_u16(), deleted.body.as_str()), (204, ""));
    let unnamed = "GET /2019-09-30/functions/f/provisioned-concurrency";
    assert_eq!(world.call(unnamed, Value::Null).await.status, 400, "a version or an alias must be named");
    let listed =
        world.call("GET /2019-09-30/functions/f/provisioned-concurrency?List=ALL", Value::Null).await;
    assert_eq!(listed.body, r#"{"ProvisionedConcurrencyConfigs":[]}"#);
    let account = world.call("GET /2016-08-19/account-settings", Value::Null).await.json();
    assert_eq!(account["AccountLimit"]["UnreservedConcurrentExecutions"], 1_000);
    assert_eq!(world.call(&format!("DELETE {F}"), Value::Null).await.status, 204);
}
