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
    /// Of a FIFO queue: the group, and the place in its order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<String>,
    /// Whether it asked to fail: then it is a batch item failure.
    pub failed: bool,
}

impl Message {
    pub(crate) fn of(record: &Value, failed: bool) -> Self {
        let text = |name: &str| record["attributes"][name].as_str();
        let number = |name: &str| text(name)?.parse().ok();
        Self {
            message_id: record["messageId"].as_str().unwrap_or_default().to_owned(),
            sent_timestamp: number("SentTimestamp"),
            receive_count: number("ApproximateReceiveCount"),
            group: text("MessageGroupId").map(str::to_owned),
            sequence: text("SequenceNumber").map(str::to_owned),
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

    #[test]
    fn of_a_fifo_queue_it_says_the_place_in_the_order() {
        let attributes = json!({"MessageGroupId": "g", "SequenceNumber": "18849496460467696128"});
        let line = serde_json::to_string(&Message::of(&json!({"attributes": attributes}), false));
        let expected = r#""group":"g","sequence":"18849496460467696128","failed":false}"#;
        assert!(line.expect("it serializes").ends_with(expected));
    }
}
