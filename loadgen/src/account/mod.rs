//! Functions, queues and mappings that an experiment needs, made with plain API
//! calls, on the emulator as on AWS.
//!
//! Every change goes onto a stack of what has to be undone ([`Undo`]), so that
//! an account is left as it was found, whatever ends the experiment. What is
//! made carries the tag [`TAG`]; what does not carry it is never overwritten
//! and never deleted.

mod function;
mod mapping;
mod package;
mod provisioned;
mod queue;
mod reserved;
mod undo;

pub use function::{Code, FunctionSpec};
pub use mapping::MappingSpec;
pub use queue::{QueueSpec, dead_letter_name};
pub use undo::Undo;

use crate::failure::Failure;
use crate::queue::in_words;
use crate::target::Clients;
use aws_sdk_lambda::error::ProvideErrorMetadata;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// What loadgen makes carries this tag; its value is the name of what it was
/// made for.
pub const TAG: &str = "loadgen";

/// How often something awaited is looked at.
const POLL: Duration = Duration::from_millis(200);
/// Provisioned concurrency takes one to two minutes, a large one longer.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// An account that is changed for an experiment.
#[derive(Debug)]
pub struct Account<'a> {
    pub clients: &'a Clients,
    /// For functions that are made on AWS.
    role: Option<String>,
    /// What the things are made for: the tag's value.
    purpose: String,
    stop: CancellationToken,
    pub undo: Undo,
}

impl<'a> Account<'a> {
    pub fn new(
        clients: &'a Clients,
        role: Option<String>,
        purpose: &str,
        stop: CancellationToken,
    ) -> Account<'a> {
        Account { clients, role, purpose: tag_value(purpose), stop, undo: Undo::default() }
    }

    /// The emulator asks for no role in particular.
    fn role(&self) -> Result<String, Failure> {
        match &self.role {
            Some(role) => Ok(role.clone()),
            None if self.clients.is_aws => Err(Failure::flag_with_hint(
                "--role",
                "is missing: a function on AWS needs one",
                "for example --role arn:aws:iam::123456789012:role/NAME, with the managed policy \
                 AWSLambdaSQSQueueExecutionRole",
            )),
            None => Ok("arn:aws:iam::000000000000:role/loadgen".to_owned()),
        }
    }

    /// Looks again and again until there is something to see.
    async fn until<T>(
        &self,
        step: &str,
        mut look: impl AsyncFnMut() -> Result<Option<T>, Failure>,
    ) -> Result<T, Failure> {
        let started = Instant::now();
        loop {
            if let Some(seen) = look().await? {
                return Ok(seen);
            }
            if self.stop.is_cancelled() {
                return Err(Failure::Interrupted);
            }
            if started.elapsed() > PATIENCE {
                return Err(failure(step, format!("it did not happen within {PATIENCE:?}")));
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }
}

/// What AWS takes as a tag's value: the rest of a name is left out.
fn tag_value(name: &str) -> String {
    const LONGEST: usize = 256;
    let allowed = |c: &char| c.is_alphanumeric() || " _.:/=+-@".contains(*c);
    name.chars().filter(allowed).take(LONGEST).collect()
}

fn failure(step: impl Into<String>, problem: impl Into<String>) -> Failure {
    Failure::Account { step: step.into(), problem: problem.into() }
}

/// A failure in the service's own words.
fn refused<E>(step: &str, error: &E) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error,
{
    failure(step, in_words(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_what_a_tag_can_say() {
        assert_eq!(tag_value("Lesson 1 again, on AWS"), "Lesson 1 again on AWS");
        assert_eq!(tag_value("größe: a/b_c=d+e-f@g.h"), "größe: a/b_c=d+e-f@g.h");
        assert_eq!(tag_value("who's there?\n"), "whos there");
        assert_eq!(tag_value(&"x".repeat(300)).len(), 256);
    }
}
