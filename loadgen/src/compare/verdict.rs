//! What is to be made of the rows of a comparison, one beside the other.

use super::holm;
use serde::Serialize;

/// How often equals may be called different: once in twenty comparisons.
pub(super) const LEVEL: f64 = 0.05;

/// What is to be made of a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// No difference beyond chance. The interval says how large a one may hide.
    Same,
    /// Beyond chance, and too small to matter.
    WithinTolerance,
    /// Beyond chance.
    Differs,
    /// So few that hardly any difference could have shown.
    TooFew,
}

impl Verdict {
    pub fn agrees(self) -> bool {
        self != Verdict::Differs
    }

    /// For a table.
    pub fn words(self) -> &'static str {
        match self {
            Verdict::Same => "no difference beyond chance",
            Verdict::WithinTolerance => "differs by less than the tolerance",
            Verdict::Differs => "differs",
            Verdict::TooFew => "too few to tell",
        }
    }
}

/// What one row has found.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Finding {
    /// How likely chance alone makes so great a difference; none where chance is
    /// not what decides.
    pub p: Option<f64>,
    /// The same beside all other rows, which the verdict goes by.
    pub p_corrected: Option<f64>,
    pub verdict: Verdict,
    #[serde(skip)]
    is_small: bool,
    #[serde(skip)]
    are_few: bool,
}

impl Finding {
    /// Of a test whose verdict depends on what else was tested, see [`judge`].
    /// `is_small` says that the difference is within the tolerance, `are_few` that
    /// hardly any could have shown.
    pub(super) fn tested(p: f64, is_small: bool, are_few: bool) -> Finding {
        Finding { p: Some(p), p_corrected: None, verdict: Verdict::TooFew, is_small, are_few }
    }

    /// Without chance: a difference is one, unless it is within the tolerance.
    pub(super) fn plain(differs: bool, is_small: bool) -> Finding {
        let verdict = match (differs, is_small) {
            (false, _) => Verdict::Same,
            (true, true) => Verdict::WithinTolerance,
            (true, false) => Verdict::Differs,
        };
        Finding { p: None, p_corrected: None, verdict, is_small, are_few: false }
    }

    fn settle(&mut self, p_corrected: f64) {
        self.p_corrected = Some(p_corrected);
        self.verdict = match p_corrected < LEVEL {
            true if self.is_small => Verdict::WithinTolerance,
            true => Verdict::Differs,
            false if self.are_few => Verdict::TooFew,
            false => Verdict::Same,
        };
    }
}

/// Gives each test its verdict, beside the others of its family. Families share
/// the level, so that many rows of the one do not hide what the other has found.
pub(super) fn judge<'a>(findings: impl Iterator<Item = &'a mut Finding>, families: u32) {
    let mut tested: Vec<&mut Finding> = findings.filter(|finding| finding.p.is_some()).collect();
    let chances: Vec<f64> = tested.iter().filter_map(|finding| finding.p).collect();
    let corrected = holm::corrected(&chances).into_iter().map(|p| (p * f64::from(families)).min(1.0));
    tested.iter_mut().zip(corrected).for_each(|(finding, p)| finding.settle(p));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_judged_beside_the_others() {
        let check = |others: usize, expected| {
            let mut findings = vec![Finding::tested(0.9, false, false); others];
            findings.push(Finding::tested(0.01, false, false));
            judge(findings.iter_mut(), 1);
            assert_eq!(findings[others].verdict, expected, "beside {others}");
        };
        check(0, Verdict::Differs);
        check(3, Verdict::Differs);
        check(4, Verdict::Same);
    }

    #[test]
    fn families_share_the_level() {
        let check = |p, expected| {
            let mut finding = Finding::tested(p, false, false);
            judge([&mut finding].into_iter(), 2);
            assert_eq!(finding.verdict, expected, "{p}");
        };
        check(0.024, Verdict::Differs);
        check(0.026, Verdict::Same);
    }

    #[test]
    fn what_matters_little_and_what_was_too_few_is_told_apart() {
        let check = |p, is_small, are_few, expected| {
            let mut finding = Finding::tested(p, is_small, are_few);
            judge([&mut finding].into_iter(), 1);
            assert_eq!(finding.verdict, expected);
        };
        check(0.01, false, false, Verdict::Differs);
        check(0.01, false, true, Verdict::Differs);
        check(0.01, true, false, Verdict::WithinTolerance);
        check(0.5, true, true, Verdict::TooFew);
        check(0.5, false, false, Verdict::Same);
    }

    #[test]
    fn without_chance_a_difference_is_one() {
        let check = |differs, is_small, expected| {
            let mut finding = Finding::plain(differs, is_small);
            judge([&mut finding].into_iter(), 1);
            assert_eq!((finding.verdict, finding.p_corrected), (expected, None));
        };
        check(false, true, Verdict::Same);
        check(true, true, Verdict::WithinTolerance);
        check(true, false, Verdict::Differs);
    }
}
