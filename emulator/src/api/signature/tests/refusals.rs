//! What each service says to a signature that is not good.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::{THEN, call, example_key};
use crate::api::Api;
use crate::api::lambda::world::{Answered, World};
use crate::api::signature::refusal::Refusal;
use crate::api::signature::{Service, Signatures, moment};
use crate::credentials::Credentials;
use crate::engine::Quotas;

const MISMATCH: &str = "The request signature we calculated does not match the signature you provided. Check \
                        your AWS Secret Access Key and signing method. Consult the service documentation for \
                        details.";
const INVALID_TOKEN: &str = "The security token included in the request is invalid.";
const SCOPE: &str = "AKIDEXAMPLE/20150830/us-east-1/lambda/aws4_request";

/// A header with these parts.
fn authorization(credential: &str, signed_headers: &str) -> String {
    format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={signed_headers}, Signature=00")
}

fn signatures(credentials: Vec<Credentials>) -> Signatures {
    Signatures::new(credentials, "us-east-1")
}

/// Why Lambda refuses a request with that header and more.
async fn refused_at(now: OffsetDateTime, line: &str, headers: &[(&str, &str)]) -> Refusal {
    let headers = [&[("host", "localhost:4566")], headers].concat();
    let call = call(line, &headers, "");
    signatures(vec![example_key()]).verify(&call, Service::Lambda, now).await.expect_err("it is not good")
}

async fn told(authorization: &str, date: &str) -> String {
    let headers = [("authorization", authorization), ("x-amz-date", date)];
    refused_at(THEN, "GET /2015-03-31/functions", &headers).await.to_string()
}

#[tokio::test]
async fn headers_are_checked_in_the_order_of_aws() {
    let date = "20150830T123600Z";
    let good = authorization(SCOPE, "host;x-amz-date");
    for (header, date, expected) in [
        ("", date, "Missing Authentication Token"),
        ("Bearer x", date, "Missing Authentication Token"),
        (
            "AWS4-HMAC-SHA256 Credential",
            date,
            "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 and encoded \
             with Base64): 'KfSoC26UaBDGXxo5AUFS45c1cmAbyLKDOxOTKcZYWt4='.",
        ),
        (
            "AWS4-HMAC-SHA256 Signature=0",
            "",
            "Authorization header requires 'Credential' parameter. Authorization header requires 'SignedHeaders' \
             parameter. Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. \
             (Hashed with SHA-256 and encoded with Base64) \
             Authorization=L/JA/03YXC2k9c+N4ktZga+BEbh/tl2SXu6Wvko8K3I=",
        ),
        (
            &good,
            "201",
            "Date must be in ISO-8601 'basic format'. Got '201'. See http://en.wikipedia.org/wiki/ISO_8601",
        ),
        (
            &good,
            "20150830T123059Z",
            "Signature expired: 20150830T123059Z is now earlier than 20150830T123100Z (20150830T123600Z - 5 min.)",
        ),
        (
            &good,
            "Sun, 30 Aug 2015 12:41:01 GMT",
            "Signature not yet current: 20150830T124101Z is still later than 20150830T124100Z \
             (20150830T123600Z + 5 min.)",
        ),
        (
            &authorization(SCOPE, "x-amz-date"),
            date,
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        ),
        (
            &good.replace("256 ", "25 "),
            date,
            "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA25' (only AWS4-HMAC-SHA256 for now). ",
        ),
        (
            &authorization("a/b/c/d", "host"),
            date,
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got \
             'a/b/c/d'",
        ),
        (
            &authorization("a/b/c/d/e", "host"),
            date,
            "Credential should be scoped to a valid region, not 'c'. Credential should be scoped to correct \
             service: 'lambda'. Credential should be scoped with a valid terminator: 'aws4_request', not 'e'. \
             Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: 'b' != \
             '20150830', from '20150830T123600Z'.",
        ),
        (&authorization(&SCOPE.replace("AKID", "AKIA"), "Host"), date, INVALID_TOKEN),
        (&good, date, MISMATCH),
        // At both ends of the window a signature is still good enough to be looked at.
        (&good, "20150830T123100Z", MISMATCH),
        (&good, "20150830T124100Z", MISMATCH),
    ] {
        assert_eq!(told(header, date).await, expected, "{header} {date}");
    }
}

#[tokio::test]
async fn presigned_requests_are_checked_in_the_same_way() {
    let credential = SCOPE.replace('/', "%2F");
    let line = format!(
        "GET /2015-03-31/functions?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}\
         &X-Amz-Date=20150830T123600Z&X-Amz-Expires=1&X-Amz-SignedHeaders=host&X-Amz-Signature=00"
    );
    let later = THEN + Duration::minutes(5);
    assert_eq!(refused_at(later, &line, &[]).await.to_string(), MISMATCH, "X-Amz-Expires is S3's alone");
    let told = refused_at(later + Duration::SECOND, &line, &[]).await.to_string();
    assert!(told.starts_with("Signature expired: 20150830T123600Z is now earlier than"), "{told}");
    let twice = refused_at(THEN, &line, &[("authorization", "AWS4-HMAC-SHA256 Signature=0")]).await;
    assert_eq!(twice, Refusal::SignedTwice);
    let told = refused_at(THEN, "GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=1", &[]).await.to_string();
    assert_eq!(
        told,
        "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include \
         'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the \
         query-string parameters."
    );
}

#[tokio::test]
async fn a_key_goes_with_its_own_token() {
    let temporary = Credentials { session_token: Some("token".to_owned()), ..example_key() };
    let authorization = authorization(SCOPE, "host");
    for (key, token, expected) in [
        (&temporary, "token", MISMATCH),
        (&temporary, "other", INVALID_TOKEN),
        (&temporary, "", INVALID_TOKEN),
        (&example_key(), "token", INVALID_TOKEN),
        (&example_key(), "", MISMATCH),
    ] {
        let headers = [
            ("host", "localhost"),
            ("authorization", authorization.as_str()),
            ("date", "20150830T123600Z"),
            ("x-amz-security-token", token),
        ];
        let call = call("GET /2015-03-31/functions", &headers, "");
        let verified = signatures(vec![key.clone()]).verify(&call, Service::Lambda, THEN).await;
        assert_eq!(verified.expect_err("it is not good").to_string(), expected, "{key:?} {token}");
    }
}

/// A call of a service, but for its signature.
struct Unsigned<'a> {
    service: &'static str,
    line: &'a str,
    target: &'static str,
    body: &'static str,
}

const LAMBDA: Unsigned<'_> =
    Unsigned { service: "lambda", line: "GET /2015-03-31/functions", target: "", body: "" };
const API_GATEWAY: Unsigned<'_> = Unsigned { service: "apigateway", line: "GET /restapis", ..LAMBDA };
const LOGS: Unsigned<'_> =
    Unsigned { service: "logs", line: "POST /", target: "Logs_20140328.DescribeLogGroups", body: "{}" };
const SQS_JSON: Unsigned<'_> = Unsigned { service: "sqs", target: "AmazonSQS.ListQueues", ..LOGS };
const SQS_QUERY: Unsigned<'_> = Unsigned { service: "sqs", target: "", body: "Action=ListQueues", ..LOGS };
const STS: Unsigned<'_> = Unsigned { service: "sts", target: "", body: "Action=GetCallerIdentity", ..LOGS };

/// A world that verifies.
fn world() -> World {
    let mut api = Api::for_test(Quotas::default(), 1.0);
    api.signatures = Some(signatures(vec![example_key()]));
    World::of(api)
}

/// Sends it with the signature 00 of that key, or with none.
async fn send(world: &World, call: &Unsigned<'_>, key_id: Option<&str>) -> Answered {
    let now = moment::compact(OffsetDateTime::now_utc());
    let authorization = key_id.map(|key_id| {
        let scope = format!("{key_id}/{}/us-east-1/{}/aws4_request", &now[..8], call.service);
        authorization(&scope, "host;x-amz-date")
    });
    let mut headers = vec![("x-amz-date", now.as_str())];
    headers.extend(authorization.iter().map(|header| ("authorization", header.as_str())));
    if !call.target.is_empty() {
        headers.push(("x-amz-target", call.target));
    }
    world.send(call.line, &headers, call.body).await
}

#[tokio::test]
async fn services_over_rest_name_the_error_in_a_header() {
    let world = world();
    for call in [LAMBDA, API_GATEWAY] {
        for (key_id, code, message) in [
            (None, "MissingAuthenticationTokenException", "Missing Authentication Token"),
            (Some("AKIDOTHER"), "UnrecognizedClientException", INVALID_TOKEN),
            (Some("AKIDEXAMPLE"), "InvalidSignatureException", MISMATCH),
            (
                Some("a/b"),
                "IncompleteSignatureException",
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got ",
            ),
        ] {
            let answered = send(&world, &call, key_id).await;
            let (status, named, body) = answered.error();
            assert_eq!((status, named), (403, code), "{body}");
            assert!(body.starts_with(&format!(r#"{{"message":"{message}"#)), "{body}");
            assert_eq!(answered.header("content-type"), Some("application/json"));
        }
    }
}

#[tokio::test]
async fn logs_names_the_error_in_the_body_and_says_400() {
    let world = world();
    for (key_id, code, message) in [
        (None, "MissingAuthenticationTokenException", "Missing Authentication Token"),
        (Some("AKIDOTHER"), "UnrecognizedClientException", INVALID_TOKEN),
        (Some("AKIDEXAMPLE"), "InvalidSignatureException", MISMATCH),
    ] {
        let answered = send(&world, &LOGS, key_id).await;
        assert_eq!(answered.status, 400);
        assert_eq!(answered.header("content-type"), Some("application/x-amz-json-1.1"));
        assert_eq!(answered.body, json!({ "__type": code, "message": message }).to_string());
    }
}

#[tokio::test]
async fn sqs_has_codes_for_both_protocols_and_shows_what_should_be_signed() {
    let world = world();
    for (key_id, status, shape, query, message) in [
        (
            None,
            403,
            "MissingAuthenticationTokenException",
            "MissingAuthenticationToken",
            "Request is missing Authentication Token",
        ),
        (Some("AKIDOTHER"), 403, "UnrecognizedClientException", "InvalidClientTokenId", INVALID_TOKEN),
        (Some("AKIDEXAMPLE"), 403, "InvalidSignatureException", "SignatureDoesNotMatch", MISMATCH),
        (
            Some("a/b"),
            400,
            "IncompleteSignatureException",
            "IncompleteSignature",
            "Credential must have exactly 5 slash-delimited elements",
        ),
    ] {
        let answered = send(&world, &SQS_JSON, key_id).await;
        assert_eq!(answered.status, status);
        assert_eq!(answered.header("x-amzn-query-error"), Some(format!("{query};Sender").as_str()));
        let body: Value = answered.json();
        assert_eq!(body["__type"], format!("com.amazon.coral.service#{shape}"));
        let told = body["message"].as_str().expect("a message");
        assert!(told.starts_with(message), "{told}");
        let canonical = "\n\nThe Canonical String for this request should have been\n'POST\n/\n";
        assert_eq!(told.contains(canonical), shape == "InvalidSignatureException", "{told}");

        let answered = send(&world, &SQS_QUERY, key_id).await;
        assert_eq!(answered.status, status);
        let error = format!("<Error><Type>Sender</Type><Code>{query}</Code><Message>");
        assert!(answered.body.contains(&error), "{}", answered.body);
    }
}

#[tokio::test]
async fn sts_answers_in_xml_and_has_a_global_endpoint() {
    let world = world();
    for (key_id, code, message) in [
        (None, "MissingAuthenticationToken", "Request is missing Authentication Token"),
        (Some("AKIDOTHER"), "InvalidClientTokenId", INVALID_TOKEN),
        (Some("AKIDEXAMPLE"), "SignatureDoesNotMatch", MISMATCH),
    ] {
        let answered = send(&world, &STS, key_id).await;
        assert_eq!((answered.status.as_u16(), answered.header("content-type")), (403, Some("text/xml")));
        let error = format!("<Code>{code}</Code>\n    <Message>{message}</Message>");
        assert!(answered.body.contains(&error), "{}", answered.body);
    }
    for (service, region, taken) in [
        (Service::Sts, "us-east-1", true),
        (Service::Sts, "eu-west-1", true),
        (Service::Sts, "eu-west-2", false),
        (Service::Sqs, "us-east-1", false),
    ] {
        assert_eq!(service.takes_region(region, "eu-west-1"), taken, "{service:?} {region}");
    }
}

#[tokio::test]
async fn the_emulators_own_routes_need_no_signature() {
    let world = world();
    for line in ["GET /_emulator/health", "GET /_emulator/state", "POST /_emulator/reset"] {
        assert_eq!(world.call(line, Value::Null).await.status, 200, "{line}");
    }
    assert_eq!(world.call("GET /nothing", Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_function_url_that_wants_a_signature_wants_a_good_one() {
    let api = Api::for_test(Quotas::default(), 1.0);
    let unverified = World::of(Api {
        driver: api.driver.clone(),
        identity: api.identity.clone(),
        packages: api.packages.clone(),
        doors: api.doors.clone(),
        signatures: None,
    });
    let world = World::of(Api { signatures: Some(signatures(vec![example_key()])), ..api });
    unverified.create_built_in("f", json!({ "EMULATOR_INIT_MS": "0", "EMULATOR_DURATION_MS": "0" })).await;
    let url =
        unverified.call("POST /2021-10-31/functions/f/url", json!({ "AuthType": "AWS_IAM" })).await.json();
    let url = url["FunctionUrl"].as_str().expect("a URL");
    let id = url.trim_start_matches("http://").split('.').next().expect("an id");
    let line = format!("GET /_url/{id}/");
    let call = Unsigned { line: &line, ..LAMBDA };
    assert_eq!(send(&unverified, &call, Some("AKIDOTHER")).await.status, 200);
    for (key_id, code) in [
        (None, "AccessDeniedException"),
        (Some("AKIDOTHER"), "UnrecognizedClientException"),
        (Some("AKIDEXAMPLE"), "InvalidSignatureException"),
    ] {
        let answered = send(&world, &call, key_id).await;
        assert_eq!((answered.error().0, answered.error().1), (403, code), "{}", answered.body);
    }
    let none = json!({ "AuthType": "NONE" });
    assert_eq!(unverified.call("PUT /2021-10-31/functions/f/url", none).await.status, 200);
    assert_eq!(send(&world, &call, None).await.status, 200);
}
