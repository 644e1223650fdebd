//! RedriveAllowPolicy: JSON within the value of an attribute.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Deserialize;

use crate::config::Identity;
use crate::engine::{QueueName, RedriveAllowPolicy};

/// "RedriveAllowPolicy": up to 10 queues can be named.
const MOST_SOURCES: usize = 10;

/// A policy as its JSON text has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Given<'a> {
    redrive_permission: Permission,
    #[serde(borrow)]
    source_queue_arns: Option<Vec<Cow<'a, str>>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Permission {
    AllowAll,
    DenyAll,
    ByQueue,
}

/// Reads a policy; nothing where it is none.
pub(super) fn read(text: &str, identity: &Identity) -> Option<RedriveAllowPolicy> {
    let given: Given<'_> = serde_json::from_str(text).ok()?;
    let sources = given.source_queue_arns.unwrap_or_default();
    match given.redrive_permission {
        Permission::AllowAll if sources.is_empty() => Some(RedriveAllowPolicy::AllowAll),
        Permission::DenyAll if sources.is_empty() => Some(RedriveAllowPolicy::DenyAll),
        Permission::ByQueue if (1..=MOST_SOURCES).contains(&sources.len()) => {
            let names = sources.iter().map(|arn| identity.queue_of(arn).map(QueueName::from));
            names.collect::<Option<BTreeSet<_>>>().map(RedriveAllowPolicy::ByQueue)
        }
        Permission::AllowAll | Permission::DenyAll | Permission::ByQueue => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::sqs::tests::identity;

    #[test]
    fn policies_say_who_may_send_dead_letters() {
        let arn = "arn:aws:sqs:us-east-1:000000000000:q";
        let by_queue = RedriveAllowPolicy::ByQueue([QueueName::from("q")].into());
        for (text, expected) in [
            (r#"{"redrivePermission":"allowAll"}"#.to_owned(), Some(RedriveAllowPolicy::AllowAll)),
            (r#"{"redrivePermission":"denyAll"}"#.to_owned(), Some(RedriveAllowPolicy::DenyAll)),
            (format!(r#"{{"redrivePermission":"byQueue","sourceQueueArns":["{arn}"]}}"#), Some(by_queue)),
            (format!(r#"{{"redrivePermission":"denyAll","sourceQueueArns":["{arn}"]}}"#), None),
            (r#"{"redrivePermission":"byQueue"}"#.to_owned(), None),
            (r#"{"redrivePermission":"byQueue","sourceQueueArns":["q"]}"#.to_owned(), None),
            (r#"{"redrivePermission":"some"}"#.to_owned(), None),
            ("{}".to_owned(), None),
        ] {
            assert_eq!(read(&text, &identity()), expected, "{text}");
        }
    }
}
