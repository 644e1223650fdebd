//! Ranges of numbers.

use std::ops::{Bound, RangeBounds};

use super::InvalidPattern;
use super::json::Json;

/// Numbers are compared up to here, and from its negative (Event Ruler,
/// "Numeric matching"). A pattern can't have a greater one, and a greater one
/// in a message is in no range.
const GREATEST: f64 = 5.0e9;

/// The numbers of `{"numeric": [...]}`.
#[derive(Debug, PartialEq)]
pub(super) struct Range(Bound<f64>, Bound<f64>);

impl Range {
    /// Reads one comparison, or a lower bound and then a greater upper one.
    pub(super) fn compile(terms: &[Json<'_>]) -> Result<Self, InvalidPattern> {
        let range = match terms {
            [operator, value] => Self::open(operator.text(), number(value)?),
            [above, low, below, high] => {
                Self::between((above.text(), number(low)?), (below.text(), number(high)?))
            }
            _ => None,
        };
        range.ok_or(InvalidPattern)
    }

    fn open(operator: Option<&str>, value: f64) -> Option<Self> {
        if operator == Some("=") {
            return Some(Self(Bound::Included(value), Bound::Included(value)));
        }
        lower(operator, value)
            .map(|bound| Self(bound, Bound::Unbounded))
            .or_else(|| upper(operator, value).map(|bound| Self(Bound::Unbounded, bound)))
    }

    fn between((above, low): (Option<&str>, f64), (below, high): (Option<&str>, f64)) -> Option<Self> {
        let range = Self(lower(above, low)?, upper(below, high)?);
        (low < high).then_some(range)
    }

    /// Whether a number, as it was written, is one of them.
    pub(super) fn contains(&self, number: &str) -> bool {
        value(number).is_some_and(|value| (self.0, self.1).contains(&value))
    }
}

fn lower(operator: Option<&str>, value: f64) -> Option<Bound<f64>> {
    match operator? {
        ">" => Some(Bound::Excluded(value)),
        ">=" => Some(Bound::Included(value)),
        _ => None,
    }
}

fn upper(operator: Option<&str>, value: f64) -> Option<Bound<f64>> {
    match operator? {
        "<" => Some(Bound::Excluded(value)),
        "<=" => Some(Bound::Included(value)),
        _ => None,
    }
}

fn number(term: &Json<'_>) -> Result<f64, InvalidPattern> {
    match term {
        Json::Scalar(scalar) => scalar.number().and_then(value).ok_or(InvalidPattern),
        Json::Array(_) | Json::Object(_) => Err(InvalidPattern),
    }
}

fn value(number: &str) -> Option<f64> {
    number.parse().ok().filter(|value: &f64| value.abs() <= GREATEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_ranges() {
        for (terms, inside, outside) in [
            (r#"["=",5]"#, "5 5.0 0.5e1", "4 5.000001 -5"),
            (r#"[">",10]"#, "10.5 11 5e9", "10 9 -11 5000000001"),
            (r#"[">=",10]"#, "10 1e1 11", "9.999999"),
            (r#"["<",10]"#, "9 -5000000000", "10 11 -5.1e9"),
            (r#"["<=",10]"#, "9 10", "10.1"),
            (r#"[">",10,"<=",20]"#, "11 20", "10 21"),
            (r#"[">=",-1.5,"<",0]"#, "-1.5 -1", "0 -2"),
        ] {
            let range = compile(terms).expect(terms);
            for number in inside.split(' ') {
                assert!(range.contains(number), "{number} in {terms}");
            }
            for number in outside.split(' ') {
                assert!(!range.contains(number), "{number} not in {terms}");
            }
        }
    }

    #[test]
    fn ranges_that_are_none() {
        for terms in [
            "[]",
            "[5]",
            r#"["="]"#,
            r#"["!=",5]"#,
            r#"["==",5]"#,
            r#"["=","5"]"#,
            r#"["=",null]"#,
            r#"["=",[5]]"#,
            r#"[5,"="]"#,
            r#"["=",5,"=",6]"#,
            r#"[">",5,"<"]"#,
            r#"[">",5,">",6]"#,
            r#"["<",5,">",1]"#,
            r#"[">",5,"<",5]"#,
            r#"[">=",5,"<=",5]"#,
            r#"[">",6,"<",5]"#,
            r#"[">",1,"<",5,"<",6]"#,
            r#"[">",5000000000.1]"#,
            r#"["<",-5.1e9]"#,
            r#"["=",1e400]"#,
        ] {
            assert_eq!(compile(terms), Err(InvalidPattern), "{terms}");
        }
    }

    fn compile(terms: &str) -> Result<Range, InvalidPattern> {
        let Some(Json::Array(terms)) = Json::read(terms) else { panic!("no array: {terms}") };
        Range::compile(&terms)
    }
}
