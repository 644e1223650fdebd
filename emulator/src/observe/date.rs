//! Moments as AWS writes them.

use time::OffsetDateTime;
use time::macros::format_description;

use crate::engine::Timestamp;

/// `2025-11-24T23:11:20.123`, without a time zone: that is written in several ways.
pub(crate) fn date_time(at: Timestamp) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]");
    let nanos = i128::from(at.as_millis()) * 1_000_000;
    let date = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    date.format(format).expect("the format has only parts that every date has")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_milliseconds() {
        assert_eq!(date_time(Timestamp::from_micros(1_764_025_880_123_999)), "2025-11-24T23:11:20.123");
    }
}
