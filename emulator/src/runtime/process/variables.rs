//! The environment variables that a function sees
//! (Developer Guide, "Defined runtime environment variables").

use std::ffi::OsString;
use std::net::SocketAddr;

use super::sandbox::Sandbox;
use crate::observe::log_group_name;

/// Everything that is set for the process; nothing else of the emulator's own
/// environment gets through.
pub(super) fn variables(sandbox: &Sandbox, api: SocketAddr) -> Vec<(String, OsString)> {
    let spec = &sandbox.function.spec;
    let region = &sandbox.identity.region;
    let name = sandbox.function.name.as_str();
    let mut set: Vec<(String, OsString)> = Vec::with_capacity(32);
    // The user's come first, so that what Lambda reserves wins.
    set.extend(spec.variables.iter().map(|(name, value)| (name.clone(), value.into())));
    let mut lambda = |name: &str, value: OsString| set.push((name.to_owned(), value));
    lambda("AWS_LAMBDA_FUNCTION_NAME", name.into());
    lambda("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".into());
    lambda("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", spec.memory_mb.to_string().into());
    lambda("AWS_LAMBDA_LOG_GROUP_NAME", log_group_name(name).into());
    lambda("AWS_LAMBDA_LOG_STREAM_NAME", sandbox.log_stream.clone().into());
    lambda("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand".into());
    lambda("AWS_LAMBDA_RUNTIME_API", api.to_string().into());
    lambda("AWS_REGION", region.into());
    lambda("AWS_DEFAULT_REGION", region.into());
    for (name, value) in [
        ("AWS_ACCESS_KEY_ID", "test"),
        ("AWS_SECRET_ACCESS_KEY", "test"),
        ("AWS_SESSION_TOKEN", "test"),
        ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"),
        ("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000"),
        ("_AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1"),
        ("_AWS_XRAY_DAEMON_PORT", "2000"),
        ("TZ", ":UTC"),
        ("LANG", "en_US.UTF-8"),
        ("LC_CTYPE", "C.UTF-8"),
    ] {
        lambda(name, value.into());
    }
    lambda("_HANDLER", spec.handler.clone().into());
    lambda("LAMBDA_TASK_ROOT", sandbox.task().into());
    lambda("LAMBDA_RUNTIME_DIR", sandbox.task().into());
    lambda("TMPDIR", sandbox.tmp().into());
    if !spec.runtime.starts_with("provided") {
        lambda("AWS_EXECUTION_ENV", format!("AWS_Lambda_{}", spec.runtime).into());
    }
    if let Some(path) = std::env::var_os("PATH") {
        lambda("PATH", path);
    }
    set
}
