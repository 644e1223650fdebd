//! Receipt handles as clients see them: opaque text.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::engine::{MessageNumber, QueueNumber, ReceiptHandle};

/// Queue number, message number, receive count, check bytes.
const LENGTH: usize = 8 + 8 + 4 + 4;

/// The text of a handle.
pub(crate) fn receipt_text(receipt: ReceiptHandle) -> String {
    let mut bytes = [0; LENGTH];
    bytes[..8].copy_from_slice(&receipt.queue.0.to_be_bytes());
    bytes[8..16].copy_from_slice(&receipt.message.0.to_be_bytes());
    bytes[16..20].copy_from_slice(&receipt.receive.to_be_bytes());
    let check = check(&bytes[..20]);
    bytes[20..].copy_from_slice(&check);
    BASE64_STANDARD.encode(bytes)
}

/// The handle behind a text, if it was made here.
pub(super) fn decode(text: &str) -> Option<ReceiptHandle> {
    let bytes: [u8; LENGTH] = BASE64_STANDARD.decode(text).ok()?.try_into().ok()?;
    if bytes[20..] != check(&bytes[..20]) {
        return None;
    }
    let number = |at: usize| Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
    Some(ReceiptHandle {
        queue: QueueNumber(number(0)?),
        message: MessageNumber(number(8)?),
        receive: u32::from_be_bytes(bytes[16..20].try_into().ok()?),
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
            let receipt =
                ReceiptHandle { queue: QueueNumber(number), message: MessageNumber(7), receive: u32::MAX };
            assert_eq!(decode(&receipt_text(receipt)), Some(receipt));
        }
    }

    #[test]
    fn garbage_is_no_handle() {
        let receipt = ReceiptHandle { queue: QueueNumber(1), message: MessageNumber(2), receive: 3 };
        let good = receipt_text(receipt);
        let zeros = BASE64_STANDARD.encode([0; LENGTH]);
        for text in ["", "garbage", &good[1..], &good[..28], &format!("{good}AAAA"), &zeros, "é"] {
            assert_eq!(decode(text), None, "{text}");
        }
        for at in 0..good.len() {
            let mut other = good.clone().into_bytes();
            other[at] = if other[at] == b'B' { b'C' } else { b'B' };
            assert_eq!(decode(str::from_utf8(&other).expect("ASCII")), None, "changed at {at}");
        }
    }
}
