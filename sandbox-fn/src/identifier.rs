//! Names that no other process or invocation has.

use std::hash::{BuildHasher, RandomState};

/// A fresh random UUID (version 4).
///
/// The standard library seeds its hash maps from the operating system, and
/// every `RandomState` differs from the one before. That is random enough for
/// a name, and spares a dependency.
pub(crate) fn uuid() -> String {
    let high = RandomState::new().hash_one(0_u64);
    let low = RandomState::new().hash_one(1_u64);
    shaped(u128::from(high) << 64 | u128::from(low))
}

/// Sets the version and variant bits and groups the digits 8-4-4-4-12.
fn shaped(bits: u128) -> String {
    let bits = bits & !(0xf << 76) & !(0b11 << 62) | 0x4 << 76 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_have_the_shape_of_version_4() {
        assert_eq!(shaped(0), "00000000-0000-4000-8000-000000000000");
        assert_eq!(shaped(u128::MAX), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_ne!(uuid(), uuid());
    }
}
