//! `loadgen simulate`: the same seed tells the same story, its numbers are there,
//! and it agrees with the emulator in real time.

use crate::emulated::Emulated;
use crate::mock::{Ran, loadgen};
use emulator::ClockSettings;
use emulator::Config;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

fn simulate(arguments: &str) -> Ran {
    Ran::new(&loadgen(&["simulate"]).args(arguments.split_whitespace()).output().unwrap())
}

fn simulated(arguments: &str) -> Value {
    let ran = simulate(&format!("{arguments} --output json"));
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

const ONE_FUNCTION: &str = "--arrivals poisson:0.9/s --duration exponential:1.991s --cold exponential:2.244s \
                            --idle-timeout 600s --reserved 5 --requests 20000 --seed 1";

#[test]
fn one_function_needs_no_file() {
    let report = simulated(ONE_FUNCTION);
    assert_eq!(report["requests"], 20_000);
    let told = &report["simulated"];
    for number in
        ["virtual_s", "invocations_per_second", "throttle_probability", "cold_start_probability", "cost_usd"]
    {
        assert!(told[number].as_f64().is_some_and(|number| number > 0.0), "{number}: {told}");
    }
    for kind in ["total", "running", "idle", "initializing"] {
        let level = &told["environments"][kind];
        assert!(level["average"].is_f64() && level["max"].is_u64(), "{kind}: {told}");
    }
    assert!(told.get("environment_lifespan_s").is_some(), "{told}");
    // 20 000 requests at 0.9/s last six hours; five are never enough for all.
    assert!((told["virtual_s"].as_f64().unwrap() / 22_222.0 - 1.0).abs() < 0.05, "{told}");
    assert_eq!(told["environments"]["total"]["max"], 5);
    let throttled = &report["counts"]["throttled"]["ReservedFunctionConcurrentInvocationLimitExceeded"];
    let share = throttled.as_f64().unwrap() / 20_000.0;
    assert!((share - told["throttle_probability"].as_f64().unwrap()).abs() < 1e-9, "{told}");
}

#[test]
fn a_seed_tells_the_same_story_byte_for_byte() {
    let directory = tempfile::tempdir().unwrap();
    let run = |name: &str, flags: &str| {
        let file = |kind: &str| directory.path().join(format!("{name}.{kind}"));
        let [report, facts, html] = ["json", "facts", "html"].map(file);
        let files =
            format!("--report {} --facts {} --html {}", report.display(), facts.display(), html.display());
        assert_eq!(simulate(&format!("{flags} {files}")).code, 0);
        [report, facts, html].map(|path| read(&path))
    };
    for (name, flags) in [
        ("one", ONE_FUNCTION),
        (
            "queue",
            "--mode queue --arrivals sine:0/s..50/s@20s --for 1m --duration lognormal:300ms --init java21 \
                   --failure-rate 0.1 --crash-rate 0.01 --dead-letter-after 2 --timeout 10s --reserved 5",
        ),
        ("sdk", "--arrivals poisson:20/s --for 1m --duration 500ms --reserved 5 --like-sdk"),
    ] {
        let (first, again) = (run(name, flags), run(&format!("{name}-again"), flags));
        assert!(first == again, "{name} differs");
        let other = run(&format!("{name}-other"), &format!("{} --seed 2", flags.replace("--seed 1", "")));
        assert!(first != other, "{name} does not depend on the seed");
        let facts: Vec<Value> = first[1].lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert!(facts.iter().any(|fact| fact["fact"] == "InvokeEnded"), "{name}");
        assert!(facts.windows(2).all(|pair| pair[0]["at"].as_f64() <= pair[1]["at"].as_f64()), "{name}");
    }
}

#[test]
fn every_kind_of_work_comes_to_its_end() {
    let events = simulated("--mode async --requests 200 --duration 1s --reserved 10 --failure-rate 0.2");
    let completion = &events["completion"];
    assert_eq!(completion["accepted"], 200);
    let (done, failed) = (completion["completed"].as_u64().unwrap(), completion["failed"].as_u64().unwrap());
    // 0.2³ of 200 fail three times.
    assert!(done + failed == 200 && failed < 10, "{completion}");
    assert!(completion["invocations"].as_u64().unwrap() > 220, "{completion}");

    let queue = simulated(
        "--mode queue --requests 100 --duration 1s --reserved 5 --maximum-concurrency 5 \
                           --batch-size 1 --failure-rate 1 --dead-letter-after 3 --timeout 15s",
    );
    assert_eq!((&queue["dead_lettered"], &queue["queue"]["drained"]), (&json!(100), &json!(true)));
    assert_eq!(queue["completion"]["invocations"], 300);
    let depths = &queue["simulated"]["over_time"]["queues"];
    assert!(depths["queue"]["visible"].as_array().unwrap().len() > 10, "{depths}");

    let users = simulated("--arrivals closed:10 --requests 500 --duration 100ms --init 1s");
    assert_eq!((&users["counts"]["ok_cold"], &users["counts"]["ok_warm"]), (&json!(10), &json!(490)));
    assert_eq!(users["max_concurrency"], 10);
}

#[test]
fn costs_are_those_of_the_price_list() {
    let report = simulated("--requests 1000 --duration 100ms --memory 1024");
    // 1000 × 0.1 s × 1 GB, and a thousand requests.
    let cost = &report["simulated"]["cost"];
    assert!((cost["duration"].as_f64().unwrap() - 100.0 * 0.000_016_666_7).abs() < 1e-9, "{cost}");
    assert!((cost["requests"].as_f64().unwrap() - 0.0002).abs() < 1e-9, "{cost}");
    let half = simulated("--requests 1000 --duration 100ms --memory 512 --cpu-share 1");
    // 512 of 1,769 MB are so much of a core: 345.5 ms, which are billed as 346.
    let ratio = half["simulated"]["cost"]["duration"].as_f64().unwrap() / cost["duration"].as_f64().unwrap();
    assert!((ratio - 0.346 * 512.0 / (0.1 * 1_024.0)).abs() < 1e-9, "{ratio}");
    let provided = simulated("--arrivals constant:1/s --for 1h --provisioned 2 --init 1s --duration 100ms");
    assert_eq!(provided["counts"]["ok_cold"], 0);
    let kept = 2.0 * 3_600.0 / 8.0 * 0.000_004_166_7;
    let provisioned = provided["simulated"]["cost"]["provisioned"].as_f64().unwrap();
    assert!((provisioned / kept - 1.0).abs() < 0.01, "{provisioned}, not {kept}");
}

#[test]
fn expectations_decide_the_exit_code() {
    let ran = simulate("--requests 10 --reserved 5 --expect throttle_probability==0.5 ok==6 cost_usd<1");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stdout.contains("✓ throttle_probability==0.5 (observed 0.5)"), "{}", ran.stdout);
    assert!(ran.stdout.contains("✓ cost_usd<1"), "{}", ran.stdout);
    assert!(ran.stderr.contains("expectation failed: ok==6 (observed 5)"), "{}", ran.stderr);
}

#[test]
fn what_cannot_be_is_said_in_one_line() {
    let check = |arguments: &str, part: &str| {
        let ran = simulate(arguments);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{arguments}: {ran:?}");
        assert!(
            ran.stderr.starts_with("error: ") && ran.stderr.contains(part),
            "{arguments}: {}",
            ran.stderr
        );
    };
    check("--duration soon", "expected a time like 200ms");
    check("--duration exponential:2", "has no unit");
    check("--arrivals poisson:5/s", "--arrivals poisson needs a duration or a number of requests");
    check("--batch-size 5", "--batch-size needs --mode queue");
    check("--requests 5 --warm-up 1h", "--warm-up is longer than all that is simulated");
    check("--mode http", "--mode is sync, async or queue");
    check("--csv x.csv", "--csv is for requests that are sent");
    check("--cold 1s --init 1s", "cannot be used with");
    check("missing.toml", "missing.toml: cannot read");
    check("missing.toml --reserved 5", "--reserved has no meaning with a scenario");
    check("--reserved 2000", "failed to simulate function: InvalidParameterValueException: Specified");
    check("--duration 1s --failure-rate 2", "expected a share from 0 to 1");
}

/// Nothing in these is left to chance.
const EXACT: &str = r#"
[[function]]
name = "parity"
code = "built-in"
init = "200ms"
duration = "4s"
[[stage]]
name = "burst"
reserved = 7
requests = 30
[[stage]]
name = "warm"
requests = 5
[[stage]]
name = "events"
mode = "async"
requests = 6
follow = true
"#;

/// What became of each stage's requests.
fn counts(suite: &Value) -> Vec<(Value, Value)> {
    let reports = suite["reports"].as_array().unwrap();
    reports
        .iter()
        .map(|report| (report["counts"].clone(), report["completion"]["completed"].clone()))
        .collect()
}

/// A scenario through the driver at a speed.
async fn in_real_time(speed: f64, path: &Path) -> Value {
    let config = Config {
        listen: ([127, 0, 0, 1], 0).into(),
        clock: ClockSettings::running(speed),
        ..Config::default()
    };
    let emulated = Emulated::with(config).await;
    let ran = emulated.loadgen(&["run", path.to_str().unwrap(), "--output", "json"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn exact_scenarios_have_the_same_counts_in_real_time_and_simulated() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("parity.toml");
    std::fs::write(&path, EXACT).unwrap();
    let virtual_ = counts(&simulated(path.to_str().unwrap()));
    assert_eq!(virtual_[0].0["ok_cold"], 7);
    assert_eq!(virtual_[1].0["ok_warm"], 5);
    assert_eq!(virtual_[2].1, 6);
    for speed in [1.0, 60.0] {
        // 4 s are 67 ms at 60 times: longer than it takes to send the burst.
        assert_eq!(counts(&in_real_time(speed, &path).await), virtual_, "at {speed} times");
    }
}

/// Chance decides here; so the distributions have to be the same.
const RANDOM: &str = r#"
[[function]]
name = "parity"
code = "built-in"
duration = "exponential:400ms"
failure_rate = 0.2
[[stage]]
requests = 300
"#;

#[tokio::test(flavor = "multi_thread")]
async fn random_scenarios_have_the_same_distributions_in_real_time_and_simulated() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("parity.toml");
    std::fs::write(&path, RANDOM).unwrap();
    let virtual_ = simulated(&format!("{} --seed 3", path.display()));
    for speed in [1.0, 60.0] {
        let real = in_real_time(speed, &path).await;
        let failed = |suite: &Value| suite["reports"][0]["counts"]["function_error"].as_f64().unwrap();
        // Two binomials of 300 at 0.2 differ by less in 999 of 1,000 pairs.
        assert!((failed(&real) - failed(&virtual_)).abs() < 33.0, "at {speed} times: {}", failed(&real));
        let (durations, expected) = (durations(&real), durations(&virtual_));
        let apart = furthest_apart(&durations, &expected);
        // Smirnov's bound for 0.1 %: 1.95 · sqrt((n + m) / (n · m)).
        let (n, m) = (count(&durations) as f64, count(&expected) as f64);
        let bound = 1.95 * ((n + m) / (n * m)).sqrt();
        assert!(apart < bound, "at {speed} times: {apart} of {bound}");
    }
}

/// Microseconds that the function's runs took by its own clock, and how often.
/// A histogram knows three digits of each.
fn durations(suite: &Value) -> BTreeMap<u64, u64> {
    let values = suite["reports"][0]["histograms"]["duration"]["values_us"].as_array().unwrap();
    values.iter().map(|pair| (pair[0].as_u64().unwrap(), pair[1].as_u64().unwrap())).collect()
}

fn count(times: &BTreeMap<u64, u64>) -> u64 {
    times.values().sum()
}

/// The largest distance of two distributions.
fn furthest_apart(a: &BTreeMap<u64, u64>, b: &BTreeMap<u64, u64>) -> f64 {
    let share = |times: &BTreeMap<u64, u64>, until: u64| {
        times.range(..=until).map(|(_, count)| count).sum::<u64>() as f64 / count(times) as f64
    };
    a.keys().chain(b.keys()).map(|&until| (share(a, until) - share(b, until)).abs()).fold(0.0, f64::max)
}

/// Whether a process has a handler for SIGINT by now.
fn catches_interrupts(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap_or("0");
    // Bit 0 is signal 1.
    u64::from_str_radix(caught.trim(), 16).is_ok_and(|caught| caught & 0b10 != 0)
}

#[test]
fn an_interrupted_simulation_reports_what_happened_until_then() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("part.json");
    // Hours of real time, if nobody stops it.
    let flags = "--arrivals poisson:100/s --duration 100ms --requests 1000000000 --report";
    let mut command = loadgen(&["simulate"]);
    command.args(flags.split(' ')).arg(&path).stdout(std::process::Stdio::null());
    let mut running = command.spawn().unwrap();
    while !catches_interrupts(running.id()) {
        assert!(running.try_wait().unwrap().is_none(), "it runs");
        std::thread::yield_now();
    }
    let kill = std::process::Command::new("kill").args(["-INT", &running.id().to_string()]).status();
    assert!(kill.unwrap().success());
    assert_eq!(running.wait().unwrap().code(), Some(130));
    let report: Value = serde_json::from_str(&read(&path)).unwrap();
    assert_eq!(report["interrupted"], true);
    let counts = &report["counts"];
    let (ran, not_sent) = (counts["ok_warm"].as_u64().unwrap(), counts["not_sent"].as_u64().unwrap());
    assert_eq!(ran + counts["ok_cold"].as_u64().unwrap() + not_sent, 1_000_000_000, "{counts}");
}
