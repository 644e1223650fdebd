//! The built binary against a server that answers like Lambda and SQS, and
//! against the emulator.

mod mock;

mod aws;
mod command_line;
mod deploy;
mod emulated;
mod interrupt;
mod laws;
mod lessons;
mod outcomes;
mod queue;
mod readme;
mod reference;
mod reports;
mod scenarios;
mod simulation;
mod truth;
mod waiters;
mod web;
