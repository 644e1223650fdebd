//! What the log and the telemetry say of extensions, and telemetry's copy of
//! what is printed.

use super::generation::Generation;
use super::participants::{Events, Registered};
use super::telemetry::Kind;
use crate::engine::LogFormat;
use crate::observe::PlatformEvent;

/// An extension has registered, and Init is over.
pub(super) fn ready(generation: &Generation, extension: Registered) {
    let Registered { name, events } = extension;
    let events = names(events);
    let text = format!("EXTENSION\tName: {name}\tState: Ready\tEvents: [{}]\n", events.join(", "));
    tell(generation, &PlatformEvent::Extension { name, state: "Ready", events, error_type: None }, &text);
}

/// An extension can't go on, or is gone.
pub(super) fn failed(generation: &Generation, name: &str, state: &'static str, kind: &str) {
    let text = format!("EXTENSION\tName: {name}\tState: {state}\tEvents: []\tError Type: {kind}\n");
    let (name, error_type) = (name.to_owned(), Some(kind.to_owned()));
    tell(generation, &PlatformEvent::Extension { name, state, events: Vec::new(), error_type }, &text);
}

/// An extension listens to telemetry.
pub(super) fn subscribed(generation: &Generation, name: &str, kinds: &[Kind]) {
    let titles: Vec<&str> = kinds.iter().map(|kind| kind.title()).collect();
    let text = format!("TELEMETRY\tName: {name}\tState: Subscribed\tTypes: [{}]\n", titles.join(", "));
    let (name, types) = (name.to_owned(), kinds.iter().map(|kind| kind.as_str()).collect());
    tell(generation, &PlatformEvent::TelemetrySubscription { name, types }, &text);
}

/// A line was printed.
pub(super) fn line(generation: &Generation, kind: Kind, line: &str) {
    if !generation.telemetry.is_heard() {
        return;
    }
    let Some(driver) = generation.sandbox.driver.upgrade() else { return };
    let json_log = generation.sandbox.function.spec.logging.format != LogFormat::Text;
    generation.telemetry.tell_line(kind, driver.clock().now(), line, json_log);
}

fn tell(generation: &Generation, event: &PlatformEvent, text: &str) {
    let Some(driver) = generation.sandbox.driver.upgrade() else { return };
    let at = driver.clock().now();
    driver.logs().tell(generation.sandbox.id, at, event, text);
    generation.telemetry.tell_platform(at, event);
}

fn names(events: Events) -> Vec<&'static str> {
    let all = [(events.invoke, "INVOKE"), (events.shutdown, "SHUTDOWN")];
    all.into_iter().filter_map(|(wanted, name)| wanted.then_some(name)).collect()
}
