//! Facts in, pictures out: the logs of all functions.

mod log_line;
mod log_store;

pub use log_line::log_stream_name;
pub use log_store::{GroupView, LogEvent, LogStore, StreamView};
