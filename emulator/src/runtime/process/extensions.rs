//! How extensions come, fail and go.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::json;
use tokio::sync::mpsc::Receiver;

use super::extension_log;
use super::generation::Generation;
use super::participants::{Events, NotRegistered};
use super::processes::Role;
use super::shutdown::Reason;
use super::telemetry::Kind;
use crate::engine::{BatchItems, Exit, FunctionError, News, Outcome, RequestId, Uuid};

impl Generation {
    /// External extensions of these names are about to start.
    pub(super) fn expect_extensions(&self, names: Vec<String>) {
        self.lock_participants().expect(names);
    }

    /// Registers an extension; the runtime starts when all external ones have.
    pub(super) fn register(
        self: &Arc<Self>,
        name: &str,
        id: Uuid,
        events: Events,
    ) -> Result<(), NotRegistered> {
        let last = self.lock_participants().register(name, id, events)?;
        if last {
            self.sandbox.start_runtime(self);
        }
        Ok(())
    }

    pub(super) fn extension_name(&self, id: Uuid) -> Option<String> {
        self.lock_participants().name_of(id).map(str::to_owned)
    }

    /// Subscribes an extension to telemetry, while Init goes on.
    pub(super) fn subscribe(&self, name: &str, kinds: &[Kind]) -> Option<Receiver<String>> {
        let events = self.telemetry.subscribe(name, kinds.to_vec())?;
        extension_log::subscribed(self, name, kinds);
        Some(events)
    }

    /// An extension can't go on. Init or the invocation fails with it, and so
    /// does the environment.
    pub(super) fn extension_failed(&self, name: &str, state: &'static str, kind: &str) {
        if self.is_over() {
            return;
        }
        extension_log::failed(self, name, state, kind);
        self.fail_with(|request_id| reported(kind, request_id));
        self.report(News::Exited(Exit::Status(1)));
    }

    /// A process has ended by itself.
    pub(super) fn exited(&self, role: &Role, exit: Exit) {
        match role {
            Role::Runtime => {
                if let Some(peak) = self.max_memory_mb() {
                    self.report_memory(peak);
                }
            }
            Role::Extension(name) => {
                if self.is_over() {
                    return;
                }
                extension_log::failed(self, name, "Crashed", "Extension.Crash");
                self.fail_with(|_| FunctionError::ExtensionCrashed);
            }
        }
        self.report(News::Exited(exit));
    }

    /// Fails what is under way.
    fn fail_with(&self, error: impl FnOnce(Option<RequestId>) -> FunctionError) {
        let request_id = self.lock_current().take().map(|current| current.request_id);
        let error = error(request_id);
        match request_id {
            Some(id) => self.finish(id, Outcome::FunctionError(error), BatchItems::AllSucceeded),
            None => self.fail_init(error),
        }
    }

    pub(super) fn has_external_extensions(&self) -> bool {
        self.lock_participants().has_external_extensions()
    }

    /// Prepares the end. Gives the reason for it where extensions want to know.
    pub(super) fn begin_end(&self) -> Option<Reason> {
        self.begin_leaving();
        self.telemetry.close();
        if !self.lock_participants().has_extensions() {
            return None;
        }
        let runtime_lives = self.processes.has(&Role::Runtime);
        Some(match (runtime_lives, self.lock_current().is_some()) {
            (true, true) => Reason::Timeout,
            (true, false) => Reason::SpinDown,
            (false, _) => Reason::Failure,
        })
    }

    /// Tells the extensions that asked for it of the end.
    pub(super) fn leave(&self, word: &Bytes) {
        self.lock_participants().leave(word);
    }
}

/// An error of which the extension told the type.
fn reported(kind: &str, request_id: Option<RequestId>) -> FunctionError {
    let request = request_id.map_or_else(String::new, |id| format!("RequestId: {id} "));
    let message = format!("{request}Error: the extension can't go on");
    let error = json!({ "errorType": kind, "errorMessage": message });
    FunctionError::Reported(error.to_string().into())
}
