//! When a request was signed.

use time::format_description::FormatItem;
use time::format_description::well_known::Rfc2822;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime, UtcOffset};

use super::refusal::Refusal;

const COMPACT: &[FormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");

/// `20150830T123600Z`; a `Date` header may have it as HTTP does.
pub(super) fn read(text: &str) -> Result<OffsetDateTime, Refusal> {
    let compact = PrimitiveDateTime::parse(text, COMPACT).map(PrimitiveDateTime::assume_utc);
    let read = compact.or_else(|_| OffsetDateTime::parse(text, &Rfc2822)).ok();
    read.and_then(|at| at.checked_to_offset(UtcOffset::UTC)).ok_or_else(|| Refusal::Date(text.to_owned()))
}

/// The only form that is signed.
pub(super) fn compact(at: OffsetDateTime) -> String {
    at.format(COMPACT).expect("the format has only parts that every date has")
}

/// Whether it is near enough to the clock.
pub(super) fn check(at: OffsetDateTime, now: OffsetDateTime, leeway: Duration) -> Result<(), Refusal> {
    let (earliest, latest) = (now - leeway, now + leeway);
    // A signature knows no fractions of a second.
    let words = |bound| [at, bound, now].map(compact);
    let minutes = leeway.whole_minutes();
    if compact(at) < compact(earliest) {
        let [at, earliest, now] = words(earliest);
        return Err(Refusal::Expired { at, earliest, now, minutes });
    }
    if compact(at) > compact(latest) {
        let [at, latest, now] = words(latest);
        return Err(Refusal::NotYetCurrent { at, latest, now, minutes });
    }
    Ok(())
}
