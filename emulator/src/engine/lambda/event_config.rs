//! Settings of asynchronous invocation, per version and alias
//! (Lambda API, `PutFunctionEventInvokeConfig`).

use std::sync::Arc;
use std::time::Duration;

use super::function::Function;
use super::qualifier::Qualifier;
use crate::engine::Engine;
use crate::engine::error::LambdaError;
use crate::engine::time::Timestamp;

/// How asynchronous events of a version or an alias are retried, and where
/// their records go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventInvokeConfig {
    /// 0 to 2 attempts after the first.
    pub maximum_retry_attempts: Option<u32>,
    /// 60 s to 6 h.
    pub maximum_event_age: Option<Duration>,
    /// ARN of the destination of events that succeed.
    pub on_success: Option<Arc<str>>,
    /// ARN of the destination of events that fail.
    pub on_failure: Option<Arc<str>>,
    /// Whether destinations were spoken of at all: AWS shows empty ones then.
    pub has_destinations: bool,
    /// When it was set.
    pub last_modified: Timestamp,
}

impl Engine {
    /// Sets the whole configuration of a version or an alias.
    pub fn put_event_config(
        &mut self,
        now: Timestamp,
        name: &str,
        qualifier: &Qualifier,
        mut config: EventInvokeConfig,
    ) -> Result<EventInvokeConfig, LambdaError> {
        self.tick(now);
        self.qualified(name, qualifier)?;
        config.last_modified = now;
        let function = self.function_mut(name)?;
        function.event_configs.insert(qualifier.clone(), config.clone());
        Ok(config)
    }

    /// The configuration of a version or an alias.
    pub fn event_config(&self, name: &str, qualifier: &Qualifier) -> Result<&EventInvokeConfig, LambdaError> {
        self.qualified(name, qualifier)?;
        let function = self.find_function(name)?;
        let config = function.event_configs.get(qualifier);
        config.ok_or_else(|| LambdaError::EventConfigNotFound(function.name().clone(), qualifier.clone()))
    }

    /// All configurations of a function, by qualifier.
    pub fn event_configs(
        &self,
        name: &str,
    ) -> Result<impl Iterator<Item = (&Qualifier, &EventInvokeConfig)>, LambdaError> {
        Ok(self.find_function(name)?.event_configs.iter())
    }

    /// Removes a configuration.
    pub fn delete_event_config(
        &mut self,
        now: Timestamp,
        name: &str,
        qualifier: &Qualifier,
    ) -> Result<(), LambdaError> {
        self.tick(now);
        self.event_config(name, qualifier)?;
        self.function_mut(name)?.event_configs.remove(qualifier);
        Ok(())
    }
}

impl Function {
    /// What holds for events that were sent to that qualifier.
    pub(super) fn event_config(&self, qualifier: &Qualifier) -> EventInvokeConfig {
        self.event_configs.get(qualifier).cloned().unwrap_or_default()
    }
}
