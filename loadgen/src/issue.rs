//! Sending one request and naming what came back.
//!
//! [`Issuer`] knows the SDK and nothing of time tables; [`Sender`] puts the
//! clock around it and reports to the owner of the statistics.

use crate::outcome::{Outcome, Reply};
use crate::sample::Sample;
use crate::target::Clients;
use aws_sdk_lambda::config::http::HttpResponse;
use aws_sdk_lambda::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_lambda::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_lambda::error::{BoxError, DisplayErrorContext, SdkError};
use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{InvocationType, LogType};
use aws_sdk_sqs::operation::send_message::SendMessageOutput;
use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// What a request asks for.
#[derive(Debug, Clone)]
pub enum Work {
    Invoke { function: String, invocation_type: InvocationType, payload: Vec<u8> },
    SendMessage { queue_url: String, body: String },
}

/// What a sending task tells the owner of the statistics.
#[derive(Debug)]
pub enum Event {
    Left,
    Ended(Sample),
}

/// Sends requests of one kind to one target.
#[derive(Debug)]
pub struct Issuer {
    pub clients: Clients,
    pub work: Work,
    pub timeout: Duration,
}

impl Issuer {
    /// Sends one request. `departure` is set the moment it leaves.
    async fn issue(&self, departure: &Departure) -> Outcome {
        let answer = async {
            match &self.work {
                Work::Invoke { function, invocation_type, payload } => {
                    self.invoke(function, invocation_type, payload, departure).await
                }
                Work::SendMessage { queue_url, body } => self.send_message(queue_url, body, departure).await,
            }
        };
        match tokio::time::timeout(self.timeout, answer).await {
            Ok(outcome) => outcome,
            Err(_) if departure.time().is_none() => {
                Outcome::NotSent("not signed and sent within --timeout".to_owned())
            }
            Err(_) => Outcome::Timeout,
        }
    }

    async fn invoke(
        &self,
        function: &str,
        invocation_type: &InvocationType,
        payload: &[u8],
        departure: &Departure,
    ) -> Outcome {
        let request = self.clients.lambda.invoke();
        let request = request.function_name(function).invocation_type(invocation_type.clone());
        // The end of the log tells cold starts of functions that do not tell themselves.
        let tail = (*invocation_type == InvocationType::RequestResponse).then_some(LogType::Tail);
        let request = request.set_log_type(tail).payload(Blob::new(payload)).customize();
        match request.interceptor(departure.clone()).send().await {
            Ok(output) => invoke_outcome(&output),
            Err(error) => error_outcome(&error),
        }
    }

    async fn send_message(&self, queue_url: &str, body: &str, departure: &Departure) -> Outcome {
        let request = self.clients.sqs.send_message();
        let request = request.queue_url(queue_url).message_body(body).customize();
        match request.interceptor(departure.clone()).send().await {
            Ok(output) => send_message_outcome(&output),
            Err(error) => error_outcome(&error),
        }
    }
}

fn invoke_outcome(output: &InvokeOutput) -> Outcome {
    let reply = Reply {
        status: u16::try_from(output.status_code()).unwrap_or_default(),
        error_type: None,
        function_error: output.function_error().is_some(),
        log_tail: output.log_result(),
        body: output.payload().map(AsRef::as_ref).unwrap_or_default(),
    };
    reply.outcome()
}

/// Only a message id confirms a message.
fn send_message_outcome(output: &SendMessageOutput) -> Outcome {
    match output.message_id() {
        Some(_) => Outcome::Accepted,
        None => Outcome::ServerError("SendMessage answered without a MessageId".to_owned()),
    }
}

fn error_outcome<E: Error + 'static>(error: &SdkError<E, HttpResponse>) -> Outcome {
    let words = || DisplayErrorContext(error).to_string();
    match error {
        SdkError::ServiceError(service) => refusal(service.raw()),
        SdkError::TimeoutError(_) => Outcome::Timeout,
        SdkError::ConstructionFailure(_) => Outcome::NotSent(words()),
        SdkError::DispatchFailure(_) if never_connected(error) => Outcome::NotSent(innermost(error)),
        SdkError::DispatchFailure(failure) if failure.as_connector_error().is_none() => {
            Outcome::NotSent(words())
        }
        SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => Outcome::NoAnswer(innermost(error)),
        // The enum is open: what a later SDK adds had no answer we could read.
        unknown => Outcome::NoAnswer(DisplayErrorContext(unknown).to_string()),
    }
}

fn refusal(raw: &HttpResponse) -> Outcome {
    let reply = Reply {
        status: raw.status().as_u16(),
        error_type: raw.headers().get("x-amzn-errortype"),
        function_error: false,
        log_tail: None,
        body: raw.body().bytes().unwrap_or_default(),
    };
    reply.outcome()
}

/// Whether connecting failed, so that nothing can have reached the target.
fn never_connected(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|cause| {
        let http = cause.downcast_ref::<hyper_util::client::legacy::Error>();
        http.is_some_and(hyper_util::client::legacy::Error::is_connect)
    })
}

/// The cause at the bottom, which is the one that names the trouble.
fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&cause| cause.source())
}

/// Notes when a request left. The SDK signs and serializes before that, which
/// in a burst takes longer than the network; calling `send` is not yet leaving.
#[derive(Debug, Clone, Default)]
struct Departure(Arc<OnceLock<Instant>>);

impl Departure {
    fn time(&self) -> Option<Instant> {
        self.0.get().copied()
    }
}

impl Intercept for Departure {
    fn name(&self) -> &'static str {
        "Departure"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.get_or_init(Instant::now);
        Ok(())
    }
}

/// Takes a request from its due time to its outcome, and reports both ends.
#[derive(Debug)]
pub struct Sender {
    issuer: Issuer,
    events: mpsc::Sender<Event>,
    stop: CancellationToken,
}

impl Sender {
    pub fn new(issuer: Issuer, events: mpsc::Sender<Event>, stop: CancellationToken) -> Sender {
        Sender { issuer, events, stop }
    }

    pub fn is_stopped(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits for the due time; false when the run was stopped before.
    pub async fn wait_until(&self, due: Instant) -> bool {
        tokio::select! {
            biased;
            () = self.stop.cancelled() => false,
            () = tokio::time::sleep_until(due.into()) => true,
        }
    }

    /// Sends one request that is due now or was a moment ago.
    pub async fn send(&self, due: Instant) {
        self.report(Event::Left).await;
        let departure = Departure::default();
        let outcome = tokio::select! {
            biased;
            outcome = self.issuer.issue(&departure) => outcome,
            () = self.stop.cancelled() => interrupted(&departure),
        };
        let left = !matches!(outcome, Outcome::NotSent(_));
        let sent = departure.time().filter(|_| left);
        self.report(Event::Ended(Sample { due, sent, done: Instant::now(), outcome })).await;
    }

    /// Reports a request that will not be sent.
    pub async fn give_up(&self, due: Instant, outcome: Outcome) {
        self.report(Event::Left).await;
        self.report(Event::Ended(Sample { due, sent: None, done: Instant::now(), outcome })).await;
    }

    async fn report(&self, event: Event) {
        // The owner listens until the last sender is gone.
        let _ = self.events.send(event).await;
    }
}

fn interrupted(departure: &Departure) -> Outcome {
    match departure.time() {
        Some(_) => Outcome::NoAnswer("interrupted".to_owned()),
        None => Outcome::NotSent("interrupted".to_owned()),
    }
}
