//! What all batches have in common: each entry has its own end.

use std::collections::HashSet;

use serde::Serialize;

use crate::api::sqs::Protocol;
use crate::api::sqs::error::Fault;

/// "Message quotas": 10 entries in a batch.
const MOST_ENTRIES: usize = 10;

/// An entry's id is at most this long.
const LONGEST_ID: usize = 80;

/// The ends of a batch's entries.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct Ends<S> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    successful: Vec<S>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<Failed>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Failed {
    id: String,
    sender_fault: bool,
    code: &'static str,
    message: String,
}

/// An entry that went well and has nothing more to say.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct Done {
    pub(super) id: String,
}

impl<S> FromIterator<(String, Result<S, Fault>)> for Ends<S> {
    fn from_iter<I: IntoIterator<Item = (String, Result<S, Fault>)>>(entries: I) -> Self {
        let mut ends = Self { successful: Vec::new(), failed: Vec::new() };
        for (id, end) in entries {
            match end {
                Ok(end) => ends.successful.push(end),
                Err(fault) => ends.failed.push(Failed::new(id, &fault)),
            }
        }
        ends
    }
}

impl Failed {
    fn new(id: String, fault: &Fault) -> Self {
        let code = fault.code();
        Self {
            id,
            sender_fault: code.status.is_client_error(),
            code: code.query,
            message: fault.message(Protocol::Json).into_owned(),
        }
    }
}

/// The entries of a batch, whose number and ids must be right for the whole
/// batch to be. `entry` is what the query protocol calls one.
pub(super) fn entries<T>(
    entry: &'static str,
    entries: Option<Vec<T>>,
    id: impl Fn(&T) -> Option<&str>,
) -> Result<Vec<T>, Fault> {
    let entries = entries.unwrap_or_default();
    if entries.is_empty() {
        return Err(Fault::EmptyBatch { entry });
    }
    if entries.len() > MOST_ENTRIES {
        return Err(Fault::TooManyEntries(entries.len()));
    }
    let mut ids = HashSet::new();
    for (index, one) in entries.iter().enumerate() {
        let id = id(one).ok_or_else(|| missing(entry, index, "Id"))?;
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if id.is_empty() || id.len() > LONGEST_ID || !id.bytes().all(allowed) {
            return Err(Fault::InvalidEntryId);
        }
        if !ids.insert(id) {
            return Err(Fault::EntryIdRepeated(id.to_owned()));
        }
    }
    Ok(entries)
}

/// An entry without a member that it must have.
pub(super) fn missing(entry: &str, index: usize, member: &str) -> Fault {
    Fault::missing(format!("{entry}.{}.{member}", index + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_ids_of_entries() {
        let check = |ids: &[&str]| entries("E", Some(ids.to_vec()), |id| Some(id)).map(|_| ());
        let ten: Vec<String> = (0..10).map(|n| n.to_string()).collect();
        let ten: Vec<&str> = ten.iter().map(String::as_str).collect();
        assert_eq!(check(&ten), Ok(()));
        assert_eq!(check(&["a-_Z9", &"x".repeat(80)]), Ok(()));
        assert_eq!(check(&[]), Err(Fault::EmptyBatch { entry: "E" }));
        assert_eq!(check(&["a"; 20]), Err(Fault::TooManyEntries(20)));
        assert_eq!(check(&["a", "b", "a"]), Err(Fault::EntryIdRepeated("a".to_owned())));
        for wrong in ["", "a b", "a.b", "é", &"x".repeat(81)] {
            assert_eq!(check(&[wrong]), Err(Fault::InvalidEntryId), "{wrong}");
        }
    }
}
