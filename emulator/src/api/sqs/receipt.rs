//! Receipt handles as clients see them: opaque text.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Serializer;

use crate::engine::{MessageKey, MessageNumber, QueueNumber, ReceiptHandle};

/// Queue number, message number, its place, receive count.
const CONTENT: usize = 8 + 8 + 4 + 4;

/// The same, and check bytes.
const LENGTH: usize = CONTENT + 4;

/// Characters of a handle: four for each three bytes.
const TEXT: usize = LENGTH.div_ceil(3) * 4;

/// The text of a handle.
pub(crate) fn receipt_text(receipt: ReceiptHandle) -> String {
    encode(receipt, &mut [0; TEXT]).to_owned()
}

/// Serializes a handle by its text.
pub(super) fn shown<S: Serializer>(receipt: &ReceiptHandle, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(encode(*receipt, &mut [0; TEXT]))
}

fn encode(receipt: ReceiptHandle, text: &mut [u8; TEXT]) -> &str {
    let mut bytes = [0; LENGTH];
    bytes[..8].copy_from_slice(&receipt.queue.0.to_be_bytes());
    bytes[8..16].copy_from_slice(&receipt.message.number.0.to_be_bytes());
    bytes[16..20].copy_from_slice(&receipt.message.slot.to_be_bytes());
    bytes[20..CONTENT].copy_from_slice(&receipt.receive.to_be_bytes());
    let check = check(&bytes[..CONTENT]);
    bytes[CONTENT..].copy_from_slice(&check);
    BASE64_STANDARD.encode_slice(bytes, text).expect("the text has room for it");
    str::from_utf8(text).expect("base64 is ASCII")
}

/// The handle behind a text, if it was made here.
pub(super) fn decode(text: &str) -> Option<ReceiptHandle> {
    // Three bytes in four characters: a good handle needs so much room.
    let mut room = [0; LENGTH.next_multiple_of(3)];
    let decoded = BASE64_STANDARD.decode_slice(text, &mut room).ok()?;
    let bytes = room.get(..decoded).filter(|bytes| bytes.len() == LENGTH)?;
    if bytes[CONTENT..] != check(&bytes[..CONTENT]) {
        return None;
    }
    let long = |at: usize| Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    let short = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    Some(ReceiptHandle {
        queue: QueueNumber(long(0)?),
        message: MessageKey { number: MessageNumber(long(8)?), slot: short(16)? },
        receive: short(20)?,
    })
}

/// FNV-1a: it tells a handle from garbage, and needs to do no more.
fn check(bytes: &[u8]) -> [u8; 4] {
    let hash =
        bytes.iter().fold(0x811c_9dc5_u32, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash.to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handles_survive_their_text() {
        for number in [0, 1, 255, u64::MAX] {
            let message = MessageKey { number: MessageNumber(7), slot: 9 };
            let receipt = ReceiptHandle { queue: QueueNumber(number), message, receive: u32::MAX };
            assert_eq!(decode(&receipt_text(receipt)), Some(receipt));
        }
    }

    #[test]
    fn garbage_is_no_handle() {
        let message = MessageKey { number: MessageNumber(2), slot: 0 };
        let receipt = ReceiptHandle { queue: QueueNumber(1), message, receive: 3 };
        let good = receipt_text(receipt);
        let zeros = BASE64_STANDARD.encode([0; LENGTH]);
        for text in ["", "garbage", &good[1..], &good[..32], &format!("{good}AAAA"), &zeros, "é"] {
            assert_eq!(decode(text), None, "{text}");
        }
        for at in 0..good.len() {
            let mut other = good.clone().into_bytes();
            other[at] = if other[at] == b'B' { b'C' } else { b'B' };
            assert_eq!(decode(str::from_utf8(&other).expect("ASCII")), None, "changed at {at}");
        }
    }
}
