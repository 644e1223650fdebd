//! Mock integrations: answers without a function, as they are set up for CORS
//! preflight requests.
//!
//! Mapping templates are a language (VTL); those that need it are refused when
//! they are set, and the rest are taken as they are.

use std::str::FromStr;

use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};

use super::model::{Integration, IntegrationResponse};
use crate::api::gateway::error::Error;
use crate::api::reply::{Reply, content_type, reply};

const HEADER: &str = "method.response.header.";

/// Refuses request templates that are more than a status.
pub(super) fn check_request(integration: &Integration) -> Result<(), Error> {
    check_templates(integration.request_templates.iter().flat_map(|templates| templates.values()))
}

/// Refuses response templates that are more than a text, where they are used.
pub(super) fn check_response(integration: &Integration, response: &IntegrationResponse) -> Result<(), Error> {
    if integration.kind != "MOCK" {
        return Ok(());
    }
    check_templates(response.response_templates.iter().flat_map(|templates| templates.values()))?;
    let values = response.response_parameters.iter().flat_map(|parameters| parameters.values());
    for value in values {
        if quoted(value).is_none() {
            return Err(Error::NotServed(format!("the mapping {value} of mock integrations")));
        }
    }
    Ok(())
}

fn check_templates<'a>(mut templates: impl Iterator<Item = &'a String>) -> Result<(), Error> {
    match templates.find(|template| template.contains(['$', '#'])) {
        Some(_) => Err(Error::NotServed("mapping templates (VTL)".to_owned())),
        None => Ok(()),
    }
}

/// The answer to a request of that content type. `None` where API Gateway
/// finds nothing to answer with.
pub(super) fn answer(integration: &Integration, request_type: &str) -> Option<Reply> {
    let request_type = request_type.split(';').next().unwrap_or_default().trim();
    let request_type = if request_type.is_empty() { content_type::JSON } else { request_type };
    let template = integration.request_templates.as_ref()?.get(request_type)?;
    let wanted = status_code(template)?;
    let response = select(integration, wanted)?;
    let status = StatusCode::from_str(&response.status_code).ok().filter(|status| status.as_u16() >= 200)?;
    let templates = response.response_templates.iter().flatten();
    let first = templates.map(|(kind, body)| (kind.as_str(), body.as_str())).next();
    let (kind, body) = first.unwrap_or((content_type::JSON, ""));
    let mut reply = reply(status, content_type::JSON, body.to_owned());
    if let Ok(kind) = HeaderValue::from_str(kind) {
        reply.headers_mut().insert(CONTENT_TYPE, kind);
    }
    for (name, value) in response.response_parameters.iter().flatten() {
        let header = name.strip_prefix(HEADER).and_then(|name| HeaderName::from_str(name).ok());
        let value = quoted(value).and_then(|value| HeaderValue::from_str(value).ok());
        if let (Some(header), Some(value)) = (header, value) {
            reply.headers_mut().try_insert(header, value).ok()?;
        }
    }
    Some(reply)
}

/// The response whose pattern is the status, or the one without a pattern.
fn select(integration: &Integration, wanted: u16) -> Option<&IntegrationResponse> {
    let responses = integration.integration_responses.as_ref()?;
    let wanted = wanted.to_string();
    let pattern = |response: &&IntegrationResponse| response.selection_pattern.clone().unwrap_or_default();
    let chosen = responses.values().find(|response| pattern(response) == wanted);
    chosen.or_else(|| responses.values().find(|response| pattern(response).is_empty()))
}

/// The number after `statusCode`: templates need not be JSON, and often aren't.
fn status_code(template: &str) -> Option<u16> {
    let (_, after) = template.split_once("statusCode")?;
    let digits = after.trim_start_matches(['"', '\'', ':', ' ', '\t', '\r', '\n']);
    let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
    digits[..end].parse().ok()
}

/// `'value'`, a static value, without its quotation marks.
fn quoted(value: &str) -> Option<&str> {
    value.strip_prefix('\'')?.strip_suffix('\'')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_read_for_their_status() {
        for (template, expected) in [
            (r#"{"statusCode": 200}"#, Some(200)),
            ("{ statusCode: 204 }", Some(204)),
            ("{'statusCode':'404'}", Some(404)),
            ("{}", None),
            ("statusCode", None),
        ] {
            assert_eq!(status_code(template), expected, "{template}");
        }
    }
}
