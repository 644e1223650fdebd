//! Facts in, pictures out: the logs of all functions.

mod log_format;
mod log_line;
mod log_store;
mod platform;

pub(crate) use log_format::LogFormat;
pub(crate) use log_line::{log_group_name, log_stream_name};
pub(crate) use log_store::{GroupView, LogEvent, LogStore, StreamView};
pub(crate) use platform::{PlatformEvent, iso_time};
