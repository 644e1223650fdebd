//! Code that runs as processes in other gears than real time: that is counted,
//! and said once for each function.

use std::collections::BTreeSet;

use crate::engine::FunctionName;
use crate::gear::{ClockSettings, Gear};

/// What the clock did to real code so far.
#[derive(Debug, Default)]
pub(super) struct RealCodeLedger {
    invocations: u64,
    warned: BTreeSet<FunctionName>,
}

impl RealCodeLedger {
    pub(super) fn invocations(&self) -> u64 {
        self.invocations
    }

    /// A process is handed an event while the clock goes like that.
    pub(super) fn note(&mut self, function: &FunctionName, settings: ClockSettings) {
        if settings.is_real_time() {
            return;
        }
        self.invocations += 1;
        if !self.warned.insert(function.clone()) {
            return;
        }
        let function = function.as_str();
        match settings.gear {
            Gear::Running => tracing::warn!(
                function,
                speed = settings.speed,
                "its code takes real time, and the clock runs at another speed: its timeout leaves it 1/speed of \
                 that in real time, and its durations are speed times as long"
            ),
            Gear::Paused => tracing::warn!(
                function,
                "its code takes real time, and the clock stands: its timeout does not run out, and its durations \
                 are 0"
            ),
        }
    }

    /// Forgets the functions, which are gone.
    pub(super) fn reset(&mut self) {
        self.warned.clear();
    }
}
