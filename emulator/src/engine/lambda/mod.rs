//! Lambda: functions, their concurrency, and the environments that run them.
//!
//! Every invocation, whoever asks, passes `admit` (the only place where a
//! permit is taken) and `settle` (the only place where it is returned).

mod admit;
mod alias;
mod allocation;
mod arrivals;
mod attachments;
mod bucket;
mod cold_start;
mod concurrency;
mod environment;
mod event_config;
mod event_queue;
mod fleet;
mod function;
mod functions;
mod handler_model;
mod init;
mod invocation;
mod layers;
mod lifecycle;
mod logging;
mod policy;
mod provisioned;
mod qualifier;
mod reservation;
mod settle;
mod start;
mod transition;
mod version;

pub use alias::{Alias, AliasTarget, AliasUpdate};
pub use allocation::AllocationStatus;
pub use attachments::{RecursiveLoop, RuntimeManagement};
pub use cold_start::{ColdStart, ColdStartMode, ColdStartOverride, InitDistribution};
pub use environment::InitializationType;
pub use event_config::EventInvokeConfig;
pub use function::{Code, FunctionSpec, FunctionVersion, Package, Tally};
pub use handler_model::{HandlerModel, Times};
pub use invocation::{Invoke, Trace};
pub use layers::{LayerSpec, LayerVersion, PublishedLayer};
pub use logging::{ApplicationLogLevel, LogFormat, Logging, SystemLogLevel};
pub use policy::{Policy, PolicyError, Statement};
pub use provisioned::ProvisionedView;
pub use qualifier::{Qualifier, Version};
pub use reservation::Account;
pub use transition::FunctionState;
pub use version::Publication;

pub(in crate::engine) use bucket::TokenBucket;
pub(in crate::engine) use concurrency::ConcurrencyPool;
pub(in crate::engine) use environment::{Environment, State};
pub(in crate::engine) use function::Function;
pub(in crate::engine) use invocation::{Origin, Request};
pub(in crate::engine) use layers::Layers;
