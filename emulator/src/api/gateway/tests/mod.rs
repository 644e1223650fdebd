//! APIs end to end: made by management calls, then called.

mod http;
mod rest;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::lambda::world::{Answered, World};
use crate::api::{Api, Doors};
use crate::config::GatewayConfig;
use crate::engine::Quotas;

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function";

/// A world whose clock runs two hundred times as fast: 29 s pass in 145 ms.
fn fast(config: GatewayConfig) -> World {
    let mut api = Api::for_test(Quotas::default(), 200.0);
    api.doors = Arc::new(Doors::new(1, config));
    World::of(api)
}

/// Functions that succeed, fail, run for two minutes, and are throttled.
async fn create_functions(world: &World) {
    for (name, variables) in [
        ("ok", json!({})),
        ("fails", json!({ "EMULATOR_FAILURE_RATE": "1" })),
        ("slow", json!({ "EMULATOR_DURATION_MS": "120000" })),
        ("throttled", json!({})),
    ] {
        world.create_built_in(name, variables).await;
        let configuration = format!("PUT /2015-03-31/functions/{name}/configuration");
        assert_eq!(world.call(&configuration, json!({ "Timeout": 900 })).await.status, 200);
    }
    let reserve = json!({ "ReservedConcurrentExecutions": 0 });
    let reserved = world.call("PUT /2017-10-31/functions/throttled/concurrency", reserve).await;
    assert_eq!(reserved.status, 200, "{}", reserved.body);
}

/// A management call that goes well.
async fn made(world: &World, line: &str, body: Value) -> Value {
    let answered = world.call(line, body).await;
    assert!(answered.status.is_success(), "{line}: {} {}", answered.status, answered.body);
    if answered.body.is_empty() { Value::Null } else { answered.json() }
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_else(|| panic!("{member} in {value}")).to_owned()
}

/// Status and body.
fn seen(answered: &Answered) -> (u16, &str) {
    (answered.status.as_u16(), &answered.body)
}

/// The slow function goes on after the gateway has given up, and ends well.
async fn check_slow_ends(world: &World) {
    let wait = async {
        loop {
            let state = world.call("GET /_emulator/state", Value::Null).await.json();
            let slow = state["functions"]
                .as_array()
                .and_then(|functions| functions.iter().find(|f| f["name"] == "slow"));
            if slow.is_some_and(|slow| slow["invocations"]["succeeded"] == 1) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(60), wait).await.expect("it ends");
}
