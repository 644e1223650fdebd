//! Who may speak to the emulator: this machine's programs, and no web page.
//!
//! CreateFunction runs code, so a page that a developer merely visits must not
//! reach it. A browser tells its page's `Origin`, and a rebound name shows in
//! `Host`; both must be loopback or expressly allowed. What a page merely embeds
//! (an image whose URL is a query-protocol call) comes without `Origin`; there
//! the browser says `Sec-Fetch-Site: cross-site`, or `same-site` where both
//! lie below one name of `localhost`.
//!
//! One thing is open to foreign pages, because that is its purpose: a function
//! URL or an HTTP API whose CORS settings name the page's origin, or all. Such
//! a request reaches that function and nothing else. `Host` is checked even
//! there, or a rebound name could be any page's own origin.

use std::net::IpAddr;

use hyper::header::{HOST, HeaderName, ORIGIN};
use hyper::{HeaderMap, StatusCode, Uri};

use super::door::Door;
use super::reply::{Reply, content_type, json};

/// How the page that makes a request is related to the request's host. No page
/// can set or hide it.
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The hosts that requests may be sent to.
#[derive(Debug, Clone)]
pub(crate) struct Guard {
    allowed: Vec<String>,
}

impl Guard {
    /// Loopback names, and `allowed`.
    pub(crate) fn new(allowed: Vec<String>) -> Self {
        let bare = |name: String| name.trim_matches(['[', ']']).to_owned();
        Self { allowed: allowed.into_iter().map(bare).collect() }
    }

    /// Why a request is refused by its headers, if it is. `welcomes` says
    /// whether the door that it stands at is open to pages of that origin.
    pub(crate) fn refusal(
        &self,
        headers: &HeaderMap,
        uri: &Uri,
        welcomes: impl Fn(Option<&str>) -> bool,
    ) -> Option<Reply> {
        let host = text(headers, HOST).or_else(|| uri.authority().map(|authority| authority.as_str()));
        match text(headers, ORIGIN) {
            Some(origin) if !self.trusts(origin, host) && !welcomes(Some(origin)) => {
                return Some(refusal("Origin", origin));
            }
            None => {
                let site = text(headers, FETCH_SITE).filter(|site| is_foreign(site, host));
                if let Some(site) = site.filter(|_| !welcomes(None)) {
                    return Some(refusal("Sec-Fetch-Site", site));
                }
            }
            Some(_) => {}
        }
        match host {
            Some(host) if !self.allows(host) => Some(refusal("Host", host)),
            Some(_) | None => None,
        }
    }

    /// Whether a page of that origin may send requests to that host. What a
    /// function shows through its front door may speak to that door alone: it
    /// may hold anything, and on AWS it has an origin of its own.
    fn trusts(&self, origin: &str, host: Option<&str>) -> bool {
        let authority = origin.rsplit("://").next().unwrap_or(origin);
        let to_itself = || host.is_some_and(|host| host.eq_ignore_ascii_case(authority));
        self.allows(authority) && (!Door::is_host(authority) || to_itself())
    }

    fn allows(&self, authority: &str) -> bool {
        let named = |host: String| self.allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(&host));
        is_loopback(authority) || named(host_of(authority))
    }
}

/// Whether a page that embeds something of that host may be none of the
/// developer's. To a browser `abc.lambda-url.us-east-1.localhost` is of one site
/// with `sqs.us-east-1.localhost`, but what a function shows may be anything.
fn is_foreign(fetch_site: &str, host: Option<&str>) -> bool {
    let is_service =
        |host: &str| without_port(host).to_ascii_lowercase().ends_with(".localhost") && !Door::is_host(host);
    fetch_site == "cross-site" || (fetch_site == "same-site" && host.is_some_and(is_service))
}

/// Whether that is a name of this machine which no name server can give away.
pub(crate) fn is_loopback(authority: &str) -> bool {
    let host = host_of(authority);
    host == "localhost"
        || host.ends_with(".localhost")
        || host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

fn host_of(authority: &str) -> String {
    without_port(authority).trim_matches(['[', ']']).to_ascii_lowercase()
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("\u{fffd}"))
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        Some(_) | None => authority,
    }
}

fn refusal(header: &str, value: &str) -> Reply {
    tracing::warn!(header, value, "refused a request that is not from this machine");
    let text = format!(
        "the emulator refuses requests with {header} {value}: it runs code, so only this machine may speak to it. \
         Allow a host name with --allow-host"
    );
    let body = serde_json::json!({ "Type": "User", "Message": text });
    let mut reply = json(StatusCode::FORBIDDEN, content_type::JSON, &body);
    super::reply::set(&mut reply, "x-amzn-errortype", "AccessDeniedException");
    reply
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_and_allowed_hosts_pass() {
        let guard = Guard::new(vec!["emulator".to_owned(), "fd00::1".to_owned(), "[fd00::2]".to_owned()]);
        for (name, value, passes) in [
            (HOST, "localhost:4566", true),
            (HOST, "127.0.0.1:4566", true),
            (HOST, "127.8.8.8", true),
            (HOST, "[::1]:4566", true),
            (HOST, "sqs.us-east-1.localhost:4566", true),
            (HOST, "Emulator:4566", true),
            (HOST, "[fd00::1]:4566", true),
            (HOST, "[fd00::2]:4566", true),
            (HOST, "evil.example", false),
            (HOST, "localhost.evil.example:4566", false),
            (HOST, "10.0.0.1", false),
            (ORIGIN, "http://localhost:5000", true),
            (ORIGIN, "https://evil.example", false),
            (ORIGIN, "null", false),
            (FETCH_SITE, "none", true),
            (FETCH_SITE, "same-origin", true),
            (FETCH_SITE, "cross-site", false),
        ] {
            let headers = HeaderMap::from_iter([(name, value.parse().expect("a header value"))]);
            assert_eq!(
                guard.refusal(&headers, &Uri::from_static("/"), |_| false).is_none(),
                passes,
                "{value}"
            );
        }
    }

    #[test]
    fn what_a_function_shows_may_embed_no_service() {
        let guard = Guard::new(Vec::new());
        for (host, site, passes) in [
            ("sqs.us-east-1.localhost:4566", "same-site", false),
            ("sqs.us-east-1.localhost:4566", "same-origin", true),
            ("abc.lambda-url.us-east-1.localhost:4566", "same-site", true),
            // A developer's own page on another port.
            ("localhost:4566", "same-site", true),
            ("127.0.0.1:4566", "same-site", true),
        ] {
            let header = |value: &str| value.parse().expect("a header value");
            let headers = HeaderMap::from_iter([(HOST, header(host)), (FETCH_SITE, header(site))]);
            assert_eq!(
                guard.refusal(&headers, &Uri::from_static("/"), |_| false).is_none(),
                passes,
                "{host} {site}"
            );
        }
    }

    #[test]
    fn open_doors_let_foreign_pages_in_but_no_foreign_hosts() {
        let guard = Guard::new(Vec::new());
        let open = |origin: Option<&str>| origin == Some("https://friend.example");
        for (host, origin, passes) in [
            ("localhost:4566", "https://friend.example", true),
            ("abc.lambda-url.us-east-1.localhost:4566", "https://friend.example", true),
            ("localhost:4566", "https://evil.example", false),
            ("friend.example", "https://friend.example", false),
            (
                "abc.lambda-url.us-east-1.localhost:4566",
                "http://abc.lambda-url.us-east-1.localhost:4566",
                true,
            ),
            ("localhost:4566", "http://abc.lambda-url.us-east-1.localhost:4566", false),
            ("localhost:4566", "http://x1.execute-api.us-east-1.localhost:4566", false),
            ("abc.lambda-url.us-east-1.localhost:4566", "http://localhost:3000", true),
        ] {
            let header = |value: &str| value.parse().expect("a header value");
            let headers = HeaderMap::from_iter([(HOST, header(host)), (ORIGIN, header(origin))]);
            assert_eq!(
                guard.refusal(&headers, &Uri::from_static("/"), open).is_none(),
                passes,
                "{host} {origin}"
            );
        }
    }
}
