//! AWS's event-stream framing (`application/vnd.amazon.eventstream`).
//!
//! A message is: its length, the length of its headers, the CRC-32 of these
//! eight bytes, its headers, its payload, and the CRC-32 of all before; numbers
//! are 32 bits, big-endian. Only headers with text values are written here.

use bytes::{BufMut, Bytes, BytesMut};

/// The media type of a body made of such messages.
pub(super) const CONTENT_TYPE: &str = "application/vnd.amazon.eventstream";

/// The type number of a text value.
const TEXT: u8 = 7;

/// Bytes of a message without headers and payload.
const FRAME: usize = 16;

/// An event of that type.
pub(super) fn event(kind: &str, content_type: &str, payload: &[u8]) -> Bytes {
    message(&[(":message-type", "event"), (":event-type", kind), (":content-type", content_type)], payload)
}

fn message(headers: &[(&str, &str)], payload: &[u8]) -> Bytes {
    let headers_size: usize = headers.iter().map(|(name, value)| 1 + name.len() + 3 + value.len()).sum();
    let size = FRAME + headers_size + payload.len();
    let mut frame = BytesMut::with_capacity(size);
    frame.put_u32(u32::try_from(size).expect("a message is far below 4 GB"));
    frame.put_u32(u32::try_from(headers_size).expect("headers are short"));
    frame.put_u32(crc32fast::hash(&frame));
    for (name, value) in headers {
        frame.put_u8(u8::try_from(name.len()).expect("names of headers are short"));
        frame.put_slice(name.as_bytes());
        frame.put_u8(TEXT);
        frame.put_u16(u16::try_from(value.len()).expect("values of headers are short"));
        frame.put_slice(value.as_bytes());
    }
    frame.put_slice(payload);
    frame.put_u32(crc32fast::hash(&frame));
    frame.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The CRC-32 of "123456789", by which every table of it is checked.
    #[test]
    fn a_message_is_framed() {
        assert_eq!(crc32fast::hash(b"123456789"), 0xCBF4_3926);
        let frame = event("PayloadChunk", "application/octet-stream", b"hello");
        let number =
            |at: usize| u32::from_be_bytes(frame[at..at + 4].try_into().expect("four bytes of a frame"));
        let headers = 1 + 13 + 3 + 5 + 1 + 11 + 3 + 12 + 1 + 13 + 3 + 24;
        assert_eq!((number(0) as usize, number(4) as usize), (frame.len(), headers));
        assert_eq!(frame.len(), 16 + headers + 5);
        assert_eq!(number(8), crc32fast::hash(&frame[..8]));
        assert_eq!(number(frame.len() - 4), crc32fast::hash(&frame[..frame.len() - 4]));
        assert_eq!(&frame[12..12 + 17], b"\x0d:message-type\x07\x00\x05");
        assert_eq!(&frame[frame.len() - 9..frame.len() - 4], b"hello");
    }
}
