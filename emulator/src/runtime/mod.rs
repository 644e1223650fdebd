//! What runs code: the built-in handler, and child processes.

mod built_in;
pub(crate) mod failure;
mod handler;
mod package;
mod process;

pub(crate) use built_in::BuiltIn;
pub(crate) use handler::HandlerRuntime;
pub use handler::{Handler, Returned, Run, RunEnd};
pub(crate) use package::{PackageError, Packages};
pub(crate) use process::{ProcessRuntime, raise_open_files, trace_header};
