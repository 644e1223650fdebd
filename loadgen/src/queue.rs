//! The queue of `--mode queue`: finding it, and waiting until it is empty.

use crate::failure::Failure;
use crate::progress::Progress;
use crate::report::QueueReport;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{DisplayErrorContext, ProvideErrorMetadata};
use aws_sdk_sqs::types::QueueAttributeName;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often the queue is looked at.
const POLL: Duration = Duration::from_millis(200);

/// Looks that must agree: the numbers are approximate, and a single zero may be
/// a message on its way from one of them to another.
const EMPTY_LOOKS: u32 = 2;

/// The numbers that say whether a queue holds anything.
const ATTRIBUTES: [QueueAttributeName; 3] = [
    QueueAttributeName::ApproximateNumberOfMessages,
    QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
    QueueAttributeName::ApproximateNumberOfMessagesDelayed,
];

/// The URL of a queue given by URL or name. Asks the queue itself, so that one
/// that does not exist is known before the first message.
pub async fn url(sqs: &Client, queue: &str) -> Result<String, Failure> {
    let failure = |problem| Failure::Queue { queue: queue.to_owned(), problem };
    let url = match queue.contains("://") {
        true => queue.to_owned(),
        false => {
            let found = sqs.get_queue_url().queue_name(queue).send().await;
            let found = found.map_err(|error| failure(in_words(&error)))?;
            found.queue_url().unwrap_or_default().to_owned()
        }
    };
    messages(sqs, &url).await.map_err(failure)?;
    Ok(url)
}

/// The ARN of a queue, which mappings know it by.
pub async fn arn(sqs: &Client, url: &str) -> Result<String, String> {
    let request = sqs.get_queue_attributes().queue_url(url).attribute_names(QueueAttributeName::QueueArn);
    let answer = request.send().await.map_err(|error| in_words(&error))?;
    let arn = answer.attributes().and_then(|attributes| attributes.get(&QueueAttributeName::QueueArn));
    arn.cloned().ok_or_else(|| "the queue does not say its ARN".to_owned())
}

/// Waits until the queue is empty, at most for `timeout`.
pub async fn drain(
    sqs: &Client,
    url: &str,
    sent: u64,
    timeout: Duration,
    progress: &Progress,
    stop: &CancellationToken,
) -> QueueReport {
    let started = Instant::now();
    let mut left = sent;
    let mut emptied: Option<(Instant, u32)> = None;
    while started.elapsed() < timeout && !stop.is_cancelled() {
        // A look that fails is no news: the numbers stay what they were.
        if let Ok(messages) = messages(sqs, url).await {
            left = messages;
            emptied = (left == 0).then(|| match emptied {
                Some((first, looks)) => (first, looks + 1),
                None => (Instant::now(), 1),
            });
        }
        progress.set(sent.saturating_sub(left), format!("{left} messages left"));
        if let Some((first, EMPTY_LOOKS..)) = emptied {
            let drain_s = Some(first.duration_since(started).as_secs_f64());
            return QueueReport { sent, drained: true, left, drain_s };
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = stop.cancelled() => {}
        }
    }
    QueueReport { sent, drained: false, left, drain_s: None }
}

/// Visible, in flight and delayed messages together.
pub async fn messages(sqs: &Client, url: &str) -> Result<u64, String> {
    let request = sqs.get_queue_attributes().queue_url(url);
    let answer = request.set_attribute_names(Some(ATTRIBUTES.to_vec())).send().await;
    let answer = answer.map_err(|error| in_words(&error))?;
    let numbers = ATTRIBUTES.iter().map(|name| {
        let text = answer.attributes()?.get(name)?;
        text.parse::<u64>().ok()
    });
    numbers.sum::<Option<u64>>().ok_or_else(|| "the queue does not say how many messages it has".to_owned())
}

/// The service's own message where there is one.
pub fn in_words<E>(error: &E) -> String
where
    E: ProvideErrorMetadata + std::error::Error,
{
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        _ => DisplayErrorContext(error).to_string(),
    }
}
