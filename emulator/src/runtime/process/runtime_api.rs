//! The Lambda Runtime API, one port per environment
//! (Developer Guide, "Using the Lambda runtime API for custom runtimes").

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::header::{HOST, ORIGIN};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::generation::Generation;
use super::{event, extensions_api, host, streamed, trace};
use crate::api::is_loopback;
use crate::engine::{BatchItems, Dispatch, FunctionError, News, Outcome, RequestId, Uuid};
use crate::limits;

const PREFIX: &str = "/2018-06-01/runtime/";

pub(super) type Reply = Response<Full<Bytes>>;

/// Serves a generation until it ends. Each has a port of its own: what its
/// processes had begun to ask for when they were ended must not be heard as
/// their successors' word.
pub(super) async fn serve(listener: TcpListener, generation: Arc<Generation>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = generation.ended.cancelled() => return,
        };
        match accepted {
            Ok((stream, _)) => drop(tokio::spawn(connection(stream, Arc::clone(&generation)))),
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                // Out of file descriptors: without its runtime the environment
                // would time out, and that would look like the function's fault.
                let reason = host::refusal("accept a runtime's connection", &error);
                tracing::error!(function = %generation.sandbox.function.name, "{reason}");
                return generation.report(News::StartRefused(reason));
            }
        }
    }
}

async fn connection(stream: TcpStream, generation: Arc<Generation>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "can't set TCP_NODELAY");
    }
    let service = service_fn(|request| answer(&generation, request));
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        ended = connection => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a runtime's connection ended early");
            }
        }
        () = generation.ended.cancelled() => {}
    }
}

async fn answer(generation: &Arc<Generation>, request: Request<Incoming>) -> Result<Reply, Infallible> {
    let (parts, body) = request.into_parts();
    if is_web_page(&parts) {
        return Ok(refuse(StatusCode::FORBIDDEN, "a runtime is no web page", "AccessDenied"));
    }
    let path = parts.uri.path();
    if path.starts_with(extensions_api::PREFIX) || path == extensions_api::TELEMETRY {
        return Ok(extensions_api::answer(generation, &parts, body).await);
    }
    let path = path.strip_prefix(PREFIX).unwrap_or_default();
    Ok(match (&parts.method, path) {
        (&Method::GET, "invocation/next") => next(generation).await,
        (&Method::POST, "init/error") => init_error(generation, body).await,
        (&Method::POST, path) => match invocation_call(path) {
            Some((Some(request_id), "response")) => response(generation, request_id, &parts, body).await,
            Some((Some(request_id), "error")) => error(generation, request_id, body).await,
            Some((None, "response" | "error")) => invalid_request_id(),
            Some(_) | None => refuse(StatusCode::NOT_FOUND, "no such call", "NotFound"),
        },
        _ => refuse(StatusCode::NOT_FOUND, "no such call", "NotFound"),
    })
}

/// A web page that looks for open ports must not take events away. It shows by
/// what its browser adds, or by a host's name that was bound to this machine.
fn is_web_page(parts: &Parts) -> bool {
    let has = |name| parts.headers.contains_key(name);
    let host = parts.headers.get(HOST).map(|host| host.to_str().unwrap_or_default());
    has(ORIGIN.as_str()) || has("sec-fetch-site") || host.is_some_and(|host| !is_loopback(host))
}

/// `invocation/ID/WHAT`; no id was ever given that is no UUID.
fn invocation_call(path: &str) -> Option<(Option<RequestId>, &str)> {
    let (id, what) = path.strip_prefix("invocation/")?.split_once('/')?;
    Some((id.parse::<Uuid>().ok().map(RequestId), what))
}

async fn next(generation: &Generation) -> Reply {
    match generation.next().await {
        Some(dispatch) => event_reply(generation, dispatch),
        None => refuse(StatusCode::INTERNAL_SERVER_ERROR, "the environment has ended", "Ended"),
    }
}

fn event_reply(generation: &Generation, dispatch: Dispatch) -> Reply {
    let request_id = dispatch.request_id;
    let name = generation.sandbox.function.name.as_str();
    let arn = generation.sandbox.identity.qualified_arn(name, &dispatch.qualifier);
    let trace = trace::header(request_id, dispatch.deadline.as_secs(), name, &dispatch.trace);
    let mut reply = Response::builder()
        .header("content-type", "application/json")
        .header("lambda-runtime-aws-request-id", request_id.to_string())
        .header(
            "lambda-runtime-deadline-ms",
            generation.sandbox.real_deadline_ms(dispatch.deadline).to_string(),
        )
        .header("lambda-runtime-invoked-function-arn", arn)
        .header("lambda-runtime-trace-id", trace);
    if let Some(client_context) = dispatch.client_context.as_deref() {
        reply = reply.header("lambda-runtime-client-context", client_context);
    }
    let reply = reply.body(Full::new(event::body(dispatch.payload, &generation.sandbox.identity)));
    reply.expect("ids, numbers and ARNs fit into headers")
}

async fn response(generation: &Generation, request_id: RequestId, parts: &Parts, body: Incoming) -> Reply {
    let Some(current) = generation.current(request_id) else { return invalid_request_id() };
    if streamed::is_streamed(parts) {
        let Some(outcome) = streamed::carry(generation, request_id, parts, body).await else {
            return broken_off();
        };
        generation.finish(request_id, outcome, BatchItems::AllSucceeded);
        return accepted();
    }
    let (outcome, too_large) = match read(body).await {
        Ok(answer) => (Outcome::Success(answer), false),
        Err(Unread::TooLarge) => (Outcome::FunctionError(FunctionError::ResponseTooLarge), true),
        Err(Unread::BrokenOff) => return broken_off(),
    };
    let items = match &outcome {
        Outcome::Success(answer) if current.reports_item_failures => event::item_failures(answer),
        Outcome::Success(_) | Outcome::FunctionError(_) | Outcome::HostFailure(_) => BatchItems::AllSucceeded,
    };
    generation.finish(request_id, outcome, items);
    // The caller's answer goes out before the runtime is told to go on: else
    // the two would compete for the processor, and the caller would wait.
    tokio::task::yield_now().await;
    if too_large {
        let text = format!("Exceeded maximum allowed payload size ({} bytes).", limits::RESPONSE);
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, &text, "RequestEntityTooLarge");
    }
    accepted()
}

async fn error(generation: &Generation, request_id: RequestId, body: Incoming) -> Reply {
    if generation.current(request_id).is_none() {
        return invalid_request_id();
    }
    let Some(error) = read_error(body).await else { return broken_off() };
    generation.finish(request_id, Outcome::FunctionError(error), BatchItems::AllSucceeded);
    accepted()
}

async fn init_error(generation: &Generation, body: Incoming) -> Reply {
    let Some(error) = read_error(body).await else { return broken_off() };
    generation.fail_init(error);
    accepted()
}

async fn read_error(body: Incoming) -> Option<FunctionError> {
    match read(body).await {
        Ok(error) => Some(FunctionError::Reported(error)),
        Err(Unread::TooLarge) => Some(FunctionError::ResponseTooLarge),
        Err(Unread::BrokenOff) => None,
    }
}

/// Why a body was not read to its end.
#[derive(Debug)]
enum Unread {
    TooLarge,
    /// What the runtime meant to say is not known: its exit or the timeout
    /// settles the invocation.
    BrokenOff,
}

async fn read(body: Incoming) -> Result<Bytes, Unread> {
    match Limited::new(body, limits::RESPONSE).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unread::TooLarge),
        Err(_) => Err(Unread::BrokenOff),
    }
}

/// Nobody reads it.
fn broken_off() -> Reply {
    refuse(StatusCode::BAD_REQUEST, "the body broke off", "BrokenOff")
}

pub(super) fn accepted() -> Reply {
    status(StatusCode::ACCEPTED, Bytes::from_static(b"{\"status\":\"OK\"}\n"))
}

/// As the open-source runtime interface emulator words it.
fn invalid_request_id() -> Reply {
    refuse(StatusCode::BAD_REQUEST, "Invalid request ID", "InvalidRequestID")
}

pub(super) fn refuse(code: StatusCode, message: &str, kind: &str) -> Reply {
    let body = serde_json::json!({ "errorMessage": message, "errorType": kind });
    status(code, body.to_string().into())
}

pub(super) fn status(code: StatusCode, body: Bytes) -> Reply {
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = code;
    reply.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static("application/json"));
    reply
}
