//! Creating, showing, changing and deleting functions.

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::body::{self, Members};
use super::code::{self, CodeSource};
use super::configuration::{Configuration, Progress};
use super::error::Error;
use super::function_name::FunctionName;
use super::page::Page;
use super::settings::{Settings, refuse_unserved};
use super::validation::{self, Violations};
use super::{built_in, cold_start, concurrency, layers, tags, versions};
use crate::api::Api;
use crate::api::call::Call;
use crate::api::reply::{Reply, content_type, empty, json};
use crate::engine::{
    Engine, FunctionSpec, FunctionVersion, HandlerModel, LambdaError, Publication, Qualifier, Version,
};

/// Functions on a page of ListFunctions at most (Lambda API, `ListFunctions`).
const LONGEST_PAGE: usize = 50;

/// What CreateFunction has beyond the settings.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Creation {
    function_name: Option<String>,
    code: Option<CodeSource>,
    architectures: Option<Vec<String>>,
    tags: BTreeMap<String, String>,
    publish: bool,
}

/// What UpdateFunctionCode has beside the code.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct CodeUpdate {
    architectures: Option<Vec<String>>,
    dry_run: Option<bool>,
    publish: Option<bool>,
    revision_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Revision {
    revision_id: Option<String>,
}

pub(super) async fn create(api: &Api, call: &Call) -> Result<Reply, Error> {
    const OPERATION: &str = "CreateFunction";
    let settings: Settings = body::read(call)?;
    let creation: Creation = body::read(call)?;
    creation.check(&settings)?;
    tags::check(&creation.tags)?;
    let name = creation.function_name.as_deref().unwrap_or_default();
    let name = FunctionName::from_text(api, name, OPERATION)?.unqualified()?;
    refuse_dots(name.as_str())?;
    refuse_unserved(&Members::of(call)?, OPERATION)?;
    let meaning = settings.meaning(api)?;

    let (Some(_), Some(handler)) = (&settings.runtime, &settings.handler) else {
        return Err(Error::InvalidParameter(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages."
                .to_owned(),
        ));
    };
    let is_built_in = handler == built_in::HANDLER;
    let package = match creation.code.unwrap_or_default().unpack(api, OPERATION).await {
        // The built-in handler takes any bytes for its code: none of them run.
        Err(Error::InvalidParameter(_) | Error::WrongType(_)) if is_built_in => None,
        unpacked => unpacked?,
    };
    if package.is_none() && !is_built_in {
        return Err(code::missing());
    }
    let mut spec = FunctionSpec {
        architecture: architecture(creation.architectures).unwrap_or_else(|| "x86_64".to_owned()),
        ..FunctionSpec::simulated(HandlerModel::default())
    };
    settings.apply(meaning, &mut spec);
    spec.cold_start = cold_start::of(&spec.variables, &spec.architecture)?;
    let mode = cold_start::account_mode(api);
    spec.code = built_in::code(&spec, mode, package)?;
    layers::check_size(&spec)?;

    let created = api.driver.step(|engine, now| {
        let created = engine.create_function(now, name.as_str().into(), spec)?;
        engine.tag_function(now, name.as_str(), creation.tags)?;
        Ok(created)
    });
    let created = created.map_err(|error| Error::new(error, &api.identity))?;
    if creation.publish {
        return publish(api, StatusCode::CREATED, &created, Progress::Creating);
    }
    Ok(show(api, StatusCode::CREATED, &created, Progress::Creating, None))
}

pub(super) fn get(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::of_call(api, call, resource, "GetFunction")?;
    let found = api.driver.step(|engine, _| {
        let (function, progress) = find(engine, &name)?;
        let tags = engine.tags(name.as_str())?.all().clone();
        Ok::<_, LambdaError>((function, progress, engine.reserved_concurrency(name.as_str())?, tags))
    });
    let (function, progress, reserved, tags) = found.map_err(|error| Error::new(error, &api.identity))?;
    let version = match function.version {
        Version::Latest => String::new(),
        Version::Published(number) => format!(":{number}"),
    };
    let location =
        || format!("http://{}/_emulator/functions/{}{version}/code.zip", call.host(), function.name);
    let shown = Shown {
        configuration: configuration(api, &function, progress, name.given_qualifier().as_ref()),
        code: Location {
            repository_type: "S3",
            location: function.spec.code.package().is_some().then(location),
        },
        tags,
        concurrency: reserved.map(concurrency::Reserved::new),
    };
    Ok(json(StatusCode::OK, content_type::JSON, &shown))
}

pub(super) fn get_configuration(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::of_call(api, call, resource, "GetFunctionConfiguration")?;
    let found = api.driver.step(|engine, _| find(engine, &name));
    let (function, progress) = found.map_err(|error| Error::new(error, &api.identity))?;
    Ok(show(api, StatusCode::OK, &function, progress, name.given_qualifier().as_ref()))
}

pub(super) fn list(api: &Api, call: &Call) -> Result<Reply, Error> {
    let page = Page::of(call, LONGEST_PAGE)?;
    // With FunctionVersion=ALL, AWS shows every version, and their ARNs say which.
    let all = call.parameter("FunctionVersion").is_some_and(|version| version == "ALL");
    // A blank sorts before whatever goes on a longer name.
    let key = |function: &Arc<FunctionVersion>| match function.version {
        Version::Latest => function.name.as_str().to_owned(),
        Version::Published(number) => format!("{} {number:020}", function.name),
    };
    let (functions, next_marker) = api.driver.step(|engine, _| {
        let every = engine.functions().flat_map(|latest| {
            let published = engine.versions(latest.name.as_str()).into_iter().flatten().skip(1);
            std::iter::once(latest).chain(published.filter(|_| all))
        });
        page.cut(every.map(Arc::clone), key)
    });
    let shown = functions.iter().map(|function| {
        let qualifier = all.then(|| function.version.into());
        configuration(api, function, Progress::Done, qualifier.as_ref())
    });
    let functions = shown.collect();
    Ok(json(StatusCode::OK, content_type::JSON, &Functions { functions, next_marker }))
}

pub(super) async fn update_code(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    const OPERATION: &str = "UpdateFunctionCode";
    let name = FunctionName::from_path(api, resource, OPERATION)?.unqualified()?;
    let update: CodeUpdate = body::read(call)?;
    let source: CodeSource = body::read(call)?;
    Members::of(call)?.refuse(OPERATION, &[("PublishTo", |_| false)])?;

    let package = source.unpack(api, OPERATION).await?.ok_or_else(code::missing)?;
    let architecture = architecture(update.architectures);
    let mode = cold_start::account_mode(api);
    let change = |spec: &mut FunctionSpec| {
        spec.code = built_in::code(spec, mode, Some(package))?;
        if let Some(architecture) = architecture {
            spec.architecture = architecture;
            spec.cold_start = cold_start::of(&spec.variables, &spec.architecture)?;
        }
        layers::check_size(spec)
    };
    if update.dry_run.unwrap_or(false) {
        return dry_run(api, &name, update.revision_id.as_deref(), change);
    }
    let updated = change_function(api, &name, update.revision_id.as_deref(), change)?;
    if update.publish.unwrap_or(false) {
        return publish(api, StatusCode::OK, &updated, Progress::Updating);
    }
    Ok(show(api, StatusCode::OK, &updated, Progress::Updating, None))
}

pub(super) fn update_configuration(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    const OPERATION: &str = "UpdateFunctionConfiguration";
    let name = FunctionName::from_path(api, resource, OPERATION)?.unqualified()?;
    let settings: Settings = body::read(call)?;
    let Revision { revision_id } = body::read(call)?;
    refuse_unserved(&Members::of(call)?, OPERATION)?;
    let meaning = settings.meaning(api)?;
    let mode = cold_start::account_mode(api);

    let updated = change_function(api, &name, revision_id.as_deref(), |spec| {
        settings.apply(meaning, spec);
        let package = spec.code.package().cloned();
        spec.cold_start = cold_start::of(&spec.variables, &spec.architecture)?;
        spec.code = built_in::code(spec, mode, package)?;
        layers::check_size(spec)
    })?;
    Ok(show(api, StatusCode::OK, &updated, Progress::Updating, None))
}

pub(super) fn delete(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::of_call(api, call, resource, "DeleteFunction")?;
    let deleted = match name.given_qualifier() {
        None => api.driver.step(|engine, now| engine.delete_function(now, name.as_str())),
        Some(Qualifier::Version(number)) => {
            api.driver.step(|engine, now| engine.delete_version(now, name.as_str(), number))
        }
        Some(Qualifier::Latest) => return Err(Error::LatestNotDeletable),
        // The text is not recorded from AWS.
        Some(Qualifier::Alias(_)) => {
            return Err(Error::InvalidParameter(
                "Deletion of aliases is not currently supported with this operation: use DeleteAlias."
                    .to_owned(),
            ));
        }
    };
    deleted.map_err(|error| Error::new(error, &api.identity))?;
    if name.given_qualifier().is_none() {
        api.doors.urls.forget(name.as_str());
    }
    Ok(empty(StatusCode::NO_CONTENT))
}

impl Creation {
    /// All but the built-in handler needs code.
    fn check(&self, settings: &Settings) -> Result<(), Error> {
        let mut violations = Violations::default();
        let needs_code = settings.handler.as_deref() != Some(built_in::HANDLER);
        violations.present(&validation::CODE, self.code.is_some() || !needs_code);
        violations.into_result().map_err(Error::Validation)
    }
}

/// The version that a name means, and what it is going through.
fn find(engine: &Engine, name: &FunctionName<'_>) -> Result<(Arc<FunctionVersion>, Progress), LambdaError> {
    let qualifier = name.qualifier();
    if qualifier == Qualifier::Latest {
        let state = engine.function_state(name.as_str())?;
        return Ok((Arc::clone(engine.function(name.as_str())?), state.into()));
    }
    let found = engine.qualified(name.as_str(), &qualifier)?;
    Ok((Arc::clone(found), Progress::Done))
}

/// Publishes what was just made, and shows that version.
fn publish(
    api: &Api,
    status: StatusCode,
    made: &FunctionVersion,
    progress: Progress,
) -> Result<Reply, Error> {
    let publication =
        Publication { revision_id: Some(made.revision_id), with_change: true, ..Publication::default() };
    let published =
        api.driver.step(|engine, now| engine.publish_version(now, made.name.as_str(), publication));
    let published = published.map_err(|error| Error::new(error, &api.identity))?;
    Ok(show(api, status, &published, progress, None))
}

/// A function that exists can't have a dot in its name, though the pattern of
/// all other operations has one.
fn refuse_dots(name: &str) -> Result<(), Error> {
    if !name.contains('.') {
        return Ok(());
    }
    let mut violations = Violations::default();
    violations.check(&validation::NEW_FUNCTION_NAME, Some(name));
    violations.into_result().map_err(Error::Validation)
}

fn architecture(given: Option<Vec<String>>) -> Option<String> {
    given.into_iter().flatten().next()
}

/// Changes a function in one step, so that nobody changes it in between.
fn change_function(
    api: &Api,
    name: &FunctionName<'_>,
    revision_id: Option<&str>,
    change: impl FnOnce(&mut FunctionSpec) -> Result<(), Error>,
) -> Result<Arc<FunctionVersion>, Error> {
    let revision_id = versions::revision_id(revision_id)?;
    api.driver.step(|engine, now| {
        let function = engine.function(name.as_str()).map_err(|error| Error::new(error, &api.identity))?;
        let mut spec = function.spec.clone();
        change(&mut spec)?;
        let updated = engine.update_function(now, name.as_str(), revision_id, |current| *current = spec);
        updated.map_err(|error| Error::new(error, &api.identity))
    })
}

/// Tells what the change would make of the function.
fn dry_run(
    api: &Api,
    name: &FunctionName<'_>,
    revision_id: Option<&str>,
    change: impl FnOnce(&mut FunctionSpec) -> Result<(), Error>,
) -> Result<Reply, Error> {
    let found = api.driver.step(|engine, _| engine.function(name.as_str()).cloned());
    let function = found.map_err(|error| Error::new(error, &api.identity))?;
    if versions::revision_id(revision_id)?.is_some_and(|given| given != function.revision_id) {
        return Err(Error::RevisionMismatch);
    }
    let mut changed = FunctionVersion::clone(&function);
    change(&mut changed.spec)?;
    Ok(show(api, StatusCode::OK, &changed, Progress::Done, None))
}

pub(super) fn show(
    api: &Api,
    status: StatusCode,
    function: &FunctionVersion,
    progress: Progress,
    qualifier: Option<&Qualifier>,
) -> Reply {
    json(status, content_type::JSON, &configuration(api, function, progress, qualifier))
}

pub(super) fn configuration<'a>(
    api: &Api,
    function: &'a FunctionVersion,
    progress: Progress,
    qualifier: Option<&Qualifier>,
) -> Configuration<'a> {
    let shown = Configuration::new(&api.identity, function, progress);
    match qualifier {
        Some(qualifier) => shown.qualified(&api.identity, qualifier),
        None => shown,
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown<'a> {
    configuration: Configuration<'a>,
    code: Location,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    concurrency: Option<concurrency::Reserved>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Location {
    repository_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Functions<'a> {
    functions: Vec<Configuration<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}
