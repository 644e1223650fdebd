//! The states that a function passes through: `Pending` → `Active`, and
//! `InProgress` → `Successful` (Developer Guide, "Lambda function states").

use std::sync::Arc;

use super::function::{Function, FunctionVersion};
use super::qualifier::Version;
use crate::engine::Engine;
use crate::engine::alarm::{Alarm, AlarmKey};
use crate::engine::error::LambdaError;
use crate::engine::fact::{StopReason, What};
use crate::engine::ids::FunctionName;
use crate::engine::time::Timestamp;

/// A change that takes time.
#[derive(Debug)]
pub(crate) struct Transition {
    /// What `$LATEST` will be; `None` while the function is being made.
    pub(crate) next: Option<Arc<FunctionVersion>>,
    pub(crate) alarm: AlarmKey,
}

/// How far a function's last change is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionState {
    /// It is being made, and can't be invoked.
    Pending,
    /// It is there; the last change is under way, and the code before it runs.
    Updating,
    /// It is there, and so is its last change.
    Active,
}

impl Function {
    pub(crate) fn state(&self) -> FunctionState {
        match &self.transition {
            None => FunctionState::Active,
            Some(Transition { next: None, .. }) => FunctionState::Pending,
            Some(Transition { next: Some(_), .. }) => FunctionState::Updating,
        }
    }

    /// The settings that were given last, though they may not be active yet.
    pub(crate) fn newest(&self) -> &Arc<FunctionVersion> {
        self.transition.as_ref().and_then(|transition| transition.next.as_ref()).unwrap_or(&self.latest)
    }

    /// Refuses a change while another is under way.
    pub(crate) fn check_settled(&self) -> Result<(), LambdaError> {
        match self.state() {
            FunctionState::Active => Ok(()),
            FunctionState::Pending | FunctionState::Updating => {
                Err(LambdaError::UpdateInProgress(self.name().clone()))
            }
        }
    }
}

impl Engine {
    /// How far a function's last change is.
    pub fn function_state(&self, name: &str) -> Result<FunctionState, LambdaError> {
        self.find_function(name).map(Function::state)
    }

    /// Lets a new function be `Pending` for its time.
    pub(super) fn begin_creation(&mut self, now: Timestamp, name: &FunctionName) {
        self.begin_transition(now, name, None);
    }

    /// Lets a change take its time; without one it is there at once.
    pub(super) fn begin_change(&mut self, now: Timestamp, name: &FunctionName, next: Arc<FunctionVersion>) {
        if self.quotas.function_transition.is_zero() {
            return self.make_latest(now, name, next);
        }
        self.begin_transition(now, name, Some(next));
    }

    fn begin_transition(&mut self, now: Timestamp, name: &FunctionName, next: Option<Arc<FunctionVersion>>) {
        if self.quotas.function_transition.is_zero() {
            return;
        }
        let alarm =
            self.alarms.set(now + self.quotas.function_transition, Alarm::ChangeFunction(name.clone()));
        if let Some(function) = self.functions.get_mut(name) {
            function.transition = Some(Transition { next, alarm });
        }
    }

    pub(in crate::engine) fn transition_passed(&mut self, now: Timestamp, name: &FunctionName) {
        let Some(function) = self.functions.get_mut(name) else { return };
        let next = function.transition.take().and_then(|transition| transition.next);
        if let Some(next) = next {
            self.make_latest(now, name, next);
        }
    }

    fn make_latest(&mut self, now: Timestamp, name: &FunctionName, next: Arc<FunctionVersion>) {
        let Some(function) = self.functions.get_mut(name) else { return };
        function.latest = Arc::clone(&next);
        self.record(now, What::FunctionChanged { function: next });
        self.stop_idle(now, name, Version::Latest, StopReason::Outdated);
    }
}
