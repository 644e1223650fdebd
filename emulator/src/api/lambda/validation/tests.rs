//! The table of members against requests that break it.

use bytes::Bytes;
use hyper::Request;
use serde_json::{Value, json};

use super::constraint::Constraint;
use super::members::*;
use super::operations::OPERATIONS;
use super::request::{At, Field, check};
use super::{Given, Member, Violations};
use crate::api::call::Call;
use crate::engine::Uuid;

#[track_caller]
fn check_one<'a>(member: &Member, value: impl Into<Given<'a>>, expected: &str) {
    let (mut violations, value) = (Violations::default(), value.into());
    violations.present(member, !matches!(value, Given::Null));
    violations.check(member, value);
    let message = violations.into_result().err().unwrap_or_default();
    let (_, told) = message.split_once(" failed to satisfy constraint: ").unwrap_or_default();
    assert_eq!(told, expected, "{message}");
}

#[test]
fn values_are_held_against_their_constraints() {
    let role = "Member must satisfy regular expression pattern: \
                arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+";
    check_one(&TIMEOUT, Some(900), "");
    check_one(&TIMEOUT, Some(901), "Member must have value less than or equal to 900");
    check_one(&TIMEOUT, Some(0), "Member must have value greater than or equal to 1");
    check_one(&TIMEOUT, None::<i64>, "Member must not be null");
    check_one(&ROLE, Some("arn:aws:iam::000000000000:role/service-role/r"), "");
    check_one(&ROLE, Some("arn:aws:iam::00000000000:role/r"), role);
    check_one(&ROLE, Some("r"), role);
    check_one(&LOG_TYPE, Some("Head"), "Member must satisfy enum value set: [None, Tail]");
    check_one(&HANDLER, Some("a b"), r"Member must satisfy regular expression pattern: [^\s]+");
    check_one(
        &ARCHITECTURE_LIST,
        &json!(["X86_64"]),
        "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not \
         be null]",
    );
    check_one(
        &VERSION_WEIGHTS,
        &json!({ "1": 1.5 }),
        "Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must \
         have value greater than or equal to 0.0, Member must not be null]",
    );
}

#[test]
fn several_violations_are_told_at_once() {
    let mut violations = Violations::default();
    violations.present(&ROLE, false);
    violations.check(&MEMORY_SIZE, Some(1));
    assert_eq!(
        violations.into_result(),
        Err("2 validation errors detected: Value null at 'role' failed to satisfy constraint: Member must not \
             be null; Value '1' at 'memorySize' failed to satisfy constraint: Member must have value greater \
             than or equal to 128"
            .to_owned())
    );
}

/// Every constraint of every operation can be broken, and is told as AWS does.
#[test]
fn every_constraint_of_the_table_is_told_when_it_is_broken() {
    let mut broken = 0;
    for (operation, groups) in OPERATIONS {
        for field in groups.iter().flat_map(|group| group.iter()) {
            for constraint in field.member.constraints {
                // A query string has no null.
                let possible = |value: &Value| !matches!(field.at, At::Several(_)) || value[0].is_string();
                for value in breaking(constraint).into_iter().filter(possible) {
                    let told = check(operation, &request(field, &value)).expect_err(operation).to_string();
                    let expected = violation(field.member, constraint, &value);
                    assert!(told.contains(&expected), "{operation}: {told}\n  has no {expected}");
                    broken += 1;
                }
            }
        }
    }
    assert!(broken > 200, "only {broken} constraints were broken");
}

/// Patterns also let good values pass.
#[test]
fn every_pattern_takes_what_it_should() {
    for (member, good) in [
        (&ROLE, "arn:aws-us-gov:iam::000000000000:role/path/r"),
        (&QUALIFIER, "$LATEST"),
        (&QUALIFIER, "live-1"),
        (&ALIAS_NAME, "1a"),
        (&FUNCTION_VERSION, "17"),
        (&STATEMENT_ID, "a_b-1"),
        (&ANY_STATEMENT_ID, "a.b"),
        (&ACTION, "lambda:InvokeFunction"),
        (&ACTION, "lambda:*"),
        (&PRINCIPAL, "events.amazonaws.com"),
        (&SOURCE_ARN, "arn:aws:s3:::bucket"),
        (&SOURCE_ARN, "arn:aws:execute-api:eu-west-1:000000000000:api/*/GET/"),
        (&SOURCE_ARN, "arn:aws-iso-b:events:us-isob-east-1:000000000000:rule/r"),
        (&SOURCE_ACCOUNT, "000000000000"),
        (&EVENT_SOURCE_TOKEN, "amzn1.ask.skill.x-1"),
        (&PRINCIPAL_ORG_ID, "o-1234567890"),
        (&RESOURCE, "arn:aws:lambda:us-east-1:000000000000:function:f"),
        (&RESOURCE, "arn:aws:lambda:us-east-1:000000000000:function:f:live"),
        (&RESOURCE, "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdef0"),
        (
            &RESOURCE,
            "arn:aws:lambda:us-gov-west-1:000000000000:event-source-mapping:00000000-0000-4000-8000-000000000000",
        ),
        (&LAYER_NAME, "my-layer"),
        (&LAYER_NAME, "arn:aws:lambda:us-east-1:000000000000:layer:my-layer"),
        (&LAYER_ARN, "arn:aws:lambda:us-east-1:000000000000:layer:my-layer:3"),
        (&LAYER_ARN, "arn:aws:lambda:::awslayer:AmazonLinux1703"),
        (&LAYER_PRINCIPAL, "arn:aws:iam::000000000000:root"),
        (&ORGANIZATION_ID, "o-abcdefghij"),
        (&RUNTIME_VERSION_ARN, "arn:aws:lambda:us-east-1::runtime:0cdcfbdefbc5e7d3343f73c2e2dd3c"),
        (&RUNTIME_VERSION_ARN, "arn:aws:lambda:us-east-1:000000000000:runtime/r/version/1"),
        (&DEAD_LETTER_TARGET, ""),
        (&DEAD_LETTER_TARGET, "arn:aws:sqs:us-east-1:000000000000:q"),
        (&LOG_GROUP, "/aws/lambda/f#1"),
        (&MASTER_REGION, "eusc-de-east-1"),
        (
            &CODE_SIGNING_CONFIG_ARN,
            "arn:aws:lambda:us-east-1:000000000000:code-signing-config:csc-0123456789abcdef0",
        ),
    ] {
        check_one(member, Some(good), "");
    }
}

fn violation(member: &Member, constraint: &Constraint, value: &Value) -> String {
    let shown = if constraint.hides_value() { String::new() } else { format!(" {}", Given::from(value)) };
    let name = member.name.replace('#', "1");
    format!("Value{shown} at '{name}' failed to satisfy constraint: {constraint}")
}

/// A value for each way to break the constraint.
fn breaking(constraint: &Constraint) -> Vec<Value> {
    let items = |rules: &[Constraint]| rules.iter().flat_map(breaking).collect::<Vec<_>>();
    match constraint {
        Constraint::AtLeast(least) => vec![json!(least - 1)],
        Constraint::AtMost(most) => vec![json!(most + 1)],
        Constraint::RealAtLeast(least) => vec![json!(least - 0.5)],
        Constraint::RealAtMost(most) => vec![json!(most + 0.5)],
        // AWS names this one too, though nothing is shorter than nothing.
        Constraint::LongAtLeast(0) => Vec::new(),
        Constraint::LongAtLeast(least) => vec![json!("x".repeat(least - 1))],
        Constraint::LongAtMost(most) => vec![json!("x".repeat(most + 1))],
        Constraint::OneOf(_) => vec![json!("none of them")],
        Constraint::Pattern(_, holds) => {
            let wrong = ["wrong \u{7}", "arn:wrong", "."].into_iter().find(|text| !holds(text));
            vec![json!(wrong.expect("a text that the pattern is not of"))]
        }
        Constraint::NotNull => vec![Value::Null],
        Constraint::Each(rules) => items(rules).into_iter().map(|item| json!([item])).collect(),
        Constraint::EachOneOf(_) => vec![json!(["none of them"])],
        // A key is never null.
        Constraint::Keys(rules) | Constraint::HiddenKeys(rules) => {
            items(rules).iter().filter_map(Value::as_str).map(|key| json!({ key: "v" })).collect()
        }
        Constraint::Values(rules) => items(rules).into_iter().map(|value| json!({ "1": value })).collect(),
    }
}

/// A request in which the field has that value. Other fields may be missing.
fn request(field: &Field, value: &Value) -> Call {
    let text = || value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let query = |name: &str, text: &str| {
        let pair = form_urlencoded::Serializer::new(String::new()).append_pair(name, text).finish();
        (format!("/x?{pair}"), String::new())
    };
    let (uri, body) = match field.at {
        At::Body(way) => ("/x".to_owned(), within(way, value.clone()).to_string()),
        At::Items(way, name) => ("/x".to_owned(), within(way, json!([{ name: value }])).to_string()),
        At::Query(name) | At::Number(name) => query(name, &text()),
        At::Several(name) => query(name, value[0].as_str().unwrap_or_default()),
        At::Path(index) => {
            let text = percent_encoding::utf8_percent_encode(&text(), percent_encoding::NON_ALPHANUMERIC)
                .to_string();
            (format!("/{}{text}/", "x/".repeat(index)), String::new())
        }
    };
    let (parts, ()) = Request::builder().uri(uri).body(()).expect("a good request").into_parts();
    Call::new(parts, Bytes::from(body), Uuid::from_random(0))
}

fn within(way: &str, value: Value) -> Value {
    way.rsplit('.').fold(value, |value, name| json!({ name: value }))
}
