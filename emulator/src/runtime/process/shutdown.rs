//! The end of an environment that has extensions: they are told, and have some
//! time (Developer Guide, "Shutdown phase").

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::json;
use tokio::time::timeout;

use super::generation::Generation;
use super::processes::Role;

/// What an environment with external extensions has for its end.
const EXTERNAL: Duration = Duration::from_secs(2);

/// Of that, what its runtime has.
const RUNTIME: Duration = Duration::from_millis(300);

/// What an environment has whose extensions are parts of its runtime.
const INTERNAL: Duration = Duration::from_millis(500);

/// Why an environment ends, as extensions are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    SpinDown,
    Timeout,
    Failure,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Self::SpinDown => "SPINDOWN",
            Self::Timeout => "TIMEOUT",
            Self::Failure => "FAILURE",
        }
    }
}

/// Ends the processes: the runtime first, then the extensions. What is left
/// when the time is over is killed.
pub(super) async fn end(generation: &Arc<Generation>, reason: Reason) {
    let is_runtime = |role: &Role| *role == Role::Runtime;
    let external = generation.has_external_extensions();
    match reason {
        Reason::SpinDown => generation.processes.terminate_runtime(),
        Reason::Timeout | Reason::Failure => generation.processes.kill(is_runtime),
    }
    let patience = if external { RUNTIME } else { INTERNAL };
    let _late = timeout(patience, generation.processes.ended(is_runtime)).await;
    generation.processes.kill(is_runtime);
    if external {
        let left = EXTERNAL - RUNTIME;
        generation.leave(&word(reason, left).into());
        let _late = timeout(left, generation.processes.ended(|_| true)).await;
    }
    generation.stop();
}

fn word(reason: Reason, left: Duration) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let deadline = u64::try_from((now + left).as_millis()).unwrap_or(u64::MAX);
    json!({ "eventType": "SHUTDOWN", "shutdownReason": reason.as_str(), "deadlineMs": deadline }).to_string()
}
