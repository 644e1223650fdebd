//! Request bodies.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, error::Category};

use super::error::Error;
use crate::api::call::Call;

/// Reads what an operation wants of its body; members that it does not know
/// are passed over.
pub(super) fn read<'a, T: Deserialize<'a>>(call: &'a Call) -> Result<T, Error> {
    let body = if call.body.is_empty() { b"{}" } else { &call.body[..] };
    serde_json::from_slice(body).map_err(|error| wrong(&error))
}

fn wrong(error: &serde_json::Error) -> Error {
    match error.classify() {
        Category::Data => Error::WrongType(error.to_string()),
        Category::Syntax | Category::Eof | Category::Io => Error::NotJson(error.to_string()),
    }
}

/// A member that the emulator does not act on, and which of its values say
/// what the emulator does anyway.
pub(super) type Unserved<'a> = (&'a str, fn(&Value) -> bool);

/// The members of a body by name, to find those that must not be passed over.
#[derive(Debug)]
pub(super) struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Members<'a> {
    pub(super) fn of(call: &'a Call) -> Result<Self, Error> {
        read(call).map(Self)
    }

    /// A member's value, when it says anything: `{}`, `[]`, `""`, `false` and
    /// what holds nothing else say nothing.
    pub(super) fn given(&self, member: &str) -> Result<Option<Value>, Error> {
        let Some(raw) = self.0.get(member) else { return Ok(None) };
        let value: Value = serde_json::from_str(raw.get()).map_err(|error| wrong(&error))?;
        Ok((!says_nothing(&value)).then_some(value))
    }

    /// Refuses members that the emulator would have to act on and does not.
    pub(super) fn refuse(&self, operation: &str, members: &[Unserved<'_>]) -> Result<(), Error> {
        for (member, harmless) in members {
            if self.given(member)?.is_some_and(|value| !harmless(&value)) {
                return Err(Error::NotServed(format!("{member} of {operation}")));
            }
        }
        Ok(())
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(_) => false,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(says_nothing),
        Value::Object(members) => members.values().all(says_nothing),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn empty_values_say_nothing() {
        for (value, nothing) in [
            (json!(null), true),
            (json!({ "SubnetIds": [], "SecurityGroupIds": [] }), true),
            (json!({ "TargetArn": "" }), true),
            (json!({ "Ipv6AllowedForDualStack": false }), true),
            (json!({ "SubnetIds": ["subnet-1"] }), false),
            (json!({ "MinimumPollers": 0 }), false),
        ] {
            assert_eq!(says_nothing(&value), nothing, "{value}");
        }
    }
}
