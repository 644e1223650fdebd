//! The load: a closed loop over open connections, bounded in number.

use std::io::{Cursor, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::LocalSet;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const ROLE: &str = "arn:aws:iam::000000000000:role/bench";

/// One request, many times.
#[derive(Debug, Clone)]
pub(crate) struct Shot {
    method: Method,
    path: String,
    target: Option<&'static str>,
    body: Bytes,
    /// What every answer must have; none where the server answers a constant.
    status: Option<u16>,
}

impl Shot {
    pub(crate) fn health() -> Self {
        Self {
            method: Method::GET,
            path: "/_emulator/health".into(),
            target: None,
            body: Bytes::new(),
            status: Some(200),
        }
    }

    pub(crate) fn send_message() -> Self {
        let body = format!(
            r#"{{"QueueUrl":"http://127.0.0.1/000000000000/bench","MessageBody":"{}"}}"#,
            "x".repeat(100)
        );
        Self {
            method: Method::POST,
            path: "/".into(),
            target: Some("AmazonSQS.SendMessage"),
            body: body.into(),
            status: Some(200),
        }
    }

    pub(crate) fn invoke(function: &str) -> Self {
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let status = if function == "refused" { 429 } else { 200 };
        let body = Bytes::from_static(br#"{"sleep_ms":0}"#);
        Self { method: Method::POST, path, target: None, body, status: Some(status) }
    }

    /// The same request for a server that knows no AWS.
    pub(crate) fn anywhere(&self) -> Self {
        Self { status: None, ..self.clone() }
    }

    fn request(&self) -> Request<Full<Bytes>> {
        let mut request =
            Request::builder().method(self.method.clone()).uri(&self.path).header("host", "localhost");
        if let Some(target) = self.target {
            request =
                request.header("x-amz-target", target).header("content-type", "application/x-amz-json-1.0");
        }
        request.body(Full::new(self.body.clone())).expect("a request")
    }
}

/// What a round gave.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    pub(crate) per_second: f64,
    pub(crate) p50: Duration,
}

/// Sends load to one address.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    address: SocketAddr,
}

impl Load {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { address }
    }

    pub(crate) fn run(self, shot: &Shot, connections: usize, requests: usize) -> Measured {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        LocalSet::new().block_on(&runtime, self.round(shot.clone(), connections, requests))
    }

    async fn round(self, shot: Shot, connections: usize, requests: usize) -> Measured {
        let mut open = Vec::new();
        for _ in 0..connections {
            open.push(self.connect().await);
        }
        let left = Arc::new(AtomicUsize::new(requests));
        let begin = Instant::now();
        let users: Vec<_> = open
            .into_iter()
            .map(|connection| tokio::task::spawn_local(user(connection, shot.clone(), Arc::clone(&left))))
            .collect();
        let mut latencies = Vec::with_capacity(requests);
        for user in users {
            latencies.extend(user.await.expect("a user ends well"));
        }
        let took = begin.elapsed();
        latencies.sort_unstable();
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let per_second = latencies.len() as f64 / took.as_secs_f64();
        Measured { per_second, p50: latencies[latencies.len() / 2] }
    }

    async fn connect(self) -> SendRequest<Full<Bytes>> {
        let stream = TcpStream::connect(self.address).await.expect("the server listens");
        stream.set_nodelay(true).expect("TCP_NODELAY");
        let (sender, connection) = handshake(TokioIo::new(stream)).await.expect("HTTP");
        tokio::task::spawn_local(async move { drop(connection.await) });
        sender
    }

    /// Makes what the shots need: a queue, a function of each kind.
    pub(crate) fn prepare(self) {
        self.call(Method::POST, "/", Some("AmazonSQS.CreateQueue"), r#"{"QueueName":"bench"}"#);
        let this = std::env::current_exe().expect("this program");
        let script = format!("#!/bin/sh\nexec '{}' sandbox-fn\n", this.display());
        let simulated = r#"{"Variables":{"EMULATOR_INIT_MS":"0","EMULATOR_DURATION_MS":"0"}}"#;
        self.create("handler", "emulator.handler", simulated, &script);
        self.create("refused", "emulator.handler", simulated, &script);
        self.create("sandbox", "bootstrap", "{}", &script);
        let reserved = r#"{"ReservedConcurrentExecutions":0}"#;
        self.call(Method::PUT, "/2017-10-31/functions/refused/concurrency", None, reserved);
    }

    fn create(self, name: &str, handler: &str, environment: &str, script: &str) {
        self.create_with(name, "provided.al2023", handler, environment, "bootstrap", script);
    }

    /// Makes a function whose package is one file.
    pub(crate) fn create_with(
        self,
        name: &str,
        runtime: &str,
        handler: &str,
        environment: &str,
        file: &str,
        content: &str,
    ) {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file(file, SimpleFileOptions::default().unix_permissions(0o755)).expect("a zip");
        zip.write_all(content.as_bytes()).expect("a zip");
        let zip = BASE64_STANDARD.encode(zip.finish().expect("a zip").into_inner());
        let body = format!(
            r#"{{"FunctionName":"{name}","Runtime":"{runtime}","Handler":"{handler}","Role":"{ROLE}",
                "Timeout":30,"Environment":{environment},"Code":{{"ZipFile":"{zip}"}}}}"#
        );
        self.call(Method::POST, "/2015-03-31/functions", None, &body);
    }

    fn call(self, method: Method, path: &str, target: Option<&'static str>, body: &str) {
        let shot = Shot {
            method,
            path: path.into(),
            target,
            body: Bytes::copy_from_slice(body.as_bytes()),
            status: None,
        };
        self.run(&shot, 1, 1);
    }
}

async fn user(mut connection: SendRequest<Full<Bytes>>, shot: Shot, left: Arc<AtomicUsize>) -> Vec<Duration> {
    let mut latencies = Vec::new();
    while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
        let begin = Instant::now();
        connection.ready().await.expect("the connection stays open");
        let response = connection.send_request(shot.request()).await.expect("an answer");
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.expect("a body").to_bytes();
        latencies.push(begin.elapsed());
        if let Some(expected) = shot.status {
            assert_eq!(status, expected, "{}", String::from_utf8_lossy(&body));
        }
    }
    latencies
}
