//! The engine, tested as what it is: calls in, facts out, no time passes.

mod trace;
mod traces;
