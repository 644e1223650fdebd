//! A local AWS Lambda and SQS that gets concurrency right.
//!
//! **The engine decides; the driver acts.**
//! The [`engine`] is a deterministic, synchronous model of one AWS account in
//! one region: functions, concurrency pools, execution environments, queues,
//! event source mappings. It takes commands, reports and the time; it returns
//! answers at once and appends *effects* (start this environment, hand it this
//! event, answer that caller) and *facts* (what happened). The real-time
//! driver feeds it, over HTTP and with child processes. Everything else (HTTP,
//! the Runtime API, logs, the terminal) is a translator at the edge.
//!
//! `ARCHITECTURE.md` beside the sources has the map. To embed an emulator in a
//! test:
//!
//! ```no_run
//! # async fn example() -> Result<(), emulator::StartError> {
//! let emulator = emulator::Emulator::builder().listen(([127, 0, 0, 1], 0).into()).start().await?;
//! println!("point an AWS SDK at {}", emulator.endpoint());
//! emulator.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! Its clock can be held and moved, so that a test of retries and delays waits
//! for nothing (see [`ClockSettings`]):
//!
//! ```no_run
//! # use std::time::Duration;
//! # use emulator::{ClockSettings, Emulator};
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let emulator = Emulator::builder().clock(ClockSettings::paused()).start().await?;
//! // … an event for a function that fails …
//! let moved = emulator.advance(Duration::from_secs(180)).await;
//! assert!(moved.settled, "all three attempts are over");
//! emulator.set_clock(ClockSettings::skipping_idle())?;
//! println!("{:?}", emulator.clock().next_event);
//! # Ok(())
//! # }
//! ```

mod api;
mod config;
mod credentials;
mod driver;
mod emulator;
pub mod engine;
mod gear;
mod limits;
mod observe;
mod records;
mod runtime;
pub mod sim;

pub use crate::emulator::{Builder, Emulator, StartError};
pub use config::{Config, GatewayConfig, Identity};
pub use credentials::{Credentials, MalformedCredentials};
pub use gear::{ClockChange, ClockSettings, ClockView, Gear, Moved, RealCode, WrongSpeed};
pub use observe::fact_line;
