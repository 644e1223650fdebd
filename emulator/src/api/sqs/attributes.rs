//! Queue attributes by AWS's names.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::de::IgnoredAny;

use super::error::Fault;
use super::redrive_policy;
use super::text::Text;
use crate::config::Identity;
use crate::engine::{QueueAttributes, QueueView, RedrivePolicy};

/// An attribute whose value is a number ("SetQueueAttributes": the ranges).
#[derive(Debug)]
struct Numeric {
    name: &'static str,
    range: RangeInclusive<u64>,
    get: fn(&QueueAttributes) -> u64,
    set: fn(&mut QueueAttributes, u64),
}

static NUMERIC: [Numeric; 5] = [
    Numeric {
        name: "DelaySeconds",
        range: 0..=900,
        get: |queue| queue.delay.as_secs(),
        set: |queue, value| queue.delay = Duration::from_secs(value),
    },
    Numeric {
        name: "MaximumMessageSize",
        range: 1_024..=1_048_576,
        get: |queue| queue.maximum_message_size as u64,
        set: |queue, value| queue.maximum_message_size = usize::try_from(value).unwrap_or(usize::MAX),
    },
    Numeric {
        name: "MessageRetentionPeriod",
        range: 60..=1_209_600,
        get: |queue| queue.retention.as_secs(),
        set: |queue, value| queue.retention = Duration::from_secs(value),
    },
    Numeric {
        name: "ReceiveMessageWaitTimeSeconds",
        range: 0..=20,
        get: |queue| queue.receive_wait.as_secs(),
        set: |queue, value| queue.receive_wait = Duration::from_secs(value),
    },
    Numeric {
        name: "VisibilityTimeout",
        range: 0..=43_200,
        get: |queue| queue.visibility_timeout.as_secs(),
        set: |queue, value| queue.visibility_timeout = Duration::from_secs(value),
    },
];

/// Attributes that are kept and shown; an empty value takes them away.
const STORED: [&str; 5] =
    ["KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "Policy", "RedriveAllowPolicy", SQS_MANAGED_SSE];

const SQS_MANAGED_SSE: &str = "SqsManagedSseEnabled";

const REDRIVE_POLICY: &str = "RedrivePolicy";

const READ_ONLY: [&str; 6] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];

/// Attributes of FIFO queues; other queues do not show them.
const FIFO: [&str; 4] =
    ["ContentBasedDeduplication", "DeduplicationScope", "FifoQueue", "FifoThroughputLimit"];

/// The settings that a request names, in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Settings(Vec<Setting>);

#[derive(Debug)]
enum Setting {
    Number(&'static Numeric, u64),
    Redrive { given: String, policy: Option<RedrivePolicy> },
    Stored(&'static str, Option<String>),
}

/// `Attributes` of a request.
pub(super) type Attributes<'a> = BTreeMap<Text<'a>, Text<'a>>;

impl Settings {
    /// Checks the attributes of CreateQueue.
    pub(super) fn for_new_queue(attributes: Attributes<'_>, identity: &Identity) -> Result<Self, Fault> {
        if attributes.get("FifoQueue").is_some_and(|fifo| fifo.eq_ignore_ascii_case("true")) {
            return Err(Fault::NotServed("FIFO queues".to_owned()));
        }
        Self::read(attributes, identity)
    }

    /// Checks the attributes of SetQueueAttributes.
    pub(super) fn for_change(attributes: Attributes<'_>, identity: &Identity) -> Result<Self, Fault> {
        if attributes.contains_key("FifoQueue") {
            return Err(invalid_because("FifoQueue", "Modifying queue type is not supported."));
        }
        Self::read(attributes, identity)
    }

    fn read(attributes: Attributes<'_>, identity: &Identity) -> Result<Self, Fault> {
        let settings = attributes.into_iter().map(|(name, value)| Setting::read(&name, value, identity));
        settings.collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn apply(&self, queue: &mut QueueAttributes) {
        for setting in &self.0 {
            setting.apply(queue);
        }
    }

    /// The first setting that a queue has with another value.
    pub(super) fn differing(&self, queue: &QueueAttributes) -> Option<&'static str> {
        let differs = |setting: &&Setting| {
            let mut changed = queue.clone();
            setting.apply(&mut changed);
            changed != *queue
        };
        self.0.iter().find(differs).map(Setting::name)
    }

    /// The RedrivePolicy as it was given.
    pub(super) fn redrive_policy(&self) -> &str {
        let given = self.0.iter().find_map(|setting| match setting {
            Setting::Redrive { given, .. } => Some(given.as_str()),
            Setting::Number(..) | Setting::Stored(..) => None,
        });
        given.unwrap_or_default()
    }
}

impl Setting {
    fn read(name: &str, value: Text<'_>, identity: &Identity) -> Result<Self, Fault> {
        if let Some(numeric) = NUMERIC.iter().find(|numeric| numeric.name == name) {
            let number = number_within(&value, &numeric.range).ok_or_else(|| invalid(name))?;
            return Ok(Self::Number(numeric, number));
        }
        if name == REDRIVE_POLICY {
            let policy = redrive_policy::read(&value, identity)?;
            return Ok(Self::Redrive { given: value.into_owned(), policy });
        }
        if let Some(stored) = STORED.into_iter().find(|stored| *stored == name) {
            let value = (!value.is_empty()).then(|| value.into_owned());
            if value.as_deref().is_some_and(|value| !can_be_stored(stored, value)) {
                return Err(invalid(name));
            }
            return Ok(Self::Stored(stored, value));
        }
        Err(Fault::InvalidAttributeName(match name {
            "DeduplicationScope" | "FifoThroughputLimit" => {
                format!("You can specify the {name} only when FifoQueue is set to true.")
            }
            _ => unknown(name),
        }))
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Number(numeric, _) => numeric.name,
            Self::Redrive { .. } => REDRIVE_POLICY,
            Self::Stored(name, _) => name,
        }
    }

    fn apply(&self, queue: &mut QueueAttributes) {
        match self {
            Self::Number(numeric, value) => (numeric.set)(queue, *value),
            Self::Redrive { policy, .. } => queue.redrive.clone_from(policy),
            // What a queue shows without being told need not be stored.
            Self::Stored(name, value) if stored(queue, name) == value.as_deref() => {}
            Self::Stored(name, Some(value)) => {
                queue.stored.insert((*name).to_owned(), value.clone());
            }
            Self::Stored(name, None) => {
                queue.stored.remove(*name);
            }
        }
    }
}

/// What GetQueueAttributes shows of the attributes in `names`; `All` is all.
pub(super) fn show(
    view: &QueueView,
    name: &str,
    identity: &Identity,
    names: &[Text<'_>],
) -> Result<BTreeMap<&'static str, String>, Fault> {
    if let Some(wrong) = names.iter().find(|name| !is_known(name)) {
        return Err(Fault::InvalidAttributeName(unknown(wrong)));
    }
    let all = names.iter().any(|name| &**name == "All");
    let mut shown = every(view, name, identity);
    shown.retain(|attribute, _| all || names.iter().any(|name| &**name == *attribute));
    Ok(shown)
}

fn every(view: &QueueView, name: &str, identity: &Identity) -> BTreeMap<&'static str, String> {
    let queue = &view.attributes;
    let mut shown = BTreeMap::from([
        ("ApproximateNumberOfMessages", view.visible.to_string()),
        ("ApproximateNumberOfMessagesDelayed", view.delayed.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", view.in_flight.to_string()),
        ("CreatedTimestamp", view.created.as_secs().to_string()),
        ("LastModifiedTimestamp", view.modified.as_secs().to_string()),
        ("QueueArn", identity.queue_arn(name)),
    ]);
    shown.extend(NUMERIC.iter().map(|numeric| (numeric.name, (numeric.get)(queue).to_string())));
    shown.extend(
        queue.redrive.as_ref().map(|redrive| (REDRIVE_POLICY, redrive_policy::show(redrive, identity))),
    );
    shown.extend(STORED.into_iter().filter_map(|name| Some((name, stored(queue, name)?.to_owned()))));
    shown
}

/// A stored attribute, or what AWS shows when it was never set.
fn stored<'q>(queue: &'q QueueAttributes, name: &str) -> Option<&'q str> {
    let own_key = queue.stored.contains_key("KmsMasterKeyId");
    let default = match name {
        SQS_MANAGED_SSE => Some(if own_key { "false" } else { "true" }),
        "KmsDataKeyReusePeriodSeconds" => own_key.then_some("300"),
        _ => None,
    };
    queue.stored.get(name).map(String::as_str).or(default)
}

fn can_be_stored(name: &str, value: &str) -> bool {
    match name {
        SQS_MANAGED_SSE => matches!(value, "true" | "false"),
        "KmsDataKeyReusePeriodSeconds" => number_within(value, &(60..=86_400)).is_some(),
        "Policy" | "RedriveAllowPolicy" => {
            serde_json::from_str::<BTreeMap<String, IgnoredAny>>(value).is_ok()
        }
        _ => true,
    }
}

fn number_within(text: &str, range: &RangeInclusive<u64>) -> Option<u64> {
    text.parse().ok().filter(|number| range.contains(number))
}

fn is_known(name: &str) -> bool {
    let numeric = NUMERIC.iter().any(|numeric| numeric.name == name);
    let other = [&STORED[..], &READ_ONLY, &FIFO, &["All", REDRIVE_POLICY]];
    numeric || other.concat().contains(&name)
}

fn invalid(name: &str) -> Fault {
    Fault::InvalidAttributeValue(format!("Invalid value for the parameter {name}."))
}

fn invalid_because(name: &str, reason: &str) -> Fault {
    Fault::InvalidAttributeValue(format!("Invalid value for the parameter {name}. Reason: {reason}"))
}

fn unknown(name: &str) -> String {
    format!("Unknown Attribute {name}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::sqs::tests::identity;

    fn settings(attributes: &str) -> Result<Settings, Fault> {
        let attributes = serde_json::from_str(attributes).expect("a map of strings");
        Settings::for_new_queue(attributes, &identity())
    }

    #[track_caller]
    fn check_refused(attributes: &str, expected: &Fault) {
        assert_eq!(settings(attributes).expect_err(attributes), *expected);
    }

    #[test]
    fn numbers_have_ranges() {
        for (name, least, most) in [
            ("DelaySeconds", 0_u64, 900_u64),
            ("MaximumMessageSize", 1_024, 1_048_576),
            ("MessageRetentionPeriod", 60, 1_209_600),
            ("ReceiveMessageWaitTimeSeconds", 0, 20),
            ("VisibilityTimeout", 0, 43_200),
            ("KmsDataKeyReusePeriodSeconds", 60, 86_400),
        ] {
            for good in [least, most] {
                assert!(settings(&format!(r#"{{"{name}":"{good}"}}"#)).is_ok(), "{name} {good}");
            }
            let below = least.checked_sub(1).map_or_else(|| "-1".to_owned(), |below| below.to_string());
            for bad in [&below, &(most + 1).to_string(), "x", "1.5", "99999999999999999999"] {
                let expected =
                    Fault::InvalidAttributeValue(format!("Invalid value for the parameter {name}."));
                check_refused(&format!(r#"{{"{name}":"{bad}"}}"#), &expected);
            }
        }
    }

    #[test]
    fn names_that_no_standard_queue_takes() {
        for (attributes, message) in [
            (r#"{"Colour":"red"}"#, "Unknown Attribute Colour."),
            (r#"{"QueueArn":"arn"}"#, "Unknown Attribute QueueArn."),
            (r#"{"FifoQueue":"false"}"#, "Unknown Attribute FifoQueue."),
            (r#"{"ContentBasedDeduplication":"true"}"#, "Unknown Attribute ContentBasedDeduplication."),
            (
                r#"{"DeduplicationScope":"queue"}"#,
                "You can specify the DeduplicationScope only when FifoQueue is set to true.",
            ),
            (
                r#"{"FifoThroughputLimit":"perQueue"}"#,
                "You can specify the FifoThroughputLimit only when FifoQueue is set to true.",
            ),
        ] {
            check_refused(attributes, &Fault::InvalidAttributeName(message.to_owned()));
        }
        check_refused(r#"{"FifoQueue":"true"}"#, &Fault::NotServed("FIFO queues".to_owned()));
    }

    #[test]
    fn only_what_is_named_is_compared() {
        let queue = QueueAttributes::default();
        for (attributes, expected) in [
            ("{}", None),
            (r#"{"VisibilityTimeout":"30","SqsManagedSseEnabled":"true","Policy":""}"#, None),
            (r#"{"VisibilityTimeout":"31","DelaySeconds":"0"}"#, Some("VisibilityTimeout")),
            (r#"{"VisibilityTimeout":"31","DelaySeconds":"1"}"#, Some("DelaySeconds")),
            (r#"{"Policy":"{}"}"#, Some("Policy")),
            (r#"{"SqsManagedSseEnabled":"false"}"#, Some("SqsManagedSseEnabled")),
        ] {
            let settings = settings(attributes).expect(attributes);
            assert_eq!(settings.differing(&queue), expected, "{attributes}");
        }
    }

    #[test]
    fn a_key_of_ones_own_replaces_the_managed_one() {
        let mut queue = QueueAttributes::default();
        assert_eq!(stored(&queue, SQS_MANAGED_SSE), Some("true"));
        assert_eq!(stored(&queue, "KmsDataKeyReusePeriodSeconds"), None);
        settings(r#"{"KmsMasterKeyId":"alias/mine"}"#).expect("a key").apply(&mut queue);
        assert_eq!(stored(&queue, SQS_MANAGED_SSE), Some("false"));
        assert_eq!(stored(&queue, "KmsDataKeyReusePeriodSeconds"), Some("300"));
    }
}
