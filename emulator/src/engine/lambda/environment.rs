//! Execution environments: Placing → Init → Busy ⇄ Idle → gone.

use std::sync::Arc;

use super::function::{Code, FunctionVersion};
use super::invocation::Invocation;
use crate::engine::alarm::AlarmKey;
use crate::engine::fact::StopReason;
use crate::engine::time::Timestamp;

/// For whom an environment was started (`AWS_LAMBDA_INITIALIZATION_TYPE`).
/// It stays so for the environment's whole life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitializationType {
    /// For a request that waits.
    OnDemand,
    /// For requests to come.
    Provisioned,
}

impl InitializationType {
    /// AWS's value of the variable.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OnDemand => "on-demand",
            Self::Provisioned => "provisioned-concurrency",
        }
    }
}

/// One execution environment. It serves one invocation at a time, and owns it
/// while it does.
#[derive(Debug)]
pub(crate) struct Environment {
    pub(crate) function: Arc<FunctionVersion>,
    pub(crate) initialization: InitializationType,
    /// How often something was started in it before: reports of earlier ones
    /// are old news.
    pub(crate) incarnation: u32,
    /// When its current Init began.
    pub(crate) started: Timestamp,
    /// Why it goes as soon as it has nothing to do.
    pub(crate) retires: Option<StopReason>,
    /// The end of its life.
    pub(crate) end_of_life: AlarmKey,
    pub(crate) state: State,
}

impl Environment {
    /// Whether its code is real, and takes real time.
    pub(crate) fn runs_processes(&self) -> bool {
        !matches!(self.function.spec.code, Code::Simulated { .. })
    }

    /// Whether its code is at work at this moment.
    pub(crate) fn runs_code(&self) -> bool {
        let at_work = match self.state {
            State::Init { ready, .. } => !ready,
            State::Busy { .. } => true,
            State::Placing { .. } | State::Idle { .. } => false,
        };
        at_work && self.runs_processes()
    }
}

/// What an environment does. Each state holds the alarm that would end it.
#[derive(Debug)]
pub(crate) enum State {
    /// It is on its way to a machine, for this invocation.
    Placing { invocation: Box<Invocation>, alarm: AlarmKey },
    /// It starts, for this invocation or for those to come.
    /// `ready`: its code has started, and a simulated cold start takes the rest
    /// of its time.
    Init { invocation: Option<Box<Invocation>>, alarm: AlarmKey, ready: bool },
    /// It runs this invocation.
    Busy { invocation: Box<Invocation>, alarm: AlarmKey },
    /// It waits. `cold`: it was reset, and the next invocation starts it again.
    Idle { since: Timestamp, alarm: Option<AlarmKey>, cold: bool },
}

impl State {
    pub(crate) fn alarm(&self) -> Option<AlarmKey> {
        match self {
            Self::Placing { alarm, .. } | Self::Init { alarm, .. } | Self::Busy { alarm, .. } => Some(*alarm),
            Self::Idle { alarm, .. } => *alarm,
        }
    }

    pub(crate) fn invocation_mut(&mut self) -> Option<&mut Invocation> {
        match self {
            Self::Placing { invocation, .. } | Self::Busy { invocation, .. } => Some(invocation),
            Self::Init { invocation, .. } => invocation.as_deref_mut(),
            Self::Idle { .. } => None,
        }
    }

    pub(crate) fn into_invocation(self) -> Option<Box<Invocation>> {
        match self {
            Self::Placing { invocation, .. } | Self::Busy { invocation, .. } => Some(invocation),
            Self::Init { invocation, .. } => invocation,
            Self::Idle { .. } => None,
        }
    }
}
