//! AWS JSON 1.0.

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::error::{Code, Fault};
use crate::api::reply::{Reply, content_type, json, reply, set};

/// Reads a request; an empty body is one without members.
pub(super) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Fault> {
    let body = body.trim_ascii();
    let body = if body.is_empty() { b"{}" } else { body };
    // serde would take an array for a structure, member by member.
    if body[0] != b'{' {
        return Err(Fault::Malformed("the request is not a JSON object".to_owned()));
    }
    serde_json::from_slice(body).map_err(|error| Fault::Malformed(error.to_string()))
}

/// A result of about that many bytes, or the empty body of an action without one.
pub(super) fn write(answer: &impl Serialize, about: usize) -> Reply {
    let mut body = Vec::with_capacity(about);
    serde_json::to_writer(&mut body, answer).expect("answers are plain data");
    if body == b"null" {
        body.clear();
    }
    reply(StatusCode::OK, content_type::JSON_1_0, body)
}

pub(super) fn refuse(code: Code, message: &str) -> Reply {
    #[derive(Serialize)]
    struct Body<'a> {
        __type: String,
        message: &'a str,
    }
    let __type = format!("{}#{}", code.namespace, code.shape);
    let body = Body { __type, message };
    let mut reply = json(code.status, content_type::JSON_1_0, &body);
    set(&mut reply, "x-amzn-query-error", &format!("{};{}", code.query, code.blame()));
    reply
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::sqs::text::Text;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        #[serde(borrow)]
        name: Option<Text<'a>>,
        number: Option<i64>,
    }

    #[test]
    fn an_absent_member_and_a_null_one_are_the_same() {
        for body in ["", " \n", "{}", r#"{"Name":null}"#, r#"{"Other":[1]}"#] {
            assert_eq!(read::<Request<'_>>(body.as_bytes()), Ok(Request::default()), "{body}");
        }
    }

    #[test]
    fn what_can_not_be_read_is_a_serialization_exception() {
        for body in
            ["[]", r#"["a",1]"#, "nul", "{", r#"{"Name":1}"#, r#"{"Number":"1"}"#, r#"{"Number":1.5}"#]
        {
            let read = read::<Request<'_>>(body.as_bytes());
            assert!(matches!(read, Err(Fault::Malformed(_))), "{body}: {read:?}");
        }
    }
}
