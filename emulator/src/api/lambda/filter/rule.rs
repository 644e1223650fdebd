//! What the value of a field may be.

use super::InvalidPattern;
use super::json::Json;
use super::numeric::Range;
use super::scalar::Scalar;

/// One item of a pattern's list.
///
/// These are the operators that Lambda documents ("Filter rule syntax"), and
/// prefixes and suffixes in any case: EventBridge has them for pipes, whose
/// filters work as Lambda's do. `wildcard` and `anything-but` of another
/// operator are for event buses alone ("Comparison operators for use in event
/// patterns"), and neither list has `cidr`.
#[derive(Debug)]
pub(super) enum Rule {
    Equals(Scalar<'static>),
    EqualsIgnoreCase(String),
    Prefix(String),
    PrefixIgnoreCase(String),
    Suffix(String),
    SuffixIgnoreCase(String),
    AnythingBut(Vec<Scalar<'static>>),
    Numeric(Range),
    Exists(bool),
}

impl Rule {
    /// Reads a value, or an object of one operator.
    pub(super) fn compile(item: &Json<'_>) -> Result<Self, InvalidPattern> {
        match item {
            Json::Scalar(scalar) => Ok(Self::Equals(scalar.to_static())),
            Json::Array(_) => Err(InvalidPattern),
            Json::Object(members) => {
                let mut members = members.iter();
                let (Some((name, operand)), None) = (members.next(), members.next()) else {
                    return Err(InvalidPattern);
                };
                Self::operator(name, operand).ok_or(InvalidPattern)
            }
        }
    }

    fn operator(name: &str, operand: &Json<'_>) -> Option<Self> {
        let text = operand.text().map(str::to_owned);
        match (name, operand) {
            ("equals-ignore-case", _) => text.map(Self::EqualsIgnoreCase),
            ("prefix", Json::Object(_)) => ignored_case(operand).map(Self::PrefixIgnoreCase),
            ("prefix", _) => text.map(Self::Prefix),
            ("suffix", Json::Object(_)) => ignored_case(operand).map(Self::SuffixIgnoreCase),
            ("suffix", _) => text.map(Self::Suffix),
            ("anything-but", _) => excluded(operand).map(Self::AnythingBut),
            ("numeric", Json::Array(terms)) => Range::compile(terms).ok().map(Self::Numeric),
            ("exists", Json::Scalar(Scalar::Bool(wanted))) => Some(Self::Exists(*wanted)),
            _ => None,
        }
    }

    /// Whether a value of the field is what the rule wants.
    pub(super) fn matches(&self, value: &Scalar<'_>) -> bool {
        let is_text = |test: &dyn Fn(&str) -> bool| value.text().is_some_and(test);
        match self {
            Self::Equals(wanted) => value == wanted,
            Self::EqualsIgnoreCase(wanted) => is_text(&|text| folded(text).eq(folded(wanted))),
            Self::Prefix(prefix) => is_text(&|text| text.starts_with(prefix)),
            Self::PrefixIgnoreCase(prefix) => is_text(&|text| begins(folded(text), folded(prefix))),
            Self::Suffix(suffix) => is_text(&|text| text.ends_with(suffix)),
            Self::SuffixIgnoreCase(suffix) => {
                is_text(&|text| begins(folded(text).rev(), folded(suffix).rev()))
            }
            Self::AnythingBut(excluded) => !excluded.contains(value),
            Self::Numeric(range) => value.number().is_some_and(|number| range.contains(number)),
            Self::Exists(wanted) => *wanted,
        }
    }

    /// Whether the rule wants that there is no such field.
    pub(super) fn wants_absence(&self) -> bool {
        matches!(self, Self::Exists(false))
    }
}

/// The text of `{"equals-ignore-case": "text"}`.
fn ignored_case(operand: &Json<'_>) -> Option<String> {
    match Rule::compile(operand) {
        Ok(Rule::EqualsIgnoreCase(text)) => Some(text),
        Ok(_) | Err(InvalidPattern) => None,
    }
}

/// What `anything-but` leaves out: strings or numbers, not both.
fn excluded(operand: &Json<'_>) -> Option<Vec<Scalar<'static>>> {
    let items = match operand {
        Json::Array(items) => items.as_slice(),
        Json::Scalar(_) | Json::Object(_) => std::slice::from_ref(operand),
    };
    let scalar = |item: &Json<'_>| match item {
        Json::Scalar(scalar) => Some(scalar.to_static()),
        Json::Array(_) | Json::Object(_) => None,
    };
    let values: Vec<_> = items.iter().map(scalar).collect::<Option<_>>()?;
    let alike = values.iter().all(|value| value.text().is_some())
        || values.iter().all(|value| value.number().is_some());
    (alike && !values.is_empty()).then_some(values)
}

/// A text without its case.
fn folded(text: &str) -> impl DoubleEndedIterator<Item = char> {
    text.chars().flat_map(char::to_lowercase)
}

fn begins(mut whole: impl Iterator<Item = char>, mut part: impl Iterator<Item = char>) -> bool {
    part.all(|symbol| whole.next() == Some(symbol))
}
