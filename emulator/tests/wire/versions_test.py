"""boto3 against a running emulator: versions, aliases, provisioned concurrency, asynchronous settings, states."""

import json
import os
import unittest
import uuid

from botocore.exceptions import ClientError

from boto3_test import create_python, create_simulated, lambda_, package, sqs, wait_until


def publish(name, timeout):
    """A version of its own: nothing new would be no new version."""
    lambda_.update_function_configuration(FunctionName=name, Timeout=timeout)
    lambda_.get_waiter("function_updated_v2").wait(FunctionName=name)
    return lambda_.publish_version(FunctionName=name)["Version"]


class Versions(unittest.TestCase):
    def refused(self, status, code, call, **arguments):
        with self.assertRaises(ClientError) as refused:
            call(**arguments)
        response = refused.exception.response
        self.assertEqual((response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]), (status, code))
        return response["Error"]["Message"]

    def test_a_version_keeps_the_code_it_was_published_with(self):
        source = "def handler(event, context):\n    return [{!r}, context.function_version, context.invoked_function_arn]\n"
        name = create_python(source.format("one"))
        published = lambda_.publish_version(FunctionName=name, Description="the first")
        self.assertEqual((published["Version"], published["Description"]), ("1", "the first"))
        lambda_.get_waiter("published_version_active").wait(FunctionName=name, Qualifier="1")
        lambda_.update_function_code(FunctionName=name, ZipFile=package(source.format("two")))
        alias = lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
        for qualifier, code, version in (("$LATEST", "two", "$LATEST"), ("1", "one", "1"), ("live", "one", "1")):
            response = lambda_.invoke(FunctionName=name, Qualifier=qualifier)
            ran, seen, arn = json.load(response["Payload"])
            self.assertEqual((ran, seen, response["ExecutedVersion"]), (code, version, version))
            self.assertTrue(arn.endswith(":" + qualifier) or qualifier == "$LATEST", arn)
        listed = lambda_.list_versions_by_function(FunctionName=name)["Versions"]
        self.assertEqual([version["Version"] for version in listed], ["$LATEST", "1"])
        self.assertTrue(alias["AliasArn"].endswith(f":function:{name}:live"))
        self.assertEqual(lambda_.get_function(FunctionName=name, Qualifier="live")["Configuration"]["Version"], "1")

    def test_a_weighted_alias_shares_its_requests(self):
        name = create_simulated(1)
        one, two = publish(name, 10), publish(name, 11)
        lambda_.create_alias(FunctionName=name, Name="live", FunctionVersion=one,
                             RoutingConfig={"AdditionalVersionWeights": {two: 0.5}})
        versions = [lambda_.invoke(FunctionName=name, Qualifier="live")["ExecutedVersion"] for _ in range(200)]
        # 100 are expected; five standard deviations are 35.
        self.assertTrue(65 <= versions.count(two) <= 135, versions.count(two))
        self.assertEqual(set(versions), {one, two})
        updated = lambda_.update_alias(FunctionName=name, Name="live", FunctionVersion=two,
                                       RoutingConfig={"AdditionalVersionWeights": {}})
        self.assertNotIn("RoutingConfig", updated)
        self.assertEqual(lambda_.invoke(FunctionName=name, Qualifier="live")["ExecutedVersion"], two)
        self.assertEqual([alias["Name"] for alias in lambda_.list_aliases(FunctionName=name)["Aliases"]], ["live"])
        message = self.refused(412, "PreconditionFailedException", lambda_.update_alias, FunctionName=name,
                               Name="live", RevisionId=str(uuid.uuid4()))
        self.assertIn("does not match the latest Revision Id", message)
        message = self.refused(409, "ResourceConflictException", lambda_.delete_function, FunctionName=name,
                               Qualifier=two)
        self.assertIn("[live]", message)
        lambda_.delete_alias(FunctionName=name, Name="live")
        self.refused(404, "ResourceNotFoundException", lambda_.get_alias, FunctionName=name, Name="live")

    def test_provisioned_concurrency_is_prepared_and_serves(self):
        name = create_simulated(1, init_ms=300)
        version = publish(name, 10)
        put = lambda_.put_provisioned_concurrency_config(FunctionName=name, Qualifier=version,
                                                         ProvisionedConcurrentExecutions=3)
        self.assertEqual(put["ResponseMetadata"]["HTTPStatusCode"], 202)
        self.assertEqual((put["Status"], put["AllocatedProvisionedConcurrentExecutions"]), ("IN_PROGRESS", 0))

        def ready():
            config = lambda_.get_provisioned_concurrency_config(FunctionName=name, Qualifier=version)
            return config if config["Status"] == "READY" else None

        config = wait_until(ready)
        self.assertEqual(config["AvailableProvisionedConcurrentExecutions"], 3)
        lambda_.invoke(FunctionName=name, Qualifier=version)
        configs = lambda_.list_provisioned_concurrency_configs(FunctionName=name)["ProvisionedConcurrencyConfigs"]
        self.assertEqual([config["FunctionArn"].split(":")[-1] for config in configs], [version])
        message = self.refused(400, "InvalidParameterValueException", lambda_.put_provisioned_concurrency_config,
                               FunctionName=name, Qualifier="$LATEST", ProvisionedConcurrentExecutions=1)
        self.assertEqual(message, "Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
        for _ in range(2):
            lambda_.delete_provisioned_concurrency_config(FunctionName=name, Qualifier=version)
        with self.assertRaises(lambda_.exceptions.ProvisionedConcurrencyConfigNotFoundException):
            lambda_.get_provisioned_concurrency_config(FunctionName=name, Qualifier=version)

    def test_provisioned_concurrency_fails_where_init_does(self):
        name = create_python("raise RuntimeError('no')\n")
        version = lambda_.publish_version(FunctionName=name)["Version"]
        lambda_.put_provisioned_concurrency_config(FunctionName=name, Qualifier=version,
                                                   ProvisionedConcurrentExecutions=1)

        def failed():
            config = lambda_.get_provisioned_concurrency_config(FunctionName=name, Qualifier=version)
            return config if config["Status"] == "FAILED" else None

        config = wait_until(failed)
        self.assertEqual(config["StatusReason"], "FUNCTION_ERROR_INIT_FAILURE")
        self.assertEqual(config["AllocatedProvisionedConcurrentExecutions"], 0)

    def test_an_events_record_arrives_in_its_queue(self):
        name = create_python("def handler(event, context):\n    raise ValueError('no')\n")
        url = sqs.create_queue(QueueName="d-" + uuid.uuid4().hex[:8])["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        config = lambda_.put_function_event_invoke_config(
            FunctionName=name, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": arn}})
        self.assertEqual(config["DestinationConfig"], {"OnSuccess": {}, "OnFailure": {"Destination": arn}})
        self.assertTrue(config["FunctionArn"].endswith(f":function:{name}:$LATEST"))
        event = lambda_.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"n": 1.0}')
        message = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"][0]
        record = json.loads(message["Body"])
        self.assertEqual(list(record), ["version", "timestamp", "requestContext", "requestPayload", "responseContext",
                                        "responsePayload"])
        self.assertEqual(record["requestContext"], {
            "requestId": event["ResponseMetadata"]["RequestId"], "functionArn": config["FunctionArn"],
            "condition": "RetriesExhausted", "approximateInvokeCount": 1})
        self.assertEqual(record["requestPayload"], {"n": 1.0})
        self.assertEqual(record["responseContext"],
                         {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"})
        self.assertEqual(record["responsePayload"]["errorType"], "ValueError")

        updated = lambda_.update_function_event_invoke_config(FunctionName=name, MaximumEventAgeInSeconds=60)
        self.assertEqual((updated["MaximumRetryAttempts"], updated["MaximumEventAgeInSeconds"]), (0, 60))
        configs = lambda_.list_function_event_invoke_configs(FunctionName=name)["FunctionEventInvokeConfigs"]
        del updated["ResponseMetadata"]
        self.assertEqual(configs, [updated])
        lambda_.delete_function_event_invoke_config(FunctionName=name)
        self.refused(404, "ResourceNotFoundException", lambda_.get_function_event_invoke_config, FunctionName=name)


class States(unittest.TestCase):
    """With changes that take their time."""

    def test_waiters_see_a_function_and_its_changes_come_about(self):
        name = create_simulated(1)
        state = lambda_.get_function_configuration(FunctionName=name)
        self.assertEqual((state["State"], state["StateReasonCode"]), ("Pending", "Creating"))
        with self.assertRaises(lambda_.exceptions.ResourceConflictException) as pending:
            lambda_.invoke(FunctionName=name)
        self.assertTrue(pending.exception.response["Error"]["Message"].endswith("state: Pending"))
        lambda_.get_waiter("function_active_v2").wait(FunctionName=name)
        self.assertEqual(lambda_.invoke(FunctionName=name)["StatusCode"], 200)

        changed = lambda_.update_function_configuration(FunctionName=name, Timeout=11)
        self.assertEqual(changed["LastUpdateStatus"], "InProgress")
        with self.assertRaises(lambda_.exceptions.ResourceConflictException) as busy:
            lambda_.update_function_configuration(FunctionName=name, Timeout=12)
        self.assertIn("An update is in progress for resource: ", busy.exception.response["Error"]["Message"])
        self.assertEqual(lambda_.invoke(FunctionName=name)["StatusCode"], 200)
        lambda_.get_waiter("function_updated_v2").wait(FunctionName=name)
        version = lambda_.publish_version(FunctionName=name)["Version"]
        lambda_.get_waiter("published_version_active").wait(FunctionName=name, Qualifier=version)
        shown = lambda_.get_function_configuration(FunctionName=name, Qualifier=version)
        self.assertEqual((shown["State"], shown["Timeout"]), ("Active", 11))


if __name__ == "__main__":
    assert os.environ.get("AWS_ENDPOINT_URL"), "AWS_ENDPOINT_URL names the emulator"
    unittest.main(verbosity=2)
