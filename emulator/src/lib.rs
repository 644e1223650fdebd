//! A local AWS Lambda and SQS that gets concurrency right.
pub mod engine;
