//! All actions, in both protocols.

use std::collections::BTreeSet;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Value, json};

use super::form::unfold;
use super::{STILL, api, arn, form, json as request, url};
use crate::api::Api;
use crate::api::sqs::Protocol;
use crate::engine::Quotas;

/// Every action that SQS has.
const ALL: [&str; 23] = [
    "AddPermission",
    "CancelMessageMoveTask",
    "ChangeMessageVisibility",
    "ChangeMessageVisibilityBatch",
    "CreateQueue",
    "DeleteMessage",
    "DeleteMessageBatch",
    "DeleteQueue",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "ListMessageMoveTasks",
    "ListQueueTags",
    "ListQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "RemovePermission",
    "SendMessage",
    "SendMessageBatch",
    "SetQueueAttributes",
    "StartMessageMoveTask",
    "TagQueue",
    "UntagQueue",
];

/// A client of one of the two protocols, and what it has asked for.
struct Client<'a> {
    api: &'a Api,
    protocol: Protocol,
    asked: BTreeSet<String>,
}

impl Client<'_> {
    /// Asks for an action whose result has these members, by their names in
    /// JSON and in XML, and gives the text of the first.
    async fn ask(&mut self, action: &str, body: Value, members: &[(&str, &str)]) -> String {
        self.asked.insert(action.to_owned());
        match self.protocol {
            Protocol::Json => {
                let replied = request(self.api, action, &body.to_string()).await;
                assert_eq!(replied.status, 200, "{action}: {}", replied.body);
                assert_eq!(replied.header("content-type"), "application/x-amz-json-1.0");
                let answer = replied.json();
                let shown: BTreeSet<&str> =
                    answer.as_object().into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                let expected: BTreeSet<&str> = members.iter().map(|(json, _)| *json).collect();
                assert_eq!(shown, expected, "{action}: {answer}");
                members.first().map(|(json, _)| answer[json].as_str().unwrap_or_default().to_owned())
            }
            Protocol::Query => {
                let (path, members_of_form) = unfold(action, &body);
                let replied = form(self.api, &path, action, &members_of_form).await;
                assert_eq!(replied.status, 200, "{action}: {}", replied.body);
                assert_eq!(replied.header("content-type"), "text/xml");
                let expected: BTreeSet<String> = members.iter().map(|(_, xml)| (*xml).to_owned()).collect();
                assert_eq!(members_of_result(&replied.body, action), expected, "{}", replied.body);
                members.first().map(|(_, xml)| replied.xml(xml).to_owned())
            }
        }
        .unwrap_or_default()
    }

    /// The handle of a message that is received.
    async fn receive(&mut self, queue: &str) -> String {
        let received =
            self.ask("ReceiveMessage", json!({ "QueueUrl": queue }), &[("Messages", "Message")]).await;
        match self.protocol {
            // A message is no text: what it is made of has to be asked for again.
            Protocol::Json => {
                let show = json!({ "QueueUrl": queue, "VisibilityTimeout": 0 }).to_string();
                let replied = request(self.api, "ReceiveMessage", &show).await.json();
                replied["Messages"][0]["ReceiptHandle"].as_str().expect("a handle").to_owned()
            }
            Protocol::Query => {
                let (_, rest) = received.split_once("<ReceiptHandle>").expect("a handle");
                rest.split_once("</ReceiptHandle>").expect("its end").0.to_owned()
            }
        }
    }
}

/// The names of the elements of a result, which repeat where they are lists.
fn members_of_result(xml: &str, action: &str) -> BTreeSet<String> {
    let (envelope, result) = (format!("{action}Response"), format!("{action}Result"));
    let mut reader = Reader::from_str(xml);
    let mut open: Vec<String> = Vec::new();
    let mut found = BTreeSet::new();
    loop {
        let event = reader.read_event().expect("well-formed XML");
        if let Event::Start(start) = &event {
            open.push(start.name().as_ref().to_owned());
            if open.len() == 3 && open[..2] == [envelope.clone(), result.clone()] {
                found.insert(open[2].clone());
            }
        } else if matches!(event, Event::End(_)) {
            open.pop();
        } else if matches!(event, Event::Eof) {
            return found;
        }
    }
}

/// One account's day, told in one protocol.
async fn use_everything(protocol: Protocol) {
    let api = api(Quotas::default(), STILL);
    let mut client = Client { api: &api, protocol, asked: BTreeSet::new() };
    let (q, dead) = (url("q"), url("dead"));
    let queue_url = [("QueueUrl", "QueueUrl")];
    client.ask("CreateQueue", json!({ "QueueName": "dead" }), &queue_url).await;
    let policy = json!({ "deadLetterTargetArn": arn("dead"), "maxReceiveCount": 9 }).to_string();
    let attributes = json!({ "RedrivePolicy": policy, "VisibilityTimeout": "0" });
    let new = json!({ "QueueName": "q", "Attributes": attributes, "tags": {"a": "b"} });
    assert_eq!(client.ask("CreateQueue", new, &queue_url).await, q);
    assert_eq!(client.ask("GetQueueUrl", json!({ "QueueName": "q" }), &queue_url).await, q);
    client.ask("ListQueues", json!({}), &[("QueueUrls", "QueueUrl")]).await;
    client.ask("ListQueues", json!({ "QueueNamePrefix": "none" }), &[]).await;
    let page = [("QueueUrls", "QueueUrl"), ("NextToken", "NextToken")];
    client.ask("ListQueues", json!({ "MaxResults": 1 }), &page).await;
    let sources = json!({ "QueueUrl": dead });
    client.ask("ListDeadLetterSourceQueues", sources, &[("queueUrls", "QueueUrl")]).await;

    let set = json!({ "QueueUrl": q, "Attributes": {"DelaySeconds": "0"} });
    client.ask("SetQueueAttributes", set, &[]).await;
    client.ask("GetQueueAttributes", json!({ "QueueUrl": q }), &[]).await;
    let get = json!({ "QueueUrl": q, "AttributeNames": ["All"] });
    client.ask("GetQueueAttributes", get, &[("Attributes", "Attribute")]).await;

    client.ask("TagQueue", json!({ "QueueUrl": q, "Tags": {"c": "d"} }), &[]).await;
    client.ask("ListQueueTags", json!({ "QueueUrl": q }), &[("Tags", "Tag")]).await;
    client.ask("UntagQueue", json!({ "QueueUrl": q, "TagKeys": ["a", "c"] }), &[]).await;
    client.ask("ListQueueTags", json!({ "QueueUrl": q }), &[]).await;

    let grant = json!({
        "QueueUrl": q, "Label": "l", "AWSAccountIds": ["123456789012"], "Actions": ["SendMessage"],
    });
    client.ask("AddPermission", grant, &[]).await;
    client.ask("RemovePermission", json!({ "QueueUrl": q, "Label": "l" }), &[]).await;

    let (body_md5, id) = (("MD5OfMessageBody", "MD5OfMessageBody"), ("MessageId", "MessageId"));
    let hello = json!({ "QueueUrl": q, "MessageBody": "hello" });
    let md5 = client.ask("SendMessage", hello, &[body_md5, id]).await;
    assert_eq!(md5, "5d41402abc4b2a76b9719d911017c592");
    let handle = client.receive(&q).await;
    let hide = json!({ "QueueUrl": q, "ReceiptHandle": handle, "VisibilityTimeout": 0 });
    client.ask("ChangeMessageVisibility", hide, &[]).await;
    client.ask("DeleteMessage", json!({ "QueueUrl": q, "ReceiptHandle": handle }), &[]).await;
    client.ask("ReceiveMessage", json!({ "QueueUrl": q }), &[]).await;

    for action in ["SendMessageBatch", "ChangeMessageVisibilityBatch", "DeleteMessageBatch"] {
        let handle = if action == "SendMessageBatch" { String::new() } else { client.receive(&q).await };
        let batch = json!({ "QueueUrl": q, "Entries": [
            {"Id": "good", "MessageBody": "a", "ReceiptHandle": handle, "VisibilityTimeout": 0},
            {"Id": "bad", "MessageBody": "a", "DelaySeconds": 901, "ReceiptHandle": "x", "VisibilityTimeout": 1},
        ]});
        let successful = format!("{action}ResultEntry");
        let ends = [("Successful", successful.as_str()), ("Failed", "BatchResultErrorEntry")];
        client.ask(action, batch, &ends).await;
    }

    // The clock stands still: the task runs until it is told to end.
    let tasks = json!({ "SourceArn": arn("dead") });
    let task = client.ask("StartMessageMoveTask", tasks.clone(), &[("TaskHandle", "TaskHandle")]).await;
    let listed = [("Results", "ListMessageMoveTasksResultEntry")];
    client.ask("ListMessageMoveTasks", tasks, &listed).await;
    let moved = ["ApproximateNumberOfMessagesMoved"; 2].into();
    client.ask("CancelMessageMoveTask", json!({ "TaskHandle": task }), &[moved]).await;

    client.ask("PurgeQueue", json!({ "QueueUrl": q }), &[]).await;
    client.ask("DeleteQueue", json!({ "QueueUrl": q }), &[]).await;
    assert_eq!(client.asked, ALL.map(str::to_owned).into());
}

#[tokio::test]
async fn all_actions_are_answered_in_json() {
    use_everything(Protocol::Json).await;
}

#[tokio::test]
async fn all_actions_are_answered_in_xml() {
    use_everything(Protocol::Query).await;
}
