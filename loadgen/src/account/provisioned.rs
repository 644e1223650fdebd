//! Provisioned concurrency, which belongs to an alias.

use super::undo::{Change, is_not_there};
use super::{Account, failure, refused};
use crate::failure::Failure;
use aws_sdk_lambda::operation::get_provisioned_concurrency_config::GetProvisionedConcurrencyConfigOutput;
use aws_sdk_lambda::types::ProvisionedConcurrencyStatusEnum as Status;

/// The alias that is made for a function that is named without one.
const ALIAS: &str = "loadgen";

impl Account<'_> {
    /// An alias to provide concurrency for: the one of `NAME:ALIAS`, or one of
    /// our own at a new version. Returns the name to invoke.
    pub async fn alias(&mut self, function: &str) -> Result<String, Failure> {
        let known = self.alias_of(function);
        if known != function || (!function.starts_with("arn:") && function.contains(':')) {
            return Ok(known);
        }
        let step = format!("publish a version of {function}");
        let lambda = &self.clients.lambda;
        let version = lambda.publish_version().function_name(function).send().await;
        let version =
            version.map_err(|error| refused(&step, &error))?.version().unwrap_or_default().to_owned();
        self.undo.push(Change::MadeVersion { function: function.to_owned(), version: version.clone() });
        let request = lambda.create_alias().function_name(function).name(ALIAS).function_version(version);
        request.send().await.map_err(|error| refused(&format!("create alias {function}:{ALIAS}"), &error))?;
        self.undo.push(Change::MadeAlias { function: function.to_owned(), alias: ALIAS.to_owned() });
        Ok(format!("{function}:{ALIAS}"))
    }

    /// The alias that was made for a function, or else its own name.
    pub fn alias_of(&self, function: &str) -> String {
        match self.undo.has_alias(function) {
            true => format!("{function}:{ALIAS}"),
            false => function.to_owned(),
        }
    }

    /// Sets the provisioned concurrency of `NAME:ALIAS` and waits until it is
    /// READY; 0 takes it away.
    pub async fn provide(&mut self, qualified: &str, environments: u32) -> Result<(), Failure> {
        let step = format!("provide concurrency for {qualified}");
        let Some((function, alias)) = qualified.rsplit_once(':') else {
            return Err(failure(step, "it has no alias"));
        };
        let before = self.provided(function, alias).await?;
        let before = before.and_then(|found| found.requested_provisioned_concurrent_executions());
        if before.unwrap_or(0) == environments.cast_signed() {
            return Ok(());
        }
        let (function, alias) = (function.to_owned(), alias.to_owned());
        self.undo.push(Change::SetProvisioned { function: function.clone(), alias: alias.clone(), before });
        let lambda = &self.clients.lambda;
        if environments == 0 {
            let request = lambda.delete_provisioned_concurrency_config().function_name(function);
            return request.qualifier(alias).send().await.map(drop).map_err(|error| refused(&step, &error));
        }
        let request = lambda.put_provisioned_concurrency_config().function_name(&function).qualifier(&alias);
        let request = request.provisioned_concurrent_executions(environments.cast_signed());
        request.send().await.map_err(|error| refused(&step, &error))?;
        self.ready(&function, &alias, &step).await
    }

    async fn ready(&self, function: &str, alias: &str, step: &str) -> Result<(), Failure> {
        self.until(step, async || {
            let found = self.provided(function, alias).await?;
            match found.as_ref().and_then(|found| found.status()) {
                Some(Status::Ready) => Ok(Some(())),
                Some(Status::Failed) => {
                    let reason = found.as_ref().and_then(|found| found.status_reason());
                    Err(failure(step, reason.unwrap_or("it failed")))
                }
                // The enum is open, and what is not there yet may come.
                Some(_) | None => Ok(None),
            }
        })
        .await
    }

    async fn provided(
        &self,
        function: &str,
        alias: &str,
    ) -> Result<Option<GetProvisionedConcurrencyConfigOutput>, Failure> {
        let request = self.clients.lambda.get_provisioned_concurrency_config();
        match request.function_name(function).qualifier(alias).send().await {
            Ok(found) => Ok(Some(found)),
            Err(error) if is_not_there(&error) => Ok(None),
            Err(error) => {
                Err(refused(&format!("read the provisioned concurrency of {function}:{alias}"), &error))
            }
        }
    }
}
