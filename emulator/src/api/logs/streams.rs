//! DescribeLogStreams.

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::{LISTING_LIMIT, LONGEST_LISTING, group_name, limit, listing, ok, read};
use crate::api::Api;
use crate::api::call::Call;
use crate::api::lambda::{Constraint, Member, Violations};
use crate::api::reply::Reply;
use crate::observe::StreamView;

const ORDER_BY: Member =
    Member { name: "orderBy", constraints: &[Constraint::OneOf(&["LogStreamName", "LastEventTime"])] };

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<String>,
    descending: Option<bool>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    log_streams: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    log_stream_name: String,
    creation_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_event_timestamp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_event_timestamp: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_ingestion_time: Option<u64>,
    arn: String,
    /// AWS has not counted them since 2019.
    stored_bytes: u64,
}

pub(super) fn describe(api: &Api, call: &Call) -> Result<Reply, Error> {
    let request: Request = read(call)?;
    let mut violations = Violations::default();
    violations.check(&ORDER_BY, &request.order_by);
    violations.into_result().map_err(Error::InvalidParameter)?;
    let by_time = request.order_by.as_deref() == Some("LastEventTime");
    let prefix = request.log_stream_name_prefix;
    if by_time && prefix.is_some() {
        return Err(Error::OrderAndPrefix);
    }
    let limit = limit(request.limit, &LISTING_LIMIT, LONGEST_LISTING)?;
    let group = group_name(request.log_group_name, request.log_group_identifier)?;
    let mut streams = api.driver.logs().streams(&group).ok_or(Error::GroupNotFound)?;
    streams.retain(|stream| prefix.as_ref().is_none_or(|prefix| stream.name.starts_with(prefix)));

    let key = |stream: &StreamView| {
        let at = stream.last_event.filter(|_| by_time).unwrap_or_default();
        format!("{:020}/{}", at.as_millis(), stream.name)
    };
    let descending = request.descending.unwrap_or(false);
    let (streams, next_token) =
        listing::page(streams, key, descending, request.next_token.as_deref(), limit)?;
    let arn = api.identity.log_group_arn(&group);
    let log_streams = streams.into_iter().map(|stream| Shown::new(stream, &arn)).collect();
    Ok(ok(&Response { log_streams, next_token }))
}

impl Shown {
    fn new(stream: StreamView, group_arn: &str) -> Self {
        let last = stream.last_event.map(|at| at.as_millis());
        Self {
            arn: format!("{group_arn}:log-stream:{}", stream.name),
            log_stream_name: stream.name,
            creation_time: stream.created.as_millis(),
            first_event_timestamp: stream.first_event.map(|at| at.as_millis()),
            last_event_timestamp: last,
            last_ingestion_time: last,
            stored_bytes: 0,
        }
    }
}
