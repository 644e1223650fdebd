//! GetAccountSettings.

use hyper::StatusCode;
use serde::Serialize;

use crate::api::Api;
use crate::api::reply::{Reply, content_type, json};
use crate::limits;

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Settings {
    account_limit: Limit,
    account_usage: Usage,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Limit {
    total_code_size: u64,
    code_size_unzipped: u64,
    code_size_zipped: u64,
    concurrent_executions: u32,
    unreserved_concurrent_executions: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Usage {
    total_code_size: u64,
    function_count: usize,
}

pub(super) fn settings(api: &Api) -> Reply {
    let (account, code_size) = api.driver.step(|engine, _| {
        let names = engine.functions().map(|function| function.name.as_str());
        let versions = names.flat_map(|name| engine.versions(name).into_iter().flatten());
        let packages = versions.filter_map(|version| version.spec.code.package());
        let functions: u64 = packages.map(|package| package.size).sum();
        let layers: u64 = engine.layers().flatten().map(|layer| layer.spec.package.size).sum();
        (engine.account(), functions + layers)
    });
    let settings = Settings {
        account_limit: Limit {
            total_code_size: 80_530_636_800,
            code_size_unzipped: limits::UNZIPPED_CODE,
            code_size_zipped: limits::ZIPPED_CODE as u64,
            concurrent_executions: account.concurrency,
            unreserved_concurrent_executions: account.unreserved,
        },
        account_usage: Usage { total_code_size: code_size, function_count: account.functions },
    };
    json(StatusCode::OK, content_type::JSON, &settings)
}
