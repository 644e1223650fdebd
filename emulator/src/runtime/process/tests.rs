//! Environments with external extensions, as real processes: what extensions
//! are told is what they write down, and what their failures do to functions.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tempfile::TempDir;
use tokio::runtime::Handle;

use super::ProcessRuntime;
use super::environment::Environment;
use super::shutdown::{self, Reason};
use super::spawner::{Job, Spawner};
use crate::config::Identity;
use crate::credentials::Credentials;
use crate::driver::{Clock, Driver};
use crate::engine::{
    Code, Dispatch, EnvironmentId, FunctionSpec, FunctionVersion, HandlerModel, InitializationType, Invoke,
    Package, Payload, Qualifier, Quotas, RequestId, Start, Timestamp, Trace, Uuid, Version,
};
use crate::gear::ClockSettings;
use crate::observe::LogStore;
use crate::runtime::Packages;

/// It notes each event in a file of its name.
const EXTENSION: &str = r#"#!/usr/bin/env python3
import http.client, json, os, sys

NAME = os.path.basename(sys.argv[0])
API = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

def call(method, path, headers, body=None):
    API.request(method, "/2020-01-01/extension/" + path, body, headers)
    answer = API.getresponse()
    return answer, json.loads(answer.read())

def note(text):
    with open(os.path.join(os.environ["TMPDIR"], NAME), "a") as file:
        file.write(text + "\n")

events = ["INVOKE", "SHUTDOWN"] if NAME == "both" else ["SHUTDOWN"]
answer, about = call("POST", "register", {"Lambda-Extension-Name": NAME}, json.dumps({"events": events}))
note("registered for %s, handler %s" % (about["functionName"], about["handler"]))
note("sees a handler: %s" % ("_HANDLER" in os.environ))
ID = {"Lambda-Extension-Identifier": answer.headers["Lambda-Extension-Identifier"]}
while True:
    _, event = call("GET", "event/next", ID)
    note(event["eventType"] + " " + event.get("shutdownReason", event.get("requestId", "")))
    if event["eventType"] == "SHUTDOWN":
        break
"#;

/// It answers and notes the events, and the end that it is asked to come to.
const BOOTSTRAP: &str = r#"#!/usr/bin/env python3
import http.client, os, signal, sys

def note(text):
    with open(os.path.join(os.environ["TMPDIR"], "runtime"), "a") as file:
        file.write(text + "\n")

def terminate(*_):
    note("terminated")
    sys.exit(0)

signal.signal(signal.SIGTERM, terminate)
note("started after both: %s" % os.path.exists(os.path.join(os.environ["TMPDIR"], "both")))
API = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    API.request("GET", "/2018-06-01/runtime/invocation/next")
    answer = API.getresponse()
    answer.read()
    note("event")
    if "HANGS" in os.environ:
        signal.pause()
    path = "/2018-06-01/runtime/invocation/%s/response" % answer.headers["Lambda-Runtime-Aws-Request-Id"]
    API.request("POST", path, b"1")
    API.getresponse().read()
"#;

/// It fails as it is told to.
const FAILING: &str = r#"#!/usr/bin/env python3
import http.client, json, os, sys

HOW = os.environ["HOW"]
API = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])

def call(method, path, headers, body=None):
    API.request(method, "/2020-01-01/extension/" + path, body, headers)
    answer = API.getresponse()
    answer.read()
    return answer

if HOW == "exits before it registers":
    sys.exit(3)
body = json.dumps({"events": ["INVOKE"]})
answer = call("POST", "register", {"Lambda-Extension-Name": os.path.basename(sys.argv[0])}, body)
ID = {"Lambda-Extension-Identifier": answer.headers["Lambda-Extension-Identifier"]}
if HOW == "reports an error of Init":
    call("POST", "init/error", {**ID, "Lambda-Extension-Function-Error-Type": "Mine.Broken"})
call("GET", "event/next", ID)
if HOW == "exits in an invocation":
    sys.exit(3)
call("GET", "event/next", ID)
"#;

/// It rests when it has heard that the runtime is done, and not before.
const LISTENING: &str = r#"#!/usr/bin/env python3
import http.client, http.server, json, os, sys

API = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
DONE = []

class Telemetry(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        events = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        DONE.extend(event for event in events if event["type"] == "platform.runtimeDone")
        self.send_response(200)
        self.end_headers()

def call(method, path, headers, body=None):
    API.request(method, path, body, headers)
    answer = API.getresponse()
    return answer, answer.read()

server = http.server.HTTPServer(("127.0.0.1", 0), Telemetry)
body = json.dumps({"events": ["INVOKE"]})
name = {"Lambda-Extension-Name": os.path.basename(sys.argv[0])}
answer, _ = call("POST", "/2020-01-01/extension/register", name, body)
ID = {"Lambda-Extension-Identifier": answer.headers["Lambda-Extension-Identifier"]}
uri = "http://sandbox.localdomain:%d/" % server.server_port
body = {"schemaVersion": "2022-12-13", "types": ["platform"], "buffering": {"timeoutMs": 25}}
body["destination"] = {"protocol": "HTTP", "URI": uri}
call("PUT", "/2022-07-01/telemetry", ID, json.dumps(body))
while True:
    call("GET", "/2020-01-01/extension/event/next", ID)
    while not DONE:
        server.handle_request()
    DONE.clear()
"#;

struct World {
    layer: TempDir,
    packages: Arc<Packages>,
    jobs: Sender<Job>,
    environment: Arc<Environment>,
}

fn write_program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("it has one")).expect("a folder");
    fs::write(path, text).expect("a file");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a mode");
}

fn function(root: &Path, variables: &[(&str, &str)]) -> FunctionVersion {
    let mut spec = FunctionSpec::simulated(HandlerModel::default());
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    spec.variables = variables.collect();
    spec.handler = "h".to_owned();
    spec.code =
        Code::Package(Package { sha256: String::new(), size: 0, unzipped_size: 0, root: root.into() });
    let (last_modified, revision_id) = (Timestamp::default(), Uuid::from_random(1));
    FunctionVersion { name: "f".into(), version: Version::Latest, spec, last_modified, revision_id }
}

impl World {
    /// An environment whose layer has extensions of these names.
    fn start(extensions: &[&str], variables: &[(&str, &str)]) -> Self {
        let world = Self::new(extensions, variables);
        let job = Job::Start(world.environment.generation());
        world.jobs.send(job).expect("the thread lives");
        world
    }

    /// The same, before anybody is told to start it.
    fn new(extensions: &[&str], variables: &[(&str, &str)]) -> Self {
        let layer = TempDir::new().expect("a temporary folder");
        let programs = layer.path().join("programs");
        write_program(&programs.join("bootstrap"), BOOTSTRAP);
        for name in extensions {
            write_program(&layer.path().join("extensions").join(name), EXTENSION);
        }
        let packages = Arc::new(Packages::new().expect("a temporary folder"));
        let (jobs, _thread) = Spawner::start(Arc::clone(&packages), Handle::current()).expect("a thread");
        let start = Start {
            environment: EnvironmentId(1),
            function: Arc::new(function(&programs, variables)),
            log_stream: Uuid::from_random(2),
            at: Timestamp::default(),
            initialization: InitializationType::OnDemand,
        };
        let identity = Arc::new(Identity {
            region: "us-east-1".to_owned(),
            account_id: "000000000000".to_owned(),
            endpoint: None,
            role: Credentials::test(),
        });
        let layers = vec![layer.path().to_owned()];
        let environment =
            Environment::new(start, Weak::new(), identity, packages.folder(), layers, jobs.clone());
        let environment = Arc::new(environment);
        Self { layer, packages, jobs, environment }
    }

    fn invoke(&self, number: u128) -> RequestId {
        let request_id = RequestId(Uuid::from_random(number));
        self.environment.deliver(Dispatch {
            environment: EnvironmentId(1),
            request_id,
            payload: Payload::Json(Bytes::from_static(b"{}")),
            deadline: Timestamp::default() + Duration::from_secs(3),
            reports_item_failures: false,
            qualifier: Qualifier::Latest,
            client_context: None,
            trace: Trace::default(),
            streams: false,
        });
        request_id
    }

    fn notes(&self, name: &str) -> Vec<String> {
        let path: PathBuf = self.environment.sandbox.tmp().join(name);
        fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    async fn until_at_rest(&self) {
        self.until(|| !self.environment.generation().is_busy()).await;
    }

    async fn until(&self, done: impl Fn() -> bool) {
        let begin = Instant::now();
        while !done() {
            assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", self.environment);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.environment.stop();
        self.jobs.send(Job::End).expect("the thread lives");
        assert!(self.layer.path().exists() && self.packages.folder().exists());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn extensions_live_through_an_environments_life() {
    let world = World::start(&["both", "quiet"], &[]);
    world.until_at_rest().await;
    let first = world.invoke(1);
    world.until_at_rest().await;
    let second = world.invoke(2);
    world.until_at_rest().await;
    let generation = world.environment.generation();
    let reason = generation.begin_end().expect("extensions want to know");
    assert_eq!(reason, Reason::SpinDown);
    shutdown::end(&generation, reason).await;

    let head = ["registered for f, handler h".to_owned(), "sees a handler: False".to_owned()];
    let end = ["SHUTDOWN SPINDOWN".to_owned()];
    let invokes = [first, second].map(|id| format!("INVOKE {id}"));
    assert_eq!(world.notes("both"), [&head[..], &invokes[..], &end[..]].concat());
    assert_eq!(world.notes("quiet"), [&head[..], &end[..]].concat());
    assert_eq!(world.notes("runtime"), ["started after both: True", "event", "event", "terminated"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_extensions_nobody_is_told_of_the_end() {
    let world = World::start(&[], &[]);
    world.until_at_rest().await;
    world.invoke(1);
    world.until_at_rest().await;
    let generation = world.environment.generation();
    assert_eq!(generation.begin_end(), None);
    world.environment.stop();
    generation.processes.ended(|_| true).await;
    assert_eq!(world.notes("runtime"), ["started after both: False", "event"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn extensions_are_told_of_a_timeout() {
    let world = World::start(&["both"], &[("HANGS", "1")]);
    world.until_at_rest().await;
    let id = world.invoke(1);
    world.until(|| world.notes("runtime").len() == 2 && world.notes("both").len() == 3).await;
    let generation = world.environment.generation();
    let reason = generation.begin_end().expect("extensions want to know");
    shutdown::end(&generation, reason).await;
    assert_eq!(world.notes("both")[2..], [format!("INVOKE {id}"), "SHUTDOWN TIMEOUT".to_owned()]);
    assert_eq!(world.notes("runtime").len(), 2, "it was killed, not asked");
}

/// The thread may be so far behind that an environment's time is over, and it
/// is to start again, before anything was started in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_before_it_starts_is_not_started() {
    let world = World::new(&[], &[]);
    let first = world.environment.generation();
    let again = [1, 2].map(|incarnation| Job::Restart(world.environment.renew(incarnation)));
    world.jobs.send(Job::Start(first)).expect("the thread lives");
    for job in again {
        world.jobs.send(job).expect("the thread lives");
    }
    world.until_at_rest().await;
    world.invoke(1);
    world.until_at_rest().await;
    assert_eq!(world.notes("runtime"), ["started after both: False", "event"]);
    // What the processes before had begun to ask for is not heard as its word.
    let port = world.environment.generation().api();
    world.jobs.send(Job::Restart(world.environment.renew(3))).expect("the thread lives");
    let has_its_own_port = || world.environment.generation().api().is_some_and(|api| Some(api) != port);
    world
        .until(|| has_its_own_port() && !world.environment.generation().processes.leaders().is_empty())
        .await;
    assert_eq!(world.environment.generation().processes.leaders().len(), 1);
}

/// A whole emulator without its API, whose first environment has the failing
/// extension. It gives the outcome of the first invocation.
async fn invoke_with_failing_extension(how: &str) -> String {
    // A runtime that answers might be faster than the extension.
    let hangs = [("HOW", how), ("HANGS", "1")];
    let variables = if how == "exits in an invocation" { &hangs[..] } else { &hangs[..1] };
    invoke_with_extension(FAILING, variables, false).await
}

/// The same with an extension of that text, for a caller who may want the log.
async fn invoke_with_extension(text: &str, variables: &[(&str, &str)], wants_log: bool) -> String {
    let packages = Arc::new(Packages::new().expect("a temporary folder"));
    let programs = packages.folder().join("programs");
    write_program(&programs.join("bootstrap"), BOOTSTRAP);
    write_program(&packages.folder().join("environments/1/opt/extensions/own"), text);
    let identity = Arc::new(Identity {
        region: "us-east-1".to_owned(),
        account_id: "000000000000".to_owned(),
        endpoint: None,
        role: Credentials::test(),
    });
    let processes = ProcessRuntime::new(Arc::clone(&identity), Arc::clone(&packages), Handle::current())
        .expect("a thread");
    let logs = LogStore::new("us-east-1");
    let driver =
        Driver::new(Quotas::default(), 1, Clock::new(ClockSettings::default()), processes, logs, identity);
    let spec = function(&programs, variables).spec;
    driver.step(|engine, now| engine.create_function(now, "f".into(), spec)).expect("a free name");
    let invoke = Invoke { wants_log, ..Invoke::new("f", Bytes::from_static(b"{}")) };
    let clock = tokio::spawn(Arc::clone(&driver).run());
    let (_, answer) = driver.invoke(invoke).await;
    clock.abort();
    format!("{:?}", answer.expect("there is room").outcome)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_extension_fails_the_function() {
    for (how, expected) in [
        ("exits before it registers", "ExtensionCrashed"),
        ("reports an error of Init", "Mine.Broken"),
        ("exits in an invocation", "ExtensionCrashed"),
        ("not at all", "Success(b\"1\")"),
    ] {
        let outcome = invoke_with_failing_extension(how).await;
        assert!(outcome.contains(expected), "{how}: {outcome}");
    }
}

/// Extensions that gather telemetry do so: on AWS word of the runtime comes
/// before the invocation's end, which waits for the extensions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_extension_hears_of_the_runtime_before_the_invocation_ends() {
    let outcome = invoke_with_extension(LISTENING, &[], true).await;
    assert!(outcome.contains("Success"), "{outcome}");
}
