//! Where in a file something stands, so that an error can point at it.

use crate::failure::Failure;
use std::ops::Range;
use std::path::Path;

/// A file's text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

impl Source<'_> {
    /// An error at a place of the text.
    pub(super) fn failure(self, span: Range<usize>, problem: impl Into<String>) -> Failure {
        let before = &self.text[..span.start.min(self.text.len())];
        let line = before.matches('\n').count() + 1;
        Failure::Scenario { path: self.path.to_owned(), line, key: self.key(line), problem: problem.into() }
    }

    /// The key on a line, behind the table that it stands in: `stage.expect`.
    fn key(self, line: usize) -> String {
        let lines: Vec<&str> = self.text.lines().take(line).collect();
        let table = lines.iter().rev().find_map(|line| table(line));
        let own = lines.last().and_then(|line| key(line));
        // A value over several lines has its key above.
        let own = own
            .or_else(|| lines.iter().rev().take_while(|line| table_or_key(line)).find_map(|line| key(line)));
        match (table, own) {
            (Some(table), Some(key)) => format!("{table}.{key}"),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => "file".to_owned(),
        }
    }
}

fn table_or_key(line: &str) -> bool {
    table(line).is_none()
}

fn table(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix('[')?.trim_start_matches('[');
    name.split(']').next().map(str::trim)
}

fn key(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    let key = key.trim();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == '.';
    (!key.is_empty() && key.chars().all(plain)).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named_by_line_and_key() {
        let text = "name = \"x\"\n[[stage]]\nexpect = [\n  \"ok==5\",\n  \"okay==5\",\n]\n";
        let source = Source { path: Path::new("f.toml"), text };
        let check = |part: &str, expected: &str| {
            let start = text.find(part).unwrap();
            let words = source.failure(start..start + 1, "no").to_string();
            assert_eq!(words, format!("f.toml:{expected}: no"), "{part}");
        };
        check("\"x\"", "1: name");
        check("[[stage]]", "2: stage");
        check("\"ok==5\"", "4: stage.expect");
        check("\"okay==5\"", "5: stage.expect");
    }
}
