//! Publishing versions, and listing them.

use std::sync::Arc;

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::body::{self, Members};
use super::configuration::{Configuration, Progress};
use super::error::Error;
use super::function_name::FunctionName;
use super::functions;
use super::page::{Page, qualifier_key};
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, json};
use crate::engine::{FunctionVersion, LambdaError, Publication, Uuid, Version};

/// Versions on a page at most (Lambda API, `ListVersionsByFunction`).
const LONGEST_PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Request {
    code_sha256: Option<String>,
    description: Option<String>,
    revision_id: Option<String>,
}

pub(super) fn publish(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    const OPERATION: &str = "PublishVersion";
    let name = FunctionName::from_path(api, resource, OPERATION)?.unqualified()?;
    let request: Request = body::read(call)?;
    Members::of(call)?.refuse(OPERATION, &[("PublishTo", |_| false)])?;
    let publication = Publication {
        description: request.description,
        revision_id: revision_id(request.revision_id.as_deref())?,
        code_sha256: request.code_sha256,
        with_change: false,
    };
    let published = api.driver.step(|engine, now| engine.publish_version(now, name.as_str(), publication));
    let published = published.map_err(|error| Error::new(error, &api.identity))?;
    Ok(functions::show(api, StatusCode::CREATED, &published, Progress::Done, None))
}

pub(super) fn list(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::from_path(api, resource, "ListVersionsByFunction")?;
    let page = Page::of(call, LONGEST_PAGE)?;
    let key = |(function, _): &(Arc<FunctionVersion>, Progress)| qualifier_key(&function.version.into());
    let found = api.driver.step(|engine, _| {
        // `$LATEST` as it was given last, though that may not be active yet.
        let latest =
            (Arc::clone(engine.function(name.as_str())?), engine.function_state(name.as_str())?.into());
        let published =
            engine.versions(name.as_str())?.filter(|function| function.version != Version::Latest);
        let published = published.map(|function| (Arc::clone(function), Progress::Done));
        Ok::<_, LambdaError>(page.cut(std::iter::once(latest).chain(published), key))
    });
    let (versions, next_marker) = found.map_err(|error| Error::new(error, &api.identity))?;
    let shown = versions.iter().map(|(function, progress)| {
        functions::configuration(api, function, *progress, Some(&function.version.into()))
    });
    let versions = shown.collect();
    Ok(json(StatusCode::OK, content_type::JSON, &Versions { versions, next_marker }))
}

/// Reads a `RevisionId`; what is none can't be the current one.
pub(super) fn revision_id(text: Option<&str>) -> Result<Option<Uuid>, Error> {
    text.map(str::parse).transpose().map_err(|_| Error::RevisionMismatch)
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Versions<'a> {
    versions: Vec<Configuration<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}
