//! `loadgen run`: its flags, and the load that they ask for together.

use super::{AwsFlags, Mode, OutputFlags};
use crate::arrivals::shape::rate;
use crate::arrivals::{Arrivals, End, Shape, Share};
use crate::duration;
use crate::expect::Expectation;
use crate::failure::Failure;
use crate::payload::Payload;
use crate::plan::Load;
use crate::report::{Retries, Subject};
use crate::target::Target;
use crate::work::LARGEST_BATCH;
use clap::Args;
use hyper::Method;
use hyper::header::{HeaderName, HeaderValue};
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Clone, Args)]
pub struct RunFlags {
    /// Scenario file to play, instead of the flags that describe one load
    #[arg(value_name = "SCENARIO", conflicts_with_all = ["function", "queue", "url"])]
    pub scenario: Option<PathBuf>,

    /// Where to send: emulator, a URL, or aws
    ///
    /// `emulator` is AWS_ENDPOINT_URL if that is set, else http://127.0.0.1:4566. A URL is that
    /// endpoint, with made-up credentials unless the environment has some. `aws` uses the standard
    /// credential chain and region. A scenario may name its own.
    #[arg(long, value_name = "TARGET")]
    pub target: Option<Target>,

    #[command(flatten)]
    pub load: LoadFlags,

    /// What must hold, for example ok==5 or 'p99<3s' (repeatable)
    #[arg(long, value_name = "EXPR", num_args = 1..)]
    pub expect: Vec<Expectation>,

    #[command(flatten)]
    pub output: OutputFlags,

    #[command(flatten)]
    pub aws: AwsFlags,
}

/// What to send, how, and when.
#[derive(Debug, Clone, Args)]
pub struct LoadFlags {
    /// Function to invoke (name, ARN, or name:qualifier)
    #[arg(long, value_name = "NAME", help_heading = "Load")]
    pub function: Option<String>,

    /// Queue to send messages to, and wait until it is empty
    #[arg(long, value_name = "NAME|URL", help_heading = "Load")]
    pub queue: Option<String>,

    /// Function URL, API Gateway URL or any other, for plain HTTP requests
    #[arg(long, value_name = "URL", help_heading = "Load")]
    pub url: Option<String>,

    /// How the work is handed over [default: sync, queue or http, by what is named]
    #[arg(long, value_enum, help_heading = "Load")]
    pub mode: Option<Mode>,

    /// How many requests [default: 100]
    ///
    /// Without anything that spreads them over time they are all released at the same instant.
    #[arg(long, value_name = "N", help_heading = "Load",
          value_parser = clap::value_parser!(u64).range(1..=crate::arrivals::MOST_REQUESTS))]
    pub requests: Option<u64>,

    /// How long to send, for example 10s
    #[arg(long, value_name = "TIME", help_heading = "Load", value_parser = duration::parse,
          conflicts_with = "requests")]
    pub duration: Option<Duration>,

    /// Virtual users that each wait for their answer before sending again
    #[arg(long, value_name = "C", help_heading = "Load", conflicts_with_all = ["rate", "arrivals"],
          value_parser = clap::value_parser!(u64).range(1..=100_000))]
    pub concurrency: Option<u64>,

    /// Requests per second, whatever the answers; the same as --arrivals constant:R
    ///
    /// Latency counts from the time a request was due. What could not be sent within a second of
    /// it, or because too many requests were open, counts as not sent.
    #[arg(long, value_name = "R", help_heading = "Load", conflicts_with = "arrivals", value_parser = positive_rate)]
    pub rate: Option<f64>,

    /// How requests are spread over time
    ///
    /// burst (all at once), closed:USERS, constant:50/s, ramp:10/s..100/s, poisson:50/s,
    /// sine:10/s..50/s@20s (low..high@period), steps:10/s@5s,100/s@10s, or trace:FILE, a CSV file whose
    /// first column, or the one headed due_s, has the times in seconds; or minutes:FILE[#FUNCTION], counts
    /// per minute as in the Azure Functions trace of 2019, of one function or of all of them.
    #[arg(long, value_name = "SHAPE", help_heading = "Load")]
    pub arrivals: Option<Shape>,

    /// Seed of arrivals that draw lots
    #[arg(long, value_name = "N", help_heading = "Load", default_value_t = 0)]
    pub seed: u64,

    /// Send only a part of the load: INDEX/COUNT, as others send the rest
    #[arg(long, value_name = "I/N", help_heading = "Load")]
    pub share: Option<Share>,

    /// JSON to send, or @FILE [default: {}]; for a URL any text, sent as the body
    #[arg(long, value_name = "JSON|@FILE", help_heading = "Load",
          value_parser = |text: &str| Ok::<_, String>(Payload::from(text)))]
    pub payload: Option<Payload>,

    /// Messages in one request to a queue (SendMessageBatch)
    #[arg(long, value_name = "N", help_heading = "Load",
          value_parser = clap::value_parser!(u64).range(1..=LARGEST_BATCH))]
    pub batch: Option<u64>,

    /// Message groups of a FIFO queue, taken in turn [default: 1]
    #[arg(long, value_name = "N", help_heading = "Load", value_parser = clap::value_parser!(u64).range(1..))]
    pub groups: Option<u64>,

    /// HTTP method for --url [default: GET, or POST with a payload]
    #[arg(long, value_name = "METHOD", help_heading = "Load")]
    pub method: Option<Method>,

    /// HTTP header for --url, such as 'accept: text/html' (repeatable)
    #[arg(long, value_name = "NAME: VALUE", help_heading = "Load", value_parser = header)]
    pub header: Vec<(HeaderName, HeaderValue)>,

    /// Try again as an SDK does by default: three attempts with back-off
    ///
    /// Without it every request is sent once, so that every throttle is seen once.
    #[arg(long, help_heading = "Load")]
    pub like_sdk: bool,

    /// Keep a core awake while arrivals are paced, for more exact times
    ///
    /// A core that sleeps takes its time to wake up, on a shared machine a millisecond now and
    /// then, and that goes into every time. Leave it out where the target needs the core.
    #[arg(long, help_heading = "Load")]
    pub precise: bool,

    /// Read in the function's log when accepted work was done (events and queues)
    #[arg(long, help_heading = "Load")]
    pub follow: bool,

    /// How long to wait for one answer
    #[arg(long, value_name = "TIME", help_heading = "Load", default_value = "60s", value_parser = duration::parse)]
    pub timeout: Duration,

    /// How long to wait until accepted work is done [default: 5m]
    ///
    /// A queue that is not empty by then fails the run (exit code 1).
    #[arg(long, value_name = "TIME", help_heading = "Load", value_parser = duration::parse)]
    pub drain_timeout: Option<Duration>,
}

impl LoadFlags {
    /// The load that they describe, or why they describe none.
    pub fn load(&self) -> Result<Load, Failure> {
        let subject = self.subject()?;
        self.check_companions(&subject)?;
        let arrivals = self.arrivals()?;
        let mut load = Load::new(subject);
        load.mode = self.mode.unwrap_or(load.mode);
        load.arrivals = arrivals;
        load.payload = self.payload(&load)?;
        load.batch = self.batch.unwrap_or(load.batch);
        load.groups = self.groups.unwrap_or(load.groups);
        load.method = self.method.clone();
        load.headers = self.header.clone();
        load.timeout = self.timeout;
        load.drain_timeout = self.drain_timeout.unwrap_or(load.drain_timeout);
        load.follow = self.follow;
        load.precise = self.precise;
        load.retries = if self.like_sdk { Retries::LikeSdk } else { Retries::Off };
        Ok(load)
    }

    /// A flag that says what is sent, if one is given.
    pub fn given(&self) -> Option<&'static str> {
        let given = [
            ("--mode", self.mode.is_some()),
            ("--requests", self.requests.is_some()),
            ("--duration", self.duration.is_some()),
            ("--concurrency", self.concurrency.is_some()),
            ("--rate", self.rate.is_some()),
            ("--arrivals", self.arrivals.is_some()),
            ("--payload", self.payload.is_some()),
            ("--batch", self.batch.is_some()),
            ("--like-sdk", self.like_sdk),
            ("--follow", self.follow),
            ("--precise", self.precise),
            ("--drain-timeout", self.drain_timeout.is_some()),
        ];
        given.into_iter().find_map(|(flag, given)| given.then_some(flag))
    }

    fn subject(&self) -> Result<Subject, Failure> {
        let given = [("--function", &self.function), ("--queue", &self.queue), ("--url", &self.url)];
        let mut named = given.into_iter().filter_map(|(flag, value)| Some((flag, value.as_ref()?)));
        let first = named.next();
        if let (Some((flag, _)), Some((other, _))) = (first, named.next()) {
            return Err(Failure::flag(
                other,
                format!("and {flag} exclude each other: a run has one subject"),
            ));
        }
        let Some((flag, name)) = first else { return Err(self.nothing_named()) };
        if name.trim().is_empty() {
            return Err(Failure::flag(flag, "must not be empty"));
        }
        let subject: fn(String) -> Subject = match flag {
            "--function" => Subject::Function,
            "--queue" => Subject::Queue,
            _ => Subject::Url,
        };
        Ok(subject(name.clone()))
    }

    fn nothing_named(&self) -> Failure {
        match self.mode {
            Some(Mode::Queue) => missing("--queue", "--queue demo-queue"),
            Some(Mode::Http) => missing("--url", "--url http://localhost:8080/"),
            Some(Mode::Sync | Mode::Async) | None => missing("--function", "--function sandbox"),
        }
    }

    /// Refuses what has no meaning beside the subject.
    fn check_companions(&self, subject: &Subject) -> Result<(), Failure> {
        let queue = matches!(subject, Subject::Queue(_));
        let url = matches!(subject, Subject::Url(_));
        let fits = match (subject, self.mode) {
            (_, None) | (Subject::Function(_), Some(Mode::Sync | Mode::Async)) => true,
            (Subject::Queue(_), Some(mode)) => mode == Mode::Queue,
            (Subject::Url(_), Some(mode)) => mode == Mode::Http,
            (Subject::Function(_), Some(Mode::Queue | Mode::Http)) => false,
        };
        let works_later = queue || self.mode == Some(Mode::Async);
        refuse("--mode", !fits, "does not fit what is sent to")?;
        refuse("--batch", self.batch.is_some() && !queue, "needs --queue")?;
        refuse("--groups", self.groups.is_some() && !queue, "needs --queue")?;
        let paced = self.rate.is_some() || self.arrivals.as_ref().is_some_and(Shape::is_paced);
        refuse("--precise", self.precise && !paced, "needs --rate or --arrivals that a clock paces")?;
        refuse("--method", self.method.is_some() && !url, "needs --url")?;
        refuse("--header", !self.header.is_empty() && !url, "needs --url")?;
        refuse("--like-sdk", self.like_sdk && url, "has no meaning with --url: no SDK calls it")?;
        refuse("--follow", self.follow && !works_later, "needs --queue or --mode async")?;
        refuse(
            "--drain-timeout",
            self.drain_timeout.is_some() && !queue && !self.follow,
            "needs --queue or --follow",
        )
    }

    /// The time table.
    pub fn arrivals(&self) -> Result<Arrivals, Failure> {
        let (flag, shape) = match (&self.arrivals, self.rate, self.concurrency) {
            (Some(shape), ..) => ("--arrivals", shape.clone()),
            (None, Some(per_second), _) => ("--rate", Shape::Constant { per_second }),
            (None, None, Some(users)) => ("--concurrency", Shape::ClosedLoop { users }),
            (None, None, None) => ("--duration", Shape::Burst),
        };
        let until = match (self.requests, self.duration) {
            (Some(requests), _) => Some(End::Requests(requests)),
            (None, Some(duration)) => Some(End::DurationS(duration.as_secs_f64())),
            (None, None) => None,
        };
        let arrivals =
            Arrivals::new(shape, until, self.seed).map_err(|problem| Failure::flag(flag, problem))?;
        let arrivals = arrivals.shared(self.share);
        refuse("--share", arrivals.requests() == Some(0), "leaves nothing to send")?;
        Ok(arrivals)
    }

    /// What a function or a queue gets must be JSON here: a slip of the pen
    /// would only show as a hundred function errors.
    fn payload(&self, load: &Load) -> Result<Option<String>, Failure> {
        let Some(payload) = &self.payload else { return Ok(None) };
        match load.subject {
            Subject::Url(_) => payload.load_text().map(Some),
            Subject::Function(_) | Subject::Queue(_) => payload.load().map(Some),
        }
    }
}

fn missing(flag: &'static str, example: &str) -> Failure {
    Failure::flag_with_hint(flag, "is missing", format!("for example {example}"))
}

fn refuse(flag: &'static str, present: bool, problem: &str) -> Result<(), Failure> {
    if present { Err(Failure::flag(flag, problem)) } else { Ok(()) }
}

fn positive_rate(text: &str) -> Result<f64, String> {
    match rate(text)? {
        rate if rate > 0.0 && rate <= 1e6 => Ok(rate),
        _ => Err("must be above 0 and at most 1000000 per second".to_owned()),
    }
}

fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let (name, value) = text.split_once(':').ok_or("expected NAME: VALUE")?;
    let name = name.trim().parse().map_err(|_| format!("'{name}' is not a header's name"))?;
    let value = value.trim().parse().map_err(|_| format!("'{value}' is not a header's value"))?;
    Ok((name, value))
}
