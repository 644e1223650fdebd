//! Function URLs: making, showing, changing and deleting them.

use hyper::StatusCode;
use serde::{Deserialize, Serialize};

use super::body;
use super::error::Error;
use super::front_door::Target;
use super::function_name::FunctionName;
use super::page::Page;
use super::validation::{ALIAS_QUALIFIER, Violations};
use crate::api::Api;
use crate::api::call::Call;
use crate::api::function_url::{self, AuthType, FunctionUrl, InvokeMode};
use crate::api::proxy::Cors;
use crate::api::reply::{Reply, content_type, empty, json};
use crate::engine::Qualifier;
use crate::observe::date_time;

/// URLs on a page of ListFunctionUrlConfigs at most (Lambda API).
const LONGEST_PAGE: usize = 50;

const METHODS: [&str; 7] = ["GET", "PUT", "HEAD", "POST", "PATCH", "DELETE", "*"];

/// What a request sets; what is missing stays as it is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Settings {
    auth_type: Option<String>,
    cors: Option<CorsMembers>,
    invoke_mode: Option<String>,
}

/// CORS settings under Lambda's names.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct CorsMembers {
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_credentials: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_headers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_methods: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allow_origins: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expose_headers: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age: Option<i64>,
}

pub(super) fn create(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let target = target(api, call, resource, "CreateFunctionUrlConfig")?;
    let settings: Settings = body::read(call)?;
    settings.check_methods()?;
    let now = api.driver.clock().now();
    let make = |id| {
        let mut url = FunctionUrl {
            id,
            target: target.clone(),
            auth_type: AuthType::None,
            cors: None,
            invoke_mode: InvokeMode::Buffered,
            created: now,
            modified: now,
        };
        settings.apply(&mut url);
        url
    };
    let created = api.doors.urls.create(&target, || target.check(api), make)?;
    let created = created.ok_or_else(|| Error::FunctionUrlExists { arn: target.arn(api) })?;
    let shown = Shown { last_modified_time: None, ..Shown::new(api, call, created) };
    Ok(json(StatusCode::CREATED, content_type::JSON, &shown))
}

pub(super) fn get(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let target = target(api, call, resource, "GetFunctionUrlConfig")?;
    let url = api.doors.urls.by_target(&target).ok_or(Error::ResourceNotFound)?;
    Ok(json(StatusCode::OK, content_type::JSON, &Shown::new(api, call, url)))
}

pub(super) fn update(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let target = target(api, call, resource, "UpdateFunctionUrlConfig")?;
    let settings: Settings = body::read(call)?;
    settings.check_methods()?;
    let now = api.driver.clock().now();
    let updated = api.doors.urls.update(&target, |url| {
        settings.apply(url);
        url.modified = now;
    });
    let url = updated.ok_or(Error::ResourceNotFound)?;
    Ok(json(StatusCode::OK, content_type::JSON, &Shown::new(api, call, url)))
}

pub(super) fn delete(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let target = target(api, call, resource, "DeleteFunctionUrlConfig")?;
    let deleted = api.doors.urls.delete(&target);
    if deleted { Ok(empty(StatusCode::NO_CONTENT)) } else { Err(Error::ResourceNotFound) }
}

pub(super) fn list(api: &Api, call: &Call, resource: &str) -> Result<Reply, Error> {
    let name = FunctionName::from_path(api, resource, "ListFunctionUrlConfigs")?.unqualified()?;
    let target = Target { name: name.as_str().to_owned(), qualifier: Qualifier::Latest };
    target.check(api)?;
    let key = |url: &FunctionUrl| url.target.qualifier.to_string();
    let urls = api.doors.urls.of_function(name.as_str()).into_iter();
    let (urls, next_marker) = Page::of(call, LONGEST_PAGE)?.cut(urls, key);
    let function_url_configs = urls.into_iter().map(|url| Shown::new(api, call, url)).collect();
    Ok(json(StatusCode::OK, content_type::JSON, &Listed { function_url_configs, next_marker }))
}

/// The function or the alias that a request names. Versions have no URL: one
/// that the name ends with is told of like one in `Qualifier`.
fn target(api: &Api, call: &Call, resource: &str, action: &'static str) -> Result<Target, Error> {
    let name = FunctionName::of_call(api, call, resource, action)?;
    let qualifier = name.qualifier();
    if let Qualifier::Version(_) = qualifier {
        let mut violations = Violations::default();
        violations.check(&ALIAS_QUALIFIER, Some(qualifier.to_string().as_str()));
        violations.into_result().map_err(Error::Validation)?;
    }
    Ok(Target { name: name.as_str().to_owned(), qualifier })
}

impl Settings {
    /// The model says only how long a method is.
    fn check_methods(&self) -> Result<(), Error> {
        let methods = self.cors.iter().filter_map(|cors| cors.allow_methods.as_ref()).flatten();
        match methods.into_iter().find(|method| !METHODS.contains(&method.as_str())) {
            None => Ok(()),
            Some(method) => Err(Error::InvalidParameter(format!(
                "AllowMethods of Cors has '{method}': it takes GET, PUT, HEAD, POST, PATCH, DELETE and *; OPTIONS \
                 is always answered."
            ))),
        }
    }

    fn apply(&self, url: &mut FunctionUrl) {
        match self.auth_type.as_deref() {
            Some("AWS_IAM") => url.auth_type = AuthType::AwsIam,
            Some(_) => url.auth_type = AuthType::None,
            None => {}
        }
        match self.invoke_mode.as_deref() {
            Some("RESPONSE_STREAM") => url.invoke_mode = InvokeMode::ResponseStream,
            Some(_) => url.invoke_mode = InvokeMode::Buffered,
            None => {}
        }
        if let Some(cors) = self.cors.clone().map(Cors::from) {
            // `{}` takes the settings away.
            url.cors = Some(cors).filter(|cors| *cors != Cors::default());
        }
    }
}

impl From<CorsMembers> for Cors {
    fn from(cors: CorsMembers) -> Self {
        let CorsMembers {
            allow_credentials,
            allow_headers,
            allow_methods,
            allow_origins,
            expose_headers,
            max_age,
        } = cors;
        Self { allow_credentials, allow_headers, allow_methods, allow_origins, expose_headers, max_age }
    }
}

impl From<Cors> for CorsMembers {
    fn from(cors: Cors) -> Self {
        let Cors { allow_credentials, allow_headers, allow_methods, allow_origins, expose_headers, max_age } =
            cors;
        Self { allow_credentials, allow_headers, allow_methods, allow_origins, expose_headers, max_age }
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    function_url: String,
    function_arn: String,
    auth_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cors: Option<CorsMembers>,
    creation_time: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified_time: Option<String>,
    invoke_mode: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    function_url_configs: Vec<Shown>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
}

impl Shown {
    fn new(api: &Api, call: &Call, url: FunctionUrl) -> Self {
        Self {
            function_url: format!("http://{}{}/", function_url::domain(api, &url.id), call.port_suffix()),
            function_arn: url.target.arn(api),
            auth_type: match url.auth_type {
                AuthType::None => "NONE",
                AuthType::AwsIam => "AWS_IAM",
            },
            cors: url.cors.map(CorsMembers::from),
            creation_time: format!("{}Z", date_time(url.created)),
            last_modified_time: Some(format!("{}Z", date_time(url.modified))),
            invoke_mode: match url.invoke_mode {
                InvokeMode::Buffered => "BUFFERED",
                InvokeMode::ResponseStream => "RESPONSE_STREAM",
            },
        }
    }
}
