//! Names and numbers by which the engine knows things.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// A UUID: request ids, message ids, revision ids and mapping ids are these.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(u128);

impl Uuid {
    /// Makes a version 4, variant 1 UUID from random bits.
    pub const fn from_random(bits: u128) -> Self {
        let version = 0x4 << 76;
        let variant = 0x2 << 62;
        Self((bits & !(0xF << 76) & !(0x3 << 62)) | version | variant)
    }

    /// Writes the 36-character form, which it gives back as text.
    pub fn encode(self, text: &mut [u8; 36]) -> &str {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        *text = [b'-'; 36];
        let mut at = 0;
        for (index, byte) in self.0.to_be_bytes().into_iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                at += 1;
            }
            text[at] = HEX[usize::from(byte >> 4)];
            text[at + 1] = HEX[usize::from(byte & 0xF)];
            at += 2;
        }
        str::from_utf8(text).expect("hexadecimal digits are ASCII")
    }

    /// The 128 bits.
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.encode(&mut [0; 36]))
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAUuid;

impl FromStr for Uuid {
    type Err = NotAUuid;

    /// Reads the 36-character form with hyphens.
    fn from_str(text: &str) -> Result<Self, NotAUuid> {
        let bytes = text.as_bytes();
        if bytes.len() != 36 {
            return Err(NotAUuid);
        }
        let mut bits = 0_u128;
        for (index, &byte) in bytes.iter().enumerate() {
            if matches!(index, 8 | 13 | 18 | 23) {
                if byte != b'-' {
                    return Err(NotAUuid);
                }
                continue;
            }
            let digit = char::from(byte).to_digit(16).ok_or(NotAUuid)?;
            bits = (bits << 4) | u128::from(digit);
        }
        Ok(Self(bits))
    }
}

macro_rules! uuid_ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )*};
}

uuid_ids! {
    /// One invocation as its caller sees it; the retries of an asynchronous
    /// event share it.
    RequestId;
    /// One message of a queue; it keeps the id in its dead-letter queue.
    MessageId;
    /// One event source mapping.
    MappingId;
    /// One message move task.
    MoveTaskId;
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);
    )*};
}

numbers! {
    /// One function, for as long as it exists: a function made anew under an
    /// old name has another number, and owes nothing to its predecessor.
    FunctionNumber;
    /// One execution environment, in the order of their start.
    EnvironmentId;
    /// One waiting ReceiveMessage, in the order of their arrival.
    ReceiverId;
    /// One message within its queue, in the order of their arrival.
    MessageNumber;
    /// One queue, for as long as it exists: a queue made anew under an old
    /// name has another number, so old receipt handles do not fit it.
    QueueNumber;
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(Arc<str>);

        /// As its text is. One that is passed around is mostly the very same.
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                if Arc::ptr_eq(&self.0, &other.0) { Ordering::Equal } else { self.0.cmp(&other.0) }
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// A function's name, unique in the account and region.
    FunctionName;
    /// An alias's name, unique among its function's.
    AliasName;
    /// A queue's name, unique in the account and region.
    QueueName;
    /// A layer's name, unique in the account and region.
    LayerName;
    /// A group of messages (`MessageGroupId`), within its queue.
    GroupId;
    /// What tells a message of a FIFO queue from others (`MessageDeduplicationId`).
    DeduplicationId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_survive_their_text_form() {
        for bits in [0, 1, u128::MAX, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
            let uuid = Uuid::from_random(bits);
            let text = uuid.to_string();
            assert_eq!(text.parse(), Ok(uuid), "{text}");
            assert_eq!(&text[14..15], "4", "version 4 in {text}");
        }
        for wrong in
            ["", "x", "00000000-0000-4000-8000-00000000000g", "0000000000004000800000000000000000000"]
        {
            assert_eq!(wrong.parse::<Uuid>(), Err(NotAUuid), "{wrong}");
        }
    }
}
