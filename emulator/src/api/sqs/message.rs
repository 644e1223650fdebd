//! What a message is made of: its attributes, its sizes, its characters and
//! its hashes.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::display::Base64Display;
use base64::prelude::BASE64_STANDARD;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize, Serializer};

use super::error::Fault;
use super::text::Text;
use crate::engine::{AttributeValue, MessageAttribute};

/// "Message quotas": 10 attributes.
const MOST_ATTRIBUTES: usize = 10;

/// "Message metadata": a name has up to 256 characters.
const LONGEST_NAME: usize = 256;

/// A message attribute of a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GivenAttribute<'a> {
    #[serde(borrow)]
    data_type: Option<Text<'a>>,
    string_value: Option<Text<'a>>,
    /// In base64.
    binary_value: Option<Text<'a>>,
}

/// `MessageAttributes` of a request.
pub(super) type GivenAttributes<'a> = BTreeMap<Text<'a>, GivenAttribute<'a>>;

/// Checks the attributes that a message comes with.
pub(super) fn attributes(
    given: Option<GivenAttributes<'_>>,
) -> Result<BTreeMap<String, MessageAttribute>, Fault> {
    let given = given.unwrap_or_default();
    if given.len() > MOST_ATTRIBUTES {
        return Err(Fault::InvalidParameter(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [{MOST_ATTRIBUTES}].",
            given.len()
        )));
    }
    given.into_iter().map(attribute).collect()
}

fn attribute((name, given): (Text<'_>, GivenAttribute<'_>)) -> Result<(String, MessageAttribute), Fault> {
    check_name(&name)?;
    let data_type = given
        .data_type
        .filter(|data_type| !data_type.is_empty())
        .ok_or_else(|| about(&name, "must contain a non-empty message attribute type."))?;
    let kind = data_type.split('.').next().unwrap_or_default();
    let value = match (kind, given.string_value, given.binary_value) {
        ("String" | "Number", Some(text), _) if !text.is_empty() => {
            check_characters(&text)?;
            if kind == "Number" && !is_number(&text) {
                return Err(Fault::InvalidParameter(format!(
                    "Can't cast the value of message (user) attribute '{name}' to a number."
                )));
            }
            AttributeValue::Text(text.into_owned())
        }
        ("Binary", _, Some(text)) if !text.is_empty() => {
            let bytes = BASE64_STANDARD.decode(&*text);
            let bytes =
                bytes.map_err(|_| Fault::Malformed(format!("BinaryValue of '{name}' is not base64")))?;
            AttributeValue::Binary(bytes)
        }
        ("String" | "Number" | "Binary", _, _) => {
            return Err(about(&name, &format!("must contain a non-empty value of type '{data_type}'.")));
        }
        _ => {
            return Err(about(
                &name,
                "has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
            ));
        }
    };
    Ok((name.into_owned(), MessageAttribute { data_type: data_type.into_owned(), value }))
}

fn check_name(name: &str) -> Result<(), Fault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let well_formed = !name.is_empty()
        && name.len() <= LONGEST_NAME
        && name.bytes().all(allowed)
        && name.split('.').all(|part| !part.is_empty());
    let lower = name.to_ascii_lowercase();
    if well_formed && !lower.starts_with("aws.") && !lower.starts_with("amazon.") {
        return Ok(());
    }
    Err(about(
        name,
        "has an invalid name: 1 to 256 alphanumeric characters, underscores, hyphens and periods, no period at \
         either end or after another, and neither 'AWS.' nor 'Amazon.' at its start.",
    ))
}

fn about(name: &str, what: &str) -> Fault {
    Fault::InvalidParameter(format!("Message (user) attribute '{name}' {what}"))
}

fn is_number(text: &str) -> bool {
    let digits =
        text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    digits && text.parse::<f64>().is_ok()
}

/// Refuses what XML could not carry ("SendMessage": #x9, #xA, #xD, #x20 to
/// #xD7FF, #xE000 to #xFFFD, #x10000 to #x10FFFF).
pub(super) fn check_characters(text: &str) -> Result<(), Fault> {
    let control = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
    if text.bytes().any(control) || text.contains('\u{FFFE}') || text.contains('\u{FFFF}') {
        return Err(Fault::InvalidMessageContents);
    }
    Ok(())
}

/// MD5 of a body.
pub(crate) fn body_md5(body: &str) -> [u8; 16] {
    Md5::digest(body.as_bytes()).into()
}

/// MD5 of attributes, which must come in the order of their names, in SQS's
/// own form ("Message metadata"); none when there are none.
pub(crate) fn attributes_md5<'a>(
    attributes: impl IntoIterator<Item = (&'a str, &'a MessageAttribute)>,
) -> Option<[u8; 16]> {
    let mut attributes = attributes.into_iter().peekable();
    attributes.peek()?;
    let mut md5 = Md5::new();
    for (name, attribute) in attributes {
        update(&mut md5, name.as_bytes());
        update(&mut md5, attribute.data_type.as_bytes());
        match &attribute.value {
            AttributeValue::Text(text) => {
                md5.update([1]);
                update(&mut md5, text.as_bytes());
            }
            AttributeValue::Binary(bytes) => {
                md5.update([2]);
                update(&mut md5, bytes);
            }
        }
    }
    Some(md5.finalize().into())
}

fn update(md5: &mut Md5, part: &[u8]) {
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    md5.update(length.to_be_bytes());
    md5.update(part);
}

/// A message attribute of an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ShownAttribute<'a> {
    data_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    string_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_value: Option<Base64<'a>>,
}

impl<'a> From<&'a MessageAttribute> for ShownAttribute<'a> {
    fn from(attribute: &'a MessageAttribute) -> Self {
        let (string_value, binary_value) = match &attribute.value {
            AttributeValue::Text(text) => (Some(text.as_str()), None),
            AttributeValue::Binary(bytes) => (None, Some(Base64(bytes))),
        };
        Self { data_type: &attribute.data_type, string_value, binary_value }
    }
}

#[derive(Debug)]
struct Base64<'a>(&'a [u8]);

impl fmt::Display for Base64<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Base64Display::new(self.0, &BASE64_STANDARD).fmt(f)
    }
}

impl Serialize for Base64<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::sqs::text::Hex;

    fn read(given: &str) -> Result<BTreeMap<String, MessageAttribute>, Fault> {
        attributes(Some(serde_json::from_str(given).expect("attributes")))
    }

    #[test]
    fn md5_vectors() {
        assert_eq!(Hex(body_md5("hello")).to_string(), "5d41402abc4b2a76b9719d911017c592");
        let binary =
            BASE64_STANDARD.encode("traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01");
        for (given, expected) in [
            (
                r#"{"Title":{"DataType":"String","StringValue":"The Whistler"},
                    "Author":{"DataType":"String","StringValue":"John Grisham"},
                    "WeeksOn":{"DataType":"Number","StringValue":"6"}}"#,
                "d25a6aea97eb8f585bfa92d314504a92",
            ),
            (
                &format!(r#"{{"attr1":{{"DataType":"Binary","BinaryValue":"{binary}"}}}}"#),
                "8cbe4db156db8a94db8b801b7addb984",
            ),
        ] {
            let attributes = read(given).expect(given);
            let md5 = attributes_md5(attributes.iter().map(|(name, attribute)| (name.as_str(), attribute)));
            assert_eq!(md5.map(|md5| Hex(md5).to_string()).as_deref(), Some(expected), "{given}");
        }
        assert_eq!(attributes_md5([]), None);
    }

    #[test]
    fn attributes_show_as_they_were_given() {
        let given = r#"{"b":{"DataType":"Binary.png","BinaryValue":"AAH/"},"s":{"DataType":"String","StringValue":"x"}}"#;
        let attributes = read(given).expect(given);
        let shown: BTreeMap<_, _> =
            attributes.iter().map(|(name, attribute)| (name, ShownAttribute::from(attribute))).collect();
        assert_eq!(serde_json::to_string(&shown).expect("plain data"), given);
    }

    #[test]
    fn wrong_attributes_are_refused() {
        for (given, expected) in [
            (r#"{"a":{}}"#, "Message (user) attribute 'a' must contain a non-empty message attribute type."),
            (
                r#"{"ErrorDetails":{"DataType":"String","StringValue":""}}"#,
                "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'.",
            ),
            (
                r#"{"a":{"DataType":"Binary","StringValue":"x"}}"#,
                "Message (user) attribute 'a' must contain a non-empty value of type 'Binary'.",
            ),
            (
                r#"{"a":{"DataType":"Stringly","StringValue":"x"}}"#,
                "Message (user) attribute 'a' has an invalid message attribute type, \
                 the set of supported type prefixes is Binary, Number, and String.",
            ),
            (
                r#"{"a":{"DataType":"Number","StringValue":"x"}}"#,
                "Can't cast the value of message (user) attribute 'a' to a number.",
            ),
            (
                r#"{"a":{"DataType":"Number","StringValue":"inf"}}"#,
                "Can't cast the value of message (user) attribute 'a' to a number.",
            ),
        ] {
            assert_eq!(read(given), Err(Fault::InvalidParameter(expected.to_owned())), "{given}");
        }
        let eleven: Vec<String> =
            (0..11).map(|n| format!(r#""a{n}":{{"DataType":"String","StringValue":"x"}}"#)).collect();
        let expected = "Number of message attributes [11] exceeds the allowed maximum [10].";
        assert_eq!(
            read(&format!("{{{}}}", eleven.join(","))),
            Err(Fault::InvalidParameter(expected.to_owned()))
        );
    }

    #[test]
    fn names_of_attributes() {
        for good in ["a", "a.b", "_-9", &"x".repeat(256), "awsome"] {
            assert_eq!(check_name(good), Ok(()), "{good}");
        }
        for bad in ["", ".a", "a.", "a..b", "a b", "é", "AWS.x", "aws.x", "Amazon.x", &"x".repeat(257)] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn allowed_characters() {
        for good in ["a\t\n\r", " ", "\u{D7FF}\u{E000}\u{FFFD}", "\u{10000}\u{10FFFF}"] {
            assert_eq!(check_characters(good), Ok(()), "{good:?}");
        }
        for bad in ["a\0", "\u{1}", "\u{B}", "\u{1F}", "\u{FFFE}", "a\u{FFFF}b"] {
            assert_eq!(check_characters(bad), Err(Fault::InvalidMessageContents), "{bad:?}");
        }
    }
}
