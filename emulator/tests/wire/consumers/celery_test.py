"""Celery against a running emulator: a real worker process does a thousand tasks."""

import os
import subprocess
import sys
import tempfile
import time
import unittest

import boto3

from celery_tasks import record
from counts import LIMIT, MESSAGES, complaints, group_of, left_in

HERE = os.path.dirname(os.path.abspath(__file__))

sqs = boto3.client("sqs")


class Worker:
    """A worker process of one queue, with what it has done and its log."""

    def __init__(self, queue, pool, concurrency):
        self.folder = tempfile.TemporaryDirectory()
        self.record = os.path.join(self.folder.name, "record")
        self.log = os.path.join(self.folder.name, "log")
        open(self.record, "w").close()
        command = [sys.executable, "-m", "celery", "-A", "celery_tasks", "worker", "--queues", queue,
                   "--pool", pool, "--concurrency", str(concurrency), "--prefetch-multiplier", "16",
                   "--loglevel", "INFO"]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, cwd=HERE, env={**os.environ, "RECORD": self.record},
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def done(self):
        """The tasks' numbers in the order in which they were done."""
        with open(self.record) as lines:
            return [int(line) for line in lines if line.endswith("\n")]

    def told(self):
        with open(self.log) as log:
            return log.read()

    def wait_until(self, condition):
        """Whether it came about; not if the worker ended, or it took too long."""
        deadline = time.monotonic() + LIMIT
        while self.process.poll() is None and time.monotonic() < deadline:
            if condition():
                return True
            time.sleep(0.05)
        return False

    def stop(self):
        """A warm shutdown: it ends what it has begun. Its exit code."""
        self.process.terminate()
        return self.process.wait(LIMIT)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()


class CeleryWorker(unittest.TestCase):
    def does(self, queue, pool, concurrency, fifo):
        worker = Worker(queue, pool, concurrency)
        self.addCleanup(worker.close)
        for number in range(MESSAGES):
            group = {"MessageGroupId": group_of(number)} if fifo else {}
            record.apply_async((number,), queue=queue, **group)
        worker.wait_until(lambda: len(set(worker.done())) == MESSAGES)
        wrong = complaints(worker.done(), fifo)
        self.assertFalse(wrong, "\n".join([*wrong, "the worker's log ends:", worker.told()[-4000:]]))
        # It deletes a message when it begins its task, or soon after.
        url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        emptied = worker.wait_until(lambda: left_in(sqs, url) == 0)
        self.assertTrue(emptied, f"{left_in(sqs, url)} messages that the worker didn't delete")
        self.assertEqual(worker.stop(), 0, worker.told()[-4000:])
        wrong = complaints(worker.done(), fifo)
        wrong += [line for line in worker.told().splitlines() if "ERROR/" in line or "CRITICAL/" in line]
        self.assertFalse(wrong, "\n".join(wrong))

    def test_a_standard_queue(self):
        self.does("celery", "threads", 4, False)

    def test_a_fifo_queue(self):
        # One at a time, for several would begin in order but not end so.
        self.does("celery.fifo", "solo", 1, True)


if __name__ == "__main__":
    unittest.main()
