//! The Lambda Extensions API, on the port of the Runtime API
//! (Developer Guide, "Using the Lambda Extensions API").

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::HeaderValue;
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::delivery;
use super::generation::Generation;
use super::participants::{Events, NotRegistered};
use super::runtime_api::{Reply, accepted, refuse, status};
use super::telemetry_api::Subscription;
use crate::engine::Uuid;

pub(super) const PREFIX: &str = "/2020-01-01/extension/";
pub(super) const TELEMETRY: &str = "/2022-07-01/telemetry";

/// No request of an extension is longer than a few lines.
const LONGEST_BODY: usize = 65_536;

/// Why a call is refused. The names of the errors are those of the open-source
/// runtime interface emulator, where it has one.
struct Refusal {
    code: StatusCode,
    message: String,
    kind: &'static str,
}

/// Answers a call to the Extensions API or the Telemetry API.
pub(super) async fn answer(generation: &Arc<Generation>, parts: &Parts, body: Incoming) -> Reply {
    let path = parts.uri.path();
    let answered = match (&parts.method, path.strip_prefix(PREFIX).unwrap_or(path)) {
        (&Method::POST, "register") => register(generation, parts, body).await,
        (&Method::GET, "event/next") => next(generation, parts).await,
        (&Method::POST, "init/error") => error(generation, parts, "InitError"),
        (&Method::POST, "exit/error") => error(generation, parts, "ExitError"),
        (&Method::PUT, TELEMETRY) => subscribe(generation, parts, body).await,
        _ => Err(refusal(StatusCode::NOT_FOUND, "no such call", "NotFound")),
    };
    answered.unwrap_or_else(|Refusal { code, message, kind }| refuse(code, &message, kind))
}

async fn register(generation: &Arc<Generation>, parts: &Parts, body: Incoming) -> Result<Reply, Refusal> {
    let name = header(parts, "lambda-extension-name").filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| missing("Lambda-Extension-Name", "Extension.InvalidExtensionName"))?;
    let events = parse_events(&read(body).await?)?;
    let sandbox = &generation.sandbox;
    let id = unique(&format!("{}/{name}", sandbox.log_stream));
    generation.register(name, id, events).map_err(not_registered)?;
    let mut about = json!({
        "functionName": sandbox.function.name.as_str(),
        "functionVersion": sandbox.function.version.to_string(),
        "handler": sandbox.function.spec.handler,
    });
    if header(parts, "lambda-extension-accept-feature").is_some_and(|features| features.contains("accountId"))
    {
        about["accountId"] = sandbox.identity.account_id.as_str().into();
    }
    Ok(with_header(status(StatusCode::OK, about.to_string().into()), "lambda-extension-identifier", id))
}

fn parse_events(body: &[u8]) -> Result<Events, Refusal> {
    #[derive(Deserialize)]
    struct Request {
        #[serde(default)]
        events: Vec<String>,
    }
    let request: Request = serde_json::from_slice(body)
        .map_err(|error| refusal(StatusCode::BAD_REQUEST, &error.to_string(), "InvalidRequestFormat"))?;
    let mut events = Events::default();
    for event in &request.events {
        match event.as_str() {
            "INVOKE" => events.invoke = true,
            "SHUTDOWN" => events.shutdown = true,
            other => {
                let text = format!("{other}: invalid event type");
                return Err(refusal(StatusCode::BAD_REQUEST, &text, "Extension.InvalidEventType"));
            }
        }
    }
    Ok(events)
}

fn not_registered(why: NotRegistered) -> Refusal {
    match why {
        NotRegistered::Closed => {
            forbidden("extensions register while Init goes on", "Extension.RegistrationClosed")
        }
        NotRegistered::TooMany => forbidden("at most 10 extensions register", "Extension.TooManyExtensions"),
        NotRegistered::AlreadyThere => {
            forbidden("an extension of this name is registered", "Extension.AlreadyRegistered")
        }
        NotRegistered::InternalShutdown => refusal(
            StatusCode::BAD_REQUEST,
            "an internal extension can't have SHUTDOWN events",
            "Extension.ShutdownEventNotSupportedForInternalExtension",
        ),
    }
}

async fn next(generation: &Generation, parts: &Parts) -> Result<Reply, Refusal> {
    let (id, _) = identify(generation, parts)?;
    let ended = || refusal(StatusCode::INTERNAL_SERVER_ERROR, "the environment has ended", "Ended");
    let event = generation.next_extension_event(id).await.ok_or_else(ended)?;
    let event_id = unique(&format!("{id}/{event:?}"));
    Ok(with_header(status(StatusCode::OK, event), "lambda-extension-event-identifier", event_id))
}

/// The extension can't go on: what is under way fails.
fn error(generation: &Generation, parts: &Parts, state: &'static str) -> Result<Reply, Refusal> {
    let (_, name) = identify(generation, parts)?;
    let kind = header(parts, "lambda-extension-function-error-type")
        .ok_or_else(|| missing("Lambda-Extension-Function-Error-Type", "Extension.MissingHeader"))?;
    generation.extension_failed(&name, state, kind);
    Ok(accepted())
}

async fn subscribe(generation: &Generation, parts: &Parts, body: Incoming) -> Result<Reply, Refusal> {
    let (_, name) = identify(generation, parts)?;
    let invalid = |why: String| refusal(StatusCode::BAD_REQUEST, &why, "ValidationError");
    let subscription = Subscription::parse(&read(body).await?).map_err(invalid)?;
    let Subscription { kinds, buffering, destination } = subscription;
    let late = || forbidden("telemetry is subscribed to while Init goes on", "Telemetry.SubscriptionClosed");
    let events = generation.subscribe(&name, &kinds).ok_or_else(late)?;
    tokio::spawn(delivery::deliver(events, buffering, destination));
    let mut reply = status(StatusCode::OK, Bytes::from_static(b"OK"));
    reply.headers_mut().insert("content-type", HeaderValue::from_static("text/plain"));
    Ok(reply)
}

/// Who calls, by the identifier that it was given.
fn identify(generation: &Generation, parts: &Parts) -> Result<(Uuid, String), Refusal> {
    let id = header(parts, "lambda-extension-identifier")
        .ok_or_else(|| missing("Lambda-Extension-Identifier", "Extension.MissingExtensionIdentifier"))?;
    let id: Uuid = id
        .parse()
        .map_err(|_| forbidden("the identifier is no UUID", "Extension.InvalidExtensionIdentifier"))?;
    let unknown = || forbidden("no extension has this identifier", "Extension.UnknownExtensionIdentifier");
    Ok((id, generation.extension_name(id).ok_or_else(unknown)?))
}

/// The same for the same text: nothing here has randomness of its own.
fn unique(text: &str) -> Uuid {
    let digest = Sha256::digest(text);
    let mut bits = [0; 16];
    bits.copy_from_slice(&digest[..16]);
    Uuid::from_random(u128::from_be_bytes(bits))
}

fn header<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get(name)?.to_str().ok()
}

async fn read(body: Incoming) -> Result<Bytes, Refusal> {
    let body = Limited::new(body, LONGEST_BODY).collect().await;
    let unread = |_| refusal(StatusCode::BAD_REQUEST, "the body can't be read", "InvalidRequestFormat");
    Ok(body.map_err(unread)?.to_bytes())
}

fn with_header(mut reply: Reply, name: &'static str, id: Uuid) -> Reply {
    let value = id.to_string().parse().expect("a UUID fits into a header");
    reply.headers_mut().insert(name, value);
    reply
}

fn missing(header: &str, kind: &'static str) -> Refusal {
    forbidden(&format!("the header {header} is missing"), kind)
}

fn forbidden(message: &str, kind: &'static str) -> Refusal {
    refusal(StatusCode::FORBIDDEN, message, kind)
}

fn refusal(code: StatusCode, message: &str, kind: &'static str) -> Refusal {
    Refusal { code, message: message.to_owned(), kind }
}
