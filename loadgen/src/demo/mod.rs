//! `loadgen demo`: the three experiments of Lambda concurrency, to watch.
//!
//! An emulator starts inside this process on a free port of the loopback
//! interface. From there on everything goes over HTTP, as it would from
//! anywhere else: what is shown is what any client sees. Each experiment begins
//! with a fresh account, so that its counters are its own.

mod async_;
mod observer;
mod queue;
mod sync;
mod table;
mod world;

use crate::cli::{DemoFlags, Output};
use crate::failure::{Failure, exit};
use crate::outputs::print;
use crate::report::text::{BAD, FAINT, GOOD, STRONG};
use crate::report::{Report, json};
use crate::run::complete;
use crate::signal;
use emulator::Emulator;
use serde::Serialize;
use std::process::ExitCode;
use std::time::Instant;
use table::Row;
use tokio_util::sync::CancellationToken;
use world::World;

/// Names the form of `--output json`.
const SCHEMA: &str = "loadgen.demo/1";

/// One experiment and what came of it.
#[derive(Debug, Serialize)]
struct Experiment {
    title: String,
    rows: Vec<Row>,
    /// The runs it was made of.
    reports: Vec<Report>,
}

impl Experiment {
    fn passed(&self) -> bool {
        self.rows.iter().all(|row| row.ok)
    }
}

/// All of them.
#[derive(Debug, Serialize)]
struct Demo {
    schema: &'static str,
    passed: bool,
    experiments: Vec<Experiment>,
}

/// The command.
pub fn main(flags: &DemoFlags) -> ExitCode {
    complete(command(flags))
}

/// Starts the emulator, and stops it however the experiments end: its function
/// processes must not outlive them.
async fn command(flags: &DemoFlags) -> Result<u8, Failure> {
    let stop = signal::stop_on_signal().map_err(Failure::Runtime)?;
    let anywhere = "127.0.0.1:0".parse().expect("a constant address");
    let emulator = Emulator::builder().listen(anywhere).start().await;
    let emulator = emulator.map_err(|error| Failure::demo("start the emulator", &error))?;
    let endpoint = emulator.endpoint();
    let result = tokio::select! {
        biased;
        () = stop.cancelled() => {
            anstream::eprintln!("interrupted; stopping the emulator");
            Ok(exit::INTERRUPTED)
        }
        result = watch(flags, &endpoint, &stop) => result,
    };
    if flags.keep && result.is_ok() && !stop.is_cancelled() {
        anstream::eprintln!("{}", how_to_go_on(&endpoint));
        stop.cancelled().await;
    }
    emulator.shutdown().await;
    result
}

async fn watch(flags: &DemoFlags, endpoint: &str, stop: &CancellationToken) -> Result<u8, Failure> {
    let started = Instant::now();
    let demo = experiments(flags, endpoint, stop).await?;
    match flags.output {
        Output::Text => print(&summary(&demo, started.elapsed().as_secs_f64())),
        Output::Json => print(&json::render(&demo)),
    }
    Ok(if demo.passed { exit::DONE } else { exit::UNEXPECTED })
}

async fn experiments(flags: &DemoFlags, endpoint: &str, stop: &CancellationToken) -> Result<Demo, Failure> {
    anstream::eprintln!("{STRONG}Lambda concurrency in three experiments{STRONG:#}");
    anstream::eprintln!("{FAINT}emulator listening on {endpoint}; each request works for 2.5 s{FAINT:#}\n");
    let world = World::open(endpoint, stop.clone()).await?;
    let show = |experiment: &Experiment| {
        if flags.output == Output::Text {
            print(&table::render(&experiment.title, &experiment.rows));
        }
    };
    let sync = sync::experiment(&world, flags.requests).await?;
    show(&sync);
    let async_ = async_::experiment(&world).await?;
    show(&async_);
    let queue = queue::experiment(&world).await?;
    show(&queue);
    let experiments = vec![sync, async_, queue];
    let passed = experiments.iter().all(Experiment::passed);
    Ok(Demo { schema: SCHEMA, passed, experiments })
}

fn summary(demo: &Demo, seconds: f64) -> String {
    let rows = || demo.experiments.iter().flat_map(|experiment| &experiment.rows);
    let (all, failed) = (rows().count(), rows().filter(|row| !row.ok).count());
    match failed {
        0 => format!("{GOOD}✓ all {all} observations as expected{GOOD:#}, in {seconds:.0} s\n"),
        n => {
            format!("{BAD}✗ {n} of {all} observations not as expected{BAD:#}, in {seconds:.0} s\n")
        }
    }
}

/// Both versions of the aws CLI can follow it: the first knows only
/// AWS_DEFAULT_REGION, and has not always looked at AWS_ENDPOINT_URL.
fn how_to_go_on(endpoint: &str) -> String {
    format!(
        "
The emulator keeps running until Ctrl-C. In another terminal:

  export AWS_ENDPOINT_URL={endpoint}
  export AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
  aws lambda list-functions
  aws lambda invoke --function-name {function} /dev/stdout
  aws sqs send-message --endpoint-url {endpoint} \\
    --queue-url {endpoint}/000000000000/{queue} --message-body '{{}}'
  loadgen run --function {function} --requests 20
",
        function = queue::FUNCTION,
        queue = queue::QUEUE,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_shown_work_with_either_version_of_the_aws_cli() {
        let text = how_to_go_on("http://127.0.0.1:4567");
        for part in [
            "AWS_REGION=us-east-1",
            "AWS_DEFAULT_REGION=us-east-1",
            "sqs send-message --endpoint-url http://127.0.0.1:4567 \\\n    --queue-url http://127.0.0.1:4567/0",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }
}
