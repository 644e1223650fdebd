//! The HTTP front doors: requests that are meant for a function behind a
//! function URL or a stage of API Gateway, and not for an AWS service.
//!
//! A door is known by its host, `ID.lambda-url.REGION.localhost` or
//! `ID.execute-api.REGION.localhost`, or by a path, for programs whose
//! resolver does not know names below `localhost`.

use hyper::header::HOST;
use hyper::{HeaderMap, Uri};

/// Where a request wants to go, and the path that is left for the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Door {
    /// `/_url/ID/…`, or the host of a function URL.
    FunctionUrl { id: String, path: String },
    /// `/restapis/ID/STAGE/_user_request_/…`, or the host of an API, where the
    /// path itself begins with the stage.
    Gateway { api: String, stage: Option<String>, path: String },
}

impl Door {
    /// The door that a request stands at. Everything that follows from it (who
    /// may come in, where it goes) must ask here, so that they agree.
    pub(super) fn of(headers: &HeaderMap, uri: &Uri) -> Option<Self> {
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        let host = host.or_else(|| uri.authority().map(|authority| authority.as_str()));
        Self::by_host(host.unwrap_or_default(), uri.path()).or_else(|| Self::by_path(uri.path()))
    }

    /// Whether pages of that host come from a function and not from a
    /// developer's own server.
    pub(super) fn is_host(host: &str) -> bool {
        Self::by_host(host, "").is_some()
    }

    fn by_host(host: &str, path: &str) -> Option<Self> {
        let (id, rest) = host.split_once('.')?;
        let (kind, _) = rest.split_once('.')?;
        let (is_url, is_gateway) =
            (kind.eq_ignore_ascii_case("lambda-url"), kind.eq_ignore_ascii_case("execute-api"));
        if !is_url && !is_gateway {
            return None;
        }
        let (id, path) = (id.to_ascii_lowercase(), path.to_owned());
        Some(if is_url {
            Self::FunctionUrl { id, path }
        } else {
            Self::Gateway { api: id, stage: None, path }
        })
    }

    fn by_path(path: &str) -> Option<Self> {
        if let Some(rest) = path.strip_prefix("/_url/") {
            let (id, path) = first_segment(rest);
            return Some(Self::FunctionUrl { id: id.to_owned(), path });
        }
        let rest = path.strip_prefix("/restapis/")?;
        let (api, rest) = rest.split_once('/')?;
        let (stage, rest) = rest.split_once('/')?;
        let (marker, path) = first_segment(rest);
        let (api, stage) = (api.to_owned(), Some(stage.replace("%24", "$")));
        (marker == "_user_request_").then_some(Self::Gateway { api, stage, path })
    }
}

/// The first segment, and a path of what follows it.
fn first_segment(rest: &str) -> (&str, String) {
    match rest.split_once('/') {
        Some((first, rest)) => (first, format!("/{rest}")),
        None => (rest, "/".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(id: &str, path: &str) -> Option<Door> {
        Some(Door::FunctionUrl { id: id.to_owned(), path: path.to_owned() })
    }

    fn gateway(api: &str, stage: Option<&str>, path: &str) -> Option<Door> {
        Some(Door::Gateway { api: api.to_owned(), stage: stage.map(str::to_owned), path: path.to_owned() })
    }

    #[test]
    fn doors_are_known_by_host_and_by_path() {
        for (host, path, expected) in [
            ("abc.lambda-url.us-east-1.localhost:4566", "/a%2Fb", url("abc", "/a%2Fb")),
            ("ABC.Lambda-URL.us-east-1.localhost", "/", url("abc", "/")),
            ("localhost:4566", "/_url/abc/a/b", url("abc", "/a/b")),
            ("localhost:4566", "/_url/abc", url("abc", "/")),
            ("x1.execute-api.us-east-1.localhost:4566", "/prod/a", gateway("x1", None, "/prod/a")),
            ("localhost", "/restapis/x1/prod/_user_request_/a/b", gateway("x1", Some("prod"), "/a/b")),
            ("localhost", "/restapis/x1/%24default/_user_request_", gateway("x1", Some("$default"), "/")),
            ("localhost", "/restapis/x1/resources/r1", None),
            ("localhost", "/restapis/x1", None),
            ("localhost:4566", "/2015-03-31/functions", None),
            ("sqs.us-east-1.localhost:4566", "/", None),
        ] {
            let headers = HeaderMap::from_iter([(HOST, host.parse().expect("a header value"))]);
            let uri = path.parse().expect("a path");
            assert_eq!(Door::of(&headers, &uri), expected, "{host} {path}");
        }
    }
}
