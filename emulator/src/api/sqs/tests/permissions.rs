//! AddPermission and RemovePermission.

use serde_json::{Value, json};

use super::refusal::{check, invalid, missing};
use super::{QUEUE, arn, ask, attribute, with_queue};
use crate::api::Api;

async fn policy(api: &Api) -> Option<Value> {
    attribute(api, QUEUE, "Policy").await.map(|policy| policy.parse().expect("JSON"))
}

fn grant(label: &str, accounts: &[&str], actions: &[&str]) -> Value {
    json!({ "QueueUrl": QUEUE, "Label": label, "AWSAccountIds": accounts, "Actions": actions })
}

#[tokio::test]
async fn permissions_are_statements_of_the_policy() {
    let api = with_queue().await;
    assert_eq!(policy(&api).await, None);
    ask(&api, "AddPermission", grant("one", &["123456789012"], &["SendMessage"])).await;
    let two = grant("two", &["123456789012", "210987654321"], &["ReceiveMessage", "DeleteMessage"]);
    ask(&api, "AddPermission", two).await;
    let policy_now = policy(&api).await.expect("a policy");
    assert_eq!(
        policy_now["Statement"],
        json!([
            {"Sid": "one", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
             "Action": "SQS:SendMessage", "Resource": arn("q")},
            {"Sid": "two", "Effect": "Allow",
             "Principal": {"AWS": ["arn:aws:iam::123456789012:root", "arn:aws:iam::210987654321:root"]},
             "Action": ["SQS:ReceiveMessage", "SQS:DeleteMessage"], "Resource": arn("q")},
        ])
    );
    ask(&api, "RemovePermission", json!({ "QueueUrl": QUEUE, "Label": "one" })).await;
    let left = policy(&api).await.expect("a policy");
    assert_eq!(left["Statement"][0]["Sid"], "two");
    assert_eq!(left["Statement"].as_array().map(Vec::len), Some(1));
    ask(&api, "RemovePermission", json!({ "QueueUrl": QUEUE, "Label": "two" })).await;
    assert_eq!(policy(&api).await, None, "nothing is left of it");
}

#[tokio::test]
async fn a_policy_that_was_there_keeps_its_statements() {
    let api = with_queue().await;
    let own = json!({ "Version": "2012-10-17", "Statement": {"Sid": "own", "Effect": "Deny"} });
    let set = json!({ "QueueUrl": QUEUE, "Attributes": {"Policy": own.to_string()} });
    ask(&api, "SetQueueAttributes", set).await;
    ask(&api, "AddPermission", grant("added", &["123456789012"], &["*"])).await;
    let shown = policy(&api).await.expect("a policy");
    assert_eq!(shown["Version"], "2012-10-17");
    assert_eq!(shown["Statement"][0], own["Statement"]);
    assert_eq!(shown["Statement"][1]["Action"], "SQS:*");
}

#[tokio::test]
async fn labels_are_there_once_or_not_at_all() {
    let api = with_queue().await;
    ask(&api, "AddPermission", grant("l", &["123456789012"], &["SendMessage"])).await;
    let twice = invalid("Value l for parameter Label is invalid. Reason: Already exists.");
    check(&api, "AddPermission", &grant("l", &["210987654321"], &["*"]), twice).await;
    let absent = invalid("Value m for parameter Label is invalid. Reason: can't find label.");
    check(&api, "RemovePermission", &json!({ "QueueUrl": QUEUE, "Label": "m" }), absent).await;
    ask(&api, "RemovePermission", json!({ "QueueUrl": QUEUE, "Label": "l" })).await;
    let absent = invalid("Value l for parameter Label is invalid. Reason: can't find label.");
    check(&api, "RemovePermission", &json!({ "QueueUrl": QUEUE, "Label": "l" }), absent).await;
}

#[tokio::test]
async fn grants_that_can_not_be_made() {
    let api = with_queue().await;
    let account = ["123456789012"];
    for (grant, refusal) in [
        (
            grant("a b", &account, &["SendMessage"]),
            invalid(
                "Value a b for parameter Label is invalid. Reason: Can only include alphanumeric characters, \
                 hyphens, or underscores. 1 to 80 in length",
            ),
        ),
        (
            grant("l", &["me"], &["SendMessage"]),
            invalid("Value [me] for parameter PrincipalId is invalid. Reason: Unable to verify."),
        ),
        (
            grant("l", &account, &["CreateQueue"]),
            invalid(
                "Value SQS:CreateQueue for parameter ActionName is invalid. Reason: Only the queue owner is \
                 allowed to invoke this action.",
            ),
        ),
        (
            json!({ "QueueUrl": QUEUE, "AWSAccountIds": account, "Actions": ["SendMessage"] }),
            missing("The request must contain the parameter Label."),
        ),
        (
            json!({ "QueueUrl": QUEUE, "Label": "l", "Actions": ["SendMessage"] }),
            missing("The request must contain the parameter AWSAccountIds."),
        ),
        (
            json!({ "QueueUrl": QUEUE, "Label": "l", "AWSAccountIds": account }),
            missing("The request must contain the parameter Actions."),
        ),
    ] {
        check(&api, "AddPermission", &grant, refusal).await;
    }
    let nothing = missing("The request must contain the parameter Label.");
    check(&api, "RemovePermission", &json!({ "QueueUrl": QUEUE }), nothing).await;
    assert_eq!(policy(&api).await, None);
}

/// Fact 40: a policy that is too big is an OverLimit too, and so a 403.
#[tokio::test]
async fn a_policy_can_be_too_big() {
    let api = with_queue().await;
    for label in 0..20 {
        ask(&api, "AddPermission", grant(&label.to_string(), &["123456789012"], &["SendMessage"])).await;
    }
    let message = "The policy has 20 statements, which is the most that it may have.";
    let refusal = (403, "OverLimit", "OverLimit", message);
    check(&api, "AddPermission", &grant("21", &["123456789012"], &["SendMessage"]), refusal).await;
}
