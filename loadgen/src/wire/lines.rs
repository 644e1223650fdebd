//! Connections to one endpoint, kept open between requests.

use super::endpoint::Endpoint;
use super::line::{Answer, Broken, Line};
use super::stream::Connector;
use super::template::Template;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// Handshakes under way at once: more only wait in the listener's queue.
const HANDSHAKES: usize = 128;

/// A pool of lines. The one that came back last goes first, so that no more
/// stay busy than are needed.
pub struct Lines {
    connector: Connector,
    /// Never held across an await.
    idle: Mutex<Vec<Line>>,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("endpoint", self.endpoint()).finish_non_exhaustive()
    }
}

impl Lines {
    /// Fails where TLS is asked for and cannot be had.
    pub fn new(endpoint: Endpoint) -> io::Result<Lines> {
        Ok(Lines { connector: Connector::new(endpoint)?, idle: Mutex::default() })
    }

    pub fn endpoint(&self) -> &Endpoint {
        self.connector.endpoint()
    }

    /// An idle line, if there is one that is still open.
    pub async fn take(&self) -> Option<Line> {
        loop {
            let mut line = self.idle().pop()?;
            if line.is_open().await {
                return Some(line);
            }
        }
    }

    /// A new line.
    pub async fn open(&self) -> io::Result<Line> {
        Line::open(&self.connector).await
    }

    /// Gives a line back after an exchange.
    pub fn put(&self, line: Line) {
        self.idle().push(line);
    }

    /// One question that is no load: control calls, a log's page.
    pub async fn ask(&self, template: &Template) -> Result<Answer, String> {
        let mut request = template.request();
        loop {
            let (mut line, fresh) = match self.take().await {
                Some(line) => (line, false),
                None => (self.open().await.map_err(|error| error.to_string())?, true),
            };
            match line.exchange(request).await {
                Ok(answer) => {
                    self.put(line);
                    return Ok(answer);
                }
                Err(Broken::Unsent(again)) if !fresh => request = *again,
                Err(Broken::Unsent(_)) => return Err("the connection was closed".to_owned()),
                Err(Broken::Lost(problem)) => return Err(problem),
            }
        }
    }

    /// Opens lines ahead of need. What cannot be opened now is tried again, and
    /// told of, when it is needed.
    pub async fn prepare(self: &Arc<Lines>, lines: usize) {
        let tasks = TaskTracker::new();
        let turns = Arc::new(Semaphore::new(HANDSHAKES));
        for _ in 0..lines {
            let (lines, turns) = (Arc::clone(self), Arc::clone(&turns));
            tasks.spawn(async move {
                let _turn = turns.acquire().await;
                if let Ok(line) = lines.open().await {
                    lines.put(line);
                }
            });
        }
        tasks.close();
        tasks.wait().await;
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Line>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
