//! Every member with a constraint: ranges, lengths, sets and patterns of AWS's
//! model of `lambda/2015-03-31`. Where the model is wider than what the
//! service grants to ordinary functions (timeout, memory), the latter is here.

use super::Member;
use super::constraint::Constraint::{
    AtLeast, AtMost, Each, EachOneOf, HiddenKeys, Keys, LongAtLeast, LongAtMost, NotNull, OneOf, Pattern,
    RealAtLeast, RealAtMost, Values,
};
use super::patterns as is;
use crate::config::Config;

const ARCHITECTURES: &[&str] = &["x86_64", "arm64"];

/// Runtimes that a layer can be meant for, those of old included.
const RUNTIMES: &[&str] = &[
    "nodejs",
    "nodejs4.3",
    "nodejs6.10",
    "nodejs8.10",
    "nodejs10.x",
    "nodejs12.x",
    "nodejs14.x",
    "nodejs16.x",
    "nodejs18.x",
    "nodejs20.x",
    "nodejs22.x",
    "nodejs24.x",
    "java8",
    "java8.al2",
    "java11",
    "java17",
    "java21",
    "java25",
    "python2.7",
    "python3.6",
    "python3.7",
    "python3.8",
    "python3.9",
    "python3.10",
    "python3.11",
    "python3.12",
    "python3.13",
    "python3.14",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "dotnet6",
    "dotnet8",
    "dotnet10",
    "nodejs4.3-edge",
    "go1.x",
    "ruby2.5",
    "ruby2.7",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "ruby4.0",
    "provided",
    "provided.al2",
    "provided.al2023",
    "nodejs26.x",
    "python3.15",
    "java8.al2023",
    "java11.al2023",
    "java17.al2023",
    "custom",
];

const TAG_PATTERN: &str = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)";
const ANY_ARN: &str = r"arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)";
const LOOSE_ARN: &str = r"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()";
const LAYER_VERSION_ARN: &str = r"((arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+))";

macro_rules! members {
    ($($constant:ident: $name:literal [$($constraint:expr),* $(,)?];)*) => {$(
        pub(in crate::api::lambda) const $constant: Member =
            Member { name: $name, constraints: &[$($constraint),*] };
    )*};
}

// Functions.
/// Any ARN, a topic of a Kafka cluster, or nothing.
const DESTINATION: &str = r"$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1})?:(\d{12})?:(.*)";

members! {
    FUNCTION_NAME: "functionName" [LongAtLeast(1)];
    NEW_FUNCTION_NAME: "functionName" [Pattern(
        r"(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?",
        |name| !name.contains('.')
    )];
    ROLE: "role" [LongAtMost(10_000), Pattern(r"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+", is::is_role_arn)];
    CODE: "code" [];
    S3_BUCKET: "s3Bucket" [LongAtLeast(3), LongAtMost(63), Pattern(r"[0-9A-Za-z\.\-_]*(?<!\.)", is::is_bucket)];
    S3_KEY: "s3Key" [LongAtLeast(1), LongAtMost(1_024)];
    S3_OBJECT_VERSION: "s3ObjectVersion" [LongAtLeast(1), LongAtMost(1_024)];
    CODE_S3_BUCKET: "code.s3Bucket" [LongAtLeast(3), LongAtMost(63), Pattern(r"[0-9A-Za-z\.\-_]*(?<!\.)", is::is_bucket)];
    CODE_S3_KEY: "code.s3Key" [LongAtLeast(1), LongAtMost(1_024)];
    CODE_S3_OBJECT_VERSION: "code.s3ObjectVersion" [LongAtLeast(1), LongAtMost(1_024)];
    HANDLER: "handler" [LongAtMost(128), Pattern(r"[^\s]+", is::has_no_blank)];
    DESCRIPTION: "description" [LongAtMost(256)];
    TIMEOUT: "timeout" [AtLeast(1), AtMost(900)];
    MEMORY_SIZE: "memorySize" [AtLeast(128), AtMost(10_240)];
    EPHEMERAL_STORAGE: "ephemeralStorage.size" [AtLeast(512), AtMost(10_240)];
    ARCHITECTURE_LIST: "architectures" [
        LongAtMost(1), LongAtLeast(1), Each(&[OneOf(ARCHITECTURES), NotNull]),
    ];
    VARIABLES: "environment.variables" [
        HiddenKeys(&[Pattern(r"[a-zA-Z]([a-zA-Z0-9_])+", is::is_variable_name)]),
    ];
    PACKAGE_TYPE: "packageType" [OneOf(&["Zip", "Image"])];
    PUBLISH_TO: "publishTo" [OneOf(&["LATEST_PUBLISHED"])];
    KMS_KEY_ARN: "kMSKeyArn" [LongAtMost(10_000), Pattern(LOOSE_ARN, is::is_loose_arn)];
    SUBNET_IDS: "vpcConfig.subnetIds" [
        LongAtMost(16),
        Each(&[LongAtMost(1_024), LongAtLeast(0), Pattern(r"subnet-[0-9a-z]*", is::is_subnet), NotNull]),
    ];
    SECURITY_GROUP_IDS: "vpcConfig.securityGroupIds" [
        LongAtMost(5),
        Each(&[LongAtMost(1_024), LongAtLeast(0), Pattern(r"sg-[0-9a-zA-Z]*", is::is_security_group), NotNull]),
    ];
    FILE_SYSTEM_CONFIGS: "fileSystemConfigs" [LongAtMost(1)];
    ENTRY_POINT: "imageConfig.entryPoint" [LongAtMost(1_500)];
    COMMAND: "imageConfig.command" [LongAtMost(1_500)];
    WORKING_DIRECTORY: "imageConfig.workingDirectory" [LongAtMost(1_000)];
    SNAP_START: "snapStart.applyOn" [OneOf(&["PublishedVersions", "None"])];
    TENANT_ISOLATION: "tenancyConfig.tenantIsolationMode" [OneOf(&["PER_TENANT"])];
    DURABLE_RETENTION: "durableConfig.retentionPeriodInDays" [AtLeast(1), AtMost(90)];
    DURABLE_TIMEOUT: "durableConfig.executionTimeout" [AtLeast(1), AtMost(31_622_400)];
    DEAD_LETTER_TARGET: "deadLetterConfig.targetArn" [LongAtMost(10_000), Pattern(LOOSE_ARN, is::is_loose_arn)];
    TRACING_MODE: "tracingConfig.mode" [OneOf(&["Active", "PassThrough"])];
    LOG_FORMAT: "loggingConfig.logFormat" [OneOf(&["JSON", "Text"])];
    APPLICATION_LOG_LEVEL: "loggingConfig.applicationLogLevel" [
        OneOf(&["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]),
    ];
    SYSTEM_LOG_LEVEL: "loggingConfig.systemLogLevel" [OneOf(&["DEBUG", "INFO", "WARN"])];
    LOG_GROUP: "loggingConfig.logGroup" [
        LongAtLeast(1), LongAtMost(512), Pattern(r"[\.\-_/#A-Za-z0-9]+", is::is_log_group),
    ];
    FUNCTION_LAYERS: "layers" [Each(&[
        LongAtMost(2_048), LongAtLeast(1), Pattern(LAYER_VERSION_ARN, is::is_layer_version_arn), NotNull,
    ])];
    TAGS: "tags" [
        Keys(&[LongAtMost(128), LongAtLeast(1), Pattern(TAG_PATTERN, is::is_tag_text), NotNull]),
        Values(&[LongAtMost(256), LongAtLeast(0), Pattern(TAG_PATTERN, is::is_tag_text), NotNull]),
    ];
    MASTER_REGION: "masterRegion" [
        LongAtLeast(1),
        LongAtMost(50),
        Pattern(r"ALL|(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}", is::is_master_region),
    ];
    ALL_VERSIONS: "functionVersion" [OneOf(&["ALL"])];
    MAX_ITEMS: "maxItems" [AtLeast(1), AtMost(10_000)];
    FEW_ITEMS: "maxItems" [AtLeast(1), AtMost(50)];
    INVOCATION_TYPE: "invocationType" [OneOf(&["Event", "RequestResponse", "DryRun"])];
    STREAMING_INVOCATION_TYPE: "invocationType" [OneOf(&["RequestResponse", "DryRun"])];
    LOG_TYPE: "logType" [OneOf(&["None", "Tail"])];
    RESERVED_CONCURRENT_EXECUTIONS: "reservedConcurrentExecutions" [AtLeast(0)];
}

// Versions, aliases and what is set on them.
members! {
    QUALIFIER: "qualifier" [
        LongAtLeast(1),
        LongAtMost(128),
        Pattern(r"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+", is::is_qualifier),
    ];
    ALIAS_QUALIFIER: "qualifier" [
        LongAtLeast(1), LongAtMost(128), Pattern(r"((?!^\d+$)^[0-9a-zA-Z-_]+$)", is::is_alias),
    ];
    ALIAS_NAME: "name" [
        LongAtLeast(1), LongAtMost(128), Pattern(r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)", is::is_alias),
    ];
    FUNCTION_VERSION: "functionVersion" [
        LongAtLeast(1), LongAtMost(1_024), Pattern(r"(\$LATEST(\.PUBLISHED)?|[0-9]+)", is::is_version),
    ];
    VERSION_WEIGHTS: "routingConfig.additionalVersionWeights" [
        Keys(&[LongAtMost(1_024), LongAtLeast(1), Pattern("[0-9]+", is::is_number), NotNull]),
        Values(&[RealAtMost(1.0), RealAtLeast(0.0), NotNull]),
    ];
    PROVISIONED_CONCURRENT_EXECUTIONS: "provisionedConcurrentExecutions" [AtLeast(1)];
    MAXIMUM_RETRY_ATTEMPTS: "maximumRetryAttempts" [AtLeast(0), AtMost(2)];
    MAXIMUM_EVENT_AGE: "maximumEventAgeInSeconds" [AtLeast(60), AtMost(21_600)];
    ON_SUCCESS: "destinationConfig.onSuccess.destination" [LongAtMost(350), Pattern(DESTINATION, is::is_destination)];
    ON_FAILURE: "destinationConfig.onFailure.destination" [LongAtMost(350), Pattern(DESTINATION, is::is_destination)];
    AUTH_TYPE: "authType" [OneOf(&["NONE", "AWS_IAM"])];
    INVOKE_MODE: "invokeMode" [OneOf(&["BUFFERED", "RESPONSE_STREAM"])];
    ALLOW_HEADERS: "cors.allowHeaders" [LongAtMost(100), Each(&[LongAtMost(1_024), LongAtLeast(0), NotNull])];
    ALLOW_METHODS: "cors.allowMethods" [LongAtMost(6), Each(&[LongAtMost(6), LongAtLeast(0), NotNull])];
    ALLOW_ORIGINS: "cors.allowOrigins" [LongAtMost(100), Each(&[LongAtMost(253), LongAtLeast(1), NotNull])];
    EXPOSE_HEADERS: "cors.exposeHeaders" [LongAtMost(100), Each(&[LongAtMost(1_024), LongAtLeast(0), NotNull])];
    MAX_AGE: "cors.maxAge" [AtLeast(0), AtMost(86_400)];
    RECURSIVE_LOOP: "recursiveLoop" [OneOf(&["Allow", "Terminate"])];
    UPDATE_RUNTIME_ON: "updateRuntimeOn" [OneOf(&["Auto", "Manual", "FunctionUpdate"])];
    RUNTIME_VERSION_ARN: "runtimeVersionArn" [LongAtLeast(26), LongAtMost(2_048), Pattern(
        r"((arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}::runtime:.+)|(arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:runtime/[A-Za-z0-9_.-]{1,128}/version/[A-Za-z0-9_.-]{1,128}))",
        is::is_runtime_version_arn
    )];
    CODE_SIGNING_CONFIG_ARN: "codeSigningConfigArn" [LongAtMost(200), Pattern(
        r"arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:code-signing-config:csc-[a-z0-9]{17}",
        is::is_signing_arn
    )];
}

// Event source mappings, as far as queues have them.
members! {
    EVENT_SOURCE_ARN: "eventSourceArn" [LongAtMost(10_000), Pattern(ANY_ARN, is::is_any_arn)];
    BATCH_SIZE: "batchSize" [AtLeast(1), AtMost(10_000)];
    BATCHING_WINDOW: "maximumBatchingWindowInSeconds" [AtLeast(0), AtMost(300)];
    MAXIMUM_CONCURRENCY: "scalingConfig.maximumConcurrency" [AtLeast(2), AtMost(1_000)];
    RESPONSE_TYPES: "functionResponseTypes" [
        LongAtMost(1), Each(&[OneOf(&["ReportBatchItemFailures"]), NotNull]),
    ];
    FILTER_PATTERN: "filterCriteria.filters.#.member.pattern" [LongAtMost(4_096)];
    METRICS: "metricsConfig.metrics" [
        LongAtMost(3), Each(&[OneOf(&["EventCount", "ErrorCount", "KafkaMetrics"]), NotNull]),
    ];
    MINIMUM_POLLERS: "provisionedPollerConfig.minimumPollers" [AtLeast(1), AtMost(200)];
    MAXIMUM_POLLERS: "provisionedPollerConfig.maximumPollers" [AtLeast(1), AtMost(10_000)];
    POLLER_GROUP_NAME: "provisionedPollerConfig.pollerGroupName" [
        LongAtMost(128), Pattern("[a-zA-Z0-9-_]*", |name| name.is_empty() || is::is_name(name)),
    ];
}

// Permissions and tags.
members! {
    STATEMENT_ID: "statementId" [LongAtLeast(1), LongAtMost(100), Pattern("([a-zA-Z0-9-_]+)", is::is_name)];
    ANY_STATEMENT_ID: "statementId" [
        LongAtLeast(1), LongAtMost(100), Pattern("([a-zA-Z0-9-_.]+)", is::is_dotted_name),
    ];
    ACTION: "action" [LongAtMost(10_000), Pattern("(lambda:[*]|lambda:[a-zA-Z]+|[*])", is::is_action)];
    PRINCIPAL: "principal" [LongAtMost(2_048), Pattern(r"[^\s]+", is::has_no_blank)];
    SOURCE_ARN: "sourceArn" [LongAtMost(10_000), Pattern(ANY_ARN, is::is_any_arn)];
    SOURCE_ACCOUNT: "sourceAccount" [LongAtMost(12), Pattern(r"\d{12}", Config::is_account_id)];
    EVENT_SOURCE_TOKEN: "eventSourceToken" [LongAtMost(256), Pattern(r"[a-zA-Z0-9._\-]+", is::is_dotted_name)];
    PRINCIPAL_ORG_ID: "principalOrgID" [
        LongAtLeast(12), LongAtMost(34), Pattern("o-[a-z0-9]{10,32}", is::is_organization),
    ];
    FUNCTION_URL_AUTH_TYPE: "functionUrlAuthType" [OneOf(&["NONE", "AWS_IAM"])];
    RESOURCE: "resource" [LongAtLeast(1), LongAtMost(10_000), Pattern(
        r"arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|(capacity-provider|network-connector):[a-zA-Z0-9-_]{1,64})",
        is::is_taggable_arn
    )];
    TAG_KEYS: "tagKeys" [Each(&[LongAtMost(128), LongAtLeast(1), Pattern(TAG_PATTERN, is::is_tag_text), NotNull])];
}

// Layers.
members! {
    LAYER_NAME: "layerName" [LongAtLeast(1), LongAtMost(2_048), Pattern(
        r"(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]{1,140}|[a-zA-Z0-9-_]{1,140})",
        is::is_layer_name
    )];
    LAYER_ARN: "arn" [LongAtLeast(1), LongAtMost(2_048), Pattern(LAYER_VERSION_ARN, is::is_layer_version_arn)];
    CONTENT: "content" [];
    CONTENT_S3_BUCKET: "content.s3Bucket" [LongAtLeast(3), LongAtMost(63), Pattern(r"[0-9A-Za-z\.\-_]*(?<!\.)", is::is_bucket)];
    CONTENT_S3_KEY: "content.s3Key" [LongAtLeast(1), LongAtMost(1_024)];
    CONTENT_S3_OBJECT_VERSION: "content.s3ObjectVersion" [LongAtLeast(1), LongAtMost(1_024)];
    LICENSE_INFO: "licenseInfo" [LongAtMost(512)];
    COMPATIBLE_RUNTIMES: "compatibleRuntimes" [LongAtMost(15), EachOneOf(RUNTIMES)];
    COMPATIBLE_ARCHITECTURES: "compatibleArchitectures" [LongAtMost(2), Each(&[OneOf(ARCHITECTURES)])];
    COMPATIBLE_RUNTIME: "compatibleRuntime" [OneOf(RUNTIMES)];
    COMPATIBLE_ARCHITECTURE: "compatibleArchitecture" [OneOf(ARCHITECTURES)];
    LAYER_ACTION: "action" [
        LongAtMost(22), Pattern("lambda:GetLayerVersion", |action| action == "lambda:GetLayerVersion"),
    ];
    LAYER_PRINCIPAL: "principal" [LongAtMost(10_000), Pattern(
        r"\d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root", is::is_layer_principal
    )];
    ORGANIZATION_ID: "organizationId" [LongAtMost(34), Pattern("o-[a-z0-9]{10,32}", is::is_organization)];
}
