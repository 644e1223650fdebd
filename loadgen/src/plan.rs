//! What a run will do: checked, resolved, ready to go.
//!
//! [`Load`] is what a person asks for, on the command line or in a scenario;
//! all that can be refused without the network is refused while it is made.
//! [`Plan`] is that load at a target.

use crate::arrivals::{Arrivals, Shape};
use crate::cli::Mode;
use crate::dead_letters::DeadLetters;
use crate::failure::Failure;
use crate::limits;
use crate::queue;
use crate::report::{Retries, Sent, Subject};
use crate::target::Clients;
use crate::wire::Lines;
use crate::work::{Invoke, Messages, Web, Work};
use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Barrier;

pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
pub const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Load of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    pub name: Option<String>,
    pub subject: Subject,
    pub mode: Mode,
    pub arrivals: Arrivals,
    /// JSON, or any text for a queue or a URL; none is `{}` where there has to
    /// be something.
    pub payload: Option<String>,
    /// Messages in one SendMessageBatch; 1 is SendMessage.
    pub batch: u64,
    /// Message groups of a FIFO queue.
    pub groups: u64,
    pub method: Option<Method>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// How long to wait for one answer.
    pub timeout: Duration,
    /// How long to wait for the work to be done that was accepted.
    pub drain_timeout: Duration,
    /// Whether to read in the function's log when accepted work was done.
    pub follow: bool,
    pub dead_letters: Option<DeadLetters>,
    pub retries: Retries,
    /// Whether to keep a core awake while arrivals are paced.
    pub precise: bool,
    /// A cap of one's own on what an open loop may have under way.
    pub most_in_flight: Option<u64>,
    /// Whether it begins together with the load before it.
    pub with_previous: bool,
}

impl Load {
    /// A burst of a hundred, to be changed at will.
    pub fn new(subject: Subject) -> Load {
        let mode = match subject {
            Subject::Function(_) => Mode::Sync,
            Subject::Queue(_) => Mode::Queue,
            Subject::Url(_) => Mode::Http,
        };
        Load {
            name: None,
            subject,
            mode,
            arrivals: Arrivals::burst(100),
            payload: None,
            batch: 1,
            groups: 1,
            method: None,
            headers: Vec::new(),
            timeout: DEFAULT_TIMEOUT,
            drain_timeout: DEFAULT_DRAIN_TIMEOUT,
            follow: false,
            dead_letters: None,
            retries: Retries::Off,
            precise: false,
            most_in_flight: None,
            with_previous: false,
        }
    }

    /// Connections that are needed at once from the start.
    fn at_once(&self) -> u64 {
        match (&self.arrivals.shape, self.arrivals.users()) {
            (Shape::Burst, _) => self.arrivals.requests().unwrap_or_default().div_ceil(self.batch),
            (_, Some(users)) => users,
            (_, None) => 1,
        }
    }

    /// Refuses more at once than this process may have open.
    pub fn check_connections(&self) -> Result<(), Failure> {
        let (at_once, connections) = (self.at_once(), limits::raise_open_files());
        if at_once <= connections as u64 {
            return Ok(());
        }
        let flag = if self.arrivals.shape == Shape::Burst { "--requests" } else { "--concurrency" };
        Err(Failure::flag_with_hint(
            flag,
            format!("{at_once} at once are more than the {connections} connections that open files allow"),
            "send fewer at once with --concurrency, or raise the limit with `ulimit -Hn`",
        ))
    }
}

/// A run, ready to go.
#[derive(Debug, Clone)]
pub struct Plan {
    pub name: Option<String>,
    /// `--target` as given.
    pub target: String,
    /// The endpoint's URL, or the region of AWS.
    pub endpoint: String,
    /// None where a URL is all that is known of the target.
    pub clients: Option<Clients>,
    pub mode: Mode,
    pub work: Arc<Work>,
    pub lines: Arc<Lines>,
    pub arrivals: Arrivals,
    pub timeout: Duration,
    pub drain_timeout: Duration,
    pub follow: bool,
    pub dead_letters: Option<DeadLetters>,
    pub retries: Retries,
    pub precise: bool,
    /// Requests that may be under way at once: connections, or a cap of one's own.
    pub most_in_flight: usize,
    /// Runs that begin together wait here for each other.
    pub together: Option<Arc<Barrier>>,
}

impl Plan {
    /// Resolves a load at a target.
    pub async fn new(load: Load, target: &str, clients: Option<&Clients>) -> Result<Plan, Failure> {
        let connections = limits::raise_open_files();
        let work = work(&load, clients).await?;
        let lines = Lines::new(work.endpoint().clone());
        let lines = lines.map_err(|error| Failure::flag("--target", error.to_string()))?;
        Ok(Plan {
            name: load.name,
            target: target.to_owned(),
            endpoint: clients.map_or_else(|| work.endpoint().to_string(), |clients| clients.endpoint.clone()),
            clients: clients.cloned(),
            mode: load.mode,
            work: Arc::new(work),
            lines: Arc::new(lines),
            arrivals: load.arrivals,
            timeout: load.timeout,
            drain_timeout: load.drain_timeout,
            follow: load.follow,
            dead_letters: load.dead_letters,
            retries: load.retries,
            precise: load.precise,
            most_in_flight: load.most_in_flight.map_or(connections, |most| connections.min(most as usize)),
            together: None,
        })
    }

    /// What a report says of it.
    pub fn sent(&self) -> Sent {
        Sent {
            name: self.name.clone(),
            target: self.target.clone(),
            endpoint: self.endpoint.clone(),
            subject: self.work.subject(),
            mode: self.mode,
            batch: self.work.batch(),
            retries: self.retries,
            arrivals: self.arrivals.clone(),
        }
    }
}

async fn work(load: &Load, clients: Option<&Clients>) -> Result<Work, Failure> {
    let something = || load.payload.clone().unwrap_or_else(|| "{}".to_owned());
    let clients_of = |what| clients.ok_or_else(|| Failure::flag("--target", format!("is needed for {what}")));
    match &load.subject {
        Subject::Function(name) => {
            let clients = clients_of("a function")?;
            let signer = clients.identity.signer("lambda");
            let event = load.mode == Mode::Async;
            let invoke = Invoke::new(&clients.endpoints.lambda, signer, name, event, something());
            invoke.map(Work::Invoke).map_err(|problem| Failure::flag("--function", problem))
        }
        Subject::Queue(queue) => {
            let clients = clients_of("a queue")?;
            let url = queue::url(&clients.sqs, queue).await?;
            let signer = clients.identity.signer("sqs");
            let messages =
                Messages::new(&clients.endpoints.sqs, signer, &url, &something(), load.batch, load.groups);
            messages.map(Work::Messages).map_err(|problem| Failure::flag("--queue", problem))
        }
        Subject::Url(url) => {
            let web = Web::new(url, load.method.clone(), &load.headers, load.payload.as_deref());
            web.map(Work::Web).map_err(|problem| Failure::flag("--url", problem))
        }
    }
}
