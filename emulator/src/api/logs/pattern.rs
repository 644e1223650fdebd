//! Filter patterns of terms and phrases.

use super::error::Error;

/// Longest pattern (Logs API, `FilterLogEvents`).
const LONGEST: usize = 1_024;

/// What an event must contain.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pattern {
    all: Vec<String>,
    none: Vec<String>,
    /// At least one of these, when there is nothing else.
    any: Vec<String>,
}

impl Pattern {
    /// Reads terms, `"exact phrases"`, `-excluded` and `?optional` ones.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        if text.chars().count() > LONGEST {
            return Err(Error::InvalidParameter(format!(
                "1 validation error detected: Value '{text}' at 'filterPattern' failed to satisfy constraint: \
                 Member must have length less than or equal to {LONGEST}"
            )));
        }
        let mut pattern = Self::default();
        let mut rest = text.trim();
        if rest.starts_with(['{', '[', '%']) {
            return Err(Error::InvalidParameter(format!(
                "the emulator does not serve JSON, space-delimited and regular expression filter patterns yet, \
                 such as '{text}'; it serves terms, \"phrases\", ?any and -none"
            )));
        }
        while !rest.is_empty() {
            let (list, unmarked) = match rest.split_at_checked(1) {
                Some(("-", after)) => (&mut pattern.none, after),
                Some(("?", after)) => (&mut pattern.any, after),
                Some(_) | None => (&mut pattern.all, rest),
            };
            let (term, after) = take_term(unmarked)?;
            list.push(term);
            rest = after.trim_start();
        }
        Ok(pattern)
    }

    /// Whether an event is wanted. Optional terms count only by themselves.
    pub(super) fn matches(&self, message: &str) -> bool {
        let has = |term: &String| message.contains(term.as_str());
        if self.all.is_empty() && self.none.is_empty() {
            return self.any.is_empty() || self.any.iter().any(has);
        }
        self.all.iter().all(has) && !self.none.iter().any(has)
    }
}

/// The first term or phrase, and what follows it.
fn take_term(text: &str) -> Result<(String, &str), Error> {
    if let Some(quoted) = text.strip_prefix('"') {
        return take_phrase(quoted);
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (term, after) = text.split_at(end);
    let plain = |symbol: char| symbol.is_alphanumeric() || symbol == '_';
    if term.is_empty() || !term.chars().all(plain) {
        return Err(Error::InvalidParameter(format!("Invalid character(s) in term '{term}'")));
    }
    Ok((term.to_owned(), after))
}

/// A phrase up to its closing quote; `\"` and `\\` stand for themselves.
fn take_phrase(text: &str) -> Result<(String, &str), Error> {
    let mut phrase = String::new();
    let mut symbols = text.char_indices();
    while let Some((at, symbol)) = symbols.next() {
        match symbol {
            '"' => return Ok((phrase, &text[at + 1..])),
            '\\' => match symbols.next() {
                Some((_, escaped @ ('"' | '\\'))) => phrase.push(escaped),
                Some((_, other)) => phrase.extend(['\\', other]),
                None => break,
            },
            other => phrase.push(other),
        }
    }
    Err(Error::InvalidParameter("Invalid filter pattern: a quote is not closed".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, message: &str, expected: bool) {
        let parsed = Pattern::parse(pattern).expect("a good pattern");
        assert_eq!(parsed.matches(message), expected, "{pattern} on {message}");
    }

    #[test]
    fn terms_and_phrases_are_found() {
        let message = "[ERROR] 419 Missing arguments \"x\"";
        for (pattern, expected) in [
            ("", true),
            (" ", true),
            ("ERROR", true),
            ("error", false),
            ("ERROR arguments", true),
            ("ERROR Present", false),
            ("?WARN ?ERROR", true),
            ("?WARN ?INFO", false),
            ("?WARN ERROR", true),
            ("?ERROR Present", false),
            ("-Missing", false),
            ("ERROR -WARN", true),
            ("\"Missing arguments\"", true),
            ("\"arguments Missing\"", false),
            ("-\"[ERROR]\"", false),
            ("?\"[WARN]\" ?\"[ERROR]\"", true),
            (r#""\"x\"""#, true),
        ] {
            check(pattern, message, expected);
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for (pattern, part) in [
            ("{ $.a = 1 }", "does not serve"),
            ("[ip, ...]", "does not serve"),
            ("%a+%", "does not serve"),
            ("a-b", "Invalid character(s) in term 'a-b'"),
            ("\"open", "not closed"),
            ("-", "Invalid character(s)"),
        ] {
            let error = Pattern::parse(pattern).expect_err(pattern).to_string();
            assert!(error.contains(part), "{pattern}: {error}");
        }
    }
}
