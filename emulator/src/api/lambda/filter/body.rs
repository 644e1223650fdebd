//! The body of the message that is looked at.

use std::borrow::Cow;
use std::cell::OnceCell;

use super::json::Json;
use super::pattern::Condition;
use super::scalar::Scalar;

/// A body, parsed when the first pattern asks for it and not again.
///
/// It counts as JSON when it is an object or an array. AWS does not say what it
/// takes a lone string, number or `true` for; here that is plain text, as it
/// stands in the body.
#[derive(Debug)]
pub(super) struct Body<'a> {
    text: &'a str,
    json: OnceCell<Option<Json<'a>>>,
}

impl<'a> Body<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, json: OnceCell::new() }
    }

    /// Whether the body is what a pattern wants of it. A pattern for JSON does
    /// not match plain text, nor one for plain text JSON.
    pub(super) fn satisfies(&self, condition: &Condition) -> bool {
        match (condition, self.json()) {
            (Condition::Fields(pattern), Some(json)) => pattern.matches(Some(json)),
            (Condition::Value(rules), None) => {
                let text = Scalar::Text(Cow::Borrowed(self.text));
                rules.iter().any(|rule| rule.matches(&text))
            }
            (Condition::Fields(_), None) | (Condition::Value(_), Some(_)) => false,
        }
    }

    fn json(&self) -> Option<&Json<'a>> {
        self.json.get_or_init(|| structure(self.text)).as_ref()
    }
}

/// The object or array that a text is.
fn structure(text: &str) -> Option<Json<'_>> {
    let opens = text.trim_start().starts_with(['{', '[']);
    opens.then(|| Json::read(text)).flatten()
}
