//! Scenario files and sweeps on the emulator: they do what they say, and leave
//! the account as it was.

use crate::emulated::Emulated;
use crate::mock::{Ran, loadgen};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub(crate) fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples")
}

pub(crate) async fn is_empty(emulated: &Emulated) -> bool {
    let functions = emulated.clients.lambda.list_functions().send().await.expect("a list");
    let queues = emulated.clients.sqs.list_queues().send().await.expect("a list");
    functions.functions().is_empty() && queues.queue_urls().is_empty()
}

#[test]
fn every_scenario_among_the_examples_is_well_formed() {
    let files = std::fs::read_dir(examples().join("lessons")).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let files: Vec<PathBuf> = files.chain([examples().join("kubernetes/load.toml")]).collect();
    assert_eq!(files.len(), 11);
    let ran = Ran::new(&loadgen(&["check"]).args(files).output().unwrap());
    assert_eq!(ran.code, 0, "{}", ran.stdout);
}

#[test]
fn check_points_at_line_and_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bad.toml");
    std::fs::write(&path, "[[function]]\nname = \"f\"\n\n[[stage]]\nexpect = [\"okay==5\"]\n").unwrap();
    let ran = Ran::new(&loadgen(&["check", path.to_str().unwrap()]).output().unwrap());
    assert_eq!(ran.code, 2);
    let expected = format!("✗ {}:5: stage.expect: 'okay' is not a number of the report", path.display());
    assert!(ran.stdout.starts_with(&expected), "{}", ran.stdout);
}

/// A scenario in a file of its own, played on an emulator.
async fn play(emulated: &Emulated, text: &str) -> (Ran, Value) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("s.toml");
    std::fs::write(&path, text).unwrap();
    let ran = emulated.loadgen(&["run", path.to_str().unwrap(), "--output", "json"]).await;
    let suite = serde_json::from_str(&ran.stdout).unwrap_or(Value::Null);
    (ran, suite)
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_a_function_that_is_there_are_put_back() {
    let emulated = Emulated::start(1_000).await;
    emulated.create_sandbox("mine").await;
    emulated.reserve("mine", 7).await;
    let text = "[[function]]\nname = \"mine\"\ncode = \"existing\"\nreserved = 3\n\
                [[stage]]\nrequests = 10\npayload = { sleep_ms = 300 }\nexpect = [\"ok==3\", \"throttled==7\"]\n\
                [[stage]]\nreserved = 0\nrequests = 2\nexpect = [\"throttled==2\", \"ok==1\"]\n";
    let (ran, suite) = play(&emulated, text).await;
    assert_eq!(ran.code, 1, "the last expectation fails: {}", ran.stderr);
    assert!(ran.stderr.contains("expectation failed: stage 2: ok==1 (observed 0)"), "{}", ran.stderr);
    assert_eq!(suite["reports"][0]["counts"]["ok_cold"], 3, "{suite:#}");
    let found =
        emulated.clients.lambda.get_function_concurrency().function_name("mine").send().await.unwrap();
    assert_eq!(found.reserved_concurrent_executions(), Some(7));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_already_is_not_overwritten() {
    let emulated = Emulated::start(1_000).await;
    emulated.create_sandbox("mine").await;
    let text = "[[function]]\nname = \"new\"\n[[function]]\nname = \"mine\"\n[[stage]]\nfunction = \"new\"\n";
    let (ran, _) = play(&emulated, text).await;
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.starts_with("error: failed to create function mine: there is one"), "{}", ran.stderr);
    let functions = emulated.clients.lambda.list_functions().send().await.expect("a list");
    let names: Vec<_> =
        functions.functions().iter().filter_map(|function| function.function_name()).collect();
    assert_eq!(names, ["mine"], "the one that was made is gone again");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_built_in_handler_and_provisioned_concurrency_can_be_asked_for() {
    let quotas = emulator::engine::Quotas {
        provisioned_preparation: (std::time::Duration::ZERO, std::time::Duration::ZERO),
        ..emulator::engine::Quotas::default()
    };
    let listen = ([127, 0, 0, 1], 0).into();
    let emulated = Emulated::with(emulator::Config { listen, quotas, ..emulator::Config::default() }).await;
    let text = "[[function]]\nname = \"f\"\ncode = \"built-in\"\ninit = \"200ms\"\nduration = \"300ms\"\n\
                [[stage]]\nname = \"cold\"\nrequests = 4\nexpect = [\"ok_cold==4\"]\n\
                [[stage]]\nname = \"ready\"\nprovisioned = 3\nrequests = 4\nexpect = [\"ok_warm==3\", \"ok_cold==1\"]\n";
    let (ran, suite) = play(&emulated, text).await;
    assert_eq!(ran.code, 0, "{}{suite:#}", ran.stderr);
    assert_eq!(suite["reports"][1]["subject"]["function"], "f:loadgen");
    assert!(is_empty(&emulated).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_brings_its_own_function_and_prints_one_table() {
    let emulated = Emulated::start(1_000).await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("sweep.json");
    let ran = emulated
        .loadgen(&[
            "sweep",
            "--reserved",
            "5,10,unreserved",
            "--requests",
            "20",
            "--payload",
            r#"{"sleep_ms":800}"#,
            "--report",
            path.to_str().unwrap(),
        ])
        .await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let rows: Vec<Vec<&str>> =
        ran.stdout.lines().skip(3).map(|line| line.split_whitespace().collect()).collect();
    // Setting, 200, of them cold, 429, other, environments.
    assert_eq!(rows[0][..7], ["reserved", "5", "5", "5", "15", "0", "5"], "{}", ran.stdout);
    assert_eq!(rows[1][..7], ["reserved", "10", "10", "5", "10", "0", "10"], "{}", ran.stdout);
    assert_eq!(rows[2][..6], ["unreserved", "20", "10", "0", "0", "20"], "{}", ran.stdout);
    assert!(is_empty(&emulated).await);
    let suite: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(
        (&suite["schema"], &suite["reports"][1]["name"]),
        (&json!("loadgen.suite/1"), &json!("reserved 10"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_scenario_makes_nothing() {
    let emulated = Emulated::start(1_000).await;
    emulated.create_sandbox("sandbox").await;
    let path = examples().join("kubernetes/load.toml");
    let text = std::fs::read_to_string(path).unwrap().replace("30s", "1s");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("load.toml");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap();
    let mut requests = 0;
    for share in ["0/4", "1/4", "2/4", "3/4"] {
        let ran = emulated.loadgen(&["run", path, "--share", share, "--output", "json"]).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        let suite: Value = serde_json::from_str(&ran.stdout).unwrap();
        requests += suite["reports"][0]["requests"].as_u64().unwrap();
    }
    assert!((150..250).contains(&requests), "{requests} of a Poisson process of 200");
    let reserved = examples().join("lessons/01-reserved.toml");
    let ran = emulated.loadgen(&["run", reserved.to_str().unwrap(), "--share", "0/4"]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("--share is for a scenario that makes and sets nothing"), "{}", ran.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_over_provisioned_concurrency_saves_cold_starts() {
    let quotas = emulator::engine::Quotas {
        provisioned_preparation: (std::time::Duration::ZERO, std::time::Duration::ZERO),
        ..emulator::engine::Quotas::default()
    };
    let listen = ([127, 0, 0, 1], 0).into();
    let emulated = Emulated::with(emulator::Config { listen, quotas, ..emulator::Config::default() }).await;
    let flags = [
        "sweep",
        "--provisioned",
        "0,3",
        "--requests",
        "4",
        "--payload",
        r#"{"sleep_ms":700}"#,
        "--output",
        "json",
    ];
    let ran = emulated.loadgen(&flags).await;
    let suite: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let cold: Vec<&Value> =
        suite["reports"].as_array().unwrap().iter().map(|report| &report["counts"]["ok_cold"]).collect();
    // The four that were started for the first case are warm; the three that are provided are used first.
    assert_eq!((ran.code, cold), (0, vec![&json!(4), &json!(0)]), "{suite:#}");
    assert!(is_empty(&emulated).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_url_is_driven_like_any_url() {
    let emulated = Emulated::start(1_000).await;
    emulated.create_sandbox("f").await;
    emulated.reserve("f", 2).await;
    let lambda = &emulated.clients.lambda;
    let request = lambda.create_function_url_config().function_name("f");
    let url = request.auth_type(aws_sdk_lambda::types::FunctionUrlAuthType::None).send().await.unwrap();
    let flags = [
        "run",
        "--url",
        url.function_url(),
        "--requests",
        "6",
        "--payload",
        r#"{"sleep_ms":800}"#,
        "--output",
        "json",
    ];
    let ran = emulated.loadgen(&flags).await;
    let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    assert_eq!((ran.code, &report["counts"]["ok_cold"]), (0, &json!(2)), "{report:#}");
    let reason = "ReservedFunctionConcurrentInvocationLimitExceeded";
    assert_eq!(report["counts"]["throttled"][reason], 4, "{report:#}");
    assert_eq!((&report["environments"], &report["max_concurrency"]), (&json!(2), &json!(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_that_cannot_be_set_does_not_lose_the_one_before() {
    let emulated = Emulated::start(1_000).await;
    let text = "[[function]]\nname = \"f\"\ncode = \"built-in\"\n[[stage]]\nname = \"good\"\nrequests = 3\n\
                [[stage]]\nname = \"bad\"\nreserved = 5000\n[[stage]]\nname = \"after\"\n";
    let (ran, suite) = play(&emulated, text).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.stderr.contains("error: failed to reserve concurrency for f: InvalidParameterValueException"),
        "{ran:?}"
    );
    assert_eq!(suite["reports"][0]["counts"]["ok_cold"], 3, "{suite:#}");
    assert_eq!(suite["not_run"], json!(["bad", "after"]));
    assert!(is_empty(&emulated).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn stages_at_the_same_time_have_a_report_each_and_share_the_files() {
    let emulated = Emulated::start(1_000).await;
    let directory = tempfile::tempdir().unwrap();
    let (path, csv) = (directory.path().join("s.toml"), directory.path().join("s.csv"));
    let text = "[[function]]\nname = \"f\"\ncode = \"built-in\"\nduration = \"1s\"\n\
                [[function]]\nname = \"g\"\ncode = \"built-in\"\n\
                [[stage]]\nname = \"long\"\nfunction = \"f\"\nrequests = 3\n\
                [[stage]]\nname = \"beside\"\nwith_previous = true\nfunction = \"g\"\nreserved = 0\nrequests = 2\n\
                [[stage]]\nname = \"after\"\nfunction = \"f\"\nrequests = 1\n";
    std::fs::write(&path, text).unwrap();
    let flags = ["run", path.to_str().unwrap(), "--output", "json", "--csv", csv.to_str().unwrap()];
    let ran = emulated.loadgen(&flags).await;
    let suite: Value = serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"));
    let begun = |n: usize| suite["reports"][n]["times"]["first_due"].as_f64().unwrap();
    assert!((begun(0) - begun(1)).abs() < 0.9, "{suite:#}");
    assert!(begun(2) - begun(0) > 1.0, "{suite:#}");
    let counts: Vec<_> = (0..3).map(|n| &suite["reports"][n]["counts"]).collect();
    assert_eq!((&counts[0]["ok_cold"], &counts[2]["ok_warm"]), (&json!(3), &json!(1)), "{suite:#}");
    assert_eq!(counts[1]["throttled"]["ReservedFunctionConcurrentInvocationLimitExceeded"], 2, "{suite:#}");
    let lines = std::fs::read_to_string(csv).unwrap();
    let of = |name: &str| lines.lines().filter(|line| line.starts_with(&format!("{name},"))).count();
    assert_eq!((of("long"), of("beside"), of("after")), (3, 2, 1), "{lines}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_does_not_come_is_not_as_expected() {
    let emulated = Emulated::start(1_000).await;
    let text = "[[function]]\nname = \"f\"\ncode = \"built-in\"\n\
                [[stage]]\nreserved = 5\nrefused = \"below its minimum\"\nrequests = 1\n\
                [[stage]]\nreserved = 950\nrefused = \"UnreservedConcurrentExecution below its minimum value of [100]\"\nrequests = 1\n\
                [[stage]]\nreserved = 950\nrefused = \"other words\"\nrequests = 1\n";
    let (ran, suite) = play(&emulated, text).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    let not_refused = "stage 1: refused with \"below its minimum\" (observed: it was not refused)";
    assert!(ran.stderr.contains(not_refused), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("stage 3: refused with \"other words\" (observed: Invalid"),
        "{}",
        ran.stderr
    );
    let verdict = &suite["reports"][1]["expectations"][0];
    assert_eq!((&verdict["ok"], &verdict["observed"]), (&json!(true), &json!(null)), "{suite:#}");
    assert!(is_empty(&emulated).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_account_should_be_like_is_told_where_it_is_not() {
    let emulated = Emulated::start(1_000).await;
    let rest = "[[function]]\nname = \"f\"\ncode = \"built-in\"\n[[stage]]\nrequests = 1\n";
    let (ran, _) = play(&emulated, &format!("[account]\nnew = true\nspeed = 60\n{rest}")).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let endpoint = emulated.emulator.endpoint();
    for part in [
        format!(
            "warning: [account] is for 10 executions at once, and {endpoint} has 1000 (`emulator --account new`)"
        ),
        format!("warning: [account] is for `emulator --speed 60`; whether {endpoint} is one cannot be seen"),
    ] {
        assert!(ran.stderr.contains(&part), "{part} in {}", ran.stderr);
    }
    let (ran, _) = play(&emulated, &format!("[account]\nconcurrency = 1000\n{rest}")).await;
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
}
