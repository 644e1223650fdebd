//! Lambda's side of the Runtime API, for one function process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

/// Far above what any invocation here takes, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// How an invocation ended.
#[derive(Debug, PartialEq)]
pub(crate) enum Outcome {
    Response(Value),
    Error(Value),
    Exit { code: i32, stdout: String },
}

/// A running function process, killed when dropped.
pub(crate) struct Function {
    process: Child,
    requests: Receiver<Request>,
    invocations: u32,
}

struct Request {
    path: String,
    body: Vec<u8>,
    answer: Sender<String>,
}

impl Function {
    pub(crate) fn start(initialization_type: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("bound").to_string();
        let process = Command::new(env!("CARGO_BIN_EXE_sandbox-fn"))
            .env("AWS_LAMBDA_RUNTIME_API", address)
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", initialization_type)
            .env("AWS_LAMBDA_FUNCTION_NAME", "sample")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "stream")
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let (sender, requests) = channel();
        thread::spawn(move || accept(&listener, &sender));
        Self { process, requests, invocations: 0 }
    }

    /// Waits for `/next`, hands out the event, and waits for how it ends.
    pub(crate) fn invoke(&mut self, payload: &Value) -> Outcome {
        self.invocations += 1;
        let id = format!("request-{}", self.invocations);
        let next = self.requests.recv_timeout(PATIENCE).expect("a request for the next invocation");
        assert_eq!(next.path, "/2018-06-01/runtime/invocation/next");
        next.answer.send(event(&id, &payload.to_string())).expect("the function listens");
        let Some(end) = self.request_or_exit() else {
            return self.exit();
        };
        end.answer.send(response("202 Accepted", "", "{\"status\":\"OK\"}")).expect("the function listens");
        let body = serde_json::from_slice(&end.body).expect("JSON");
        match end.path.strip_prefix(&format!("/2018-06-01/runtime/invocation/{id}/")) {
            Some("response") => Outcome::Response(body),
            Some("error") => Outcome::Error(body),
            _ => panic!("unexpected request for {}", end.path),
        }
    }

    fn request_or_exit(&mut self) -> Option<Request> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            match self.requests.recv_timeout(Duration::from_millis(5)) {
                Ok(request) => return Some(request),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if self.process.try_wait().expect("a child").is_some() {
                return None;
            }
        }
        panic!("the invocation did not end")
    }

    fn exit(&mut self) -> Outcome {
        let mut stdout = String::new();
        let pipe = self.process.stdout.as_mut().expect("piped");
        pipe.read_to_string(&mut stdout).expect("text");
        let status = self.process.wait().expect("a child");
        Outcome::Exit { code: status.code().expect("not killed"), stdout }
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // It may have exited already, as some tests want.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A client is free to open several connections, so each has its thread.
fn accept(listener: &TcpListener, requests: &Sender<Request>) {
    for stream in listener.incoming() {
        let requests = requests.clone();
        thread::spawn(move || converse(stream.expect("a connection"), &requests));
    }
}

fn converse(mut stream: TcpStream, requests: &Sender<Request>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
    while let Some((path, body)) = read_request(&mut reader) {
        let (answer, answered) = channel();
        if requests.send(Request { path, body, answer }).is_err() {
            return;
        }
        let Ok(text) = answered.recv() else { return };
        if stream.write_all(text.as_bytes()).is_err() {
            return;
        }
    }
}

/// The next request's path and body, or nothing at the end of the stream.
fn read_request(reader: &mut impl BufRead) -> Option<(String, Vec<u8>)> {
    let mut lines = reader.by_ref().lines().map_while(Result::ok);
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers = lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>();
    let length = headers.iter().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).ok()?;
    Some((path, body))
}

fn event(id: &str, payload: &str) -> String {
    let deadline =
        SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970") + Duration::from_secs(60);
    let headers = format!(
        "Lambda-Runtime-Aws-Request-Id: {id}\r\n\
         Lambda-Runtime-Deadline-Ms: {}\r\n\
         Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:000000000000:function:sample\r\n",
        deadline.as_millis()
    );
    response("200 OK", &headers, payload)
}

fn response(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}
