//! Which messages of a queue go to a function: the filters of an event source
//! mapping ("Control which events Lambda sends to your function", "Using event
//! filtering with an Amazon SQS event source").
//!
//! A pattern is compiled when the mapping is made, and every message is held
//! against it. What becomes of a message that does not pass is not known here,
//! nor is anything of mappings, queues and time.

mod body;
mod json;
mod numeric;
mod pattern;
mod rule;
mod scalar;
#[cfg(test)]
mod tests;

use thiserror::Error;

use body::Body;
use pattern::Pattern;

/// Filters of one mapping (Lambda quotas); AWS raises it to 10 on request.
pub(crate) const MOST_FILTERS: usize = 5;

/// Characters of one pattern (Lambda API, `Filter`).
const LONGEST_PATTERN: usize = 4_096;

/// A pattern that AWS would not take. It does not say what is wrong with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("Invalid filter pattern definition.")]
pub(crate) struct InvalidPattern;

/// Filters of one mapping, compiled.
#[derive(Debug)]
pub(crate) struct FilterCriteria {
    patterns: Vec<String>,
    compiled: Vec<Pattern>,
}

impl FilterCriteria {
    /// Compiles the patterns, given as JSON text. How many there may be is for
    /// the caller to say.
    pub(crate) fn new(patterns: Vec<String>) -> Result<Self, InvalidPattern> {
        let compiled = patterns.iter().map(|pattern| compile(pattern)).collect::<Result<_, _>>()?;
        Ok(Self { patterns, compiled })
    }

    /// As they were given.
    pub(crate) fn patterns(&self) -> &[String] {
        &self.patterns
    }

    /// Whether a message with this body goes to the function: one pattern that
    /// it matches is enough, and without patterns every message does.
    pub(crate) fn passes(&self, body: &str) -> bool {
        let body = Body::new(body);
        self.compiled.is_empty() || self.compiled.iter().any(|pattern| pattern.passes(&body))
    }
}

fn compile(pattern: &str) -> Result<Pattern, InvalidPattern> {
    if pattern.chars().count() > LONGEST_PATTERN {
        return Err(InvalidPattern);
    }
    Pattern::read(pattern)
}
