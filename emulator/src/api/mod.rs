//! The wire: requests in, engine commands, replies out.
//!
//! AWS's services share one port. They are told apart by path (Lambda), by
//! `X-Amz-Target` (SQS and Logs over JSON) and by `Action` (SQS and STS over
//! the query protocol). A request is matched by hand because function names
//! come as ARNs, and because three services share `POST /`.

mod admin;
mod call;
mod guard;
mod lambda;
mod logs;
mod reply;
mod route;
mod server;
mod sqs;
mod sts;

use std::sync::Arc;

use crate::config::Identity;
use crate::driver::Driver;
use crate::runtime::Packages;

pub(crate) use guard::Guard;
pub(crate) use server::serve;

/// What every operation has at hand.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) driver: Arc<Driver>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) packages: Arc<Packages>,
}

/// Placeholder.
pub(crate) fn receipt_text(receipt: crate::engine::ReceiptHandle) -> String {
    format!("{receipt:?}")
}
/// Placeholder.
pub(crate) const SENDER_ID: &str = "AIDAEMULATOR";
