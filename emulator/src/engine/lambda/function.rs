//! Functions and what is known of each.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::alias::Alias;
use super::arrivals::Arrivals;
use super::bucket::TokenBucket;
use super::cold_start::ColdStartOverride;
use super::event_config::EventInvokeConfig;
use super::event_queue::EventInvokeQueue;
use super::fleet::Fleet;
use super::handler_model::HandlerModel;
use super::provisioned::ProvisionedConfig;
use super::qualifier::{Qualifier, Version};
use super::reservation::Reservation;
use super::transition::Transition;
use crate::engine::error::ThrottleReason;
use crate::engine::ids::{AliasName, EnvironmentId, FunctionName, FunctionNumber, Uuid};
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
    /// How its cold starts take their time.
    pub cold_start: ColdStartOverride,
    /// ARN of the dead-letter queue for asynchronous events that fail.
    pub dead_letter_target: Option<Arc<str>>,
    /// Whether a chain of invocations that comes back here is stopped.
    pub recursive_loop: RecursiveLoop,
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
            cold_start: ColdStartOverride::default(),
            dead_letter_target: None,
            recursive_loop: RecursiveLoop::default(),
            code: Code::Simulated { model, package: None },
        }
    }
}

/// What happens to a chain of invocations that call each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RecursiveLoop {
    /// It goes on.
    Allow,
    /// It is stopped.
    #[default]
    Terminate,
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

/// One state of a function's code and settings; environments keep the one
/// they were started with.
#[derive(Debug, Clone, PartialEq)]
pub struct FunctionVersion {
    /// The function.
    pub name: FunctionName,
    /// Which version this is.
    pub version: Version,
    /// Its settings.
    pub spec: FunctionSpec,
    /// When these were made.
    pub last_modified: Timestamp,
    /// Changes with every update.
    pub revision_id: Uuid,
}

/// A function: its versions, its limits, and everything that is alive of it.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) number: FunctionNumber,
    pub(crate) latest: Arc<FunctionVersion>,
    /// What it changes from or into, while that takes time.
    pub(crate) transition: Option<Transition>,
    pub(crate) published: BTreeMap<u64, Arc<FunctionVersion>>,
    /// Versions published so far: numbers are never given twice.
    pub(crate) versions_made: u64,
    pub(crate) aliases: BTreeMap<AliasName, Alias>,
    pub(crate) reservation: Option<Reservation>,
    pub(crate) provisioned: BTreeMap<Qualifier, ProvisionedConfig>,
    pub(crate) scaling: TokenBucket,
    /// All environments, also those of earlier versions that still run.
    pub(crate) environments: BTreeSet<EnvironmentId>,
    pub(crate) fleets: BTreeMap<Version, Fleet>,
    /// Invocations that have an environment: the function's concurrency.
    pub(crate) in_flight: u32,
    pub(crate) arrivals: Arrivals,
    pub(crate) events: EventInvokeQueue,
    pub(crate) event_configs: BTreeMap<Qualifier, EventInvokeConfig>,
    pub(crate) tally: Tally,
}

impl Function {
    pub(crate) fn new(number: FunctionNumber, latest: Arc<FunctionVersion>, scaling: TokenBucket) -> Self {
        Self {
            number,
            latest,
            transition: None,
            published: BTreeMap::new(),
            versions_made: 0,
            aliases: BTreeMap::new(),
            reservation: None,
            provisioned: BTreeMap::new(),
            scaling,
            environments: BTreeSet::new(),
            fleets: BTreeMap::new(),
            in_flight: 0,
            arrivals: Arrivals::default(),
            events: EventInvokeQueue::default(),
            event_configs: BTreeMap::new(),
            tally: Tally::default(),
        }
    }

    pub(crate) fn name(&self) -> &FunctionName {
        &self.latest.name
    }

    pub(crate) fn reserved_limit(&self) -> Option<u32> {
        self.reservation.as_ref().map(Reservation::limit)
    }

    pub(crate) fn version(&self, version: Version) -> Option<&Arc<FunctionVersion>> {
        match version {
            Version::Latest => Some(&self.latest),
            Version::Published(number) => self.published.get(&number),
        }
    }

    /// Whether new invocations still run this.
    pub(crate) fn is_current(&self, version: &Arc<FunctionVersion>) -> bool {
        self.version(version.version).is_some_and(|current| Arc::ptr_eq(current, version))
    }

    pub(crate) fn fleet_mut(&mut self, version: Version) -> &mut Fleet {
        self.fleets.entry(version).or_default()
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
    /// Invocations that ran on provisioned concurrency.
    pub provisioned: u64,
    /// Invocations that found all provisioned concurrency used.
    pub spillover: u64,
    /// Refusals by reason, of whoever asked.
    pub throttles: BTreeMap<ThrottleReason, u64>,
}
