//! AddPermission and RemovePermission: kept in the queue's policy and shown;
//! nobody is refused by them.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::api::sqs::error::Fault;
use crate::api::sqs::text::Text;
use crate::api::sqs::{Endpoint, Operation};
use crate::config::Config;

/// "AddPermission": actions that can be granted.
const GRANTABLE: [&str; 9] = [
    "*",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
    "ReceiveMessage",
    "SendMessage",
];

/// "Policy quotas": a policy has up to 20 statements.
const MOST_STATEMENTS: usize = 20;

/// A label has up to 80 characters.
const LONGEST_LABEL: usize = 80;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct AddPermission<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    label: Option<Text<'a>>,
    #[serde(rename = "AWSAccountIds")]
    accounts: Option<Vec<Text<'a>>>,
    actions: Option<Vec<Text<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct RemovePermission<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    label: Option<Text<'a>>,
}

impl<'a> Operation<'a> for AddPermission<'a> {
    type Answer = ();

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<(), Fault> {
        let queue = endpoint.queue(self.queue_url.as_ref())?;
        let label = self.label.ok_or_else(|| Fault::missing("Label"))?;
        check_label(&label)?;
        let arn = endpoint.identity.queue_arn(queue);
        let statement = json!({
            "Sid": &*label,
            "Effect": "Allow",
            "Principal": { "AWS": one_or_list(principals(self.accounts.as_deref())?) },
            "Action": one_or_list(actions(self.actions.as_deref())?),
            "Resource": arn,
        });
        let changed = endpoint.driver.step(|engine, now| {
            engine.change_queue_policy(now, queue, |policy| add(policy, &arn, &label, statement).map(Some))
        });
        changed?
    }
}

impl<'a> Operation<'a> for RemovePermission<'a> {
    type Answer = ();

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<(), Fault> {
        let queue = endpoint.queue(self.queue_url.as_ref())?;
        let label = self.label.ok_or_else(|| Fault::missing("Label"))?;
        let changed = endpoint
            .driver
            .step(|engine, now| engine.change_queue_policy(now, queue, |policy| remove(policy, &label)));
        changed?
    }
}

fn add(policy: Option<&str>, arn: &str, label: &str, statement: Value) -> Result<String, Fault> {
    let mut policy = read(policy)
        .unwrap_or_else(|| json!({ "Version": "2008-10-17", "Id": format!("{arn}/SQSDefaultPolicy") }));
    let mut all = statements(&policy);
    if all.iter().any(|one| one["Sid"] == label) {
        return Err(Fault::invalid(label, "Label", "Already exists."));
    }
    if all.len() >= MOST_STATEMENTS {
        return Err(Fault::OverLimit("The policy has 20 statements, which is the most that it may have."));
    }
    all.push(statement);
    policy["Statement"] = all.into();
    Ok(policy.to_string())
}

/// What is left of the policy; nothing, when that was its only statement.
fn remove(policy: Option<&str>, label: &str) -> Result<Option<String>, Fault> {
    let absent = || Fault::invalid(label, "Label", "can't find label.");
    let mut policy = read(policy).ok_or_else(absent)?;
    let mut all = statements(&policy);
    let before = all.len();
    all.retain(|one| one["Sid"] != label);
    if all.len() == before {
        return Err(absent());
    }
    if all.is_empty() {
        return Ok(None);
    }
    policy["Statement"] = all.into();
    Ok(Some(policy.to_string()))
}

/// A policy as it is stored: a JSON object, as SetQueueAttributes demands too.
fn read(policy: Option<&str>) -> Option<Value> {
    serde_json::from_str(policy?).ok().filter(Value::is_object)
}

/// A policy with one statement may have it without a list.
fn statements(policy: &Value) -> Vec<Value> {
    match &policy["Statement"] {
        Value::Array(all) => all.clone(),
        Value::Null => Vec::new(),
        one @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => vec![one.clone()],
    }
}

fn check_label(label: &str) -> Result<(), Fault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if (1..=LONGEST_LABEL).contains(&label.len()) && label.bytes().all(allowed) {
        return Ok(());
    }
    let reason = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
    Err(Fault::invalid(label, "Label", reason))
}

fn principals(accounts: Option<&[Text<'_>]>) -> Result<Vec<String>, Fault> {
    let accounts = accounts.filter(|accounts| !accounts.is_empty());
    let accounts = accounts.ok_or_else(|| Fault::missing("AWSAccountIds"))?;
    if let Some(wrong) = accounts.iter().find(|account| !Config::is_account_id(account)) {
        return Err(Fault::invalid(format!("[{wrong}]"), "PrincipalId", "Unable to verify."));
    }
    Ok(accounts.iter().map(|account| format!("arn:aws:iam::{account}:root")).collect())
}

fn actions(actions: Option<&[Text<'_>]>) -> Result<Vec<String>, Fault> {
    let actions = actions.filter(|actions| !actions.is_empty());
    let actions = actions.ok_or_else(|| Fault::missing("Actions"))?;
    if let Some(wrong) = actions.iter().find(|action| !GRANTABLE.contains(&&***action)) {
        let reason = "Only the queue owner is allowed to invoke this action.";
        return Err(Fault::invalid(format!("SQS:{wrong}"), "ActionName", reason));
    }
    Ok(actions.iter().map(|action| format!("SQS:{action}")).collect())
}

/// Policies have no list where there is one thing.
fn one_or_list(mut many: Vec<String>) -> Value {
    if many.len() == 1 { many.remove(0).into() } else { many.into() }
}
