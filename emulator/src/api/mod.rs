//! The wire: requests in, engine commands, replies out.
//!
//! AWS's services share one port. They are told apart by path (Lambda), by
//! `X-Amz-Target` (SQS and Logs over JSON) and by `Action` (SQS and STS over
//! the query protocol). A request is matched by hand because function names
//! come as ARNs, and because three services share `POST /`.

mod admin;
mod call;
mod event_stream;
mod guard;
mod lambda;
mod logs;
mod reply;
mod route;
mod server;
mod sqs;
mod sts;
mod trace;

use std::sync::Arc;

use crate::config::Identity;
use crate::driver::Driver;
use crate::runtime::Packages;

pub(crate) use guard::Guard;
pub(crate) use server::serve;
pub(crate) use sqs::{SENDER_ID, attributes_md5, body_md5, receipt_text};

/// What every operation has at hand.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) driver: Arc<Driver>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) packages: Arc<Packages>,
}

#[cfg(test)]
impl Api {
    /// An empty account whose clock runs `speed` times as fast.
    pub(crate) fn for_test(quotas: crate::engine::Quotas, speed: f64) -> Self {
        use crate::driver::Clock;
        use crate::runtime::ProcessRuntime;
        let identity =
            Arc::new(Identity { region: "us-east-1".to_owned(), account_id: "000000000000".to_owned() });
        let packages = Arc::new(Packages::new().expect("a folder for packages"));
        let logs = crate::observe::LogStore::new(&identity.region);
        let handle = tokio::runtime::Handle::current();
        let processes = ProcessRuntime::new(Arc::clone(&identity), Arc::clone(&packages), handle);
        let driver = Driver::new(
            quotas,
            1,
            Clock::new(speed),
            processes.expect("a thread"),
            logs,
            Arc::clone(&identity),
        );
        tokio::spawn(Arc::clone(&driver).run_alarm_clock());
        Self { driver, identity, packages }
    }
}
