//! Brings records of asynchronous events to their destinations.

use std::collections::BTreeMap;

use crate::api::{attributes_md5, body_md5};
use crate::config::Identity;
use crate::engine::{
    AttributeValue, Engine, EventEnding, InvocationRecord, Invoke, MessageAttribute, NewMessage,
    RecordTarget, Timestamp,
};
use crate::observe;
use crate::runtime::trace_header;

/// Sends a record where it is to go, and notes whether that took it.
///
/// Queues and functions of this account are real destinations. What goes to
/// other services (SNS, EventBridge, S3) is written to the emulator's own log.
pub(crate) fn send(engine: &mut Engine, identity: &Identity, record: &InvocationRecord) {
    let at = engine.now();
    let delivered = match &record.target {
        RecordTarget::DeadLetter(arn) => dead_letter(engine, identity, at, arn, record),
        RecordTarget::OnSuccess(arn) | RecordTarget::OnFailure(arn) => {
            destination(engine, identity, at, arn, record)
        }
    };
    engine.record_sent(at, record, delivered);
}

/// A dead-letter queue gets the event itself, and why it is there.
fn dead_letter(
    engine: &mut Engine,
    identity: &Identity,
    at: Timestamp,
    arn: &str,
    record: &InvocationRecord,
) -> bool {
    let Some(queue) = identity.queue_of(arn) else {
        return log_elsewhere(arn, &observe::record(record, identity));
    };
    let status = match record.ending {
        EventEnding::ZeroReservedConcurrency => "429",
        EventEnding::Succeeded
        | EventEnding::RetriesExhausted
        | EventEnding::EventAgeExceeded
        | EventEnding::RecursiveLoop
        | EventEnding::FunctionDeleted => "200",
    };
    let attribute = |data_type: &str, text: String| MessageAttribute {
        data_type: data_type.to_owned(),
        value: AttributeValue::Text(text),
    };
    let mut attributes = BTreeMap::from([
        ("RequestID".to_owned(), attribute("String", record.request_id.to_string())),
        ("ErrorCode".to_owned(), attribute("Number", status.to_owned())),
    ]);
    let message = observe::error_message(record);
    if !message.is_empty() {
        attributes.insert("ErrorMessage".to_owned(), attribute("String", message));
    }
    let body = String::from_utf8_lossy(&record.payload);
    let mut message = message_of(&body, record);
    message.attributes_md5 =
        attributes_md5(attributes.iter().map(|(name, attribute)| (name.as_str(), attribute)));
    message.attributes = attributes;
    engine.send_message(at, queue, message, None).is_ok()
}

fn destination(
    engine: &mut Engine,
    identity: &Identity,
    at: Timestamp,
    arn: &str,
    record: &InvocationRecord,
) -> bool {
    let text = observe::record(record, identity);
    if let Some(queue) = identity.queue_of(arn) {
        return engine.send_message(at, queue, message_of(&text, record), None).is_ok();
    }
    if let Some((function, qualifier)) = identity.function_of(arn) {
        if goes_round(engine, record) {
            return false;
        }
        let mut invoke = Invoke::new(function, text.into());
        invoke.qualifier = qualifier;
        invoke.trace = record.trace.clone();
        invoke.trace.depth = next_depth(record);
        return engine.invoke_event(at, invoke).is_ok();
    }
    log_elsewhere(arn, &text)
}

fn message_of(body: &str, record: &InvocationRecord) -> NewMessage {
    let mut message = NewMessage::new(body, body_md5(body));
    let name = record.function.as_str();
    let header = trace_header(record.request_id, record.at.as_secs(), name, &record.trace);
    message.trace_header = Some(header.into_boxed_str());
    message.trace_depth = next_depth(record);
    message
}

/// Whether the chain that the record belongs to is too long to go on with it.
/// An event that is stopped as a loop, or by a reservation of 0, ends at the
/// very moment it comes: functions that are each other's destination would
/// hand on its record for ever, and time would stand still.
fn goes_round(engine: &Engine, record: &InvocationRecord) -> bool {
    let ends_at_once = match record.ending {
        EventEnding::ZeroReservedConcurrency | EventEnding::RecursiveLoop => true,
        EventEnding::Succeeded
        | EventEnding::RetriesExhausted
        | EventEnding::EventAgeExceeded
        | EventEnding::FunctionDeleted => false,
    };
    ends_at_once && record.trace.depth >= engine.quotas().recursion_limit
}

/// A caller may have claimed any depth.
fn next_depth(record: &InvocationRecord) -> u32 {
    record.trace.depth.saturating_add(1)
}

/// A service that is not here.
fn log_elsewhere(arn: &str, record: &str) -> bool {
    tracing::info!(target: "emulator::destination", arn, record, "a record for another service");
    true
}
