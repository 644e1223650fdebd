//! The clients: Python's in virtual environments of their own.
//!
//! The first test that needs one makes it, under `target/`, for all that
//! follow. What can't be had is a failure that names the remedy.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

/// Pinned, so that a test means the same tomorrow.
const PACKAGES: [&str; 3] = ["awscli==1.46.3", "boto3==1.44.5", "awslambdaric==4.2.2"];

/// The `bin` of the clients' virtual environment.
pub(crate) fn bin() -> &'static Path {
    static BIN: OnceLock<PathBuf> = OnceLock::new();
    BIN.get_or_init(|| environment("clients", &PACKAGES))
}

/// The `bin` of a virtual environment with these packages.
pub(crate) fn environment(name: &str, packages: &[&str]) -> PathBuf {
    let folder = installed(name, packages, |folder| {
        let remedy = "install python3 with its venv module";
        run(Command::new("python3").args(["-m", "venv"]).arg(folder), remedy);
        let mut pip = Command::new(folder.join("bin/pip"));
        pip.args(["install", "--quiet", "--disable-pip-version-check"]).args(packages);
        let wanted = packages.join(", ");
        run(&mut pip, &format!("the tests need {wanted} from the Python package index; connect once"));
    });
    folder.join("bin")
}

/// A folder under `target/` that `install` has filled with these packages, now
/// or for an earlier test.
pub(crate) fn installed(name: &str, packages: &[&str], install: impl FnOnce(&Path)) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).expect("target/ can be written to");
    // Test programs may run side by side: one of them makes it.
    let lock = File::create(folder.join("lock")).expect("target/ can be written to");
    lock.lock().expect("a lock on a file under target/");
    let ready = folder.join(packages.join(" ").replace('/', "_"));
    if !ready.exists() {
        install(&folder);
        fs::write(&ready, "").expect("target/ can be written to");
    }
    folder
}

pub(crate) fn run(command: &mut Command, remedy: &str) {
    let output = command.output().unwrap_or_else(|error| panic!("can't run {command:?}: {error}; {remedy}"));
    assert!(output.status.success(), "{command:?} failed; {remedy}\n{}", text(&output.stderr));
}

/// One of the clients' programs, as [`reaching`] has it.
pub(crate) fn client(program: &str, endpoint: &str) -> Command {
    reaching(&bin().join(program), endpoint)
}

/// A command with everything that an AWS client needs to reach `endpoint`,
/// retries off, and nothing of the developer's own settings.
pub(crate) fn reaching(program: &Path, endpoint: &str) -> Command {
    let mut command = Command::new(program);
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
