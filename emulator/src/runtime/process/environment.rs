//! One living environment: its mailbox, its process and its output.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use super::host;
use super::log_pipe::LogPipe;
use crate::config::Identity;
use crate::driver::Driver;
use crate::engine::{
    BatchItems, Completion, Dispatch, EnvironmentId, FunctionError, FunctionVersion, News, Outcome, Report,
    RequestId, Start, Timestamp,
};
use crate::observe::log_stream_name;

/// Reading `/proc` costs more than a warm invocation may; once a second is
/// enough for a high-water mark.
const MEMORY_INTERVAL: Duration = Duration::from_secs(1);

/// One execution environment that is a process.
#[derive(Debug)]
pub(super) struct Environment {
    pub(super) id: EnvironmentId,
    pub(super) function: Arc<FunctionVersion>,
    pub(super) log_stream: String,
    pub(super) identity: Arc<Identity>,
    driver: Weak<Driver>,
    events: UnboundedSender<Dispatch>,
    /// Awaited by one `/next` at a time.
    mailbox: tokio::sync::Mutex<UnboundedReceiver<Dispatch>>,
    /// What the runtime was handed and has not answered.
    current: Mutex<Option<Current>>,
    ready: AtomicBool,
    /// Until it has ended: its number may then be another's.
    process: Mutex<Option<Pid>>,
    output: OnceLock<LogPipe>,
    memory: Mutex<Option<(Instant, u32)>>,
    /// Ends every task of this environment.
    pub(super) ended: CancellationToken,
}

/// The invocation under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Current {
    pub(super) request_id: RequestId,
    pub(super) reports_item_failures: bool,
}

impl Environment {
    pub(super) fn new(start: Start, driver: Weak<Driver>, identity: Arc<Identity>) -> Self {
        let (events, mailbox) = unbounded_channel();
        Self {
            id: start.environment,
            log_stream: log_stream_name(start.at, start.log_stream),
            function: start.function,
            identity,
            driver,
            events,
            mailbox: tokio::sync::Mutex::new(mailbox),
            current: Mutex::new(None),
            ready: AtomicBool::new(false),
            process: Mutex::new(None),
            output: OnceLock::new(),
            memory: Mutex::new(None),
            ended: CancellationToken::new(),
        }
    }

    /// Puts an event into the mailbox; the runtime's `/next` takes it.
    pub(super) fn deliver(&self, dispatch: Dispatch) {
        // The mailbox lives as long as this.
        let _sent = self.events.send(dispatch);
    }

    /// The runtime asks for its next event. The first time says that Init is over.
    pub(super) async fn next(&self) -> Option<Dispatch> {
        if !self.ready.swap(true, Ordering::Relaxed) {
            self.report(News::Ready);
        }
        let dispatch = self.mailbox.lock().await.recv().await?;
        let current = Current {
            request_id: dispatch.request_id,
            reports_item_failures: dispatch.reports_item_failures,
        };
        *self.lock_current() = Some(current);
        Some(dispatch)
    }

    /// The invocation that the runtime works on, if it has that id.
    pub(super) fn current(&self, request_id: RequestId) -> Option<Current> {
        self.lock_current().filter(|current| current.request_id == request_id)
    }

    /// The runtime answered. What it printed before comes before the end of
    /// its log.
    pub(super) fn finish(&self, request_id: RequestId, outcome: Outcome, items: BatchItems) {
        self.lock_current().take();
        self.flush_output();
        let max_memory_mb = self.max_memory_mb();
        self.report(News::Finished(Completion { request_id, outcome, max_memory_mb, items }));
    }

    /// The runtime's Init failed.
    pub(super) fn fail_init(&self, error: FunctionError) {
        self.flush_output();
        self.report(News::InitFailed(error));
    }

    pub(super) fn report(&self, news: News) {
        if let Some(driver) = self.driver.upgrade() {
            driver.report(Report { environment: self.id, news });
        }
    }

    /// Writes a line to the log stream.
    pub(super) fn print(&self, text: &str) {
        if let Some(driver) = self.driver.upgrade() {
            driver.logs().print(self.id, driver.clock().now(), text);
        }
    }

    pub(super) fn set_output(&self, pipe: LogPipe) {
        self.output.get_or_init(|| pipe);
    }

    /// Writes what the process prints to its log, until it prints no more.
    pub(super) async fn carry_output(&self) {
        if let Some(output) = self.output.get() {
            output.run(&mut |line| self.print(line)).await;
        }
    }

    pub(super) fn flush_output(&self) {
        if let Some(output) = self.output.get() {
            output.drain(&mut |line| self.print(line));
        }
    }

    /// The deadline in real time, which is what the process's own clock shows.
    pub(super) fn real_deadline_ms(&self, deadline: Timestamp) -> u128 {
        let left =
            self.driver.upgrade().map_or(Duration::ZERO, |driver| driver.clock().real_time_until(deadline));
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        (now + left).as_millis()
    }

    /// Remembers the process; if the environment was stopped meanwhile, ends it.
    pub(super) fn set_process(&self, pid: Pid) {
        *self.lock_process() = Some(pid);
        if self.ended.is_cancelled() {
            self.kill();
        }
    }

    /// The process has ended: what it started goes with it.
    pub(super) fn process_ended(&self) {
        self.kill();
        self.lock_process().take();
    }

    /// Ends the process, its children and every task.
    pub(super) fn stop(&self) {
        self.ended.cancel();
        self.kill();
    }

    /// Ends the whole process group: children of the process too.
    fn kill(&self) {
        if let Some(pid) = *self.lock_process() {
            // An error means that there is nobody left.
            let _nobody = kill_process_group(pid, Signal::KILL);
        }
    }

    fn max_memory_mb(&self) -> Option<u32> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, megabytes)) = *memory
            && at.elapsed() < MEMORY_INTERVAL
        {
            return Some(megabytes);
        }
        let megabytes = host::peak_memory_mb((*self.lock_process())?)?;
        *memory = Some((Instant::now(), megabytes));
        Some(megabytes)
    }

    fn lock_process(&self) -> MutexGuard<'_, Option<Pid>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_current(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
