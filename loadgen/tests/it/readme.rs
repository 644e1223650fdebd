//! Every `loadgen` command of the README, as written, on the emulator and on
//! what stands in for AWS.

use crate::aws::{ROLE, credentials, stand_in};
use crate::emulated::{Emulated, run};
use crate::mock::Ran;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The commands of the sections from one heading to another.
fn commands(from: &str, to: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join("README.md")).unwrap();
    let section = text.split(from).nth(1).expect("the section is there").split(to).next().unwrap();
    let blocks = section.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let lines = blocks.flat_map(str::lines).filter(|line| line.starts_with("loadgen "));
    lines.map(str::to_owned).collect()
}

/// A folder with the examples in it, where the commands leave their files.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(
        root().join("examples").canonicalize().unwrap(),
        folder.path().join("examples"),
    )
    .unwrap();
    folder
}

async fn runs(line: &str, folder: &Path, emulated: &Emulated, variables: &[(&str, &str)]) {
    let mut command = Command::new("bash");
    let program = Path::new(env!("CARGO_BIN_EXE_loadgen")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    command.args(["-c", line]).current_dir(folder).env("PATH", path).stdin(Stdio::null());
    command.env("AWS_ENDPOINT_URL", emulated.emulator.endpoint()).envs(variables.iter().copied());
    let ran = Ran::new(&run(command).await);
    assert_eq!(ran.code, 0, "{line}\n{}{}", ran.stdout, ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_runs_on_the_emulator() {
    let (emulated, folder) = (Emulated::start(1_000).await, folder());
    let commands = commands("## The load tool", "### On AWS");
    assert!(commands.len() >= 15, "{commands:#?}");
    for line in commands {
        runs(&line, folder.path(), &emulated, &[]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_runs_on_the_stand_in_for_aws() {
    let (emulated, folder) = (stand_in().await, folder());
    let (first, aws) =
        (commands("## The load tool", "### On AWS"), commands("### On AWS", "## What it is not"));
    // The same commands with `--target aws`, a role for what is made, and nobody to ask.
    for line in first.iter().chain(&aws) {
        let (command, comment) = line.split_once("  #").unwrap_or((line, ""));
        let mut command = command.to_owned();
        let offline = ["check", "compare", "merge", "lesson", "simulate", "sweep simulation"]
            .iter()
            .any(|word| command.starts_with(&format!("loadgen {word}")));
        for (flag, value) in [("--target", "aws"), ("--yes", ""), ("--role", ROLE)] {
            let takes = flag != "--role" || !command.starts_with("loadgen destroy");
            if !offline && takes && !command.contains(flag) {
                command = format!("{command} {flag} {value}");
            }
        }
        assert!(!comment.contains('\''), "the comment is no part of the command");
        runs(&command, folder.path(), &emulated, &credentials()).await;
    }
}
