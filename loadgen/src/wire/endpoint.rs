//! Where connections lead.

use hyper::Uri;
use std::fmt;
use std::str::FromStr;

/// The scheme, host, port and base path of a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub tls: bool,
    /// Without the brackets of an IPv6 address.
    pub host: String,
    pub port: u16,
    /// The `Host` header: the port only where it is not the scheme's own.
    pub authority: String,
    /// Put before every path; empty, or beginning with a slash.
    pub base: String,
}

impl FromStr for Endpoint {
    type Err = String;

    fn from_str(url: &str) -> Result<Endpoint, String> {
        let uri: Uri = url.parse().map_err(|error| format!("not a URL: {error}"))?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            Some(_) | None => return Err("not an http:// or https:// URL".to_owned()),
        };
        let authority = uri.authority().ok_or("a URL without a host")?;
        if authority.as_str().contains('@') {
            return Err("a URL with a user name; credentials come from the environment".to_owned());
        }
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        if host.is_empty() {
            return Err("a URL without a host".to_owned());
        }
        let base = uri.path().trim_end_matches('/').to_owned();
        Ok(Endpoint { tls, host, port, authority: authority.as_str().to_owned(), base })
    }
}

impl Endpoint {
    /// `host:port`, as sockets want it.
    pub fn address(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }

    /// Browsers and curl lead names below `localhost` to this machine; not
    /// every resolver does.
    pub(super) fn resolved(&self) -> String {
        match self.host == "localhost" || self.host.ends_with(".localhost") {
            true => format!("localhost:{}", self.port),
            false => self.address(),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.authority, self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        let check = |url: &str, address: &str, base: &str| {
            let endpoint: Endpoint = url.parse().unwrap();
            assert_eq!((endpoint.address().as_str(), endpoint.base.as_str()), (address, base), "{url}");
        };
        check("http://localhost:4566", "localhost:4566", "");
        check("http://example.com/", "example.com:80", "");
        check("https://example.com/path/", "example.com:443", "/path");
        check("http://[::1]:4566", "[::1]:4566", "");
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        let check = |url: &str, part: &str| {
            let problem = url.parse::<Endpoint>().unwrap_err();
            assert!(problem.contains(part), "{url}: {problem}");
        };
        check("ftp://host", "not an http");
        check("localhost:4566", "not an http");
        check("http://user@host", "a user name");
        check("http://", "not a URL");
    }

    #[test]
    fn names_below_localhost_lead_here() {
        let check = |url: &str, expected: &str| {
            assert_eq!(url.parse::<Endpoint>().unwrap().resolved(), expected, "{url}");
        };
        check("http://abc.lambda-url.us-east-1.localhost:4566/", "localhost:4566");
        check("http://127.0.0.1:4566", "127.0.0.1:4566");
    }
}
