//! Brings telemetry to a subscriber: gathers events, and sends them over HTTP
//! or TCP.

use std::io;
use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, sleep, timeout, timeout_at};

/// A subscriber that does not answer in this time did not get it.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often a batch is sent before it is given up.
const TRIES: u32 = 3;

/// When a batch is closed: by the first of these that is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Buffering {
    pub(super) max_items: usize,
    pub(super) max_bytes: usize,
    pub(super) timeout: Duration,
}

/// Where a subscriber listens, on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Destination {
    Http { port: u16, path: String },
    Tcp { port: u16 },
}

/// Delivers until there is nobody who tells.
pub(super) async fn deliver(mut events: Receiver<String>, buffering: Buffering, destination: Destination) {
    let mut connection = None;
    while let Some(batch) = gather(&mut events, buffering).await {
        let mut tries = 1;
        while let Err(error) = send(&batch, &destination, &mut connection).await {
            connection = None;
            tracing::debug!(%error, "a telemetry subscriber did not take its events");
            if tries == TRIES {
                break;
            }
            tries += 1;
            sleep(buffering.timeout).await;
        }
    }
}

/// Waits for a first event, then for more; `None` when no more come.
async fn gather(events: &mut Receiver<String>, buffering: Buffering) -> Option<Vec<String>> {
    let mut batch = vec![events.recv().await?];
    let mut bytes = batch[0].len();
    let close = Instant::now() + buffering.timeout;
    while batch.len() < buffering.max_items && bytes < buffering.max_bytes {
        let Ok(Some(event)) = timeout_at(close, events.recv()).await else { break };
        bytes += event.len();
        batch.push(event);
    }
    Some(batch)
}

async fn send(
    batch: &[String],
    destination: &Destination,
    connection: &mut Option<TcpStream>,
) -> io::Result<()> {
    let sent = async {
        match destination {
            Destination::Http { port, path } => post(*port, path, &format!("[{}]", batch.join(","))).await,
            Destination::Tcp { port } => {
                let stream = match connection {
                    Some(stream) => stream,
                    None => connection.insert(connect(*port).await?),
                };
                stream.write_all(format!("{}\n", batch.join("\n")).as_bytes()).await
            }
        }
    };
    timeout(PATIENCE, sent).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

async fn connect(port: u16) -> io::Result<TcpStream> {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await
}

/// One request on a connection of its own.
async fn post(port: u16, path: &str, body: &str) -> io::Result<()> {
    let mut stream = connect(port).await?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: sandbox.localdomain:{port}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut status = String::new();
    BufReader::new(stream).read_line(&mut status).await?;
    match status.split(' ').nth(1) {
        Some(code) if code.starts_with('2') => Ok(()),
        Some(_) | None => Err(io::Error::other(format!("it answered {:?}", status.trim_end()))),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;
    use tokio::sync::mpsc::channel;

    use super::*;

    fn buffering(max_items: usize) -> Buffering {
        Buffering { max_items, max_bytes: 1_000, timeout: Duration::from_millis(25) }
    }

    #[tokio::test]
    async fn a_batch_closes_by_count_by_size_and_by_time() {
        let (sender, mut events) = channel(10);
        for event in ["1", "2", "3"] {
            sender.send(event.to_owned()).await.expect("there is room");
        }
        assert_eq!(gather(&mut events, buffering(2)).await, Some(vec!["1".to_owned(), "2".to_owned()]));
        assert_eq!(gather(&mut events, buffering(2)).await, Some(vec!["3".to_owned()]));
        for _ in 0..2 {
            sender.send("x".repeat(1_000)).await.expect("there is room");
        }
        assert_eq!(gather(&mut events, buffering(10)).await.map(|batch| batch.len()), Some(1));
        drop(sender);
        assert_eq!(gather(&mut events, buffering(10)).await.map(|batch| batch.len()), Some(1));
        assert_eq!(gather(&mut events, buffering(10)).await, None);
    }

    async fn receive(destination: fn(u16) -> Destination, answer: &[u8], length: usize) -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let port = listener.local_addr().expect("it has one").port();
        let (sender, events) = channel(10);
        for event in ["{\"a\":1}", "{\"b\":2}"] {
            sender.send(event.to_owned()).await.expect("there is room");
        }
        drop(sender);
        let delivery = tokio::spawn(deliver(events, buffering(10), destination(port)));
        let (mut stream, _) = listener.accept().await.expect("it connects");
        let mut received = Vec::new();
        while !received.ends_with(b"]") && received.len() < length {
            assert_ne!(stream.read_buf(&mut received).await.expect("it sends"), 0, "it ended early");
        }
        stream.write_all(answer).await.expect("it listens");
        delivery.await.expect("it ends");
        String::from_utf8(received).expect("text")
    }

    #[tokio::test]
    async fn events_go_out_over_http_and_tcp() {
        let http = |port| Destination::Http { port, path: "/logs?x=1".to_owned() };
        let request = receive(http, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", usize::MAX).await;
        assert!(request.starts_with("POST /logs?x=1 HTTP/1.1\r\n"), "{request}");
        assert!(request.ends_with("\r\n\r\n[{\"a\":1},{\"b\":2}]"), "{request}");
        let lines = receive(|port| Destination::Tcp { port }, b"", 16).await;
        assert_eq!(lines, "{\"a\":1}\n{\"b\":2}\n");
    }
}
