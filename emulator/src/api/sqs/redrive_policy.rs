//! RedrivePolicy: JSON within the value of an attribute.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;

use super::error::Fault;
use crate::config::Identity;
use crate::engine::RedrivePolicy;

/// Receives before the dead-letter queue when a RedrivePolicy does not say
/// (SQS API, `RedrivePolicy`).
const DEFAULT_MAX_RECEIVE_COUNT: i64 = 10;

/// A RedrivePolicy as its JSON text has it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Given<'a> {
    #[serde(borrow)]
    dead_letter_target_arn: Option<Cow<'a, str>>,
    max_receive_count: Option<Count<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Count<'a> {
    Number(i64),
    Text(#[serde(borrow)] Cow<'a, str>),
}

impl Count<'_> {
    fn within_range(&self) -> Option<u32> {
        let count = match self {
            Self::Number(count) => u32::try_from(*count).ok(),
            Self::Text(count) => count.parse().ok(),
        };
        count.filter(|count| (1..=1_000).contains(count))
    }
}

impl fmt::Display for Count<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(count) => count.fmt(f),
            Self::Text(count) => count.fmt(f),
        }
    }
}

/// Reads a policy; an empty text takes the policy away.
pub(super) fn read(text: &str, identity: &Identity) -> Result<Option<RedrivePolicy>, Fault> {
    if text.is_empty() {
        return Ok(None);
    }
    let refuse = |reason: &str| Fault::invalid(text, "RedrivePolicy", reason);
    let given: Given<'_> = serde_json::from_str(text).map_err(|_| {
        refuse("Amazon SQS can't create the redrive policy, as it's in an unsupported format.")
    })?;
    let arn = given
        .dead_letter_target_arn
        .ok_or_else(|| refuse("Redrive policy does not contain mandatory attribute: deadLetterTargetArn."))?;
    let count = given.max_receive_count.unwrap_or(Count::Number(DEFAULT_MAX_RECEIVE_COUNT));
    let max_receive_count = count.within_range().ok_or_else(|| {
        refuse(&format!(
            "Invalid value for maxReceiveCount: {count}, valid values are from 1 to 1000 both inclusive."
        ))
    })?;
    let name = arn.rsplit(':').next().unwrap_or_default();
    if *arn != identity.queue_arn(name) {
        return Err(refuse("Dead letter target does not exist."));
    }
    Ok(Some(RedrivePolicy { dead_letter_queue: name.into(), max_receive_count }))
}

/// The text that GetQueueAttributes shows.
pub(super) fn show(redrive: &RedrivePolicy, identity: &Identity) -> String {
    let arn = identity.queue_arn(redrive.dead_letter_queue.as_str());
    format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{}}}"#, redrive.max_receive_count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::sqs::tests::identity;

    #[test]
    fn redrive_policies_are_json_in_json() {
        let arn = "arn:aws:sqs:us-east-1:000000000000:dead";
        let read = |text: &str| super::read(text, &identity());
        for (count, expected) in [(r#","maxReceiveCount":3"#, 3), (r#","maxReceiveCount":"4""#, 4), ("", 10)]
        {
            let text = format!(r#"{{"deadLetterTargetArn":"{arn}"{count}}}"#);
            let policy = RedrivePolicy { dead_letter_queue: "dead".into(), max_receive_count: expected };
            assert_eq!(
                show(&policy, &identity()),
                format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{expected}}}"#)
            );
            assert_eq!(read(&text), Ok(Some(policy)), "{text}");
        }
        assert_eq!(read(""), Ok(None));
        for (text, reason) in [
            ("{", "Amazon SQS can't create the redrive policy, as it's in an unsupported format."),
            ("{}", "Redrive policy does not contain mandatory attribute: deadLetterTargetArn."),
            (
                r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":0}"#,
                "Invalid value for maxReceiveCount: 0, valid values are from 1 to 1000 both inclusive.",
            ),
            (
                r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":"1001"}"#,
                "Invalid value for maxReceiveCount: 1001, valid values are from 1 to 1000 both inclusive.",
            ),
            (
                r#"{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:000000000000:dead"}"#,
                "Dead letter target does not exist.",
            ),
        ] {
            assert_eq!(read(text), Err(Fault::invalid(text, "RedrivePolicy", reason)), "{text}");
        }
    }
}
