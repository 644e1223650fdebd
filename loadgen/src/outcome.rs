//! What became of a request: the classes, and how an HTTP answer falls into one.
//!
//! Knows neither the SDK nor the clock, so that recorded bodies can be put in.

use serde::{Deserialize, Serialize};

/// The class of an outcome. Each request ends in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// 200 from an environment that had served before.
    OkWarm,
    /// 200, the first of a new environment.
    OkCold,
    /// 202, or a message confirmed with its id.
    Accepted,
    /// 429, counted under its reason.
    Throttled,
    /// 200 with `X-Amz-Function-Error`: the function ran and failed.
    FunctionError,
    /// 5xx, or an answer outside the protocol.
    ServerError,
    /// 4xx other than 429.
    ClientError,
    /// No answer within `--timeout`.
    Timeout,
    /// It left, and the connection broke or the run was interrupted before an answer.
    NoAnswer,
    /// It never left: no connection, too late, or the run was interrupted.
    NotSent,
}

impl Class {
    pub const ALL: [Class; 10] = [
        Class::OkWarm,
        Class::OkCold,
        Class::Accepted,
        Class::Throttled,
        Class::FunctionError,
        Class::ServerError,
        Class::ClientError,
        Class::Timeout,
        Class::NoAnswer,
        Class::NotSent,
    ];

    /// The key in reports and expectations.
    pub fn key(self) -> &'static str {
        match self {
            Class::OkWarm => "ok_warm",
            Class::OkCold => "ok_cold",
            Class::Accepted => "accepted",
            Class::Throttled => "throttled",
            Class::FunctionError => "function_error",
            Class::ServerError => "server_error",
            Class::ClientError => "client_error",
            Class::Timeout => "timeout",
            Class::NoAnswer => "no_answer",
            Class::NotSent => "not_sent",
        }
    }

    /// Whether the target did what was asked of it.
    pub fn is_success(self) -> bool {
        matches!(self, Class::OkWarm | Class::OkCold | Class::Accepted)
    }

    /// Neither a success nor a throttle: something to look into.
    pub fn is_error(self) -> bool {
        !self.is_success() && self != Class::Throttled
    }
}

/// What became of one request, with what is worth keeping of the answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    Ok(Answer),
    Accepted,
    Throttled { reason: String },
    FunctionError(String),
    ServerError(String),
    ClientError(String),
    Timeout,
    NoAnswer(String),
    NotSent(String),
}

impl Outcome {
    pub fn class(&self) -> Class {
        match self {
            Outcome::Ok(answer) if answer.cold_start => Class::OkCold,
            Outcome::Ok(_) => Class::OkWarm,
            Outcome::Accepted => Class::Accepted,
            Outcome::Throttled { .. } => Class::Throttled,
            Outcome::FunctionError(_) => Class::FunctionError,
            Outcome::ServerError(_) => Class::ServerError,
            Outcome::ClientError(_) => Class::ClientError,
            Outcome::Timeout => Class::Timeout,
            Outcome::NoAnswer(_) => Class::NoAnswer,
            Outcome::NotSent(_) => Class::NotSent,
        }
    }

    /// What went wrong, in the words of whoever said so.
    pub fn note(&self) -> Option<&str> {
        match self {
            Outcome::FunctionError(note)
            | Outcome::ServerError(note)
            | Outcome::ClientError(note)
            | Outcome::NoAnswer(note)
            | Outcome::NotSent(note) => Some(note),
            Outcome::Ok(_) | Outcome::Accepted | Outcome::Throttled { .. } | Outcome::Timeout => None,
        }
    }
}

/// What the sample function says about its own run. Another function's answer
/// has none of these keys and counts as warm.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Answer {
    pub environment_id: Option<String>,
    pub cold_start: bool,
    /// Seconds the environment took to initialize.
    pub cold_start_time: Option<f64>,
    /// Seconds since 1970.
    pub started_at: Option<f64>,
    /// Seconds since 1970.
    pub finished_at: Option<f64>,
}

/// An HTTP answer reduced to what tells the classes apart.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    pub status: u16,
    /// `x-amzn-ErrorType`, where AWS REST services put the error's code.
    pub error_type: Option<&'a str>,
    /// Whether `X-Amz-Function-Error` was there.
    pub function_error: bool,
    pub body: &'a [u8],
}

impl Reply<'_> {
    pub fn outcome(&self) -> Outcome {
        match self.status {
            200..=299 if self.function_error => Outcome::FunctionError(self.function_note()),
            202 => Outcome::Accepted,
            200..=299 => Outcome::Ok(serde_json::from_slice(self.body).unwrap_or_default()),
            429 => Outcome::Throttled { reason: self.throttle_reason() },
            400..=499 => Outcome::ClientError(self.service_note()),
            _ => Outcome::ServerError(self.service_note()),
        }
    }

    fn throttle_reason(&self) -> String {
        self.error_body().reason.unwrap_or_else(|| "Unspecified".to_owned())
    }

    fn function_note(&self) -> String {
        let body = self.error_body();
        let kind = body.function_error_type.as_deref().unwrap_or("Unhandled");
        sentence(kind, body.function_error_message.as_deref())
    }

    fn service_note(&self) -> String {
        let body = self.error_body();
        // `Code:http://…` in the header, `com.amazonaws.sqs#Code` in the body.
        let header = self.error_type.and_then(|text| text.split(':').next());
        let body_type = body.aws_type.as_deref().and_then(|text| text.rsplit('#').next());
        let status = self.status.to_string();
        let code = header.or(body_type).unwrap_or(&status);
        sentence(code, body.message.or(body.capital_message).as_deref())
    }

    fn error_body(&self) -> ErrorBody {
        serde_json::from_slice(self.body).unwrap_or_default()
    }
}

fn sentence(kind: &str, message: Option<&str>) -> String {
    match message {
        Some(message) => format!("{kind}: {message}"),
        None => kind.to_owned(),
    }
}

/// The error bodies of Lambda and SQS. The case of `Message` differs per
/// exception, and both cases are on the wire.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    #[serde(rename = "Reason")]
    reason: Option<String>,
    #[serde(rename = "__type")]
    aws_type: Option<String>,
    message: Option<String>,
    #[serde(rename = "Message")]
    capital_message: Option<String>,
    #[serde(rename = "errorType")]
    function_error_type: Option<String>,
    #[serde(rename = "errorMessage")]
    function_error_message: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, error_type: Option<&str>, function_error: bool, body: &str) -> Outcome {
        Reply { status, error_type, function_error, body: body.as_bytes() }.outcome()
    }

    #[test]
    fn answers_of_the_sample_function_are_read() {
        let outcome = reply(
            200,
            None,
            false,
            r#"{"execution_id":"x","environment_id":"e-1","request_id":"r","cold_start":true,
                "cold_start_time":0.021,"initialization_type":"on-demand","started_at":1763750000.25,
                "finished_at":1763750002.75,"processing_time":2.5,"remaining_time":12.4}"#,
        );
        let answer = Answer {
            environment_id: Some("e-1".into()),
            cold_start: true,
            cold_start_time: Some(0.021),
            started_at: Some(1_763_750_000.25),
            finished_at: Some(1_763_750_002.75),
        };
        assert_eq!(outcome, Outcome::Ok(answer));
    }

    #[test]
    fn every_kind_of_answer_has_its_class() {
        let check = |status, function_error, body: &str, class: Class| {
            assert_eq!(reply(status, None, function_error, body).class(), class, "{status} {body}");
        };
        check(200, false, r#"{"cold_start":true}"#, Class::OkCold);
        check(200, false, r#"{"cold_start":false}"#, Class::OkWarm);
        check(200, false, r#"{"cold_start":"perhaps"}"#, Class::OkWarm);
        check(200, false, r#""hello""#, Class::OkWarm);
        check(200, false, "null", Class::OkWarm);
        check(200, false, "", Class::OkWarm);
        check(202, false, "", Class::Accepted);
        check(200, true, r#"{"errorType":"Sandbox.Timedout"}"#, Class::FunctionError);
        check(429, false, "", Class::Throttled);
        check(400, false, "{}", Class::ClientError);
        check(404, false, "{}", Class::ClientError);
        check(413, false, "not json", Class::ClientError);
        check(500, false, "", Class::ServerError);
        check(503, false, "<html>", Class::ServerError);
        check(304, false, "", Class::ServerError);
    }

    #[test]
    fn throttles_keep_the_reason_of_aws() {
        let check = |body: &str, expected: &str| {
            let throttled = Outcome::Throttled { reason: expected.into() };
            assert_eq!(reply(429, Some("TooManyRequestsException"), false, body), throttled);
        };
        check(
            r#"{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}"#,
            "ReservedFunctionConcurrentInvocationLimitExceeded",
        );
        check(
            r#"{"Reason":"CallerRateLimitExceeded","Type":"User","message":"Rate exceeded"}"#,
            "CallerRateLimitExceeded",
        );
        check(r#"{"message":"Too Many Requests"}"#, "Unspecified");
        check("", "Unspecified");
    }

    #[test]
    fn notes_speak_the_words_of_the_service() {
        let check = |status, error_type, function_error, body: &str, expected: &str| {
            let outcome = reply(status, error_type, function_error, body);
            assert_eq!(outcome.note(), Some(expected));
        };
        check(
            404,
            Some("ResourceNotFoundException:http://internal.amazon.com/"),
            false,
            r#"{"Message":"Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST","Type":"User"}"#,
            "ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
        );
        check(
            400,
            None,
            false,
            r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}"#,
            "QueueDoesNotExist: The specified queue does not exist.",
        );
        check(
            200,
            None,
            true,
            r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 1 Error: Task timed out after 3.00 seconds"}"#,
            "Sandbox.Timedout: RequestId: 1 Error: Task timed out after 3.00 seconds",
        );
        check(200, None, true, r#"{"errorMessage":"old form"}"#, "Unhandled: old form");
        check(502, None, false, "<html>", "502");
    }
}
