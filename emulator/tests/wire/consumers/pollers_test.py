"""boto3 against a running emulator: long pollers side by side share a thousand messages."""

import threading
import time
import unittest
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

from counts import LIMIT, MESSAGES, complaints, group_of, left_in

POLLERS = 8
SENDERS = 4
WAIT = 2

sqs = boto3.client("sqs", config=Config(max_pool_connections=POLLERS + SENDERS))


class Handled:
    """What the pollers have handled, in that order, and what they saw go wrong."""

    def __init__(self):
        self.numbers = []
        self.wrong = []
        self.over = threading.Event()
        self.held = {}
        self.lock = threading.Lock()

    def received(self, poller, messages):
        """Until a poller is done with a group's messages, no other may get more of it."""
        with self.lock:
            for message in messages:
                group = message["Attributes"].get("MessageGroupId")
                for other, held in self.held.items():
                    if group and other != poller and held[group]:
                        self.wrong.append(f"{group} came to poller {poller} while {other} had some of it")
                self.held.setdefault(poller, Counter())[group] += 1

    def done(self, poller, message):
        with self.lock:
            self.held[poller][message["Attributes"].get("MessageGroupId")] -= 1
            self.numbers.append(int(message["Body"]))
            if len(set(self.numbers)) == MESSAGES:
                self.over.set()

    def run(self, work, *arguments):
        """If it fails, it's over for the others too."""
        try:
            work(*arguments)
        except BaseException:
            self.over.set()
            raise


def poll(poller, url, handled):
    """Handles and deletes messages until it's over, or takes too long."""
    deadline = time.monotonic() + LIMIT
    while not handled.over.is_set() and time.monotonic() < deadline:
        begin = time.monotonic()
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=WAIT,
                                     MessageSystemAttributeNames=["All"])
        waited = time.monotonic() - begin
        messages = answer.get("Messages", [])
        if not messages and waited < WAIT - 0.1:
            handled.wrong.append(f"a long poll ended with nothing after {waited:.3f} s")
        handled.received(poller, messages)
        for message in messages:
            handled.done(poller, message)
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def send(url, numbers, fifo):
    entries = []
    for number in numbers:
        entry = {"Id": str(number), "MessageBody": str(number)}
        if fifo:
            entry |= {"MessageGroupId": group_of(number), "MessageDeduplicationId": f"once-{number}"}
        entries.append(entry)
    answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert not answer.get("Failed"), answer["Failed"]


def send_all(url):
    """From several threads, in no order."""
    batches = [range(first, first + 10) for first in range(0, MESSAGES, 10)]
    with ThreadPoolExecutor(SENDERS) as senders:
        list(senders.map(lambda batch: send(url, batch, False), batches))


def send_all_in_order(url):
    """Everything twice, as a sender does that didn't hear the first answer."""
    for first in range(0, MESSAGES, 10):
        for _ in range(2):
            send(url, range(first, first + 10), True)


class LongPollers(unittest.TestCase):
    def share(self, url, fifo, send_to):
        handled = Handled()
        with ThreadPoolExecutor(POLLERS + 1) as pool:
            # They wait at an empty queue when the first message comes.
            works = [pool.submit(handled.run, poll, poller, url, handled) for poller in range(POLLERS)]
            works.append(pool.submit(handled.run, send_to, url))
        for work in works:
            work.result()
        wrong = handled.wrong + complaints(handled.numbers, fifo)
        self.assertFalse(wrong, "\n".join(wrong))
        self.assertEqual(left_in(sqs, url), 0, "messages that nobody deleted")

    def test_a_standard_queue(self):
        url = sqs.create_queue(QueueName=f"shared-{uuid.uuid4().hex[:8]}")["QueueUrl"]
        self.share(url, False, send_all)

    def test_a_fifo_queue(self):
        name = f"shared-{uuid.uuid4().hex[:8]}.fifo"
        url = sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"})["QueueUrl"]
        self.share(url, True, send_all_in_order)


if __name__ == "__main__":
    unittest.main()
