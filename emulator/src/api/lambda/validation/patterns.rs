//! The checks that stand for the model's regular expressions.

use crate::config::Config;

/// Letters, digits and what `more` has.
fn is_of(text: &str, more: &[u8]) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `[a-zA-Z0-9-_]+`
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && is_of(text, b"-_")
}

/// `[a-zA-Z0-9-_.]+`
pub(super) fn is_dotted_name(text: &str) -> bool {
    !text.is_empty() && is_of(text, b"-_.")
}

/// `[^\s]+`
pub(super) fn has_no_blank(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

/// `aws[a-zA-Z-]*`
fn is_partition(text: &str) -> bool {
    let more = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
    text.strip_prefix("aws").is_some_and(more)
}

/// The parts of `arn:PARTITION:SERVICE:REGION:ACCOUNT:REST`.
fn arn(text: &str) -> Option<[&str; 5]> {
    let mut parts = text.strip_prefix("arn:")?.splitn(5, ':');
    let mut next = || parts.next();
    Some([next()?, next()?, next()?, next()?, next()?])
}

/// What follows the account in an ARN of Lambda's.
fn lambda_resource(text: &str) -> Option<&str> {
    let [partition, service, region, account, rest] = arn(text)?;
    let good = (partition.is_empty() || is_partition(partition))
        && service == "lambda"
        && Config::is_region(region)
        && Config::is_account_id(account);
    good.then_some(rest)
}

/// An ARN of any service.
pub(super) fn is_any_arn(text: &str) -> bool {
    let Some([partition, service, region, account, rest]) = arn(text) else { return false };
    partition.strip_prefix("aws").is_some_and(|more| is_of(more, b"-"))
        && !service.is_empty()
        && is_of(service, b"-")
        && (region.is_empty() || Config::is_region(region))
        && (account.is_empty() || Config::is_account_id(account))
        && !rest.contains('\n')
}

/// An ARN of something that can be named loosely, or nothing.
pub(super) fn is_loose_arn(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("arn:") else { return text.is_empty() };
    let Some((partition, rest)) = rest.split_once(':') else { return false };
    let Some((service, _)) = rest.split_once(':') else { return false };
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    (partition.is_empty() || is_partition(partition)) && !service.is_empty() && service.bytes().all(lower)
}

pub(super) fn is_role_arn(text: &str) -> bool {
    let Some([partition, "iam", "", account, rest]) = arn(text) else { return false };
    let Some(role) = rest.strip_prefix("role") else { return false };
    let name = role.strip_prefix('/').unwrap_or(role);
    (partition.is_empty() || is_partition(partition))
        && Config::is_account_id(account)
        && !name.is_empty()
        && is_of(name, b"_+=,.@-/")
}

/// `[a-zA-Z]([a-zA-Z0-9_])+`
pub(super) fn is_variable_name(text: &str) -> bool {
    text.len() >= 2 && text.starts_with(|first: char| first.is_ascii_alphabetic()) && is_of(text, b"_")
}

/// Letters, separators and numbers of any script, and a few signs.
pub(super) fn is_tag_text(text: &str) -> bool {
    let separator = |c: char| c.is_whitespace() && !c.is_control();
    text.chars().all(|c| c.is_alphabetic() || c.is_numeric() || separator(c) || "_.:/=+-@".contains(c))
}

/// What tags can be on.
pub(super) fn is_taggable_arn(text: &str) -> bool {
    let Some((kind, name)) = lambda_resource(text).and_then(|rest| rest.split_once(':')) else {
        return false;
    };
    let named = |name: &str| is_name(name) && name.len() <= 64;
    match kind {
        "function" => match name.split_once(':') {
            Some((name, qualifier)) => is_name(name) && (qualifier == "$LATEST" || is_name(qualifier)),
            None => is_name(name),
        },
        "code-signing-config" => is_signing_id(name),
        "event-source-mapping" => name.parse::<crate::engine::Uuid>().is_ok(),
        "capacity-provider" | "network-connector" => named(name),
        _ => false,
    }
}

/// `csc-[a-z0-9]{17}`
fn is_signing_id(text: &str) -> bool {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.strip_prefix("csc-").is_some_and(|id| id.len() == 17 && id.bytes().all(lower))
}

pub(super) fn is_signing_arn(text: &str) -> bool {
    lambda_resource(text)
        .and_then(|rest| rest.strip_prefix("code-signing-config:"))
        .is_some_and(is_signing_id)
}

/// A layer's name or ARN.
pub(super) fn is_layer_name(text: &str) -> bool {
    let name = lambda_resource(text).and_then(|rest| rest.strip_prefix("layer:")).unwrap_or(text);
    is_name(name) && name.len() <= 140
}

pub(super) fn is_layer_version_arn(text: &str) -> bool {
    if let Some([partition, "lambda", "", "", rest]) = arn(text) {
        return is_name(partition) && rest.strip_prefix("awslayer:").is_some_and(is_name);
    }
    let version = lambda_resource(text).and_then(|rest| rest.strip_prefix("layer:"));
    version
        .and_then(|rest| rest.split_once(':'))
        .is_some_and(|(name, number)| is_name(name) && is_digits(number))
}

/// The ARN of a managed runtime's version, or of one of the account's own.
pub(super) fn is_runtime_version_arn(text: &str) -> bool {
    let Some([partition, "lambda", region, account, rest]) = arn(text) else { return false };
    let part = |text: &str| (1..=128).contains(&text.len()) && is_of(text, b"_.-");
    let own =
        |rest: &str| rest.split_once("/version/").is_some_and(|(name, version)| part(name) && part(version));
    is_partition(partition)
        && Config::is_region(region)
        && match account {
            "" => rest.strip_prefix("runtime:").is_some_and(|version| !version.is_empty()),
            account => Config::is_account_id(account) && rest.strip_prefix("runtime/").is_some_and(own),
        }
}

/// `lambda:*`, `lambda:` and an operation, or `*`.
pub(super) fn is_action(text: &str) -> bool {
    let operation =
        |name: &str| name == "*" || (!name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic()));
    text == "*" || text.strip_prefix("lambda:").is_some_and(operation)
}

/// `o-[a-z0-9]{10,32}`
pub(super) fn is_organization(text: &str) -> bool {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.strip_prefix("o-").is_some_and(|id| (10..=32).contains(&id.len()) && id.bytes().all(lower))
}

/// Who may read a layer: an account by number or ARN, or everybody.
pub(super) fn is_layer_principal(text: &str) -> bool {
    let root = || match arn(text) {
        Some([partition, "iam", "", account, "root"]) => {
            is_partition(partition) && Config::is_account_id(account)
        }
        Some(_) | None => false,
    };
    text == "*" || Config::is_account_id(text) || root()
}

pub(super) fn is_qualifier(text: &str) -> bool {
    text == "$LATEST" || text == "$LATEST.PUBLISHED" || (!text.is_empty() && is_of(text, b"-_$"))
}

/// `$LATEST` or a number.
pub(super) fn is_version(text: &str) -> bool {
    text == "$LATEST" || text == "$LATEST.PUBLISHED" || is_digits(text)
}

/// `[0-9]+`
pub(super) fn is_number(text: &str) -> bool {
    is_digits(text)
}

/// A name that can't be taken for a version's number.
pub(super) fn is_alias(text: &str) -> bool {
    is_name(text) && !is_digits(text)
}

/// `[\.\-_/#A-Za-z0-9]+`
pub(super) fn is_log_group(text: &str) -> bool {
    !text.is_empty() && is_of(text, b".-_/#")
}

/// `[0-9A-Za-z\.\-_]*`, with no dot at its end
pub(super) fn is_bucket(text: &str) -> bool {
    is_of(text, b".-_") && !text.ends_with('.')
}

/// `subnet-[0-9a-z]*`
pub(super) fn is_subnet(text: &str) -> bool {
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.strip_prefix("subnet-").is_some_and(|id| id.bytes().all(lower))
}

/// `sg-[0-9a-zA-Z]*`
pub(super) fn is_security_group(text: &str) -> bool {
    text.strip_prefix("sg-").is_some_and(|id| is_of(id, b""))
}

/// A region, or all of them.
pub(super) fn is_master_region(text: &str) -> bool {
    text == "ALL" || Config::is_region(text)
}

/// An ARN of any service, a topic of a Kafka cluster, or nothing.
pub(super) fn is_destination(text: &str) -> bool {
    if let Some(topic) = text.strip_prefix("kafka://") {
        return topic.len() <= 249 && !topic.starts_with('.') && is_dotted_name(topic);
    }
    let Some(rest) = text.strip_prefix("arn:") else { return text.is_empty() };
    let mut parts = rest.splitn(5, ':');
    let partition = parts.next().is_some_and(|part| part.starts_with("aws") && is_name(part));
    let service = parts.next().is_some_and(is_name);
    let region = parts.next().is_some_and(|part| part.is_empty() || is_name(part));
    let account = parts.next().is_some_and(|part| part.is_empty() || Config::is_account_id(part));
    partition && service && region && account && parts.next().is_some()
}
