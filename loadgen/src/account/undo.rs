//! What has to be undone, last change first.

use super::failure;
use crate::failure::Failure;
use crate::queue::in_words;
use crate::target::Clients;
use aws_sdk_lambda::error::ProvideErrorMetadata;

/// A stack of changes.
#[derive(Debug, Default)]
pub struct Undo(Vec<Change>);

/// One change, with what it takes to undo it.
#[derive(Debug)]
pub(super) enum Change {
    MadeFunction(String),
    MadeQueue(String),
    MadeMapping(String),
    MadeAlias {
        function: String,
        alias: String,
    },
    MadeVersion {
        function: String,
        version: String,
    },
    /// The reserved concurrency was this before.
    SetReserved {
        function: String,
        before: Option<i32>,
    },
    SetProvisioned {
        function: String,
        alias: String,
        before: Option<i32>,
    },
}

impl Undo {
    /// A setting that is changed again is put back to what it was at first, at
    /// once: what it was in between is nobody's wish.
    pub(super) fn push(&mut self, change: Change) {
        if !self.0.iter().any(|earlier| earlier.covers(&change)) {
            self.0.push(change);
        }
    }

    /// Whether a function has been given an alias.
    pub(super) fn has_alias(&self, of: &str) -> bool {
        self.0.iter().any(|change| matches!(change, Change::MadeAlias { function, .. } if function == of))
    }

    /// Leaves everything as it is now.
    pub fn forget(&mut self) {
        self.0.clear();
    }

    /// Undoes everything. One trouble does not keep the rest from being undone;
    /// each is told, with what is left to do by hand.
    pub async fn all(&mut self, clients: &Clients) -> Result<(), Failure> {
        let mut first = Ok(());
        while let Some(change) = self.0.pop() {
            if let Err(problem) = change.undo(clients).await {
                let failure = failure(change.step(), problem);
                if first.is_ok() {
                    first = Err(failure);
                } else {
                    anstream::eprintln!("error: {failure}");
                }
            }
        }
        first
    }
}

impl Change {
    /// Whether undoing this one undoes a later one too.
    fn covers(&self, later: &Change) -> bool {
        match (self, later) {
            (Change::SetReserved { function: a, .. }, Change::SetReserved { function: b, .. }) => a == b,
            (
                Change::SetProvisioned { function: a, alias: of_a, .. },
                Change::SetProvisioned { function: b, alias: of_b, .. },
            ) => (a, of_a) == (b, of_b),
            _ => false,
        }
    }

    fn step(&self) -> String {
        match self {
            Change::MadeFunction(name) => format!("delete function {name}"),
            Change::MadeQueue(url) => format!("delete queue {url}"),
            Change::MadeMapping(id) => format!("delete event source mapping {id}"),
            Change::MadeAlias { function, alias } => format!("delete alias {function}:{alias}"),
            Change::MadeVersion { function, version } => format!("delete version {function}:{version}"),
            Change::SetReserved { function, before: Some(n) } => {
                format!("put back the reserved concurrency {n} of {function}")
            }
            Change::SetReserved { function, before: None } => {
                format!("take away the reserved concurrency of {function}")
            }
            Change::SetProvisioned { function, alias, before: Some(n) } => {
                format!("put back the provisioned concurrency {n} of {function}:{alias}")
            }
            Change::SetProvisioned { function, alias, before: None } => {
                format!("take away the provisioned concurrency of {function}:{alias}")
            }
        }
    }

    async fn undo(&self, clients: &Clients) -> Result<(), String> {
        let lambda = &clients.lambda;
        match self {
            Change::MadeFunction(name) => gone(lambda.delete_function().function_name(name).send().await),
            Change::MadeQueue(url) => gone(clients.sqs.delete_queue().queue_url(url).send().await),
            Change::MadeMapping(id) => gone(lambda.delete_event_source_mapping().uuid(id).send().await),
            Change::MadeAlias { function, alias } => {
                gone(lambda.delete_alias().function_name(function).name(alias).send().await)
            }
            Change::MadeVersion { function, version } => {
                gone(lambda.delete_function().function_name(function).qualifier(version).send().await)
            }
            Change::SetReserved { function, before: Some(n) } => {
                let request = lambda.put_function_concurrency().function_name(function);
                done(request.reserved_concurrent_executions(*n).send().await)
            }
            Change::SetReserved { function, before: None } => {
                gone(lambda.delete_function_concurrency().function_name(function).send().await)
            }
            Change::SetProvisioned { function, alias, before: Some(n) } => {
                let request = lambda.put_provisioned_concurrency_config().function_name(function);
                done(request.qualifier(alias).provisioned_concurrent_executions(*n).send().await)
            }
            Change::SetProvisioned { function, alias, before: None } => {
                let request = lambda.delete_provisioned_concurrency_config().function_name(function);
                gone(request.qualifier(alias).send().await)
            }
        }
    }
}

fn done<T, E>(result: Result<T, E>) -> Result<(), String>
where
    E: ProvideErrorMetadata + std::error::Error,
{
    result.map(drop).map_err(|error| in_words(&error))
}

/// What is not there any more needs no deleting.
pub(super) fn gone<T, E>(result: Result<T, E>) -> Result<(), String>
where
    E: ProvideErrorMetadata + std::error::Error,
{
    match result {
        Err(error) if !is_not_there(&error) => Err(in_words(&error)),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Whether the service says that there is no such thing.
pub(super) fn is_not_there<E: ProvideErrorMetadata>(error: &E) -> bool {
    matches!(
        error.code(),
        Some(
            "ResourceNotFoundException"
                | "ProvisionedConcurrencyConfigNotFoundException"
                | "AWS.SimpleQueueService.NonExistentQueue"
                | "QueueDoesNotExist"
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_put_back_once_to_what_it_was_first() {
        let reserved = |function: &str, before| Change::SetReserved { function: function.into(), before };
        let mut undo = Undo::default();
        for change in
            [reserved("f", Some(7)), reserved("f", Some(1)), reserved("g", None), reserved("f", Some(2))]
        {
            undo.push(change);
        }
        let steps: Vec<String> = undo.0.iter().map(Change::step).collect();
        assert_eq!(
            steps,
            ["put back the reserved concurrency 7 of f", "take away the reserved concurrency of g"]
        );
    }
}
