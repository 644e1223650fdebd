//! Child processes that speak the Lambda Runtime API.

use std::sync::Weak;

use crate::driver::Driver;
use crate::engine::{Dispatch, EnvironmentId, Start};

/// All environments that are processes.
#[derive(Debug)]
pub(crate) struct ProcessRuntime {}

impl ProcessRuntime {
    pub(crate) fn attach(&self, _driver: Weak<Driver>) {}
    pub(crate) fn start(&self, _start: Start) {}
    pub(crate) fn dispatch(&self, _dispatch: Dispatch) {}
    pub(crate) fn stop(&self, _environment: EnvironmentId) {}
}
