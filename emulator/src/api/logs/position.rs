//! Where an event stands among all events, as its id and as a page's token.

use std::fmt;
use std::str::FromStr;

use crate::observe::LogEvent;

/// Digits of an event id.
const DIGITS: usize = 56;

/// Digits for the milliseconds, behind the leading one.
const MILLIS_DIGITS: usize = 15;

/// The order of events: by time, then as they were written. Its text is the
/// event's id: 56 digits that sort as events do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position {
    millis: u64,
    number: u64,
}

/// The text is no event id.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotAPosition;

impl Position {
    pub(super) fn of(event: &LogEvent) -> Self {
        Self { millis: event.at.as_millis(), number: event.number }
    }

    /// Behind every event.
    pub(super) const LAST: Self = Self { millis: u64::MAX, number: u64::MAX };

    /// The place just behind this one.
    fn next(self) -> Self {
        Self { number: self.number.saturating_add(1), ..self }
    }

    /// The place just before this one. Events are counted from 1.
    fn previous(self) -> Self {
        Self { number: self.number.saturating_sub(1), ..self }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = DIGITS - 1 - MILLIS_DIGITS;
        write!(f, "3{:0MILLIS_DIGITS$}{:0rest$}", self.millis, self.number)
    }
}

impl FromStr for Position {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        if text.len() != DIGITS || !digits || !text.starts_with('3') {
            return Err(NotAPosition);
        }
        let (millis, number) = text[1..].split_at(MILLIS_DIGITS);
        let read = |digits: &str| digits.parse().map_err(|_| NotAPosition);
        Ok(Self { millis: read(millis)?, number: read(number)? })
    }
}

/// From where a page goes on, and in which direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    /// Events behind this one: `f/…/s`.
    Forward(Position),
    /// Events before this one: `b/…/s`.
    Backward(Position),
}

impl Token {
    /// The token that reads on the other side of the same place.
    pub(super) fn turned(self) -> Self {
        match self {
            Self::Forward(after) => Self::Backward(after.next()),
            Self::Backward(before) => Self::Forward(before.previous()),
        }
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forward(position) => write!(f, "f/{position}/s"),
            Self::Backward(position) => write!(f, "b/{position}/s"),
        }
    }
}

impl FromStr for Token {
    type Err = NotAPosition;

    fn from_str(text: &str) -> Result<Self, NotAPosition> {
        let (direction, position) = text.split_once('/').ok_or(NotAPosition)?;
        let position = position.strip_suffix("/s").ok_or(NotAPosition)?.parse()?;
        match direction {
            "f" => Ok(Self::Forward(position)),
            "b" => Ok(Self::Backward(position)),
            _ => Err(NotAPosition),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_56_digits_and_sort_as_events_do() {
        let positions = [(0, 1), (0, 2), (1_764_025_880_123, 1), (1_764_025_880_123, u64::MAX - 1)];
        let positions = positions.map(|(millis, number)| Position { millis, number });
        let texts = positions.map(|position| position.to_string());
        assert!(texts.is_sorted());
        for (position, text) in positions.into_iter().zip(texts) {
            assert_eq!(text.len(), DIGITS, "{text}");
            assert_eq!(text.parse(), Ok(position));
            for token in [Token::Forward(position), Token::Backward(position)] {
                assert_eq!(token.to_string().parse(), Ok(token));
                assert_eq!(token.turned().turned(), token);
            }
        }
    }

    #[test]
    fn other_texts_are_no_tokens() {
        for text in ["", "f/", "f/1/s", "x/30/s", "f//s", &format!("f/{}/s", "9".repeat(DIGITS))] {
            assert_eq!(text.parse::<Token>(), Err(NotAPosition), "{text}");
        }
    }
}
