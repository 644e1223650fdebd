//! Sends load to AWS Lambda and SQS, real or local, and says what became of it.
//!
//! # Philosophy
//!
//! The default run is one sentence: *a hundred requests leave at the same
//! instant; what became of each?* That is the question concurrency limits are
//! about, and its answer fits one glance: so many `200`, of which so many cold,
//! so many `429`, each under AWS's own reason. Everything else is a variation.
//!
//! Four rules keep the numbers honest:
//!
//! * **Every request ends in exactly one class**, and the classes add up to the
//!   number asked for. What could not be sent is a class, not a silence.
//! * **Retries are off.** A throttle is seen once, by us, and counted once.
//! * **Latency starts when a request was due**, not when we found time to send
//!   it, so a slow generator or a slow server cannot hide in the gaps.
//! * **Numbers shown together come from one owner.** The tasks that send only
//!   report; one task folds their samples, draws the progress and hands over.
//!
//! The target is reached through the AWS API alone. Nothing here knows whether
//! the other end is AWS or the emulator; only [`demo`] starts an emulator, and
//! looks at its `/_emulator/state` from outside.
//!
//! # Map
//!
//! [`cli`] → [`plan`] (validated) → [`run`]: [`arrivals`] decide when, [`issue`]
//! sends, [`outcome`] names what came back, [`stats`] folds, [`report`] tells,
//! [`expect`] judges.

pub mod arrivals;
pub mod cli;
pub mod concurrency;
pub mod demo;
pub mod duration;
pub mod expect;
pub mod failure;
pub mod issue;
pub mod limits;
pub mod outcome;
pub mod payload;
pub mod plan;
pub mod progress;
pub mod queue;
pub mod report;
pub mod run;
pub mod sample;
pub mod signal;
pub mod stats;
pub mod target;
