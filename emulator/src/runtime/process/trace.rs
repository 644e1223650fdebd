//! The trace header that a function sees, and hands on with every request that
//! its SDK makes.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::engine::{RequestId, Trace};

/// No root is longer; X-Ray's own have 35 characters.
const LONGEST_ROOT: usize = 128;

/// X-Ray's header: that of the caller, or an unsampled one that is the same for
/// the same request. Its `Lineage` counts this invocation too, which is how a
/// loop is recognised. AWS does not document that part's grammar.
pub(crate) fn header(request_id: RequestId, seconds: u64, function: &str, trace: &Trace) -> String {
    let bits = request_id.0.as_u128();
    let parent = u64::try_from(bits >> 64).unwrap_or_default();
    let given = trace.header.as_deref().unwrap_or_default();
    let part = |name: &str| given.split(';').find_map(|part| part.trim().strip_prefix(name));
    // A message's sender may have written anything there.
    let is_root =
        |root: &&str| root.len() <= LONGEST_ROOT && root.bytes().all(|byte| byte.is_ascii_graphic());
    let root = part("Root=")
        .filter(is_root)
        .map_or_else(|| format!("1-{seconds:08x}-{:024x}", bits & ((1 << 96) - 1)), str::to_owned);
    let sampled = part("Sampled=").filter(|sampled| ["0", "1"].contains(sampled)).unwrap_or("0");
    let mut hasher = DefaultHasher::new();
    function.hash(&mut hasher);
    let resource = hasher.finish() & 0xFFFF_FFFF;
    let depth = trace.depth.saturating_add(1);
    format!("Root={root};Parent={parent:016x};Sampled={sampled};Lineage={depth}:{resource:08x}:0")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Uuid;

    #[test]
    fn a_chain_keeps_its_root_and_grows() {
        let request_id = RequestId(Uuid::from_random(1));
        let first = header(request_id, 16, "f", &Trace::default());
        assert!(first.starts_with("Root=1-00000010-") && first.contains(";Lineage=1:"), "{first}");

        let given =
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1;Lineage=4:x:0";
        let next = header(request_id, 16, "f", &Trace { header: Some(given.into()), depth: 4 });
        assert!(next.starts_with("Root=1-5759e988-bd862e3fe1be46a994272793;Parent="), "{next}");
        assert!(next.contains(";Sampled=1;Lineage=5:"), "{next}");

        for odd in ["Root=1-5759e988\r\nx: y;Sampled=1".to_owned(), format!("Root={}", "9".repeat(200))] {
            let given = Trace { header: Some(odd.into()), depth: u32::MAX };
            let kept = header(request_id, 16, "f", &given);
            assert!(kept.starts_with("Root=1-00000010-") && kept.contains(";Lineage=4294967295:"), "{kept}");
        }
    }
}
