//! A message of a batch, and the line in the log that tells of its end.
//!
//! Whoever sends to a queue hears nothing of what became of the message. So the
//! log says it: one line of JSON for each message that was worked on.

use serde::Serialize;
use serde_json::Value;

/// What the record says, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    pub message_id: String,
    /// Milliseconds since 1970, by the queue's clock.
    pub sent_timestamp: Option<u64>,
    pub receive_count: Option<u64>,
    /// Whether it asked to fail: then it is a batch item failure.
    pub failed: bool,
}

impl Message {
    pub(crate) fn of(record: &Value, failed: bool) -> Self {
        let number = |name: &str| record["attributes"][name].as_str()?.parse().ok();
        Self {
            message_id: record["messageId"].as_str().unwrap_or_default().to_owned(),
            sent_timestamp: number("SentTimestamp"),
            receive_count: number("ApproximateReceiveCount"),
            failed,
        }
    }

    /// Its line in the log.
    pub(crate) fn log(&self) {
        println!("{}", serde_json::to_string(self).expect("strings and numbers always serialize"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_says_when_it_was_sent_and_how_it_ended() {
        let record = json!({
            "messageId": "m1",
            "attributes": {"SentTimestamp": "1763750000000", "ApproximateReceiveCount": "2"},
        });
        let line = serde_json::to_string(&Message::of(&record, true)).expect("it serializes");
        let expected =
            r#"{"message_id":"m1","sent_timestamp":1763750000000,"receive_count":2,"failed":true}"#;
        assert_eq!(line, expected);
    }
}
