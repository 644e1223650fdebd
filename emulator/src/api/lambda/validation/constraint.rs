//! One rule for one value, and its words.

use std::fmt;

use serde_json::{Map, Value};

/// A rule for one member.
#[derive(Debug)]
pub(in crate::api) enum Constraint {
    AtLeast(i64),
    AtMost(i64),
    RealAtLeast(f64),
    RealAtMost(f64),
    /// Characters of a text, items of a list.
    LongAtLeast(usize),
    LongAtMost(usize),
    OneOf(&'static [&'static str]),
    /// AWS's pattern, and the check that stands for it.
    Pattern(&'static str, fn(&str) -> bool),
    /// AWS names it among others; what is null in a list or a map is none of
    /// the values that the others are about.
    NotNull,
    /// All rules for each item of a list, told together whichever is broken.
    Each(&'static [Constraint]),
    /// The rule of each item told as if it were the list's own.
    EachOneOf(&'static [&'static str]),
    /// All rules for the keys of a map.
    Keys(&'static [Constraint]),
    /// The same for a map whose values are secret: the error does not show it.
    HiddenKeys(&'static [Constraint]),
    /// All rules for the values of a map.
    Values(&'static [Constraint]),
}

/// A member's value in a request.
#[derive(Debug, Clone, Copy)]
pub(in crate::api) enum Given<'a> {
    Null,
    Number(i64),
    Real(f64),
    Text(&'a str),
    List(&'a [Value]),
    Map(&'a Map<String, Value>),
    /// Of a type that no constraint is about.
    Other,
}

impl Constraint {
    /// Whether the value is one that the rule is about, and not as it says.
    pub(super) fn is_broken_by(&self, value: Given<'_>) -> bool {
        let breaks = |rules: &[Self], value: Given<'_>| rules.iter().any(|rule| rule.is_broken_by(value));
        match self {
            Self::AtLeast(least) => matches!(value, Given::Number(number) if number < *least),
            Self::AtMost(most) => matches!(value, Given::Number(number) if number > *most),
            Self::RealAtLeast(least) => value.real().is_some_and(|number| number < *least),
            Self::RealAtMost(most) => value.real().is_some_and(|number| number > *most),
            Self::LongAtLeast(least) => value.length().is_some_and(|length| length < *least),
            Self::LongAtMost(most) => value.length().is_some_and(|length| length > *most),
            Self::OneOf(set) => matches!(value, Given::Text(text) if !set.contains(&text)),
            Self::Pattern(_, holds) => matches!(value, Given::Text(text) if !holds(text)),
            Self::NotNull => matches!(value, Given::Null),
            Self::Each(rules) => value.items().iter().any(|item| breaks(rules, item.into())),
            Self::EachOneOf(set) => {
                value.items().iter().any(|item| Self::OneOf(set).is_broken_by(item.into()))
            }
            Self::Keys(rules) | Self::HiddenKeys(rules) => {
                value.entries().any(|(key, _)| breaks(rules, Given::Text(key)))
            }
            Self::Values(rules) => value.entries().any(|(_, value)| breaks(rules, value.into())),
        }
    }

    pub(super) fn hides_value(&self) -> bool {
        matches!(self, Self::HiddenKeys(_))
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(f, "Member must have value greater than or equal to {least}"),
            Self::AtMost(most) => write!(f, "Member must have value less than or equal to {most}"),
            Self::RealAtLeast(least) => {
                write!(f, "Member must have value greater than or equal to {least:.1}")
            }
            Self::RealAtMost(most) => write!(f, "Member must have value less than or equal to {most:.1}"),
            Self::LongAtLeast(least) => {
                write!(f, "Member must have length greater than or equal to {least}")
            }
            Self::LongAtMost(most) => write!(f, "Member must have length less than or equal to {most}"),
            Self::OneOf(set) | Self::EachOneOf(set) => {
                write!(f, "Member must satisfy enum value set: [{}]", set.join(", "))
            }
            Self::Pattern(pattern, _) => {
                write!(f, "Member must satisfy regular expression pattern: {pattern}")
            }
            Self::NotNull => f.write_str("Member must not be null"),
            Self::Each(rules) => write!(f, "Member must satisfy constraint: [{}]", joined(rules)),
            Self::Keys(rules) | Self::HiddenKeys(rules) => {
                write!(f, "Map keys must satisfy constraint: [{}]", joined(rules))
            }
            Self::Values(rules) => write!(f, "Map value must satisfy constraint: [{}]", joined(rules)),
        }
    }
}

fn joined(rules: &[Constraint]) -> String {
    rules.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl<'a> Given<'a> {
    #[expect(clippy::cast_precision_loss, reason = "the limits are small, and so is what is near them")]
    fn real(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number as f64),
            Self::Real(number) => Some(number),
            Self::Null | Self::Text(_) | Self::List(_) | Self::Map(_) | Self::Other => None,
        }
    }

    fn length(self) -> Option<usize> {
        match self {
            Self::Text(text) => Some(text.chars().count()),
            Self::List(items) => Some(items.len()),
            Self::Null | Self::Number(_) | Self::Real(_) | Self::Map(_) | Self::Other => None,
        }
    }

    fn items(self) -> &'a [Value] {
        if let Self::List(items) = self { items } else { &[] }
    }

    fn entries(self) -> impl Iterator<Item = (&'a String, &'a Value)> {
        let map = if let Self::Map(map) = self { Some(map) } else { None };
        map.into_iter().flatten()
    }
}

impl<'a> From<&'a Value> for Given<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Other,
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(number), _) => Self::Number(number),
                (None, Some(_)) => Self::Number(i64::MAX),
                (None, None) => number.as_f64().map_or(Self::Other, Self::Real),
            },
            Value::String(text) => Self::Text(text),
            Value::Array(items) => Self::List(items),
            Value::Object(map) => Self::Map(map),
        }
    }
}

impl From<Option<i64>> for Given<'_> {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Given::Null, Given::Number)
    }
}

impl<'a> From<Option<&'a str>> for Given<'a> {
    fn from(value: Option<&'a str>) -> Self {
        value.map_or(Given::Null, Given::Text)
    }
}

impl<'a> From<&'a Option<String>> for Given<'a> {
    fn from(value: &'a Option<String>) -> Self {
        value.as_deref().into()
    }
}

/// The value as AWS's errors show it.
impl fmt::Display for Given<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null | Self::Other => f.write_str("null"),
            Self::Number(number) => write!(f, "'{number}'"),
            Self::Real(number) => write!(f, "'{number}'"),
            Self::Text(text) => write!(f, "'{text}'"),
            Self::List(items) => {
                write!(f, "'[{}]'", items.iter().map(plain).collect::<Vec<_>>().join(", "))
            }
            Self::Map(map) => {
                let entries = map.iter().map(|(key, value)| format!("{key}={}", plain(value)));
                write!(f, "'{{{}}}'", entries.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
