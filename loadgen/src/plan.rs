//! What a run will do: the flags, checked together and resolved.
//!
//! Everything that can be refused is refused here, before the first request.

use crate::arrivals::Arrivals;
use crate::cli::{Mode, RunFlags};
use crate::failure::Failure;
use crate::issue::Work;
use crate::limits;
use crate::payload::Payload;
use crate::queue;
use crate::target::{Clients, Target};
use aws_sdk_lambda::types::InvocationType;
use std::time::Duration;

const DEFAULT_REQUESTS: u64 = 100;
const DEFAULT_DRAIN_TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// A run, ready to go.
#[derive(Debug, Clone)]
pub struct Plan {
    pub target: String,
    pub clients: Clients,
    pub mode: Mode,
    pub function: Option<String>,
    pub work: Work,
    pub arrivals: Arrivals,
    pub timeout: Duration,
    /// In queue mode: how long to wait for the queue to become empty.
    pub drain_timeout: Duration,
    /// Connections that may be open at once.
    pub connections: usize,
}

/// What can be known without the network.
#[derive(Debug)]
struct Intent {
    arrivals: Arrivals,
    payload: String,
    subject: Subject,
}

#[derive(Debug)]
enum Subject {
    Function { name: String, invocation_type: InvocationType },
    Queue(String),
}

impl Plan {
    /// Checks the flags, then the target, then the queue.
    pub async fn resolve(flags: &RunFlags) -> Result<Plan, Failure> {
        let connections = limits::raise_open_files();
        let intent = Intent::from_flags(flags, connections)?;
        let clients = Clients::connect(&flags.target).await?;
        let (function, work) = match intent.subject {
            Subject::Function { name, invocation_type } => {
                let payload = intent.payload.into_bytes();
                (Some(name.clone()), Work::Invoke { function: name, invocation_type, payload })
            }
            Subject::Queue(queue) => {
                let queue_url = queue::url(&clients.sqs, &queue).await?;
                (None, Work::SendMessage { queue_url, body: intent.payload })
            }
        };
        Ok(Plan {
            target: flags.target.to_string(),
            clients,
            mode: flags.mode,
            function,
            work,
            arrivals: intent.arrivals,
            timeout: flags.timeout,
            drain_timeout: flags.drain_timeout.unwrap_or(DEFAULT_DRAIN_TIMEOUT),
            connections,
        })
    }

    /// A burst of invocations at an endpoint of our own.
    pub fn burst(clients: &Clients, function: &str, mode: Mode, requests: u64) -> Plan {
        let invocation_type = invocation_type(mode);
        let payload = b"{}".to_vec();
        let work = Work::Invoke { function: function.to_owned(), invocation_type, payload };
        Plan::at_once(clients, mode, Some(function.to_owned()), work, requests)
    }

    /// A burst of messages at an endpoint of our own.
    pub fn messages(clients: &Clients, queue_url: &str, requests: u64) -> Plan {
        let work = Work::SendMessage { queue_url: queue_url.to_owned(), body: "{}".to_owned() };
        Plan::at_once(clients, Mode::Queue, None, work, requests)
    }

    fn at_once(clients: &Clients, mode: Mode, function: Option<String>, work: Work, requests: u64) -> Plan {
        Plan {
            target: Target::Url(clients.endpoint.clone()).to_string(),
            clients: clients.clone(),
            mode,
            function,
            work,
            arrivals: Arrivals::AtOnce { requests },
            timeout: Duration::from_secs(60),
            drain_timeout: DEFAULT_DRAIN_TIMEOUT,
            connections: limits::raise_open_files(),
        }
    }
}

impl Intent {
    fn from_flags(flags: &RunFlags, connections: usize) -> Result<Intent, Failure> {
        Ok(Intent {
            arrivals: arrivals(flags, connections)?,
            subject: subject(flags)?,
            payload: flags.payload.clone().unwrap_or(Payload::Inline("{}".to_owned())).load()?,
        })
    }
}

fn arrivals(flags: &RunFlags, connections: usize) -> Result<Arrivals, Failure> {
    if let (Some(per_second), Some(duration)) = (flags.rate, flags.duration) {
        return Ok(Arrivals::OpenLoop { per_second, duration_s: duration.as_secs_f64() });
    }
    let requests = flags.requests.unwrap_or(DEFAULT_REQUESTS);
    let (flag, open, arrivals) = match flags.concurrency {
        Some(users) => ("--concurrency", users, Arrivals::ClosedLoop { requests, users }),
        None => ("--requests", requests, Arrivals::AtOnce { requests }),
    };
    if open > connections as u64 {
        return Err(Failure::flag_with_hint(
            flag,
            format!("{open} at once are more than the {connections} connections that open files allow"),
            "send fewer at once with --concurrency, or raise the limit with `ulimit -Hn`",
        ));
    }
    Ok(arrivals)
}

fn subject(flags: &RunFlags) -> Result<Subject, Failure> {
    match flags.mode {
        Mode::Sync | Mode::Async => {
            refuse("--queue", flags.queue.is_some(), "needs --mode queue")?;
            refuse("--drain-timeout", flags.drain_timeout.is_some(), "needs --mode queue")?;
            let name = given("--function", flags.function.as_deref(), "--function sandbox")?;
            Ok(Subject::Function { name, invocation_type: invocation_type(flags.mode) })
        }
        Mode::Queue => {
            refuse("--function", flags.function.is_some(), "has no meaning with --mode queue")?;
            Ok(Subject::Queue(given("--queue", flags.queue.as_deref(), "--queue demo-queue")?))
        }
    }
}

fn refuse(flag: &'static str, present: bool, problem: &str) -> Result<(), Failure> {
    if present { Err(Failure::flag(flag, problem)) } else { Ok(()) }
}

fn given(flag: &'static str, value: Option<&str>, example: &str) -> Result<String, Failure> {
    match value {
        Some(value) if !value.trim().is_empty() => Ok(value.to_owned()),
        Some(_) => Err(Failure::flag(flag, "must not be empty")),
        None => Err(Failure::flag_with_hint(flag, "is missing", format!("for example {example}"))),
    }
}

fn invocation_type(mode: Mode) -> InvocationType {
    match mode {
        Mode::Async => InvocationType::Event,
        Mode::Sync | Mode::Queue => InvocationType::RequestResponse,
    }
}
