//! Before the first request to AWS: who pays, what it may cost, and whether
//! that is meant.
//!
//! The caps hold whatever the answer is. A stand-in for AWS is treated as AWS.

use crate::account::FunctionSpec;
use crate::arrivals::{Arrivals, Shape};
use crate::cli::AwsFlags;
use crate::failure::Failure;
use crate::plan::Load;
use crate::prices::{self, Architecture};
use crate::queue::in_words;
use crate::report::text::{STRONG, plural};
use crate::report::{Retries, Subject};
use crate::retry;
use crate::target::Clients;
use aws_sdk_lambda::types::Architecture as Known;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// What a function costs by the second.
#[derive(Debug, Clone, Copy)]
struct Machine {
    memory_mb: f64,
    timeout: Duration,
    architecture: Architecture,
}

/// What is about to be sent.
#[derive(Debug, Default)]
struct Estimate {
    requests: u64,
    at_once: u64,
    /// Of the loads that begin together with the one that was added last, and it.
    together: u64,
    /// In USD, if every invocation lasts until its timeout.
    at_most: f64,
    unknown: Vec<String>,
}

/// Asks before loads go to AWS, and refuses what is beyond the caps. `made` are
/// the functions that will be made for them. Elsewhere there is nothing to ask.
pub async fn ask_before(
    flags: &AwsFlags,
    clients: Option<&Clients>,
    loads: &mut [Load],
    made: &[FunctionSpec],
) -> Result<(), Failure> {
    let Some(clients) = clients.filter(|clients| clients.is_aws) else { return Ok(()) };
    let caller = who_am_i(clients).await?;
    let estimate = estimate(flags, clients, loads, made).await?;
    check(flags, &estimate)?;
    for load in loads.iter_mut() {
        load.most_in_flight = Some(flags.max_concurrency);
    }
    let text = describe(clients, caller, loads, &estimate).await?;
    ask(flags.yes, &text)
}

/// Asks before a change that costs next to nothing.
pub async fn ask_before_change(yes: bool, clients: &Clients, what: &str) -> Result<(), Failure> {
    if !clients.is_aws {
        return Ok(());
    }
    let (account, caller) = who_am_i(clients).await?;
    ask(yes, &format!("account  {account} at {}, as {caller}\nto do    {what}\n", clients.endpoint))
}

fn ask(yes: bool, text: &str) -> Result<(), Failure> {
    anstream::eprint!("{text}");
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::flag(
            "--yes",
            "is needed where nobody can be asked (standard input is no terminal)",
        ));
    }
    anstream::eprint!("{STRONG}Go on?{STRONG:#} [y/N] ");
    let _ = std::io::stderr().flush();
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    match (read, answer.trim().to_ascii_lowercase().as_str()) {
        (Ok(_), "y" | "yes") => Ok(()),
        (Ok(_) | Err(_), _) => Err(Failure::Declined),
    }
}

async fn estimate(
    flags: &AwsFlags,
    clients: &Clients,
    loads: &[Load],
    made: &[FunctionSpec],
) -> Result<Estimate, Failure> {
    let mut estimate = Estimate::default();
    for load in loads {
        let machine = machine(clients, load, made).await?;
        estimate.add(flags, load, machine)?;
    }
    Ok(estimate)
}

impl Estimate {
    fn add(&mut self, flags: &AwsFlags, load: &Load, machine: Option<Machine>) -> Result<(), Failure> {
        let requests = most_requests(load)?;
        self.requests += requests;
        let before = if load.with_previous { self.together } else { 0 };
        self.together = before + most_at_once(load, flags.max_concurrency);
        self.at_once = self.at_once.max(self.together);
        if let Subject::Queue(queue) = &load.subject {
            // Sent in batches, received and deleted in batches of ten at best, one by one at worst.
            let calls = requests.div_ceil(load.batch) + 2 * requests;
            self.at_most += prices::queue_requests(calls as f64, queue.ends_with(".fifo"));
        }
        match machine {
            Some(Machine { memory_mb, timeout, architecture }) => {
                let seconds = timeout.as_secs_f64();
                self.at_most += prices::invocations(requests as f64, seconds, memory_mb, architecture);
            }
            None => self.unknown.push(load.subject.to_string()),
        }
        Ok(())
    }
}

/// Requests over the wire, retries included.
fn most_requests(load: &Load) -> Result<u64, Failure> {
    let requests = load.arrivals.requests().ok_or_else(|| {
        Failure::flag_with_hint(
            "--duration",
            "of a closed loop on AWS leaves open how many requests it will be",
            "give --requests instead",
        )
    })?;
    Ok(match load.retries {
        Retries::Off => requests,
        Retries::LikeSdk => requests * u64::from(retry::ATTEMPTS),
    })
}

/// An open loop is held to the cap while it runs.
fn most_at_once(load: &Load, cap: u64) -> u64 {
    let requests = load.arrivals.requests().unwrap_or(u64::MAX);
    match (&load.arrivals.shape, load.arrivals.users()) {
        (Shape::Burst, _) => requests,
        (_, Some(users)) => users,
        (_, None) => requests.min(cap),
    }
}

fn check(flags: &AwsFlags, estimate: &Estimate) -> Result<(), Failure> {
    let refuse = |flag, problem: String| {
        Err(Failure::flag_with_hint(flag, problem, format!("give a higher {flag} if that is meant")))
    };
    if estimate.requests > flags.max_requests {
        return refuse(
            "--max-requests",
            format!("{} is less than the {} planned", flags.max_requests, estimate.requests),
        );
    }
    if estimate.at_once > flags.max_concurrency {
        let problem =
            format!("{} is less than the {} planned at once", flags.max_concurrency, estimate.at_once);
        return refuse("--max-concurrency", problem);
    }
    if estimate.at_most > flags.max_cost {
        let problem =
            format!("{} USD is less than the {:.2} USD that it may cost", flags.max_cost, estimate.at_most);
        return refuse("--max-cost", problem);
    }
    Ok(())
}

/// The function that runs, or the one behind the queue; none where nobody can tell.
async fn machine(clients: &Clients, load: &Load, made: &[FunctionSpec]) -> Result<Option<Machine>, Failure> {
    let name = match &load.subject {
        Subject::Function(name) => name.clone(),
        Subject::Queue(queue) => match crate::completion::function_behind(clients, queue).await {
            Ok(name) => name,
            Err(_) => return Ok(made.first().map(Machine::of)),
        },
        Subject::Url(_) => return Ok(None),
    };
    if let Some(spec) = made.iter().find(|spec| spec.name == name) {
        return Ok(Some(Machine::of(spec)));
    }
    let found = clients.lambda.get_function_configuration().function_name(&name).send().await;
    let found = found.map_err(|error| problem(&format!("read the settings of {name}"), in_words(&error)))?;
    let arm = found.architectures().contains(&Known::Arm64);
    Ok(Some(Machine {
        memory_mb: f64::from(found.memory_size().unwrap_or(128)),
        timeout: Duration::from_secs(u64::try_from(found.timeout().unwrap_or(3)).unwrap_or_default()),
        architecture: if arm { Architecture::Arm } else { Architecture::X86 },
    }))
}

impl Machine {
    fn of(spec: &FunctionSpec) -> Machine {
        let architecture = if cfg!(target_arch = "aarch64") { Architecture::Arm } else { Architecture::X86 };
        Machine { memory_mb: f64::from(spec.memory_mb), timeout: spec.timeout, architecture }
    }
}

async fn describe(
    clients: &Clients,
    (account, caller): (String, String),
    loads: &[Load],
    estimate: &Estimate,
) -> Result<String, Failure> {
    let limits = clients.lambda.get_account_settings().send().await;
    let limits = limits.map_err(|error| problem("read the account's settings", in_words(&error)))?;
    let limits = limits.account_limit();
    let concurrency = limits.map_or(0, aws_sdk_lambda::types::AccountLimit::concurrent_executions);
    let unreserved =
        limits.and_then(|limits| limits.unreserved_concurrent_executions()).unwrap_or(concurrency);
    let mut text = format!(
        "account  {account} at {}, as {caller}; {concurrency} concurrent executions, {unreserved} of them unreserved\n",
        clients.endpoint
    );
    for load in loads {
        let name = load.name.as_ref().map_or(String::new(), |name| format!("{name}: "));
        let reserved = reserved(clients, &load.subject).await;
        text.push_str(&format!(
            "to send  {name}{} to {}{reserved}\n",
            described(&load.arrivals),
            load.subject
        ));
    }
    let unknown = match estimate.unknown.as_slice() {
        [] => String::new(),
        unknown => format!(", without what is behind {}", unknown.join(", ")),
    };
    text.push_str(&format!(
        "in all   {}, at most {} at once; at most {:.4} USD{unknown}, if each runs to its timeout (prices of {})\n",
        plural(estimate.requests, "request"),
        estimate.at_once,
        estimate.at_most,
        prices::AS_OF,
    ));
    Ok(text)
}

/// The limit that a function's load will meet, in words.
async fn reserved(clients: &Clients, subject: &Subject) -> String {
    let Subject::Function(name) = subject else { return String::new() };
    match clients.lambda.get_function_concurrency().function_name(name).send().await {
        Ok(found) => match found.reserved_concurrent_executions() {
            Some(n) => format!(" (reserved concurrency {n})"),
            None => " (no reserved concurrency)".to_owned(),
        },
        // A function that will only be made has none to tell of.
        Err(_) => String::new(),
    }
}

/// Account number and ARN.
#[cfg(feature = "aws")]
async fn who_am_i(clients: &Clients) -> Result<(String, String), Failure> {
    let identity = clients.sts.get_caller_identity().send().await;
    let identity = identity.map_err(|error| problem("ask who is calling (STS)", in_words(&error)))?;
    let text = |value: Option<&str>| value.unwrap_or("unknown").to_owned();
    Ok((text(identity.account()), text(identity.arn())))
}

#[cfg(not(feature = "aws"))]
async fn who_am_i(_: &Clients) -> Result<(String, String), Failure> {
    Err(problem("ask who is calling (STS)", "this build leaves out the feature `aws`".to_owned()))
}

fn problem(step: &str, problem: String) -> Failure {
    Failure::Account { step: step.to_owned(), problem }
}

/// `100 requests all at once`.
fn described(arrivals: &Arrivals) -> String {
    let requests = arrivals.requests().map_or("requests".to_owned(), |n| plural(n, "request"));
    format!("{requests} {arrivals}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrivals::End;

    fn flags() -> AwsFlags {
        AwsFlags { yes: true, role: None, max_requests: 1_000, max_concurrency: 500, max_cost: 1.0 }
    }

    fn estimate_of(shape: &str, until: End) -> Estimate {
        let mut load = Load::new(Subject::Function("f".into()));
        load.arrivals = Arrivals::new(shape.parse().unwrap(), Some(until), 0).unwrap();
        let mut estimate = Estimate::default();
        let timeout = Duration::from_secs(15);
        let machine = Machine { memory_mb: 1024.0, timeout, architecture: Architecture::X86 };
        estimate.add(&flags(), &load, Some(machine)).unwrap();
        estimate
    }

    #[test]
    fn caps_hold() {
        let check = |shape: &str, until, flag: Option<&str>| {
            let refusal =
                check(&flags(), &estimate_of(shape, until)).err().map(|failure| failure.to_string());
            let named = refusal.as_ref().and_then(|text| text.split(' ').next());
            assert_eq!(named, flag, "{shape} {refusal:?}");
        };
        check("burst", End::Requests(500), None);
        check("burst", End::Requests(501), Some("--max-concurrency"));
        check("closed:5", End::Requests(1_001), Some("--max-requests"));
        check("constant:10/s", End::DurationS(60.0), None);
        // 5 000 × 15 s × 1 GB would be 1.25 USD, and is too many anyway.
        check("constant:100/s", End::DurationS(50.0), Some("--max-requests"));
    }

    #[test]
    fn the_estimate_is_what_it_costs_at_most() {
        let estimate = estimate_of("burst", End::Requests(500));
        assert!((estimate.at_most - (500.0 * 0.2e-6 + 500.0 * 15.0 * 0.000_016_666_7)).abs() < 1e-9);
        assert_eq!((estimate.requests, estimate.at_once), (500, 500));
    }

    #[test]
    fn loads_at_the_same_time_add_up() {
        let mut estimate = Estimate::default();
        for (requests, with_previous) in [(100, false), (300, false), (250, true), (10, false)] {
            let mut load = Load::new(Subject::Function("f".into()));
            load.arrivals = Arrivals::burst(requests);
            load.with_previous = with_previous;
            estimate.add(&flags(), &load, None).unwrap();
        }
        assert_eq!((estimate.requests, estimate.at_once), (660, 550));
    }

    #[test]
    fn retries_count_and_open_ends_are_refused() {
        let mut load = Load::new(Subject::Function("f".into()));
        load.retries = Retries::LikeSdk;
        assert_eq!(most_requests(&load).unwrap(), 300);
        let closed = "closed:5".parse().unwrap();
        load.arrivals = Arrivals::new(closed, Some(End::DurationS(5.0)), 0).unwrap();
        assert!(most_requests(&load).unwrap_err().to_string().starts_with("--duration"));
    }
}
