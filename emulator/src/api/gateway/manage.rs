//! Management calls: which operation a method and a path ask for, and what
//! all operations have in common.

use hyper::StatusCode;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::error::Error;
use super::{http, rest};
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, empty, json as json_reply};
use crate::engine::Timestamp;

/// No description of an API is longer ("Amazon API Gateway quotas").
const LONGEST_BODY: usize = 6 * 1024 * 1024;

/// Entries of a list at most, unless the request wants fewer.
const LONGEST_PAGE: usize = 500;

/// One management call.
#[derive(Debug)]
pub(super) struct Management<'a> {
    pub(super) api: &'a Api,
    pub(super) call: &'a Call,
    pub(super) at: Timestamp,
    /// What stands in the places of the `*` of its path.
    captures: Vec<String>,
}

/// An operation: method, path and what it does.
pub(super) type Operation = (&'static str, &'static str, fn(&Management<'_>) -> Result<Reply, Error>);

/// Whether a request is for API Gateway's own API.
pub(in crate::api) fn is_management(path: &str, authorization: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    first == "restapis" || path.starts_with("/v2/apis") || authorization.contains("/apigateway/aws4_request")
}

/// Answers a management call.
pub(in crate::api) fn manage(api: &Api, call: &Call) -> Reply {
    let operations = rest::OPERATIONS.iter().chain(http::OPERATIONS);
    let served =
        operations.filter(|(method, ..)| *method == call.method).find_map(|(_, pattern, operation)| {
            captures(pattern, &call.path).map(|captures| (operation, captures))
        });
    let answered = match served {
        Some(_) if call.body.len() > LONGEST_BODY => {
            Err(Error::bad(format!("the request is longer than {LONGEST_BODY} bytes")))
        }
        Some((operation, captures)) => {
            let at = api.driver.clock().now();
            operation(&Management { api, call, at, captures })
        }
        None => Err(Error::NotServed(format!("{} {}", call.method, call.path))),
    };
    answered.unwrap_or_else(Error::into_reply)
}

fn captures(pattern: &str, path: &str) -> Option<Vec<String>> {
    let (mut pattern, mut segments) = (pattern.split('/'), path.trim_matches('/').split('/'));
    let mut captures = Vec::new();
    loop {
        match (pattern.next(), segments.next()) {
            (None, None) => return Some(captures),
            (Some("*"), Some(segment)) if !segment.is_empty() => {
                captures.push(percent_decode_str(segment).decode_utf8_lossy().into_owned());
            }
            (Some(expected), Some(segment)) if expected == segment => {}
            (_, _) => return None,
        }
    }
}

impl Management<'_> {
    /// The n-th variable part of the path.
    pub(super) fn id(&self, index: usize) -> &str {
        self.captures.get(index).map_or("", String::as_str)
    }

    /// The body; members that the operation does not know are passed over.
    pub(super) fn body<T: DeserializeOwned>(&self) -> Result<T, Error> {
        let body = if self.call.body.is_empty() { b"{}" } else { &self.call.body[..] };
        serde_json::from_slice(body).map_err(|error| Error::bad(format!("Invalid request input: {error}")))
    }

    /// Refuses members that would change what an API does, and that nothing
    /// here acts on.
    pub(super) fn refuse(&self, members: &[&str]) -> Result<(), Error> {
        let body: Value = self.body()?;
        let says = |value: &Value| match value {
            Value::Null => false,
            Value::Bool(value) => *value,
            Value::Array(items) => !items.is_empty(),
            Value::Object(members) => !members.is_empty(),
            Value::Number(_) | Value::String(_) => true,
        };
        match members.iter().find(|member| body.get(**member).is_some_and(says)) {
            Some(member) => {
                Err(Error::NotServed(format!("{member} of {} {}", self.call.method, self.call.path)))
            }
            None => Ok(()),
        }
    }

    /// The API as an error names it.
    pub(super) fn no_api(&self) -> Error {
        let account = &self.api.identity.account_id;
        Error::NotFound(format!("Invalid API identifier specified {account}:{}", self.id(0)))
    }

    /// A page of a list that is sorted by `key`, and where the next one begins.
    pub(super) fn page<T>(
        &self,
        items: impl Iterator<Item = T>,
        key: impl Fn(&T) -> String,
        [after, limit]: [&str; 2],
    ) -> Result<(Vec<T>, Option<String>), Error> {
        let after = self.call.parameter(after);
        let size = match self.call.parameter(limit) {
            Some(text) => match text.parse() {
                Ok(size) if (1..=LONGEST_PAGE).contains(&size) => size,
                Ok(_) | Err(_) => return Err(Error::bad(format!("Invalid limit specified: {text}"))),
            },
            None => LONGEST_PAGE,
        };
        let mut items = items.filter(|item| after.as_ref().is_none_or(|after| key(item) > *after));
        let page: Vec<T> = items.by_ref().take(size).collect();
        let more = items.next().is_some();
        let next = page.last().filter(|_| more).map(key);
        Ok((page, next))
    }
}

/// What a request says that is only kept and shown.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Described {
    pub(super) description: Option<String>,
}

/// A thing as it is shown: without what it does not have.
pub(super) fn show(status: StatusCode, value: Value) -> Result<Reply, Error> {
    Ok(json_reply(status, content_type::JSON, &without_nulls(value)))
}

/// An answer without a body.
pub(super) fn done(status: StatusCode) -> Result<Reply, Error> {
    Ok(empty(status))
}

/// The members of a thing, and those that it has beside its settings.
pub(super) fn merged(value: &impl Serialize, beside: Value) -> Value {
    let mut merged = json!(value);
    if let (Some(members), Value::Object(beside)) = (merged.as_object_mut(), beside) {
        members.extend(beside);
    }
    merged
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(members.map(|(name, value)| (name, without_nulls(value))).collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(without_nulls).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value,
    }
}
