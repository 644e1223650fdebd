//! Functions: making them, and finding what is there.

use super::undo::{Change, is_not_there};
use super::{Account, TAG, failure, package, refused};
use crate::failure::Failure;
use crate::queue::arn;
use aws_sdk_lambda::operation::get_function::GetFunctionOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{
    Architecture, DeadLetterConfig, Environment, FunctionCode, LastUpdateStatus, Runtime, State,
};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Where a function's code comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Code {
    /// The sample function.
    Sample,
    /// The emulator's built-in handler, which needs no code.
    BuiltIn,
    /// A zip file.
    Zip { path: PathBuf, runtime: String, handler: String },
}

/// A function as it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionSpec {
    pub name: String,
    pub code: Code,
    pub memory_mb: u32,
    pub timeout: Duration,
    pub environment: BTreeMap<String, String>,
    /// The queue for events that are given up.
    pub dead_letter_queue: Option<String>,
    /// How often a failed event is tried again, if not twice.
    pub retries: Option<u32>,
}

impl FunctionSpec {
    /// The sample function, small, with six times the time of its work.
    pub fn sample(name: impl Into<String>) -> FunctionSpec {
        FunctionSpec {
            name: name.into(),
            code: Code::Sample,
            memory_mb: 128,
            timeout: Duration::from_secs(15),
            environment: BTreeMap::new(),
            dead_letter_queue: None,
            retries: None,
        }
    }

    /// Whole seconds, as Lambda counts.
    fn timeout_s(&self) -> i32 {
        i32::try_from(self.timeout.as_secs_f64().ceil() as u64).unwrap_or(i32::MAX)
    }

    fn memory(&self) -> i32 {
        self.memory_mb.cast_signed()
    }
}

impl Account<'_> {
    /// Makes a function that must not be there, and waits until it can be invoked.
    pub async fn make_function(&mut self, spec: &FunctionSpec) -> Result<(), Failure> {
        let step = format!("create function {}", spec.name);
        if self.found(&spec.name).await?.is_some() {
            return Err(failure(
                step,
                "there is one of that name already; give it another name, or delete it first",
            ));
        }
        self.create(spec, &step).await?;
        self.undo.push(Change::MadeFunction(spec.name.clone()));
        self.active(&spec.name).await?;
        match spec.retries {
            Some(retries) => self.set_retries(&spec.name, retries).await,
            None => Ok(()),
        }
    }

    /// What is set goes when the function goes.
    async fn set_retries(&self, name: &str, retries: u32) -> Result<(), Failure> {
        let request = self.clients.lambda.put_function_event_invoke_config().function_name(name);
        let answer = request.maximum_retry_attempts(retries.cast_signed()).send().await;
        answer.map(drop).map_err(|error| refused(&format!("set the retries of {name}"), &error))
    }

    /// Makes a function, or brings one that loadgen has made up to date. Says
    /// what it did.
    pub async fn ensure_function(&mut self, spec: &FunctionSpec) -> Result<&'static str, Failure> {
        let step = format!("deploy function {}", spec.name);
        let Some(found) = self.found(&spec.name).await? else {
            self.create(spec, &step).await?;
            self.active(&spec.name).await?;
            return Ok("created");
        };
        if !is_ours(&found) {
            return Err(failure(
                step,
                format!("there is one of that name without the tag '{TAG}'; choose another --name"),
            ));
        }
        self.update(spec, &found, &step).await
    }

    /// The function of a name, if there is one.
    pub async fn found(&self, name: &str) -> Result<Option<GetFunctionOutput>, Failure> {
        match self.clients.lambda.get_function().function_name(name).send().await {
            Ok(found) => Ok(Some(found)),
            Err(error) if is_not_there(&error) => Ok(None),
            Err(error) => Err(refused(&format!("look for function {name}"), &error)),
        }
    }

    async fn create(&self, spec: &FunctionSpec, step: &str) -> Result<(), Failure> {
        let (package, runtime, handler) = self.code(&spec.code)?;
        let code = FunctionCode::builder().zip_file(Blob::new(package)).build();
        let variables = spec.environment.clone().into_iter().collect();
        let request = self.clients.lambda.create_function().function_name(&spec.name).role(self.role()?);
        let request = request.runtime(runtime).handler(handler).code(code).architectures(architecture());
        let request = request.timeout(spec.timeout_s()).memory_size(spec.memory()).tags(TAG, &self.purpose);
        let request = request.environment(Environment::builder().set_variables(Some(variables)).build());
        let request = request.set_dead_letter_config(self.dead_letters(spec, step).await?);
        request.send().await.map(drop).map_err(|error| refused(step, &error))
    }

    async fn dead_letters(
        &self,
        spec: &FunctionSpec,
        step: &str,
    ) -> Result<Option<DeadLetterConfig>, Failure> {
        let Some(name) = &spec.dead_letter_queue else { return Ok(None) };
        let url = self.queue_url(name).await?;
        let url = url.ok_or_else(|| failure(step, format!("there is no queue {name}")))?;
        let target = arn(&self.clients.sqs, &url).await.map_err(|problem| failure(step, problem))?;
        Ok(Some(DeadLetterConfig::builder().target_arn(target).build()))
    }

    async fn update(
        &self,
        spec: &FunctionSpec,
        found: &GetFunctionOutput,
        step: &str,
    ) -> Result<&'static str, Failure> {
        let (package, ..) = self.code(&spec.code)?;
        let before = found.configuration().and_then(|configuration| configuration.code_sha256());
        let request = self.clients.lambda.update_function_code().function_name(&spec.name);
        let updated = request.zip_file(Blob::new(package)).send().await;
        let updated = updated.map_err(|error| refused(step, &error))?;
        let same_code = updated.code_sha256() == before;
        self.active(&spec.name).await?;
        let same_settings = found.configuration().is_some_and(|found| {
            (found.memory_size(), found.timeout()) == (Some(spec.memory()), Some(spec.timeout_s()))
        });
        if !same_settings {
            let request = self.clients.lambda.update_function_configuration().function_name(&spec.name);
            let request = request.memory_size(spec.memory()).timeout(spec.timeout_s());
            request.send().await.map_err(|error| refused(step, &error))?;
            self.active(&spec.name).await?;
        }
        Ok(if same_code && same_settings { "is as it should be" } else { "updated" })
    }

    fn code(&self, code: &Code) -> Result<(Vec<u8>, Runtime, String), Failure> {
        match code {
            Code::Sample => {
                Ok((package::sample(self.clients)?, Runtime::Providedal2023, "bootstrap".to_owned()))
            }
            Code::BuiltIn if self.clients.is_aws => {
                Err(failure("create a function of the built-in handler", "only the emulator has one"))
            }
            Code::BuiltIn => Ok((Vec::new(), Runtime::Providedal2023, "emulator.handler".to_owned())),
            Code::Zip { path, runtime, handler } => {
                Ok((package::of_file(path)?, Runtime::from(runtime.as_str()), handler.clone()))
            }
        }
    }

    /// Waits until a function can be invoked and changed.
    async fn active(&self, name: &str) -> Result<(), Failure> {
        let step = format!("see function {name} become active");
        self.until(&step, async || {
            let found = self.clients.lambda.get_function_configuration().function_name(name).send().await;
            let found = found.map_err(|error| refused(&step, &error))?;
            if found.state() == Some(&State::Failed) {
                return Err(failure(&step, found.state_reason().unwrap_or("it failed")));
            }
            let changing = found.last_update_status() == Some(&LastUpdateStatus::InProgress);
            Ok((found.state() == Some(&State::Active) && !changing).then_some(()))
        })
        .await
    }

    /// Deletes a function that loadgen has made. Says what it did.
    pub async fn remove_function(&self, name: &str) -> Result<&'static str, Failure> {
        let step = format!("delete function {name}");
        let Some(found) = self.found(name).await? else { return Ok("is not there") };
        if !is_ours(&found) {
            return Err(failure(
                step,
                format!("it does not have the tag '{TAG}', so it is not loadgen's to delete"),
            ));
        }
        let deleted = self.clients.lambda.delete_function().function_name(name).send().await;
        deleted.map(|_| "deleted").map_err(|error| refused(&step, &error))
    }
}

fn is_ours(found: &GetFunctionOutput) -> bool {
    found.tags().is_some_and(|tags| tags.contains_key(TAG))
}

/// The sample function is built for the machine that this program runs on.
fn architecture() -> Architecture {
    if cfg!(target_arch = "aarch64") { Architecture::Arm64 } else { Architecture::X8664 }
}
