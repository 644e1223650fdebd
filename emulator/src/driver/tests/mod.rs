//! The driver beside the simulation.

mod gears;
mod parity;

use super::Driver;
use crate::engine::Fact;

impl Driver {
    /// Everything that happened.
    pub(crate) fn facts(&self) -> Vec<Fact> {
        self.state.lock().expect("nothing panicked").journal.clone()
    }
}
