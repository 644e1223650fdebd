//! HTTP/1.1 as a load generator needs it.
//!
//! An SDK's call costs ten times what the exchange behind it does, so that a
//! burst of a thousand calls takes longer to leave than to be answered. Here a
//! request is prepared once, signed once a second, and written to a connection
//! that is open already. Knows nothing of Lambda, of due times, or of outcomes.

mod endpoint;
mod line;
mod lines;
mod sign;
mod stream;
mod tap;
mod template;

pub use endpoint::Endpoint;
pub use line::{Answer, Broken, Line};
pub use lines::Lines;
pub use sign::{Identity, Signer};
pub use template::Template;
