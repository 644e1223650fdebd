//! The ways to name a function: name, partial ARN or full ARN, each with or
//! without a qualifier.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::error::Error;
use crate::api::Api;
use crate::api::call::Call;
use crate::config::{Config, Identity};
use crate::engine::Qualifier;

/// The pattern of AWS's model for every operation but CreateFunction.
const PATTERN: &str = r"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";

/// Characters of a function's own name.
const LONGEST_NAME: usize = 64;

/// Characters of a name with everything around it.
const LONGEST_IDENTIFIER: usize = 256;

/// A function of this account and region, as a request names it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct FunctionName<'a> {
    name: Cow<'a, str>,
    qualifier: Option<Cow<'a, str>>,
}

impl<'a> FunctionName<'a> {
    /// Reads the name from a path, where its colons may be percent-encoded.
    /// `action` is what the caller wants to do, for the refusal of another
    /// account's function.
    pub(super) fn from_path(api: &Api, segment: &'a str, action: &'static str) -> Result<Self, Error> {
        if is_plain(segment) {
            return Ok(Self { name: Cow::Borrowed(segment), qualifier: None });
        }
        let text = percent_decode_str(segment).decode_utf8_lossy();
        let parts = Parts::read(&text, &api.identity, action)?;
        let (name, qualifier) = (parts.name.to_owned(), parts.qualifier.map(str::to_owned));
        Ok(Self { name: Cow::Owned(name), qualifier: qualifier.map(Cow::Owned) })
    }

    /// Reads the name from a path and the `Qualifier` beside it.
    pub(super) fn of_call(
        api: &Api,
        call: &Call,
        segment: &'a str,
        action: &'static str,
    ) -> Result<Self, Error> {
        let name = Self::from_path(api, segment, action)?;
        // Most requests have no query to look through.
        if call.query.is_empty() { Ok(name) } else { name.with_qualifier(call.parameter("Qualifier")) }
    }

    /// Reads the name from a request's body or query string.
    pub(super) fn from_text(api: &Api, text: &'a str, action: &'static str) -> Result<Self, Error> {
        let parts = Parts::read(text, &api.identity, action)?;
        Ok(Self { name: Cow::Borrowed(parts.name), qualifier: parts.qualifier.map(Cow::Borrowed) })
    }

    /// Joins in the `Qualifier` parameter.
    fn with_qualifier(mut self, qualifier: Option<String>) -> Result<Self, Error> {
        let Some(given) = qualifier else { return Ok(self) };
        match &self.qualifier {
            Some(derived) if *derived != given => Err(Error::QualifierMismatch),
            Some(_) => Ok(self),
            None => {
                self.qualifier = Some(Cow::Owned(given));
                Ok(self)
            }
        }
    }

    /// Which version or alias is meant; `$LATEST` without a word about it.
    pub(super) fn qualifier(&self) -> Qualifier {
        self.given_qualifier().unwrap_or(Qualifier::Latest)
    }

    /// What stands behind the name, if anything does.
    pub(super) fn given_qualifier(&self) -> Option<Qualifier> {
        self.qualifier.as_deref().map(Qualifier::parse)
    }

    /// Refuses every qualifier.
    pub(super) fn unqualified(self) -> Result<Self, Error> {
        if self.qualifier.is_some() { Err(Error::QualifierNotPermitted) } else { Ok(self) }
    }

    /// The function's own name.
    pub(super) fn as_str(&self) -> &str {
        &self.name
    }
}

/// Nearly every request names its function like this.
fn is_plain(text: &str) -> bool {
    let named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !text.is_empty() && text.len() <= LONGEST_NAME && text.bytes().all(named)
}

struct Parts<'a> {
    region: Option<&'a str>,
    account: Option<&'a str>,
    name: &'a str,
    qualifier: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn read(text: &'a str, identity: &Identity, action: &'static str) -> Result<Self, Error> {
        if text.chars().count() > LONGEST_IDENTIFIER {
            let limit = LONGEST_IDENTIFIER;
            let constraint = format!("Member must have length less than or equal to {limit}");
            return Err(Error::Validation(violation(text, &constraint)));
        }
        let Some(parts) = Self::parse(text) else {
            let constraint = format!("Member must satisfy regular expression pattern: {PATTERN}");
            return Err(Error::Validation(violation(text, &constraint)));
        };
        if parts.name.len() > LONGEST_NAME {
            let constraint = format!("Member must have length less than or equal to {LONGEST_NAME}");
            return Err(Error::InvalidParameter(violation(text, &constraint)));
        }
        parts.check_place(identity, action)?;
        Ok(parts)
    }

    fn parse(text: &'a str) -> Option<Self> {
        let mut rest = text;
        if let Some(after) = rest.strip_prefix("arn:") {
            let (partition, after) = after.split_once(":lambda:")?;
            let letters = |byte: u8| byte.is_ascii_alphabetic() || byte == b'-';
            let good =
                partition.is_empty() || (partition.starts_with("aws") && partition.bytes().all(letters));
            rest = good.then_some(after)?;
        }
        let mut take = |is: fn(&str) -> bool| {
            let (part, after) = rest.split_once(':').filter(|(part, _)| is(part))?;
            rest = after;
            Some(part)
        };
        let region = take(Config::is_region);
        let account = take(Config::is_account_id);
        take(|part| part == "function");
        let (name, qualifier) = match rest.split_once(':') {
            Some((name, qualifier)) => (name, Some(qualifier)),
            None => (rest, None),
        };
        let good = is_name(name) && qualifier.is_none_or(is_qualifier);
        good.then_some(Self { region, account, name, qualifier })
    }

    fn check_place(&self, identity: &Identity, action: &'static str) -> Result<(), Error> {
        if let Some(region) = self.region.filter(|region| *region != identity.region) {
            return Err(Error::OtherRegion { other: region.to_owned(), here: identity.region.clone() });
        }
        if let Some(account) = self.account.filter(|account| *account != identity.account_id) {
            let other = Identity { account_id: account.to_owned(), ..identity.clone() };
            let arn = other.function_arn(self.name);
            return Err(Error::OtherAccount { account_id: identity.account_id.clone(), action, arn });
        }
        Ok(())
    }
}

fn violation(value: &str, constraint: &str) -> String {
    format!(
        "1 validation error detected: Value '{value}' at 'functionName' failed to satisfy constraint: {constraint}"
    )
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn is_qualifier(text: &str) -> bool {
    let alias = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    text == "$LATEST" || text == "$LATEST.PUBLISHED" || (!text.is_empty() && text.bytes().all(alias))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::lambda::world::World;

    fn read(segment: &str) -> Result<(String, Option<String>), Error> {
        let world = World::new();
        let name = FunctionName::from_path(world.api(), segment, "InvokeFunction")?;
        Ok((name.name.into_owned(), name.qualifier.map(Cow::into_owned)))
    }

    #[tokio::test]
    async fn every_form_names_the_same_function() {
        let long = format!("arn:aws:lambda:us-east-1:000000000000:function:{}", "f".repeat(64));
        for (segment, name, qualifier) in [
            ("f", "f", None),
            ("f:$LATEST", "f", Some("$LATEST")),
            ("f%3A%24LATEST", "f", Some("$LATEST")),
            ("f:live", "f", Some("live")),
            ("function:f", "f", None),
            ("000000000000:function:f", "f", None),
            ("000000000000%3Afunction%3Af%3A7", "f", Some("7")),
            ("arn:aws:lambda:us-east-1:000000000000:function:f", "f", None),
            ("arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af%3Alive", "f", Some("live")),
            (&long, &"f".repeat(64), None),
        ] {
            assert_eq!(read(segment), Ok((name.to_owned(), qualifier.map(str::to_owned))), "{segment}");
        }
    }

    #[tokio::test]
    async fn bad_names_are_told_as_aws_does() {
        let pattern = |value: &str| {
            Error::Validation(format!(
                "1 validation error detected: Value '{value}' at 'functionName' failed to satisfy constraint: \
                 Member must satisfy regular expression pattern: {PATTERN}"
            ))
        };
        let long = "f".repeat(65);
        for (segment, expected) in [
            ("f%20g", pattern("f g")),
            ("f:", pattern("f:")),
            ("arn:aws:sqs:us-east-1:000000000000:f", pattern("arn:aws:sqs:us-east-1:000000000000:f")),
            (
                &long,
                Error::InvalidParameter(format!(
                    "1 validation error detected: Value '{long}' at 'functionName' failed to satisfy constraint: \
                     Member must have length less than or equal to 64"
                )),
            ),
            (
                "arn:aws:lambda:eu-west-1:000000000000:function:f",
                Error::OtherRegion { other: "eu-west-1".to_owned(), here: "us-east-1".to_owned() },
            ),
            (
                "111111111111:function:f",
                Error::OtherAccount {
                    account_id: "000000000000".to_owned(),
                    action: "InvokeFunction",
                    arn: "arn:aws:lambda:us-east-1:111111111111:function:f".to_owned(),
                },
            ),
        ] {
            assert_eq!(read(segment), Err(expected), "{segment}");
        }
    }
}
