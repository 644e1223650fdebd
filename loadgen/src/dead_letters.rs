//! Dead-letter queues: how many messages have ended there.

use crate::expect::Expectation;
use crate::queue;
use crate::report::Report;
use crate::target::Clients;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often the queue is looked at.
const POLL: Duration = Duration::from_millis(200);

/// A queue to look into when all has been sent.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetters {
    /// Its name, or its URL.
    pub queue: String,
    /// What is expected of the number. A function's retries take minutes, so
    /// that it is waited for.
    pub awaited: Vec<Expectation>,
}

impl DeadLetters {
    /// Counts until the number is as expected, at most for `timeout`. The error
    /// says why it could not be counted.
    pub async fn count(
        &self,
        report: &mut Report,
        clients: &Clients,
        timeout: Duration,
        stop: &CancellationToken,
    ) -> Result<(), String> {
        let started = Instant::now();
        let url = queue::url(&clients.sqs, &self.queue).await.map_err(|failure| failure.to_string())?;
        loop {
            report.dead_lettered = Some(queue::messages(&clients.sqs, &url).await?);
            let holds = self.awaited.iter().all(|expectation| expectation.judge(report).ok);
            if holds || stop.is_cancelled() || started.elapsed() >= timeout {
                return Ok(());
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                () = stop.cancelled() => {}
            }
        }
    }
}
