//! One start of an environment's processes, and all that a reset throws away.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use super::host;
use super::log_pipe::LogPipe;
use super::sandbox::Sandbox;
use crate::engine::{BatchItems, Completion, Dispatch, FunctionError, News, Outcome, Report, RequestId};

/// Reading `/proc` costs more than a warm invocation may; once a second is
/// enough for a high-water mark.
const MEMORY_INTERVAL: Duration = Duration::from_secs(1);

/// The processes of an environment from their start to their end: the mailbox
/// they take events from, what they work on, what they print.
#[derive(Debug)]
pub(super) struct Generation {
    pub(super) sandbox: Arc<Sandbox>,
    /// How many there were before in this environment.
    incarnation: u32,
    events: UnboundedSender<Dispatch>,
    /// Awaited by one `/next` at a time.
    mailbox: tokio::sync::Mutex<UnboundedReceiver<Dispatch>>,
    /// What the runtime was handed and has not answered.
    current: Mutex<Option<Current>>,
    ready: AtomicBool,
    /// Whether it has answered and not yet asked for more.
    answered: AtomicBool,
    /// Leaders of process groups, until they have ended: their numbers may
    /// then be another's.
    processes: Mutex<Vec<Pid>>,
    output: OnceLock<LogPipe>,
    memory: Mutex<Option<(Instant, u32)>>,
    /// Ends every task of this generation; it ends with the sandbox at the latest.
    pub(super) ended: CancellationToken,
}

/// The invocation under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Current {
    pub(super) request_id: RequestId,
    pub(super) reports_item_failures: bool,
}

impl Generation {
    pub(super) fn new(sandbox: Arc<Sandbox>, incarnation: u32) -> Self {
        let (events, mailbox) = unbounded_channel();
        let ended = sandbox.ended.child_token();
        Self {
            sandbox,
            incarnation,
            events,
            mailbox: tokio::sync::Mutex::new(mailbox),
            current: Mutex::new(None),
            ready: AtomicBool::new(false),
            answered: AtomicBool::new(false),
            processes: Mutex::default(),
            output: OnceLock::new(),
            memory: Mutex::new(None),
            ended,
        }
    }

    /// Puts an event into the mailbox; the runtime's `/next` takes it.
    pub(super) fn deliver(&self, dispatch: Dispatch) {
        // The mailbox lives as long as this.
        let _sent = self.events.send(dispatch);
    }

    /// The runtime asks for its next event. The first time says that Init is
    /// over, any other that the invocation before is.
    pub(super) async fn next(&self) -> Option<Dispatch> {
        if !self.ready.swap(true, Ordering::Relaxed) {
            self.report(News::Ready);
        } else if self.answered.swap(false, Ordering::Relaxed) {
            self.report(News::Rested);
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
        self.answered.store(true, Ordering::Relaxed);
        let completion = Completion { request_id, outcome, max_memory_mb, items, rested: false };
        self.report(News::Finished(completion));
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

    pub(super) fn set_output(&self, pipe: LogPipe) {
        self.output.get_or_init(|| pipe);
    }

    /// Writes what the process prints to its log, until it prints no more.
    pub(super) async fn carry_output(&self) {
        if let Some(output) = self.output.get() {
            output.run(&mut |line| self.sandbox.print(line)).await;
        }
    }

    pub(super) fn flush_output(&self) {
        if let Some(output) = self.output.get() {
            output.drain(&mut |line| self.sandbox.print(line));
        }
    }

    /// Remembers a process; if this generation was stopped meanwhile, ends it.
    pub(super) fn add_process(&self, leader: Pid) {
        self.lock_processes().push(leader);
        if self.ended.is_cancelled() {
            self.kill();
        }
    }

    /// A process has ended: what it started goes with it.
    pub(super) fn process_ended(&self, leader: Pid) {
        let mut processes = self.lock_processes();
        kill_group(leader);
        processes.retain(|process| *process != leader);
    }

    /// Ends the processes, their children and every task.
    pub(super) fn stop(&self) {
        self.ended.cancel();
        self.kill();
    }

    /// Ends whole process groups: children of the processes too.
    fn kill(&self) {
        for leader in self.lock_processes().iter() {
            kill_group(*leader);
        }
    }

    fn max_memory_mb(&self) -> Option<u32> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, megabytes)) = *memory
            && at.elapsed() < MEMORY_INTERVAL
        {
            return Some(megabytes);
        }
        let leader = self.lock_processes().first().copied()?;
        let megabytes = host::peak_memory_mb(leader)?;
        *memory = Some((Instant::now(), megabytes));
        Some(megabytes)
    }

    fn lock_processes(&self) -> MutexGuard<'_, Vec<Pid>> {
        self.processes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_current(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn kill_group(leader: Pid) {
    // An error means that there is nobody left.
    let _nobody = kill_process_group(leader, Signal::KILL);
}
