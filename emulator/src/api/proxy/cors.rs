//! CORS, as function URLs and HTTP APIs are configured for it.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, HeaderName,
    HeaderValue, ORIGIN, VARY,
};
use hyper::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use crate::api::call::Call;
use crate::api::reply::{Reply, empty};

/// What other origins may do, under the names of API Gateway.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::api) struct Cors {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::api) allow_credentials: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::api) allow_headers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::api) allow_methods: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::api) allow_origins: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::api) expose_headers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::api) max_age: Option<i64>,
}

impl Cors {
    /// Whether a page of that origin may call. One that does not tell its
    /// origin may where everybody may.
    pub(in crate::api) fn welcomes(&self, origin: Option<&str>) -> bool {
        self.allow_origins.iter().flatten().any(|allowed| match (allowed.as_str(), origin) {
            ("*", _) => true,
            ("http://*", Some(origin)) => origin.starts_with("http://"),
            ("https://*", Some(origin)) => origin.starts_with("https://"),
            (allowed, Some(origin)) => allowed.eq_ignore_ascii_case(origin),
            (_, None) => false,
        })
    }

    /// The answer to a preflight request; `None` to any other.
    pub(in crate::api) fn preflight(&self, call: &Call, status: StatusCode) -> Option<Reply> {
        let asks = call.method == Method::OPTIONS
            && call.headers.contains_key(ORIGIN)
            && call.headers.contains_key("access-control-request-method");
        if !asks {
            return None;
        }
        let mut reply = empty(status);
        if self.decorate(call, &mut reply) {
            add_list(&mut reply, ACCESS_CONTROL_ALLOW_METHODS, self.allow_methods.as_deref());
            add_list(&mut reply, ACCESS_CONTROL_ALLOW_HEADERS, self.allow_headers.as_deref());
            if let Some(seconds) = self.max_age {
                reply.headers_mut().insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(seconds));
            }
        }
        Some(reply)
    }

    /// Adds to a reply what its caller's browser wants to read; to callers
    /// from elsewhere nothing. Headers of the function stay beside it.
    pub(in crate::api) fn decorate(&self, call: &Call, reply: &mut Reply) -> bool {
        let Some(origin) = call.headers.get(ORIGIN) else { return false };
        if !self.welcomes(origin.to_str().ok()) {
            return false;
        }
        let credentials = self.allow_credentials.unwrap_or(false);
        let everybody = self.allow_origins.iter().flatten().any(|allowed| allowed == "*");
        let headers = reply.headers_mut();
        if everybody && !credentials {
            headers.append(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        } else {
            // Browsers take no wildcard where credentials are sent.
            headers.append(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.append(VARY, HeaderValue::from_static("Origin"));
        }
        if credentials {
            headers.append(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        add_list(reply, ACCESS_CONTROL_EXPOSE_HEADERS, self.expose_headers.as_deref());
        true
    }
}

fn add_list(reply: &mut Reply, name: HeaderName, values: Option<&[String]>) {
    let Some(values) = values.filter(|values| !values.is_empty()) else { return };
    if let Ok(value) = HeaderValue::from_str(&values.join(",")) {
        reply.headers_mut().append(name, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_welcome_by_name_or_all_at_once() {
        let cors = |origins: &[&str]| {
            let origins = origins.iter().map(|&origin| origin.to_owned()).collect();
            Cors { allow_origins: Some(origins), ..Cors::default() }
        };
        for (allowed, origin, welcome) in [
            (&["*"][..], Some("https://a.example"), true),
            (&["*"], None, true),
            (&["https://a.example"], Some("https://A.example"), true),
            (&["https://a.example"], Some("https://b.example"), false),
            (&["https://a.example"], None, false),
            (&["https://*"], Some("https://b.example"), true),
            (&["https://*"], Some("http://b.example"), false),
            (&["https://*"], Some("null"), false),
            (&[], Some("https://a.example"), false),
        ] {
            assert_eq!(cors(allowed).welcomes(origin), welcome, "{allowed:?} {origin:?}");
        }
    }
}
