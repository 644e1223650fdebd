//! The wire, tested with real clients: the aws CLI, boto3, and real processes.

mod aws_cli;
mod bootstrap;
mod boto3;
mod clients;
mod clock;
mod consumers;
mod examples;
mod gateway;
mod lifecycle;
mod process;
mod program;
mod runtimes;
