//! `loadgen deploy` and `loadgen destroy`, and what they leave alone.

use crate::emulated::Emulated;

#[tokio::test(flavor = "multi_thread")]
async fn deploying_and_destroying_can_be_repeated() {
    let emulated = Emulated::start(1_000).await;
    let first = emulated.loadgen(&["deploy", "--reserved", "5"]).await;
    assert_eq!(first.code, 0, "{first:?}");
    let expected = "\
✓ function sandbox: created
✓ reserved concurrency 5: set
✓ queue sandbox: created
✓ mapping sandbox → sandbox: created
";
    assert_eq!(first.stdout, expected);
    let again = emulated.loadgen(&["deploy", "--reserved", "5"]).await;
    let expected = "\
✓ function sandbox: is as it should be
✓ queue sandbox: is as it should be
✓ mapping sandbox → sandbox: is as it should be
";
    assert_eq!((again.code, again.stdout.as_str()), (0, expected), "{}", again.stderr);
    let changed = emulated.loadgen(&["deploy", "--memory", "256"]).await;
    assert!(
        changed.stdout.starts_with("✓ function sandbox: updated\n✓ reserved concurrency none: set\n"),
        "{changed:?}"
    );

    let load = [
        "run",
        "--queue",
        "sandbox",
        "--requests",
        "20",
        "--batch",
        "10",
        "--payload",
        r#"{"sleep_ms":1}"#,
        "--follow",
        "--expect",
        "completed==20",
    ];
    let ran = emulated.loadgen(&load).await;
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("20 of 20 done by the log"), "{}", ran.stdout);

    let gone = emulated.loadgen(&["destroy"]).await;
    let expected = "\
✓ mapping sandbox → sandbox: deleted
✓ function sandbox: deleted
✓ queue sandbox: deleted
✓ queue sandbox-dead: deleted
";
    assert_eq!((gone.code, gone.stdout.as_str()), (0, expected), "{}", gone.stderr);
    let again = emulated.loadgen(&["destroy"]).await;
    assert_eq!((again.code, again.stdout.matches("is not there").count()), (0, 4), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_loadgens_is_left_alone() {
    let emulated = Emulated::start(1_000).await;
    emulated.create_sandbox("sandbox").await;
    for command in ["deploy", "destroy"] {
        let ran = emulated.loadgen(&[command]).await;
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.stderr.contains("the tag 'loadgen'"), "{}", ran.stderr);
    }
    let found = emulated.clients.lambda.get_function().function_name("sandbox").send().await;
    assert!(found.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fifo_queue_gets_groups_and_ids() {
    let emulated = Emulated::start(1_000).await;
    let request = emulated.clients.sqs.create_queue().queue_name("orders.fifo");
    let request = request.attributes(aws_sdk_sqs::types::QueueAttributeName::FifoQueue, "true");
    let url = request.send().await.unwrap().queue_url().unwrap().to_owned();
    let flags = [
        "run",
        "--queue",
        "orders.fifo",
        "--requests",
        "30",
        "--batch",
        "10",
        "--groups",
        "3",
        "--drain-timeout",
        "1ms",
        "--output",
        "json",
    ];
    let ran = emulated.loadgen(&flags).await;
    let report: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (ran.code, &report["counts"]["accepted"]),
        (1, &serde_json::json!(30)),
        "not drained: {report:#}"
    );
    let received = emulated.clients.sqs.receive_message().queue_url(url).max_number_of_messages(10);
    let received = received.message_system_attribute_names("MessageGroupId".into()).send().await.unwrap();
    let group = received.messages()[0].attributes().unwrap().values().next().unwrap().clone();
    assert!(group.starts_with("group-"), "{group}");
}
