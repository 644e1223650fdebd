//! What only a simulation knows: it sees everything that happens, all the time.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Beside the numbers that every report has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Simulated {
    /// All that was left to chance follows from it.
    pub seed: u64,
    /// Virtual time that is counted: from the end of the warm-up to the end of
    /// the last work.
    pub virtual_s: f64,
    /// Virtual time before that, whose probabilities, averages and costs are not
    /// counted here; the rest of the report has all requests.
    #[serde(skip_serializing_if = "is_none", default)]
    pub warm_up_s: f64,
    /// Simulated in a second of real time: invocations that ran or were
    /// refused. It differs from run to run, so files do not have it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub invocations_per_second: Option<f64>,
    /// Calls of the engine in a second of real time, likewise.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub steps_per_second: Option<f64>,
    /// Of all attempts to invoke a function, a queue's and a poller's included,
    /// the share that was throttled.
    pub throttle_probability: f64,
    /// The same by AWS's reason.
    pub throttle_probability_by_reason: BTreeMap<String, f64>,
    /// Of all invocations that ran, the share that waited for a new environment.
    pub cold_start_probability: f64,
    /// Of all functions together.
    pub environments: Environments,
    /// From the start of an environment to its end, on average; none where none
    /// has ended.
    pub environment_lifespan_s: Option<f64>,
    /// What AWS would charge for it.
    pub cost_usd: f64,
    pub cost: Cost,
    /// What happened in the meantime, at equal distances.
    pub over_time: OverTime,
}

/// Numbers of environments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Environments {
    pub total: Level,
    /// With an invocation that has begun.
    pub running: Level,
    pub idle: Level,
    /// From their place to the end of their Init.
    pub initializing: Level,
}

/// A number that goes up and down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Level {
    /// Weighted by time.
    pub average: f64,
    pub max: u64,
}

/// In USD; estimates without the free tier.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// 0.20 a million, or what the price table says.
    pub requests: f64,
    /// GB-seconds of invocations, their Init included.
    pub duration: f64,
    /// GB-seconds of provisioned concurrency that was kept.
    pub provisioned: f64,
    /// Requests to queues: sends, receives (empty ones too) and deletes.
    pub queues: f64,
    /// Which month's prices.
    pub prices: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_none(seconds: &f64) -> bool {
    *seconds == 0.0
}

impl Cost {
    pub fn total(&self) -> f64 {
        self.requests + self.duration + self.provisioned + self.queues
    }
}

/// The state at equal distances of time. All lists are as long as each other.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct OverTime {
    /// The first is at 0.
    pub every_s: f64,
    pub running: Vec<u64>,
    pub idle: Vec<u64>,
    pub initializing: Vec<u64>,
    /// Asynchronous events that wait inside Lambda or are worked on.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub events: Vec<u64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub queues: BTreeMap<String, Depths>,
}

/// Messages of one queue.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Depths {
    pub visible: Vec<u64>,
    pub in_flight: Vec<u64>,
    pub delayed: Vec<u64>,
}

/// A share of a whole; of nothing, none.
pub fn share(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}
