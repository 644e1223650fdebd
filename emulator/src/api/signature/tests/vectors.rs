//! What AWS published: the examples of its SigV4 test suite, by their names
//! there, and that of its guide.

use super::{THEN, call, example_key};
use crate::api::signature::credential::Credential;
use crate::api::signature::{canonical, keys};

const DATE: (&str, &str) = ("x-amz-date", "20150830T123600Z");
const HOST: (&str, &str) = ("host", "example.amazonaws.com");

/// Whether AWS's signature of a request for `service` is ours too.
async fn check(service: &str, line: &str, headers: &[(&str, &str)], body: &'static str, signature: &str) {
    let mut signed: Vec<String> = headers.iter().map(|(name, _)| name.to_lowercase()).collect();
    signed.sort_unstable();
    signed.dedup();
    let call = call(line, headers, body);
    let text = format!("AKIDEXAMPLE/20150830/us-east-1/{service}/aws4_request");
    let credential = Credential::parse(&text).expect("five parts");
    let canonical = canonical::request(&call, &signed, &canonical::payload(&call.body).await);
    let text = canonical::string_to_sign(THEN, &credential, &canonical);
    assert!(keys::is_signature(signature, &example_key(), &credential, &text), "{line}: {canonical}");
    for wrong in ["", "0", "g", &signature[2..], &signature.replace('0', "1")] {
        assert!(!keys::is_signature(wrong, &example_key(), &credential, &text), "{line}: {wrong}");
    }
}

#[tokio::test]
async fn the_examples_of_the_test_suite_are_good() {
    let plain = [HOST, DATE];
    let form = [("Content-Type", "application/x-www-form-urlencoded"), HOST, DATE];
    let blanks = [HOST, ("My-Header1", " value1"), ("My-Header2", " \"a   b   c\" "), DATE];
    let repeated = [HOST, ("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1"), DATE];
    let letters = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let unreserved = format!("GET /?{letters}={letters}");
    for (name, line, headers, body, signature) in [
        (
            "get-vanilla",
            "GET /",
            &plain[..],
            "",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "post-vanilla",
            "POST /",
            &plain,
            "",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        ),
        (
            "get-vanilla-query-order-key-case",
            "GET /?Param2=value2&Param1=value1",
            &plain,
            "",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "get-vanilla-query-unreserved",
            &unreserved,
            &plain,
            "",
            "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
        ),
        (
            "get-header-value-trim",
            "GET /",
            &blanks,
            "",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ),
        (
            "get-header-key-duplicate",
            "GET /",
            &repeated,
            "",
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
        ),
        (
            "get-slashes",
            "GET //example//",
            &plain,
            "",
            "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
        ),
        (
            "get-relative",
            "GET /example/..",
            &plain,
            "",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "post-x-www-form-urlencoded",
            "POST /",
            &form,
            "Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ] {
        println!("{name}");
        check("service", line, headers, body, signature).await;
    }
}

/// General Reference, "Signature Version 4 signing process".
#[tokio::test]
async fn the_example_of_the_guide_is_good() {
    let headers = [
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("host", "iam.amazonaws.com"),
        DATE,
    ];
    let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
    check("iam", "GET /?Action=ListUsers&Version=2010-05-08", &headers, "", signature).await;
}

#[test]
fn paths_are_encoded_once_more_than_they_are_sent() {
    for (sent, canonical) in [
        ("/", "/"),
        ("", "/"),
        ("/./", "/"),
        ("/a/../..//b/", "/b/"),
        ("/\u{1234}", "/%E1%88%B4"),
        ("/example space/", "/example%20space/"),
        (
            "/2015-03-31/functions/arn%3Aaws%3Alambda/invocations",
            "/2015-03-31/functions/arn%253Aaws%253Alambda/invocations",
        ),
        ("/functions/f:$LATEST", "/functions/f%3A%24LATEST"),
        ("/.hidden/..a", "/.hidden/..a"),
    ] {
        assert_eq!(canonical::path(sent), canonical, "{sent}");
    }
}

#[test]
fn queries_are_sorted_as_they_are_encoded() {
    for (sent, canonical) in [
        ("", ""),
        ("b&a=&&a=1", "a=&a=1&b="),
        ("a=x+y&a=%2B%2f=", "a=%2B%2F%3D&a=x%20y"),
        ("k%C3%A9=%E2%9C%93", "k%C3%A9=%E2%9C%93"),
        ("B=1&a=2&A=3", "A=3&B=1&a=2"),
        ("X-Amz-Signature=0&X-Amz-Date=1", "X-Amz-Date=1"),
    ] {
        assert_eq!(canonical::query(sent), canonical, "{sent}");
    }
}

#[tokio::test]
async fn long_payloads_have_the_same_hash() {
    let long = vec![b'a'; 1_000_000];
    // FIPS 180-2, appendix B.3.
    let known = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    assert_eq!(canonical::payload(&long.into()).await, known);
    let longer = vec![0; 1024 * 1024 + 1];
    assert_eq!(canonical::payload(&longer.into()).await.len(), known.len());
}
