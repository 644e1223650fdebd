"""boto3 against a running emulator (AWS_ENDPOINT_URL): what a user of AWS relies on."""

import base64
import io
import json
import os
import threading
import time
import unittest
import uuid
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/test"
NO_RETRIES = Config(retries={"total_max_attempts": 1}, max_pool_connections=64, read_timeout=120)

lambda_ = boto3.client("lambda", config=NO_RETRIES)
sqs = boto3.client("sqs", config=NO_RETRIES)
logs = boto3.client("logs", config=NO_RETRIES)


def package(source):
    """A zip with app.py."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", source)
    return buffer.getvalue()


def create_python(source, **settings):
    name = "f-" + uuid.uuid4().hex[:8]
    settings = {"Timeout": 30, **settings}
    lambda_.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=ROLE,
        Handler="app.handler",
        Code={"ZipFile": package(source)},
        **settings,
    )
    return name


def create_simulated(duration_ms, init_ms=0, failure_rate=0, **settings):
    """A function of the built-in handler: no code, no process."""
    name = "f-" + uuid.uuid4().hex[:8]
    variables = {
        "EMULATOR_DURATION_MS": str(duration_ms),
        "EMULATOR_INIT_MS": str(init_ms),
        "EMULATOR_FAILURE_RATE": str(failure_rate),
    }
    lambda_.create_function(
        FunctionName=name,
        Runtime="provided.al2023",
        Role=ROLE,
        Handler="emulator.handler",
        Code={"ZipFile": b""},
        Environment={"Variables": variables},
        Timeout=30,
        **settings,
    )
    return name


def wait_until(done, seconds=60):
    end = time.monotonic() + seconds
    while True:
        value = done()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"did not come about in {seconds} s")
        time.sleep(0.05)


class Lambda(unittest.TestCase):
    def test_a_function_answers_with_its_context(self):
        name = create_python(
            "def handler(event, context):\n"
            "    return {'event': event, 'id': context.aws_request_id, 'memory': context.memory_limit_in_mb,\n"
            "            'arn': context.invoked_function_arn, 'left': context.get_remaining_time_in_millis()}\n",
            MemorySize=256,
        )
        response = lambda_.invoke(FunctionName=name, Payload=b'{"a": "\xc3\xa4"}', LogType="Tail")
        answer = json.load(response["Payload"])
        self.assertEqual(response["StatusCode"], 200)
        self.assertEqual(response["ExecutedVersion"], "$LATEST")
        self.assertNotIn("FunctionError", response)
        self.assertEqual(answer["event"], {"a": "ä"})
        self.assertEqual(answer["id"], response["ResponseMetadata"]["RequestId"])
        self.assertEqual(answer["memory"], "256")
        self.assertTrue(answer["arn"].endswith(":function:" + name))
        self.assertTrue(25_000 < answer["left"] <= 30_000, answer["left"])
        tail = base64.b64decode(response["LogResult"]).decode()
        self.assertIn(f"START RequestId: {answer['id']} Version: $LATEST\n", tail)
        self.assertRegex(tail, r"REPORT RequestId: \S+\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB\t"
                               r"Max Memory Used: \d+ MB\tInit Duration: [\d.]+ ms\t\n$")

    def test_errors_come_with_their_stack(self):
        name = create_python("def handler(event, context):\n    raise ValueError('no')\n")
        response = lambda_.invoke(FunctionName=name)
        error = json.load(response["Payload"])
        self.assertEqual((response["StatusCode"], response["FunctionError"]), (200, "Unhandled"))
        self.assertEqual((error["errorType"], error["errorMessage"]), ("ValueError", "no"))
        self.assertEqual(len(error["stackTrace"]), 1)

    def test_a_warm_environment_keeps_its_globals(self):
        name = create_python("COUNT = 0\ndef handler(event, context):\n    global COUNT\n    COUNT += 1\n    return COUNT\n")
        counts = [json.load(lambda_.invoke(FunctionName=name)["Payload"]) for _ in range(3)]
        self.assertEqual(counts, [1, 2, 3])

    def test_updated_code_runs_in_new_environments(self):
        name = create_python("def handler(event, context):\n    return 'old'\n")
        self.assertEqual(json.load(lambda_.invoke(FunctionName=name)["Payload"]), "old")
        lambda_.update_function_code(FunctionName=name, ZipFile=package("def handler(event, context):\n    return 'new'\n"))
        lambda_.get_waiter("function_updated_v2").wait(FunctionName=name)
        self.assertEqual(json.load(lambda_.invoke(FunctionName=name)["Payload"]), "new")

    def test_the_waiter_for_active_functions_ends(self):
        lambda_.get_waiter("function_active_v2").wait(FunctionName=create_simulated(1))

    def test_a_dry_run_runs_nothing(self):
        response = lambda_.invoke(FunctionName=create_simulated(1), InvocationType="DryRun")
        self.assertEqual(response["StatusCode"], 204)
        self.assertNotIn("ExecutedVersion", response)

    def test_reserved_concurrency_refuses_the_rest(self):
        name = create_simulated(duration_ms=3_000, init_ms=100)
        lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=5)
        barrier = threading.Barrier(20)
        outcomes = []

        def call():
            barrier.wait()
            try:
                outcomes.append(lambda_.invoke(FunctionName=name)["StatusCode"])
            except ClientError as error:
                outcomes.append((error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Reason"],
                                 error.response["Error"]["Code"], error.response["Error"]["Message"]))

        threads = [threading.Thread(target=call) for _ in range(20)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        refusal = (429, "ReservedFunctionConcurrentInvocationLimitExceeded", "TooManyRequestsException", "Rate Exceeded.")
        self.assertEqual((outcomes.count(200), outcomes.count(refusal)), (5, 15), outcomes)

    def test_reserving_too_much_is_refused_in_aws_words(self):
        name = create_simulated(1)
        with self.assertRaises(ClientError) as refused:
            lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=901)
        self.assertEqual(refused.exception.response["Error"]["Code"], "InvalidParameterValueException")
        self.assertIn("below its minimum value of [100].", refused.exception.response["Error"]["Message"])

    def test_events_are_accepted_and_run_within_the_reservation(self):
        name = create_simulated(duration_ms=50)
        lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
        for _ in range(6):
            self.assertEqual(lambda_.invoke(FunctionName=name, InvocationType="Event")["StatusCode"], 202)

        def ended():
            events = logs.filter_log_events(logGroupName="/aws/lambda/" + name, filterPattern="REPORT")["events"]
            return len(events) == 6

        wait_until(ended)
        streams = logs.describe_log_streams(logGroupName="/aws/lambda/" + name)["logStreams"]
        self.assertLessEqual(len(streams), 2)

    def test_bad_packages_and_unknown_runtimes_are_refused(self):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("../../evil.py", "")
        for settings in (
            {"Code": {"ZipFile": b"no zip"}},
            {"Code": {"ZipFile": buffer.getvalue()}},
            {"Runtime": "cobol85"},
            {"Timeout": 901},
        ):
            arguments = {"FunctionName": "bad", "Runtime": "python3.12", "Role": ROLE, "Handler": "app.handler",
                         "Code": {"ZipFile": package("")}, **settings}
            with self.assertRaises(ClientError) as refused:
                lambda_.create_function(**arguments)
            self.assertEqual(refused.exception.response["ResponseMetadata"]["HTTPStatusCode"], 400, settings)
        with self.assertRaises(lambda_.exceptions.ResourceNotFoundException):
            lambda_.get_function(FunctionName="bad")


class Sqs(unittest.TestCase):
    def setUp(self):
        self.url = sqs.create_queue(QueueName="q-" + uuid.uuid4().hex[:8])["QueueUrl"]

    def attribute(self, name):
        return sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])["Attributes"][name]

    def test_a_message_with_attributes_arrives_as_sent(self):
        attributes = {
            "Title": {"DataType": "String", "StringValue": "The Whistler"},
            "Weeks": {"DataType": "Number", "StringValue": "6"},
            "Raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        }
        # boto3 checks the MD5 of body and attributes on both ways.
        sent = sqs.send_message(QueueUrl=self.url, MessageBody="größe <&>", MessageAttributes=attributes)
        received = sqs.receive_message(QueueUrl=self.url, MessageAttributeNames=["All"],
                                       MessageSystemAttributeNames=["All"], WaitTimeSeconds=5)["Messages"][0]
        self.assertEqual(received["MessageId"], sent["MessageId"])
        self.assertEqual(received["Body"], "größe <&>")
        self.assertEqual(received["MessageAttributes"], attributes)
        self.assertEqual(received["Attributes"]["ApproximateReceiveCount"], "1")
        sqs.delete_message(QueueUrl=self.url, ReceiptHandle=received["ReceiptHandle"])
        self.assertEqual(self.attribute("ApproximateNumberOfMessages"), "0")
        self.assertEqual(self.attribute("ApproximateNumberOfMessagesNotVisible"), "0")

    def test_batches_tell_which_entries_failed(self):
        entries = [{"Id": str(n), "MessageBody": f"m{n}"} for n in range(10)]
        self.assertEqual(len(sqs.send_message_batch(QueueUrl=self.url, Entries=entries)["Successful"]), 10)
        messages = sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)["Messages"]
        self.assertEqual(len(messages), 10)
        entries = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(messages[:2])]
        entries.append({"Id": "bad", "ReceiptHandle": "garbage"})
        result = sqs.delete_message_batch(QueueUrl=self.url, Entries=entries)
        self.assertEqual((len(result["Successful"]), [failed["Id"] for failed in result["Failed"]]), (2, ["bad"]))

    def test_a_long_poll_wakes_when_a_message_comes(self):
        sender = threading.Timer(0.5, sqs.send_message, kwargs={"QueueUrl": self.url, "MessageBody": "late"})
        sender.start()
        received = sqs.receive_message(QueueUrl=self.url, WaitTimeSeconds=20)
        sender.join()
        self.assertEqual(received["Messages"][0]["Body"], "late")

    def test_errors_carry_the_codes_that_sdks_know(self):
        with self.assertRaises(sqs.exceptions.QueueDoesNotExist) as missing:
            sqs.get_queue_url(QueueName="nowhere")
        self.assertEqual(missing.exception.response["Error"]["Code"], "AWS.SimpleQueueService.NonExistentQueue")
        with self.assertRaises(ClientError) as invalid:
            sqs.delete_message(QueueUrl=self.url, ReceiptHandle="garbage")
        self.assertIn("ReceiptHandleIsInvalid", invalid.exception.response["Error"]["Code"])


class Mapping(unittest.TestCase):
    SOURCE = (
        "def handler(event, context):\n"
        "    bad = [r['messageId'] for r in event['Records'] if r['body'] == 'bad']\n"
        "    print('batch of', len(event['Records']), 'from', event['Records'][0]['eventSourceARN'])\n"
        "    return {'batchItemFailures': [{'itemIdentifier': id} for id in bad]}\n"
    )

    def test_a_queue_is_processed_in_batches_and_failed_items_are_dead_lettered(self):
        dead = sqs.create_queue(QueueName="dlq-" + uuid.uuid4().hex[:8])["QueueUrl"]
        dead_arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
        url = sqs.create_queue(QueueName="q-" + uuid.uuid4().hex[:8],
                               Attributes={"VisibilityTimeout": "2", "RedrivePolicy": redrive})["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        name = create_python(self.SOURCE, Timeout=2)
        mapping = lambda_.create_event_source_mapping(
            EventSourceArn=arn, FunctionName=name, BatchSize=10, MaximumBatchingWindowInSeconds=1,
            FunctionResponseTypes=["ReportBatchItemFailures"])
        self.assertEqual(mapping["State"], "Creating")
        wait_until(lambda: lambda_.get_event_source_mapping(UUID=mapping["UUID"])["State"] == "Enabled")
        bodies = ["good"] * 9 + ["bad"]
        sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(n), "MessageBody": b} for n, b in enumerate(bodies)])

        received = sqs.receive_message(QueueUrl=dead, WaitTimeSeconds=20, MessageSystemAttributeNames=["All"])["Messages"]
        self.assertEqual([message["Body"] for message in received], ["bad"])
        self.assertEqual(received[0]["Attributes"]["DeadLetterQueueSourceArn"], arn)
        counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        self.assertEqual((counts["ApproximateNumberOfMessages"], counts["ApproximateNumberOfMessagesNotVisible"]), ("0", "0"))
        printed = logs.filter_log_events(logGroupName="/aws/lambda/" + name, filterPattern='"batch of"')["events"]
        self.assertEqual([event["message"].split(" from ")[0] for event in printed], ["batch of 10", "batch of 1"])
        self.assertEqual(lambda_.delete_event_source_mapping(UUID=mapping["UUID"])["State"], "Deleting")


if __name__ == "__main__":
    assert os.environ.get("AWS_ENDPOINT_URL"), "AWS_ENDPOINT_URL names the emulator"
    unittest.main(verbosity=2)
