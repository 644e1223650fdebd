//! A queue of the emulator, over the wire.

use bytes::Bytes;
use serde_json::Value;

use super::crew::{Connection, Crew};
use super::shot::Shot;

/// What every message has as its body: 100 bytes.
const BODY: [u8; 100] = [b'x'; 100];

/// As many messages as a batch may have.
pub(crate) const BATCH: usize = 10;

/// A standard queue. All its messages have the same body.
#[derive(Debug, Clone)]
pub(crate) struct Queue {
    url: String,
}

/// How many messages a queue says that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) visible: usize,
    pub(crate) in_flight: usize,
}

impl Queue {
    pub(crate) fn create(crew: &mut Crew, name: &str) -> Self {
        crew.ask(Shot::sqs("AmazonSQS.CreateQueue", [format!(r#"{{"QueueName":"{name}"}}"#)]));
        Self { url: format!("http://127.0.0.1/000000000000/{name}") }
    }

    /// SendMessage.
    pub(crate) fn send(&self) -> Shot {
        self.send_text(body())
    }

    /// SendMessage with a body of its own, which must need no escape.
    pub(crate) fn send_text(&self, text: &str) -> Shot {
        let url = &self.url;
        let request = format!(r#"{{"QueueUrl":"{url}","MessageBody":"{text}"}}"#);
        Shot::sqs("AmazonSQS.SendMessage", [request])
    }

    /// SendMessageBatch of ten.
    pub(crate) fn send_batch(&self) -> Shot {
        let entries: Vec<String> =
            (0..BATCH).map(|index| format!(r#"{{"Id":"{index}","MessageBody":"{}"}}"#, body())).collect();
        let request = format!(r#"{{"QueueUrl":"{}","Entries":[{}]}}"#, self.url, entries.join(","));
        Shot::sqs("AmazonSQS.SendMessageBatch", [request])
    }

    /// ReceiveMessage of at most `most`, with other members that begin with a
    /// comma.
    pub(crate) fn receive(&self, most: usize, others: &str) -> Shot {
        let url = &self.url;
        let request = format!(r#"{{"QueueUrl":"{url}","MaxNumberOfMessages":{most}{others}}}"#);
        Shot::sqs("AmazonSQS.ReceiveMessage", [request])
    }

    /// DeleteMessage with each of these handles.
    pub(crate) fn delete<'a>(&self, handles: impl IntoIterator<Item = &'a str>) -> Shot {
        let request = |handle| format!(r#"{{"QueueUrl":"{}","ReceiptHandle":"{handle}"}}"#, self.url);
        Shot::sqs("AmazonSQS.DeleteMessage", handles.into_iter().map(request))
    }

    /// Sends that many messages, in batches of ten.
    pub(crate) fn fill(&self, crew: &mut Crew, messages: usize) {
        assert!(messages.is_multiple_of(BATCH), "{messages} messages are no number of full batches");
        for answer in crew.fire(self.send_batch(), messages / BATCH) {
            let sent = count(&answer, r#""MessageId":"#);
            assert_eq!(sent, BATCH, "a batch was not sent: {}", String::from_utf8_lossy(&answer));
        }
    }

    /// Receives that many messages, ten at a time, with other members as
    /// `receive` has them. The answers hold the handles.
    pub(crate) fn take(&self, crew: &mut Crew, messages: usize, others: &str) -> Vec<Bytes> {
        assert!(messages.is_multiple_of(BATCH), "{messages} messages are no number of full receives");
        let answers = crew.fire(self.receive(BATCH, others), messages / BATCH);
        let taken: usize = answers.iter().map(|answer| handles(answer).count()).sum();
        assert_eq!(taken, messages, "receives of {BATCH} did not all find as many");
        answers
    }

    /// Receives one message and deletes it.
    pub(crate) async fn receive_and_delete(&self, receive: &Shot, connection: &mut Connection) {
        let answer = receive.fire(connection, 0).await;
        let handle = handles(&answer).next();
        let handle = handle.unwrap_or_else(|| panic!("a receive found no message in {}", self.url));
        self.delete([handle]).fire(connection, 0).await;
    }

    pub(crate) fn counts(&self, crew: &mut Crew) -> Counts {
        let request = format!(r#"{{"QueueUrl":"{}","AttributeNames":["All"]}}"#, self.url);
        let answer = crew.ask(Shot::sqs("AmazonSQS.GetQueueAttributes", [request]));
        let answer: Value = serde_json::from_slice(&answer).expect("JSON");
        let count = |name: &str| {
            let count = answer["Attributes"][name].as_str().and_then(|count| count.parse().ok());
            count.unwrap_or_else(|| panic!("no {name} in {answer}"))
        };
        Counts {
            visible: count("ApproximateNumberOfMessages"),
            in_flight: count("ApproximateNumberOfMessagesNotVisible"),
        }
    }
}

/// The receipt handles in the answer to a receive.
pub(crate) fn handles(answer: &[u8]) -> impl Iterator<Item = &str> {
    let text = str::from_utf8(answer).expect("an answer is text");
    let rests = text.split(r#""ReceiptHandle":""#).skip(1);
    rests.map(|rest| rest.split('"').next().expect("a handle ends"))
}

fn count(answer: &[u8], part: &str) -> usize {
    str::from_utf8(answer).expect("an answer is text").matches(part).count()
}

fn body() -> &'static str {
    str::from_utf8(&BODY).expect("ASCII")
}
