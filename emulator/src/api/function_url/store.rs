//! The function URLs that there are.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::api::gateway::draw_id;
use crate::api::lambda::Target;
use crate::api::proxy::Cors;
use crate::engine::{Rng, Timestamp};

/// Another sequence than that of the engine, from the same seed.
const STREAM: u64 = 0x0F0C_7104_0421_D00A;

/// A URL and its settings.
#[derive(Debug, Clone)]
pub(in crate::api) struct FunctionUrl {
    pub(in crate::api) id: String,
    pub(in crate::api) target: Target,
    pub(in crate::api) auth_type: AuthType,
    pub(in crate::api) cors: Option<Cors>,
    pub(in crate::api) invoke_mode: InvokeMode,
    pub(in crate::api) created: Timestamp,
    pub(in crate::api) modified: Timestamp,
}

/// Who may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum AuthType {
    None,
    AwsIam,
}

/// How the function's answer is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum InvokeMode {
    Buffered,
    ResponseStream,
}

/// All of them, by id. A function has one for itself and one for each alias.
#[derive(Debug)]
pub(in crate::api) struct FunctionUrls {
    /// Never held across an await.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rng: Rng,
    urls: BTreeMap<String, FunctionUrl>,
}

impl FunctionUrls {
    pub(in crate::api) fn new(seed: u64) -> Self {
        Self { state: Mutex::new(State { rng: Rng::new(seed ^ STREAM), urls: BTreeMap::new() }) }
    }

    /// Adds a URL, unless the target has one (then `Ok(None)`). `check` runs
    /// while no URL can be forgotten, so that none outlives its function.
    pub(in crate::api) fn create<E>(
        &self,
        target: &Target,
        check: impl FnOnce() -> Result<(), E>,
        make: impl FnOnce(String) -> FunctionUrl,
    ) -> Result<Option<FunctionUrl>, E> {
        let mut state = self.state();
        check()?;
        if state.find(target).is_some() {
            return Ok(None);
        }
        let id = draw_id(&mut state.rng, 32);
        let url = make(id.clone());
        state.urls.insert(id, url.clone());
        Ok(Some(url))
    }

    pub(in crate::api) fn by_id(&self, id: &str) -> Option<FunctionUrl> {
        self.state().urls.get(id).cloned()
    }

    pub(in crate::api) fn by_target(&self, target: &Target) -> Option<FunctionUrl> {
        self.state().find(target).cloned()
    }

    /// Changes a target's URL, and shows what it is then.
    pub(in crate::api) fn update(
        &self,
        target: &Target,
        change: impl FnOnce(&mut FunctionUrl),
    ) -> Option<FunctionUrl> {
        let mut state = self.state();
        let url = state.urls.values_mut().find(|url| url.target == *target)?;
        change(url);
        Some(url.clone())
    }

    /// Removes a target's URL, and says whether it had one.
    pub(in crate::api) fn delete(&self, target: &Target) -> bool {
        let mut state = self.state();
        let id = state.find(target).map(|url| url.id.clone());
        id.is_some_and(|id| state.urls.remove(&id).is_some())
    }

    /// Those of a function and its aliases, in the aliases' order.
    pub(in crate::api) fn of_function(&self, name: &str) -> Vec<FunctionUrl> {
        let state = self.state();
        let mut urls: Vec<_> = state.urls.values().filter(|url| url.target.name == name).cloned().collect();
        urls.sort_by(|a, b| a.target.qualifier.cmp(&b.target.qualifier));
        urls
    }

    /// Removes those of a function that is gone.
    pub(in crate::api) fn forget(&self, name: &str) {
        self.state().urls.retain(|_, url| url.target.name != name);
    }

    /// Whether a page of that origin may call it.
    pub(in crate::api) fn welcomes(&self, id: &str, origin: Option<&str>) -> bool {
        let state = self.state();
        state.urls.get(id).and_then(|url| url.cors.as_ref()).is_some_and(|cors| cors.welcomes(origin))
    }

    pub(in crate::api) fn clear(&self) {
        self.state().urls.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn find(&self, target: &Target) -> Option<&FunctionUrl> {
        self.urls.values().find(|url| url.target == *target)
    }
}
