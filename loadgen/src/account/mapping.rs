//! Event source mappings: what brings a queue's messages to a function.

use super::undo::{Change, gone};
use super::{Account, failure, refused};
use crate::failure::Failure;
use crate::queue::arn;
use aws_sdk_lambda::types::{EventSourceMappingConfiguration, FunctionResponseType, ScalingConfig};
use std::time::Duration;

/// A mapping as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingSpec {
    /// The queue's name.
    pub queue: String,
    pub function: String,
    pub batch_size: u32,
    pub window: Option<Duration>,
    pub maximum_concurrency: Option<u32>,
}

impl Account<'_> {
    /// Makes a mapping and waits until it polls.
    pub async fn make_mapping(&mut self, spec: &MappingSpec) -> Result<(), Failure> {
        let id = self.create_mapping(spec).await?;
        self.undo.push(Change::MadeMapping(id.clone()));
        self.enabled(&id).await
    }

    /// Makes a mapping where there is none. Says what it did.
    pub async fn ensure_mapping(&mut self, spec: &MappingSpec) -> Result<&'static str, Failure> {
        if !self.mappings(&spec.function, &spec.queue).await?.is_empty() {
            return Ok("is as it should be");
        }
        let id = self.create_mapping(spec).await?;
        self.enabled(&id).await.map(|()| "created")
    }

    /// Deletes the mappings between a queue and a function, and waits until
    /// they are gone. Says what it did.
    pub async fn remove_mappings(&self, function: &str, queue: &str) -> Result<&'static str, Failure> {
        let step = format!("delete the mapping from {queue} to {function}");
        let found = self.mappings(function, queue).await?;
        if found.is_empty() {
            return Ok("is not there");
        }
        for mapping in found {
            let request = self.clients.lambda.delete_event_source_mapping();
            let deleted = request.uuid(mapping.uuid().unwrap_or_default()).send().await;
            gone(deleted).map_err(|problem| failure(&step, problem))?;
        }
        self.until(&step, async || Ok(self.mappings(function, queue).await?.is_empty().then_some(())))
            .await?;
        Ok("deleted")
    }

    async fn create_mapping(&self, spec: &MappingSpec) -> Result<String, Failure> {
        let step = format!("map queue {} to function {}", spec.queue, spec.function);
        let queue =
            self.queue_url(&spec.queue).await?.ok_or_else(|| failure(&step, "there is no such queue"))?;
        let queue = arn(&self.clients.sqs, &queue).await.map_err(|problem| failure(&step, problem))?;
        let request = self.clients.lambda.create_event_source_mapping().event_source_arn(queue);
        let request = request.function_name(&spec.function).batch_size(spec.batch_size.cast_signed());
        let window = spec.window.map(|window| window.as_secs() as i32);
        let scaling = spec
            .maximum_concurrency
            .map(|most| ScalingConfig::builder().maximum_concurrency(most.cast_signed()).build());
        let request = request.set_maximum_batching_window_in_seconds(window).set_scaling_config(scaling);
        // The sample function tells which messages of a batch have failed.
        let request = request.function_response_types(FunctionResponseType::ReportBatchItemFailures);
        let created = request.send().await.map_err(|error| refused(&step, &error))?;
        Ok(created.uuid().unwrap_or_default().to_owned())
    }

    async fn enabled(&self, id: &str) -> Result<(), Failure> {
        let step = format!("see mapping {id} become enabled");
        self.until(&step, async || {
            let found = self.clients.lambda.get_event_source_mapping().uuid(id).send().await;
            let found = found.map_err(|error| refused(&step, &error))?;
            Ok((found.state() == Some("Enabled")).then_some(()))
        })
        .await
    }

    async fn mappings(
        &self,
        function: &str,
        queue: &str,
    ) -> Result<Vec<EventSourceMappingConfiguration>, Failure> {
        if self.found(function).await?.is_none() {
            return Ok(Vec::new());
        }
        let found = self.clients.lambda.list_event_source_mappings().function_name(function).send().await;
        let found = found.map_err(|error| refused(&format!("list the mappings of {function}"), &error))?;
        let end = format!(":{queue}");
        let of_queue = |mapping: &&EventSourceMappingConfiguration| {
            mapping.event_source_arn().is_some_and(|arn| arn.ends_with(&end))
        };
        Ok(found.event_source_mappings().iter().filter(of_queue).cloned().collect())
    }
}
