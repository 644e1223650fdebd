//! A server that answers as scripted, and the binary run against it.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What the server does with one request.
pub(crate) enum Answer {
    Reply {
        status: u16,
        headers: Vec<(&'static str, &'static str)>,
        body: String,
    },
    /// Takes the request and never answers.
    Hang,
    /// Takes the request and closes the connection.
    HangUp,
    /// Answers this when so many requests have arrived.
    Together(u64, Box<Answer>),
}

impl Answer {
    pub(crate) fn new(status: u16, body: impl Into<String>) -> Answer {
        Answer::Reply { status, headers: Vec::new(), body: body.into() }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: &'static str) -> Answer {
        if let Answer::Reply { headers, .. } = &mut self {
            headers.push((name, value));
        }
        self
    }
}

/// A request as the script sees it.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Counts from 0 in order of arrival.
    pub(crate) n: u64,
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) invocation_type: String,
    pub(crate) log_type: String,
    /// The operation of an AWS JSON request.
    pub(crate) operation: String,
    pub(crate) body: String,
}

type Script = dyn Fn(&Asked) -> Answer + Send + Sync;

struct Server {
    script: Box<Script>,
    arrived: AtomicU64,
    arrivals: watch::Sender<u64>,
}

/// The server, in a runtime of its own that ends with it.
pub(crate) struct Mock {
    pub(crate) endpoint: String,
    server: Arc<Server>,
    runtime: tokio::runtime::Runtime,
}

impl Mock {
    pub(crate) fn start(script: impl Fn(&Asked) -> Answer + Send + Sync + 'static) -> Mock {
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let server = Arc::new(Server {
            script: Box::new(script),
            arrived: AtomicU64::new(0),
            arrivals: watch::Sender::new(0),
        });
        runtime.spawn(accept(listener, Arc::clone(&server)));
        Mock { endpoint, server, runtime }
    }

    /// Requests that have arrived so far.
    pub(crate) fn arrived(&self) -> u64 {
        self.server.arrived.load(Ordering::SeqCst)
    }

    /// Blocks until so many requests have arrived.
    pub(crate) fn wait_for(&self, requests: u64) {
        let mut arrivals = self.server.arrivals.subscribe();
        self.runtime.block_on(arrivals.wait_for(|&n| n >= requests)).unwrap();
    }

    /// `loadgen run --target THIS` and more.
    pub(crate) fn command(&self, flags: &[&str]) -> Command {
        let mut command = loadgen(&["run", "--target", &self.endpoint]);
        command.args(flags);
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, flags: &[&str]) -> Ran {
        Ran::new(&self.command(flags).output().unwrap())
    }

    /// Runs it with `--output json`.
    pub(crate) fn report(&self, flags: &[&str]) -> (i32, Value) {
        let ran = self.run(&[flags, &["--output", "json"]].concat());
        let report = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
        (ran.code, report)
    }
}

/// How a command ended and what it said.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn new(output: &Output) -> Ran {
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }
}

/// The binary with a clean environment.
pub(crate) fn loadgen(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loadgen"));
    let aws = std::env::vars().filter(|(name, _)| name.starts_with("AWS_"));
    aws.for_each(|(name, _)| _ = command.env_remove(name));
    command.args(arguments).stdin(Stdio::null());
    command
}

async fn accept(listener: TcpListener, server: Arc<Server>) {
    while let Ok((stream, _)) = listener.accept().await {
        let server = Arc::clone(&server);
        let service = service_fn(move |request| answer(Arc::clone(&server), request));
        let connection =
            hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection);
    }
}

fn text(value: &hyper::header::HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// An error closes the connection.
async fn answer(
    server: Arc<Server>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let (parts, body) = request.into_parts();
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let body = body.collect().await.map_err(std::io::Error::other)?.to_bytes();
    let asked = Asked {
        n: server.arrived.fetch_add(1, Ordering::SeqCst),
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        headers: parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect(),
        invocation_type: header("x-amz-invocation-type").to_owned(),
        log_type: header("x-amz-log-type").to_owned(),
        operation: header("x-amz-target").rsplit('.').next().unwrap_or_default().to_owned(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    server.arrivals.send_modify(|arrivals| *arrivals += 1);
    let mut answer = (server.script)(&asked);
    if let Answer::Together(requests, then) = answer {
        let mut arrivals = server.arrivals.subscribe();
        arrivals.wait_for(|&n| n >= requests).await.map_err(std::io::Error::other)?;
        answer = *then;
    }
    match answer {
        Answer::Reply { status, headers, body } => {
            let response = Response::builder().status(status);
            let response = headers.iter().fold(response, |r, (name, value)| r.header(*name, *value));
            response.body(Full::from(body)).map_err(std::io::Error::other)
        }
        Answer::Hang | Answer::Together(..) => {
            Ok(std::future::pending::<Result<_, Infallible>>().await.unwrap())
        }
        Answer::HangUp => Err(std::io::Error::other("hung up as scripted")),
    }
}
