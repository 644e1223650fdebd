//! The wire: requests in, engine commands, replies out.
//!
//! Requests for a function's own HTTP front door (a function URL, a stage of
//! API Gateway) are told apart before everything else, by host or by path.
//!
//! AWS's services share one port. They are told apart by path (Lambda), by
//! `X-Amz-Target` (SQS and Logs over JSON) and by `Action` (SQS and STS over
//! the query protocol). A request is matched by hand because function names
//! come as ARNs, and because three services share `POST /`.

mod admin;
mod call;
mod door;
mod event_stream;
mod function_url;
mod gateway;
mod guard;
mod lambda;
mod logs;
mod proxy;
mod reply;
mod route;
mod server;
mod signature;
mod sqs;
mod sts;
mod trace;

use std::sync::Arc;

use crate::config::{GatewayConfig, Identity};
use crate::driver::Driver;
use crate::runtime::Packages;

pub(crate) use guard::{Guard, is_loopback};
pub(crate) use lambda::{built_in, explain};
pub(crate) use server::serve;
pub(crate) use signature::Signatures;
pub(crate) use sqs::{SENDER_ID, attributes_md5, body_md5, receipt_text, sequence_text};

/// What every operation has at hand.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) driver: Arc<Driver>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) packages: Arc<Packages>,
    pub(crate) doors: Arc<Doors>,
    /// None: any signature will do, and so will none.
    pub(crate) signatures: Option<Signatures>,
}

/// The HTTP front doors of functions. They are no part of the engine: to it
/// their requests are synchronous invocations like any other.
#[derive(Debug)]
pub(crate) struct Doors {
    urls: function_url::FunctionUrls,
    rest: gateway::RestApis,
    http: gateway::HttpApis,
    config: GatewayConfig,
}

impl Doors {
    /// No doors yet; their ids follow from `seed`.
    pub(crate) fn new(seed: u64, config: GatewayConfig) -> Self {
        Self {
            urls: function_url::FunctionUrls::new(seed),
            rest: gateway::RestApis::new(seed),
            http: gateway::HttpApis::new(seed),
            config,
        }
    }

    /// Whether a door is open to pages of that origin by its CORS settings.
    fn welcomes(&self, door: &door::Door, origin: Option<&str>) -> bool {
        match door {
            door::Door::FunctionUrl { id, .. } => self.urls.welcomes(id, origin),
            door::Door::Gateway { api, .. } => self.http.welcomes(api, origin),
        }
    }

    fn reset(&self) {
        self.urls.clear();
        self.rest.clear();
        self.http.clear();
    }
}

#[cfg(test)]
impl Api {
    /// An empty account whose clock runs `speed` times as fast.
    pub(crate) fn for_test(quotas: crate::engine::Quotas, speed: f64) -> Self {
        Self::with_clock(quotas, crate::gear::ClockSettings::running(speed))
    }

    /// An empty account whose clock goes like that.
    pub(crate) fn with_clock(quotas: crate::engine::Quotas, clock: crate::gear::ClockSettings) -> Self {
        use crate::credentials::Credentials;
        use crate::driver::Clock;
        use crate::runtime::ProcessRuntime;
        let identity = Arc::new(Identity {
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            endpoint: None,
            role: Credentials::test(),
        });
        let packages = Arc::new(Packages::new().expect("a folder for packages"));
        let logs = crate::observe::LogStore::new(&identity.region);
        let handle = tokio::runtime::Handle::current();
        let processes = ProcessRuntime::new(Arc::clone(&identity), Arc::clone(&packages), handle);
        let driver = Driver::new(
            quotas,
            1,
            Clock::new(clock),
            processes.expect("a thread"),
            logs,
            Arc::clone(&identity),
        );
        tokio::spawn(Arc::clone(&driver).run());
        let doors = Arc::new(Doors::new(1, GatewayConfig::default()));
        Self { driver, identity, packages, doors, signatures: None }
    }
}
