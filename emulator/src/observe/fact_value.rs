//! How what a fact tells is written in JSON: numbers with their units, AWS's
//! own strings where it has some, and words in snake_case for the rest.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use crate::engine::{
    AliasName, AllocationStatus, Asker, Ending, EnvironmentId, EventEnding, FunctionName, FunctionVersion,
    GroupId, InitPhase, InitializationType, Limit, MappingId, MappingState, MessageId, MoveFailure,
    MoveTaskId, MoveTaskStatus, Pool, Qualifier, QueueName, RecordTarget, RequestId, ResetReason, StopReason,
    ThrottleReason, Timestamp, Uuid, Version,
};

/// What is written as one value of JSON.
pub(super) trait Value {
    /// What its key has behind the field's name: the unit.
    const UNIT: &'static str = "";

    /// Appends the value.
    fn write(&self, into: &mut String);
}

/// What a field of a fact becomes: one member of the object, or two. Which,
/// its type alone says, so that all lines of a fact have the same keys.
pub(super) trait Field {
    /// Appends the members, each after a comma.
    fn put(&self, name: &str, into: &mut String);
}

impl<T: Value> Field for T {
    fn put(&self, name: &str, into: &mut String) {
        for text in [",\"", name, T::UNIT, "\":"] {
            into.push_str(text);
        }
        self.write(into);
    }
}

impl Field for Arc<FunctionVersion> {
    fn put(&self, name: &str, into: &mut String) {
        self.name.put(name, into);
        self.version.put("version", into);
    }
}

impl Field for Option<(Version, f64)> {
    fn put(&self, name: &str, into: &mut String) {
        self.map(|(version, _)| version).put(name, into);
        self.map(|(_, share)| Share(share)).put("additional_share", into);
    }
}

impl Field for RecordTarget {
    fn put(&self, name: &str, into: &mut String) {
        let (word, arn): (&str, &str) = match self {
            Self::DeadLetter(arn) => ("dead_letter", arn),
            Self::OnSuccess(arn) => ("on_success", arn),
            Self::OnFailure(arn) => ("on_failure", arn),
        };
        word.put(name, into);
        arn.put("target_arn", into);
    }
}

impl Field for MoveTaskStatus {
    fn put(&self, name: &str, into: &mut String) {
        let (word, failure) = match self {
            Self::Running => ("running", None),
            Self::Cancelling => ("cancelling", None),
            Self::Cancelled => ("cancelled", None),
            Self::Completed => ("completed", None),
            Self::Failed(failure) => ("failed", Some(*failure)),
        };
        word.put(name, into);
        failure.put("failure", into);
    }
}

impl<T: Value> Value for Option<T> {
    const UNIT: &'static str = T::UNIT;

    fn write(&self, into: &mut String) {
        match self {
            Some(value) => value.write(into),
            None => into.push_str("null"),
        }
    }
}

impl Value for &str {
    fn write(&self, into: &mut String) {
        into.push('"');
        for character in self.chars() {
            match character {
                '"' | '\\' => into.extend(['\\', character]),
                '\0'..='\x1f' => append(into, format_args!("\\u{:04x}", u32::from(character))),
                _ => into.push(character),
            }
        }
        into.push('"');
    }
}

impl Value for Timestamp {
    /// Seconds, to the microsecond.
    fn write(&self, into: &mut String) {
        append(into, format_args!("{}.{:06}", self.as_secs(), self.as_micros() % 1_000_000));
    }
}

impl Value for Duration {
    const UNIT: &'static str = "_ms";

    /// Whole milliseconds have no decimals; the rest is rounded down to the microsecond.
    fn write(&self, into: &mut String) {
        append(into, format_args!("{}", self.as_millis()));
        let micros = self.subsec_micros() % 1_000;
        if micros != 0 {
            append(into, format_args!(".{micros:03}"));
        }
    }
}

/// A share of all requests.
struct Share(f64);

impl Value for Share {
    /// JSON has no word for what is no number.
    fn write(&self, into: &mut String) {
        if self.0.is_finite() {
            append(into, format_args!("{}", self.0));
        } else {
            into.push_str("null");
        }
    }
}

impl Value for EnvironmentId {
    fn write(&self, into: &mut String) {
        append(into, format_args!("{}", self.0));
    }
}

impl Value for Asker {
    fn write(&self, into: &mut String) {
        match self {
            Self::Caller => "caller".write(into),
            Self::EventQueue => "event_queue".write(into),
            Self::Mapping(mapping) => append(into, format_args!("\"mapping:{mapping}\"")),
        }
    }
}

impl Value for Qualifier {
    /// Nothing and `$LATEST` are the same to the engine.
    fn write(&self, into: &mut String) {
        match self {
            Self::Latest => into.push_str("null"),
            Self::Version(number) => Version::Published(*number).write(into),
            Self::Alias(alias) => alias.write(into),
        }
    }
}

/// Types that are shown as JSON shows them.
macro_rules! plain {
    ($($type:ty),* $(,)?) => {$(
        impl Value for $type {
            fn write(&self, into: &mut String) {
                append(into, format_args!("{self}"));
            }
        }
    )*};
}

plain!(bool, u32, usize);

/// Types that are shown without anything that JSON escapes.
macro_rules! quoted {
    ($($type:ty),* $(,)?) => {$(
        impl Value for $type {
            fn write(&self, into: &mut String) {
                append(into, format_args!("\"{self}\""));
            }
        }
    )*};
}

quoted!(Uuid, RequestId, MessageId, MappingId, MoveTaskId, Version);

/// Types that have their text: names as users gave them, and AWS's strings.
macro_rules! texts {
    ($($type:ty),* $(,)?) => {$(
        impl Value for $type {
            fn write(&self, into: &mut String) {
                self.as_str().write(into);
            }
        }
    )*};
}

texts!(FunctionName, AliasName, QueueName, GroupId, ThrottleReason, InitializationType, MappingState);

/// Types that have a word for each of what they can be.
macro_rules! words {
    ($($type:ident { $($variant:ident: $word:literal),* $(,)? })*) => {$(
        impl Value for $type {
            fn write(&self, into: &mut String) {
                match self {
                    $(Self::$variant => $word.write(into),)*
                }
            }
        }
    )*};
}

words! {
    Pool { Reserved: "reserved", Unreserved: "unreserved", Provisioned: "provisioned" }
    Limit {
        AccountRate: "account_rate",
        ReservedRate: "reserved_rate",
        Reserved: "reserved",
        Unreserved: "unreserved",
        ScalingRate: "scaling_rate",
    }
    InitPhase { Init: "init", Invoke: "invoke" }
    Ending {
        Succeeded: "succeeded",
        Failed: "failed",
        TimedOut: "timed_out",
        Exited: "exited",
        HostFailure: "host_failure",
    }
    StopReason {
        IdleReclaim: "idle_reclaim",
        Retired: "retired",
        InitFailure: "init_failure",
        Unprovisioned: "unprovisioned",
        HostFailure: "host_failure",
        Outdated: "outdated",
        Reset: "reset",
    }
    ResetReason { InitFailure: "init_failure", Timeout: "timeout", Exit: "exit" }
    EventEnding {
        Succeeded: "succeeded",
        RetriesExhausted: "retries_exhausted",
        EventAgeExceeded: "event_age_exceeded",
        ZeroReservedConcurrency: "zero_reserved_concurrency",
        RecursiveLoop: "recursive_loop",
        FunctionDeleted: "function_deleted",
    }
    AllocationStatus {
        Ready: "ready",
        InProgress: "in_progress",
        Failed: "failed",
        HostFailed: "host_failed",
    }
    MoveFailure {
        DestinationMissing: "destination_missing",
        SourceUnknown: "source_unknown",
        TooLong: "too_long",
    }
}

fn append(into: &mut String, text: std::fmt::Arguments<'_>) {
    into.write_fmt(text).expect("a string takes all that is written");
}
