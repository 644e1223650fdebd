//! The account the experiments play in: clients, functions, and waiting.

use super::observer::{FunctionState, Observer, State};
use crate::failure::Failure;
use crate::plan::Plan;
use crate::run::{self, Finished};
use crate::target::Clients;
use aws_sdk_lambda::error::DisplayErrorContext;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{FunctionCode, Runtime, State as Lifecycle};
use std::io::{Cursor, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const ROLE: &str = "arn:aws:iam::000000000000:role/demo";
const MEMORY_MB: i32 = 128;
/// Six times the work of one request.
const TIMEOUT_S: i32 = 15;

/// How often something awaited is looked at.
pub(super) const POLL: Duration = Duration::from_millis(100);
/// Nothing here takes a minute on a machine that works; three are a hang.
const PATIENCE: Duration = Duration::from_secs(180);

/// A fresh account per experiment, at one endpoint.
#[derive(Debug)]
pub(super) struct World {
    pub(super) clients: Clients,
    pub(super) observer: Observer,
    stop: CancellationToken,
    package: Vec<u8>,
}

impl World {
    pub(super) async fn open(endpoint: &str, stop: CancellationToken) -> Result<World, Failure> {
        let this = std::env::current_exe().map_err(|e| Failure::demo("find its own executable", &e))?;
        Ok(World {
            clients: Clients::at(endpoint).await?,
            observer: Observer::new(endpoint)?,
            stop,
            package: package(&this).map_err(|e| Failure::demo("pack the function", &e))?,
        })
    }

    /// Forgets everything in the account.
    pub(super) async fn fresh(&self) -> Result<(), Failure> {
        self.observer.reset().await
    }

    /// Creates the sample function and waits until it can be invoked.
    pub(super) async fn create_function(&self, name: &str) -> Result<(), Failure> {
        let step = format!("create function {name}");
        let code = FunctionCode::builder().zip_file(Blob::new(self.package.clone())).build();
        let request = self.clients.lambda.create_function().function_name(name).role(ROLE);
        let request = request.runtime(Runtime::Providedal2023).handler("bootstrap").code(code);
        let request = request.timeout(TIMEOUT_S).memory_size(MEMORY_MB);
        request.send().await.map_err(|e| Failure::demo(&step, &DisplayErrorContext(e)))?;
        until(&step, async || {
            let request = self.clients.lambda.get_function_configuration().function_name(name);
            let function = request.send().await;
            let function = function.map_err(|e| Failure::demo(&step, &DisplayErrorContext(e)))?;
            Ok((function.state() == Some(&Lifecycle::Active)).then_some(()))
        })
        .await
    }

    /// Sets the reserved concurrency, or takes it away.
    pub(super) async fn reserve(&self, name: &str, reserved: Option<u64>) -> Result<(), Failure> {
        let step = format!("reserve concurrency for {name}");
        let lambda = &self.clients.lambda;
        match reserved {
            Some(n) => {
                let n = i32::try_from(n).map_err(|e| Failure::demo(&step, &e))?;
                let request = lambda.put_function_concurrency().function_name(name);
                let answer = request.reserved_concurrent_executions(n).send().await;
                answer.map(drop).map_err(|e| Failure::demo(&step, &DisplayErrorContext(e)))
            }
            None => {
                let answer = lambda.delete_function_concurrency().function_name(name).send().await;
                answer.map(drop).map_err(|e| Failure::demo(&step, &DisplayErrorContext(e)))
            }
        }
    }

    /// One run of load, with a bar in front of it.
    pub(super) async fn run(&self, plan: &Plan, label: &str) -> Finished {
        run::run(plan, format!("{label} "), &self.stop).await
    }

    pub(super) async fn function(&self, name: &str) -> Result<FunctionState, Failure> {
        let State { functions, .. } = self.observer.state().await?;
        let found = functions.into_iter().find(|function| function.name == name);
        found.ok_or_else(|| Failure::demo("read the emulator's state", &format!("no function {name}")))
    }

    /// Waits until nothing of a function runs: an environment is busy a moment
    /// longer than its caller waits.
    pub(super) async fn settled(&self, name: &str) -> Result<FunctionState, Failure> {
        until(&format!("see {name} come to rest"), async || {
            let function = self.function(name).await?;
            Ok((function.in_use == 0 && function.environments.busy == 0).then_some(function))
        })
        .await
    }
}

/// Looks again and again until there is something to see.
pub(super) async fn until<T>(
    step: &str,
    mut look: impl AsyncFnMut() -> Result<Option<T>, Failure>,
) -> Result<T, Failure> {
    let started = Instant::now();
    loop {
        if let Some(seen) = look().await? {
            return Ok(seen);
        }
        if started.elapsed() > PATIENCE {
            return Err(Failure::demo(step, &format!("it did not happen within {PATIENCE:?}")));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// A deployment package whose bootstrap is this program in another role.
fn package(executable: &Path) -> Result<Vec<u8>, zip::result::ZipError> {
    let options =
        SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).unix_permissions(0o755);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", options)?;
    zip.write_all(bootstrap(&executable.to_string_lossy()).as_bytes())?;
    Ok(zip.finish()?.into_inner())
}

fn bootstrap(executable: &str) -> String {
    // Inside single quotes the shell knows only the quote itself.
    format!("#!/bin/sh\nexec '{}' sandbox-fn\n", executable.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn the_shell_sees_the_path_as_it_is() {
        let check = |path: &str, line: &str| {
            assert_eq!(bootstrap(path), format!("#!/bin/sh\nexec {line} sandbox-fn\n"));
        };
        check("/opt/loadgen", "'/opt/loadgen'");
        check("/my tools/$HOME", "'/my tools/$HOME'");
        check("/it's", r"'/it'\''s'");
    }

    #[test]
    fn the_package_holds_one_executable() {
        let package = package(Path::new("/opt/loadgen")).unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(package)).unwrap();
        assert_eq!(zip.len(), 1);
        let mut file = zip.by_name("bootstrap").unwrap();
        assert_eq!(file.unix_mode().map(|mode| mode & 0o777), Some(0o755));
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, bootstrap("/opt/loadgen"));
    }
}
