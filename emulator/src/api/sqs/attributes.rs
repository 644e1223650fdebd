//! Queue attributes by AWS's names.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::time::Duration;

use serde::de::IgnoredAny;

use super::error::Fault;
use super::text::Text;
use super::{redrive_allow_policy, redrive_policy};
use crate::config::Identity;
use crate::engine::{
    FifoAttributes, FifoScope, QueueAttributes, QueueView, RedriveAllowPolicy, RedrivePolicy,
};

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
    ["KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "Policy", REDRIVE_ALLOW_POLICY, SQS_MANAGED_SSE];

const SQS_MANAGED_SSE: &str = "SqsManagedSseEnabled";

const REDRIVE_POLICY: &str = "RedrivePolicy";

/// Kept as it was given, and acted on.
const REDRIVE_ALLOW_POLICY: &str = "RedriveAllowPolicy";

const READ_ONLY: [&str; 6] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
];

const FIFO_QUEUE: &str = "FifoQueue";

/// An attribute of FIFO queues with the two values that it can have; other
/// queues have none of them.
#[derive(Debug)]
struct OfFifo {
    name: &'static str,
    values: [&'static str; 2],
    /// Whether it has the second value.
    get: fn(&FifoAttributes) -> bool,
    set: fn(&mut FifoAttributes, bool),
}

static OF_FIFO: [OfFifo; 3] = [
    OfFifo {
        name: "ContentBasedDeduplication",
        values: ["false", "true"],
        get: |fifo| fifo.content_based_deduplication,
        set: |fifo, by_content| fifo.content_based_deduplication = by_content,
    },
    OfFifo {
        name: "DeduplicationScope",
        values: ["queue", "messageGroup"],
        get: |fifo| fifo.deduplication_scope == FifoScope::MessageGroup,
        set: |fifo, by_group| fifo.deduplication_scope = scope(by_group),
    },
    OfFifo {
        name: "FifoThroughputLimit",
        values: ["perQueue", "perMessageGroupId"],
        get: |fifo| fifo.throughput_limit == FifoScope::MessageGroup,
        set: |fifo, by_group| fifo.throughput_limit = scope(by_group),
    },
];

fn scope(by_group: bool) -> FifoScope {
    if by_group { FifoScope::MessageGroup } else { FifoScope::Queue }
}

/// The settings that a request names, in the order of their names.
#[derive(Debug, Default)]
pub(super) struct Settings(Vec<Setting>);

#[derive(Debug)]
enum Setting {
    Number(&'static Numeric, u64),
    OfFifo(&'static OfFifo, bool),
    /// It is one by its name already.
    FifoQueue,
    Redrive {
        given: String,
        policy: Option<RedrivePolicy>,
    },
    RedriveAllow {
        given: Option<String>,
        policy: RedriveAllowPolicy,
    },
    Stored(&'static str, Option<String>),
}

/// `Attributes` of a request.
pub(super) type Attributes<'a> = BTreeMap<Text<'a>, Text<'a>>;

impl Settings {
    /// Checks the attributes of CreateQueue.
    pub(super) fn for_new_queue(
        attributes: Attributes<'_>,
        fifo: bool,
        identity: &Identity,
    ) -> Result<Self, Fault> {
        if attributes.contains_key(FIFO_QUEUE) && !fifo {
            return Err(Fault::InvalidAttributeName(unknown(FIFO_QUEUE)));
        }
        Self::read(attributes, fifo, identity)
    }

    /// Checks the attributes of SetQueueAttributes.
    pub(super) fn for_change(
        attributes: Attributes<'_>,
        fifo: bool,
        identity: &Identity,
    ) -> Result<Self, Fault> {
        let type_stays = |value: &Text<'_>| fifo && value.eq_ignore_ascii_case("true");
        if attributes.get(FIFO_QUEUE).is_some_and(|value| !type_stays(value)) {
            return Err(invalid_because(FIFO_QUEUE, "Modifying queue type is not supported."));
        }
        Self::read(attributes, fifo, identity)
    }

    fn read(attributes: Attributes<'_>, fifo: bool, identity: &Identity) -> Result<Self, Fault> {
        let settings =
            attributes.into_iter().map(|(name, value)| Setting::read(&name, value, fifo, identity));
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
            Setting::Number(..)
            | Setting::OfFifo(..)
            | Setting::FifoQueue
            | Setting::RedriveAllow { .. }
            | Setting::Stored(..) => None,
        });
        given.unwrap_or_default()
    }
}

impl Setting {
    fn read(name: &str, value: Text<'_>, fifo: bool, identity: &Identity) -> Result<Self, Fault> {
        if let Some(numeric) = NUMERIC.iter().find(|numeric| numeric.name == name) {
            let number = number_within(&value, &numeric.range).ok_or_else(|| invalid(name))?;
            return Ok(Self::Number(numeric, number));
        }
        if fifo && name == FIFO_QUEUE {
            return Ok(Self::FifoQueue);
        }
        if let Some(attribute) = OF_FIFO.iter().find(|attribute| fifo && attribute.name == name) {
            let value = attribute.values.iter().position(|one| *one == &*value);
            return Ok(Self::OfFifo(attribute, value.ok_or_else(|| invalid(name))? == 1));
        }
        if name == REDRIVE_ALLOW_POLICY {
            return Self::read_redrive_allow(&value, identity);
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

    fn read_redrive_allow(value: &str, identity: &Identity) -> Result<Self, Fault> {
        if value.is_empty() {
            return Ok(Self::RedriveAllow { given: None, policy: RedriveAllowPolicy::AllowAll });
        }
        let policy = redrive_allow_policy::read(value, identity);
        let policy = policy.ok_or_else(|| invalid(REDRIVE_ALLOW_POLICY))?;
        Ok(Self::RedriveAllow { given: Some(value.to_owned()), policy })
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Number(numeric, _) => numeric.name,
            Self::OfFifo(attribute, _) => attribute.name,
            Self::FifoQueue => FIFO_QUEUE,
            Self::Redrive { .. } => REDRIVE_POLICY,
            Self::RedriveAllow { .. } => REDRIVE_ALLOW_POLICY,
            Self::Stored(name, _) => name,
        }
    }

    fn apply(&self, queue: &mut QueueAttributes) {
        match self {
            Self::Number(numeric, value) => (numeric.set)(queue, *value),
            Self::OfFifo(attribute, value) => {
                if let Some(fifo) = &mut queue.fifo {
                    (attribute.set)(fifo, *value);
                }
            }
            Self::FifoQueue => {}
            Self::Redrive { policy, .. } => queue.redrive.clone_from(policy),
            Self::RedriveAllow { given, policy } => {
                queue.redrive_allow = policy.clone();
                store(queue, REDRIVE_ALLOW_POLICY, given.as_ref());
            }
            // What a queue shows without being told need not be stored.
            Self::Stored(name, value) if stored(queue, name) == value.as_deref() => {}
            Self::Stored(name, value) => store(queue, name, value.as_ref()),
        }
    }
}

fn store(queue: &mut QueueAttributes, name: &str, value: Option<&String>) {
    match value {
        Some(value) => drop(queue.stored.insert(name.to_owned(), value.clone())),
        None => drop(queue.stored.remove(name)),
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
    if let Some(fifo) = &queue.fifo {
        shown.insert(FIFO_QUEUE, "true".to_owned());
        let value = |attribute: &'static OfFifo| attribute.values[usize::from((attribute.get)(fifo))];
        shown.extend(OF_FIFO.iter().map(|attribute| (attribute.name, value(attribute).to_owned())));
    }
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
        "Policy" => serde_json::from_str::<BTreeMap<String, IgnoredAny>>(value).is_ok(),
        _ => true,
    }
}

fn number_within(text: &str, range: &RangeInclusive<u64>) -> Option<u64> {
    text.parse().ok().filter(|number| range.contains(number))
}

fn is_known(name: &str) -> bool {
    let numeric = NUMERIC.iter().any(|numeric| numeric.name == name);
    let of_fifo = OF_FIFO.iter().any(|attribute| attribute.name == name);
    let other = [&STORED[..], &READ_ONLY, &["All", FIFO_QUEUE, REDRIVE_POLICY]];
    numeric || of_fifo || other.concat().contains(&name)
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
        Settings::for_new_queue(attributes, false, &identity())
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
        let set = Settings::for_change(
            serde_json::from_str(r#"{"FifoQueue":"true"}"#).expect("a map of strings"),
            false,
            &identity(),
        );
        let reason =
            "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.";
        assert_eq!(set.expect_err("it is none"), Fault::InvalidAttributeValue(reason.to_owned()));
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
