//! DescribeLogGroups.

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::{LISTING_LIMIT, LONGEST_LISTING, limit, listing, ok, read};
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::Reply;
use crate::observe::GroupView;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    log_groups: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    log_group_name: String,
    creation_time: u64,
    metric_filter_count: u32,
    arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    stored_bytes: Option<u64>,
    log_group_class: &'static str,
    log_group_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_protection_enabled: Option<bool>,
}

pub(super) fn describe(api: &Api, call: &Call) -> Result<Reply, Error> {
    let request: Request = read(call)?;
    if request.log_group_name_prefix.is_some() && request.log_group_name_pattern.is_some() {
        return Err(Error::PrefixAndPattern);
    }
    let limit = limit(request.limit, &LISTING_LIMIT, LONGEST_LISTING)?;
    let wanted = |group: &GroupView| {
        request.log_group_name_prefix.as_ref().is_none_or(|prefix| group.name.starts_with(prefix))
            && request.log_group_name_pattern.as_ref().is_none_or(|part| group.name.contains(part))
    };
    let mut groups = api.driver.logs().groups();
    groups.retain(wanted);
    let name = |group: &GroupView| group.name.clone();
    let (groups, next_token) = listing::page(groups, name, false, request.next_token.as_deref(), limit)?;

    // A search by pattern shows less of each group.
    let whole = request.log_group_name_pattern.is_none();
    let show = |group: GroupView| {
        let arn = api.identity.log_group_arn(&group.name);
        Shown {
            log_group_name: group.name,
            creation_time: group.created.as_millis(),
            metric_filter_count: 0,
            arn: format!("{arn}:*"),
            stored_bytes: whole.then_some(group.stored_bytes),
            log_group_class: "STANDARD",
            log_group_arn: arn,
            deletion_protection_enabled: whole.then_some(false),
        }
    };
    Ok(ok(&Response { log_groups: groups.into_iter().map(show).collect(), next_token }))
}
