//! The constraints of the API's model, and how AWS tells that they are broken.

use std::fmt::Write as _;

/// A member of a request, under the name that errors give it.
#[derive(Debug)]
pub(in crate::api) struct Member {
    pub(in crate::api) name: &'static str,
    pub(in crate::api) constraints: &'static [Constraint],
}

/// A rule for one member.
#[derive(Debug)]
pub(in crate::api) enum Constraint {
    AtLeast(i64),
    AtMost(i64),
    LongAtLeast(usize),
    LongAtMost(usize),
    OneOf(&'static [&'static str]),
    /// AWS's pattern, and the check that stands for it.
    Pattern(&'static str, fn(&str) -> bool),
}

use Constraint::{AtLeast, AtMost, LongAtLeast, LongAtMost, OneOf, Pattern};

macro_rules! members {
    ($($constant:ident: $name:literal [$($constraint:expr),*];)*) => {$(
        pub(super) const $constant: Member = Member { name: $name, constraints: &[$($constraint),*] };
    )*};
}

members! {
    ROLE: "role" [Pattern(r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+", is_role_arn)];
    CODE: "code" [];
    HANDLER: "handler" [LongAtMost(128), Pattern(r"[^\s]+", |text| !text.is_empty() && !text.contains(char::is_whitespace))];
    DESCRIPTION: "description" [LongAtMost(256)];
    TIMEOUT: "timeout" [AtLeast(1), AtMost(900)];
    MEMORY_SIZE: "memorySize" [AtLeast(128), AtMost(10_240)];
    EPHEMERAL_STORAGE: "ephemeralStorage.size" [AtLeast(512), AtMost(10_240)];
    ARCHITECTURE: "architectures" [OneOf(&["x86_64", "arm64"])];
    VARIABLE: "environment.variables" [Pattern(r"[a-zA-Z]([a-zA-Z0-9_])+", is_variable_name)];
    TAG_KEY: "tags" [LongAtLeast(1), LongAtMost(128)];
    TAG_VALUE: "tags" [LongAtMost(256)];
    FUNCTION_NAME: "functionName" [LongAtLeast(1)];
    NEW_FUNCTION_NAME: "functionName" [Pattern(
        r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?",
        |name| !name.contains('.')
    )];
    MAX_ITEMS: "maxItems" [AtLeast(1), AtMost(10_000)];
    INVOCATION_TYPE: "invocationType" [OneOf(&["Event", "RequestResponse", "DryRun"])];
    STREAMING_INVOCATION_TYPE: "invocationType" [OneOf(&["RequestResponse", "DryRun"])];
    LOG_TYPE: "logType" [OneOf(&["None", "Tail"])];
    RESERVED_CONCURRENT_EXECUTIONS: "reservedConcurrentExecutions" [AtLeast(0)];
    BATCH_SIZE: "batchSize" [AtLeast(1), AtMost(10_000)];
    BATCHING_WINDOW: "maximumBatchingWindowInSeconds" [AtLeast(0), AtMost(300)];
    MAXIMUM_CONCURRENCY: "scalingConfig.maximumConcurrency" [AtLeast(2), AtMost(1_000)];
    RESPONSE_TYPE: "functionResponseTypes" [OneOf(&["ReportBatchItemFailures"])];
}

fn is_role_arn(text: &str) -> bool {
    let Some((partition, rest)) = text.strip_prefix("arn:").and_then(|rest| rest.split_once(":iam::")) else {
        return false;
    };
    let Some((account, role)) = rest.split_once(":role") else { return false };
    let name = role.strip_prefix('/').unwrap_or(role);
    let named = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&byte);
    (partition.is_empty() || partition.starts_with("aws"))
        && account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(named)
}

fn is_variable_name(text: &str) -> bool {
    text.len() >= 2
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A member's value in a request.
#[derive(Debug, Clone, Copy)]
pub(in crate::api) enum Given<'a> {
    Null,
    Number(i64),
    Text(&'a str),
}

impl From<Option<i64>> for Given<'_> {
    fn from(value: Option<i64>) -> Self {
        value.map_or(Given::Null, Given::Number)
    }
}

impl<'a> From<Option<&'a str>> for Given<'a> {
    fn from(value: Option<&'a str>) -> Self {
        value.map_or(Given::Null, Given::Text)
    }
}

impl<'a> From<&'a Option<String>> for Given<'a> {
    fn from(value: &'a Option<String>) -> Self {
        value.as_deref().into()
    }
}

/// What is wrong with one request; all of it is told at once.
#[derive(Debug, Default)]
pub(in crate::api) struct Violations(Vec<String>);

impl Violations {
    /// Checks a value that may be missing.
    pub(in crate::api) fn check<'a>(&mut self, member: &Member, value: impl Into<Given<'a>>) {
        let value = value.into();
        for constraint in member.constraints {
            if let Some(text) = constraint.broken_by(value) {
                self.add(value, member.name, &text);
            }
        }
    }

    /// Checks a value that must be there.
    pub(in crate::api) fn require<'a>(&mut self, member: &Member, value: impl Into<Given<'a>>) {
        let value = value.into();
        self.present(member, !matches!(value, Given::Null));
        self.check(member, value);
    }

    /// Notes a value that must be there and is not.
    pub(in crate::api) fn present(&mut self, member: &Member, is_present: bool) {
        if !is_present {
            self.add(Given::Null, member.name, "Member must not be null");
        }
    }

    fn add(&mut self, value: Given<'_>, name: &str, text: &str) {
        let value = match value {
            Given::Null => "null".to_owned(),
            Given::Number(number) => format!("'{number}'"),
            Given::Text(text) => format!("'{text}'"),
        };
        self.0.push(format!("Value {value} at '{name}' failed to satisfy constraint: {text}"));
    }

    /// Nothing, or AWS's message.
    pub(in crate::api) fn into_result(self) -> Result<(), String> {
        if self.0.is_empty() {
            return Ok(());
        }
        let plural = if self.0.len() == 1 { "" } else { "s" };
        let mut message = format!("{} validation error{plural} detected: ", self.0.len());
        for (index, violation) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(message, "{separator}{violation}").expect("writing to a string does not fail");
        }
        Err(message)
    }
}

impl Constraint {
    fn broken_by(&self, value: Given<'_>) -> Option<String> {
        match (self, value) {
            (AtLeast(least), Given::Number(number)) if number < *least => {
                Some(format!("Member must have value greater than or equal to {least}"))
            }
            (AtMost(most), Given::Number(number)) if number > *most => {
                Some(format!("Member must have value less than or equal to {most}"))
            }
            (LongAtLeast(least), Given::Text(text)) if text.chars().count() < *least => {
                Some(format!("Member must have length greater than or equal to {least}"))
            }
            (LongAtMost(most), Given::Text(text)) if text.chars().count() > *most => {
                Some(format!("Member must have length less than or equal to {most}"))
            }
            (OneOf(set), Given::Text(text)) if !set.contains(&text) => {
                Some(format!("Member must satisfy enum value set: [{}]", set.join(", ")))
            }
            (Pattern(pattern, holds), Given::Text(text)) if !holds(text) => {
                Some(format!("Member must satisfy regular expression pattern: {pattern}"))
            }
            (
                AtLeast(_) | AtMost(_) | LongAtLeast(_) | LongAtMost(_) | OneOf(_) | Pattern(..),
                Given::Null | Given::Number(_) | Given::Text(_),
            ) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check<'a>(member: &Member, value: impl Into<Given<'a>>, expected: &str) {
        let mut violations = Violations::default();
        violations.require(member, value);
        let message = violations.into_result().err().unwrap_or_default();
        let (_, told) = message.split_once(" failed to satisfy constraint: ").unwrap_or_default();
        assert_eq!(told, expected, "{message}");
    }

    #[test]
    fn values_are_held_against_their_constraints() {
        let role = "Member must satisfy regular expression pattern: \
                    arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+";
        check(&TIMEOUT, Some(900), "");
        check(&TIMEOUT, Some(901), "Member must have value less than or equal to 900");
        check(&TIMEOUT, Some(0), "Member must have value greater than or equal to 1");
        check(&TIMEOUT, None::<i64>, "Member must not be null");
        check(&ROLE, Some("arn:aws:iam::000000000000:role/service-role/r"), "");
        check(&ROLE, Some("arn:aws:iam::00000000000:role/r"), role);
        check(&ROLE, Some("r"), role);
        check(&LOG_TYPE, Some("Head"), "Member must satisfy enum value set: [None, Tail]");
        check(&HANDLER, Some("a b"), r"Member must satisfy regular expression pattern: [^\s]+");
        check(&VARIABLE, Some("AB_1"), "");
        check(
            &VARIABLE,
            Some("A"),
            "Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+",
        );
    }

    #[test]
    fn several_violations_are_told_at_once() {
        let mut violations = Violations::default();
        violations.require(&ROLE, None::<&str>);
        violations.check(&MEMORY_SIZE, Some(1));
        assert_eq!(
            violations.into_result(),
            Err("2 validation errors detected: Value null at 'role' failed to satisfy constraint: Member must not \
                 be null; Value '1' at 'memorySize' failed to satisfy constraint: Member must have value greater \
                 than or equal to 128"
                .to_owned())
        );
    }
}
