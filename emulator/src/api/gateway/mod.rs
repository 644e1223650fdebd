//! API Gateway as far as it leads to functions: REST APIs (version 1 of its
//! API) and HTTP APIs (version 2).
//!
//! An API is reached as `http://ID.execute-api.REGION.localhost:PORT/STAGE/…`,
//! and as `http://HOST:PORT/restapis/ID/STAGE/_user_request_/…` where names
//! below `localhost` don't resolve. HTTP APIs take both forms too; the first
//! without a stage is for `$default`.

mod error;
mod http;
mod integration;
mod manage;
mod patch;
mod path;
mod rest;
#[cfg(test)]
mod tests;

use hyper::StatusCode;

use super::Api;
use super::call::Call;
use super::proxy::Request;
use super::reply::{Reply, content_type, reply, set};
use crate::engine::Rng;

pub(super) use http::HttpApis;
pub(super) use manage::{is_management, manage};
pub(super) use rest::RestApis;

/// The longest body that API Gateway takes ("Amazon API Gateway quotas").
const LONGEST_BODY: usize = 10_485_760;

/// Answers a request that was sent to an API. Without `stage`, `path` begins
/// with it.
pub(super) async fn answer(api: &Api, call: &Call, id: &str, stage: Option<&str>, path: &str) -> Reply {
    let request = Request { call, at: api.driver.clock().now() };
    if api.doors.http.has(id) {
        http::answer(api, &request, id, stage, path).await
    } else {
        rest::answer(api, &request, id, stage, path).await
    }
}

/// A new id. Letters and digits as they are in AWS's ids, which keep to those
/// that base32 has.
pub(super) fn draw_id(rng: &mut Rng, length: usize) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    (0..length).map(|_| char::from(LETTERS[(rng.bits() >> 59) as usize])).collect()
}

/// The host part of an API's URL, without a port.
fn domain(api: &Api, id: &str) -> String {
    format!("{id}.execute-api.{}.localhost", api.identity.region)
}

/// A gateway's own answer; `body` is JSON as AWS writes it, blanks included.
fn own_answer(status: StatusCode, error_type: &'static str, body: &'static str) -> Reply {
    let mut reply = reply(status, content_type::JSON, body);
    if !error_type.is_empty() {
        set(&mut reply, "x-amzn-errortype", error_type);
    }
    reply
}
