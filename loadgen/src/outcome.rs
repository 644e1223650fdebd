//! What became of a request: the classes, and how an HTTP answer falls into one.
//!
//! Knows neither the SDK nor the clock, so that recorded bodies can be put in.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The class of an outcome. Each request ends in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// 200 that neither its body nor its log tail calls a cold start.
    OkWarm,
    /// 200, the first of a new environment: the body's `cold_start` says so, or
    /// the `Init Duration` in the log tail's REPORT line.
    OkCold,
    /// 202, or a message confirmed with its id.
    Accepted,
    /// 429, or a throttle that SQS words as a 4xx; counted under its reason.
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
    Accepted {
        status: u16,
        /// Of an event: the id that its invocation will have.
        request_id: Option<Box<str>>,
    },
    Throttled {
        status: u16,
        reason: String,
    },
    FunctionError(String),
    ServerError {
        /// None where the answer was not HTTP's to number.
        status: Option<u16>,
        note: String,
    },
    ClientError {
        status: u16,
        note: String,
    },
    Timeout,
    NoAnswer(String),
    NotSent(String),
}

impl Outcome {
    pub fn class(&self) -> Class {
        match self {
            Outcome::Ok(answer) if answer.is_cold() => Class::OkCold,
            Outcome::Ok(_) => Class::OkWarm,
            Outcome::Accepted { .. } => Class::Accepted,
            Outcome::Throttled { .. } => Class::Throttled,
            Outcome::FunctionError(_) => Class::FunctionError,
            Outcome::ServerError { .. } => Class::ServerError,
            Outcome::ClientError { .. } => Class::ClientError,
            Outcome::Timeout => Class::Timeout,
            Outcome::NoAnswer(_) => Class::NoAnswer,
            Outcome::NotSent(_) => Class::NotSent,
        }
    }

    /// What went wrong, in the words of whoever said so.
    pub fn note(&self) -> Option<&str> {
        match self {
            Outcome::FunctionError(note)
            | Outcome::ServerError { note, .. }
            | Outcome::ClientError { note, .. }
            | Outcome::NoAnswer(note)
            | Outcome::NotSent(note) => Some(note),
            Outcome::Ok(_) | Outcome::Accepted { .. } | Outcome::Throttled { .. } | Outcome::Timeout => None,
        }
    }

    /// Why it was throttled, if it was.
    pub fn reason(&self) -> Option<&str> {
        let Outcome::Throttled { reason, .. } = self else { return None };
        Some(reason)
    }

    /// The HTTP status, where there was an answer.
    pub fn status(&self) -> Option<u16> {
        match self {
            Outcome::Ok(answer) => Some(answer.status),
            Outcome::Accepted { status, .. }
            | Outcome::Throttled { status, .. }
            | Outcome::ClientError { status, .. } => Some(*status),
            Outcome::FunctionError(_) => Some(200),
            Outcome::ServerError { status, .. } => *status,
            Outcome::Timeout | Outcome::NoAnswer(_) | Outcome::NotSent(_) => None,
        }
    }

    /// What the function said of its run, if it ran and said so.
    pub fn answer(&self) -> Option<&Answer> {
        let Outcome::Ok(answer) = self else { return None };
        Some(answer)
    }
}

/// What the sample function says about its own run. Another function's answer
/// has none of these keys; then the log tail says whether it was a cold start.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Answer {
    pub environment_id: Option<String>,
    /// None when neither body nor log tail says; that counts as warm.
    pub cold_start: Option<bool>,
    /// Seconds the environment took to initialize.
    pub cold_start_time: Option<f64>,
    /// Seconds since 1970.
    pub started_at: Option<f64>,
    /// Seconds since 1970.
    pub finished_at: Option<f64>,
    #[serde(skip)]
    pub status: u16,
}

impl Answer {
    pub fn is_cold(&self) -> bool {
        self.cold_start == Some(true)
    }

    /// When the function ran, in seconds since 1970.
    pub fn ran(&self) -> Option<(f64, f64)> {
        self.started_at.zip(self.finished_at)
    }

    /// How long the environment took to initialize, if this answer waited for it.
    pub fn init(&self) -> Option<Duration> {
        let init = self.cold_start_time.filter(|_| self.is_cold())?;
        Duration::try_from_secs_f64(init).ok()
    }

    /// Fills what the body left open from the log tail.
    fn completed_by(self, log_tail: Option<&str>) -> Answer {
        let Some(report) = log_tail.and_then(LogReport::of_tail) else { return self };
        Answer {
            cold_start: self.cold_start.or(Some(report.init_ms.is_some())),
            cold_start_time: self.cold_start_time.or(report.init_ms.map(|ms| ms / 1000.0)),
            ..self
        }
    }
}

/// The platform's last line about an invocation, as far as it is of use here.
#[derive(Debug, Clone, Copy, PartialEq)]
struct LogReport {
    /// There for the first invocation of an environment only.
    init_ms: Option<f64>,
}

impl LogReport {
    /// Reads `x-amz-log-result`. The REPORT line is the last of its kind: what
    /// the function wrote itself stands above it.
    fn of_tail(base64: &str) -> Option<LogReport> {
        let tail = BASE64_STANDARD.decode(base64).ok()?;
        let tail = String::from_utf8_lossy(&tail);
        let line = tail.lines().rev().find(|line| line.starts_with("REPORT RequestId:"))?;
        let init = line.split('\t').find_map(|field| field.trim().strip_prefix("Init Duration:"));
        let init_ms = init.and_then(|value| value.trim().strip_suffix("ms")?.trim().parse().ok());
        Some(LogReport { init_ms })
    }
}

/// An HTTP answer reduced to what tells the classes apart.
#[derive(Debug, Clone, Copy)]
pub struct Reply<'a> {
    pub status: u16,
    /// `x-amzn-ErrorType`, where AWS REST services put the error's code.
    pub error_type: Option<&'a str>,
    /// Whether `X-Amz-Function-Error` was there.
    pub function_error: bool,
    /// `x-amz-log-result`: the end of the log in base64, where it was asked for.
    pub log_tail: Option<&'a str>,
    /// `x-amzn-RequestId`.
    pub request_id: Option<&'a str>,
    pub body: &'a [u8],
}

/// How SQS names a throttle, which it sends with a 400 or 403.
const SQS_THROTTLES: [&str; 3] = ["RequestThrottled", "ThrottlingException", "Throttling"];

impl Reply<'_> {
    /// The outcome of an invocation, or of any request to a URL.
    pub fn outcome(&self) -> Outcome {
        match self.status {
            200..=299 if self.function_error => Outcome::FunctionError(self.function_note()),
            202 => Outcome::Accepted { status: 202, request_id: self.request_id.map(Into::into) },
            200..=299 => Outcome::Ok(self.answer()),
            _ => self.refusal(),
        }
    }

    /// The outcome of an answer that is no success.
    pub fn refusal(&self) -> Outcome {
        let (status, body) = (self.status, self.error_body());
        let code = self.code(&body).filter(|code| SQS_THROTTLES.contains(code));
        match (status, code) {
            (400..=499, Some(code)) => Outcome::Throttled { status, reason: code.to_owned() },
            (429, None) => Outcome::Throttled { status, reason: body.throttle_reason() },
            (400..=499, None) => Outcome::ClientError { status, note: self.service_note(body) },
            _ => Outcome::ServerError { status: Some(status), note: self.service_note(body) },
        }
    }

    fn answer(&self) -> Answer {
        let answer: Answer = serde_json::from_slice(self.body).unwrap_or_default();
        Answer { status: self.status, ..answer.completed_by(self.log_tail) }
    }

    fn function_note(&self) -> String {
        let body = self.error_body();
        let kind = body.function_error_type.as_deref().unwrap_or("Unhandled");
        sentence(kind, body.function_error_message.as_deref())
    }

    fn service_note(&self, body: ErrorBody) -> String {
        let status = self.status;
        let kind = self.code(&body).map_or(status.to_string(), |code| format!("{status} {code}"));
        sentence(&kind, body.words().as_deref())
    }

    /// `Code:http://…` in the header, `com.amazonaws.sqs#Code` in the body.
    fn code<'a>(&'a self, body: &'a ErrorBody) -> Option<&'a str> {
        let header = self.error_type.and_then(|text| text.split(':').next());
        let body_type = body.aws_type.as_deref().and_then(|text| text.rsplit('#').next());
        header.or(body_type)
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

impl ErrorBody {
    fn words(self) -> Option<String> {
        self.message.or(self.capital_message)
    }

    /// Lambda's reason; of a throttle that is not Lambda's its words, which are
    /// how API Gateway tells its rates from its quotas.
    fn throttle_reason(mut self) -> String {
        self.reason.take().or(self.words()).unwrap_or_else(|| "Unspecified".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, error_type: Option<&str>, function_error: bool, body: &str) -> Outcome {
        Reply { status, error_type, function_error, log_tail: None, request_id: None, body: body.as_bytes() }
            .outcome()
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
            cold_start: Some(true),
            cold_start_time: Some(0.021),
            started_at: Some(1_763_750_000.25),
            finished_at: Some(1_763_750_002.75),
            status: 200,
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
    fn the_log_tail_tells_what_the_body_does_not() {
        let check = |body: &str, log: &str, class: Class, time: Option<f64>| {
            let tail = BASE64_STANDARD.encode(log);
            let body = body.as_bytes();
            let reply = Reply {
                status: 200,
                error_type: None,
                function_error: false,
                log_tail: Some(&tail),
                request_id: None,
                body,
            };
            let outcome = reply.outcome();
            assert_eq!(outcome.class(), class, "{body:?} {log}");
            let Outcome::Ok(answer) = outcome else { panic!("{outcome:?}") };
            assert_eq!(answer.cold_start_time, time, "{body:?} {log}");
        };
        let cold = "START RequestId: 1 Version: $LATEST\nEND RequestId: 1\n\
            REPORT RequestId: 1\tDuration: 3.01 ms\tBilled Duration: 114 ms\tMemory Size: 128 MB\t\
            Max Memory Used: 36 MB\tInit Duration: 110.50 ms\t\n";
        let warm = "REPORT RequestId: 1\tDuration: 3.01 ms\tBilled Duration: 4 ms\t\n";
        check("{}", cold, Class::OkCold, Some(0.1105));
        check("\"hello\"", cold, Class::OkCold, Some(0.1105));
        check("", cold, Class::OkCold, Some(0.1105));
        check(r#"{"cold_start":"perhaps"}"#, cold, Class::OkCold, Some(0.1105));
        check(r#"{"cold_start":null}"#, cold, Class::OkCold, Some(0.1105));
        check("{}", warm, Class::OkWarm, None);
        // The body knows better, and the tail fills in.
        check(r#"{"cold_start":false}"#, cold, Class::OkWarm, Some(0.1105));
        check(r#"{"cold_start":true}"#, warm, Class::OkCold, None);
        check(r#"{"cold_start":true}"#, cold, Class::OkCold, Some(0.1105));
        check(r#"{"cold_start":true,"cold_start_time":0.02}"#, cold, Class::OkCold, Some(0.02));
        // Only the platform's own line counts.
        check("{}", "", Class::OkWarm, None);
        check("{}", "Init Duration: 1.00 ms\n", Class::OkWarm, None);
        check("{}", "INIT_REPORT Init Duration: 84.00 ms\tPhase: init\n", Class::OkWarm, None);
        check("{}", &format!("{cold}{warm}"), Class::OkWarm, None);
        check("{}", "REPORT RequestId: 1\tInit Duration: long\t\n", Class::OkWarm, None);
    }

    #[test]
    fn a_log_tail_that_cannot_be_read_says_nothing() {
        let check = |tail: &str| assert_eq!(LogReport::of_tail(tail), None, "{tail}");
        check("");
        check("not base64!");
        check(&BASE64_STANDARD.encode([0xff, 0xfe]));
    }

    #[test]
    fn throttles_keep_the_reason_of_aws() {
        let check = |body: &str, expected: &str| {
            let throttled = Outcome::Throttled { status: 429, reason: expected.into() };
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
        check(r#"{"message":"Too Many Requests"}"#, "Too Many Requests");
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
            "404 ResourceNotFoundException: Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:$LATEST",
        );
        check(
            400,
            None,
            false,
            r#"{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}"#,
            "400 QueueDoesNotExist: The specified queue does not exist.",
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
