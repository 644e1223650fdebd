//! The HTTP APIs that there are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::model::{HttpApi, Picture, Texts};
use crate::api::gateway::error::Error;
use crate::api::gateway::manage::Management;
use crate::api::proxy::Cors;
use crate::engine::Rng;

/// Another sequence than that of the engine, from the same seed.
const STREAM: u64 = 0x0477_9A91_50FF_1CE5;

/// All HTTP APIs.
#[derive(Debug)]
pub(in crate::api) struct HttpApis {
    /// Never held across an await.
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) rng: Rng,
    pub(super) apis: BTreeMap<String, HttpApi>,
}

/// What a stage serves.
#[derive(Debug)]
pub(super) struct Serving {
    pub(super) stage: String,
    pub(super) variables: Texts,
    pub(super) picture: Arc<Picture>,
    pub(super) cors: Option<Cors>,
}

impl HttpApis {
    pub(in crate::api) fn new(seed: u64) -> Self {
        Self { state: Mutex::new(State { rng: Rng::new(seed ^ STREAM), apis: BTreeMap::new() }) }
    }

    pub(in crate::api) fn clear(&self) {
        self.state().apis.clear();
    }

    pub(in crate::api) fn has(&self, id: &str) -> bool {
        self.state().apis.contains_key(id)
    }

    /// Whether a page of that origin may call the API.
    pub(in crate::api) fn welcomes(&self, id: &str, origin: Option<&str>) -> bool {
        let state = self.state();
        let cors = state.apis.get(id).and_then(|api| api.settings.cors_configuration.as_ref());
        cors.is_some_and(|cors| cors.welcomes(origin))
    }

    /// What a stage of an API serves at this moment.
    pub(super) fn serving(&self, id: &str, stage: &str) -> Option<Serving> {
        let state = self.state();
        let api = state.apis.get(id).filter(|api| !api.settings.disable_execute_api_endpoint)?;
        let settings = &api.stages.get(stage)?.settings;
        let deployed = || Some(&api.deployments.get(settings.deployment_id.as_ref()?)?.picture);
        let picture = if settings.auto_deploy { Some(&api.picture) } else { deployed() };
        Some(Serving {
            stage: stage.to_owned(),
            variables: settings.stage_variables.clone().unwrap_or_default(),
            picture: Arc::clone(picture?),
            cors: api.settings.cors_configuration.clone(),
        })
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The API that a call names, beside the generator for new ids in it.
    pub(super) fn api(&mut self, call: &Management<'_>) -> Result<(&mut HttpApi, &mut Rng), Error> {
        let api = self.apis.get_mut(call.id(0)).ok_or_else(|| call.no_api())?;
        Ok((api, &mut self.rng))
    }
}
