//! The Python clients, in a virtual environment of their own.
//!
//! The first test that needs one makes it, under `target/`, for all that
//! follow. What can't be had is a failure that names the remedy.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Pinned, so that a test means the same tomorrow.
const PACKAGES: [&str; 3] = ["awscli==1.46.3", "boto3==1.44.5", "awslambdaric==4.2.2"];

/// The virtual environment's `bin`.
pub(crate) fn bin() -> &'static Path {
    static BIN: OnceLock<PathBuf> = OnceLock::new();
    BIN.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clients");
        fs::create_dir_all(&folder).expect("target/ can be written to");
        // Test programs may run side by side: one of them makes it.
        let lock = File::create(folder.join("lock")).expect("target/ can be written to");
        lock.lock().expect("a lock on a file under target/");
        let ready = folder.join(PACKAGES.join(" "));
        if !ready.exists() {
            make(&folder);
            fs::write(&ready, "").expect("target/ can be written to");
        }
        folder.join("bin")
    })
}

fn make(folder: &Path) {
    run(Command::new("python3").args(["-m", "venv"]).arg(folder), "install python3 with its venv module");
    let pip = folder.join("bin/pip");
    let remedy =
        "the tests need the aws CLI, boto3 and awslambdaric from the Python package index; connect once";
    run(Command::new(pip).args(["install", "--quiet", "--disable-pip-version-check"]).args(PACKAGES), remedy);
}

fn run(command: &mut Command, remedy: &str) {
    let output = command.output().unwrap_or_else(|error| panic!("can't run {command:?}: {error}; {remedy}"));
    assert!(output.status.success(), "{command:?} failed; {remedy}\n{}", text(&output.stderr));
}

/// A command with everything that an AWS client needs to reach `endpoint`,
/// retries off, and nothing of the developer's own settings.
pub(crate) fn client(program: &str, endpoint: &str) -> Command {
    let mut command = Command::new(bin().join(program));
    command
        .env("AWS_ENDPOINT_URL", endpoint)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .env("AWS_MAX_ATTEMPTS", "1")
        .env("AWS_PAGER", "")
        .env("AWS_CONFIG_FILE", "/dev/null")
        .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command
}

/// Runs `aws ARGUMENTS`.
pub(crate) fn aws(endpoint: &str, arguments: &[&str]) -> Output {
    client("aws", endpoint).args(arguments).output().expect("the aws CLI is installed")
}

/// Runs `aws ARGUMENTS`, which must succeed, and gives its stdout.
pub(crate) fn aws_ok(endpoint: &str, arguments: &[&str]) -> String {
    let output = aws(endpoint, arguments);
    assert!(output.status.success(), "aws {arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
