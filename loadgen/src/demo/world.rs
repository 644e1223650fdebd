//! The account the experiments play in: clients, functions, and waiting.

use super::observer::{FunctionState, Observer, State};
use crate::account::{Account, FunctionSpec};
use crate::failure::Failure;
use crate::plan::{Load, Plan};
use crate::report::Report;
use crate::run::perform;
use crate::target::Clients;
use std::cell::RefCell;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often something awaited is looked at.
pub(super) const POLL: Duration = Duration::from_millis(100);
/// Nothing here takes a minute on a machine that works; three are a hang.
const PATIENCE: Duration = Duration::from_secs(180);

/// A fresh account per experiment, at one endpoint.
#[derive(Debug)]
pub(super) struct World {
    pub(super) clients: Clients,
    pub(super) observer: Observer,
    stop: CancellationToken,
}

impl World {
    pub(super) async fn open(endpoint: &str, stop: CancellationToken) -> Result<World, Failure> {
        let clients = Clients::at(endpoint).await?;
        let observer = Observer::new(clients.endpoints.lambda.clone())?;
        Ok(World { clients, observer, stop })
    }

    /// Forgets everything in the account.
    pub(super) async fn fresh(&self) -> Result<(), Failure> {
        self.observer.reset().await
    }

    /// Creates the sample function and waits until it can be invoked.
    pub(super) async fn create_function(&self, name: &str) -> Result<(), Failure> {
        self.account().make_function(&FunctionSpec::sample(name)).await
    }

    /// Sets the reserved concurrency, or takes it away.
    pub(super) async fn reserve(&self, name: &str, reserved: Option<u64>) -> Result<(), Failure> {
        let reserved = reserved.map(|n| n as u32);
        self.account().reserve(name, reserved).await
    }

    /// What is made in it goes with the emulator, so nothing has to be undone.
    pub(super) fn account(&self) -> Account<'_> {
        Account::new(&self.clients, None, "demo", self.stop.clone())
    }

    /// One run of load, with a bar in front of it.
    pub(super) async fn run(&self, load: Load, label: &str) -> Result<Report, Failure> {
        let plan = Plan::new(load, &self.clients.endpoint, Some(&self.clients)).await?;
        Ok(perform(&plan, &format!("{label} "), &RefCell::default(), &self.stop).await)
    }

    pub(super) async fn function(&self, name: &str) -> Result<FunctionState, Failure> {
        let State { functions, .. } = self.observer.state().await?;
        let found = functions.into_iter().find(|function| function.name == name);
        found.ok_or_else(|| Failure::demo("read the emulator's state", &format!("no function {name}")))
    }

    /// Waits until nothing of a function runs: an environment is busy a moment
    /// longer than its caller waits.
    pub(super) async fn settled(&self, name: &str) -> Result<FunctionState, Failure> {
        until(&format!("see {name} come to rest"), async || {
            let function = self.function(name).await?;
            Ok((function.in_use == 0 && function.environments.busy == 0).then_some(function))
        })
        .await
    }
}

/// Looks again and again until there is something to see.
pub(super) async fn until<T>(
    step: &str,
    mut look: impl AsyncFnMut() -> Result<Option<T>, Failure>,
) -> Result<T, Failure> {
    let started = Instant::now();
    loop {
        if let Some(seen) = look().await? {
            return Ok(seen);
        }
        if started.elapsed() > PATIENCE {
            return Err(Failure::demo(step, &format!("it did not happen within {PATIENCE:?}")));
        }
        tokio::time::sleep(POLL).await;
    }
}
