//! The constraints of the API's model, and how AWS tells that they are broken.
//!
//! `members` says what every member may be, `operations` where it stands in the
//! requests of which operations. A request is checked as a whole before its
//! operation looks at it.

mod constraint;
mod members;
mod operations;
mod patterns;
mod request;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;

pub(in crate::api) use constraint::{Constraint, Given};
pub(super) use members::{
    ALIAS_QUALIFIER, CODE, INVOCATION_TYPE, LOG_TYPE, NEW_FUNCTION_NAME, STREAMING_INVOCATION_TYPE,
};
pub(super) use request::check;

/// A member of a request, under the name that errors give it.
#[derive(Debug)]
pub(in crate::api) struct Member {
    pub(in crate::api) name: &'static str,
    pub(in crate::api) constraints: &'static [Constraint],
}

/// What is wrong with one request; all of it is told at once.
#[derive(Debug, Default)]
pub(in crate::api) struct Violations(Vec<String>);

impl Violations {
    /// Checks a value that may be missing.
    pub(in crate::api) fn check<'a>(&mut self, member: &Member, value: impl Into<Given<'a>>) {
        self.check_as(member.name, member, value.into());
    }

    /// Checks a value under a name of its own, such as one of several items.
    fn check_as(&mut self, name: &str, member: &Member, value: Given<'_>) {
        for constraint in member.constraints {
            if constraint.is_broken_by(value) {
                let shown = if constraint.hides_value() { String::new() } else { format!(" {value}") };
                self.add(&shown, name, &constraint.to_string());
            }
        }
    }

    /// Notes a value that must be there and is not.
    pub(in crate::api) fn present(&mut self, member: &Member, is_present: bool) {
        if !is_present {
            self.add(" null", member.name, &Constraint::NotNull.to_string());
        }
    }

    fn add(&mut self, shown: &str, name: &str, text: &str) {
        self.0.push(format!("Value{shown} at '{name}' failed to satisfy constraint: {text}"));
    }

    /// Nothing, or AWS's message.
    pub(in crate::api) fn into_result(self) -> Result<(), String> {
        if self.0.is_empty() {
            return Ok(());
        }
        let plural = if self.0.len() == 1 { "" } else { "s" };
        let mut message = format!("{} validation error{plural} detected: ", self.0.len());
        for (index, violation) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(message, "{separator}{violation}").expect("writing to a string does not fail");
        }
        Err(message)
    }
}
