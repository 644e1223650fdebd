//! The waiters of the AWS SDK for Rust, against functions whose changes take
//! their time.

use std::time::Duration;

use aws_sdk_lambda::client::Waiters;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::{FunctionCode, LastUpdateStatus, Runtime, State};
use emulator::engine::Quotas;
use emulator::{Config, Emulator};
use loadgen::target::Clients;

/// Longer than any of these waits takes.
const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn the_sdk_for_rust_waits_for_functions_and_versions() {
    // Long enough that a slow client still sees what is on its way.
    let quotas = Quotas { function_transition: Duration::from_secs(1), ..Quotas::default() };
    let config = Config { listen: ([127, 0, 0, 1], 0).into(), quotas, ..Config::default() };
    let emulator = Emulator::builder().config(config).start().await.expect("a free port");
    let lambda = Clients::at(&emulator.endpoint()).await.expect("a loopback endpoint").lambda;

    let code = FunctionCode::builder().zip_file(Blob::new([])).build();
    let create = lambda.create_function().function_name("f").role("arn:aws:iam::000000000000:role/test");
    let create = create.runtime(Runtime::Providedal2023).handler("emulator.handler").code(code);
    assert_eq!(create.send().await.expect("a new function").state(), Some(&State::Pending));
    let refused = lambda.invoke().function_name("f").send().await.expect_err("it is pending");
    assert!(refused.into_service_error().is_resource_conflict_exception());
    let active = lambda.wait_until_function_active_v2().function_name("f").wait(PATIENCE).await;
    let active = active.expect("active").into_result().expect("an answer");
    let configuration = active.configuration().expect("its configuration");
    assert_eq!(configuration.state(), Some(&State::Active));

    let update = lambda.update_function_configuration().function_name("f").timeout(9).send().await;
    let status = update.expect("an update").last_update_status().cloned();
    assert_eq!(status, Some(LastUpdateStatus::InProgress));
    let refused = lambda.publish_version().function_name("f").send().await.expect_err("it is changing");
    assert!(refused.into_service_error().is_resource_conflict_exception());
    let updated = lambda.wait_until_function_updated_v2().function_name("f").wait(PATIENCE).await;
    let updated = updated.expect("updated").into_result().expect("an answer");
    assert_eq!(updated.configuration().and_then(|configuration| configuration.timeout()), Some(9));

    let version = lambda.publish_version().function_name("f").send().await.expect("a version");
    let version = version.version().expect("its number");
    let published = lambda.wait_until_published_version_active().function_name("f").qualifier(version);
    let published = published.wait(PATIENCE).await.expect("active").into_result().expect("an answer");
    assert_eq!((published.version(), published.state()), (Some("1"), Some(&State::Active)));
}
