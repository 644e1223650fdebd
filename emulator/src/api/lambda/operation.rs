//! The operations of Lambda and their paths.

/// What a method and a path ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Invoke,
    InvokeWithResponseStream,
    CreateFunction,
    GetFunction,
    GetFunctionConfiguration,
    ListFunctions,
    UpdateFunctionCode,
    UpdateFunctionConfiguration,
    DeleteFunction,
    PutFunctionConcurrency,
    GetFunctionConcurrency,
    DeleteFunctionConcurrency,
    GetAccountSettings,
    CreateEventSourceMapping,
    GetEventSourceMapping,
    ListEventSourceMappings,
    UpdateEventSourceMapping,
    DeleteEventSourceMapping,
    CreateFunctionUrlConfig,
    GetFunctionUrlConfig,
    UpdateFunctionUrlConfig,
    DeleteFunctionUrlConfig,
    ListFunctionUrlConfigs,
    /// One that AWS has and the emulator does not.
    NotServed(&'static str),
}

/// Method and path of every served operation, the most frequent first. `*`
/// stands for one segment.
const SERVED: &[(&str, &str, Operation)] = &[
    ("POST", "2015-03-31/functions/*/invocations", Operation::Invoke),
    ("POST", "2021-11-15/functions/*/response-streaming-invocations", Operation::InvokeWithResponseStream),
    ("POST", "2015-03-31/functions", Operation::CreateFunction),
    ("GET", "2015-03-31/functions", Operation::ListFunctions),
    ("GET", "2015-03-31/functions/*", Operation::GetFunction),
    ("DELETE", "2015-03-31/functions/*", Operation::DeleteFunction),
    ("GET", "2015-03-31/functions/*/configuration", Operation::GetFunctionConfiguration),
    ("PUT", "2015-03-31/functions/*/configuration", Operation::UpdateFunctionConfiguration),
    ("PUT", "2015-03-31/functions/*/code", Operation::UpdateFunctionCode),
    ("PUT", "2017-10-31/functions/*/concurrency", Operation::PutFunctionConcurrency),
    ("GET", "2019-09-30/functions/*/concurrency", Operation::GetFunctionConcurrency),
    ("DELETE", "2017-10-31/functions/*/concurrency", Operation::DeleteFunctionConcurrency),
    ("GET", "2016-08-19/account-settings", Operation::GetAccountSettings),
    ("POST", "2015-03-31/event-source-mappings", Operation::CreateEventSourceMapping),
    ("GET", "2015-03-31/event-source-mappings", Operation::ListEventSourceMappings),
    ("GET", "2015-03-31/event-source-mappings/*", Operation::GetEventSourceMapping),
    ("PUT", "2015-03-31/event-source-mappings/*", Operation::UpdateEventSourceMapping),
    ("DELETE", "2015-03-31/event-source-mappings/*", Operation::DeleteEventSourceMapping),
    ("POST", "2021-10-31/functions/*/url", Operation::CreateFunctionUrlConfig),
    ("GET", "2021-10-31/functions/*/url", Operation::GetFunctionUrlConfig),
    ("PUT", "2021-10-31/functions/*/url", Operation::UpdateFunctionUrlConfig),
    ("DELETE", "2021-10-31/functions/*/url", Operation::DeleteFunctionUrlConfig),
    ("GET", "2021-10-31/functions/*/urls", Operation::ListFunctionUrlConfigs),
];

/// Method, path and name of everything else that Lambda has.
const NOT_SERVED: &[(&str, &str, &str)] = &[
    ("POST", "2014-11-13/functions/*/invoke-async", "InvokeAsync"),
    ("POST", "2015-03-31/functions/*/versions", "PublishVersion"),
    ("GET", "2015-03-31/functions/*/versions", "ListVersionsByFunction"),
    ("POST", "2015-03-31/functions/*/aliases", "CreateAlias"),
    ("GET", "2015-03-31/functions/*/aliases", "ListAliases"),
    ("GET", "2015-03-31/functions/*/aliases/*", "GetAlias"),
    ("PUT", "2015-03-31/functions/*/aliases/*", "UpdateAlias"),
    ("DELETE", "2015-03-31/functions/*/aliases/*", "DeleteAlias"),
    ("POST", "2015-03-31/functions/*/policy", "AddPermission"),
    ("GET", "2015-03-31/functions/*/policy", "GetPolicy"),
    ("DELETE", "2015-03-31/functions/*/policy/*", "RemovePermission"),
    ("GET", "2017-03-31/tags/*", "ListTags"),
    ("POST", "2017-03-31/tags/*", "TagResource"),
    ("DELETE", "2017-03-31/tags/*", "UntagResource"),
    ("PUT", "2019-09-30/functions/*/provisioned-concurrency", "PutProvisionedConcurrencyConfig"),
    ("GET", "2019-09-30/functions/*/provisioned-concurrency", "GetProvisionedConcurrencyConfig"),
    ("DELETE", "2019-09-30/functions/*/provisioned-concurrency", "DeleteProvisionedConcurrencyConfig"),
    ("PUT", "2019-09-25/functions/*/event-invoke-config", "PutFunctionEventInvokeConfig"),
    ("POST", "2019-09-25/functions/*/event-invoke-config", "UpdateFunctionEventInvokeConfig"),
    ("GET", "2019-09-25/functions/*/event-invoke-config", "GetFunctionEventInvokeConfig"),
    ("DELETE", "2019-09-25/functions/*/event-invoke-config", "DeleteFunctionEventInvokeConfig"),
    ("GET", "2019-09-25/functions/*/event-invoke-config/list", "ListFunctionEventInvokeConfigs"),
    ("GET", "2018-10-31/layers", "ListLayers"),
    ("POST", "2018-10-31/layers/*/versions", "PublishLayerVersion"),
    ("GET", "2018-10-31/layers/*/versions", "ListLayerVersions"),
    ("GET", "2018-10-31/layers/*/versions/*", "GetLayerVersion"),
    ("DELETE", "2018-10-31/layers/*/versions/*", "DeleteLayerVersion"),
    ("POST", "2018-10-31/layers/*/versions/*/policy", "AddLayerVersionPermission"),
    ("GET", "2018-10-31/layers/*/versions/*/policy", "GetLayerVersionPolicy"),
    ("DELETE", "2018-10-31/layers/*/versions/*/policy/*", "RemoveLayerVersionPermission"),
    ("POST", "2020-04-22/code-signing-configs", "CreateCodeSigningConfig"),
    ("GET", "2020-04-22/code-signing-configs", "ListCodeSigningConfigs"),
    ("GET", "2020-04-22/code-signing-configs/*", "GetCodeSigningConfig"),
    ("PUT", "2020-04-22/code-signing-configs/*", "UpdateCodeSigningConfig"),
    ("DELETE", "2020-04-22/code-signing-configs/*", "DeleteCodeSigningConfig"),
    ("GET", "2020-04-22/code-signing-configs/*/functions", "ListFunctionsByCodeSigningConfig"),
    ("PUT", "2020-06-30/functions/*/code-signing-config", "PutFunctionCodeSigningConfig"),
    ("GET", "2020-06-30/functions/*/code-signing-config", "GetFunctionCodeSigningConfig"),
    ("DELETE", "2020-06-30/functions/*/code-signing-config", "DeleteFunctionCodeSigningConfig"),
    ("PUT", "2021-07-20/functions/*/runtime-management-config", "PutRuntimeManagementConfig"),
    ("GET", "2021-07-20/functions/*/runtime-management-config", "GetRuntimeManagementConfig"),
    ("PUT", "2024-08-31/functions/*/recursion-config", "PutFunctionRecursionConfig"),
    ("GET", "2024-08-31/functions/*/recursion-config", "GetFunctionRecursionConfig"),
    ("PUT", "2025-11-30/functions/*/function-scaling-config", "PutFunctionScalingConfig"),
    ("GET", "2025-11-30/functions/*/function-scaling-config", "GetFunctionScalingConfig"),
    ("POST", "2025-11-30/capacity-providers", "CreateCapacityProvider"),
    ("GET", "2025-11-30/capacity-providers", "ListCapacityProviders"),
    ("GET", "2025-11-30/capacity-providers/*", "GetCapacityProvider"),
    ("PUT", "2025-11-30/capacity-providers/*", "UpdateCapacityProvider"),
    ("DELETE", "2025-11-30/capacity-providers/*", "DeleteCapacityProvider"),
    ("GET", "2025-11-30/capacity-providers/*/function-versions", "ListFunctionVersionsByCapacityProvider"),
    ("GET", "2025-12-01/functions/*/durable-executions", "ListDurableExecutionsByFunction"),
    ("GET", "2025-12-01/durable-executions/*", "GetDurableExecution"),
    ("GET", "2025-12-01/durable-executions/*/history", "GetDurableExecutionHistory"),
    ("GET", "2025-12-01/durable-executions/*/state", "GetDurableExecutionState"),
    ("POST", "2025-12-01/durable-executions/*/checkpoint", "CheckpointDurableExecution"),
    ("POST", "2025-12-01/durable-executions/*/stop", "StopDurableExecution"),
    ("POST", "2025-12-01/durable-execution-callbacks/*/succeed", "SendDurableExecutionCallbackSuccess"),
    ("POST", "2025-12-01/durable-execution-callbacks/*/fail", "SendDurableExecutionCallbackFailure"),
    ("POST", "2025-12-01/durable-execution-callbacks/*/heartbeat", "SendDurableExecutionCallbackHeartbeat"),
];

/// Lambda's paths begin with the date of their API version.
pub(in crate::api) fn is_path(path: &str) -> bool {
    let version = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let date = |(index, byte): (usize, u8)| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    };
    version.len() == 10 && version.bytes().enumerate().all(date)
}

/// The operation, and what stands in the place of the first `*` of its path.
pub(super) fn find<'a>(method: &str, path: &'a str) -> Option<(Operation, &'a str)> {
    let path = path.trim_matches('/');
    let served = SERVED.iter().find_map(|&(verb, pattern, operation)| {
        (verb == method).then(|| matched(pattern, path)).flatten().map(|resource| (operation, resource))
    });
    served.or_else(|| {
        NOT_SERVED.iter().find_map(|&(verb, pattern, name)| {
            let resource = (verb == method).then(|| matched(pattern, path)).flatten()?;
            Some((Operation::NotServed(name), resource))
        })
    })
}

/// What stands in the place of the first `*`, empty without one; `None` when
/// the path has another form.
fn matched<'a>(pattern: &str, path: &'a str) -> Option<&'a str> {
    let (mut pattern, mut segments) = (pattern.split('/'), path.split('/'));
    let mut resource = "";
    loop {
        match (pattern.next(), segments.next()) {
            (None, None) => return Some(resource),
            (Some("*"), Some(segment)) if !segment.is_empty() => {
                resource = if resource.is_empty() { segment } else { resource };
            }
            (Some(expected), Some(segment)) if expected == segment => {}
            (_, _) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_finds_its_own_operation() {
        let served = SERVED.iter().map(|&(method, pattern, operation)| (method, pattern, operation));
        let others =
            NOT_SERVED.iter().map(|&(method, pattern, name)| (method, pattern, Operation::NotServed(name)));
        for (method, pattern, operation) in served.chain(others) {
            let path = format!("/{}/", pattern.replace('*', "x%3Ay"));
            let resource = if pattern.contains('*') { "x%3Ay" } else { "" };
            assert_eq!(find(method, &path), Some((operation, resource)), "{method} {path}");
            assert!(is_path(&path), "{path}");
        }
    }

    #[test]
    fn other_paths_find_nothing() {
        for (method, path) in [
            ("GET", "/2015-03-31/functions//invocations"),
            ("POST", "/2015-03-31/functions/f/invocations/more"),
            ("PATCH", "/2015-03-31/functions/f"),
            ("GET", "/2015-03-31/nothing"),
            ("GET", "/2015-03-31"),
        ] {
            assert_eq!(find(method, path), None, "{method} {path}");
        }
        for path in ["/", "/000000000000/queue", "/2015-03-3x/functions", "/20150331aa/functions"] {
            assert!(!is_path(path), "{path}");
        }
    }
}
