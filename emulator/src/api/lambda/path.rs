//! The segments of a request's path.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::api::call::Call;

/// A segment, counted from 0 and decoded; empty when the path is shorter.
pub(super) fn segment(call: &Call, index: usize) -> Cow<'_, str> {
    let segment = call.path.trim_matches('/').split('/').nth(index).unwrap_or_default();
    percent_decode_str(segment).decode_utf8_lossy()
}
