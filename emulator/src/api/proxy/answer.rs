//! What a function returns, as the reply that its caller reads.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue, SERVER, SET_COOKIE,
    TRANSFER_ENCODING, UPGRADE, WWW_AUTHENTICATE,
};
use serde::Deserialize;
use serde_json::Value;

use crate::api::reply::{Body, Reply, content_type, reply};

/// What stands between the two parts of a streamed answer: what the reply is
/// to be, and its body.
const PRELUDE_END: [u8; 8] = [0; 8];

/// Headers that a REST API renames instead of passing them on.
const REMAPPED: [(HeaderName, &str); 5] = [
    (CONNECTION, "x-amzn-remapped-connection"),
    (CONTENT_LENGTH, "x-amzn-remapped-content-length"),
    (DATE, "x-amzn-remapped-date"),
    (SERVER, "x-amzn-remapped-server"),
    (WWW_AUTHENTICATE, "x-amzn-remapped-www-authenticate"),
];

/// An answer that says what the reply is to be; what it says beyond that is
/// passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ProxyAnswer {
    status_code: Option<Value>,
    headers: Option<BTreeMap<String, Value>>,
    multi_value_headers: Option<BTreeMap<String, Vec<Value>>>,
    cookies: Option<Vec<String>>,
    body: Option<String>,
    is_base64_encoded: Option<bool>,
}

/// What the doors make differently of the same answer.
#[derive(Debug, Clone, Copy)]
struct Rules {
    content_type: &'static str,
    multi_values: bool,
    cookies: bool,
    decodes: bool,
    remaps: bool,
}

/// A REST API's reply; it turns base64 into bytes only where `decodes`.
/// `None` for an answer that it can't map.
pub(in crate::api) fn rest(answer: &[u8], decodes: bool) -> Option<Reply> {
    let value: Value = serde_json::from_slice(answer).ok()?;
    let known = ["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"];
    if !value.as_object()?.keys().any(|key| known.contains(&key.as_str())) {
        return None;
    }
    let content_type = content_type::JSON;
    let rules = Rules { content_type, multi_values: true, cookies: false, decodes, remaps: true };
    ProxyAnswer::deserialize(value).ok()?.reply(StatusCode::OK, rules)
}

/// An HTTP API's reply to an answer of format 1.0, which must have a status.
pub(in crate::api) fn format_1(answer: &[u8]) -> Option<Reply> {
    let answer: ProxyAnswer = serde_json::from_slice(answer).ok()?;
    let rules = Rules { multi_values: true, cookies: false, ..HTTP_API };
    answer.status_code.as_ref()?;
    answer.reply(StatusCode::OK, rules)
}

const HTTP_API: Rules = Rules {
    content_type: "text/plain; charset=utf-8",
    multi_values: false,
    cookies: true,
    decodes: true,
    remaps: false,
};

/// The reply to an answer of format 2.0: what names no status is a body, and a
/// string is one without its quotation marks. A door has its own content type
/// for answers that give none: `None` for HTTP APIs'.
pub(in crate::api) fn format_2(answer: &Bytes, content_type: Option<&'static str>) -> Option<Reply> {
    match serde_json::from_slice(answer) {
        Ok(Value::Object(members)) if members.contains_key("statusCode") => {
            let content_type = content_type.unwrap_or(HTTP_API.content_type);
            let answer = ProxyAnswer::deserialize(Value::Object(members)).ok()?;
            answer.reply(StatusCode::OK, Rules { content_type, ..HTTP_API })
        }
        Ok(Value::String(text)) => Some(reply(StatusCode::OK, content_type::JSON, text)),
        Ok(_) | Err(_) => Some(reply(StatusCode::OK, content_type::JSON, answer.clone())),
    }
}

/// Where the prelude of an answer ends, if it is there already: it is followed
/// by eight NUL bytes.
pub(in crate::api) fn prelude_end(answer: &[u8]) -> Option<usize> {
    answer.windows(PRELUDE_END.len()).position(|bytes| bytes == PRELUDE_END)
}

/// The reply that a prelude describes, and how long the prelude was. The body
/// is what follows.
pub(in crate::api) fn prelude(answer: &[u8]) -> Option<(Reply, usize)> {
    let end = prelude_end(answer)?;
    let prelude: ProxyAnswer = serde_json::from_slice(&answer[..end]).ok()?;
    let rules = Rules { content_type: OCTETS, ..HTTP_API };
    Some((prelude.reply(StatusCode::OK, rules)?, end + PRELUDE_END.len()))
}

/// The reply of a function URL that streams, to an answer that came whole: the
/// bytes as they are, below the prelude if there is one.
pub(in crate::api) fn streamed(answer: &Bytes) -> Reply {
    match prelude(answer) {
        Some((mut reply, begin)) => {
            *reply.body_mut() = Body::whole(answer.slice(begin..));
            reply
        }
        None => reply(StatusCode::OK, OCTETS, answer.clone()),
    }
}

const OCTETS: &str = "application/octet-stream";

impl ProxyAnswer {
    fn reply(self, default_status: StatusCode, rules: Rules) -> Option<Reply> {
        let status = self.status_code.map_or(Some(default_status), |status| read_status(&status))?;
        let text = self.body.unwrap_or_default();
        let body = if rules.decodes && self.is_base64_encoded == Some(true) {
            BASE64_STANDARD.decode(text).ok()?
        } else {
            text.into_bytes()
        };
        let mut reply = reply(status, rules.content_type, body);
        let many = self.multi_value_headers.filter(|_| rules.multi_values).unwrap_or_default();
        let many = many
            .into_iter()
            .flat_map(|(name, values)| values.into_iter().map(move |value| (name.clone(), value)));
        let cookies = self.cookies.filter(|_| rules.cookies).unwrap_or_default();
        let cookies = cookies.into_iter().map(|cookie| (SET_COOKIE.to_string(), Value::String(cookie)));
        let mut own_type = false;
        for (name, value) in many.chain(self.headers.unwrap_or_default()).chain(cookies) {
            let Some((name, value)) = read_header(&name, &value, rules.remaps)? else { continue };
            if name == CONTENT_TYPE && !own_type {
                own_type = true;
                reply.headers_mut().insert(name, value);
            } else {
                // A map of headers takes some ten thousand names; AWS, far fewer.
                reply.headers_mut().try_append(name, value).ok()?;
            }
        }
        Some(reply)
    }
}

/// A status as a number or as text. Those below 200 end no exchange.
fn read_status(status: &Value) -> Option<StatusCode> {
    let number = match status {
        Value::Number(number) => number.as_u64().or_else(|| number.as_f64().and_then(whole))?,
        Value::String(text) => text.trim().parse().ok()?,
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let number = u16::try_from(number).ok().filter(|number| (200..=599).contains(number))?;
    StatusCode::from_u16(number).ok()
}

/// `200.0`, as some runtimes write whole numbers.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be whole and small")]
fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..1_000.0).contains(&number)).then_some(number as u64)
}

/// A header to send, `Some(None)` for one that is left out, and `None` for one
/// that can't be.
fn read_header(name: &str, value: &Value, remaps: bool) -> Option<Option<(HeaderName, HeaderValue)>> {
    let value = match value {
        Value::Null => return Some(None),
        Value::String(text) => HeaderValue::from_str(text).ok()?,
        Value::Number(_) | Value::Bool(_) => HeaderValue::from_str(&value.to_string()).ok()?,
        Value::Array(_) | Value::Object(_) => return None,
    };
    let name: HeaderName = name.parse().ok()?;
    if remaps && let Some((_, new)) = REMAPPED.iter().find(|(old, _)| *old == name) {
        return Some(Some((HeaderName::from_static(new), value)));
    }
    // How the reply is framed is the server's business.
    let framing = [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE].contains(&name);
    Some((!framing).then_some((name, value)))
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use serde_json::json;

    use super::*;

    /// Status, content type and body.
    async fn read(reply: Option<Reply>) -> Option<(u16, String, String)> {
        let (parts, body) = reply?.into_parts();
        let body = body.collect().await.expect("a body in memory").to_bytes();
        let content_type = parts.headers[CONTENT_TYPE].to_str().expect("text").to_owned();
        Some((parts.status.as_u16(), content_type, String::from_utf8_lossy(&body).into_owned()))
    }

    /// The table of response mapping: what REST APIs, HTTP APIs of format 2.0
    /// and function URLs make of one answer.
    #[tokio::test]
    async fn fact_48_answers_are_mapped_as_each_door_does() {
        let (json, text) = ("application/json", "text/plain; charset=utf-8");
        let plain = |status, body| {
            [Some((status, json, body)), Some((status, text, body)), Some((status, json, body))]
        };
        let body_only = |body| [None, Some((200, json, body)), Some((200, json, body))];
        for (answer, expected) in [
            (r#"{"statusCode":201,"body":"a"}"#, plain(201, "a")),
            (r#"{"statusCode":"404","body":"a","more":1}"#, plain(404, "a")),
            (r#"{"statusCode":200.0,"headers":null,"body":null}"#, plain(200, "")),
            (
                r#"{"statusCode":200,"headers":{"content-type":"text/html"},"body":"a"}"#,
                [Some((200, "text/html", "a")); 3],
            ),
            (
                r#"{"statusCode":200,"isBase64Encoded":true,"body":"aGk="}"#,
                [Some((200, json, "aGk=")), Some((200, text, "hi")), Some((200, json, "hi"))],
            ),
            (
                r#"{"headers":{"x":1}}"#,
                [
                    Some((200, json, "")),
                    body_only(r#"{"headers":{"x":1}}"#)[1],
                    body_only(r#"{"headers":{"x":1}}"#)[2],
                ],
            ),
            ("{}", body_only("{}")),
            (r#"{"message":"hi"}"#, body_only(r#"{"message":"hi"}"#)),
            (r#""hello""#, body_only("hello")),
            ("3", body_only("3")),
            ("true", body_only("true")),
            (r#"["hello",3,true]"#, body_only(r#"["hello",3,true]"#)),
            ("null", body_only("null")),
            (r#"{"statusCode":0}"#, [None; 3]),
            (r#"{"statusCode":"abc"}"#, [None; 3]),
            (r#"{"statusCode":600}"#, [None; 3]),
            (r#"{"statusCode":200,"body":{"a":1}}"#, [None; 3]),
            (r#"{"statusCode":200,"headers":{"x":{}}}"#, [None; 3]),
            (r#"{"statusCode":200,"headers":{"a b":"1"}}"#, [None; 3]),
        ] {
            let bytes = Bytes::from_static(answer.as_bytes());
            let replies = [rest(&bytes, false), format_2(&bytes, None), format_2(&bytes, Some(json))];
            for (reply, expected) in replies.into_iter().zip(expected) {
                let expected =
                    expected.map(|(status, kind, body)| (status, kind.to_owned(), body.to_owned()));
                assert_eq!(read(reply).await, expected, "{answer}");
            }
        }
    }

    #[test]
    fn headers_of_many_values_come_first_and_cookies_only_in_format_2() {
        let answer = json!({
            "statusCode": 200, "headers": { "x-a": "3", "Date": "now", "Content-Length": 99 }, "cookies": ["c=1", "d=2"],
            "multiValueHeaders": { "X-A": ["1", 2] },
        });
        let answer = Bytes::from(answer.to_string());
        let all = |reply: &Reply, name: &str| -> Vec<String> {
            reply
                .headers()
                .get_all(name)
                .iter()
                .map(|value| value.to_str().expect("text").to_owned())
                .collect()
        };
        let [rest, one, two] = [rest(&answer, false), format_1(&answer), format_2(&answer, None)];
        for (reply, a, cookies, date) in [
            (rest, vec!["1", "2", "3"], vec![], "x-amzn-remapped-date"),
            (one, vec!["1", "2", "3"], vec![], "date"),
            (two, vec!["3"], vec!["c=1", "d=2"], "date"),
        ] {
            let reply = reply.expect("a reply");
            assert_eq!(all(&reply, "x-a"), a);
            assert_eq!(all(&reply, "set-cookie"), cookies);
            assert_eq!(all(&reply, date), ["now"]);
            assert_eq!(all(&reply, "content-length"), Vec::<String>::new());
        }
        assert!(format_1(b"{}").is_none() && format_1(br#""text""#).is_none());
    }

    #[test]
    fn more_headers_than_a_reply_can_carry_are_none_that_can_be_mapped() {
        let headers: serde_json::Map<String, Value> =
            (0..40_000).map(|number| (format!("x-{number}"), json!("1"))).collect();
        let answer = Bytes::from(json!({ "statusCode": 200, "headers": headers }).to_string());
        assert!(rest(&answer, false).is_none() && format_2(&answer, None).is_none());
    }

    #[tokio::test]
    async fn streams_may_begin_with_a_prelude() {
        let octets = "application/octet-stream".to_owned();
        let plain = streamed(&Bytes::from_static(br#"{"statusCode":201}"#));
        assert_eq!(read(Some(plain)).await, Some((200, octets.clone(), r#"{"statusCode":201}"#.to_owned())));
        let prelude = streamed(&Bytes::from_static(
            b"{\"statusCode\":201,\"headers\":{\"Content-Type\":\"text/html\"}}\0\0\0\0\0\0\0\0<p>",
        ));
        assert_eq!(read(Some(prelude)).await, Some((201, "text/html".to_owned(), "<p>".to_owned())));
        let zeros = streamed(&Bytes::from_static(b"a\0\0\0\0\0\0\0\0b"));
        assert_eq!(read(Some(zeros)).await, Some((200, octets, "a\0\0\0\0\0\0\0\0b".to_owned())));
    }
}
