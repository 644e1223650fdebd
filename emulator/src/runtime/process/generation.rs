//! One start of an environment's processes, and all that a reset throws away.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use bytes::Bytes;
use rustix::process::Pid;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::log_pipe::LogPipe;
use super::memory::Meter;
use super::participants::{Asked, Participants, Rest};
use super::processes::{Processes, Role};
use super::sandbox::Sandbox;
use super::telemetry::{Kind, Telemetry};
use super::{extension_log, trace};
use crate::engine::{
    BatchItems, Completion, Dispatch, FunctionError, News, Outcome, Report, RequestId, Timestamp, Uuid,
};
use crate::observe::PlatformEvent;

/// The processes of an environment from their start to their end: the events
/// they take, what they work on, what they print, who listens to it.
#[derive(Debug)]
pub(super) struct Generation {
    pub(super) sandbox: Arc<Sandbox>,
    /// How many there were before in this environment.
    pub(super) incarnation: u32,
    pub(super) processes: Processes,
    pub(super) memory: Meter,
    pub(super) telemetry: Telemetry,
    participants: Mutex<Participants>,
    /// What the runtime was handed and has not answered.
    current: Mutex<Option<Current>>,
    /// Whether it ends: what becomes of its processes is no news any more.
    leaving: AtomicBool,
    /// What the runtime prints.
    output: OnceLock<Arc<LogPipe>>,
    /// Where its Runtime API listens, once it does.
    api: OnceLock<SocketAddr>,
    /// Ends every task of this generation; it ends with the sandbox at the latest.
    pub(super) ended: CancellationToken,
}

/// The invocation under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Current {
    pub(super) request_id: RequestId,
    pub(super) reports_item_failures: bool,
    deadline: Timestamp,
}

impl Generation {
    pub(super) fn new(sandbox: Arc<Sandbox>, incarnation: u32) -> Self {
        let ended = sandbox.ended.child_token();
        Self {
            sandbox,
            incarnation,
            processes: Processes::default(),
            memory: Meter::default(),
            telemetry: Telemetry::default(),
            participants: Mutex::default(),
            current: Mutex::new(None),
            leaving: AtomicBool::new(false),
            output: OnceLock::new(),
            api: OnceLock::new(),
            ended,
        }
    }

    /// Hands an event to the runtime, whose `/next` takes it, and word of it
    /// to the extensions.
    pub(super) fn deliver(&self, dispatch: Dispatch) {
        self.memory.begin();
        let mut participants = self.lock_participants();
        let word = if participants.wants_invoke() { self.invoke_word(&dispatch) } else { Bytes::new() };
        participants.deliver(dispatch, &word);
    }

    fn invoke_word(&self, dispatch: &Dispatch) -> Bytes {
        let name = self.sandbox.function.name.as_str();
        let arn = self.sandbox.identity.qualified_arn(name, &dispatch.qualifier);
        let deadline = u64::try_from(self.sandbox.real_deadline_ms(dispatch.deadline)).unwrap_or(u64::MAX);
        let trace = trace::header(dispatch.request_id, dispatch.deadline.as_secs(), name, &dispatch.trace);
        let word = json!({
            "eventType": "INVOKE",
            "deadlineMs": deadline,
            "requestId": dispatch.request_id.to_string(),
            "invokedFunctionArn": arn,
            "tracing": { "type": "X-Amzn-Trace-Id", "value": trace },
        });
        word.to_string().into()
    }

    /// Where its Runtime API listens, once it does.
    pub(super) fn api(&self) -> Option<SocketAddr> {
        self.api.get().copied()
    }

    pub(super) fn set_api(&self, address: SocketAddr) {
        self.api.get_or_init(|| address);
    }

    /// The runtime asks for its next event.
    pub(super) async fn next(&self) -> Option<Dispatch> {
        let dispatch = self.wait(|participants| Some(participants.ask_runtime())).await?;
        let current = Current {
            request_id: dispatch.request_id,
            reports_item_failures: dispatch.reports_item_failures,
            deadline: dispatch.deadline,
        };
        *self.lock_current() = Some(current);
        Some(dispatch)
    }

    /// An extension asks for its next event.
    pub(super) async fn next_extension_event(&self, id: Uuid) -> Option<Bytes> {
        self.wait(|participants| participants.ask_extension(id)).await
    }

    /// Asks until there is an event; who waits may be the last to come to rest.
    async fn wait<E>(&self, ask: impl Fn(&mut Participants) -> Option<Asked<E>>) -> Option<E> {
        loop {
            let asked = ask(&mut self.lock_participants())?;
            let (wake, rest) = match asked {
                Asked::Event(event) => return Some(event),
                Asked::Wait(wake, rest) => (wake, rest),
            };
            match rest {
                Some(Rest::InitOver) => self.init_over(),
                Some(Rest::AtRest) => self.at_rest(),
                None => {}
            }
            tokio::select! {
                () = wake.notified() => {}
                () = self.ended.cancelled() => return None,
            }
        }
    }

    /// The runtime and all extensions have asked for their first event.
    fn init_over(&self) {
        self.memory.refresh(&self.processes.leaders());
        let extensions = self.lock_participants().registered();
        for extension in extensions {
            extension_log::ready(self, extension);
        }
        self.report(News::Ready);
        self.telemetry.end_init();
    }

    /// The runtime and all extensions have asked for their next event: what
    /// was answered before is over. What the runtime printed after its answer
    /// belongs before the next.
    fn at_rest(&self) {
        self.flush_output();
        self.report(News::Rested);
    }

    /// Whether something is under way: Init, an invocation, or what extensions
    /// do after one.
    pub(super) fn is_busy(&self) -> bool {
        !self.is_over() && !self.lock_participants().are_at_rest()
    }

    /// The invocation that the runtime works on, if it has that id.
    pub(super) fn current(&self, request_id: RequestId) -> Option<Current> {
        self.lock_current().filter(|current| current.request_id == request_id)
    }

    /// The runtime answered. What it printed before comes before the end of
    /// its log.
    pub(super) fn finish(&self, request_id: RequestId, outcome: Outcome, items: BatchItems) {
        let current = self.lock_current().take_if(|current| current.request_id == request_id);
        self.flush_output();
        self.memory.refresh(&self.processes.leaders());
        if let Some(current) = current {
            self.tell_runtime_done(current, &outcome);
        }
        let max_memory_mb = self.max_memory_mb();
        let completion = Completion { request_id, outcome, max_memory_mb, items, rested: false };
        self.report(News::Finished(completion));
        // A runtime may have asked for more before it answered.
        if self.lock_participants().are_at_rest() {
            self.at_rest();
        }
    }

    /// Tells who listens that the runtime has answered. An extension may wait
    /// for that before it comes to rest.
    fn tell_runtime_done(&self, current: Current, outcome: &Outcome) {
        let Some(driver) = self.sandbox.driver.upgrade().filter(|_| self.telemetry.is_heard()) else {
            return;
        };
        let now = driver.clock().now();
        let began = current.deadline - self.sandbox.function.spec.timeout;
        let failed = !matches!(outcome, Outcome::Success(_));
        let done = PlatformEvent::runtime_done(current.request_id, now.since(began), failed);
        self.telemetry.tell_platform(now, &done);
    }

    /// The most memory used so far. Between two looks it may have been more
    /// than there is on AWS, where nothing is shown beyond the function's memory.
    pub(super) fn max_memory_mb(&self) -> Option<u32> {
        self.memory.peak_mb().map(|peak| peak.min(self.sandbox.function.spec.memory_mb))
    }

    /// The runtime's Init failed.
    pub(super) fn fail_init(&self, error: FunctionError) {
        self.flush_output();
        self.report(News::InitFailed(error));
    }

    /// Tells the engine, which passes over what an earlier generation says.
    pub(super) fn report(&self, news: News) {
        if let Some(driver) = self.sandbox.driver.upgrade() {
            let (environment, incarnation) = (self.sandbox.id, self.incarnation);
            driver.report(Report { environment, incarnation, news });
        }
    }

    /// The most memory used so far, for an invocation that may end without a
    /// word of its runtime.
    pub(super) fn report_memory(&self, megabytes: u32) {
        self.report(News::MemoryUsed(megabytes));
    }

    /// Whether what its processes say and do still counts.
    pub(super) fn is_over(&self) -> bool {
        self.leaving.load(Ordering::Relaxed) || self.ended.is_cancelled()
    }

    /// From now on what becomes of its processes is no news.
    pub(super) fn begin_leaving(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }

    pub(super) fn set_output(&self, pipe: Arc<LogPipe>) {
        self.output.get_or_init(|| pipe);
    }

    /// Writes what the runtime has printed to its log.
    fn flush_output(&self) {
        if let Some(output) = self.output.get() {
            output.drain(&mut |line| self.print(Kind::Function, line));
        }
    }

    /// Writes a printed line to the log, and to who listens.
    pub(super) fn print(&self, kind: Kind, line: &str) {
        extension_log::line(self, kind, line);
        self.sandbox.print(line);
    }

    /// Remembers a process; if this generation was stopped meanwhile, ends it.
    pub(super) fn add_process(&self, role: Role, leader: Pid) {
        self.processes.add(role, leader);
        if self.ended.is_cancelled() {
            self.processes.kill(|_| true);
        }
    }

    /// Ends the processes, their children and every task.
    pub(super) fn stop(&self) {
        self.ended.cancel();
        self.processes.kill(|_| true);
    }

    /// Ends the runtime, as the kernel ends a process for which there is no memory.
    pub(super) fn kill_runtime(&self) {
        self.processes.kill(|role| *role == Role::Runtime);
    }

    pub(super) fn lock_participants(&self) -> MutexGuard<'_, Participants> {
        self.participants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn lock_current(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
