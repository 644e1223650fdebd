//! Checking a request as a whole.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::constraint::Given;
use super::operations::OPERATIONS;
use super::{Member, Violations};
use crate::api::call::Call;
use crate::api::lambda::body;
use crate::api::lambda::error::Error;
use crate::api::lambda::path;

/// Where a request has a member.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    /// In its body; dots lead into structures.
    Body(&'static str),
    /// In each structure of a list in its body.
    Items(&'static str, &'static str),
    /// In its query string.
    Query(&'static str),
    /// The same, and it is a number.
    Number(&'static str),
    /// The same, any number of times.
    Several(&'static str),
    /// In its path, counted in segments from 0.
    Path(usize),
}

/// A member of an operation's request.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) at: At,
    pub(super) member: &'static Member,
    presence: Presence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Optional,
    /// Required in its structure, which may be missing.
    Within,
    Required,
}

/// One that may be missing.
pub(super) const fn may(at: At, member: &'static Member) -> Field {
    Field { at, member, presence: Presence::Optional }
}

/// One that must be in its structure.
pub(super) const fn within(at: At, member: &'static Member) -> Field {
    Field { at, member, presence: Presence::Within }
}

/// One that must be there.
pub(super) const fn must(at: At, member: &'static Member) -> Field {
    Field { at, member, presence: Presence::Required }
}

use At::{Body, Items, Number, Path, Query, Several};

/// Checks a request of that operation as a whole.
pub(in crate::api::lambda) fn check(operation: &str, call: &Call) -> Result<(), Error> {
    let Some((_, groups)) = OPERATIONS.iter().find(|(name, _)| *name == operation) else { return Ok(()) };
    let fields = groups.iter().flat_map(|group| group.iter());
    let in_body = |field: &Field| matches!(field.at, Body(_) | Items(..));
    let body: Structure<'_> = if fields.clone().any(in_body) { body::read(call)? } else { BTreeMap::new() };

    let mut violations = Violations::default();
    for field in fields {
        let value = match field.at {
            Body(way) => follow(&body, way),
            Items(way, name) => {
                check_items(&mut violations, field.member, follow(&body, way).as_ref(), name);
                continue;
            }
            Query(name) => call.parameter(name).map(Value::String),
            Number(name) => call.parameter(name).and_then(|text| text.parse().ok()).map(Value::Number),
            Several(name) => several(call, name),
            Path(index) => Some(Value::String(path::segment(call, index).into_owned())),
        };
        let value = value.unwrap_or(Value::Null);
        violations.present(field.member, !value.is_null() || !field.must_be_in(&body));
        violations.check(field.member, &value);
    }
    violations.into_result().map_err(Error::Validation)
}

impl Field {
    fn must_be_in(&self, body: &Structure<'_>) -> bool {
        match (self.presence, self.at) {
            (Presence::Optional, _) => false,
            (Presence::Required, _) => true,
            (Presence::Within, At::Body(way)) => {
                let structure = way.rsplit_once('.').and_then(|(structure, _)| follow(body, structure));
                structure.is_some_and(|structure| structure.is_object())
            }
            (Presence::Within, Items(..) | Query(_) | Number(_) | Several(_) | Path(_)) => false,
        }
    }
}

/// A structure of a body whose members are read only when they are looked at:
/// one of them may be a whole deployment package.
type Structure<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// The value at the end of the way. What has another type than it should is
/// left to the operation, which reads it and says so.
fn follow(body: &Structure<'_>, way: &str) -> Option<Value> {
    match way.split_once('.') {
        None => serde_json::from_str(body.get(way)?.get()).ok(),
        Some((first, rest)) => follow(&serde_json::from_str(body.get(first)?.get()).ok()?, rest),
    }
}

fn check_items(violations: &mut Violations, member: &Member, list: Option<&Value>, name: &str) {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    for (index, item) in items.enumerate() {
        let shown = member.name.replace('#', &(index + 1).to_string());
        violations.check_as(&shown, member, item.get(name).map_or(Given::Null, Given::from));
    }
}

fn several(call: &Call, name: &str) -> Option<Value> {
    let pairs = form_urlencoded::parse(call.query.as_bytes()).filter(|(key, _)| key == name);
    let values: Vec<Value> = pairs.map(|(_, value)| Value::String(value.into_owned())).collect();
    (!values.is_empty()).then_some(Value::Array(values))
}
