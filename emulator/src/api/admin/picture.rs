//! The answer to `GET /_emulator/state`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::engine::{FunctionSnapshot, MappingView, ProvisionedView, QueueSnapshot, Snapshot};
use crate::gear::ClockSettings;
use crate::observe::date_time;

/// One consistent snapshot, as it is shown.
#[derive(Debug, Serialize)]
pub(super) struct Picture {
    now: String,
    now_ms: u64,
    gear: &'static str,
    speed: f64,
    skip_idle: bool,
    account: AccountPicture,
    functions: Vec<FunctionPicture>,
    queues: Vec<QueuePicture>,
    mappings: Vec<MappingPicture>,
}

#[derive(Debug, Serialize)]
struct AccountPicture {
    concurrency_limit: u32,
    unreserved_limit: u32,
    unreserved_in_use: u32,
    on_demand_limit: u32,
}

#[derive(Debug, Serialize)]
struct FunctionPicture {
    name: String,
    reserved: Option<u32>,
    provisioned: Vec<ProvisionedPicture>,
    in_use: u32,
    peak_in_use: u32,
    environments: EnvironmentCounts,
    invocations: InvocationCounts,
    throttles: BTreeMap<&'static str, u64>,
    event_queue: EventQueueCounts,
}

#[derive(Debug, Serialize)]
struct ProvisionedPicture {
    qualifier: String,
    requested: u32,
    available: u32,
}

#[derive(Debug, Serialize)]
struct EnvironmentCounts {
    init: usize,
    idle: usize,
    busy: usize,
    started: u64,
}

#[derive(Debug, Serialize)]
struct InvocationCounts {
    succeeded: u64,
    failed: u64,
    provisioned: u64,
    spillover: u64,
}

#[derive(Debug, Serialize)]
struct EventQueueCounts {
    waiting: usize,
    in_flight: usize,
}

#[derive(Debug, Serialize)]
struct QueuePicture {
    name: String,
    visible: usize,
    in_flight: usize,
    delayed: usize,
    receivers: usize,
}

#[derive(Debug, Serialize)]
struct MappingPicture {
    uuid: String,
    queue: String,
    function: String,
    state: &'static str,
    batch_size: usize,
}

impl Picture {
    pub(super) fn new(snapshot: &Snapshot, clock: ClockSettings) -> Self {
        Self {
            now: format!("{}Z", date_time(snapshot.now)),
            now_ms: snapshot.now.as_millis(),
            gear: clock.gear.as_str(),
            speed: clock.speed,
            skip_idle: clock.skip_idle,
            account: AccountPicture {
                concurrency_limit: snapshot.account.concurrency,
                unreserved_limit: snapshot.account.unreserved,
                unreserved_in_use: snapshot.account.on_demand_in_use,
                on_demand_limit: snapshot.account.on_demand,
            },
            functions: snapshot.functions.iter().map(FunctionPicture::new).collect(),
            queues: snapshot.queues.iter().map(QueuePicture::new).collect(),
            mappings: snapshot.mappings.iter().map(MappingPicture::new).collect(),
        }
    }
}

impl FunctionPicture {
    fn new(function: &FunctionSnapshot) -> Self {
        let FunctionSnapshot { init, idle, busy, tally, .. } = function;
        Self {
            name: function.name.as_str().to_owned(),
            reserved: function.reserved,
            provisioned: function.provisioned.iter().map(ProvisionedPicture::new).collect(),
            in_use: function.in_flight,
            peak_in_use: tally.peak_in_flight,
            environments: EnvironmentCounts {
                init: *init,
                idle: *idle,
                busy: *busy,
                started: tally.environments_started,
            },
            invocations: InvocationCounts {
                succeeded: tally.succeeded,
                failed: tally.failed,
                provisioned: tally.provisioned,
                spillover: tally.spillover,
            },
            throttles: tally.throttles.iter().map(|(reason, &count)| (reason.as_str(), count)).collect(),
            event_queue: EventQueueCounts {
                waiting: function.events_waiting,
                in_flight: function.events_in_flight,
            },
        }
    }
}

impl ProvisionedPicture {
    fn new(view: &ProvisionedView) -> Self {
        let ProvisionedView { qualifier, requested, available, .. } = view;
        Self { qualifier: qualifier.to_string(), requested: *requested, available: *available }
    }
}

impl QueuePicture {
    fn new(queue: &QueueSnapshot) -> Self {
        Self {
            name: queue.name.as_str().to_owned(),
            visible: queue.visible,
            in_flight: queue.in_flight,
            delayed: queue.delayed,
            receivers: queue.receivers,
        }
    }
}

impl MappingPicture {
    fn new(mapping: &MappingView) -> Self {
        Self {
            uuid: mapping.id.to_string(),
            queue: mapping.spec.queue.as_str().to_owned(),
            function: mapping.spec.function.as_str().to_owned(),
            state: mapping.state.as_str(),
            batch_size: mapping.spec.batch_size,
        }
    }
}
