//! The REST APIs that there are.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::model::{Integration, Method, Picture, Resource, RestApi, Texts};
use crate::api::gateway::error::Error;
use crate::api::gateway::manage::Management;
use crate::engine::Rng;

/// Another sequence than that of the engine, from the same seed.
const STREAM: u64 = 0x0009_E57A_9150_F1D5;

/// All REST APIs.
#[derive(Debug)]
pub(in crate::api) struct RestApis {
    /// Never held across an await.
    state: Mutex<State>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) rng: Rng,
    pub(super) apis: BTreeMap<String, RestApi>,
}

/// What a stage serves.
#[derive(Debug)]
pub(super) struct Serving {
    pub(super) stage: String,
    pub(super) variables: Texts,
    pub(super) deployment: String,
    pub(super) picture: Arc<Picture>,
}

impl RestApis {
    pub(in crate::api) fn new(seed: u64) -> Self {
        Self { state: Mutex::new(State { rng: Rng::new(seed ^ STREAM), apis: BTreeMap::new() }) }
    }

    pub(in crate::api) fn clear(&self) {
        self.state().apis.clear();
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a stage of an API serves at this moment.
    pub(super) fn serving(&self, id: &str, stage: &str) -> Option<Serving> {
        let state = self.state();
        let api = state.apis.get(id).filter(|api| !api.settings.disable_execute_api_endpoint)?;
        let settings = &api.stages.get(stage)?.settings;
        let deployment = api.deployments.get(&settings.deployment_id)?;
        Some(Serving {
            stage: stage.to_owned(),
            variables: settings.variables.clone().unwrap_or_default(),
            deployment: deployment.id.clone(),
            picture: Arc::clone(&deployment.picture),
        })
    }
}

impl State {
    /// The API that a call names, beside the generator for new ids in it.
    pub(super) fn api(&mut self, call: &Management<'_>) -> Result<(&mut RestApi, &mut Rng), Error> {
        let api = self.apis.get_mut(call.id(0)).ok_or_else(|| call.no_api())?;
        Ok((api, &mut self.rng))
    }

    /// The resource that a call names.
    pub(super) fn resource(&mut self, call: &Management<'_>) -> Result<&mut Resource, Error> {
        let (api, _) = self.api(call)?;
        api.resources.get_mut(call.id(1)).ok_or_else(|| Error::invalid("Resource"))
    }

    /// The method that a call names.
    pub(super) fn method(&mut self, call: &Management<'_>) -> Result<&mut Method, Error> {
        self.resource(call)?.methods.get_mut(call.id(2)).ok_or_else(|| Error::invalid("Method"))
    }

    /// The integration that a call names.
    pub(super) fn integration(&mut self, call: &Management<'_>) -> Result<&mut Integration, Error> {
        self.method(call)?.method_integration.as_mut().ok_or_else(|| Error::invalid("Integration"))
    }
}
