//! Where the members stand in the requests of each operation.

use super::members::*;
use super::request::At::{Body, Items, Number, Path, Query, Several};
use super::request::{Field, may, must, within};

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
    ("GetProvisionedConcurrencyConfig", &[&[must(Query("Qualifier"), &QUALIFIER)]]),
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
