//! Execution environments: Init → Busy ⇄ Idle → gone.

use std::sync::Arc;

use super::function::FunctionVersion;
use super::invocation::Invocation;
use crate::engine::alarm::AlarmKey;
use crate::engine::time::Timestamp;

/// One execution environment. It serves one invocation at a time, and owns it
/// while it does.
#[derive(Debug)]
pub(crate) struct Environment {
    pub(crate) function: Arc<FunctionVersion>,
    pub(crate) started: Timestamp,
    pub(crate) state: State,
}

/// What an environment does. Each state holds the alarm that would end it.
#[derive(Debug)]
pub(crate) enum State {
    /// It starts for this invocation.
    Init { invocation: Invocation, alarm: AlarmKey },
    /// It runs this invocation.
    Busy { invocation: Invocation, alarm: AlarmKey },
    /// It waits.
    Idle { since: Timestamp, alarm: AlarmKey },
}

impl State {
    pub(crate) fn alarm(&self) -> AlarmKey {
        match self {
            Self::Init { alarm, .. } | Self::Busy { alarm, .. } | Self::Idle { alarm, .. } => *alarm,
        }
    }

    pub(crate) fn invocation_mut(&mut self) -> Option<&mut Invocation> {
        match self {
            Self::Init { invocation, .. } | Self::Busy { invocation, .. } => Some(invocation),
            Self::Idle { .. } => None,
        }
    }
}
