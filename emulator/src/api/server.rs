//! Connections in, calls out.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Api;
use super::call::Call;
use super::door::Door;
use super::guard::Guard;
use super::reply::{Reply, content_type, json, stamp};
use super::route;
use crate::engine::Uuid;
use crate::limits;

/// A connection must send its headers within this time.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a call under way may take to end: the engine has answered it by
/// then, so what is left is a client that sends or reads no more.
const GRACE: Duration = Duration::from_secs(2);

/// Accepts connections until `stop`, then lets the calls under way end.
pub(crate) async fn serve(listener: TcpListener, api: Arc<Api>, guard: Guard, stop: CancellationToken) {
    let guard = Arc::new(guard);
    let connections = TaskTracker::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                let peer = peer.ip();
                connections.spawn(connection(
                    stream,
                    peer,
                    Arc::clone(&api),
                    Arc::clone(&guard),
                    stop.clone(),
                ));
            }
            Err(error) => {
                // Out of file descriptors, most likely: the host's limit, not AWS's.
                tracing::error!(%error, "can't accept a connection; raise the limit of open files (ulimit -n)");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    connections.close();
    if tokio::time::timeout(GRACE, connections.wait()).await.is_err() {
        tracing::debug!(connections = connections.len(), "left connections that did not end");
    }
}

async fn connection(
    stream: TcpStream,
    peer: IpAddr,
    api: Arc<Api>,
    guard: Arc<Guard>,
    stop: CancellationToken,
) {
    // Small answers must not wait for more to send.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "can't set TCP_NODELAY");
    }
    let service = service_fn(|request| answer(&api, &guard, peer, request));
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(
    api: &Api,
    guard: &Guard,
    peer: IpAddr,
    request: Request<Incoming>,
) -> Result<Reply, Infallible> {
    let (parts, body) = request.into_parts();
    let door = Door::of(&parts.headers, &parts.uri);
    let welcomes = |origin: Option<&str>| door.as_ref().is_some_and(|door| api.doors.welcomes(door, origin));
    if let Some(refusal) = guard.refusal(&parts.headers, &parts.uri, welcomes) {
        return Ok(refusal);
    }
    let request_id = Uuid::from_random(request_bits());
    let mut reply = match read(body).await {
        Ok(body) => route::answer(api, Call::at(door, Some(peer), parts, body, request_id)).await,
        Err(refusal) => refusal,
    };
    stamp(&mut reply, request_id);
    Ok(reply)
}

async fn read(mut body: Incoming) -> Result<Bytes, Reply> {
    // Most bodies come in one piece, which needs no copy.
    let (mut first, mut all) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            tracing::debug!(%error, "a request's body broke off");
            super::reply::empty(StatusCode::BAD_REQUEST)
        })?;
        let Ok(piece) = frame.into_data() else { continue };
        if first.len().max(all.len()) + piece.len() > limits::REQUEST {
            return Err(too_large());
        }
        if first.is_empty() {
            first = piece;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&piece);
        }
        if body.is_end_stream() {
            break;
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

fn too_large() -> Reply {
    let text = format!("Request must be smaller than {} bytes", limits::REQUEST);
    let body = serde_json::json!({ "Message": text });
    let mut reply = json(StatusCode::PAYLOAD_TOO_LARGE, content_type::JSON, &body);
    super::reply::set(&mut reply, "x-amzn-errortype", "RequestEntityTooLargeException");
    reply
}

/// Bits for a request id that no decision depends on: `x-amzn-RequestId` of
/// calls that are no invocation.
fn request_bits() -> u128 {
    use std::hash::{BuildHasher, RandomState};
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static KEYS: LazyLock<(RandomState, RandomState)> = LazyLock::new(Default::default);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    (u128::from(KEYS.0.hash_one(count)) << 64) | u128::from(KEYS.1.hash_one(count))
}
