//! From a stage to a function, and how long a gateway waits for it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::api::Api;
use crate::api::lambda::{Ended, Target};
use crate::api::proxy::Request;

/// What a gateway's URI for invoking a function begins with, after the region.
const PATH: &str = ":lambda:path/2015-03-31/functions/";

/// The function that a URI names: its ARN, or API Gateway's own form around it.
/// Stage variables may stand for any part.
pub(super) fn target(api: &Api, uri: &str, variables: &BTreeMap<String, String>) -> Option<Target> {
    let uri = substituted(uri, variables);
    let arn = match uri.split_once(PATH) {
        Some((_, rest)) => rest.strip_suffix("/invocations")?,
        None => &uri,
    };
    Target::from_arn(api, arn)
}

/// Whether a URI has API Gateway's own form: REST APIs take no other.
pub(super) fn is_invocation(uri: &str) -> bool {
    uri.starts_with("arn:") && uri.contains(PATH) && uri.ends_with("/invocations")
}

/// Whether a URI may name a function: HTTP APIs take its ARN as it is, too.
pub(super) fn is_function(uri: &str) -> bool {
    let is_arn = uri.starts_with("arn:") && uri.split(':').nth(2) == Some("lambda");
    is_arn || is_invocation(uri)
}

/// `${stageVariables.NAME}` by its value, or by nothing.
fn substituted(uri: &str, variables: &BTreeMap<String, String>) -> String {
    const BEGIN: &str = "${stageVariables.";
    let (mut text, mut rest) = (String::new(), uri);
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let Some((name, after)) = after.split_once('}') else { break };
        text.push_str(before);
        text.push_str(variables.get(name).map_or("", String::as_str));
        rest = after;
    }
    text + rest
}

/// Invokes a function and waits for it, but not longer than `limit` on the
/// emulator's clock. The function runs on after that, and nobody reads its answer.
pub(super) async fn invoke_within(
    api: &Api,
    request: &Request<'_>,
    target: &Target,
    event: &Value,
    limit: Duration,
) -> Option<Ended> {
    let deadline = api.driver.clock().now() + limit;
    target.invoke_until(api, request, event, deadline).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_of_functions_are_told_from_others() {
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
        let invocation =
            format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations");
        for (uri, rest, http) in [
            (invocation.as_str(), true, true),
            (arn, false, true),
            (&invocation[..invocation.len() - 1], false, false),
            ("arn:aws:apigateway:us-east-1:sqs:path/000000000000/q", false, false),
            ("http://localhost/", false, false),
        ] {
            assert_eq!((is_invocation(uri), is_function(uri)), (rest, http), "{uri}");
        }
    }

    #[test]
    fn stage_variables_are_put_in() {
        let variables =
            BTreeMap::from([("fn".to_owned(), "f".to_owned()), ("v".to_owned(), "live".to_owned())]);
        for (uri, expected) in [
            ("function:${stageVariables.fn}:${stageVariables.v}", "function:f:live"),
            ("function:f${stageVariables.none}", "function:f"),
            ("function:${stageVariables.fn", "function:${stageVariables.fn"),
        ] {
            assert_eq!(substituted(uri, &variables), expected);
        }
    }
}
