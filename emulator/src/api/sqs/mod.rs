//! Stub.
use super::Api;
use super::call::Call;
use super::reply::{Reply, empty};

pub(super) async fn answer(_api: &Api, _call: Call) -> Reply {
    empty(hyper::StatusCode::NOT_IMPLEMENTED)
}
