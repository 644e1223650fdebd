//! Playing a scenario: make what it needs, send stage by stage, leave the
//! account as it was.

use super::together::together;
use super::{FunctionSetup, Scenario, Settings};
use crate::account::{Account, FunctionSpec};
use crate::arrivals::Share;
use crate::aws;
use crate::cli::{AwsFlags, Mode, Reserved, RunFlags};
use crate::expect::Verdict;
use crate::failure::Failure;
use crate::outputs::{Outputs, Recorder, print};
use crate::plan::{Load, Plan};
use crate::report::suite::Suite;
use crate::report::text::{self, FAINT, STRONG};
use crate::report::{Report, Subject};
use crate::run::{complain, exit_code, perform};
use crate::signal;
use crate::target::{Clients, Target};
use std::cell::RefCell;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Barrier;
use tokio_util::sync::CancellationToken;

/// Who watches as stages begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    Nobody,
    /// Is shown each report.
    Readers,
    /// Is told beforehand what is about to happen, and afterwards why it came
    /// out so, with time to take it in.
    Class {
        pause: Duration,
    },
}

/// `loadgen run SCENARIO`
pub async fn command(file: &Path, flags: &RunFlags) -> Result<u8, Failure> {
    let mut scenario = Scenario::read(file)?;
    if let Some(flag) = flags.load.given() {
        return Err(Failure::flag(flag, "has no meaning with a scenario, which says itself what is sent"));
    }
    if !flags.expect.is_empty() {
        return Err(Failure::flag(
            "--expect",
            "has no meaning with a scenario, whose stages say what they expect",
        ));
    }
    if let Some(share) = flags.load.share {
        share_out(&mut scenario, share)?;
    }
    let target = flags.target.clone().or_else(|| scenario.target.clone()).unwrap_or(Target::Emulator);
    let outputs = Outputs::open(&flags.output)?;
    let audience = if outputs.is_for_people() { Audience::Readers } else { Audience::Nobody };
    warn_of_account(&scenario, &target).await?;
    let (suite, played) = play(&scenario, &target, &flags.aws, &outputs.recorder, audience).await?;
    outputs.write_suite(&suite, &epilogue(&suite))?;
    suite.reports.iter().for_each(complain);
    played?;
    Ok(exit_code(suite.as_expected(), suite.interrupted))
}

/// Says in what a target that is there already may not be as the scenario wants it.
pub async fn warn_of_account(scenario: &Scenario, target: &Target) -> Result<(), Failure> {
    let clients = Clients::connect(target).await?;
    scenario.account.warn(&clients).await;
    Ok(())
}

/// Leaves a part of every stage. What several processes send together none of
/// them may make or change: the first to end would take it from the rest.
fn share_out(scenario: &mut Scenario, share: Share) -> Result<(), Failure> {
    let untouched = |setup: &FunctionSetup| setup.made.is_none() && setup.settings == Settings::default();
    let makes = !scenario.functions.iter().all(untouched)
        || !scenario.queues.is_empty()
        || !scenario.mappings.is_empty()
        || scenario.stages.iter().any(|stage| stage.settings != Settings::default());
    if makes {
        return Err(Failure::flag_with_hint(
            "--share",
            "is for a scenario that makes and sets nothing",
            "deploy the function first, and give it code = \"existing\" without settings",
        ));
    }
    for stage in &mut scenario.stages {
        stage.load.arrivals = stage.load.arrivals.clone().shared(Some(share));
    }
    Ok(())
}

/// Plays all of it on one target. Stages are shown as they end, if people watch.
/// What ends it early does not lose the stages before: it comes beside them.
pub async fn play(
    scenario: &Scenario,
    target: &Target,
    flags: &AwsFlags,
    recorder: &RefCell<Recorder>,
    audience: Audience,
) -> Result<(Suite, Result<(), Failure>), Failure> {
    scenario.stages.iter().try_for_each(|stage| stage.load.check_connections())?;
    let clients = Clients::connect(target).await?;
    let mut loads: Vec<Load> = scenario.stages.iter().map(|stage| stage.load.clone()).collect();
    let made: Vec<FunctionSpec> = scenario.functions.iter().filter_map(|setup| setup.made.clone()).collect();
    aws::ask_before(flags, Some(&clients), &mut loads, &made).await?;
    let stop = signal::stop_on_signal().map_err(Failure::Runtime)?;
    let mut account = Account::new(&clients, flags.role.clone(), &scenario.name, stop.clone());
    let stages = Stages { scenario, loads, target, clients: &clients, recorder, audience, stop: &stop };
    let mut suite = Suite::new(&scenario.name, scenario.question.clone());
    let played = stages.all(&mut account, &mut suite).await;
    suite.interrupted = stop.is_cancelled();
    suite.not_run =
        scenario.stages.iter().skip(suite.reports.len()).map(|stage| stage.name.clone()).collect();
    if scenario.keep {
        account.undo.forget();
    }
    let undone = account.undo.all(&clients).await;
    Ok((suite, played.and(undone)))
}

struct Stages<'a> {
    scenario: &'a Scenario,
    loads: Vec<Load>,
    target: &'a Target,
    clients: &'a Clients,
    recorder: &'a RefCell<Recorder>,
    audience: Audience,
    stop: &'a CancellationToken,
}

impl Stages<'_> {
    async fn all(&self, account: &mut Account<'_>, suite: &mut Suite) -> Result<(), Failure> {
        self.announce();
        set_up(self.scenario, account).await?;
        for group in self.scenario.groups() {
            if self.stop.is_cancelled() {
                break;
            }
            self.before(group.clone()).await;
            let reports = self.group(group.clone(), account, suite).await?;
            reports.iter().for_each(|report| self.show(report));
            suite.reports.extend(reports);
            self.after(group).await;
        }
        Ok(())
    }

    /// Stages that begin together: all is set before the first of them sends.
    async fn group(
        &self,
        group: Range<usize>,
        account: &mut Account<'_>,
        before: &Suite,
    ) -> Result<Vec<Report>, Failure> {
        let barrier = (group.len() > 1).then(|| Arc::new(Barrier::new(group.len())));
        let mut ready = Vec::new();
        for n in group {
            let (load, refusal) = self.set(n, account).await?;
            let mut plan = Plan::new(load, &self.target.to_string(), Some(self.clients)).await?;
            plan.together = barrier.clone();
            ready.push((n, plan, refusal));
        }
        self.recorder.borrow_mut().belongs_to(before);
        Ok(together(ready.into_iter().map(|(n, plan, refusal)| self.one(n, plan, refusal))).await)
    }

    async fn one(&self, n: usize, plan: Plan, refusal: Option<Verdict>) -> Report {
        let stage = &self.scenario.stages[n];
        let mut report = perform(&plan, &format!("{} ", stage.name), self.recorder, self.stop).await;
        self.forget_times_between_clocks(&mut report);
        report.judge(&stage.expect);
        report.expectations.splice(0..0, refusal);
        report
    }

    /// Events are accepted by this machine's clock, and done by the target's:
    /// where that one runs faster, the time between the two means nothing.
    fn forget_times_between_clocks(&self, report: &mut Report) {
        if self.scenario.account.speed() != 1.0
            && report.mode == Mode::Async
            && let Some(completion) = &mut report.completion
        {
            completion.latency_ms = None;
        }
    }

    /// Sets what the stage sets. Returns what is sent, to the name that it goes
    /// to, and what came of a refusal that was expected.
    async fn set(&self, n: usize, account: &mut Account<'_>) -> Result<(Load, Option<Verdict>), Failure> {
        let stage = &self.scenario.stages[n];
        let mut load = self.loads[n].clone();
        let Subject::Function(name) = &load.subject else { return Ok((load, None)) };
        let (name, refusal) = match (set(account, name, stage.settings).await, &stage.refused) {
            (Ok(name), None) => (name, None),
            (Ok(name), Some(words)) => (name, Some(Verdict::refusal(words, None))),
            (Err(Failure::Account { problem, .. }), Some(words)) => {
                (account.alias_of(name), Some(Verdict::refusal(words, Some(&problem))))
            }
            (Err(failure), _) => return Err(failure),
        };
        load.subject = Subject::Function(name);
        Ok((load, refusal))
    }

    /// A class has heard the question when it was asked for its guess.
    fn announce(&self) {
        if self.audience == Audience::Readers {
            let question =
                self.scenario.question.as_ref().map_or(String::new(), |question| format!("\n{question}"));
            print(&format!("{STRONG}{}{STRONG:#}{question}\n\n", self.scenario.name));
        }
    }

    fn show(&self, report: &Report) {
        if self.audience != Audience::Nobody {
            print(&format!("{}\n", text::render(report)));
        }
    }

    async fn before(&self, group: Range<usize>) {
        let captions = self.scenario.stages[group].iter().filter_map(|stage| stage.caption.as_deref());
        self.tell(captions, "▶").await;
    }

    async fn after(&self, group: Range<usize>) {
        let reasons = self.scenario.stages[group].iter().filter_map(|stage| stage.because.as_deref());
        self.tell(reasons, "Why:").await;
    }

    /// Tells a class, and leaves it time.
    async fn tell(&self, lines: impl Iterator<Item = &str>, mark: &str) {
        let Audience::Class { pause } = self.audience else { return };
        let lines: String = lines.map(|line| format!("{FAINT}{mark}{FAINT:#} {line}\n")).collect();
        if lines.is_empty() {
            return;
        }
        print(&format!("{lines}\n"));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.stop.cancelled() => {}
        }
    }
}

/// Makes and sets everything, in the order in which things need each other.
async fn set_up(scenario: &Scenario, account: &mut Account<'_>) -> Result<(), Failure> {
    for queue in &scenario.queues {
        account.make_queue(queue).await?;
    }
    for FunctionSetup { name, made, settings } in &scenario.functions {
        if let Some(spec) = made {
            account.make_function(spec).await?;
        }
        set(account, name, *settings).await?;
    }
    for mapping in &scenario.mappings {
        account.make_mapping(mapping).await?;
    }
    Ok(())
}

/// Sets what is to be set. Returns the name to invoke: provisioned concurrency
/// belongs to an alias.
pub(crate) async fn set(
    account: &mut Account<'_>,
    name: &str,
    settings: Settings,
) -> Result<String, Failure> {
    let Settings { reserved, provisioned } = settings;
    // What is set on an alias is asked of its function.
    let function = if name.starts_with("arn:") { name } else { name.split(':').next().unwrap_or(name) };
    match reserved {
        Some(Reserved::At(n)) => account.reserve(function, Some(n)).await?,
        Some(Reserved::Unreserved) => account.reserve(function, None).await?,
        None => {}
    }
    match provisioned {
        Some(environments) => {
            let alias = account.alias(name).await?;
            account.provide(&alias, environments).await?;
            Ok(alias)
        }
        None => Ok(account.alias_of(name)),
    }
}

fn epilogue(suite: &Suite) -> String {
    let (all, failed) = suite
        .reports
        .iter()
        .flat_map(|report| &report.expectations)
        .fold((0, 0), |(all, failed), verdict| (all + 1, failed + u64::from(!verdict.ok)));
    let not_run = match suite.not_run.as_slice() {
        [] => String::new(),
        names => format!("; not run: {}", names.join(", ")),
    };
    let interrupted = if suite.interrupted { "interrupted; " } else { "" };
    match (all, failed) {
        (0, _) => {
            format!("{interrupted}{} played{not_run}\n", text::plural(suite.reports.len() as u64, "stage"))
        }
        (all, 0) => format!(
            "{} {interrupted}{} as expected{not_run}\n",
            text::mark(not_run.is_empty()),
            text::plural(all, "observation")
        ),
        (all, failed) => format!(
            "{} {interrupted}{failed} of {} not as expected{not_run}\n",
            text::mark(false),
            text::plural(all, "observation")
        ),
    }
}
