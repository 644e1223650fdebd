//! JSON that keeps its numbers as they were written.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::scalar::Scalar;

/// Objects and arrays within each other, as many as `serde_json` takes by
/// itself. What is nested deeper is not read, so recursion has an end.
const DEEPEST: usize = 127;

/// The members of an object; of two with one name, the last.
pub(super) type Members<'a> = BTreeMap<String, Json<'a>>;

/// A JSON value.
#[derive(Debug)]
pub(super) enum Json<'a> {
    Scalar(Scalar<'a>),
    Array(Vec<Self>),
    Object(Members<'a>),
}

impl<'a> Json<'a> {
    /// Reads a text, when it is JSON.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        Self::within(parse(text)?, DEEPEST)
    }

    /// Reads a value of up to `depth` levels. Each level is read by itself, since
    /// only what is not read yet still has the text of its numbers; a part of a
    /// text is thus gone over as often as it lies deep.
    fn within(raw: &'a RawValue, depth: usize) -> Option<Self> {
        let text = raw.get();
        let inside = |raw| Self::within(raw, depth.checked_sub(1)?);
        Some(match text.as_bytes().first()? {
            b'{' => {
                let members: BTreeMap<String, &RawValue> = parse(text)?;
                let read = members.into_iter().map(|(name, raw)| Some((name, inside(raw)?)));
                Self::Object(read.collect::<Option<_>>()?)
            }
            b'[' => {
                let items: Vec<&RawValue> = parse(text)?;
                Self::Array(items.into_iter().map(inside).collect::<Option<_>>()?)
            }
            b'"' => Self::Scalar(Scalar::Text(Cow::Owned(parse(text)?))),
            b't' => Self::Scalar(Scalar::Bool(true)),
            b'f' => Self::Scalar(Scalar::Bool(false)),
            b'n' => Self::Scalar(Scalar::Null),
            _ => Self::Scalar(Scalar::Number(Cow::Borrowed(text))),
        })
    }

    /// The value itself, when it is a string.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Scalar(scalar) => scalar.text(),
            Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// The value as a field has it: the items of an array each stand for it,
    /// those of arrays within it too.
    pub(super) fn flat(&self) -> Flat<'_, 'a> {
        let mut flat = Flat::default();
        flat.add(self);
        flat
    }
}

/// What a field holds, without the arrays around it.
#[derive(Debug, Default)]
pub(super) struct Flat<'j, 'a> {
    pub(super) scalars: Vec<&'j Scalar<'a>>,
    pub(super) objects: Vec<&'j Members<'a>>,
}

impl<'j, 'a> Flat<'j, 'a> {
    fn add(&mut self, json: &'j Json<'a>) {
        match json {
            Json::Scalar(scalar) => self.scalars.push(scalar),
            Json::Object(members) => self.objects.push(members),
            Json::Array(items) => items.iter().for_each(|item| self.add(item)),
        }
    }
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Option<T> {
    serde_json::from_str(text).ok()
}
