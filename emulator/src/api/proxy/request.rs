//! A client's request, as events of every format tell of it.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::header::AUTHORIZATION;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::api::call::Call;
use crate::engine::Timestamp;

/// A request that came through a front door.
#[derive(Debug, Clone, Copy)]
pub(in crate::api) struct Request<'a> {
    pub(in crate::api) call: &'a Call,
    /// When it came, on the emulator's clock.
    pub(in crate::api) at: Timestamp,
}

impl<'a> Request<'a> {
    /// Who sent it.
    pub(in crate::api) fn source_ip(&self) -> String {
        self.call.peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)).to_string()
    }

    /// The client's name for itself.
    pub(in crate::api) fn user_agent(&self) -> &'a str {
        self.call.header(hyper::header::USER_AGENT)
    }

    /// An id as API Gateway writes them: fifteen characters and an equals sign.
    pub(in crate::api) fn gateway_id(&self) -> String {
        let id = self.call.request_id.to_string().replace('-', "");
        BASE64_STANDARD.encode(&id.as_bytes()[..11])
    }

    /// `Root=1-…-…`: the client's, or one made of the time and the request's id.
    pub(in crate::api) fn trace_id(&self) -> String {
        let given = self.call.header("x-amzn-trace-id");
        if !given.is_empty() {
            return given.to_owned();
        }
        let id = self.call.request_id.to_string().replace('-', "");
        format!("Root=1-{:08x}-{}", self.at.as_secs(), &id[..24])
    }

    /// `24/Nov/2025:23:09:04 +0000`.
    pub(in crate::api) fn time(&self) -> String {
        let format = format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");
        let seconds = i64::try_from(self.at.as_secs()).unwrap_or(i64::MAX);
        let date = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        date.format(format).expect("the format has only parts that every date has")
    }

    /// The headers by lower-case name, with those that the front door adds.
    pub(in crate::api) fn headers(&self) -> BTreeMap<String, Vec<String>> {
        let mut headers: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in &self.call.headers {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            headers.entry(name.as_str().to_owned()).or_default().push(value);
        }
        let forwarded = match headers.remove("x-forwarded-for") {
            Some(before) => format!("{}, {}", before.join(", "), self.source_ip()),
            None => self.source_ip(),
        };
        let port = self.call.port().unwrap_or(80);
        for (name, value) in [
            ("x-amzn-trace-id", self.trace_id()),
            ("x-forwarded-for", forwarded),
            ("x-forwarded-port", port.to_string()),
            ("x-forwarded-proto", "http".to_owned()),
        ] {
            headers.insert(name.to_owned(), vec![value]);
        }
        headers
    }

    /// The decoded parameters of the query, in the order of their names.
    pub(in crate::api) fn query(&self) -> BTreeMap<String, Vec<String>> {
        let mut query: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(self.call.query.as_bytes()) {
            query.entry(name.into_owned()).or_default().push(value.into_owned());
        }
        query
    }
}

/// Whether a request carries a signature, in its header or its query, be it
/// good or not.
pub(in crate::api) fn is_signed(call: &Call) -> bool {
    call.header(AUTHORIZATION).starts_with("AWS4-") || call.parameter("X-Amz-Signature").is_some()
}
