//! What the HTTP front doors share: requests into events, a function's answers
//! into replies, and CORS.
//!
//! Nothing here knows an API, a stage or a URL's settings; the doors say what
//! differs between them.

mod answer;
mod cors;
mod event_1;
mod event_2;
mod media;
mod request;
#[cfg(test)]
mod tests;

pub(super) use answer::{format_1, format_2, prelude, prelude_end, rest, streamed};
pub(super) use cors::Cors;
pub(super) use event_1::{Format1, event_1};
pub(super) use event_2::{Format2, event_2};
pub(super) use media::{Body, Matches};
pub(super) use request::{Request, is_signed};
