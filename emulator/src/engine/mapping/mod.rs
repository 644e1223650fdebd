//! Event source mappings: pollers that carry messages from a queue to a function.
//!
//! A poller receives first and asks for admission afterwards, whatever the
//! function's concurrency is: under throttling it therefore takes messages
//! that nobody can process ("over-pull"), as on AWS.

mod batch;
mod filter;
mod fleet;
mod mappings;
mod poller;
mod tags;

pub use filter::{Filter, MessageFilter};
pub use mappings::{MappingSpec, MappingState, MappingView, ProvisionedPollers};

pub(in crate::engine) use batch::Batch;
pub(in crate::engine) use mappings::Mapping;
