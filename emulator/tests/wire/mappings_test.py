"""boto3 against a running emulator: event source mappings from SQS queues.

GATES names a folder in which functions that run at the same time can meet.
"""

import datetime
import hashlib
import json
import os
import tempfile
import unittest
import uuid

from botocore.config import Config
from botocore.exceptions import ClientError

import boto3
from boto3_test import create_python, create_simulated, lambda_, logs, sqs, wait_until

# A client that lets everything through, so that it is the service that refuses.
careless = boto3.client("lambda", config=Config(retries={"total_max_attempts": 1}, parameter_validation=False))

GATES = os.environ.get("GATES") or tempfile.mkdtemp()
ITEM_FAILURES = ["ReportBatchItemFailures"]

# Prints what each batch was, and when it began and ended, around a body of its own.
RECORDER = """
import json, os, time

def wait_for(done):
    end = time.monotonic() + 20
    while not done():
        if time.monotonic() > end:
            raise TimeoutError("nobody came")
        time.sleep(0.01)

def meet(gate, guest, guests):
    # Goes on when so many different guests are here.
    folder = os.path.join({gates!r}, gate)
    os.makedirs(folder, exist_ok=True)
    open(os.path.join(folder, guest), "w").close()
    wait_for(lambda: len(os.listdir(folder)) >= guests)

def answer(records):
{body}

def handler(event, context):
    began, batch = time.time(), []
    for record in event["Records"]:
        batch.append([record["body"][:40], record["messageId"], int(record["attributes"]["ApproximateReceiveCount"])])
    received = int(event["Records"][0]["attributes"]["ApproximateFirstReceiveTimestamp"]) / 1000
    try:
        return answer(event["Records"])
    finally:
        line = json.dumps({{"received": received, "began": began, "ended": time.time(), "batch": batch}})
        print("BATCH", line, flush=True)
"""


def name(kind):
    return kind + "-" + uuid.uuid4().hex[:8]


def arn_of(url):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def left(url):
    """Messages that wait, and messages in flight."""
    names = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return tuple(int(attributes[name]) for name in names)


def send(url, bodies, groups=None):
    """Ten at a time, which makes up to ten of them appear at the same moment."""
    ids = []
    for first in range(0, len(bodies), 10):
        entries = []
        for n, body in enumerate(bodies[first : first + 10]):
            entry = {"Id": str(n), "MessageBody": body}
            if groups:
                entry["MessageGroupId"] = groups[first + n]
            entries.append(entry)
        result = sqs.send_message_batch(QueueUrl=url, Entries=entries)
        assert "Failed" not in result, result
        sent = {entry["Id"]: entry["MessageId"] for entry in result["Successful"]}
        ids += [sent[entry["Id"]] for entry in entries]
    return ids


def printed(function, mark):
    """What a function printed behind a mark, as JSON."""
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName="/aws/lambda/" + function, filterPattern=f'"{mark}"')
    lines = [event["message"] for page in pages for event in page["events"]]
    return [json.loads(line.split(mark, 1)[1]) for line in lines if line.startswith(mark)]


def batches(function):
    """What a recorder got, in the order in which it began."""
    return sorted(printed(function, "BATCH "), key=lambda batch: batch["began"])


def sizes(function):
    return [len(batch["batch"]) for batch in batches(function)]


def bodies_of(batch):
    return [body for body, _, _ in batch["batch"]]


class MappingCase(unittest.TestCase):
    maxDiff = None

    def queue(self, visibility=30, fifo=False, deaths=None, **attributes):
        attributes = {"VisibilityTimeout": str(visibility), **attributes}
        if fifo:
            attributes |= {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        dead = None
        if deaths:
            dead = self.queue(fifo=fifo)
            attributes["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": deaths})
        url = sqs.create_queue(QueueName=name("q") + (".fifo" if fifo else ""), Attributes=attributes)["QueueUrl"]
        self.addCleanup(sqs.delete_queue, QueueUrl=url)
        return (url, dead) if deaths else url

    def recorder(self, body="return None", timeout=30, **settings):
        """A Python function that prints its batches; its body sees `records`."""
        indented = "\n".join("    " + line for line in body.splitlines())
        source = RECORDER.format(gates=GATES, body=indented)
        function = create_python(source, Timeout=timeout, **settings)
        self.addCleanup(self.forget, lambda_.delete_function, FunctionName=function)
        return function

    def simulated(self, **settings):
        function = create_simulated(1, **settings)
        self.addCleanup(self.forget, lambda_.delete_function, FunctionName=function)
        return function

    def forget(self, call, **arguments):
        try:
            call(**arguments)
        except lambda_.exceptions.ResourceNotFoundException:
            pass

    def map(self, url, function, **settings):
        """A mapping that polls by the time this returns."""
        mapping = lambda_.create_event_source_mapping(EventSourceArn=arn_of(url), FunctionName=function, **settings)
        self.addCleanup(self.forget, lambda_.delete_event_source_mapping, UUID=mapping["UUID"])
        if settings.get("Enabled", True):
            self.reaches(mapping["UUID"], "Enabled")
        return mapping["UUID"]

    def reaches(self, mapping, state):
        """The mapping when it has that state, which is said by the user's wish."""
        def reached():
            shown = lambda_.get_event_source_mapping(UUID=mapping)
            # Fact 35: streams have other reasons, and say what their last batch came to.
            self.assertEqual(shown["StateTransitionReason"], "USER_INITIATED")
            self.assertNotIn("LastProcessingResult", shown)
            return shown if shown["State"] == state else None

        return wait_until(reached, 20)

    def refused(self, status, code, call, **arguments):
        with self.assertRaises(ClientError) as refused:
            call(**arguments)
        response = refused.exception.response
        got = response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]
        self.assertEqual(got, (status, code), response)
        return response["Error"]["Message"]

    def invalid(self, expected, call, **arguments):
        message = self.refused(400, "InvalidParameterValueException", call, **arguments)
        self.assertEqual(message, expected, arguments)

    def out_of_range(self, expected, call, **arguments):
        self.assertIn(expected, self.refused(400, "ValidationException", call, **arguments))


class Settings(MappingCase):
    def setUp(self):
        self.function, self.url = self.simulated(), self.queue()
        self.arn = arn_of(self.url)

    def create(self, client=lambda_, **settings):
        settings = {"EventSourceArn": self.arn, "FunctionName": self.function, **settings}
        mapping = client.create_event_source_mapping(**settings)
        self.addCleanup(self.forget, lambda_.delete_event_source_mapping, UUID=mapping["UUID"])
        return mapping

    def test_a_new_mapping_shows_what_aws_shows(self):
        """Fact 35: USER_INITIATED, and no LastProcessingResult."""
        mapping = self.create()
        metadata = mapping.pop("ResponseMetadata")
        uuid_ = mapping.pop("UUID")
        self.assertEqual(metadata["HTTPStatusCode"], 202)
        self.assertEqual(str(uuid.UUID(uuid_)), uuid_)
        self.assertIsInstance(mapping.pop("LastModified"), datetime.datetime)
        region, account = self.arn.split(":")[3:5]
        self.assertEqual(mapping, {
            "BatchSize": 10,
            "EventSourceArn": self.arn,
            "EventSourceMappingArn": f"arn:aws:lambda:{region}:{account}:event-source-mapping:{uuid_}",
            "FunctionArn": f"arn:aws:lambda:{region}:{account}:function:{self.function}",
            "FunctionResponseTypes": [],
            "MaximumBatchingWindowInSeconds": 0,
            "State": "Creating",
            "StateTransitionReason": "USER_INITIATED",
        })
        shown = self.reaches(uuid_, "Enabled")
        self.assertEqual(shown.pop("ResponseMetadata")["HTTPStatusCode"], 200)
        self.assertEqual(set(shown), set(mapping) | {"UUID", "LastModified"})

    def test_all_settings_are_kept(self):
        filters = {"Filters": [{"Pattern": json.dumps({"body": {"a": [1]}})}, {"Pattern": json.dumps({"body": ["x"]})}]}
        settings = {
            "BatchSize": 10_000, "MaximumBatchingWindowInSeconds": 300, "FunctionResponseTypes": ITEM_FAILURES,
            "ScalingConfig": {"MaximumConcurrency": 1_000}, "FilterCriteria": filters,
            "MetricsConfig": {"Metrics": ["EventCount"]},
        }
        mapping = self.create(**settings)
        for shown in (mapping, self.reaches(mapping["UUID"], "Enabled")):
            self.assertEqual({member: shown[member] for member in settings}, settings)

    def test_states_follow_what_the_user_does(self):
        id = self.create(Enabled=False)["UUID"]
        before = self.reaches(id, "Disabled")["LastModified"]
        for change, passing, state in (
            ({"BatchSize": 3}, "Updating", "Disabled"),
            ({"Enabled": True}, "Enabling", "Enabled"),
            ({"BatchSize": 4, "Enabled": True}, "Updating", "Enabled"),
            ({"Enabled": False}, "Disabling", "Disabled"),
        ):
            changed = lambda_.update_event_source_mapping(UUID=id, **change)
            self.assertEqual((changed["ResponseMetadata"]["HTTPStatusCode"], changed["State"]), (202, passing), change)
            self.assertGreaterEqual(changed["LastModified"], before)
            before = self.reaches(id, state)["LastModified"]
        self.assertEqual(lambda_.get_event_source_mapping(UUID=id)["BatchSize"], 4)
        deleted = lambda_.delete_event_source_mapping(UUID=id)
        self.assertEqual((deleted["ResponseMetadata"]["HTTPStatusCode"], deleted["State"]), (202, "Deleting"))
        self.assertEqual((deleted["UUID"], deleted["EventSourceArn"], deleted["BatchSize"]), (id, self.arn, 4))

        def gone():
            try:
                self.assertEqual(lambda_.get_event_source_mapping(UUID=id)["State"], "Deleting")
            except lambda_.exceptions.ResourceNotFoundException:
                return True

        wait_until(gone)

    def test_unknown_mappings_are_not_found(self):
        id = str(uuid.uuid4())
        for call in (lambda_.get_event_source_mapping, lambda_.update_event_source_mapping,
                     lambda_.delete_event_source_mapping):
            message = self.refused(404, "ResourceNotFoundException", call, UUID=id)
            self.assertEqual(message, "The resource you requested does not exist.")

    def test_settings_that_do_not_go_together_are_refused(self):
        """Fact 36: a missing function is a 400."""
        create = careless.create_event_source_mapping
        good = {"EventSourceArn": self.arn, "FunctionName": self.function}
        needs_window = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        for change, expected in (
            ({"BatchSize": 11}, needs_window),
            ({"BatchSize": 11, "MaximumBatchingWindowInSeconds": 0}, needs_window),
            ({"EventSourceArn": self.arn + "-none"},
             "Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. "
             "SQS Error Message: The specified queue does not exist."),
            ({"FunctionName": "none"}, "Function does not exist"),
            ({"DestinationConfig": {"OnFailure": {"Destination": self.arn}}},
             "Unsupported DestinationConfig parameter for given event source mapping type."),
        ):
            self.invalid(expected, create, **{**good, **change})
        self.invalid("Unrecognized event source.", create, FunctionName=self.function)
        for pattern in ("", "no json", "[]", '{"body":"x"}', '{"body":1}', '{"body":{}}', '{"body":[]}',
                        '{"body":{"a":"x"}}', '{"body":[{"between":1}]}', '{"body":[{"numeric":["<"]}]}',
                        '{"body":{"a":[{"exists":"yes"}]}}', '{"body":{"a":[{"prefix":1}]}}'):
            criteria = {"Filters": [{"Pattern": pattern}]}
            self.invalid("Invalid filter pattern definition.", create, **good, FilterCriteria=criteria)
        for member, value in (("StartingPosition", "LATEST"), ("BisectBatchOnFunctionError", True),
                              ("MaximumRecordAgeInSeconds", 60), ("MaximumRetryAttempts", 1),
                              ("ParallelizationFactor", 2), ("TumblingWindowInSeconds", 30), ("Topics", ["t"])):
            message = self.refused(400, "InvalidParameterValueException", create, **good, **{member: value})
            self.assertIn(member, message)
        listed = lambda_.list_event_source_mappings(EventSourceArn=self.arn)
        self.assertEqual(listed["EventSourceMappings"], [])

    def test_settings_out_of_their_range_are_refused(self):
        good = {"EventSourceArn": self.arn, "FunctionName": self.function}
        id = self.create(Enabled=False)["UUID"]
        self.reaches(id, "Disabled")
        at_least = "Member must have value greater than or equal to {}".format
        at_most = "Member must have value less than or equal to {}".format
        for change, expected in (
            ({"ScalingConfig": {"MaximumConcurrency": 1}}, at_least(2)),
            ({"ScalingConfig": {"MaximumConcurrency": 1_001}}, at_most(1000)),
            ({"BatchSize": 0}, at_least(1)),
            ({"BatchSize": 10_001, "MaximumBatchingWindowInSeconds": 1}, at_most(10000)),
            ({"MaximumBatchingWindowInSeconds": -1}, at_least(0)),
            ({"MaximumBatchingWindowInSeconds": 301}, at_most(300)),
            ({"ProvisionedPollerConfig": {"MinimumPollers": 201}}, at_most(200)),
            ({"ProvisionedPollerConfig": {"MaximumPollers": 10_001}}, at_most(10000)),
            ({"FunctionResponseTypes": ["Everything"]}, "[ReportBatchItemFailures]"),
            ({"FilterCriteria": {"Filters": [{"Pattern": "x" * 4_097}]}}, "less than or equal to 4096"),
        ):
            self.out_of_range(expected, careless.create_event_source_mapping, **good, **change)
            self.out_of_range(expected, careless.update_event_source_mapping, UUID=id, **change)
        six = {"Filters": [{"Pattern": json.dumps({"body": [str(n)]})} for n in range(6)]}
        self.refused(400, "InvalidParameterValueException", careless.create_event_source_mapping, **good, FilterCriteria=six)
        for pollers in ({"MinimumPollers": 1}, {"MaximumPollers": 1}, {"MinimumPollers": 5, "MaximumPollers": 4}):
            self.refused(400, "InvalidParameterValueException", careless.create_event_source_mapping,
                         **good, ProvisionedPollerConfig=pollers)
        both = {"ProvisionedPollerConfig": {"MinimumPollers": 2}, "ScalingConfig": {"MaximumConcurrency": 2}}
        self.refused(400, "InvalidParameterValueException", careless.create_event_source_mapping, **good, **both)
        self.refused(400, "InvalidParameterValueException", careless.update_event_source_mapping, UUID=id, **both)

    def test_a_fifo_queue_has_small_batches_and_no_window(self):
        good = {"EventSourceArn": arn_of(self.queue(fifo=True)), "FunctionName": self.function}
        for change in ({"BatchSize": 11}, {"MaximumBatchingWindowInSeconds": 1}):
            self.refused(400, "InvalidParameterValueException", careless.create_event_source_mapping, **good, **change)
        self.assertEqual(self.create(**good, BatchSize=10)["BatchSize"], 10)

    def test_a_second_mapping_of_the_same_two_is_refused(self):
        """Fact 36: a 409 with blanks inside its quotation marks."""
        id = self.create()["UUID"]
        for changes in ({}, {"BatchSize": 1, "Enabled": False}):
            message = self.refused(409, "ResourceConflictException", self.create, **changes)
            self.assertEqual(
                message,
                f'An event source mapping with SQS arn (" {self.arn} ") and function (" {self.function} ") already exists. '
                f"Please update or delete the existing mapping with UUID {id}")
        self.create(FunctionName=self.simulated())

    def test_fact_37_visibility_is_held_against_the_timeout_only_when_the_mapping_changes(self):
        too_short = "Queue visibility timeout: 30 seconds is less than Function timeout: 60 seconds"
        lambda_.update_function_configuration(FunctionName=self.function, Timeout=60)
        self.invalid(too_short, self.create)
        lambda_.update_function_configuration(FunctionName=self.function, Timeout=30)
        id = self.create(Enabled=False)["UUID"]
        self.reaches(id, "Disabled")
        # Nobody minds when the function changes, nor when the queue does.
        lambda_.update_function_configuration(FunctionName=self.function, Timeout=60)
        self.assertEqual(self.reaches(id, "Disabled")["UUID"], id)
        self.invalid(too_short, lambda_.update_event_source_mapping, UUID=id, BatchSize=1)
        sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"VisibilityTimeout": "59"})
        self.invalid(too_short.replace("30", "59"), lambda_.update_event_source_mapping, UUID=id, Enabled=True)
        sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"VisibilityTimeout": "60"})
        self.assertEqual(lambda_.update_event_source_mapping(UUID=id, BatchSize=1)["BatchSize"], 1)
        sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"VisibilityTimeout": "1"})
        self.assertEqual(self.reaches(id, "Disabled")["BatchSize"], 1)

    def test_an_update_changes_what_it_names_and_nothing_else(self):
        pattern = {"Filters": [{"Pattern": '{"body":["x"]}'}]}
        id = self.create(
            Enabled=False, ScalingConfig={"MaximumConcurrency": 5}, FilterCriteria=pattern, BatchSize=20,
            MaximumBatchingWindowInSeconds=2, FunctionResponseTypes=ITEM_FAILURES,
            MetricsConfig={"Metrics": ["EventCount"]})["UUID"]

        def update(**change):
            lambda_.update_event_source_mapping(UUID=id, **change)
            return self.reaches(id, "Disabled")

        self.reaches(id, "Disabled")
        needs_window = "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10"
        self.invalid(needs_window, lambda_.update_event_source_mapping, UUID=id, MaximumBatchingWindowInSeconds=0)
        self.invalid("Function does not exist", lambda_.update_event_source_mapping, UUID=id, FunctionName="none")
        self.invalid("Invalid filter pattern definition.", lambda_.update_event_source_mapping, UUID=id,
                     FilterCriteria={"Filters": [{"Pattern": '{"body":"x"}'}]})
        shown = update(BatchSize=30)
        self.assertEqual(
            (shown["BatchSize"], shown["MaximumBatchingWindowInSeconds"], shown["ScalingConfig"],
             shown["FilterCriteria"], shown["FunctionResponseTypes"], shown["MetricsConfig"]),
            (30, 2, {"MaximumConcurrency": 5}, pattern, ITEM_FAILURES, {"Metrics": ["EventCount"]}))
        for change, member in (({"ScalingConfig": {}}, "ScalingConfig"), ({"FilterCriteria": {}}, "FilterCriteria"),
                               ({"MetricsConfig": {"Metrics": []}}, "MetricsConfig")):
            self.assertNotIn(member, update(**change))
        self.assertEqual(update(FunctionResponseTypes=[])["FunctionResponseTypes"], [])
        other = self.simulated()
        self.assertTrue(update(FunctionName=other)["FunctionArn"].endswith(":function:" + other))
        self.assertEqual(update(BatchSize=10, MaximumBatchingWindowInSeconds=0)["BatchSize"], 10)

    def test_provisioned_pollers_exclude_a_maximum_and_can_be_taken_away(self):
        id = self.create(Enabled=False, ProvisionedPollerConfig={"MaximumPollers": 10_000})["UUID"]

        def update(**change):
            lambda_.update_event_source_mapping(UUID=id, **change)
            return self.reaches(id, "Disabled").get("ProvisionedPollerConfig")

        self.assertEqual(self.reaches(id, "Disabled")["ProvisionedPollerConfig"],
                         {"MinimumPollers": 2, "MaximumPollers": 10_000})
        self.refused(400, "InvalidParameterValueException", lambda_.update_event_source_mapping, UUID=id,
                     ScalingConfig={"MaximumConcurrency": 2})
        self.assertEqual(update(ProvisionedPollerConfig={"MinimumPollers": 3, "MaximumPollers": 3}),
                         {"MinimumPollers": 3, "MaximumPollers": 3})
        self.assertIsNone(update(ProvisionedPollerConfig={}))
        self.assertEqual(update(ProvisionedPollerConfig={"MinimumPollers": 4}), {"MinimumPollers": 4, "MaximumPollers": 200})

    def test_lists_are_by_queue_by_function_and_by_page(self):
        other = self.simulated()
        urls = [self.queue() for _ in range(3)]
        ids = {self.create(EventSourceArn=arn_of(url), FunctionName=other)["UUID"] for url in urls}
        ids_of_queue = {self.create()["UUID"], self.create(FunctionName=other)["UUID"]}

        def listed(**wanted):
            return {mapping["UUID"] for mapping in lambda_.list_event_source_mappings(**wanted)["EventSourceMappings"]}

        self.assertEqual(listed(EventSourceArn=self.arn), ids_of_queue)
        self.assertEqual(listed(FunctionName=other, EventSourceArn=self.arn) | ids, listed(FunctionName=other))
        self.assertEqual(len(listed(FunctionName=other)), 4)
        self.assertLessEqual(ids | ids_of_queue, listed())
        seen, marker = [], {}
        while True:
            page = lambda_.list_event_source_mappings(FunctionName=other, MaxItems=3, **marker)
            seen.append([mapping["UUID"] for mapping in page["EventSourceMappings"]])
            if "NextMarker" not in page:
                break
            marker = {"Marker": page["NextMarker"]}
        self.assertEqual([len(ids) for ids in seen], [3, 1])
        self.assertEqual(set(sum(seen, [])), listed(FunctionName=other))
        # A mapping that is listed looks as it does by itself.
        one = lambda_.get_event_source_mapping(UUID=seen[1][0])
        del one["ResponseMetadata"]
        self.assertEqual(page["EventSourceMappings"], [one])

    def test_fact_38_a_mapping_outlives_its_function(self):
        id = self.create()["UUID"]
        self.reaches(id, "Enabled")
        lambda_.delete_function(FunctionName=self.function)
        shown = lambda_.get_event_source_mapping(UUID=id)
        self.assertEqual(shown["State"], "Enabled")
        self.assertTrue(shown["FunctionArn"].endswith(":function:" + self.function))
        listed = lambda_.list_event_source_mappings(EventSourceArn=self.arn)["EventSourceMappings"]
        self.assertEqual([mapping["UUID"] for mapping in listed], [id])
        self.assertEqual(lambda_.delete_event_source_mapping(UUID=id)["State"], "Deleting")


class Results(MappingCase):
    """What becomes of a batch after its function has answered."""

    def test_facts_31_and_33_answers_say_which_messages_failed(self):
        """Fact 33: what names nothing is success; a name that is none of the batch's fails all of it.
        Fact 31: what failed is not visible before its visibility timeout is over."""
        first, both, none = {0}, {0, 1}, set()
        ids = '[record["messageId"] for record in records]'
        rows = {
            "None": none,
            "{}": none,
            '{"batchItemFailures": None}': none,
            '{"batchItemFailures": []}': none,
            f'{{"batchItemFailures": [{{"itemIdentifier": {ids}[0]}}]}}': first,
            f'{{"batchItemFailures": [{{"itemIdentifier": id}} for id in {ids}]}}': both,
            '{"batchItemFailures": [{"itemIdentifier": ""}]}': both,
            '{"batchItemFailures": [{"itemIdentifier": None}]}': both,
            f'{{"batchItemFailures": [{{"foo": {ids}[0]}}]}}': both,
            f'{{"batchItemFailures": [{{"itemIdentifier": {ids}[0]}}, {{"itemIdentifier": "unknown"}}]}}': both,
            'float("nan")': both,
            "1 / 0": both,
        }
        # The body of a message is the answer to its first batch, the second has none.
        function = self.recorder(
            'if any(record["attributes"]["ApproximateReceiveCount"] != "1" for record in records):\n'
            "    return None\n"
            'return eval(records[0]["body"])', timeout=5)
        # What succeeds comes first, and leaves warm environments to the rest.
        sent = {}
        for succeeds, visibility in ((True, 30), (False, 5)):
            urls = []
            for answer in (answer for answer, failed in rows.items() if succeeds == (not failed)):
                urls.append(self.queue(visibility=visibility))
                sent[answer] = send(urls[-1], [answer] * 2)
                self.map(urls[-1], function, FunctionResponseTypes=ITEM_FAILURES, ScalingConfig={"MaximumConcurrency": 2})
            wait_until(lambda: all(left(url) == (0, 0) for url in urls))
        seen = batches(function)
        for answer, failed in rows.items():
            ids = sent[answer]
            with self.subTest(answer=answer):
                own = [batch for batch in seen if batch["batch"][0][1] in ids]
                self.assertEqual([(id, count) for _, id, count in own[0]["batch"]], [(id, 1) for id in ids])
                again = sorted((ids.index(id), count) for batch in own[1:] for _, id, count in batch["batch"])
                self.assertEqual(again, [(n, 2) for n in sorted(failed)])
                for batch in own[1:]:
                    # The clocks of the function and of the queue may differ a little.
                    self.assertGreater(batch["began"] - batch["received"], 4.9)

    def test_without_the_setting_any_answer_deletes_the_whole_batch(self):
        function = self.recorder('return {"batchItemFailures": [{"itemIdentifier": r["messageId"]} for r in records]}')
        url, dead = self.queue(deaths=1)
        send(url, ["a", "b"])
        self.map(url, function)
        wait_until(lambda: left(url) == (0, 0))
        self.assertEqual((sizes(function), left(dead)), ([2], (0, 0)))

    def test_what_fails_as_a_whole_comes_back_by_its_visibility_timeout(self):
        """An error, a timeout and a failed Init delete nothing, and nothing is tried again at once."""
        raises = self.recorder("raise ValueError('no')", timeout=2)
        sleeps = self.recorder("time.sleep(30)", timeout=1)
        breaks = create_python("raise RuntimeError('no')\n", Timeout=2)
        self.addCleanup(lambda_.delete_function, FunctionName=breaks)
        deaths = []
        for function in (raises, sleeps, breaks):
            for kinds in ([], ITEM_FAILURES):
                url, dead = self.queue(visibility=2, deaths=1)
                send(url, ["a", "b"])
                self.map(url, function, FunctionResponseTypes=kinds, ScalingConfig={"MaximumConcurrency": 2})
                deaths.append((url, dead))
        for url, dead in deaths:
            wait_until(lambda: left(url) == (0, 0) and left(dead) == (2, 0))
        # One batch of each queue: the second receive was the dead-letter queue's.
        wait_until(lambda: len(sizes(raises)) >= 2)
        self.assertEqual(sizes(raises), [2, 2])

        def reports(function):
            found = logs.filter_log_events(logGroupName="/aws/lambda/" + function, filterPattern='"REPORT RequestId"')
            return [event["message"] for event in found["events"]]

        wait_until(lambda: len(reports(sleeps)) >= 2 and len(reports(breaks)) >= 2)
        self.assertEqual(["Status: timeout" in report for report in reports(sleeps)], [True, True])
        self.assertEqual(len(reports(breaks)), 2)

    def test_a_refused_batch_is_kept_and_tried_again(self):
        function = self.recorder()
        url = self.queue()
        lambda_.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
        send(url, ["a", "b", "c"])
        self.map(url, function)
        # Received first, and only then refused.
        wait_until(lambda: left(url) == (0, 3))
        lambda_.delete_function_concurrency(FunctionName=function)
        wait_until(lambda: left(url) == (0, 0))
        [batch] = batches(function)
        self.assertEqual([(body, count) for body, _, count in batch["batch"]], [("a", 1), ("b", 1), ("c", 1)])


class Batches(MappingCase):
    def test_a_batch_closes_when_it_is_full(self):
        function, url = self.recorder(), self.queue()
        send(url, [str(n) for n in range(25)])
        self.map(url, function)
        wait_until(lambda: left(url) == (0, 0))
        self.assertEqual(sorted(sizes(function)), [5, 10, 10])
        single, url = self.recorder(), self.queue()
        send(url, ["a", "b", "c"])
        self.map(url, single, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
        wait_until(lambda: left(url) == (0, 0))
        self.assertEqual(sizes(single), [1, 1, 1])

    def test_a_window_merges_receives(self):
        """30 messages in batches of up to 20 are two batches, 15 are one, whatever more could be in it."""
        queues = []
        for count, size in ((30, 20), (15, 15), (15, 10_000)):
            function, url = self.recorder(), self.queue()
            ids = send(url, [str(n) for n in range(count)])
            self.map(url, function, BatchSize=size, MaximumBatchingWindowInSeconds=1,
                     ScalingConfig={"MaximumConcurrency": 2})
            queues.append((function, url, ids))
        for (function, url, ids), expected in zip(queues, ([10, 20], [15], [15])):
            wait_until(lambda: left(url) == (0, 0))
            self.assertEqual(sorted(sizes(function)), expected)
            self.assertEqual({id for batch in batches(function) for _, id, _ in batch["batch"]}, set(ids))

    def test_a_batch_closes_when_its_payload_is_full(self):
        """6 MB: nothing else closes a batch of so few messages before five minutes are over."""
        function = self.recorder(
            'print("SIZE", sum(len(record["body"]) for record in records), flush=True)\nreturn None', MemorySize=1024)
        url = self.queue(visibility=400)
        self.map(url, function, BatchSize=100, MaximumBatchingWindowInSeconds=300, ScalingConfig={"MaximumConcurrency": 2})
        for n in range(7):
            sqs.send_message(QueueUrl=url, MessageBody=str(n) * 1_000_000)
        [size] = wait_until(lambda: printed(function, "SIZE "))
        self.assertTrue(4_000_000 < size <= 6 * 1024 * 1024, size)
        wait_until(lambda: left(url) == (0, 7 - size // 1_000_000))

    def test_two_functions_share_a_queue_and_no_message(self):
        gate = name("gate")
        body = (f'if records[0]["body"] == "0":\n    meet({gate!r}, os.environ["AWS_LAMBDA_FUNCTION_NAME"], 2)\n'
                "return None")
        functions, url = [self.recorder(body), self.recorder(body)], self.queue()
        for function in functions:
            self.map(url, function, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
        # The first ones keep their poller until the other function has one too.
        ids = send(url, ["0"] * 10 + ["1"] * 10)
        wait_until(lambda: left(url) == (0, 0))
        seen = [[id for batch in batches(function) for _, id, _ in batch["batch"]] for function in functions]
        self.assertTrue(seen[0] and seen[1])
        self.assertEqual(sorted(seen[0] + seen[1]), sorted(ids))

    def test_one_function_serves_several_queues(self):
        function, urls = self.recorder(), [self.queue() for _ in range(3)]
        mappings = [self.map(url, function) for url in urls]
        for n, url in enumerate(urls):
            send(url, [f"queue {n}"])
        wait_until(lambda: all(left(url) == (0, 0) for url in urls))
        self.assertEqual(sorted(body for batch in batches(function) for body in bodies_of(batch)),
                         ["queue 0", "queue 1", "queue 2"])
        self.assertEqual(len(set(mappings)), 3)

    def test_a_disabled_mapping_leaves_messages_where_they_are(self):
        function, other, url = self.recorder(), self.recorder(), self.queue()
        mapping = self.map(url, function, Enabled=False)
        self.reaches(mapping, "Disabled")
        send(url, ["a", "b"])
        self.assertEqual(left(url), (2, 0))
        lambda_.update_event_source_mapping(UUID=mapping, Enabled=True)
        wait_until(lambda: left(url) == (0, 0))
        lambda_.update_event_source_mapping(UUID=mapping, FunctionName=other)
        self.reaches(mapping, "Enabled")
        send(url, ["c"])
        wait_until(lambda: left(url) == (0, 0))
        self.assertEqual((sum(sizes(function)), sizes(other)), (2, [1]))
        # Without its mapping the queue is only a queue.
        lambda_.delete_event_source_mapping(UUID=mapping)
        send(url, ["d"])
        received = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5, MessageSystemAttributeNames=["All"])["Messages"]
        self.assertEqual((received[0]["Body"], received[0]["Attributes"]["ApproximateReceiveCount"]), ("d", "1"))

    def test_provisioned_pollers_serve_a_queue(self):
        function, url = self.recorder(), self.queue()
        ids = send(url, [str(n) for n in range(30)])
        self.map(url, function, ProvisionedPollerConfig={"MinimumPollers": 2}, MetricsConfig={"Metrics": ["EventCount"]})
        wait_until(lambda: left(url) == (0, 0))
        self.assertEqual(sorted(id for batch in batches(function) for _, id, _ in batch["batch"]), sorted(ids))


class Fifo(MappingCase):
    def of_group(self, function, group):
        """The batches in which messages of a group were, and those messages."""
        own = []
        for batch in batches(function):
            records = [(body, count) for body, _, count in batch["batch"] if body.startswith(group)]
            if records:
                own.append((batch["began"], batch["ended"], records))
        return own

    def most_at_once(self, function):
        changes = sorted(change for batch in batches(function) for change in ((batch["began"], 1), (batch["ended"], -1)))
        running = most = 0
        for _, change in changes:
            running += change
            most = max(most, running)
        return most

    def test_groups_run_side_by_side_and_each_in_its_order(self):
        """As many executions as groups are active, and one batch at a time of each."""
        groups, gate = ["a", "b", "c"], name("gate")
        # Nobody ends before all groups are there at once.
        function = self.recorder(f'meet({gate!r}, records[0]["body"][0], 3)\ntime.sleep(0.02)\nreturn None')
        url = self.queue(fifo=True)
        send(url, [f"{group}{n}" for n in range(8) for group in groups], groups * 8)
        self.map(url, function, BatchSize=2)
        wait_until(lambda: left(url) == (0, 0))
        for group in groups:
            own = self.of_group(function, group)
            self.assertEqual([body for _, _, records in own for body, _ in records], [f"{group}{n}" for n in range(8)])
            for (_, ended, _), (began, _, _) in zip(own, own[1:]):
                self.assertLess(ended, began)
        self.assertEqual(self.most_at_once(function), 3)

    def test_a_maximum_holds_for_groups_too(self):
        groups, gate = ["a", "b", "c", "d"], name("gate")
        function = self.recorder(
            f'meet({gate!r} + records[0]["body"][1], records[0]["body"][0], 2)\ntime.sleep(0.1)\nreturn None')
        url = self.queue(fifo=True)
        send(url, [f"{group}{n}" for n in range(2) for group in groups], groups * 2)
        self.map(url, function, BatchSize=1, ScalingConfig={"MaximumConcurrency": 2})
        wait_until(lambda: left(url) == (0, 0))
        self.assertEqual(self.most_at_once(function), 2)
        self.assertEqual(sizes(function), [1] * 8)

    def test_a_batch_may_hold_several_groups(self):
        function, url = self.recorder(), self.queue(fifo=True)
        send(url, [f"{group}{n}" for n in range(3) for group in "ab"], list("ab") * 3)
        self.map(url, function)
        wait_until(lambda: left(url) == (0, 0))
        [batch] = batches(function)
        self.assertEqual(sorted(bodies_of(batch)), ["a0", "a1", "a2", "b0", "b1", "b2"])
        for group in "ab":
            [(_, _, records)] = self.of_group(function, group)
            self.assertEqual([body for body, _ in records], [f"{group}{n}" for n in range(3)])

    def test_a_failure_holds_up_its_group_and_no_other(self):
        function = self.recorder(
            'first = records[0]["attributes"]["ApproximateReceiveCount"] == "1"\n'
            'if first and records[0]["body"] == "a1":\n'
            "    raise ValueError('not yet')\n"
            "return None", timeout=5)
        url = self.queue(visibility=5, fifo=True)
        send(url, [f"{group}{n}" for n in range(4) for group in "ab"], list("ab") * 4)
        self.map(url, function, BatchSize=1)
        wait_until(lambda: left(url) == (0, 0))
        held, free = self.of_group(function, "a"), self.of_group(function, "b")
        self.assertEqual([records for _, _, records in held],
                         [[("a0", 1)], [("a1", 1)], [("a1", 2)], [("a2", 1)], [("a3", 1)]])
        self.assertEqual([records for _, _, records in free], [[(f"b{n}", 1)] for n in range(4)])
        self.assertLess(free[-1][1], held[2][0])

    def test_items_that_failed_come_back_in_their_order(self):
        function = self.recorder(
            'if records[0]["attributes"]["ApproximateReceiveCount"] != "1" or records[0]["body"] != "a0":\n'
            "    return None\n"
            'return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in records[1:]]}', timeout=5)
        url = self.queue(visibility=5, fifo=True)
        send(url, [f"a{n}" for n in range(4)], ["a"] * 4)
        self.map(url, function, BatchSize=3, FunctionResponseTypes=ITEM_FAILURES)
        wait_until(lambda: left(url) == (0, 0))
        self.assertEqual([records for _, _, records in self.of_group(function, "a")],
                         [[("a0", 1), ("a1", 1), ("a2", 1)], [("a1", 2), ("a2", 2), ("a3", 1)]])


class Filters(MappingCase):
    def check(self, rows):
        """Each row: patterns, the bodies that pass, and those that do not."""
        function, checks = self.recorder(), []
        for patterns, passing, failing in rows:
            url, dead = self.queue(deaths=1)
            ids = send(url, passing + failing)
            criteria = {"Filters": [{"Pattern": json.dumps(pattern)} for pattern in patterns]}
            self.map(url, function, FilterCriteria=criteria, ScalingConfig={"MaximumConcurrency": 2})
            checks.append((patterns, url, dead, ids, passing))
        for patterns, url, dead, ids, passing in checks:
            with self.subTest(patterns=patterns):
                wait_until(lambda: left(url) == (0, 0))
                self.assertEqual(left(dead), (0, 0))
        seen = [(body, id) for batch in batches(function) for body, id, _ in batch["batch"]]
        for patterns, _, _, ids, passing in checks:
            with self.subTest(patterns=patterns):
                self.assertEqual([body for body, id in seen if id in ids], passing)

    def test_fact_32_what_does_not_match_is_deleted_and_never_seen(self):
        """JSON is for patterns of JSON, plain text for those of plain text."""
        text, number, other = '{"a": "x", "b": 1}', '{"a": 5}', '{"b": "x"}'
        array = '[{"a": "x"}]'
        self.check([
            ([{"body": {"a": ["x"]}}], [text], [number, other, "x", "a", '{"a": "x"']),
            ([{"body": ["txt"]}], ["txt"], [text, '{"txt": "txt"}', "text", '["txt"]']),
            # Other keys of a record are none that a queue's messages can be told by.
            ([{"other": ["x"]}], [text, "txt"], []),
            ([{}], [text, "txt"], []),
            # One filter is enough; of that one, every field must match.
            ([{"body": {"a": ["x"], "b": [1]}}, {"body": ["txt"]}], [text, "txt"], [array, number, other]),
        ])

    def test_operators_choose_messages(self):
        def a(*values):
            return [json.dumps({"a": value}) for value in values]

        def rule(*rules):
            return [{"body": {"a": list(rules)}}]

        missing = '{"b": 1}'
        self.check([
            (rule("x", 300, None, ""), a("x", 300, None, ""), [*a("X", 30, "null"), missing, '{"a": 3.0e2}']),
            (rule({"equals-ignore-case": "Usa"}), a("USA", "usa"), a("us")),
            (rule({"prefix": "us-"}, {"suffix": ".png"}), a("us-east-1", "a.png"), a("eu-us-1", "a.png2", 1)),
            (rule({"anything-but": ["x", "y"]}), a("z"), [*a("x", "y"), missing]),
            (rule({"numeric": [">", 10, "<=", 20]}), a(10.5, 20), a(10, 21, "15")),
            (rule({"exists": True}), a("x", None), [missing]),
            (rule({"exists": False}), [missing], a("x")),
            ([{"body": {"$or": [{"a": ["x"]}, {"b": [1]}], "c": [True]}}],
             ['{"a": "x", "c": true}', '{"b": 1, "c": true}'], ['{"c": true}', '{"a": "x"}']),
        ])


class Records(MappingCase):
    PRINTER = (
        "import json\n"
        "def handler(event, context):\n"
        '    print("EVENT", json.dumps(event), flush=True)\n'
    )

    def printer(self):
        function = create_python(self.PRINTER)
        self.addCleanup(lambda_.delete_function, FunctionName=function)
        return function

    def records(self, function):
        return [record for event in printed(function, "EVENT ") for record in event["Records"]]

    def test_a_record_has_aws_keys_in_aws_order(self):
        function, url = self.printer(), self.queue()
        self.map(url, function)
        sent = sqs.send_message(QueueUrl=url, MessageBody="größe")
        [record] = wait_until(lambda: self.records(function))
        self.assertEqual(list(record), [
            "messageId", "receiptHandle", "body", "attributes", "messageAttributes", "md5OfBody", "eventSource",
            "eventSourceARN", "awsRegion"])
        self.assertEqual(list(record["attributes"]), [
            "ApproximateReceiveCount", "SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"])
        self.assertTrue(all(isinstance(value, str) for value in record["attributes"].values()))
        self.assertTrue(record.pop("receiptHandle"))
        attributes = record.pop("attributes")
        self.assertEqual(attributes["ApproximateReceiveCount"], "1")
        # Milliseconds.
        self.assertEqual(len(attributes["SentTimestamp"]), 13)
        self.assertGreaterEqual(attributes["ApproximateFirstReceiveTimestamp"], attributes["SentTimestamp"])
        arn = arn_of(url)
        self.assertEqual(record, {
            "messageId": sent["MessageId"], "body": "größe", "messageAttributes": {},
            "md5OfBody": hashlib.md5("größe".encode()).hexdigest(), "eventSource": "aws:sqs", "eventSourceARN": arn,
            "awsRegion": arn.split(":")[3]})
        self.assertEqual(list(printed(function, "EVENT ")[0]), ["Records"])

    def test_a_record_of_a_fifo_queue_has_its_attributes_in_aws_order(self):
        function, url = self.printer(), self.queue(fifo=True)
        self.map(url, function)
        sent = sqs.send_message(QueueUrl=url, MessageBody="m", MessageGroupId="g", MessageDeduplicationId="d")
        [record] = wait_until(lambda: self.records(function))
        attributes = record["attributes"]
        self.assertEqual(list(attributes), [
            "ApproximateReceiveCount", "SentTimestamp", "SequenceNumber", "MessageGroupId", "SenderId",
            "MessageDeduplicationId", "ApproximateFirstReceiveTimestamp"])
        self.assertEqual((attributes["SequenceNumber"], attributes["MessageGroupId"], attributes["MessageDeduplicationId"]),
                         (sent["SequenceNumber"], "g", "d"))

    def test_fact_34_the_hash_of_attributes_is_null_only_with_a_window(self):
        function, message_attributes = self.printer(), {
            "Text": {"DataType": "String", "StringValue": "v"},
            "Count": {"DataType": "Number.int", "StringValue": "6"},
            "Raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
        }
        hashes = {}
        for window in (0, 1):
            url = self.queue()
            sqs.send_message(QueueUrl=url, MessageBody=f"plain {window}")
            sent = sqs.send_message(QueueUrl=url, MessageBody=f"full {window}", MessageAttributes=message_attributes)
            hashes[window] = sent["MD5OfMessageAttributes"]
            self.map(url, function, MaximumBatchingWindowInSeconds=window)
        found = wait_until(lambda: len(self.records(function)) == 4 and self.records(function))
        records = {record["body"]: record for record in found}
        self.assertNotIn("md5OfMessageAttributes", records["plain 0"])
        self.assertIsNone(records["plain 1"]["md5OfMessageAttributes"])
        lists = {"stringListValues": [], "binaryListValues": []}
        for window in (0, 1):
            record = records[f"full {window}"]
            self.assertEqual(record["md5OfMessageAttributes"], hashes[window])
            self.assertEqual(record["messageAttributes"], {
                "Text": {"stringValue": "v", **lists, "dataType": "String"},
                "Count": {"stringValue": "6", **lists, "dataType": "Number.int"},
                "Raw": {"binaryValue": "AP8=", **lists, "dataType": "Binary"},
            })

    def test_a_record_says_where_its_message_came_from(self):
        """A trace of the sender's, and the queue in which it died."""
        function, (url, dead) = self.printer(), self.queue(visibility=1, deaths=1)
        header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
        sqs.send_message(QueueUrl=url, MessageBody="m", MessageSystemAttributes={
            "AWSTraceHeader": {"DataType": "String", "StringValue": header}})
        self.assertEqual(len(sqs.receive_message(QueueUrl=url)["Messages"]), 1)
        self.map(dead, function)
        # The receive after the last one that is allowed moves it.
        wait_until(lambda: "Messages" not in sqs.receive_message(QueueUrl=url) and left(url) == (0, 0))
        [record] = wait_until(lambda: self.records(function))
        attributes = record["attributes"]
        self.assertEqual((attributes["AWSTraceHeader"], attributes["DeadLetterQueueSourceArn"]), (header, arn_of(url)))
        self.assertEqual(record["eventSourceARN"], arn_of(dead))


if __name__ == "__main__":
    assert os.environ.get("AWS_ENDPOINT_URL"), "AWS_ENDPOINT_URL names the emulator"
    unittest.main(verbosity=2)
