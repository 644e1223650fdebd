//! CloudWatch Logs over JSON 1.1: the reading half of it.
//!
//! Groups, streams and events are written by functions alone; whatever would
//! write or set something here is not served.

mod error;
mod events;
mod groups;
mod listing;
mod operations;
mod pattern;
mod position;
mod streams;
#[cfg(test)]
mod tests;

use hyper::StatusCode;
use serde::Deserialize;
use serde_json::error::Category;

use super::Api;
use super::call::Call;
use super::lambda::{Constraint, Member, Violations};
use super::reply::{Reply, content_type, json};
use error::Error;

pub(super) use error::refuse;

pub(super) fn answer(api: &Api, call: &Call) -> Reply {
    let target = call.header("x-amz-target");
    let operation = target.rsplit_once('.').map_or(target, |(_, operation)| operation);
    let answered = match operation {
        "DescribeLogGroups" => groups::describe(api, call),
        "DescribeLogStreams" => streams::describe(api, call),
        "GetLogEvents" => events::get(api, call),
        "FilterLogEvents" => events::filter(api, call),
        known if operations::NOT_SERVED.contains(&known) => Err(Error::NotServed(known.to_owned())),
        _ => Err(Error::UnknownOperation),
    };
    answered.unwrap_or_else(|error| error.into_reply())
}

fn ok(value: &impl serde::Serialize) -> Reply {
    json(StatusCode::OK, content_type::JSON_1_1, value)
}

fn read<'a, T: Deserialize<'a>>(call: &'a Call) -> Result<T, Error> {
    let body = if call.body.is_empty() { b"{}" } else { &call.body[..] };
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        Category::Data => Error::Serialization(error.to_string()),
        Category::Syntax | Category::Eof | Category::Io => {
            Error::Serialization(format!("the body is no JSON: {error}"))
        }
    })
}

/// The `limit` of a request: the longest page without one.
fn limit(given: Option<i64>, member: &Member, longest: usize) -> Result<usize, Error> {
    let mut violations = Violations::default();
    violations.check(member, given);
    violations.into_result().map_err(Error::InvalidParameter)?;
    Ok(given.and_then(|given| usize::try_from(given).ok()).unwrap_or(longest))
}

/// The group that a request names by `logGroupName` or `logGroupIdentifier`,
/// which may be an ARN.
fn group_name(name: Option<String>, identifier: Option<String>) -> Result<String, Error> {
    match (name, identifier) {
        (Some(_), Some(_)) => Err(Error::NameAndIdentifier),
        (Some(name), None) => Ok(name),
        (None, Some(identifier)) => {
            let name = identifier.split_once(":log-group:").map_or(&*identifier, |(_, name)| name);
            Ok(name.strip_suffix(":*").unwrap_or(name).to_owned())
        }
        (None, None) => required("logGroupName", None),
    }
}

/// A member that must be there.
fn required(name: &'static str, given: Option<String>) -> Result<String, Error> {
    let mut violations = Violations::default();
    violations.present(&Member { name, constraints: &[] }, given.is_some());
    violations.into_result().map_err(Error::InvalidParameter)?;
    Ok(given.unwrap_or_default())
}

/// Longest page of groups and streams (Logs API, `DescribeLogGroups`).
const LONGEST_LISTING: usize = 50;

const LISTING_LIMIT: Member =
    Member { name: "limit", constraints: &[Constraint::AtLeast(1), Constraint::AtMost(50)] };
