//! The event in an Invoke: how long it may be, and that it is JSON.

use crate::limits;
use bytes::Bytes;
use serde::de::IgnoredAny;

use super::error::Error;

/// What follows from Jackson's words for a place where a value should begin.
const EXPECTED: &str =
    "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/// The same for a word that is none of JSON's.
const EXPECTING: &str = "expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

/// The payload of a synchronous invocation.
pub(super) fn synchronous(body: &Bytes) -> Result<Bytes, Error> {
    if body.len() > limits::SYNCHRONOUS_PAYLOAD {
        return Err(Error::RequestTooLarge {
            limit: limits::SYNCHRONOUS_PAYLOAD,
            operation: "InvokeFunction",
        });
    }
    checked(body)
}

/// The payload of an asynchronous invocation.
pub(super) fn event(body: &Bytes) -> Result<Bytes, Error> {
    if body.len() > limits::EVENT_PAYLOAD {
        return Err(Error::EventTooLarge { size: body.len(), limit: limits::EVENT_PAYLOAD });
    }
    checked(body)
}

/// The payload of InvokeAsync.
pub(super) fn old_event(body: &Bytes) -> Result<Bytes, Error> {
    if body.len() > limits::OLD_EVENT_PAYLOAD {
        return Err(Error::RequestTooLarge { limit: limits::OLD_EVENT_PAYLOAD, operation: "InvokeAsync" });
    }
    checked(body)
}

/// The body, or `{}` when there is none. Its values are passed over, not built.
fn checked(body: &Bytes) -> Result<Bytes, Error> {
    if body.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    let text = str::from_utf8(body).map_err(|error| not_utf8(body, error.valid_up_to()))?;
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(IgnoredAny) => Ok(body.clone()),
        Err(error) => Err(not_json(text, &error)),
    }
}

fn not_utf8(body: &[u8], at: usize) -> Error {
    let before = &body[..at];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|&&byte| byte != b'\n').count() + 1;
    let byte = body[at];
    let outside_of_text = before.iter().all(u8::is_ascii_whitespace);
    let text = if outside_of_text && byte < 0xC0 {
        format!("Unexpected character ((CTRL-CHAR, code {byte})): {EXPECTED}")
    } else {
        format!("Invalid UTF-8 start byte 0x{byte:x}")
    };
    unparsable(&text, line, column)
}

fn not_json(text: &str, error: &serde_json::Error) -> Error {
    let (line, column) = (error.line(), error.column());
    let message = error.to_string();
    let place = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let at = column.saturating_sub(1);
    let misses_value = message.starts_with("expected value") || message.starts_with("expected ident");
    if let Some((token, end)) = token_at(place, at).filter(|_| misses_value) {
        return unparsable(&format!("Unrecognized token '{token}': was {EXPECTING}"), line, end + 1);
    }
    let unexpected = place.get(at..).and_then(|rest| rest.chars().next());
    let what = match unexpected {
        Some(found) if misses_value => format!("Unexpected character ({}): {EXPECTED}", Character(found)),
        Some(_) | None => message.split(" at line ").next().unwrap_or_default().to_owned(),
    };
    unparsable(&what, line, column)
}

/// The bare word that stands there, and where it ends: what Jackson takes for a
/// token that it does not know.
fn token_at(line: &str, at: usize) -> Option<(&str, usize)> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '$';
    let begin = line.get(..at)?.trim_end_matches(is_part).len();
    let rest = &line[begin..];
    let end = begin + rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    rest.starts_with(|c: char| c.is_ascii_alphabetic()).then(|| (&line[begin..end], end))
}

fn unparsable(text: &str, line: usize, column: usize) -> Error {
    Error::NotJson(format!(
        "Could not parse payload into json: {text}\n at [Source: REDACTED \
         (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {line}, column: {column}]"
    ))
}

/// A character as Jackson shows it.
struct Character(char);

impl std::fmt::Display for Character {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = u32::from(self.0);
        if self.0.is_control() {
            write!(f, "(CTRL-CHAR, code {code})")
        } else {
            write!(f, "'{}' (code {code})", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_refused(body: &'static [u8], what: &str, line: usize, column: usize) {
        let expected = format!(
            "Could not parse request body into json: Could not parse payload into json: {what}\n at [Source: \
             REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {line}, column: {column}]"
        );
        let error = checked(&Bytes::from_static(body)).expect_err("no JSON");
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn only_json_is_taken() {
        for good in ["{}", "null", "1.5e3", "\"\u{e9}\"", " [1, {\"a\": [true]}] \n"] {
            let body = Bytes::from_static(good.as_bytes());
            assert_eq!(checked(&body), Ok(body.clone()), "{good}");
        }
        assert_eq!(checked(&Bytes::new()), Ok(Bytes::from_static(b"{}")));

        check_refused(b"hello", &format!("Unrecognized token 'hello': was {EXPECTING}"), 1, 6);
        check_refused(b"nojson", &format!("Unrecognized token 'nojson': was {EXPECTING}"), 1, 7);
        check_refused(b"{\n \"a\": x}", &format!("Unrecognized token 'x': was {EXPECTING}"), 2, 8);
        check_refused(b"{\"a\": ?}", &format!("Unexpected character ('?' (code 63)): {EXPECTED}"), 1, 7);
        check_refused(b"\x99", &format!("Unexpected character ((CTRL-CHAR, code 153)): {EXPECTED}"), 1, 1);
        check_refused(b"\"\x87\"", "Invalid UTF-8 start byte 0x87", 1, 2);
        check_refused(b"{\"a\":", "EOF while parsing a value", 1, 5);
        check_refused(b"{} {}", "trailing characters", 1, 4);
    }

    #[test]
    fn deep_json_is_no_danger() {
        let deep = "[".repeat(1_000_000);
        assert!(checked(&Bytes::from(deep)).is_err());
    }
}
