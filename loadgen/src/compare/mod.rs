//! Placeholder until the comparison is written.
use crate::report::Report;
#[derive(Debug, Default)]
pub struct Tolerance;
#[derive(Debug, serde::Serialize)]
pub struct Comparison { pub agree: bool }
pub fn compare(_: &Report, _: &Report, _: &Tolerance) -> Comparison { Comparison { agree: true } }
pub fn text(_: &Comparison) -> String { String::new() }
pub fn html(_: &[Comparison]) -> String { String::new() }
