//! Patterns: what the fields of an object must be.

use super::InvalidPattern;
use super::body::Body;
use super::json::{Json, Members};
use super::rule::Rule;

/// Conditions on the fields of one object, all of which must hold.
#[derive(Debug, Default)]
pub(super) struct Pattern {
    fields: Vec<(String, Condition)>,
    /// The patterns of `$or`, when there is one: one of them must hold too.
    either: Vec<Self>,
}

/// What a pattern wants of a field.
#[derive(Debug)]
pub(super) enum Condition {
    /// An object, with fields of its own to look at.
    Fields(Pattern),
    /// A value that one of these accepts.
    Value(Vec<Rule>),
}

impl Pattern {
    /// Reads the pattern of a whole record. `{}` wants nothing of it.
    pub(super) fn read(text: &str) -> Result<Self, InvalidPattern> {
        match Json::read(text) {
            Some(Json::Object(members)) if members.is_empty() => Ok(Self::default()),
            Some(Json::Object(members)) => Self::compile(&members),
            Some(Json::Array(_) | Json::Scalar(_)) | None => Err(InvalidPattern),
        }
    }

    fn compile(members: &Members<'_>) -> Result<Self, InvalidPattern> {
        if members.is_empty() {
            return Err(InvalidPattern);
        }
        let mut pattern = Self::default();
        for (name, value) in members {
            match name.as_str() {
                "$or" => pattern.either = alternatives(value)?,
                _ => pattern.fields.push((name.clone(), Condition::compile(value)?)),
            }
        }
        Ok(pattern)
    }

    /// Whether a record with this body passes. A mapping of a queue can only
    /// filter on `body`: what a pattern wants of other fields always holds.
    pub(super) fn passes(&self, body: &Body<'_>) -> bool {
        self.holds(&|name, condition| name != "body" || body.satisfies(condition))
    }

    /// Whether the value of a field is an object as the pattern wants it. Of an
    /// array's objects, one must be so in all of its fields; that a field is
    /// missing must be so in each of them.
    pub(super) fn matches(&self, value: Option<&Json<'_>>) -> bool {
        let objects = value.map(|value| value.flat().objects).unwrap_or_default();
        let mut matching = objects.iter().map(|members| self.matches_members(members));
        if objects.is_empty() {
            self.matches_members(&Members::new())
        } else if self.wants_absence() {
            matching.all(|matches| matches)
        } else {
            matching.any(|matches| matches)
        }
    }

    fn matches_members(&self, members: &Members<'_>) -> bool {
        self.holds(&|name, condition| condition.holds(members.get(name)))
    }

    fn holds(&self, test: &dyn Fn(&str, &Condition) -> bool) -> bool {
        self.fields.iter().all(|(name, condition)| test(name, condition))
            && (self.either.is_empty() || self.either.iter().any(|pattern| pattern.holds(test)))
    }

    /// Whether all that the pattern wants is that fields are missing.
    fn wants_absence(&self) -> bool {
        self.fields.iter().all(|(_, condition)| condition.wants_absence())
            && self.either.iter().all(Self::wants_absence)
    }
}

impl Condition {
    fn compile(value: &Json<'_>) -> Result<Self, InvalidPattern> {
        match value {
            Json::Object(members) => Pattern::compile(members).map(Self::Fields),
            Json::Array(items) if !items.is_empty() => {
                items.iter().map(Rule::compile).collect::<Result<_, _>>().map(Self::Value)
            }
            Json::Array(_) | Json::Scalar(_) => Err(InvalidPattern),
        }
    }

    /// Whether a field is as wanted. One that only holds objects, or an empty
    /// array, has no value: it counts as missing.
    fn holds(&self, value: Option<&Json<'_>>) -> bool {
        let rules = match self {
            Self::Fields(pattern) => return pattern.matches(value),
            Self::Value(rules) => rules,
        };
        let scalars = value.map(|value| value.flat().scalars).unwrap_or_default();
        if scalars.is_empty() {
            return rules.iter().any(Rule::wants_absence);
        }
        scalars.iter().any(|scalar| rules.iter().any(|rule| rule.matches(scalar)))
    }

    fn wants_absence(&self) -> bool {
        match self {
            Self::Fields(pattern) => pattern.wants_absence(),
            Self::Value(rules) => rules.iter().all(Rule::wants_absence),
        }
    }
}

/// The patterns of `$or`: there must be a choice.
fn alternatives(value: &Json<'_>) -> Result<Vec<Pattern>, InvalidPattern> {
    let alternative = |item: &Json<'_>| match item {
        Json::Object(members) => Pattern::compile(members),
        Json::Array(_) | Json::Scalar(_) => Err(InvalidPattern),
    };
    match value {
        Json::Array(items) if items.len() >= 2 => items.iter().map(alternative).collect(),
        Json::Array(_) | Json::Object(_) | Json::Scalar(_) => Err(InvalidPattern),
    }
}
