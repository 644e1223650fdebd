"""boto3 against a running emulator (AWS_ENDPOINT_URL): what only some queues do."""

import json
import os
import time
import unittest
import uuid

from botocore.exceptions import ClientError

from boto3_test import NO_RETRIES, sqs, wait_until


def unique(prefix, ending=""):
    return prefix + "-" + uuid.uuid4().hex[:8] + ending


def create(name, **attributes):
    return sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]


def create_fifo(**attributes):
    return create(unique("q", ".fifo"), FifoQueue="true", **attributes)


def attributes_of(url, *names):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names)).get("Attributes", {})


def arn_of(url):
    return attributes_of(url, "QueueArn")["QueueArn"]


def create_with_dead_letters(most=1, **attributes):
    """A queue and its dead-letter queue."""
    dead = create(unique("dead"))
    policy = json.dumps({"deadLetterTargetArn": arn_of(dead), "maxReceiveCount": most})
    return create(unique("q"), RedrivePolicy=policy, VisibilityTimeout="0", **attributes), dead


def receive(url, **arguments):
    arguments = {"MaxNumberOfMessages": 10, "MessageSystemAttributeNames": ["All"], **arguments}
    return sqs.receive_message(QueueUrl=url, **arguments).get("Messages", [])


def bodies(messages):
    return [message["Body"] for message in messages]


class Refusals(unittest.TestCase):
    def check(self, status, code, message, action, **arguments):
        with self.assertRaises(ClientError) as refused:
            action(**arguments)
        response = refused.exception.response
        self.assertEqual(
            (response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]),
            (status, code, message))
        return refused.exception


class Fifo(Refusals):
    def send(self, url, group, body, **arguments):
        return sqs.send_message(QueueUrl=url, MessageGroupId=group, MessageBody=body, **arguments)

    def test_a_group_in_flight_keeps_the_rest_of_it_back(self):
        url = create_fifo(ContentBasedDeduplication="true")
        for group, body in (("a", "a1"), ("b", "b1"), ("a", "a2")):
            self.send(url, group, body)
        first = receive(url, MaxNumberOfMessages=1)
        self.assertEqual(bodies(first), ["a1"])
        self.assertEqual(bodies(receive(url)), ["b1"])
        self.assertEqual(receive(url), [])
        sqs.delete_message(QueueUrl=url, ReceiptHandle=first[0]["ReceiptHandle"])
        self.assertEqual(bodies(receive(url)), ["a2"])

    def test_duplicates_are_accepted_and_kept_once(self):
        url = create_fifo()
        first = self.send(url, "g", "one", MessageDeduplicationId="id")
        again = self.send(url, "g", "two", MessageDeduplicationId="id")
        other = self.send(url, "g", "three", MessageDeduplicationId="other")
        self.assertEqual((again["MessageId"], again["SequenceNumber"]), (first["MessageId"], first["SequenceNumber"]))
        self.assertRegex(first["SequenceNumber"], r"^\d{20}$")
        self.assertGreater(other["SequenceNumber"], first["SequenceNumber"])
        received = receive(url)
        self.assertEqual(bodies(received), ["one", "three"])
        self.assertEqual(received[0]["Attributes"]["MessageDeduplicationId"], "id")
        self.assertEqual(received[0]["Attributes"]["SequenceNumber"], first["SequenceNumber"])

    def test_a_receive_is_repeated_by_its_attempt_id(self):
        url = create_fifo(ContentBasedDeduplication="true")
        self.send(url, "g", "m")
        first = receive(url, ReceiveRequestAttemptId="try")
        self.assertEqual(receive(url), [])
        again = receive(url, ReceiveRequestAttemptId="try")
        self.assertEqual([message["MessageId"] for message in again], [message["MessageId"] for message in first])

    def test_what_is_missing_or_too_much_is_refused(self):
        url = create_fifo()
        self.check(400, "MissingParameter", "The request must contain the parameter MessageGroupId.",
                   sqs.send_message, QueueUrl=url, MessageBody="m", MessageDeduplicationId="d")
        entries = [{"Id": "a", "MessageBody": "m", "MessageDeduplicationId": "d"}]
        self.check(400, "InvalidParameterValue", "The request must contain the parameter MessageGroupId.",
                   sqs.send_message_batch, QueueUrl=url, Entries=entries)
        self.check(400, "InvalidParameterValue",
                   "The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided "
                   "explicitly", sqs.send_message, QueueUrl=url, MessageBody="m", MessageGroupId="g")
        self.check(400, "InvalidParameterValue",
                   "Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not "
                   "valid for this queue type.", sqs.send_message, QueueUrl=url, MessageBody="m", MessageGroupId="g",
                   MessageDeduplicationId="d", DelaySeconds=2)

    def test_facts_43_and_44_old_handles_and_groups_on_both_types(self):
        standard, fifo = create(unique("q")), create_fifo(ContentBasedDeduplication="true")
        for url in (standard, fifo):
            self.assertEqual("SequenceNumber" in self.send(url, "g", "m"), url == fifo)
            message = receive(url, VisibilityTimeout=0)[0]
            self.assertEqual(message["Attributes"]["MessageGroupId"], "g")
            handle = message["ReceiptHandle"]
            if url == standard:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
                self.assertEqual(receive(url), [])
            else:
                self.check(400, "InvalidParameterValue",
                           f"Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has "
                           "expired.", sqs.delete_message, QueueUrl=url, ReceiptHandle=handle)

    def test_attributes_tell_the_type(self):
        names = ["FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit"]
        shown = attributes_of(create_fifo(), "All")
        self.assertEqual([shown.get(name) for name in names], ["true", "false", "queue", "perQueue"])
        shown = attributes_of(create(unique("q")), "All")
        self.assertEqual([shown.get(name) for name in names], [None] * 4)
        self.check(400, "InvalidAttributeName", "Unknown Attribute ContentBasedDeduplication.",
                   sqs.create_queue, QueueName=unique("q"), Attributes={"ContentBasedDeduplication": "true"})


class DeadLetters(Refusals):
    def fill(self, url, *texts):
        """Sends messages and receives them until they are dead letters; gives their ids."""
        sent = [sqs.send_message(QueueUrl=url, MessageBody=text)["MessageId"] for text in texts]
        self.assertEqual(len(receive(url)), len(texts))
        self.assertEqual(receive(url), [])
        return sent

    def task(self, source):
        return sqs.list_message_move_tasks(SourceArn=source)["Results"][0]

    def test_fact_46_dead_letters_keep_their_id_and_come_back_with_another(self):
        url, dead = create_with_dead_letters()
        sent = self.fill(url, "m")[0]
        message = receive(dead, VisibilityTimeout=0)[0]
        self.assertEqual(message["MessageId"], sent)
        self.assertEqual(message["Attributes"]["DeadLetterQueueSourceArn"], arn_of(url))
        sqs.start_message_move_task(SourceArn=arn_of(dead))
        back = wait_until(lambda: receive(url))[0]
        self.assertEqual((back["Body"], back["Attributes"]["ApproximateReceiveCount"]), ("m", "1"))
        self.assertNotEqual(back["MessageId"], sent)
        task = wait_until(lambda: (task := self.task(arn_of(dead)))["Status"] == "COMPLETED" and task)
        self.assertEqual(task["ApproximateNumberOfMessagesMoved"], 1)
        self.assertNotIn("TaskHandle", task)

    def test_a_running_task_can_be_cancelled_and_is_alone(self):
        url, dead = create_with_dead_letters()
        self.fill(url, *"0123456789")
        source = arn_of(dead)
        handle = sqs.start_message_move_task(SourceArn=source, MaxNumberOfMessagesPerSecond=1)["TaskHandle"]
        self.assertEqual((self.task(source)["Status"], self.task(source)["TaskHandle"]), ("RUNNING", handle))
        self.check(400, "AWS.SimpleQueueService.UnsupportedOperation",
                   "There is already a task running. Only one active task is allowed for a source queue arn at a "
                   "given time.", sqs.start_message_move_task, SourceArn=source)
        moved = sqs.cancel_message_move_task(TaskHandle=handle)["ApproximateNumberOfMessagesMoved"]
        self.assertLess(moved, 10)
        self.assertNotIn("TaskHandle", self.task(source))
        wait_until(lambda: self.task(source)["Status"] == "CANCELLED")
        self.check(404, "ResourceNotFoundException", "Task does not exist.",
                   sqs.cancel_message_move_task, TaskHandle=handle)

    def test_a_failed_task_says_why(self):
        dead = create_with_dead_letters()[1]
        sqs.send_message(QueueUrl=dead, MessageBody="from nowhere")
        sqs.start_message_move_task(SourceArn=arn_of(dead))
        task = wait_until(lambda: (task := self.task(arn_of(dead)))["Status"] == "FAILED" and task)
        self.assertEqual(task["FailureReason"], "CouldNotDetermineMessageSource")

    def test_tasks_that_can_not_be_started(self):
        plain = arn_of(create(unique("q")))
        self.check(400, "InvalidParameterValue", "Source queue must be configured as a Dead Letter Queue.",
                   sqs.start_message_move_task, SourceArn=plain)
        self.check(404, "ResourceNotFoundException",
                   "The resource that you specified for the SourceArn parameter doesn't exist.",
                   sqs.start_message_move_task, SourceArn=plain + "-not")
        dead = arn_of(create_with_dead_letters()[1])
        self.check(404, "ResourceNotFoundException",
                   "The resource that you specified for the DestinationArn parameter doesn't exist.",
                   sqs.start_message_move_task, SourceArn=dead, DestinationArn=plain + "-not")
        self.check(400, "InvalidParameterValue", "Value for parameter TaskHandle is invalid.",
                   sqs.cancel_message_move_task, TaskHandle="garbage")

    def test_fact_41_sources_are_listed(self):
        url, dead = create_with_dead_letters()
        listed = sqs.list_dead_letter_source_queues(QueueUrl=dead)
        self.assertEqual(listed["queueUrls"], [url])
        self.assertEqual(sqs.list_dead_letter_source_queues(QueueUrl=url)["queueUrls"], [])
        pages = sqs.get_paginator("list_dead_letter_source_queues").paginate(QueueUrl=dead, PaginationConfig={"PageSize": 1})
        self.assertEqual([found for page in pages for found in page["queueUrls"]], [url])

    def test_policies_that_do_not_fit_are_refused(self):
        url, dead = create(unique("q")), create(unique("dead"), RedriveAllowPolicy='{"redrivePermission":"denyAll"}')
        for target, reason in (
            (arn_of(url) + "-not", "Dead letter target does not exist."),
            (arn_of(create_fifo()), "Dead-letter queue must be same type of queue as the source."),
            (arn_of(dead), "The dead-letter queue's RedriveAllowPolicy does not allow this source queue."),
        ):
            policy = json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": 1})
            self.check(400, "InvalidParameterValue",
                       f"Value {policy} for parameter RedrivePolicy is invalid. Reason: {reason}",
                       sqs.set_queue_attributes, QueueUrl=url, Attributes={"RedrivePolicy": policy})


class Queues(Refusals):
    def test_permissions_come_and_go(self):
        url = create(unique("q"))
        grant = {"QueueUrl": url, "Label": "l", "AWSAccountIds": ["123456789012"], "Actions": ["SendMessage"]}
        sqs.add_permission(**grant)
        statement = json.loads(attributes_of(url, "Policy")["Policy"])["Statement"][0]
        self.assertEqual((statement["Sid"], statement["Effect"], statement["Action"], statement["Resource"]),
                         ("l", "Allow", "SQS:SendMessage", arn_of(url)))
        self.check(400, "InvalidParameterValue", "Value l for parameter Label is invalid. Reason: Already exists.",
                   sqs.add_permission, **grant)
        sqs.remove_permission(QueueUrl=url, Label="l")
        self.assertEqual(attributes_of(url, "Policy"), {})
        self.check(400, "InvalidParameterValue", "Value l for parameter Label is invalid. Reason: can't find label.",
                   sqs.remove_permission, QueueUrl=url, Label="l")

    def test_a_queue_is_found_by_urls_from_elsewhere(self):
        name = unique("q")
        url = create(name)
        self.assertEqual(sqs.get_queue_url(QueueName=name)["QueueUrl"], url)
        self.assertTrue(url.startswith(os.environ["AWS_ENDPOINT_URL"] + "/") and url.endswith("/" + name), url)
        for foreign in (f"https://sqs.us-east-1.amazonaws.com/000000000000/{name}",
                        f"https://us-east-1.queue.amazonaws.com/000000000000/{name}",
                        f"https://queue.amazonaws.com/000000000000/{name}"):
            sqs.send_message(QueueUrl=foreign, MessageBody=foreign)
            message = receive(url)[0]
            self.assertEqual(message["Body"], foreign)
            sqs.delete_message(QueueUrl=foreign, ReceiptHandle=message["ReceiptHandle"])
        self.assertEqual(attributes_of(url, "ApproximateNumberOfMessagesNotVisible"),
                         {"ApproximateNumberOfMessagesNotVisible": "0"})

    def test_facts_40_41_and_42_errors_and_defaults(self):
        name = unique("q")
        url = create(name)
        sqs.purge_queue(QueueUrl=url)
        refused = self.check(403, "AWS.SimpleQueueService.PurgeQueueInProgress",
                             f"Only one PurgeQueue operation on {name} is allowed every 60 seconds.",
                             sqs.purge_queue, QueueUrl=url)
        self.assertIsInstance(refused, sqs.exceptions.PurgeQueueInProgress)
        refused = self.check(400, "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.",
                             sqs.receive_message, QueueUrl=url + "-not")
        self.assertIsInstance(refused, sqs.exceptions.QueueDoesNotExist)
        self.assertNotIn("Messages", sqs.receive_message(QueueUrl=url))
        self.assertNotIn("Attributes", sqs.get_queue_attributes(QueueUrl=url))
        self.assertEqual(attributes_of(url, "MaximumMessageSize"), {"MaximumMessageSize": "1048576"})
        sqs.send_message(QueueUrl=url, MessageBody="x" * 1_048_576)
        self.check(400, "InvalidParameterValue",
                   "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.",
                   sqs.send_message, QueueUrl=url, MessageBody="x" * 1_048_577)

    def test_fact_45_attributes_are_asked_for_and_hashed_by_name(self):
        url = create(unique("q"), VisibilityTimeout="0")
        attributes = {name: {"DataType": "String", "StringValue": name} for name in ("a.x", "a.y", "b")}
        whole = sqs.send_message(QueueUrl=url, MessageBody="m", MessageAttributes=attributes)["MD5OfMessageAttributes"]
        # boto3 checks the MD5 of the body alone when it receives.
        for names, shown in ((["All"], {"a.x", "a.y", "b"}), (["a.*"], {"a.x", "a.y"}), (["b"], {"b"}), ([], set())):
            message = sqs.receive_message(QueueUrl=url, MessageAttributeNames=names)["Messages"][0]
            self.assertEqual(set(message.get("MessageAttributes", {})), shown)
            self.assertEqual(message.get("MD5OfMessageAttributes") == whole, len(shown) == 3)
            self.assertEqual("MD5OfMessageAttributes" in message, bool(shown))
            self.assertNotIn("Attributes", message)


if __name__ == "__main__":
    assert os.environ.get("AWS_ENDPOINT_URL"), "AWS_ENDPOINT_URL names the emulator"
    unittest.main(verbosity=2)
