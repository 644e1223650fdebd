//! Signatures: AWS's published ones, and how each service refuses the others.

mod refusals;
mod vectors;

use bytes::Bytes;
use hyper::Request;
use time::OffsetDateTime;
use time::macros::datetime;

use crate::api::call::Call;
use crate::credentials::Credentials;
use crate::engine::Uuid;

/// When all of AWS's examples were signed.
const THEN: OffsetDateTime = datetime!(2015-08-30 12:36:00 UTC);

/// The key of AWS's examples.
fn example_key() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
}

fn call(line: &str, headers: &[(&str, &str)], body: &'static str) -> Call {
    let (method, path) = line.split_once(' ').expect("a method and a path");
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).expect("a good request").into_parts();
    Call::new(parts, Bytes::from_static(body.as_bytes()), Uuid::from_random(7))
}
