//! `loadgen sweep`: one load on several settings, and one table.

use crate::account::{Account, FunctionSpec};
use crate::aws;
use crate::cli::{Reserved, SweepFlags, SweepOn};
use crate::duration::show_ms;
use crate::failure::Failure;
use crate::outputs::{Outputs, Recorder};
use crate::plan::{Load, Plan};
use crate::report::suite::Suite;
use crate::report::table::table;
use crate::report::text::{STRONG, plural};
use crate::report::{Report, Subject};
use crate::run::{complain, complete, exit_code, perform};
use crate::scenario::{Settings, set};
use crate::signal;
use crate::simulate;
use crate::target::Clients;
use std::cell::RefCell;
use std::process::ExitCode;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The sample function is made under this name where none is given.
const SAMPLE: &str = "loadgen-sweep";

/// An environment is busy a moment longer than its caller waits, and the next
/// case is not to find it so.
const REST: Duration = Duration::from_secs(1);

/// The command.
pub fn main(flags: &SweepFlags) -> ExitCode {
    match &flags.on {
        Some(SweepOn::Simulation(grid)) => simulate::grid(grid),
        None => complete(command(flags)),
    }
}

/// A setting, and what it is called.
struct Case {
    name: String,
    settings: Settings,
}

async fn command(flags: &SweepFlags) -> Result<u8, Failure> {
    let cases = cases(flags);
    let (made, load) = load(flags)?;
    load.check_connections()?;
    let clients = Clients::connect(&flags.target).await?;
    let outputs = Outputs::open(&flags.output)?;
    let mut loads: Vec<Load> =
        cases.iter().map(|case| Load { name: Some(case.name.clone()), ..load.clone() }).collect();
    let specs: Vec<FunctionSpec> = made.clone().into_iter().collect();
    aws::ask_before(&flags.aws, Some(&clients), &mut loads, &specs).await?;
    let stop = signal::stop_on_signal().map_err(Failure::Runtime)?;
    let mut account = Account::new(&clients, flags.aws.role.clone(), "sweep", stop.clone());
    let mut sweep =
        Sweep { flags, clients: &clients, cases, loads, recorder: &outputs.recorder, stop: &stop };
    let mut suite = Suite::new(format!("sweep of {}", sweep.loads[0].subject), None);
    let swept = sweep.all(made.as_ref(), &mut account, &mut suite).await;
    suite.interrupted = stop.is_cancelled();
    suite.not_run = sweep.cases.iter().skip(suite.reports.len()).map(|case| case.name.clone()).collect();
    let undone = account.undo.all(&clients).await;
    outputs.write_suite(&suite, &words(&suite))?;
    suite.reports.iter().for_each(complain);
    swept.and(undone)?;
    Ok(exit_code(suite.as_expected(), suite.interrupted))
}

fn cases(flags: &SweepFlags) -> Vec<Case> {
    let reserved = flags.reserved.iter().map(|reserved: &Reserved| Case {
        name: reserved.to_string(),
        settings: Settings { reserved: Some(*reserved), provisioned: None },
    });
    let provisioned = flags.provisioned.iter().map(|&environments| Case {
        name: format!("provisioned {environments}"),
        settings: Settings { reserved: None, provisioned: Some(environments) },
    });
    reserved.chain(provisioned).collect()
}

/// What is sent, and the function that is made for it if none is named.
fn load(flags: &SweepFlags) -> Result<(Option<FunctionSpec>, Load), Failure> {
    if flags.load.queue.is_some() || flags.load.url.is_some() {
        return Err(Failure::flag(
            "--function",
            "is what a sweep's settings belong to; --queue and --url have none",
        ));
    }
    if flags.load.function.is_some() {
        return Ok((None, flags.load.load()?));
    }
    let mut with_sample = flags.load.clone();
    with_sample.function = Some(SAMPLE.to_owned());
    Ok((Some(FunctionSpec::sample(SAMPLE)), with_sample.load()?))
}

struct Sweep<'a> {
    flags: &'a SweepFlags,
    clients: &'a Clients,
    cases: Vec<Case>,
    loads: Vec<Load>,
    recorder: &'a RefCell<Recorder>,
    stop: &'a CancellationToken,
}

impl Sweep<'_> {
    async fn all(
        &mut self,
        made: Option<&FunctionSpec>,
        account: &mut Account<'_>,
        suite: &mut Suite,
    ) -> Result<(), Failure> {
        if let Some(spec) = made {
            account.make_function(spec).await?;
        }
        for n in 0..self.cases.len() {
            if self.stop.is_cancelled() {
                break;
            }
            let report = self.one(n, account, suite).await?;
            suite.reports.push(report);
        }
        Ok(())
    }

    async fn one(&mut self, n: usize, account: &mut Account<'_>, before: &Suite) -> Result<Report, Failure> {
        let case = &self.cases[n];
        let mut load = self.loads[n].clone();
        if let Subject::Function(name) = &load.subject {
            load.subject = Subject::Function(set(account, name, case.settings).await?);
        }
        let plan = Plan::new(load, &self.flags.target.to_string(), Some(self.clients)).await?;
        self.recorder.borrow_mut().belongs_to(before);
        let report = perform(&plan, &format!("{:14} ", case.name), self.recorder, self.stop).await;
        if n + 1 < self.cases.len() {
            tokio::select! {
                () = tokio::time::sleep(REST) => {}
                () = self.stop.cancelled() => {}
            }
        }
        Ok(report)
    }
}

const HEAD: [&str; 9] = ["", "200", "of them cold", "429", "other", "environments", "at once", "p50", "p99"];

/// A line for each case.
fn words(suite: &Suite) -> String {
    let rows: Vec<Vec<String>> = suite.reports.iter().map(row).collect();
    let first = suite.reports.first();
    let what = first.map_or(String::new(), |report| {
        format!("{} each, {}, at {}", plural(report.requests, "request"), report.arrivals, report.endpoint)
    });
    let mut text = format!("{STRONG}{}: {what}{STRONG:#}\n\n{}", suite.name, table(&HEAD, &rows));
    for name in &suite.not_run {
        text.push_str(&format!("  {name}: not run\n"));
    }
    text
}

fn row(report: &Report) -> Vec<String> {
    let counts = &report.counts;
    let throttled = counts.throttled.values().sum::<u64>();
    let number = |number: Option<u64>| number.map_or("-".to_owned(), |number| number.to_string());
    let time = |ms: Option<f64>| ms.map_or("-".to_owned(), show_ms);
    let success = report.success_ms;
    vec![
        report.name.clone().unwrap_or_default(),
        (counts.ok() + counts.accepted).to_string(),
        counts.ok_cold.to_string(),
        throttled.to_string(),
        counts.errors().to_string(),
        number(report.environments),
        number(report.max_concurrency),
        time(success.map(|success| success.p50)),
        time(success.map(|success| success.p99)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::example;

    #[test]
    fn the_table_has_a_line_for_each_case() {
        let report = |name: &str| Report { name: Some(name.into()), ..example() };
        let mut suite = Suite::new("sweep of sandbox", None);
        suite.reports = vec![report("reserved 5"), report("unreserved")];
        suite.not_run = vec!["reserved 50".into()];
        let expected = "\
sweep of sandbox: 100 requests each, all at once, at http://127.0.0.1:4566

              200  of them cold  429  other  environments  at once     p50     p99
  reserved 5    5             5   95      0             5        5  2.50 s  2.50 s
  unreserved    5             5   95      0             5        5  2.50 s  2.50 s
  reserved 50: not run
";
        assert_eq!(anstream::adapter::strip_str(&words(&suite)).to_string(), expected);
    }
}
