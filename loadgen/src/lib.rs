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
//! the other end is AWS or the emulator; only [`demo`] and [`lesson`] start one,
//! and the demo looks at its `/_emulator/state` from outside.
//!
//! # Map
//!
//! One run: [`cli`] → [`plan`] (validated) → [`run`]: [`arrivals`] decide when,
//! [`sender`] sends what [`work`] asks for over [`wire`], [`outcome`] names what
//! came back, [`stats`] folds, [`report`] tells, [`expect`] judges.
//! [`completion`] follows what was only accepted through the function's log.
//!
//! The same without a target: [`simulate`] plays a scenario, or one function by
//! flags, on virtual time by the emulator's engine, and sweeps a grid of settings.
//!
//! Several runs: [`scenario`] plays a file, [`sweep`] one load on several
//! settings; [`account`] makes and unmakes the functions, queues and mappings
//! that they need, and puts changed settings back. [`lesson`] plays scenarios to a
//! class. [`aws`] asks before anything
//! is billed. [`compare`] and [`report::merge`] work on reports alone.

pub mod account;
pub mod arrivals;
pub mod aws;
pub mod cli;
pub mod compare;
pub mod completion;
pub mod dead_letters;
pub mod demo;
pub mod deploy;
pub mod distribution;
pub mod duration;
pub mod expect;
pub mod failure;
pub mod lesson;
pub mod limits;
pub mod logs;
pub mod outcome;
pub mod outputs;
pub mod payload;
pub mod plan;
pub mod prices;
pub mod progress;
pub mod queue;
pub mod report;
pub mod reports;
pub mod retry;
pub mod run;
pub mod sample;
pub mod scenario;
pub mod sender;
pub mod signal;
pub mod simulate;
pub mod stats;
pub mod sweep;
pub mod target;
pub mod wire;
pub mod work;
