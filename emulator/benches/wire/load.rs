//! The load: a closed loop over open connections, bounded in number.

use std::io::{Cursor, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::Method;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::crew::Crew;
use super::shot::Shot;

const ROLE: &str = "arn:aws:iam::000000000000:role/bench";

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
        let mut crew = Crew::new(self.address, connections);
        let shot = shot.clone();
        let begin = Instant::now();
        let mut latencies = crew.share(requests, async move |connection, number| {
            let begin = Instant::now();
            shot.fire(connection, number).await;
            begin.elapsed()
        });
        let took = begin.elapsed();
        latencies.sort_unstable();
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let per_second = latencies.len() as f64 / took.as_secs_f64();
        Measured { per_second, p50: latencies[latencies.len() / 2] }
    }

    /// Makes what invocations need: a function of each kind.
    pub(crate) fn prepare(self) {
        let this = std::env::current_exe().expect("this program");
        let script = format!("#!/bin/sh\nexec '{}' sandbox-fn\n", this.display());
        let simulated = r#"{"Variables":{"EMULATOR_INIT_MS":"0","EMULATOR_DURATION_MS":"0"}}"#;
        self.create("handler", "emulator.handler", simulated, &script);
        self.create("refused", "emulator.handler", simulated, &script);
        self.create("sandbox", "bootstrap", "{}", &script);
        let reserved = r#"{"ReservedConcurrentExecutions":0}"#;
        let path = "/2017-10-31/functions/refused/concurrency";
        self.run(&Shot::new(Method::PUT, path, reserved, 200), 1, 1);
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
        self.run(&Shot::new(Method::POST, "/2015-03-31/functions", body, 201), 1, 1);
    }
}
