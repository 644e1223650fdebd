//! What the function can be told to do.
//!
//! | key | value | effect |
//! | --- | --- | --- |
//! | `sleep_ms` | integer | waits without using the CPU |
//! | `burn_ms` | integer | keeps the CPU busy for that long on the wall clock |
//! | `allocate_mb` | integer | takes and touches memory, held to the end of the invocation |
//! | `return_bytes` | integer | the answer carries a `padding` of that many bytes |
//! | `log` | string | printed to stdout |
//! | `exit` | integer 0–255 | the process exits with this code |
//! | `fail` | string or true | a function error; in an SQS record: a batch item failure |
//! | `fail_batch` | string or true | a function error, in an SQS record too |
//!
//! They may be combined; they are followed in the order log, allocate, sleep,
//! burn, exit, fail, so that a crash or a failure can come late. Unknown keys
//! are ignored and `null` counts as absent. With no instruction at all the
//! function sleeps [`DEFAULT_SLEEP_MS`].

use std::fmt;

use serde_json::{Map, Value};

/// Long enough to watch invocations overlap, short enough to wait for.
pub const DEFAULT_SLEEP_MS: u64 = 2500;

/// Lambda's largest memory size.
const ALLOCATE_MB_MAX: u64 = 10_240;
/// Lambda's largest response, the streamed one. A buffered one ends at 6 MB,
/// and going beyond that is a case worth trying.
const RETURN_BYTES_MAX: u64 = 200 * 1024 * 1024;
/// What a process can hand to its parent.
const EXIT_MAX: u64 = 255;

/// What one invocation is to do.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Instruction {
    pub sleep_ms: Option<u64>,
    pub burn_ms: Option<u64>,
    pub allocate_mb: Option<u64>,
    pub return_bytes: Option<u64>,
    pub exit: Option<u64>,
    pub fail: Option<String>,
    pub fail_batch: Option<String>,
    /// One line per instruction that had one: a batch may have many.
    pub log: Vec<String>,
}

impl Instruction {
    /// Reads the known keys of a JSON object.
    pub fn read(keys: &Map<String, Value>) -> Result<Self, Malformed> {
        Ok(Self {
            sleep_ms: integer(keys, "sleep_ms", u64::MAX)?,
            burn_ms: integer(keys, "burn_ms", u64::MAX)?,
            allocate_mb: integer(keys, "allocate_mb", ALLOCATE_MB_MAX)?,
            return_bytes: integer(keys, "return_bytes", RETURN_BYTES_MAX)?,
            exit: integer(keys, "exit", EXIT_MAX)?,
            fail: message(keys, "fail")?,
            fail_batch: message(keys, "fail_batch")?,
            log: line(keys, "log")?.into_iter().collect(),
        })
    }

    /// Reads query parameters, where every value is text.
    pub fn read_query(parameters: &Map<String, Value>) -> Result<Self, Malformed> {
        let typed = parameters.iter().map(|(key, value)| (key.clone(), query_value(key, value)));
        Self::read(&typed.collect())
    }

    /// Both, one after the other: times, sizes and lines add up, and of two
    /// ways to end the first one counts.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.log.extend(other.log);
        Self {
            sleep_ms: sum(self.sleep_ms, other.sleep_ms),
            burn_ms: sum(self.burn_ms, other.burn_ms),
            allocate_mb: sum(self.allocate_mb, other.allocate_mb),
            return_bytes: sum(self.return_bytes, other.return_bytes),
            exit: self.exit.or(other.exit),
            fail: self.fail.or(other.fail),
            fail_batch: self.fail_batch.or(other.fail_batch),
            log: self.log,
        }
    }

    /// The default sleep, if nothing else is to be done.
    #[must_use]
    pub fn or_sleep(self) -> Self {
        if self == Self::default() {
            return Self { sleep_ms: Some(DEFAULT_SLEEP_MS), ..self };
        }
        self
    }

    /// The message of the function error to end with.
    pub fn failure(&self) -> Option<&str> {
        self.fail_batch.as_deref().or(self.fail.as_deref())
    }
}

/// An instruction that cannot be followed, with the field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(String);

impl Malformed {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    fn field(field: &str, expected: &str, found: &Value) -> Self {
        Self(format!("{field} must be {expected}, not {found}"))
    }

    /// The same, saying in which message of a batch it was found.
    pub(crate) fn in_message(self, message_id: &str) -> Self {
        Self(format!("message {message_id}: {}", self.0))
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Malformed {}

fn present<'a>(keys: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    keys.get(field).filter(|value| !value.is_null())
}

fn integer(keys: &Map<String, Value>, field: &str, max: u64) -> Result<Option<u64>, Malformed> {
    let Some(value) = present(keys, field) else {
        return Ok(None);
    };
    match value.as_u64() {
        Some(number) if number <= max => Ok(Some(number)),
        Some(_) => Err(Malformed::field(field, &format!("at most {max}"), value)),
        None => Err(Malformed::field(field, "a non-negative integer", value)),
    }
}

fn line(keys: &Map<String, Value>, field: &str) -> Result<Option<String>, Malformed> {
    let Some(value) = present(keys, field) else {
        return Ok(None);
    };
    match value.as_str() {
        Some(text) => Ok(Some(text.to_owned())),
        None => Err(Malformed::field(field, "a string", value)),
    }
}

/// A failure's message: `true` asks for any, `false` for none.
fn message(keys: &Map<String, Value>, field: &str) -> Result<Option<String>, Malformed> {
    let Some(value) = present(keys, field) else {
        return Ok(None);
    };
    match (value.as_bool(), value.as_str()) {
        (Some(true), _) => Ok(Some("failed as instructed".to_owned())),
        (Some(false), _) => Ok(None),
        (None, Some(text)) => Ok(Some(text.to_owned())),
        (None, None) => Err(Malformed::field(field, "a string or true", value)),
    }
}

/// The JSON value that a query parameter stands for. A `log` stays text
/// whatever it looks like; a message stays text unless it is a bool.
fn query_value(key: &str, value: &Value) -> Value {
    let Some(text) = value.as_str() else {
        return value.clone();
    };
    let parsed = serde_json::from_str::<Value>(text).unwrap_or_else(|_| value.clone());
    let fits = match key {
        "log" => false,
        "fail" | "fail_batch" => parsed.is_boolean(),
        _ => parsed.is_number(),
    };
    if fits { parsed } else { value.clone() }
}

fn sum(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.saturating_add(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(json: &Value) -> Result<Instruction, Malformed> {
        Instruction::read(json.as_object().expect("an object"))
    }

    #[test]
    fn every_key_is_read() {
        let check = |json: Value, expected: Instruction| assert_eq!(read(&json), Ok(expected));
        let none = Instruction::default;
        check(json!({}), none());
        check(json!({"colour": "red"}), none());
        check(json!({"sleep_ms": null}), none());
        check(json!({"fail": false}), none());
        check(json!({"sleep_ms": 0}), Instruction { sleep_ms: Some(0), ..none() });
        check(json!({"burn_ms": 5}), Instruction { burn_ms: Some(5), ..none() });
        check(json!({"allocate_mb": 64}), Instruction { allocate_mb: Some(64), ..none() });
        check(json!({"return_bytes": 9}), Instruction { return_bytes: Some(9), ..none() });
        check(json!({"exit": 3}), Instruction { exit: Some(3), ..none() });
        check(json!({"log": "hi"}), Instruction { log: vec!["hi".into()], ..none() });
        check(json!({"fail": "no"}), Instruction { fail: Some("no".into()), ..none() });
        check(json!({"fail": true}), Instruction { fail: Some("failed as instructed".into()), ..none() });
        check(json!({"fail_batch": "all"}), Instruction { fail_batch: Some("all".into()), ..none() });
    }

    #[test]
    fn a_wrong_type_names_its_field() {
        let check = |json: Value, expected: &str| {
            assert_eq!(read(&json).expect_err("malformed").to_string(), expected);
        };
        check(json!({"sleep_ms": "1"}), r#"sleep_ms must be a non-negative integer, not "1""#);
        check(json!({"sleep_ms": 1.5}), "sleep_ms must be a non-negative integer, not 1.5");
        check(json!({"burn_ms": -1}), "burn_ms must be a non-negative integer, not -1");
        check(json!({"exit": 256}), "exit must be at most 255, not 256");
        check(json!({"allocate_mb": 10241}), "allocate_mb must be at most 10240, not 10241");
        check(json!({"fail": 1}), "fail must be a string or true, not 1");
        check(json!({"log": true}), "log must be a string, not true");
    }

    #[test]
    fn a_query_is_read_as_it_is_meant() {
        let check = |json: Value, expected: Value| {
            let query = Instruction::read_query(json.as_object().expect("an object"));
            assert_eq!(query, read(&expected), "{json}");
        };
        check(json!({"sleep_ms": "20", "fail": "true"}), json!({"sleep_ms": 20, "fail": true}));
        check(json!({"fail": "404", "log": "404"}), json!({"fail": "404", "log": "404"}));
        check(json!({"sleep_ms": "soon"}), json!({"sleep_ms": "soon"}));
        check(json!({"q": "20"}), json!({}));
    }

    #[test]
    fn the_default_sleep_is_for_nothing_else_to_do() {
        let check = |json: Value, expected: Option<u64>| {
            assert_eq!(read(&json).expect("well-formed").or_sleep().sleep_ms, expected, "{json}");
        };
        check(json!({}), Some(DEFAULT_SLEEP_MS));
        check(json!({"sleep_ms": 1}), Some(1));
        check(json!({"log": "hi"}), None);
        check(json!({"exit": 0}), None);
    }
}
