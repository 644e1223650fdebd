//! What AWS charges, in USD, in us-east-1 as of November 2026.
//!
//! First tiers, without the free tier: an estimate that errs upwards. Other
//! regions differ by some ten percent.

/// When the figures were collected.
pub const AS_OF: &str = "November 2026, us-east-1";

/// One Lambda request. Throttled ones are free.
pub const LAMBDA_REQUEST: f64 = 0.20e-6;
/// One GB-second.
const LAMBDA_X86: f64 = 0.000_016_666_7;
const LAMBDA_ARM: f64 = 0.000_013_333_4;
/// One GB-second of provisioned concurrency that is kept ready.
const PROVISIONED_X86: f64 = 0.000_004_166_7;
const PROVISIONED_ARM: f64 = 0.000_003_333_4;
/// One GB-second of an invocation in a provisioned environment.
const PROVISIONED_RUN_X86: f64 = 0.000_009_722_2;
const PROVISIONED_RUN_ARM: f64 = 0.000_007_777_8;
/// One SQS request of up to 64 KB.
const SQS_STANDARD: f64 = 0.40e-6;
const SQS_FIFO: f64 = 0.50e-6;

/// The machine that a function runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    X86,
    Arm,
}

impl Architecture {
    /// As AWS calls it: `arm64`, or anything else.
    pub fn named(name: &str) -> Architecture {
        if name == "arm64" { Architecture::Arm } else { Architecture::X86 }
    }
}

/// One GB-second of an invocation, on demand or in a provisioned environment.
pub fn gb_second(architecture: Architecture, provisioned: bool) -> f64 {
    match (architecture, provisioned) {
        (Architecture::X86, false) => LAMBDA_X86,
        (Architecture::Arm, false) => LAMBDA_ARM,
        (Architecture::X86, true) => PROVISIONED_RUN_X86,
        (Architecture::Arm, true) => PROVISIONED_RUN_ARM,
    }
}

/// Invocations of one function that last so long on average.
pub fn invocations(count: f64, seconds: f64, memory_mb: f64, architecture: Architecture) -> f64 {
    count * (LAMBDA_REQUEST + seconds * memory_mb / 1024.0 * gb_second(architecture, false))
}

/// Environments that are kept ready so long.
pub fn provisioned(environments: f64, seconds: f64, memory_mb: f64, architecture: Architecture) -> f64 {
    let second = match architecture {
        Architecture::X86 => PROVISIONED_X86,
        Architecture::Arm => PROVISIONED_ARM,
    };
    environments * seconds * memory_mb / 1024.0 * second
}

/// Requests to a queue: sending, receiving and deleting each are one.
pub fn queue_requests(count: f64, fifo: bool) -> f64 {
    count * if fifo { SQS_FIFO } else { SQS_STANDARD }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_small_invocations_cost_what_the_calculator_says() {
        let close = |cost: f64, expected: f64| assert!((cost - expected).abs() < 0.005, "{cost}");
        // 1 M × 100 ms × 128 MB = 12,500 GB-s.
        close(invocations(1e6, 0.1, 128.0, Architecture::X86), 0.20 + 0.208);
        close(invocations(1e6, 0.1, 128.0, Architecture::Arm), 0.20 + 0.167);
        close(queue_requests(1e6, false), 0.40);
        close(provisioned(1.0, 3600.0, 1024.0, Architecture::X86), 0.015);
    }
}
