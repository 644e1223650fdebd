//! Weighted aliases: chance alone may keep the shares from what they should be.

use emulator::engine::{Qualifier, Version};

use super::functions::FunctionBook;
use super::{Auditor, Verdict};

/// Standard deviations within which all draws of a run must lie.
const WIDTH: f64 = 6.0;

/// The draws of all weighted aliases together.
#[derive(Debug, Default)]
pub(super) struct Shares {
    draws: u32,
    /// Draws of the other version, less those that were to be expected.
    surplus: f64,
    variance: f64,
    /// Draws that were refused, so that nobody knows them.
    hidden: u32,
}

/// The other version of a weighted alias, and its share.
pub(super) fn weight(book: &FunctionBook, qualifier: &Qualifier) -> Option<(Version, f64)> {
    let Qualifier::Alias(alias) = qualifier else { return None };
    book.aliases.get(alias)?.1
}

impl Shares {
    pub(super) fn drawn(&mut self, weight: Option<(Version, f64)>, version: Version) {
        let Some((other, share)) = weight else { return };
        self.draws += 1;
        self.surplus += f64::from(u8::from(version == other)) - share;
        self.variance += share * (1.0 - share);
    }

    pub(super) fn hidden(&mut self, book: &FunctionBook, qualifier: &Qualifier) {
        self.hidden += u32::from(weight(book, qualifier).is_some());
    }
}

impl Auditor {
    /// Enough draws come close to their weights.
    pub(crate) fn shares_are_kept(&self) -> Verdict {
        let Shares { draws, surplus, variance, hidden } = &self.shares;
        let hidden = f64::from(*hidden);
        let most = WIDTH * (variance + hidden / 4.0).sqrt() + hidden + 1.0;
        let within = surplus.abs() <= most;
        rule!(within, "{draws} weighted requests are {surplus:.1} off their shares");
        Ok(())
    }
}
