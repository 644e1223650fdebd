//! A local AWS Lambda and SQS that gets concurrency right.

mod api;
mod config;
mod driver;
pub mod engine;
mod observe;
mod runtime;

pub use config::{Config, Identity};
