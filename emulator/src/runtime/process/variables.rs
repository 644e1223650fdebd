//! The environment variables that functions and extensions see
//! (Developer Guide, "Defined runtime environment variables").

use std::ffi::{OsStr, OsString};
use std::net::SocketAddr;
use std::path::PathBuf;

use super::interpreter::{Family, node_major};
use super::sandbox::Sandbox;
use crate::observe::{format_variables, log_group_of};

/// What external extensions do not see, beside what begins with `AWS_XRAY_` or
/// `_AWS_XRAY_` (Developer Guide, "Lambda extensions API").
const NOT_FOR_EXTENSIONS: [&str; 8] = [
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_LOG_FORMAT",
    "AWS_LAMBDA_LOG_LEVEL",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
];

type Variables = Vec<(String, OsString)>;

/// Everything that is set for the runtime's process; nothing else of the
/// emulator's own environment gets through. Of two values the later counts.
pub(super) fn for_runtime(sandbox: &Sandbox, api: SocketAddr) -> Variables {
    let mut set = defaults(sandbox);
    set.extend(
        sandbox.function.spec.variables.iter().map(|(name, value)| (name.clone(), OsString::from(value))),
    );
    set.extend(reserved(sandbox, api));
    set
}

/// The same without what concerns the runtime alone.
pub(super) fn for_extension(sandbox: &Sandbox, api: SocketAddr) -> Variables {
    let mut set = for_runtime(sandbox, api);
    set.retain(|(name, _)| {
        let xray = name.starts_with("AWS_XRAY_") || name.starts_with("_AWS_XRAY_");
        !xray && !NOT_FOR_EXTENSIONS.contains(&name.as_str())
    });
    set
}

/// What a user may set otherwise.
fn defaults(sandbox: &Sandbox) -> Variables {
    let (task, opt) = (sandbox.task(), sandbox.opt());
    let runtime = sandbox.function.spec.runtime.as_str();
    let mut set: Variables = [
        ("AWS_XRAY_CONTEXT_MISSING", "LOG_ERROR"),
        ("AWS_XRAY_DAEMON_ADDRESS", "127.0.0.1:2000"),
        ("TZ", ":UTC"),
        ("LANG", "en_US.UTF-8"),
        ("LC_CTYPE", "C.UTF-8"),
    ]
    .map(|(name, value)| (name.to_owned(), value.into()))
    .into();
    let mut default = |name: &str, value: OsString| set.push((name.to_owned(), value));
    if let Some(endpoint) = &sandbox.identity.endpoint {
        // What the function calls is here too.
        default("AWS_ENDPOINT_URL", endpoint.into());
    }
    default("LD_LIBRARY_PATH", search_path(&[task.clone(), task.join("lib"), opt.join("lib")]));
    let mut programs = std::env::var_os("PATH").unwrap_or_default();
    programs.push(":");
    programs.push(opt.join("bin"));
    default("PATH", programs);
    match Family::of(runtime) {
        Family::Python => {
            let packages = opt.join("python/lib").join(runtime).join("site-packages");
            default("PYTHONPATH", search_path(&[packages, opt.join("python")]));
        }
        Family::Node => {
            let own = format!("nodejs/node{}/node_modules", node_major(runtime).unwrap_or_default());
            default("NODE_PATH", search_path(&[opt.join(own), opt.join("nodejs/node_modules"), task]));
        }
        Family::Provided => {}
    }
    set
}

/// What Lambda sets for everybody.
fn reserved(sandbox: &Sandbox, api: SocketAddr) -> Variables {
    let spec = &sandbox.function.spec;
    let region = &sandbox.identity.region;
    let name = sandbox.function.name.as_str();
    let mut set: Variables = Vec::with_capacity(24);
    let mut lambda = |name: &str, value: &dyn AsRef<OsStr>| {
        set.push((name.to_owned(), value.as_ref().to_owned()));
    };
    lambda("AWS_LAMBDA_FUNCTION_NAME", &name);
    lambda("AWS_LAMBDA_FUNCTION_VERSION", &sandbox.function.version.to_string());
    lambda("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", &spec.memory_mb.to_string());
    lambda("AWS_LAMBDA_LOG_GROUP_NAME", &log_group_of(&sandbox.function));
    lambda("AWS_LAMBDA_LOG_STREAM_NAME", &sandbox.log_stream);
    lambda("AWS_LAMBDA_INITIALIZATION_TYPE", &sandbox.initialization.as_str());
    lambda("AWS_LAMBDA_RUNTIME_API", &api.to_string());
    lambda("AWS_REGION", region);
    lambda("AWS_DEFAULT_REGION", region);
    let role = &sandbox.identity.role;
    lambda("AWS_ACCESS_KEY_ID", &role.key_id);
    lambda("AWS_SECRET_ACCESS_KEY", &role.secret);
    lambda("AWS_SESSION_TOKEN", &role.session_token.as_deref().unwrap_or_default());
    lambda("_AWS_XRAY_DAEMON_ADDRESS", &"127.0.0.1");
    lambda("_AWS_XRAY_DAEMON_PORT", &"2000");
    lambda("_HANDLER", &spec.handler);
    lambda("LAMBDA_TASK_ROOT", &sandbox.task());
    lambda("LAMBDA_RUNTIME_DIR", &sandbox.task());
    lambda("TMPDIR", &sandbox.tmp());
    lambda("EMULATOR_OPT", &sandbox.opt());
    let (format, level) = format_variables(spec.logging.format);
    lambda("AWS_LAMBDA_LOG_FORMAT", &format);
    if let Some(level) = level {
        lambda("AWS_LAMBDA_LOG_LEVEL", &level);
    }
    if Family::of(&spec.runtime) != Family::Provided {
        lambda("AWS_EXECUTION_ENV", &format!("AWS_Lambda_{}", spec.runtime));
    }
    set
}

/// The folders lie below ours, whose name has no colon.
fn search_path(folders: &[PathBuf]) -> OsString {
    let parts: Vec<&OsStr> = folders.iter().map(|folder| folder.as_os_str()).collect();
    parts.join(OsStr::new(":"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::path::Path;
    use std::sync::{Arc, Weak, mpsc};

    use super::*;
    use crate::config::Identity;
    use crate::credentials::Credentials;
    use crate::engine::{
        EnvironmentId, FunctionSpec, FunctionVersion, HandlerModel, InitializationType, Start, Timestamp,
        Uuid, Version,
    };

    fn sandbox(runtime: &str, variables: &[(&str, &str)]) -> Sandbox {
        let mut spec = FunctionSpec::simulated(HandlerModel::default());
        spec.runtime = runtime.to_owned();
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        spec.variables = variables.collect();
        let (last_modified, revision_id) = (Timestamp::default(), Uuid::from_random(1));
        let start = Start {
            environment: EnvironmentId(1),
            function: Arc::new(FunctionVersion {
                name: "f".into(),
                version: Version::Latest,
                spec,
                last_modified,
                revision_id,
            }),
            log_stream: Uuid::from_random(2),
            at: Timestamp::default(),
            initialization: InitializationType::OnDemand,
        };
        let identity = Identity {
            region: "eu-west-1".to_owned(),
            account_id: "000000000000".to_owned(),
            endpoint: None,
            role: Credentials::test(),
        };
        let jobs = mpsc::channel().0;
        Sandbox::new(start, Weak::new(), Arc::new(identity), Path::new("/e"), Vec::new(), jobs)
    }

    fn values(variables: Variables) -> HashMap<String, String> {
        let text = |value: OsString| value.into_string().expect("text");
        variables.into_iter().map(|(name, value)| (name, text(value))).collect()
    }

    const API: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9001);

    #[test]
    fn search_paths_lead_to_the_layers() {
        for (runtime, name, expected) in [
            (
                "python3.12",
                "PYTHONPATH",
                Some("/e/1/opt/python/lib/python3.12/site-packages:/e/1/opt/python"),
            ),
            (
                "nodejs22.x",
                "NODE_PATH",
                Some("/e/1/opt/nodejs/node22/node_modules:/e/1/opt/nodejs/node_modules:/e/1/task"),
            ),
            ("nodejs22.x", "AWS_EXECUTION_ENV", Some("AWS_Lambda_nodejs22.x")),
            ("provided.al2023", "AWS_EXECUTION_ENV", None),
            ("provided.al2023", "PYTHONPATH", None),
            ("provided.al2023", "LD_LIBRARY_PATH", Some("/e/1/task:/e/1/task/lib:/e/1/opt/lib")),
            ("provided.al2023", "EMULATOR_OPT", Some("/e/1/opt")),
            ("provided.al2023", "AWS_LAMBDA_RUNTIME_API", Some("127.0.0.1:9001")),
        ] {
            let variables = values(for_runtime(&sandbox(runtime, &[]), API));
            assert_eq!(variables.get(name).map(String::as_str), expected, "{runtime} {name}");
            assert!(variables["PATH"].ends_with(":/e/1/opt/bin"));
        }
    }

    #[test]
    fn what_a_user_sets_wins_unless_it_is_reserved() {
        let sandbox = sandbox("python3.12", &[("PYTHONPATH", "/own"), ("AWS_REGION", "own"), ("K", "v")]);
        let runtime = values(for_runtime(&sandbox, API));
        assert_eq!(
            (&*runtime["PYTHONPATH"], &*runtime["AWS_REGION"], &*runtime["K"]),
            ("/own", "eu-west-1", "v")
        );
        let extension = values(for_extension(&sandbox, API));
        assert_eq!((&*extension["AWS_REGION"], &*extension["K"]), ("eu-west-1", "v"));
        for name in NOT_FOR_EXTENSIONS.iter().chain(&["AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_PORT"]) {
            assert!(!extension.contains_key(*name), "{name}");
        }
    }
}
