//! Statements and policies as AWS writes them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::error::Error;
use crate::engine::{Policy, Statement};

/// One permission, its members in AWS's order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Permission<'a> {
    pub(super) sid: &'a str,
    pub(super) effect: Effect,
    pub(super) principal: Principal,
    pub(super) action: &'a str,
    pub(super) resource: String,
    #[serde(skip_serializing_if = "Condition::is_empty")]
    pub(super) condition: Condition<'a>,
}

/// Permissions only ever allow.
#[derive(Debug, Serialize)]
pub(super) enum Effect {
    Allow,
}

/// Who may.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) enum Principal {
    #[serde(rename = "AWS")]
    Account(String),
    Service(String),
    #[serde(untagged)]
    Everybody(&'static str),
}

/// Under which conditions.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Condition<'a> {
    #[serde(skip_serializing_if = "Pairs::is_empty")]
    pub(super) string_equals: Pairs<'a>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) bool: BTreeMap<&'static str, &'static str>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) arn_like: BTreeMap<&'static str, &'a str>,
}

/// Keys and values in the order in which AWS writes them.
#[derive(Debug, Default)]
pub(super) struct Pairs<'a>(pub(super) Vec<(&'static str, &'a str)>);

impl Condition<'_> {
    fn is_empty(&self) -> bool {
        self.string_equals.is_empty() && self.bool.is_empty() && self.arn_like.is_empty()
    }
}

impl Pairs<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Pairs<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().copied())
    }
}

impl Principal {
    /// Everybody, an account, a user or role, or a service of AWS's.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        const SERVICES: [&str; 4] = [".amazonaws.com", ".amazon.com", ".amazonaws.com.cn", ".aws.internal"];
        if text == "*" {
            return Ok(Self::Everybody("*"));
        }
        if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Ok(Self::Account(format!("arn:aws:iam::{text}:root")));
        }
        let service = text.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(1));
        if service.is_some_and(|service| service == "iam" || service == "sts") {
            return Ok(Self::Account(text.to_owned()));
        }
        if SERVICES.iter().any(|end| text.strip_suffix(end).is_some_and(|name| !name.is_empty())) {
            return Ok(Self::Service(text.to_owned()));
        }
        Err(Error::InvalidParameter(
            "The provided principal was invalid. Please check the principal and try again.".to_owned(),
        ))
    }
}

impl Permission<'_> {
    /// The statement to keep: it is shown as it is written now.
    pub(super) fn statement(&self) -> Statement {
        let text = serde_json::to_string(self).expect("text is plain data");
        Statement { sid: self.sid.into(), text: text.into() }
    }
}

/// The answer to AddPermission and to AddLayerVersionPermission.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Added<'a> {
    pub(super) statement: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revision_id: Option<String>,
}

/// A whole policy as it is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Shown {
    policy: String,
    revision_id: String,
}

impl Shown {
    pub(super) fn new(policy: &Policy) -> Self {
        let statements: Vec<&str> = policy.statements().iter().map(|statement| &*statement.text).collect();
        let statements = statements.join(",");
        Self {
            policy: format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{statements}]}}"#),
            revision_id: policy.revision_id().to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn principals_are_told_apart() {
        let account = |text: &str| Ok(Principal::Account(text.to_owned()));
        let service = |text: &str| Ok(Principal::Service(text.to_owned()));
        for (text, expected) in [
            ("*", Ok(Principal::Everybody("*"))),
            ("111111111111", account("arn:aws:iam::111111111111:root")),
            ("arn:aws:iam::111111111111:role/r", account("arn:aws:iam::111111111111:role/r")),
            ("s3.amazonaws.com", service("s3.amazonaws.com")),
            ("logs.eu-west-1.amazonaws.com", service("logs.eu-west-1.amazonaws.com")),
            ("alexa-appkit.amazon.com", service("alexa-appkit.amazon.com")),
        ] {
            assert_eq!(Principal::parse(text), expected, "{text}");
        }
        for text in ["invalid.example.com", "1111", "arn:aws:s3:::bucket", ".amazonaws.com", ""] {
            assert!(Principal::parse(text).is_err(), "{text}");
        }
    }
}
