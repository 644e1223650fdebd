//! Where the members stand in the requests of each operation.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::constraint::Given;
use super::members::*;
use super::{Member, Violations};
use crate::api::call::Call;
use crate::api::lambda::body;
use crate::api::lambda::error::Error;
use crate::api::lambda::path;

/// Where a request has a member.
#[derive(Debug, Clone, Copy)]
pub(super) enum At {
    /// In its body; dots lead into structures.
    Body(&'static str),
    /// In each structure of a list in its body.
    Items(&'static str, &'static str),
    /// In its query string.
    Query(&'static str),
    /// The same, and it is a number.
    Number(&'static str),
    /// The same, any number of times.
    Several(&'static str),
    /// In its path, counted in segments from 0.
    Path(usize),
}

/// A member of an operation's request.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) at: At,
    pub(super) member: &'static Member,
    presence: Presence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    Optional,
    /// Required in its structure, which may be missing.
    Within,
    Required,
}

/// One that may be missing.
const fn may(at: At, member: &'static Member) -> Field {
    Field { at, member, presence: Presence::Optional }
}

/// One that must be in its structure.
const fn within(at: At, member: &'static Member) -> Field {
    Field { at, member, presence: Presence::Within }
}

/// One that must be there.
const fn must(at: At, member: &'static Member) -> Field {
    Field { at, member, presence: Presence::Required }
}

use At::{Body, Items, Number, Path, Query, Several};

const QUALIFIED: &[Field] = &[may(Query("Qualifier"), &QUALIFIER)];
const PAGED: &[Field] = &[may(Number("MaxItems"), &MAX_ITEMS)];
const SHORT_PAGED: &[Field] = &[may(Number("MaxItems"), &FEW_ITEMS)];
const BY_ALIAS: &[Field] = &[may(Query("Qualifier"), &ALIAS_QUALIFIER)];

/// What CreateFunction and UpdateFunctionConfiguration have in common.
const SETTINGS: &[Field] = &[
    may(Body("Handler"), &HANDLER),
    may(Body("Description"), &DESCRIPTION),
    may(Body("Timeout"), &TIMEOUT),
    may(Body("MemorySize"), &MEMORY_SIZE),
    within(Body("EphemeralStorage.Size"), &EPHEMERAL_STORAGE),
    may(Body("Environment.Variables"), &VARIABLES),
    may(Body("KMSKeyArn"), &KMS_KEY_ARN),
    may(Body("VpcConfig.SubnetIds"), &SUBNET_IDS),
    may(Body("VpcConfig.SecurityGroupIds"), &SECURITY_GROUP_IDS),
    may(Body("FileSystemConfigs"), &FILE_SYSTEM_CONFIGS),
    may(Body("ImageConfig.EntryPoint"), &ENTRY_POINT),
    may(Body("ImageConfig.Command"), &COMMAND),
    may(Body("ImageConfig.WorkingDirectory"), &WORKING_DIRECTORY),
    may(Body("SnapStart.ApplyOn"), &SNAP_START),
    may(Body("DurableConfig.RetentionPeriodInDays"), &DURABLE_RETENTION),
    may(Body("DurableConfig.ExecutionTimeout"), &DURABLE_TIMEOUT),
    may(Body("DeadLetterConfig.TargetArn"), &DEAD_LETTER_TARGET),
    may(Body("TracingConfig.Mode"), &TRACING_MODE),
    may(Body("LoggingConfig.LogFormat"), &LOG_FORMAT),
    may(Body("LoggingConfig.ApplicationLogLevel"), &APPLICATION_LOG_LEVEL),
    may(Body("LoggingConfig.SystemLogLevel"), &SYSTEM_LOG_LEVEL),
    may(Body("LoggingConfig.LogGroup"), &LOG_GROUP),
    may(Body("Layers"), &FUNCTION_LAYERS),
];

/// What only CreateFunction has. Its code is looked at later: the built-in
/// handler needs none.
const CREATION: &[Field] = &[
    must(Body("FunctionName"), &FUNCTION_NAME),
    must(Body("Role"), &ROLE),
    may(Body("Code.S3Bucket"), &CODE_S3_BUCKET),
    may(Body("Code.S3Key"), &CODE_S3_KEY),
    may(Body("Code.S3ObjectVersion"), &CODE_S3_OBJECT_VERSION),
    may(Body("Architectures"), &ARCHITECTURE_LIST),
    may(Body("PackageType"), &PACKAGE_TYPE),
    may(Body("PublishTo"), &PUBLISH_TO),
    may(Body("CodeSigningConfigArn"), &CODE_SIGNING_CONFIG_ARN),
    within(Body("TenancyConfig.TenantIsolationMode"), &TENANT_ISOLATION),
    may(Body("Tags"), &TAGS),
];

const CODE_UPDATE: &[Field] = &[
    may(Body("S3Bucket"), &S3_BUCKET),
    may(Body("S3Key"), &S3_KEY),
    may(Body("S3ObjectVersion"), &S3_OBJECT_VERSION),
    may(Body("Architectures"), &ARCHITECTURE_LIST),
    may(Body("PublishTo"), &PUBLISH_TO),
];

const MAPPING: &[Field] = &[
    may(Body("BatchSize"), &BATCH_SIZE),
    may(Body("MaximumBatchingWindowInSeconds"), &BATCHING_WINDOW),
    may(Body("ScalingConfig.MaximumConcurrency"), &MAXIMUM_CONCURRENCY),
    may(Body("FunctionResponseTypes"), &RESPONSE_TYPES),
    may(Items("FilterCriteria.Filters", "Pattern"), &FILTER_PATTERN),
    may(Body("MetricsConfig.Metrics"), &METRICS),
    may(Body("LoggingConfig.SystemLogLevel"), &SYSTEM_LOG_LEVEL),
    may(Body("KMSKeyArn"), &KMS_KEY_ARN),
    may(Body("ProvisionedPollerConfig.MinimumPollers"), &MINIMUM_POLLERS),
    may(Body("ProvisionedPollerConfig.MaximumPollers"), &MAXIMUM_POLLERS),
    may(Body("ProvisionedPollerConfig.PollerGroupName"), &POLLER_GROUP_NAME),
];

const PERMISSION: &[Field] = &[
    must(Body("StatementId"), &STATEMENT_ID),
    must(Body("Action"), &ACTION),
    must(Body("Principal"), &PRINCIPAL),
    may(Body("SourceArn"), &SOURCE_ARN),
    may(Body("SourceAccount"), &SOURCE_ACCOUNT),
    may(Body("EventSourceToken"), &EVENT_SOURCE_TOKEN),
    may(Body("PrincipalOrgID"), &PRINCIPAL_ORG_ID),
    may(Body("FunctionUrlAuthType"), &FUNCTION_URL_AUTH_TYPE),
];

const LAYER: &[Field] = &[must(Path(2), &LAYER_NAME)];

const LAYER_PUBLICATION: &[Field] = &[
    must(Body("Content"), &CONTENT),
    may(Body("Content.S3Bucket"), &CONTENT_S3_BUCKET),
    may(Body("Content.S3Key"), &CONTENT_S3_KEY),
    may(Body("Content.S3ObjectVersion"), &CONTENT_S3_OBJECT_VERSION),
    may(Body("Description"), &DESCRIPTION),
    may(Body("LicenseInfo"), &LICENSE_INFO),
    may(Body("CompatibleRuntimes"), &COMPATIBLE_RUNTIMES),
    may(Body("CompatibleArchitectures"), &COMPATIBLE_ARCHITECTURES),
];

const LAYER_SEARCH: &[Field] = &[
    may(Query("CompatibleRuntime"), &COMPATIBLE_RUNTIME),
    may(Query("CompatibleArchitecture"), &COMPATIBLE_ARCHITECTURE),
];

const LAYER_PERMISSION: &[Field] = &[
    must(Body("StatementId"), &STATEMENT_ID),
    must(Body("Action"), &LAYER_ACTION),
    must(Body("Principal"), &LAYER_PRINCIPAL),
    may(Body("OrganizationId"), &ORGANIZATION_ID),
];

const ALIAS: &[Field] = &[
    may(Body("Description"), &DESCRIPTION),
    may(Body("RoutingConfig.AdditionalVersionWeights"), &VERSION_WEIGHTS),
];

const EVENT_INVOKE_CONFIG: &[Field] = &[
    may(Body("MaximumRetryAttempts"), &MAXIMUM_RETRY_ATTEMPTS),
    may(Body("MaximumEventAgeInSeconds"), &MAXIMUM_EVENT_AGE),
    may(Body("DestinationConfig.OnSuccess.Destination"), &ON_SUCCESS),
    may(Body("DestinationConfig.OnFailure.Destination"), &ON_FAILURE),
];

const FUNCTION_URL: &[Field] = &[
    may(Body("InvokeMode"), &INVOKE_MODE),
    may(Body("Cors.AllowHeaders"), &ALLOW_HEADERS),
    may(Body("Cors.AllowMethods"), &ALLOW_METHODS),
    may(Body("Cors.AllowOrigins"), &ALLOW_ORIGINS),
    may(Body("Cors.ExposeHeaders"), &EXPOSE_HEADERS),
    may(Body("Cors.MaxAge"), &MAX_AGE),
];

/// The members of every operation's request, in groups.
pub(super) const OPERATIONS: &[(&str, &[&[Field]])] = &[
    ("Invoke", &[QUALIFIED]),
    ("InvokeWithResponseStream", &[QUALIFIED]),
    ("GetFunction", &[QUALIFIED]),
    ("GetFunctionConfiguration", &[QUALIFIED]),
    ("DeleteFunction", &[QUALIFIED]),
    ("CreateFunction", &[CREATION, SETTINGS]),
    ("UpdateFunctionConfiguration", &[&[may(Body("Role"), &ROLE)], SETTINGS]),
    ("UpdateFunctionCode", &[CODE_UPDATE]),
    (
        "ListFunctions",
        &[PAGED, &[may(Query("MasterRegion"), &MASTER_REGION), may(Query("FunctionVersion"), &ALL_VERSIONS)]],
    ),
    (
        "PutFunctionConcurrency",
        &[&[must(Body("ReservedConcurrentExecutions"), &RESERVED_CONCURRENT_EXECUTIONS)]],
    ),
    (
        "CreateEventSourceMapping",
        &[
            &[
                must(Body("FunctionName"), &FUNCTION_NAME),
                may(Body("EventSourceArn"), &EVENT_SOURCE_ARN),
                may(Body("Tags"), &TAGS),
            ],
            MAPPING,
        ],
    ),
    ("UpdateEventSourceMapping", &[&[may(Body("FunctionName"), &FUNCTION_NAME)], MAPPING]),
    (
        "ListEventSourceMappings",
        &[
            PAGED,
            &[may(Query("FunctionName"), &FUNCTION_NAME), may(Query("EventSourceArn"), &EVENT_SOURCE_ARN)],
        ],
    ),
    ("AddPermission", &[QUALIFIED, PERMISSION]),
    ("GetPolicy", &[QUALIFIED]),
    ("RemovePermission", &[QUALIFIED, &[must(Path(4), &ANY_STATEMENT_ID)]]),
    ("ListTags", &[&[must(Path(2), &RESOURCE)]]),
    ("TagResource", &[&[must(Path(2), &RESOURCE), must(Body("Tags"), &TAGS)]]),
    ("UntagResource", &[&[must(Path(2), &RESOURCE), must(Several("tagKeys"), &TAG_KEYS)]]),
    ("PutFunctionRecursionConfig", &[&[must(Body("RecursiveLoop"), &RECURSIVE_LOOP)]]),
    ("GetRuntimeManagementConfig", &[QUALIFIED]),
    (
        "PutRuntimeManagementConfig",
        &[
            QUALIFIED,
            &[
                must(Body("UpdateRuntimeOn"), &UPDATE_RUNTIME_ON),
                may(Body("RuntimeVersionArn"), &RUNTIME_VERSION_ARN),
            ],
        ],
    ),
    ("ListCodeSigningConfigs", &[PAGED]),
    ("GetCodeSigningConfig", &[&[must(Path(2), &CODE_SIGNING_CONFIG_ARN)]]),
    ("ListFunctionsByCodeSigningConfig", &[PAGED, &[must(Path(2), &CODE_SIGNING_CONFIG_ARN)]]),
    ("PutFunctionCodeSigningConfig", &[&[must(Body("CodeSigningConfigArn"), &CODE_SIGNING_CONFIG_ARN)]]),
    ("PublishLayerVersion", &[LAYER, LAYER_PUBLICATION]),
    ("ListLayers", &[SHORT_PAGED, LAYER_SEARCH, &[may(Query("Arn"), &LAYER_ARN)]]),
    ("ListLayerVersions", &[SHORT_PAGED, LAYER, LAYER_SEARCH]),
    ("GetLayerVersion", &[LAYER]),
    ("DeleteLayerVersion", &[LAYER]),
    ("GetLayerVersionPolicy", &[LAYER]),
    ("AddLayerVersionPermission", &[LAYER, LAYER_PERMISSION]),
    ("RemoveLayerVersionPermission", &[LAYER, &[must(Path(6), &STATEMENT_ID)]]),
    ("PublishVersion", &[&[may(Body("Description"), &DESCRIPTION), may(Body("PublishTo"), &PUBLISH_TO)]]),
    ("ListVersionsByFunction", &[PAGED]),
    (
        "CreateAlias",
        &[&[must(Body("Name"), &ALIAS_NAME), must(Body("FunctionVersion"), &FUNCTION_VERSION)], ALIAS],
    ),
    ("GetAlias", &[&[must(Path(4), &ALIAS_NAME)]]),
    ("UpdateAlias", &[&[must(Path(4), &ALIAS_NAME), may(Body("FunctionVersion"), &FUNCTION_VERSION)], ALIAS]),
    ("DeleteAlias", &[&[must(Path(4), &ALIAS_NAME)]]),
    ("ListAliases", &[PAGED, &[may(Query("FunctionVersion"), &FUNCTION_VERSION)]]),
    (
        "PutProvisionedConcurrencyConfig",
        &[&[
            must(Query("Qualifier"), &QUALIFIER),
            must(Body("ProvisionedConcurrentExecutions"), &PROVISIONED_CONCURRENT_EXECUTIONS),
        ]],
    ),
    ("GetProvisionedConcurrencyConfig", &[QUALIFIED, SHORT_PAGED]),
    ("DeleteProvisionedConcurrencyConfig", &[&[must(Query("Qualifier"), &QUALIFIER)]]),
    ("ListProvisionedConcurrencyConfigs", &[SHORT_PAGED]),
    ("PutFunctionEventInvokeConfig", &[QUALIFIED, EVENT_INVOKE_CONFIG]),
    ("UpdateFunctionEventInvokeConfig", &[QUALIFIED, EVENT_INVOKE_CONFIG]),
    ("GetFunctionEventInvokeConfig", &[QUALIFIED]),
    ("DeleteFunctionEventInvokeConfig", &[QUALIFIED]),
    ("ListFunctionEventInvokeConfigs", &[SHORT_PAGED]),
    ("CreateFunctionUrlConfig", &[BY_ALIAS, &[must(Body("AuthType"), &AUTH_TYPE)], FUNCTION_URL]),
    ("UpdateFunctionUrlConfig", &[BY_ALIAS, &[may(Body("AuthType"), &AUTH_TYPE)], FUNCTION_URL]),
    ("GetFunctionUrlConfig", &[BY_ALIAS]),
    ("DeleteFunctionUrlConfig", &[BY_ALIAS]),
    ("ListFunctionUrlConfigs", &[SHORT_PAGED]),
];

/// Checks a request of that operation as a whole.
pub(in crate::api::lambda) fn check(operation: &str, call: &Call) -> Result<(), Error> {
    let Some((_, groups)) = OPERATIONS.iter().find(|(name, _)| *name == operation) else { return Ok(()) };
    let fields = groups.iter().flat_map(|group| group.iter());
    let in_body = |field: &Field| matches!(field.at, Body(_) | Items(..));
    let body: Structure<'_> = if fields.clone().any(in_body) { body::read(call)? } else { BTreeMap::new() };

    let mut violations = Violations::default();
    for field in fields {
        let value = match field.at {
            Body(way) => follow(&body, way),
            Items(way, name) => {
                check_items(&mut violations, field.member, follow(&body, way).as_ref(), name);
                continue;
            }
            Query(name) => call.parameter(name).map(Value::String),
            Number(name) => call.parameter(name).and_then(|text| text.parse().ok()).map(Value::Number),
            Several(name) => several(call, name),
            Path(index) => Some(Value::String(path::segment(call, index).into_owned())),
        };
        let value = value.unwrap_or(Value::Null);
        violations.present(field.member, !value.is_null() || !field.must_be_in(&body));
        violations.check(field.member, &value);
    }
    violations.into_result().map_err(Error::Validation)
}

impl Field {
    fn must_be_in(&self, body: &Structure<'_>) -> bool {
        match (self.presence, self.at) {
            (Presence::Optional, _) => false,
            (Presence::Required, _) => true,
            (Presence::Within, At::Body(way)) => {
                let structure = way.rsplit_once('.').and_then(|(structure, _)| follow(body, structure));
                structure.is_some_and(|structure| structure.is_object())
            }
            (Presence::Within, Items(..) | Query(_) | Number(_) | Several(_) | Path(_)) => false,
        }
    }
}

/// A structure of a body whose members are read only when they are looked at:
/// one of them may be a whole deployment package.
type Structure<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// The value at the end of the way. What has another type than it should is
/// left to the operation, which reads it and says so.
fn follow(body: &Structure<'_>, way: &str) -> Option<Value> {
    match way.split_once('.') {
        None => serde_json::from_str(body.get(way)?.get()).ok(),
        Some((first, rest)) => follow(&serde_json::from_str(body.get(first)?.get()).ok()?, rest),
    }
}

fn check_items(violations: &mut Violations, member: &Member, list: Option<&Value>, name: &str) {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    for (index, item) in items.enumerate() {
        let shown = member.name.replace('#', &(index + 1).to_string());
        violations.check_as(&shown, member, item.get(name).map_or(Given::Null, Given::from));
    }
}

fn several(call: &Call, name: &str) -> Option<Value> {
    let pairs = form_urlencoded::parse(call.query.as_bytes()).filter(|(key, _)| key == name);
    let values: Vec<Value> = pairs.map(|(_, value)| Value::String(value.into_owned())).collect();
    (!values.is_empty()).then_some(Value::Array(values))
}
