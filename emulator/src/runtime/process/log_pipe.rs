//! What a process prints: one pipe for stdout and stderr, cut into lines.

use std::io::{self, PipeReader};
use std::os::fd::OwnedFd;
use std::sync::{Mutex, PoisonError};

use tokio::net::unix::pipe::Receiver;

/// A log event holds at most this much ("Lambda: CloudWatch Logs": 256 KB).
const LONGEST_LINE: usize = 262_144;

/// What is read in one go, from a process that prints faster than it is read.
const TURN: usize = 1_048_576;

/// The reading end of a process's output.
#[derive(Debug)]
pub(super) struct LogPipe {
    receiver: Receiver,
    /// An unfinished line.
    rest: Mutex<Vec<u8>>,
}

impl LogPipe {
    /// Takes the reading end over. It needs a tokio runtime.
    pub(super) fn new(reader: PipeReader) -> io::Result<Self> {
        let receiver = Receiver::from_owned_fd(OwnedFd::from(reader))?;
        Ok(Self { receiver, rest: Mutex::new(Vec::new()) })
    }

    /// Reads until every writer is gone.
    pub(super) async fn run(&self, write: &mut (dyn FnMut(&str) + Send)) {
        while self.receiver.readable().await.is_ok() {
            if !self.read_turn(write) {
                return;
            }
            // A function that never stops printing must not keep a worker.
            tokio::task::yield_now().await;
        }
    }

    /// Reads what is there: at the end of an invocation an unfinished line is
    /// a line.
    pub(super) fn drain(&self, write: &mut dyn FnMut(&str)) {
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        self.read_available(&mut rest, write);
        flush(&mut rest, write);
    }

    /// Returns whether more may come.
    fn read_turn(&self, write: &mut dyn FnMut(&str)) -> bool {
        let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
        let open = self.read_available(&mut rest, write);
        if !open {
            flush(&mut rest, write);
        }
        open
    }

    /// Reads what is there, at most a turn's worth. Returns whether more may come.
    fn read_available(&self, rest: &mut Vec<u8>, write: &mut dyn FnMut(&str)) -> bool {
        let mut chunk = [0; 8_192];
        for _ in 0..TURN / chunk.len() {
            match self.receiver.try_read(&mut chunk) {
                Ok(0) => return false,
                Ok(count) => {
                    rest.extend_from_slice(&chunk[..count]);
                    write_lines(rest, write);
                }
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
        }
        true
    }
}

fn write_lines(rest: &mut Vec<u8>, write: &mut dyn FnMut(&str)) {
    let mut from = 0;
    while let Some(length) = rest[from..].iter().position(|&byte| byte == b'\n') {
        print(&rest[from..=from + length], write);
        from += length + 1;
    }
    rest.drain(..from);
    while rest.len() >= LONGEST_LINE {
        let cut = boundary_before(rest, LONGEST_LINE);
        print(&rest[..cut], write);
        rest.drain(..cut);
    }
}

/// A place to cut at, so that no character is torn: where one begins, at most
/// three bytes back.
fn boundary_before(text: &[u8], at: usize) -> usize {
    let begins = |at: &usize| text.get(*at).is_none_or(|byte| byte & 0xC0 != 0x80);
    (at - 3..=at).rev().find(begins).unwrap_or(at)
}

fn flush(rest: &mut Vec<u8>, write: &mut dyn FnMut(&str)) {
    if !rest.is_empty() {
        print(rest, write);
        rest.clear();
    }
}

/// A carriage return inside a line stands for a line break within one event:
/// so runtimes print what belongs together, such as a stack trace.
fn print(line: &[u8], write: &mut dyn FnMut(&str)) {
    let text = String::from_utf8_lossy(line);
    match text.contains('\r') {
        true => write(&text.replace("\r\n", "\n").replace('\r', "\n")),
        false => write(&text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_cut_into_events() {
        let mut rest = Vec::new();
        let mut events = Vec::new();
        for chunk in ["one\ntw", "o\n", "trace\r  at x\n", "cr\r\n", "open"] {
            rest.extend_from_slice(chunk.as_bytes());
            write_lines(&mut rest, &mut |line| events.push(line.to_owned()));
        }
        flush(&mut rest, &mut |line| events.push(line.to_owned()));
        assert_eq!(events, ["one\n", "two\n", "trace\n  at x\n", "cr\n", "open"]);
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let line = format!("x{}", "é".repeat(LONGEST_LINE / 2 + 10));
        let mut rest = line.clone().into_bytes();
        let mut events = Vec::new();
        write_lines(&mut rest, &mut |part| events.push(part.to_owned()));
        flush(&mut rest, &mut |part| events.push(part.to_owned()));
        assert_eq!((events.len(), events.concat()), (2, line));
    }
}
