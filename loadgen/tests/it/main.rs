//! The built binary against a server that answers like Lambda and SQS.

mod mock;

mod command_line;
mod emulated;
mod outcomes;
mod queue;
mod waiters;
