//! The `loadgen` command.

use loadgen::cli::{Cli, Command};
use loadgen::{demo, deploy, lesson, reports, run, scenario, simulate, sweep};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = match Cli::from_command_line() {
        Ok(cli) => cli,
        Err(code) => return code,
    };
    match cli.command {
        Command::Run(flags) => run::main(&flags),
        Command::Check(flags) => scenario::check(&flags),
        Command::Simulate(flags) => simulate::main(&flags),
        Command::Sweep(flags) => sweep::main(&flags),
        Command::Compare(flags) => reports::compare(&flags),
        Command::Merge(flags) => reports::merged(&flags),
        Command::Deploy(flags) => deploy::deploy(&flags),
        Command::Destroy(flags) => deploy::destroy(&flags),
        Command::Demo(flags) => demo::main(&flags),
        Command::Lesson(flags) => lesson::main(&flags),
        Command::SandboxFn => sandbox_fn::run(),
    }
}
