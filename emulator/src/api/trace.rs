//! The chain of requests that a request belongs to.

use crate::engine::Trace;

/// Longer headers are nobody's trace.
const LONGEST: usize = 1_024;

/// No chain is longer. What claims to be can't overflow the count of those
/// that follow.
const DEEPEST: u32 = 1_000_000;

/// Reads `X-Amzn-Trace-Id`, or the `AWSTraceHeader` of a message. `Lineage=N:…`
/// counts the invocations before.
pub(super) fn read(header: &str) -> Trace {
    if header.is_empty() || header.len() > LONGEST || !header.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Trace::default();
    }
    let lineage = header.split(';').find_map(|part| part.trim().strip_prefix("Lineage="));
    let depth = lineage.and_then(|lineage| lineage.split(':').next()?.parse().ok()).unwrap_or(0);
    Trace { header: Some(header.into()), depth: depth.min(DEEPEST) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lineage_counts_invocations() {
        let depth = |header: &str| read(header).depth;
        assert_eq!(depth("Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=16:a1b2c3d4:0"), 16);
        assert_eq!(depth("Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0"), 0);
        assert_eq!(depth("Lineage=many:a1b2c3d4:0"), 0);
        assert_eq!(depth("Lineage=4294967295:a1b2c3d4:0"), DEEPEST);
        assert_eq!(read(""), Trace::default());
        assert_eq!(read("a\u{7}b"), Trace::default());
    }
}
