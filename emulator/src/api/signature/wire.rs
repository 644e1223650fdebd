//! The one place that puts refused signatures on the wire.
//!
//! They come from the framework that the services run in, before a service has
//! its say; each has them in its own protocol.

use hyper::StatusCode;
use serde_json::json;

use super::refusal::{Kind, Refusal};
use super::service::Service;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, json as json_reply, set};
use crate::api::{logs, sqs, sts};

pub(super) fn reply(refusal: &Refusal, service: Service, call: &Call) -> Reply {
    let (kind, message) = (refusal.kind(), message(refusal, service));
    match service {
        Service::Lambda | Service::ApiGateway | Service::ExecuteApi => rest_json(kind, &message),
        Service::Logs => logs::refuse(kind.shape(), message),
        Service::Sqs => sqs::refuse(call, sqs_code(kind), &message),
        Service::Sts => sts::refuse(call, status(kind), kind.query(), &message),
    }
}

fn message(refusal: &Refusal, service: Service) -> String {
    if *refusal == Refusal::Missing && matches!(service, Service::Sqs | Service::Sts) {
        return "Request is missing Authentication Token".to_owned();
    }
    let mut message = refusal.to_string();
    if service.shows_canonical_string() {
        message += &refusal.canonical_strings();
    }
    message
}

fn rest_json(kind: Kind, message: &str) -> Reply {
    let mut reply = json_reply(StatusCode::FORBIDDEN, content_type::JSON, &json!({ "message": message }));
    set(&mut reply, "x-amzn-errortype", kind.shape());
    reply
}

fn sqs_code(kind: Kind) -> sqs::Code {
    let namespace = "com.amazon.coral.service";
    sqs::Code { namespace, shape: kind.shape(), query: kind.query(), status: status(kind) }
}

/// In the query protocol, which SQS's JSON protocol follows in this.
fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Incomplete => StatusCode::BAD_REQUEST,
        Kind::Missing | Kind::UnknownKey | Kind::Invalid => StatusCode::FORBIDDEN,
    }
}
