//! The sample Lambda function: a payload says what it does.
//!
//! An experiment about concurrency needs a function whose behaviour is known
//! in advance. This one takes its orders from the event and reports in the
//! answer what happened: which execution environment served the invocation,
//! whether that was a cold start, and when it began and ended.
//!
//! It knows nothing of any emulator. It speaks the Lambda Runtime API and
//! nothing else, so the same file runs on AWS.
//!
//! What it can be told is listed at [`instruction`]; where the orders may be
//! found (plain payload, SQS records, HTTP request) at [`event`]; what it
//! answers at [`answer`]; what its log says of messages at [`message`].

pub mod answer;
mod environment;
pub mod event;
mod identifier;
pub mod instruction;
pub mod message;
mod work;

use std::process::ExitCode;

use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde_json::Value;

use crate::answer::{Reply, Usual};
use crate::environment::Environment;
use crate::event::{Event, Source};
use crate::message::Message;

const HOW_TO_RUN: &str = "this is a Lambda function and Lambda starts it: put this file as `bootstrap` into a zip \
     and create a function from it with the runtime provided.al2023";

/// Serves invocations until the Runtime API goes away. Blocks.
///
/// One invocation at a time is all that Lambda ever gives an execution
/// environment, so one thread is enough and starts fastest.
pub fn run() -> ExitCode {
    let environment = Environment::start();
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        eprintln!("{HOW_TO_RUN}");
        return ExitCode::from(2);
    }
    match serve(&environment) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("failed to serve the Runtime API: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(environment: &Environment) -> Result<(), lambda_runtime::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handler = service_fn(|event| handle(environment, event));
    runtime.block_on(Runtime::new(handler).run())
}

/// One invocation, from event to answer.
async fn handle(environment: &Environment, event: LambdaEvent<Value>) -> Result<Reply, Diagnostic> {
    let arrival = environment.arrive();
    let LambdaEvent { payload, context } = event;
    let (source, instruction) = match Event::read(&payload) {
        Ok(Event { source, instruction }) => (source, instruction),
        Err(malformed) if event::is_http(&payload) => return Ok(Reply::bad_request(&malformed)),
        Err(malformed) => return Err(failure("InvalidInstruction", &malformed.to_string())),
    };
    // Held, not used: the memory is given back when this function ends.
    let _ballast = work::perform(&instruction).await;
    if let Some(message) = instruction.failure() {
        return Err(failure("SandboxError", message));
    }
    let usual = Usual::new(environment, &arrival, &context, instruction.return_bytes);
    Ok(reply(source, usual))
}

fn reply(source: Source, usual: Usual) -> Reply {
    match source {
        Source::Direct => Reply::Direct(usual),
        Source::Sqs(messages) => {
            messages.iter().for_each(Message::log);
            Reply::batch(usual, &messages)
        }
        Source::Http => Reply::ok(&usual),
    }
}

fn failure(error_type: &str, error_message: &str) -> Diagnostic {
    Diagnostic { error_type: error_type.to_owned(), error_message: error_message.to_owned() }
}
