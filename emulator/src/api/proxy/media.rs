//! Bodies on their way into an event: text as it is, everything else in base64.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

/// A request's body as an event holds it.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::api) struct Body {
    pub(in crate::api) text: Option<String>,
    pub(in crate::api) is_base64: bool,
}

impl Body {
    /// As HTTP APIs and function URLs do: text by its content type. What is not
    /// UTF-8 is no text, whatever its type says.
    pub(in crate::api) fn by_type(content_type: &str, body: &[u8]) -> Self {
        Self::new(body, !is_text(content_type) || str::from_utf8(body).is_err())
    }

    /// As REST APIs do: binary by the API's list, and text otherwise.
    pub(in crate::api) fn by_list(types: &[String], content_type: &str, body: &[u8]) -> Self {
        let content_type = if content_type.is_empty() { "application/json" } else { content_type };
        Self::new(body, types.matches(content_type))
    }

    fn new(body: &[u8], is_base64: bool) -> Self {
        if body.is_empty() {
            return Self { text: None, is_base64: false };
        }
        let text =
            if is_base64 { BASE64_STANDARD.encode(body) } else { String::from_utf8_lossy(body).into_owned() };
        Self { text: Some(text), is_base64 }
    }

    /// The body, or `null`.
    pub(in crate::api) fn into_value(self) -> Value {
        self.text.map_or(Value::Null, Value::String)
    }
}

/// A list of media types that may hold wildcards.
pub(in crate::api) trait Matches {
    /// Whether one of them is that type; parameters such as `charset` don't count.
    fn matches(&self, media_type: &str) -> bool;
}

impl Matches for [String] {
    fn matches(&self, media_type: &str) -> bool {
        let media_type = essence(media_type);
        self.iter().any(|listed| {
            let listed = listed.to_ascii_lowercase();
            let family = listed.strip_suffix("/*").filter(|family| *family != "*");
            listed == "*/*"
                || listed == media_type
                || family.is_some_and(|family| media_type.split('/').next() == Some(family))
        })
    }
}

fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// AWS does not list the types that it takes for text; forms are not among them.
fn is_text(content_type: &str) -> bool {
    let media_type = essence(content_type);
    media_type.is_empty()
        || media_type.starts_with("text/")
        || media_type.ends_with("+json")
        || media_type.ends_with("+xml")
        || ["application/json", "application/javascript", "application/xml"].contains(&media_type.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(text: &str, is_base64: bool) -> Body {
        Body { text: Some(text.to_owned()), is_base64 }
    }

    #[test]
    fn bodies_are_text_or_base64() {
        for (content_type, bytes, expected) in [
            ("application/json; charset=utf-8", &b"{}"[..], body("{}", false)),
            ("text/csv", b"a", body("a", false)),
            ("", b"a", body("a", false)),
            ("application/problem+json", b"{}", body("{}", false)),
            ("application/x-www-form-urlencoded", b"a=1", body("YT0x", true)),
            ("image/png", b"a", body("YQ==", true)),
            ("text/plain", b"\xff", body("/w==", true)),
            ("image/png", b"", Body { text: None, is_base64: false }),
        ] {
            assert_eq!(Body::by_type(content_type, bytes), expected, "{content_type}");
        }
    }

    #[test]
    fn rest_apis_go_by_their_list() {
        let listed = ["image/*".to_owned(), "application/pdf".to_owned()];
        for (types, content_type, binary) in [
            (&listed[..], "image/png", true),
            (&listed[..], "Application/PDF", true),
            (&listed[..], "images/png", false),
            (&listed[..], "", false),
            (&["*/*".to_owned()][..], "", true),
            (&[][..], "image/png", false),
        ] {
            assert_eq!(Body::by_list(types, content_type, b"a").is_base64, binary, "{content_type}");
        }
    }
}
