//! The ten lessons: each is there with its page, and comes out as it says, by
//! simulation and, where that does not take long, in real time. (Lesson 8 takes
//! most of a minute.)

use crate::aws::{ROLE, credentials, stand_in};
use crate::emulated::{Emulated, run};
use crate::mock::{Ran, loadgen};
use crate::scenarios::{examples, is_empty};
use loadgen::lesson::LESSONS;
use loadgen::simulate::{self, Options};
use std::process::Stdio;

#[test]
fn all_ten_are_listed_with_their_questions() {
    for arguments in [&["lesson"][..], &["lesson", "--list"], &["lesson", "3", "--list"]] {
        let ran = Ran::new(&loadgen(arguments).output().unwrap());
        assert_eq!(ran.code, 0, "{ran:?}");
        for lesson in &LESSONS {
            let scenario = lesson.scenario().unwrap();
            let (number, name) = (lesson.number, &scenario.name);
            assert!(ran.stdout.contains(&format!("{number:2} {name}")), "{}", ran.stdout);
            assert!(ran.stdout.contains(scenario.question.as_ref().unwrap()), "{}", ran.stdout);
        }
    }
}

#[test]
fn each_has_a_page_with_its_question_and_its_command() {
    let index = std::fs::read_to_string(examples().join("README.md")).unwrap();
    for lesson in &LESSONS {
        let page = examples().join("..").join(lesson.file.replace(".toml", ".md"));
        let text =
            std::fs::read_to_string(&page).unwrap_or_else(|error| panic!("{}: {error}", page.display()));
        let question = lesson.scenario().unwrap().question.unwrap();
        for part in [question.as_str(), &format!("loadgen lesson {}", lesson.number)] {
            assert!(text.contains(part), "{part} in {}", page.display());
        }
        let file = lesson.file.trim_start_matches("examples/");
        assert!(index.contains(&format!("({file})")), "{file} in examples/README.md");
    }
}

#[test]
fn there_are_ten() {
    let ran = Ran::new(&loadgen(&["lesson", "11"]).output().unwrap());
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("11 is not in 1..=10"), "{}", ran.stderr);
}

/// `loadgen lesson ARGUMENTS` with nobody before a terminal.
async fn lesson(arguments: &[&str]) -> Ran {
    let mut command = loadgen(&["lesson"]);
    command.args(arguments).stdin(Stdio::null());
    Ran::new(&run(command).await)
}

async fn holds(number: &str) -> Ran {
    let ran = lesson(&[number]).await;
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(!ran.stdout.contains('✗'), "{}", ran.stdout);
    ran
}

#[test]
fn all_ten_come_out_as_they_say_by_simulation() {
    for lesson in &LESSONS {
        let scenario = lesson.scenario().unwrap();
        let suite = simulate::play(&scenario, &Options::of(&scenario)).unwrap();
        let verdicts = suite.reports.iter().flat_map(|report| &report.expectations);
        let missed: Vec<String> = verdicts.filter(|verdict| !verdict.ok).map(ToString::to_string).collect();
        assert!(suite.as_expected(), "lesson {}: {missed:?}", lesson.number);
        assert_eq!(suite.reports.len(), scenario.stages.len(), "lesson {}", lesson.number);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fast_lesson_is_simulated() {
    let ran = lesson(&["8", "--fast"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    for part in ["simulated with seed 0", "Expected, and observed", "Answer: A function may start"] {
        assert!(ran.stdout.contains(part), "{part} in {}", ran.stdout);
    }
    assert!(!ran.stdout.contains('▶'), "{}", ran.stdout);
}

/// As a scenario, on an emulator that runs already.
async fn plays(file: &str) {
    let emulated = Emulated::start(1_000).await;
    let path = examples().join("lessons").join(file);
    let ran = emulated.loadgen(&["run", path.to_str().unwrap()]).await;
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("as expected"), "{}", ran.stdout);
    assert!(is_empty(&emulated).await, "what was made is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn lesson_1_of_reserved_concurrency() {
    plays("01-reserved.toml").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lesson_2_of_duration() {
    plays("02-duration.toml").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lesson_3_of_a_noisy_neighbour() {
    holds("3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lesson_4_of_provisioned_concurrency() {
    holds("4").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lesson_5_of_events() {
    holds("5").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lesson_6_of_good_messages_that_are_dead_lettered() {
    holds("6").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lesson_7_of_three_lanes() {
    holds("7").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_is_asked_told_and_answered() {
    let ran = lesson(&["9"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let question =
        "can a part of that be reserved, and what can be done anyway?\n\nPredict first: what does AWS say";
    for part in [
        question,
        "▶ One execution is to be reserved",
        "below its minimum value of [10].\" (observed)",
        "Why: AWS refused to reserve, in these words.",
        "Expected, and observed\n",
        "Answer: Nothing can be reserved",
    ] {
        assert!(ran.stdout.contains(part), "{part} in {}", ran.stdout);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lesson_10_compares_with_what_stands_in_for_aws() {
    let emulated = stand_in().await;
    let mut command = loadgen(&["lesson", "10", "--fast", "--yes", "--role", ROLE]);
    command.env("AWS_ENDPOINT_URL", emulated.emulator.endpoint()).envs(credentials()).stdin(Stdio::null());
    let ran = Ran::new(&run(command).await);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("agree on what became of requests"), "{}", ran.stdout);
    assert!(ran.stderr.contains("account  000000000000 at http://127.0.0.1:"), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn lesson_10_says_what_it_lacks() {
    let mut command = loadgen(&["lesson", "10"]);
    let files = ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"].map(|name| (name, "/dev/null"));
    command.envs(files).env("AWS_REGION", "us-east-1").env("AWS_EC2_METADATA_DISABLED", "true");
    let ran = Ran::new(&run(command).await);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{ran:?}");
    let words = "error: --target aws: the standard credential chain found no credentials\n\nhint: set AWS_ACCESS_KEY_ID";
    assert!(ran.stderr.starts_with(words), "{}", ran.stderr);
}
