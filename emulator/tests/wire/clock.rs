//! Moving the clock while real code runs, which takes real time.

use std::io::{Read, Write};
use std::net::TcpStream;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::aws_cli::{create_python, wait_until};
use crate::clients::aws_ok;
use crate::process::invoke;
use crate::program::Program;

/// It works for as long as the event says, and tells how long it may.
const SLEEPS: &str = "
import time

def handler(event, context):
    left = context.get_remaining_time_in_millis()
    time.sleep(event.get('seconds', 0))
    return {'left_ms': left}
";

/// An emulator with the function `sleeps`, whose timeout is so many seconds.
struct World {
    emulator: Program,
    folder: TempDir,
}

impl World {
    fn new(flags: &[&str], timeout: &str) -> Self {
        let world = Self { emulator: Program::start(flags), folder: TempDir::new().expect("a folder") };
        let endpoint = world.emulator.endpoint();
        create_python(endpoint, world.folder.path(), "sleeps", SLEEPS, &["--timeout", timeout]);
        world
    }

    /// Begins a request, and gives the connection that its answer comes on.
    fn begin(&self, line: &str, headers: &str, body: &str) -> TcpStream {
        let address = self.emulator.endpoint().trim_start_matches("http://");
        let mut stream = TcpStream::connect(address).expect("it listens");
        let head = format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        stream.write_all(format!("{head}{body}").as_bytes()).expect("it reads");
        stream
    }

    fn clock(&self, line: &str, body: &Value) -> Value {
        let mut answer = String::new();
        let mut stream = self.begin(line, "", &body.to_string());
        stream.read_to_string(&mut answer).expect("it answers");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        serde_json::from_str(body).expect("a JSON body")
    }

    fn shown(&self) -> Value {
        self.clock("GET /_emulator/clock", &json!({}))
    }

    fn event(&self, payload: &str) {
        let path = "POST /2015-03-31/functions/sleeps/invocations";
        self.ask(path, "X-Amz-Invocation-Type: Event\r\n", payload);
    }

    fn sqs(&self, action: &str, body: &Value) {
        let headers =
            format!("X-Amz-Target: AmazonSQS.{action}\r\nContent-Type: application/x-amz-json-1.0\r\n");
        self.ask("POST /", &headers, &body.to_string());
    }

    fn ask(&self, line: &str, headers: &str, body: &str) {
        let mut answer = String::new();
        self.begin(line, headers, body).read_to_string(&mut answer).expect("it answers");
        assert!(answer.starts_with("HTTP/1.1 20"), "{answer}");
    }

    /// Lines of the function's log that begin so.
    fn logged(&self, begin: &str) -> usize {
        let log = ["logs", "filter-log-events", "--log-group-name", "/aws/lambda/sleeps"];
        let log = aws_ok(self.emulator.endpoint(), &[&log[..], &["--query", "events[].message"]].concat());
        log.matches(begin).count()
    }
}

fn left_ms(answer: &str) -> u64 {
    let answer: Value = serde_json::from_str(answer).expect("it did not fail");
    answer["left_ms"].as_u64().expect("a number")
}

#[test]
fn a_clock_that_stands_waits_for_real_code() {
    // Its timeout would be over: but no time passes.
    let world = World::new(&["--clock", "paused"], "1");
    let before = world.shown();
    world.event(r#"{"seconds": 1.5}"#);
    let soon = json!({ "seconds": 3600, "wait_seconds": 0.01 });
    let impatient = world.clock("POST /_emulator/clock/advance", &soon);
    assert_eq!((&impatient["settled"], &impatient["now"]), (&json!(false), &before["now"]));
    assert_eq!((&impatient["in_flight"], &impatient["real_code"]["running"]), (&json!(1), &json!(1)));
    let settled = world.clock("POST /_emulator/clock/advance", &json!({ "seconds": 0 }));
    assert_eq!((&settled["settled"], &settled["now"]), (&json!(true), &before["now"]));
    assert_eq!(settled["in_flight"], 0);
    assert_eq!(settled["real_code"]["invocations_in_another_gear"], 1);
    assert_eq!((world.logged("REPORT"), world.logged("Status: timeout")), (1, 0));

    let answer = invoke(world.emulator.endpoint(), world.folder.path(), "sleeps");
    let left = left_ms(&answer);
    assert!((500..=1_000).contains(&left), "as in real time: {answer}");
    // What is next is housekeeping: the environment goes.
    let stepped = world.clock("POST /_emulator/clock/step", &json!({}));
    assert_eq!((&stepped["settled"], &stepped["gear"]), (&json!(true), &json!("paused")));
    assert_ne!(stepped["now"], before["now"]);
}

#[test]
fn real_code_has_a_part_of_its_timeout_on_a_fast_clock() {
    let world = World::new(&["--speed", "4"], "5");
    let answer = invoke(world.emulator.endpoint(), world.folder.path(), "sleeps");
    assert!(left_ms(&answer) <= 1_250, "{answer}");
    world.event(r#"{"seconds": 30}"#);
    wait_until("its timeout", || world.logged("Status: timeout") > 0);
    assert_eq!(world.shown()["real_code"]["invocations_in_another_gear"], 2);
}

#[test]
fn a_clock_that_skips_does_not_while_real_code_runs() {
    let world = World::new(&["--clock", "skip-idle"], "60");
    world.sqs("CreateQueue", &json!({ "QueueName": "q" }));
    world.event(r#"{"seconds": 1}"#);
    let url = format!("{}/000000000000/q", world.emulator.endpoint());
    world.sqs("SendMessage", &json!({ "QueueUrl": url, "MessageBody": "later", "DelaySeconds": 600 }));
    let visible = || world.clock("GET /_emulator/state", &json!({}))["queues"][0]["visible"] == 1;
    wait_until("the end of its delay", visible);
    assert_eq!((world.logged("REPORT"), world.logged("Status: timeout")), (1, 0));
    assert_eq!(world.shown()["real_code"]["invocations_in_another_gear"], 0);
}
