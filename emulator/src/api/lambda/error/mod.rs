//! What Lambda refuses, in AWS's words. `wire` puts it on the wire.

mod wire;

use thiserror::Error;

use super::filter::InvalidPattern;

use crate::config::Identity;
use crate::engine::{AliasName, FunctionName, LambdaError, MappingId, PolicyError, Refusal, ThrottleReason};

/// Every error that an operation can answer, in AWS's words.
#[derive(Debug, Clone, PartialEq, Error)]
pub(super) enum Error {
    #[error("Function not found: {arn}")]
    FunctionNotFound { arn: String },
    #[error("Functions from '{other}' are not reachable in this region ('{here}')")]
    OtherRegion { other: String, here: String },
    #[error(
        "User: arn:aws:iam::{account_id}:root is not authorized to perform: lambda:{action} on resource: {arn} \
         because no resource-based policy allows the lambda:{action} action"
    )]
    OtherAccount { account_id: String, action: &'static str, arn: String },
    #[error("The derived qualifier from the function name does not match the specified qualifier.")]
    QualifierMismatch,
    #[error(
        "This operation is permitted on Lambda functions only. Aliases and versions do not support this \
         operation. Please specify either a function name or an unqualified function ARN."
    )]
    QualifierNotPermitted,
    #[error("$LATEST version cannot be deleted without deleting the function.")]
    LatestNotDeletable,
    #[error("Function already exist: {name}")]
    FunctionExists { name: String },
    #[error(
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to \
         retrieve the latest Revision Id"
    )]
    RevisionMismatch,
    /// Members that break the constraints of the API's model.
    #[error("{0}")]
    Validation(String),
    /// Values that are wrong for a reason of their own.
    #[error("{0}")]
    InvalidParameter(String),
    #[error("Could not parse request body into json: {0}")]
    NotJson(String),
    /// JSON of the wrong shape.
    #[error("{0}")]
    WrongType(String),
    #[error("Request must be smaller than {limit} bytes for the {operation} operation")]
    RequestTooLarge { limit: usize, operation: &'static str },
    #[error("{size} byte payload is too large for the Event invocation type (limit {limit} bytes)")]
    EventTooLarge { size: usize, limit: usize },
    /// The API's own limit has other letters than a function's.
    #[error("{}", throttle_text(*.0))]
    Throttled(ThrottleReason),
    #[error(
        "The operation cannot be performed at this time. The function is currently in the following state: \
         Pending"
    )]
    Pending,
    /// The text is not recorded from AWS.
    #[error("Lambda stopped this invocation: it is part of a recursive loop.")]
    Recursive,
    /// The text is not recorded from AWS.
    #[error("Could not parse the client context: it must be base64 of a JSON object")]
    ClientContext,
    #[error("The operation cannot be performed at this time. An update is in progress for resource: {arn}")]
    UpdateInProgress { arn: String },
    #[error(
        "CodeSHA256 ({given}) is different from current CodeSHA256 in $LATEST ({current}). Please try again \
         with the CodeSHA256 in $LATEST."
    )]
    CodeMismatch { given: String, current: String },
    #[error("Unable to delete version because the following aliases reference it: [{aliases}]")]
    VersionReferenced { aliases: String },
    #[error("Alias already exists: {arn}")]
    AliasExists { arn: String },
    #[error("Cannot find alias arn: {arn}")]
    AliasNotFound { arn: String },
    #[error("Alias not found: {arn}")]
    AliasToUpdateNotFound { arn: String },
    #[error("$LATEST is not supported for an alias pointing to more than 1 version")]
    WeightedLatest,
    #[error(
        "Invalid function version {version}. Function version {version} is already included in routing \
         configuration."
    )]
    VersionRoutedTwice { version: u64 },
    #[error(
        " ReservedConcurrentExecutions  {reserved} should not be lower than function's total provisioned \
         concurrency [{provisioned}]."
    )]
    ReservedBelowProvisioned { reserved: u32, provisioned: u32 },
    #[error("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")]
    ProvisionedUnpublished,
    #[error("The function resource provided must be an alias or a published version.")]
    NotProvisionable,
    #[error("No Provisioned Concurrency Config found for this function")]
    ProvisionedNotFound,
    #[error(
        "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"
    )]
    AliasOfProvisionedVersion,
    #[error("Version is pointed by a Provisioned Concurrency alias")]
    VersionOfProvisionedAlias,
    #[error(
        "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency \
         [{unreserved}]."
    )]
    ProvisionedAboveUnreserved { unreserved: u32 },
    #[error(
        "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below \
         its minimum value of [{minimum}]."
    )]
    ProvisionedBelowMinimum { minimum: u32 },
    #[error(
        "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for \
         function"
    )]
    ProvisionedAboveReserved,
    #[error("The function {arn} doesn't have an EventInvokeConfig")]
    EventConfigNotFound { arn: String },
    #[error("You must specify at least one of error handling or destination setting.")]
    EventConfigEmpty,
    #[error(
        "The provided destination config DestinationConfig(onSuccess={on_success}, onFailure={on_failure}) is \
         invalid."
    )]
    DestinationConfigInvalid { on_success: String, on_failure: String },
    #[error("The destination ARN {arn} is invalid.")]
    DestinationMissing { arn: String },
    #[error("You can't specify the function as a destination for itself.")]
    DestinationIsSource,
    #[error("Number of items in AdditionalVersionWeights cannot be greater than 1")]
    TooManyWeights,
    /// What the operations on event invoke configs say of a function.
    #[error("The function doesn't exist.")]
    EventFunctionMissing,
    #[error(
        "Specified ReservedConcurrentExecutions for function decreases account's \
         UnreservedConcurrentExecution below its minimum value of [{minimum}]."
    )]
    UnreservedBelowMinimum { minimum: u32 },
    /// The text is not recorded from AWS.
    #[error("Cannot {to} the event source mapping because it is in use.")]
    MappingInUse { to: &'static str },
    #[error("The resource you requested does not exist.")]
    MappingNotFound,
    #[error(
        "An event source mapping with SQS arn (\" {queue_arn} \") and function (\" {function} \") already \
         exists. Please update or delete the existing mapping with UUID {mapping}"
    )]
    MappingExists { queue_arn: String, function: String, mapping: MappingId },
    #[error("Function does not exist")]
    MappingFunctionMissing,
    #[error(
        "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS \
         Error Message: The specified queue does not exist."
    )]
    MappingQueueMissing,
    #[error(
        "Queue visibility timeout: {visibility_secs} seconds is less than Function timeout: {timeout_secs} seconds"
    )]
    VisibilityBelowTimeout { visibility_secs: u64, timeout_secs: u64 },
    #[error(
        "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
    )]
    WindowRequired,
    #[error("Batching window is not supported for FIFO queues")]
    WindowNotForFifo,
    #[error("Maximum batch size must be less than or equal to 10 for FIFO queues")]
    BatchTooLargeForFifo,
    #[error("ProvisionedPollerConfig and ScalingConfig cannot be used together")]
    ProvisionedAndMaximum,
    #[error("MinimumPollers and MaximumPollers must be at least {least} for SQS")]
    TooFewPollers { least: usize },
    #[error("MinimumPollers must be less than or equal to MaximumPollers")]
    MinimumPollersAboveMaximum,
    #[error(transparent)]
    InvalidPattern(#[from] InvalidPattern),
    #[error("FilterCriteria may have up to {most} filters")]
    TooManyFilters { most: usize },
    #[error("Unrecognized event source.")]
    UnrecognizedEventSource,
    #[error("Unsupported {0} parameter for given event source mapping type.")]
    UnsupportedByQueues(&'static str),
    #[error(
        "Failed to create function url config for [functionArn = {arn}]. Error message:  FunctionUrlConfig \
         exists for this Lambda function"
    )]
    FunctionUrlExists { arn: String },
    #[error("The resource you requested does not exist.")]
    ResourceNotFound,
    #[error(
        "The statement id ({sid}) provided already exists. Please provide a new statement id, or remove the \
         existing statement."
    )]
    StatementExists { sid: String },
    #[error("No policy is associated with the given resource.")]
    NoPolicy,
    #[error("No policy found for: {arn}")]
    NoPolicyFound { arn: String },
    #[error("Statement {sid} is not found in resource policy.")]
    StatementNotFound { sid: String },
    #[error("The final policy size ({size}) is bigger than the limit ({limit}).")]
    PolicyTooLong { size: usize, limit: usize },
    #[error("Number of tags exceeds resource tag limit.")]
    TooManyTags,
    #[error(
        "Tagging operations are permitted on Lambda functions only. Tags on aliases and versions are not \
         supported. Please specify either a function name or a function ARN."
    )]
    TagsOnVersion,
    #[error("Layer version {arn} does not exist.")]
    LayerVersionNotFound { arn: String },
    #[error(
        "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to \
         retrieve the latest Revision Id"
    )]
    LayerRevisionMismatch,
    #[error("The Lambda code signing configuration {arn} can not be found.")]
    CodeSigningConfigMissing { arn: String },
    #[error(
        "The code signing configuration cannot be found. Check that the provided configuration is not deleted: \
         {arn}."
    )]
    CodeSigningConfigNotFound { arn: String },
    /// An operation, or a member of one, that AWS has and the emulator does not.
    #[error("the emulator does not serve {0} yet")]
    NotServed(String),
    /// The host's failure, never AWS's limit.
    #[error("{0}")]
    Host(String),
}

impl Error {
    /// Words an engine's refusal.
    pub(super) fn new(error: LambdaError, identity: &Identity) -> Self {
        match error {
            LambdaError::FunctionNotFound(name, qualifier) => {
                Self::version_not_found(identity, name.as_str(), &qualifier.to_string())
            }
            LambdaError::FunctionExists(name) => Self::FunctionExists { name: name.as_str().to_owned() },
            LambdaError::RevisionMismatch => Self::RevisionMismatch,
            LambdaError::UpdateInProgress(name) => {
                Self::UpdateInProgress { arn: identity.function_arn(name.as_str()) }
            }
            LambdaError::CodeMismatch { given, current } => Self::CodeMismatch { given, current },
            LambdaError::VersionReferenced(aliases) => Self::VersionReferenced {
                aliases: aliases.iter().map(AliasName::as_str).collect::<Vec<_>>().join(", "),
            },
            LambdaError::AliasExists(name, alias) => {
                Self::AliasExists { arn: alias_arn(identity, &name, &alias) }
            }
            LambdaError::AliasNotFound(name, alias) => {
                Self::AliasNotFound { arn: alias_arn(identity, &name, &alias) }
            }
            LambdaError::AliasToUpdateNotFound(name, alias) => {
                Self::AliasToUpdateNotFound { arn: alias_arn(identity, &name, &alias) }
            }
            LambdaError::WeightedLatest => Self::WeightedLatest,
            LambdaError::VersionRoutedTwice(version) => Self::VersionRoutedTwice { version },
            LambdaError::UnreservedBelowMinimum { minimum } => Self::UnreservedBelowMinimum { minimum },
            LambdaError::ReservedBelowProvisioned { reserved, provisioned } => {
                Self::ReservedBelowProvisioned { reserved, provisioned }
            }
            LambdaError::ProvisionedUnpublished => Self::ProvisionedUnpublished,
            LambdaError::NotProvisionable => Self::NotProvisionable,
            LambdaError::ProvisionedNotFound => Self::ProvisionedNotFound,
            LambdaError::AliasOfProvisionedVersion => Self::AliasOfProvisionedVersion,
            LambdaError::VersionOfProvisionedAlias => Self::VersionOfProvisionedAlias,
            LambdaError::ProvisionedAboveUnreserved { unreserved } => {
                Self::ProvisionedAboveUnreserved { unreserved }
            }
            LambdaError::ProvisionedBelowMinimum { minimum } => Self::ProvisionedBelowMinimum { minimum },
            LambdaError::ProvisionedAboveReserved => Self::ProvisionedAboveReserved,
            LambdaError::EventConfigNotFound(name, qualifier) => Self::EventConfigNotFound {
                arn: format!("{}:{qualifier}", identity.function_arn(name.as_str())),
            },
            LambdaError::MappingNotFound(_) => Self::MappingNotFound,
            LambdaError::MappingInUse => Self::MappingInUse { to: "update" },
            LambdaError::MappingToDeleteInUse => Self::MappingInUse { to: "delete" },
            LambdaError::MappingExists { mapping, queue, function } => Self::MappingExists {
                queue_arn: identity.queue_arn(queue.as_str()),
                function: function.as_str().to_owned(),
                mapping,
            },
            LambdaError::MappingFunctionMissing => Self::MappingFunctionMissing,
            LambdaError::MappingQueueMissing => Self::MappingQueueMissing,
            LambdaError::VisibilityBelowTimeout { visibility_secs, timeout_secs } => {
                Self::VisibilityBelowTimeout { visibility_secs, timeout_secs }
            }
            LambdaError::WindowRequired => Self::WindowRequired,
            LambdaError::WindowNotForFifo => Self::WindowNotForFifo,
            LambdaError::BatchTooLargeForFifo => Self::BatchTooLargeForFifo,
            LambdaError::ProvisionedAndMaximum => Self::ProvisionedAndMaximum,
            LambdaError::TooFewPollers { least } => Self::TooFewPollers { least },
            LambdaError::MinimumPollersAboveMaximum => Self::MinimumPollersAboveMaximum,
            LambdaError::Policy(error) => Self::policy(error),
            LambdaError::TooManyTags => Self::TooManyTags,
            LambdaError::LayerVersionNotFound(name, version) => {
                Self::LayerVersionNotFound { arn: identity.layer_version_arn(name.as_str(), version) }
            }
        }
    }

    fn policy(error: PolicyError) -> Self {
        match error {
            PolicyError::StatementExists(sid) => Self::StatementExists { sid: sid.to_string() },
            PolicyError::Missing => Self::NoPolicy,
            PolicyError::StatementNotFound(sid) => Self::StatementNotFound { sid: sid.to_string() },
            PolicyError::RevisionMismatch => Self::RevisionMismatch,
            PolicyError::TooLong { size, limit } => Self::PolicyTooLong { size, limit },
        }
    }

    /// Words a refused invocation.
    pub(super) fn refused(refusal: &Refusal, identity: &Identity) -> Self {
        match refusal {
            Refusal::FunctionNotFound(name, qualifier) => {
                Self::version_not_found(identity, name.as_str(), &qualifier.to_string())
            }
            Refusal::Pending => Self::Pending,
            Refusal::Recursive => Self::Recursive,
            Refusal::Throttled(reason) => Self::Throttled(*reason),
        }
    }

    pub(super) fn version_not_found(identity: &Identity, name: &str, qualifier: &str) -> Self {
        Self::FunctionNotFound { arn: format!("{}:{qualifier}", identity.function_arn(name)) }
    }
}

fn alias_arn(identity: &Identity, function: &FunctionName, alias: &AliasName) -> String {
    format!("{}:{alias}", identity.function_arn(function.as_str()))
}

fn throttle_text(reason: ThrottleReason) -> &'static str {
    match reason {
        ThrottleReason::CallerRateLimitExceeded => "Rate exceeded",
        ThrottleReason::ReservedFunctionConcurrentInvocationLimitExceeded
        | ThrottleReason::ReservedFunctionInvocationRateLimitExceeded
        | ThrottleReason::ConcurrentInvocationLimitExceeded
        | ThrottleReason::FunctionInvocationRateLimitExceeded => "Rate Exceeded.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Fact 1: the API's own limit has a small letter and no full stop.
    #[test]
    fn throttles_differ_by_who_is_limited() {
        let own = Error::Throttled(ThrottleReason::CallerRateLimitExceeded);
        let function = Error::Throttled(ThrottleReason::FunctionInvocationRateLimitExceeded);
        assert_eq!([own.to_string(), function.to_string()], ["Rate exceeded", "Rate Exceeded."]);
    }
}
