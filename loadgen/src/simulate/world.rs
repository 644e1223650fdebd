//! The account that a scenario plays in: its functions, queues and mappings on
//! virtual time.

use super::stand_in::{SAMPLE, StandIn};
use super::watch::Watch;
use crate::account::{Code, FunctionSpec, MappingSpec, QueueSpec, dead_letter_name};
use crate::cli::Reserved;
use crate::failure::Failure;
use crate::scenario::{FunctionSetup, Scenario, Settings};
use emulator::engine::{
    self, AliasName, AliasTarget, AllocationStatus, EventInvokeConfig, FifoAttributes, HandlerModel,
    InitDistribution, Qualifier, QueueAttributes, QueueName, Quotas, RedrivePolicy, Times, Timestamp,
};
use emulator::sim::Simulation;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Provisioned concurrency belongs to an alias of this name, as in an account.
const ALIAS: &str = "loadgen";

/// Longer than any provisioned concurrency takes.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// A simulated account, and who watches it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) simulation: Simulation<StandIn>,
    pub(super) watch: Watch,
    /// Functions that are invoked by their alias.
    aliases: HashMap<String, AliasName>,
}

impl World {
    pub(super) fn new(quotas: Quotas, seed: u64) -> World {
        World {
            simulation: Simulation::new(quotas, seed, StandIn::default()),
            watch: Watch::default(),
            aliases: HashMap::new(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.simulation.now()
    }

    /// Makes everything that a scenario needs.
    pub(super) fn set_up(&mut self, scenario: &Scenario) -> Result<(), Failure> {
        scenario.queues.iter().try_for_each(|queue| self.make_queue(queue))?;
        for FunctionSetup { name, made, settings } in &scenario.functions {
            let spec = made.as_ref().ok_or_else(|| {
                failure(name, "is not made by the scenario, and a simulation has no other functions")
            })?;
            self.make_function(spec)?;
            self.set(name, *settings)?;
        }
        scenario.mappings.iter().try_for_each(|mapping| self.make_mapping(mapping))?;
        self.settle();
        Ok(())
    }

    pub(super) fn settle(&mut self) {
        self.simulation.settle(&mut self.watch);
    }

    fn make_function(&mut self, spec: &FunctionSpec) -> Result<(), Failure> {
        let made = engine::FunctionSpec {
            timeout: spec.timeout,
            memory_mb: spec.memory_mb,
            variables: spec.environment.clone(),
            dead_letter_target: spec
                .dead_letter_queue
                .as_ref()
                .map(|queue| self.simulation.identity().queue_arn(queue).into()),
            ..engine::FunctionSpec::simulated(HandlerModel::default())
        };
        let made = match &spec.code {
            Code::BuiltIn => self.simulation.create_built_in(&spec.name, made),
            Code::Sample => self.simulation.create_function(&spec.name, sample(made)),
            Code::Zip { .. } => {
                return Err(failure(
                    &spec.name,
                    "has code of its own, which a simulation does not run; say with code = \"built-in\" how \
                     long it takes",
                ));
            }
        };
        made.map_err(|problem| failure(&spec.name, &problem))?;
        spec.retries.map_or(Ok(()), |retries| self.retry_events(&spec.name, retries))
    }

    /// How often events are tried again that fail.
    fn retry_events(&mut self, function: &str, retries: u32) -> Result<(), Failure> {
        let config =
            EventInvokeConfig { maximum_retry_attempts: Some(retries), ..EventInvokeConfig::default() };
        let set = self
            .simulation
            .command(|engine, now| engine.put_event_config(now, function, &Qualifier::Latest, config));
        set.map(drop).map_err(|error| failure(function, &self.simulation.explain(error)))
    }

    fn make_queue(&mut self, spec: &QueueSpec) -> Result<(), Failure> {
        let dead = spec.dead_letter_after.map(|_| dead_letter_name(&spec.name));
        if let Some(dead) = &dead {
            self.create_queue(dead, QueueAttributes { fifo: fifo(dead), ..QueueAttributes::default() })?;
        }
        let redrive = dead.zip(spec.dead_letter_after).map(|(dead, after)| RedrivePolicy {
            dead_letter_queue: dead.as_str().into(),
            max_receive_count: after,
        });
        let usual = QueueAttributes::default();
        let attributes = QueueAttributes {
            visibility_timeout: spec.visibility_timeout.unwrap_or(usual.visibility_timeout),
            delay: spec.delay.unwrap_or(usual.delay),
            redrive,
            fifo: fifo(&spec.name),
            ..usual
        };
        self.create_queue(&spec.name, attributes)
    }

    fn create_queue(&mut self, name: &str, attributes: QueueAttributes) -> Result<(), Failure> {
        let queue = QueueName::from(name);
        let made = self
            .simulation
            .command(|engine, now| engine.create_queue(now, &queue, attributes, BTreeMap::new(), |_| None));
        made.map_err(|error| failure(name, &format!("can't be made: {error:?}")))
    }

    fn make_mapping(&mut self, spec: &MappingSpec) -> Result<(), Failure> {
        let qualifier = self.qualifier(&spec.function);
        let mapping = engine::MappingSpec {
            queue: spec.queue.as_str().into(),
            function: spec.function.as_str().into(),
            qualifier,
            batch_size: spec.batch_size as usize,
            batching_window: spec.window.unwrap_or_default(),
            maximum_concurrency: spec.maximum_concurrency.map(|most| most as usize),
            reports_item_failures: false,
            filter: None,
            provisioned: None,
            counts_events: false,
            enabled: true,
        };
        let made = self.simulation.command(|engine, now| engine.create_mapping(now, mapping));
        let made = made.map_err(|error| failure(&spec.queue, &self.simulation.explain(error)))?;
        self.watch.mapped(made.id, made.spec.queue, made.spec.function);
        Ok(())
    }

    /// What the function is invoked by.
    pub(super) fn qualifier(&self, function: &str) -> Qualifier {
        self.aliases.get(function).map_or(Qualifier::Latest, |alias| Qualifier::Alias(alias.clone()))
    }

    /// Sets what is to be set, and waits until it is.
    pub(super) fn set(&mut self, function: &str, settings: Settings) -> Result<(), Failure> {
        let Settings { reserved, provisioned } = settings;
        let set = match reserved {
            Some(Reserved::At(n)) => {
                self.simulation.command(|engine, now| engine.put_reserved_concurrency(now, function, n))
            }
            Some(Reserved::Unreserved) => {
                self.simulation.command(|engine, now| engine.delete_reserved_concurrency(now, function))
            }
            None => Ok(()),
        };
        set.map_err(|error| failure(function, &self.simulation.explain(error)))?;
        provisioned.map_or(Ok(()), |environments| self.provide(function, environments))
    }

    fn provide(&mut self, function: &str, environments: u32) -> Result<(), Failure> {
        let alias = self.alias(function)?;
        let qualifier = Qualifier::Alias(alias);
        if environments == 0 {
            let gone =
                self.simulation.command(|engine, now| engine.delete_provisioned(now, function, &qualifier));
            return gone.map_err(|error| failure(function, &self.simulation.explain(error)));
        }
        let put = self
            .simulation
            .command(|engine, now| engine.put_provisioned(now, function, &qualifier, environments));
        put.map_err(|error| failure(function, &self.simulation.explain(error)))?;
        self.settle();
        let limit = self.now() + PATIENCE;
        loop {
            let status = self.simulation.engine().provisioned(function, &qualifier).map(|view| view.status);
            match status {
                Ok(AllocationStatus::Ready) => return Ok(()),
                Ok(AllocationStatus::InProgress) if self.simulation.step(limit, &mut self.watch) => {}
                Ok(_) => return Err(failure(function, "did not get its provisioned concurrency")),
                Err(error) => return Err(failure(function, &self.simulation.explain(error))),
            }
        }
    }

    /// The alias that provisioned concurrency belongs to, made when it is needed.
    fn alias(&mut self, function: &str) -> Result<AliasName, Failure> {
        if let Some(alias) = self.aliases.get(function) {
            return Ok(alias.clone());
        }
        let alias = AliasName::from(ALIAS);
        let made = self.simulation.command(|engine, now| {
            let published = engine.publish_version(now, function, engine::Publication::default())?;
            let target = AliasTarget { version: published.version, additional: None };
            engine.create_alias(now, function, alias.clone(), target, String::new())
        });
        made.map_err(|error| failure(function, &self.simulation.explain(error)))?;
        self.aliases.insert(function.to_owned(), alias.clone());
        Ok(alias)
    }
}

/// The sample function: a Rust binary, whose Init takes as long as was measured
/// of such on AWS.
fn sample(spec: engine::FunctionSpec) -> engine::FunctionSpec {
    let init = InitDistribution::measured("rust", &spec.architecture).map_or(Times::default(), Times::from);
    let model = HandlerModel { init, ..HandlerModel::default() };
    engine::FunctionSpec {
        handler: SAMPLE.to_owned(),
        code: engine::Code::Simulated { model, package: None },
        ..spec
    }
}

fn fifo(queue: &str) -> Option<FifoAttributes> {
    queue.ends_with(".fifo").then(FifoAttributes::default)
}

pub(super) fn failure(what: &str, problem: &str) -> Failure {
    Failure::Account { step: format!("simulate {what}"), problem: problem.to_owned() }
}
