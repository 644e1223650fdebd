//! Fair queues: one tenant's crowd does not keep the others waiting.

use serde_json::json;

use super::{QUEUE, ask, bodies, receive, with_queue};
use crate::api::Api;

async fn send(api: &Api, group: &str, count: usize) {
    let ids: Vec<usize> = (0..count).collect();
    for chunk in ids.chunks(10) {
        let entries: Vec<_> = chunk
            .iter()
            .map(|id| json!({ "Id": id.to_string(), "MessageBody": group, "MessageGroupId": group }))
            .collect();
        let sent = ask(api, "SendMessageBatch", json!({ "QueueUrl": QUEUE, "Entries": entries })).await;
        assert_eq!(sent["Successful"].as_array().map(Vec::len), Some(chunk.len()));
    }
}

/// Fact 44: with groups, a standard queue is fair.
#[tokio::test]
async fn a_noisy_group_comes_after_the_quiet_ones() {
    let api = with_queue().await;
    let long = json!({ "VisibilityTimeout": 43_200 });
    send(&api, "noisy", 50).await;
    for _ in 0..2 {
        assert_eq!(receive(&api, QUEUE, long.clone()).await.len(), 10);
    }
    // 20 in flight are not enough to be noisy: first come, first served.
    send(&api, "quiet", 2).await;
    assert_eq!(bodies(&receive(&api, QUEUE, long.clone()).await), ["noisy"; 10]);
    // 30 are.
    let one = json!({ "VisibilityTimeout": 43_200, "MaxNumberOfMessages": 1 });
    assert_eq!(bodies(&receive(&api, QUEUE, one).await), ["quiet"]);
    let none = json!({ "QueueUrl": QUEUE, "MessageBody": "alone" });
    ask(&api, "SendMessage", none).await;
    let mixed = receive(&api, QUEUE, long.clone()).await;
    let mut expected = vec!["quiet", "alone"];
    expected.extend(["noisy"; 8]);
    assert_eq!(bodies(&mixed), expected, "it is still served when nothing else waits");
}

#[tokio::test]
async fn messages_without_a_group_crowd_nobody_out() {
    let api = with_queue().await;
    let long = json!({ "VisibilityTimeout": 43_200 });
    for _ in 0..50 {
        ask(&api, "SendMessage", json!({ "QueueUrl": QUEUE, "MessageBody": "alone" })).await;
    }
    for _ in 0..4 {
        assert_eq!(receive(&api, QUEUE, long.clone()).await.len(), 10);
    }
    send(&api, "late", 1).await;
    assert_eq!(bodies(&receive(&api, QUEUE, long.clone()).await), ["alone"; 10]);
    assert_eq!(bodies(&receive(&api, QUEUE, long).await), ["late"]);
}
