//! The `loadgen` command.

use loadgen::cli::{Cli, Command};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::from_command_line() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    match cli.command {
        Command::Run(flags) => loadgen::run::main(&flags),
        Command::Demo(flags) => loadgen::demo::main(&flags),
        Command::SandboxFn => sandbox_fn::run(),
    }
}
