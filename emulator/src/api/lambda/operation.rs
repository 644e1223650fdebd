//! The operations of Lambda and their paths.

use crate::api::call::Call;

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
    AddPermission,
    GetPolicy,
    RemovePermission,
    ListTags,
    TagResource,
    UntagResource,
    InvokeAsync,
    GetFunctionRecursionConfig,
    PutFunctionRecursionConfig,
    GetRuntimeManagementConfig,
    PutRuntimeManagementConfig,
    GetFunctionCodeSigningConfig,
    PutFunctionCodeSigningConfig,
    DeleteFunctionCodeSigningConfig,
    ListCodeSigningConfigs,
    GetCodeSigningConfig,
    ListFunctionsByCodeSigningConfig,
    PublishLayerVersion,
    ListLayers,
    ListLayerVersions,
    GetLayerVersion,
    DeleteLayerVersion,
    AddLayerVersionPermission,
    GetLayerVersionPolicy,
    RemoveLayerVersionPermission,
    PublishVersion,
    ListVersionsByFunction,
    CreateAlias,
    ListAliases,
    GetAlias,
    UpdateAlias,
    DeleteAlias,
    PutProvisionedConcurrencyConfig,
    GetProvisionedConcurrencyConfig,
    ListProvisionedConcurrencyConfigs,
    DeleteProvisionedConcurrencyConfig,
    PutFunctionEventInvokeConfig,
    UpdateFunctionEventInvokeConfig,
    GetFunctionEventInvokeConfig,
    DeleteFunctionEventInvokeConfig,
    ListFunctionEventInvokeConfigs,
    /// One that AWS has and the emulator does not.
    NotServed(&'static str),
}

impl Operation {
    /// AWS's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Invoke => "Invoke",
            Self::CreateFunction => "CreateFunction",
            Self::GetFunction => "GetFunction",
            Self::GetFunctionConfiguration => "GetFunctionConfiguration",
            Self::ListFunctions => "ListFunctions",
            Self::UpdateFunctionCode => "UpdateFunctionCode",
            Self::UpdateFunctionConfiguration => "UpdateFunctionConfiguration",
            Self::DeleteFunction => "DeleteFunction",
            Self::PutFunctionConcurrency => "PutFunctionConcurrency",
            Self::GetFunctionConcurrency => "GetFunctionConcurrency",
            Self::DeleteFunctionConcurrency => "DeleteFunctionConcurrency",
            Self::GetAccountSettings => "GetAccountSettings",
            Self::CreateEventSourceMapping => "CreateEventSourceMapping",
            Self::GetEventSourceMapping => "GetEventSourceMapping",
            Self::ListEventSourceMappings => "ListEventSourceMappings",
            Self::UpdateEventSourceMapping => "UpdateEventSourceMapping",
            Self::DeleteEventSourceMapping => "DeleteEventSourceMapping",
            Self::InvokeWithResponseStream => "InvokeWithResponseStream",
            Self::AddPermission => "AddPermission",
            Self::GetPolicy => "GetPolicy",
            Self::RemovePermission => "RemovePermission",
            Self::ListTags => "ListTags",
            Self::TagResource => "TagResource",
            Self::UntagResource => "UntagResource",
            Self::InvokeAsync => "InvokeAsync",
            Self::GetFunctionRecursionConfig => "GetFunctionRecursionConfig",
            Self::PutFunctionRecursionConfig => "PutFunctionRecursionConfig",
            Self::GetRuntimeManagementConfig => "GetRuntimeManagementConfig",
            Self::PutRuntimeManagementConfig => "PutRuntimeManagementConfig",
            Self::GetFunctionCodeSigningConfig => "GetFunctionCodeSigningConfig",
            Self::PutFunctionCodeSigningConfig => "PutFunctionCodeSigningConfig",
            Self::DeleteFunctionCodeSigningConfig => "DeleteFunctionCodeSigningConfig",
            Self::ListCodeSigningConfigs => "ListCodeSigningConfigs",
            Self::GetCodeSigningConfig => "GetCodeSigningConfig",
            Self::ListFunctionsByCodeSigningConfig => "ListFunctionsByCodeSigningConfig",
            Self::PublishLayerVersion => "PublishLayerVersion",
            Self::ListLayers => "ListLayers",
            Self::ListLayerVersions => "ListLayerVersions",
            Self::GetLayerVersion => "GetLayerVersion",
            Self::DeleteLayerVersion => "DeleteLayerVersion",
            Self::AddLayerVersionPermission => "AddLayerVersionPermission",
            Self::GetLayerVersionPolicy => "GetLayerVersionPolicy",
            Self::RemoveLayerVersionPermission => "RemoveLayerVersionPermission",
            Self::CreateFunctionUrlConfig => "CreateFunctionUrlConfig",
            Self::GetFunctionUrlConfig => "GetFunctionUrlConfig",
            Self::UpdateFunctionUrlConfig => "UpdateFunctionUrlConfig",
            Self::DeleteFunctionUrlConfig => "DeleteFunctionUrlConfig",
            Self::ListFunctionUrlConfigs => "ListFunctionUrlConfigs",
            Self::PublishVersion => "PublishVersion",
            Self::ListVersionsByFunction => "ListVersionsByFunction",
            Self::CreateAlias => "CreateAlias",
            Self::ListAliases => "ListAliases",
            Self::GetAlias => "GetAlias",
            Self::UpdateAlias => "UpdateAlias",
            Self::DeleteAlias => "DeleteAlias",
            Self::PutProvisionedConcurrencyConfig => "PutProvisionedConcurrencyConfig",
            Self::GetProvisionedConcurrencyConfig => "GetProvisionedConcurrencyConfig",
            Self::ListProvisionedConcurrencyConfigs => "ListProvisionedConcurrencyConfigs",
            Self::DeleteProvisionedConcurrencyConfig => "DeleteProvisionedConcurrencyConfig",
            Self::PutFunctionEventInvokeConfig => "PutFunctionEventInvokeConfig",
            Self::UpdateFunctionEventInvokeConfig => "UpdateFunctionEventInvokeConfig",
            Self::GetFunctionEventInvokeConfig => "GetFunctionEventInvokeConfig",
            Self::DeleteFunctionEventInvokeConfig => "DeleteFunctionEventInvokeConfig",
            Self::ListFunctionEventInvokeConfigs => "ListFunctionEventInvokeConfigs",
            Self::NotServed(name) => name,
        }
    }

    /// The operation that is meant where two have one path: the query tells.
    pub(super) fn told_by_query(self, call: &Call) -> Self {
        let lists = self == Self::GetProvisionedConcurrencyConfig
            && call.parameter("List").is_some_and(|list| list == "ALL");
        if lists { Self::ListProvisionedConcurrencyConfigs } else { self }
    }
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
    ("POST", "2015-03-31/functions/*/policy", Operation::AddPermission),
    ("GET", "2015-03-31/functions/*/policy", Operation::GetPolicy),
    ("DELETE", "2015-03-31/functions/*/policy/*", Operation::RemovePermission),
    ("GET", "2017-03-31/tags/*", Operation::ListTags),
    ("POST", "2017-03-31/tags/*", Operation::TagResource),
    ("DELETE", "2017-03-31/tags/*", Operation::UntagResource),
    ("POST", "2014-11-13/functions/*/invoke-async", Operation::InvokeAsync),
    ("GET", "2024-08-31/functions/*/recursion-config", Operation::GetFunctionRecursionConfig),
    ("PUT", "2024-08-31/functions/*/recursion-config", Operation::PutFunctionRecursionConfig),
    ("GET", "2021-07-20/functions/*/runtime-management-config", Operation::GetRuntimeManagementConfig),
    ("PUT", "2021-07-20/functions/*/runtime-management-config", Operation::PutRuntimeManagementConfig),
    ("GET", "2020-06-30/functions/*/code-signing-config", Operation::GetFunctionCodeSigningConfig),
    ("PUT", "2020-06-30/functions/*/code-signing-config", Operation::PutFunctionCodeSigningConfig),
    ("DELETE", "2020-06-30/functions/*/code-signing-config", Operation::DeleteFunctionCodeSigningConfig),
    ("GET", "2020-04-22/code-signing-configs", Operation::ListCodeSigningConfigs),
    ("GET", "2020-04-22/code-signing-configs/*", Operation::GetCodeSigningConfig),
    ("GET", "2020-04-22/code-signing-configs/*/functions", Operation::ListFunctionsByCodeSigningConfig),
    ("POST", "2018-10-31/layers/*/versions", Operation::PublishLayerVersion),
    ("GET", "2018-10-31/layers", Operation::ListLayers),
    ("GET", "2018-10-31/layers/*/versions", Operation::ListLayerVersions),
    ("GET", "2018-10-31/layers/*/versions/*", Operation::GetLayerVersion),
    ("DELETE", "2018-10-31/layers/*/versions/*", Operation::DeleteLayerVersion),
    ("POST", "2018-10-31/layers/*/versions/*/policy", Operation::AddLayerVersionPermission),
    ("GET", "2018-10-31/layers/*/versions/*/policy", Operation::GetLayerVersionPolicy),
    ("DELETE", "2018-10-31/layers/*/versions/*/policy/*", Operation::RemoveLayerVersionPermission),
    ("POST", "2015-03-31/functions/*/versions", Operation::PublishVersion),
    ("GET", "2015-03-31/functions/*/versions", Operation::ListVersionsByFunction),
    ("POST", "2015-03-31/functions/*/aliases", Operation::CreateAlias),
    ("GET", "2015-03-31/functions/*/aliases", Operation::ListAliases),
    ("GET", "2015-03-31/functions/*/aliases/*", Operation::GetAlias),
    ("PUT", "2015-03-31/functions/*/aliases/*", Operation::UpdateAlias),
    ("DELETE", "2015-03-31/functions/*/aliases/*", Operation::DeleteAlias),
    ("PUT", "2019-09-30/functions/*/provisioned-concurrency", Operation::PutProvisionedConcurrencyConfig),
    ("GET", "2019-09-30/functions/*/provisioned-concurrency", Operation::GetProvisionedConcurrencyConfig),
    (
        "DELETE",
        "2019-09-30/functions/*/provisioned-concurrency",
        Operation::DeleteProvisionedConcurrencyConfig,
    ),
    ("PUT", "2019-09-25/functions/*/event-invoke-config", Operation::PutFunctionEventInvokeConfig),
    ("POST", "2019-09-25/functions/*/event-invoke-config", Operation::UpdateFunctionEventInvokeConfig),
    ("GET", "2019-09-25/functions/*/event-invoke-config", Operation::GetFunctionEventInvokeConfig),
    ("DELETE", "2019-09-25/functions/*/event-invoke-config", Operation::DeleteFunctionEventInvokeConfig),
    ("GET", "2019-09-25/functions/*/event-invoke-config/list", Operation::ListFunctionEventInvokeConfigs),
];

/// Method, path and name of everything else that Lambda has.
const NOT_SERVED: &[(&str, &str, &str)] = &[
    ("POST", "2020-04-22/code-signing-configs", "CreateCodeSigningConfig"),
    ("PUT", "2020-04-22/code-signing-configs/*", "UpdateCodeSigningConfig"),
    ("DELETE", "2020-04-22/code-signing-configs/*", "DeleteCodeSigningConfig"),
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
