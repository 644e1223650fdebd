//! `patchOperations`: how version 1 of API Gateway's API changes things.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::error::Error;
use super::manage::Management;

/// What stands at a path that can be patched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
    /// Texts at `/path/key`.
    Map,
    /// `true` or `false` at `/path/key`.
    Flags,
    /// Strings at `/path/string`.
    Set,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Patch {
    patch_operations: Vec<Operation>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Operation {
    op: String,
    path: String,
    value: Option<String>,
}

/// The thing as the request's operations change it, in their order.
pub(super) fn patched<T>(call: &Management<'_>, thing: &T, paths: &[(&str, Kind)]) -> Result<T, Error>
where
    T: Serialize + DeserializeOwned,
{
    let Patch { patch_operations } = call.body()?;
    let mut value = json!(thing);
    for operation in &patch_operations {
        operation.apply(&mut value, paths)?;
    }
    serde_json::from_value(value).map_err(|error| Error::bad(format!("Invalid patch: {error}")))
}

impl Operation {
    fn apply(&self, thing: &mut Value, paths: &[(&str, Kind)]) -> Result<(), Error> {
        let (name, key) = match self.path.trim_start_matches('/').split_once('/') {
            Some((name, key)) => (name, Some(key.replace("~1", "/").replace("~0", "~"))),
            None => (self.path.trim_start_matches('/'), None),
        };
        let kind = paths.iter().find(|(path, _)| *path == name).map(|(_, kind)| *kind);
        match (kind, key) {
            (Some(kind @ (Kind::Text | Kind::Number | Kind::Flag)), None) => {
                thing[name] = self.scalar(kind)?;
            }
            (Some(kind @ (Kind::Map | Kind::Flags)), Some(key)) => {
                self.change_map(&mut thing[name], &key, kind)?;
            }
            (Some(Kind::Set), Some(key)) => self.change_set(&mut thing[name], &key)?,
            (Some(_) | None, _) => return Err(self.refused(paths)),
        }
        Ok(())
    }

    fn scalar(&self, kind: Kind) -> Result<Value, Error> {
        match (self.op.as_str(), &self.value) {
            ("remove", _) => Ok(Value::Null),
            ("replace" | "add", _) => self.given(kind),
            (_, _) => Err(self.unknown()),
        }
    }

    /// The operation's value, which is always text, as what stands there.
    fn given(&self, kind: Kind) -> Result<Value, Error> {
        let text = self.value.clone().unwrap_or_default();
        let wrong = || Error::bad(format!("Invalid value '{text}' for path '{}'", self.path));
        match kind {
            Kind::Number => text.parse::<i64>().map(Value::from).map_err(|_| wrong()),
            Kind::Flag | Kind::Flags => text.parse::<bool>().map(Value::from).map_err(|_| wrong()),
            Kind::Text | Kind::Map | Kind::Set => Ok(Value::String(text)),
        }
    }

    fn change_map(&self, map: &mut Value, key: &str, kind: Kind) -> Result<(), Error> {
        if !map.is_object() {
            *map = Value::Object(Map::new());
        }
        match self.op.as_str() {
            "remove" => {
                map.as_object_mut().map(|map| map.remove(key));
            }
            "add" | "replace" => map[key] = self.given(kind)?,
            _ => return Err(self.unknown()),
        }
        Ok(())
    }

    fn change_set(&self, set: &mut Value, key: &str) -> Result<(), Error> {
        let mut items: Vec<String> = serde_json::from_value(set.take()).unwrap_or_default();
        let (old, new) = match (self.op.as_str(), &self.value) {
            ("add", _) => (None, Some(key.to_owned())),
            ("remove", _) => (Some(key), None),
            ("replace", new) => (Some(key), new.clone()),
            (_, _) => return Err(self.unknown()),
        };
        items.retain(|item| Some(item.as_str()) != old && Some(item) != new.as_ref());
        items.extend(new);
        *set = json!(items);
        Ok(())
    }

    fn refused(&self, paths: &[(&str, Kind)]) -> Error {
        let shown = |(path, kind): &(&str, Kind)| match kind {
            Kind::Text | Kind::Number | Kind::Flag => format!("/{path}"),
            Kind::Map | Kind::Flags | Kind::Set => format!("/{path}/{{key}}"),
        };
        let paths: Vec<String> = paths.iter().map(shown).collect();
        Error::bad(format!(
            "Invalid patch path  '{}' specified for op '{}'. Must be one of: [{}]",
            self.path,
            self.op,
            paths.join(", ")
        ))
    }

    fn unknown(&self) -> Error {
        Error::bad(format!(
            "Invalid patch operation specified: '{}'. Must be one of: [add, remove, replace]",
            self.op
        ))
    }
}
