//! The sample function.
