//! The ten lessons. They are part of the program, so that a class needs nothing
//! else.

use crate::failure::Failure;
use crate::scenario::Scenario;
use std::path::Path;

/// One of the ten.
#[derive(Debug)]
pub struct Lesson {
    pub number: usize,
    /// Among the examples.
    pub file: &'static str,
    text: &'static str,
    /// Whether it is played on AWS too, and the two are compared.
    pub on_aws: bool,
}

/// A lesson of the examples' folder.
macro_rules! lesson {
    ($number:literal, $name:literal, on_aws: $on_aws:literal) => {
        Lesson {
            number: $number,
            file: concat!("examples/lessons/", $name),
            text: include_str!(concat!("../../../examples/lessons/", $name)),
            on_aws: $on_aws,
        }
    };
}

/// In the order of a class.
pub const LESSONS: [Lesson; 10] = [
    lesson!(1, "01-reserved.toml", on_aws: false),
    lesson!(2, "02-duration.toml", on_aws: false),
    lesson!(3, "03-noisy-neighbour.toml", on_aws: false),
    lesson!(4, "04-provisioned.toml", on_aws: false),
    lesson!(5, "05-events.toml", on_aws: false),
    lesson!(6, "06-queue.toml", on_aws: false),
    lesson!(7, "07-fifo.toml", on_aws: false),
    lesson!(8, "08-scaling.toml", on_aws: false),
    lesson!(9, "09-new-account.toml", on_aws: false),
    lesson!(10, "10-on-aws.toml", on_aws: true),
];

impl Lesson {
    /// What is played.
    pub fn scenario(&self) -> Result<Scenario, Failure> {
        Scenario::parse(Path::new(self.file), self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lesson_asks_has_the_class_predict_and_answers() {
        for (n, lesson) in LESSONS.iter().enumerate() {
            let scenario = lesson.scenario().unwrap();
            assert_eq!(lesson.number, n + 1);
            assert!(lesson.file.contains(&format!("/{:02}-", lesson.number)), "{}", lesson.file);
            let texts = [&scenario.question, &scenario.predict, &scenario.answer];
            assert!(texts.iter().all(|text| text.is_some()), "{}", lesson.file);
            for stage in &scenario.stages {
                assert!(!stage.expect.is_empty(), "{}: {}", lesson.file, stage.name);
                let told = stage.caption.is_some() || stage.load.with_previous;
                assert!(told, "{}: {}", lesson.file, stage.name);
            }
        }
    }
}
