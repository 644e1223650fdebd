//! Operations end to end: a call goes in, and what comes out is compared to
//! the letter.

mod concurrency;
mod functions;
mod invoke;
mod mappings;
mod streaming;
