//! Operations end to end: a call goes in, and what comes out is compared to
//! the letter.

mod aliases;
mod asynchronous;
mod concurrency;
mod event_config;
mod functions;
mod invoke;
mod kept;
mod layers;
mod mappings;
mod permissions;
mod provisioned;
mod streaming;
mod tags;
mod versions;

use serde_json::json;

use super::world::World;

const F: &str = "/2015-03-31/functions/f";

/// What the beginning of every ARN of function `f` is.
const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";

impl World {
    /// Makes function `f` with so many versions, each with a timeout of its own.
    async fn create_versions(&self, versions: u32) {
        self.create_built_in("f", json!({ "EMULATOR_DURATION_MS": "1" })).await;
        for number in 1..=versions {
            let changed =
                self.call(&format!("PUT {F}/configuration"), json!({ "Timeout": 9 + number })).await;
            assert_eq!(changed.status, 200, "{}", changed.body);
            let published = self.call(&format!("POST {F}/versions"), json!({})).await;
            assert_eq!(published.status, 201, "{}", published.body);
        }
    }

    async fn create_alias(&self, name: &str, version: &str) {
        let created = self
            .call(&format!("POST {F}/aliases"), json!({ "Name": name, "FunctionVersion": version }))
            .await;
        assert_eq!(created.status, 201, "{}", created.body);
    }
}

/// A body with the message under the key of most errors.
fn user_error(message: &str) -> String {
    json!({ "Type": "User", "message": message }).to_string()
}

/// The same for errors that write the key with a capital.
fn capital_error(message: &str) -> String {
    json!({ "Message": message, "Type": "User" }).to_string()
}

/// A body of an error that has no `Type`.
fn bare_error(message: &str) -> String {
    json!({ "message": message }).to_string()
}

/// One violation of the model.
fn violation(what: &str) -> String {
    bare_error(&format!("1 validation error detected: Value {what}"))
}
