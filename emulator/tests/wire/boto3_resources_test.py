"""boto3 against a running emulator (AWS_ENDPOINT_URL): permissions, tags, layers and settings that are kept."""

import hashlib
import base64
import io
import json
import unittest
import urllib.request
import uuid
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/test"
NO_RETRIES = Config(retries={"total_max_attempts": 1})

lambda_ = boto3.client("lambda", config=NO_RETRIES)
sqs = boto3.client("sqs", config=NO_RETRIES)


def archive(name, content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as files:
        files.writestr(name, content)
    return buffer.getvalue()


def create(**settings):
    """A function of the built-in handler: no code, no process."""
    name = "f-" + uuid.uuid4().hex[:8]
    return lambda_.create_function(
        FunctionName=name,
        Runtime="provided.al2023",
        Role=ROLE,
        Handler="emulator.handler",
        Code={"ZipFile": b""},
        **settings,
    )


class Case(unittest.TestCase):
    def refused(self, code, call, **arguments):
        """Calls, and gives the modelled error with that code."""
        with self.assertRaises(ClientError) as caught:
            call(**arguments)
        self.assertEqual(caught.exception.response["Error"]["Code"], code)
        self.assertEqual(type(caught.exception).__name__, code)
        return caught.exception.response["Error"]["Message"]


class Permissions(Case):
    def test_a_permission_is_added_shown_and_removed(self):
        function = create()
        name, arn = function["FunctionName"], function["FunctionArn"]
        self.refused("ResourceNotFoundException", lambda_.get_policy, FunctionName=name)
        added = lambda_.add_permission(
            FunctionName=name,
            StatementId="s3",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
            SourceArn="arn:aws:s3:::bucket",
            SourceAccount="000000000000",
        )
        statement = json.loads(added["Statement"])
        self.assertEqual(statement["Resource"], arn)
        self.assertEqual(
            statement["Condition"],
            {
                "StringEquals": {"AWS:SourceAccount": "000000000000"},
                "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"},
            },
        )
        policy = lambda_.get_policy(FunctionName=arn)
        self.assertEqual(json.loads(policy["Policy"])["Statement"], [statement])

        again = {"StatementId": "s3", "Action": "lambda:*", "Principal": "*"}
        self.refused("ResourceConflictException", lambda_.add_permission, FunctionName=name, **again)
        self.refused(
            "PreconditionFailedException",
            lambda_.remove_permission,
            FunctionName=name,
            StatementId="s3",
            RevisionId=str(uuid.uuid4()),
        )
        lambda_.remove_permission(FunctionName=name, StatementId="s3", RevisionId=policy["RevisionId"])
        self.refused("ResourceNotFoundException", lambda_.remove_permission, FunctionName=name, StatementId="s3")


class Tags(Case):
    def test_functions_and_mappings_are_tagged(self):
        function = create(Tags={"a": "1"}, Timeout=30)
        queue = sqs.create_queue(QueueName="q-" + uuid.uuid4().hex[:8])["QueueUrl"]
        queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        mapping = lambda_.create_event_source_mapping(
            EventSourceArn=queue_arn, FunctionName=function["FunctionName"], Enabled=False, Tags={"a": "1"}
        )
        for arn in function["FunctionArn"], mapping["EventSourceMappingArn"]:
            lambda_.tag_resource(Resource=arn, Tags={"b c": "é", "d": ""})
            self.assertEqual(lambda_.list_tags(Resource=arn)["Tags"], {"a": "1", "b c": "é", "d": ""})
            lambda_.untag_resource(Resource=arn, TagKeys=["a", "b c"])
            self.assertEqual(lambda_.list_tags(Resource=arn)["Tags"], {"d": ""})
        shown = lambda_.get_function(FunctionName=function["FunctionName"])
        self.assertEqual(shown["Tags"], {"d": ""})
        self.assertEqual(shown["Configuration"]["RevisionId"], function["RevisionId"])
        many = {str(number): "v" for number in range(50)}
        self.refused(
            "InvalidParameterValueException", lambda_.tag_resource, Resource=function["FunctionArn"], Tags=many
        )


class Layers(Case):
    def test_a_layer_is_published_attached_and_deleted(self):
        name = "l-" + uuid.uuid4().hex[:8]
        content = archive("python/shared.py", "VALUE = 1\n")
        published = lambda_.publish_layer_version(
            LayerName=name, Content={"ZipFile": content}, CompatibleRuntimes=["python3.12"], LicenseInfo="MIT"
        )
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        self.assertEqual(published["Content"]["CodeSha256"], digest)
        with urllib.request.urlopen(published["Content"]["Location"]) as downloaded:
            self.assertEqual(downloaded.read(), content)
        arn = published["LayerVersionArn"]
        for found in (
            lambda_.get_layer_version(LayerName=name, VersionNumber=1),
            lambda_.get_layer_version(LayerName=published["LayerArn"], VersionNumber=1),
            lambda_.get_layer_version_by_arn(Arn=arn),
        ):
            self.assertEqual(found["LayerVersionArn"], arn)

        second = lambda_.publish_layer_version(LayerName=name, Content={"ZipFile": content})
        pages = lambda_.get_paginator("list_layer_versions").paginate(
            LayerName=name, PaginationConfig={"PageSize": 1}
        )
        versions = [version["Version"] for page in pages for version in page["LayerVersions"]]
        self.assertEqual(versions, [2, 1])
        pages = lambda_.get_paginator("list_layers").paginate(CompatibleRuntime="python3.12")
        latest = {
            layer["LayerName"]: layer["LatestMatchingVersion"]["Version"] for page in pages for layer in page["Layers"]
        }
        self.assertEqual(latest[name], 1)

        function = create(Layers=[arn])
        self.assertEqual(function["Layers"], [{"Arn": arn, "CodeSize": len(content)}])
        lambda_.delete_layer_version(LayerName=name, VersionNumber=1)
        shown = lambda_.get_function_configuration(FunctionName=function["FunctionName"])
        self.assertEqual(shown["Layers"], function["Layers"])
        told = self.refused(
            "InvalidParameterValueException",
            lambda_.update_function_configuration,
            FunctionName=function["FunctionName"],
            Layers=[arn],
        )
        self.assertEqual(told, f"Layer version {arn} does not exist.")

        permission = {"StatementId": "all", "Action": "lambda:GetLayerVersion", "Principal": "*"}
        added = lambda_.add_layer_version_permission(LayerName=name, VersionNumber=2, **permission)
        policy = lambda_.get_layer_version_policy(LayerName=name, VersionNumber=2)
        self.assertEqual(json.loads(policy["Policy"])["Statement"], [json.loads(added["Statement"])])
        self.assertEqual(json.loads(added["Statement"])["Resource"], second["LayerVersionArn"])
        lambda_.remove_layer_version_permission(
            LayerName=name, VersionNumber=2, StatementId="all", RevisionId=policy["RevisionId"]
        )
        self.refused(
            "ResourceNotFoundException", lambda_.get_layer_version_policy, LayerName=name, VersionNumber=2
        )

    def test_a_function_imports_from_its_layers(self):
        name = "l-" + uuid.uuid4().hex[:8]
        content = archive("python/shared.py", "VALUE = 'from the layer'\n")
        arn = lambda_.publish_layer_version(LayerName=name, Content={"ZipFile": content})["LayerVersionArn"]
        lambda_.create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=ROLE,
            Handler="app.handler",
            Code={"ZipFile": archive("app.py", "import shared\n\ndef handler(event, context):\n    return shared.VALUE\n")},
            Layers=[arn],
            Timeout=30,
        )
        lambda_.get_waiter("function_active_v2").wait(FunctionName=name)
        answer = lambda_.invoke(FunctionName=name)
        self.assertEqual(json.load(answer["Payload"]), "from the layer")


class Settings(Case):
    def test_what_is_kept_is_shown(self):
        name = create(
            LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG"},
            TracingConfig={"Mode": "Active"},
            DeadLetterConfig={"TargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"},
        )["FunctionName"]
        shown = lambda_.get_function_configuration(FunctionName=name)
        self.assertEqual(shown["TracingConfig"], {"Mode": "Active"})
        self.assertEqual(shown["DeadLetterConfig"], {"TargetArn": "arn:aws:sqs:us-east-1:000000000000:dead"})
        self.assertEqual(
            shown["LoggingConfig"],
            {
                "LogFormat": "JSON",
                "ApplicationLogLevel": "DEBUG",
                "SystemLogLevel": "INFO",
                "LogGroup": "/aws/lambda/" + name,
            },
        )
        lambda_.put_function_recursion_config(FunctionName=name, RecursiveLoop="Allow")
        self.assertEqual(lambda_.get_function_recursion_config(FunctionName=name)["RecursiveLoop"], "Allow")
        lambda_.put_runtime_management_config(FunctionName=name, UpdateRuntimeOn="FunctionUpdate")
        managed = lambda_.get_runtime_management_config(FunctionName=name)
        self.assertEqual(managed["UpdateRuntimeOn"], "FunctionUpdate")
        signing = lambda_.get_function_code_signing_config(FunctionName=name)
        self.assertEqual((signing["CodeSigningConfigArn"], signing["FunctionName"]), ("", name))
        self.assertEqual(lambda_.list_code_signing_configs()["CodeSigningConfigs"], [])
        self.assertEqual(lambda_.invoke_async(FunctionName=name, InvokeArgs=b"{}")["Status"], 202)


if __name__ == "__main__":
    unittest.main()
