//! Functions and what is known of each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::concurrency::ConcurrencyPool;
use super::event_queue::EventInvokeQueue;
use crate::engine::error::ThrottleReason;
use crate::engine::ids::{EnvironmentId, FunctionName, FunctionNumber, Uuid};
use crate::engine::time::Timestamp;

/// What a user sets on a function. The engine acts on the timeout and hands
/// the rest to whoever starts and describes environments.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionSpec {
    /// AWS's identifier, such as `python3.12`.
    pub runtime: String,
    /// The handler's name in the runtime's own form.
    pub handler: String,
    /// ARN of the execution role; kept, not used.
    pub role: String,
    /// Free text.
    pub description: String,
    /// 1 to 900 s.
    pub timeout: Duration,
    /// 128 to 10,240 MB.
    pub memory_mb: u32,
    /// Size of `/tmp`, 512 to 10,240 MB; shown, not enforced.
    pub ephemeral_storage_mb: u32,
    /// Environment variables.
    pub variables: BTreeMap<String, String>,
    /// `x86_64` or `arm64`; shown, not enforced.
    pub architecture: String,
    /// Tags.
    pub tags: BTreeMap<String, String>,
    /// What runs.
    pub code: Code,
}

impl FunctionSpec {
    /// A function of the built-in handler with what AWS gives to one that does
    /// not say: 3 s, 128 MB, 512 MB of `/tmp`, x86_64.
    pub fn simulated(model: HandlerModel) -> Self {
        Self {
            runtime: "provided.al2023".to_owned(),
            handler: String::new(),
            role: String::new(),
            description: String::new(),
            timeout: Duration::from_secs(3),
            memory_mb: 128,
            ephemeral_storage_mb: 512,
            variables: BTreeMap::new(),
            architecture: "x86_64".to_owned(),
            tags: BTreeMap::new(),
            code: Code::Simulated { model, package: None },
        }
    }
}

/// What an environment runs.
#[derive(Debug, Clone, PartialEq)]
pub enum Code {
    /// An unpacked deployment package.
    Package(Package),
    /// The built-in handler: no code and no process, only its timing.
    Simulated {
        /// How it behaves.
        model: HandlerModel,
        /// What the function runs once it is given another handler.
        package: Option<Package>,
    },
}

impl Code {
    /// The deployment package, whether it runs or waits.
    pub fn package(&self) -> Option<&Package> {
        match self {
            Self::Package(package) => Some(package),
            Self::Simulated { package, .. } => package.as_ref(),
        }
    }
}

/// A deployment package on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    /// SHA-256 of the zip, in base64 as Lambda shows it.
    pub sha256: String,
    /// Size of the zip in bytes.
    pub size: u64,
    /// The folder it was unpacked into.
    pub root: Arc<Path>,
}

/// How the built-in handler behaves; by default it takes no time.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct HandlerModel {
    /// How long Init takes.
    pub init: Duration,
    /// How long an invocation takes.
    pub duration: Duration,
    /// The share of invocations that fail, 0.0 to 1.0.
    pub failure_rate: f64,
}

/// One state of a function's code and settings; environments keep the one
/// they were started with.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionVersion {
    /// The function.
    pub name: FunctionName,
    /// Its settings.
    pub spec: FunctionSpec,
    /// When these were made.
    pub last_modified: Timestamp,
    /// Changes with every update.
    pub revision_id: Uuid,
}

/// A function: its current version and everything that is alive of it.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) number: FunctionNumber,
    pub(crate) latest: Arc<FunctionVersion>,
    pub(crate) reserved: Option<ConcurrencyPool>,
    /// All environments, also those of earlier versions that still run.
    pub(crate) environments: BTreeSet<EnvironmentId>,
    /// Those that wait, by when they began to: the last one is used first.
    pub(crate) idle: BTreeSet<(Timestamp, EnvironmentId)>,
    /// Those in Init or Busy: the function's concurrency at this moment.
    pub(crate) in_flight: u32,
    pub(crate) events: EventInvokeQueue,
    pub(crate) tally: Tally,
}

impl Function {
    pub(crate) fn new(number: FunctionNumber, latest: Arc<FunctionVersion>) -> Self {
        Self {
            number,
            latest,
            reserved: None,
            environments: BTreeSet::new(),
            idle: BTreeSet::new(),
            in_flight: 0,
            events: EventInvokeQueue::default(),
            tally: Tally::default(),
        }
    }

    pub(crate) fn reserved_limit(&self) -> Option<u32> {
        self.reserved.as_ref().map(ConcurrencyPool::limit)
    }
}

/// Counts since the function was made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// The highest concurrency there was.
    pub peak_in_flight: u32,
    /// Environments started.
    pub environments_started: u64,
    /// Invocations that returned.
    pub succeeded: u64,
    /// Invocations that failed, in any way.
    pub failed: u64,
    /// Refusals by reason, of whoever asked.
    pub throttles: BTreeMap<ThrottleReason, u64>,
}
