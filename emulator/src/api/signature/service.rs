//! What requests are signed for.

use time::Duration;

/// A service, as far as signatures go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Service {
    Lambda,
    Sqs,
    Logs,
    Sts,
    /// API Gateway's own API.
    ApiGateway,
    /// An API behind it whose methods want `AWS_IAM`.
    ExecuteApi,
}

impl Service {
    /// Its name in a credential's scope.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Lambda => "lambda",
            Self::Sqs => "sqs",
            Self::Logs => "logs",
            Self::Sts => "sts",
            Self::ApiGateway => "apigateway",
            Self::ExecuteApi => "execute-api",
        }
    }

    /// How far a request's time may be from the clock, as the services' own
    /// refusals say it.
    pub(super) fn leeway(self) -> Duration {
        match self {
            Self::Lambda | Self::Logs | Self::ApiGateway | Self::ExecuteApi => Duration::minutes(5),
            Self::Sqs | Self::Sts => Duration::minutes(15),
        }
    }

    /// Whether it takes what is signed for `region` where the emulator is in
    /// `here`. STS has a global endpoint besides, which is in us-east-1.
    pub(super) fn takes_region(self, region: &str, here: &str) -> bool {
        region == here || (self == Self::Sts && region == "us-east-1")
    }

    /// Whether a refusal shows what should have been signed.
    pub(super) fn shows_canonical_string(self) -> bool {
        match self {
            Self::Sqs | Self::ExecuteApi => true,
            Self::Lambda | Self::Logs | Self::Sts | Self::ApiGateway => false,
        }
    }
}
