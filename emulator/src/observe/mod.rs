//! Facts in, pictures out: the logs of all functions, the records of
//! asynchronous events, and the facts themselves as lines of JSON.

mod date;
mod fact_line;
mod fact_value;
mod log_format;
mod log_line;
mod log_store;
mod platform;
mod record;

pub(crate) use date::date_time;
pub use fact_line::fact_line;
pub(crate) use log_format::format_variables;
pub(crate) use log_line::{log_group_name, log_group_of, log_stream_name};
pub(crate) use log_store::{GroupView, LogEvent, LogStore, StreamView};
pub(crate) use platform::{About, PlatformEvent};
pub(crate) use record::{error_message, record};
