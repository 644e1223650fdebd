//! What runs code: the built-in handler, and child processes.

pub(crate) mod failure;
mod handler;
mod package;
mod process;

pub(crate) use handler::HandlerRuntime;
pub(crate) use package::{PackageError, Packages};
pub(crate) use process::{ProcessRuntime, raise_open_files, trace_header};
