//! Lambda: functions, their concurrency, and the environments that run them.
//!
//! Every invocation, whoever asks, passes `admit` (the only place where a
//! permit is taken) and `settle` (the only place where it is returned).

mod admit;
mod concurrency;
mod environment;
mod event_queue;
mod function;
mod functions;
mod invocation;
mod lifecycle;
mod settle;

pub use function::{Code, FunctionSpec, FunctionVersion, HandlerModel, Package, Tally};
pub use functions::Account;

pub(in crate::engine) use concurrency::ConcurrencyPool;
pub(in crate::engine) use environment::{Environment, State};
pub(in crate::engine) use function::Function;
pub(in crate::engine) use invocation::{Origin, Request};
