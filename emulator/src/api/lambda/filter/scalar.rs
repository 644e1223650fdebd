//! Values that hold no others.

use std::borrow::Cow;

/// A leaf of a JSON text. Two numbers are equal when they are written alike:
/// 300, 300.0 and 3.0e2 are three values ("Filter rule syntax").
///
/// AWS documents this for Lambda and for EventBridge. Recordings of EventBridge
/// show that it takes 300 and 300.0 for equal all the same; there are none of
/// Lambda, so what is documented holds here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    /// As it was written.
    Number(Cow<'a, str>),
    Text(Cow<'a, str>),
}

impl Scalar<'_> {
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) => None,
        }
    }

    pub(super) fn number(&self) -> Option<&str> {
        match self {
            Self::Number(number) => Some(number),
            Self::Null | Self::Bool(_) | Self::Text(_) => None,
        }
    }

    /// The same value, to be kept.
    pub(super) fn to_static(&self) -> Scalar<'static> {
        let owned = |text: &str| Cow::Owned(text.to_owned());
        match self {
            Self::Null => Scalar::Null,
            Self::Bool(value) => Scalar::Bool(*value),
            Self::Number(number) => Scalar::Number(owned(number)),
            Self::Text(text) => Scalar::Text(owned(text)),
        }
    }
}
