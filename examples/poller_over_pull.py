"""200 messages, a function with reserved concurrency 2: how many does it never see?

The pollers of an event source mapping receive first and ask the function
afterwards. They know nothing of its reserved concurrency: 5 of them begin, 5
more come every second, and each holds a message that 2 executions can not take.
A message that nobody took becomes visible again after 30 s; the third time it
counts as failed, although nothing is wrong with it, and the next receive moves
it to the dead-letter queue.

Here are two such queues side by side. Their mappings differ in one setting:
  free     nothing limits the pollers
  capped   ScalingConfig MaximumConcurrency 2, so that nobody polls for more
           than the function can take

Why it can not come out otherwise: an invocation takes 3 s, so that 2 at once
finish 20 messages in 30 s, and 60 in the 90 s in which the others are received
three times. BatchSize 1 makes every invocation one of one message: the function
saw no more messages than its log has START lines, and never saw the rest. It
does not fail, so that nothing else leads to the dead-letter queue. The visibility
timeout is six times the function's, as AWS advises: that alone does not help.

Expected: free, most messages dead-lettered, at least 50 of which the function
never saw; capped, all 200 seen and none dead-lettered.

It needs boto3 and an emulator, and takes 5 minutes of its clock: some seconds
where it was started with --speed 60. AWS_ENDPOINT_URL names another one. With
ROLE, the ARN of a role that may read queues and write logs
(AWSLambdaSQSQueueExecutionRole), it runs on AWS, with the code below.
"""

import io
import json
import os
import sys
import threading
import time
import zipfile

ROLE = os.environ.get("ROLE")
if not ROLE:
    ROLE = "arn:aws:iam::000000000000:role/any"
    os.environ.setdefault("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
    os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

import boto3

MESSAGES, CONCURRENCY, SECONDS, NEVER_SEEN = 200, 2, 3, 50

# By its name, emulator.handler, the emulator takes it for its built-in handler,
# which keeps up with any speed. AWS runs the code.
CODE = f"""
import time

def handler(event, context):
    time.sleep({SECONDS})
"""

lambda_, sqs, logs = (boto3.client(service) for service in ("lambda", "sqs", "logs"))


def package():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("emulator.py", CODE)
    return buffer.getvalue()


def attributes(url, *names):
    return sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]


def messages_in(url):
    counts = attributes(url, "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    return sum(int(count) for count in counts.values())


def log_lines(name, beginning):
    """How many lines of the function's log begin with these words."""
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName="/aws/lambda/" + name, filterPattern=f'"{beginning}"'
    )
    return sum(event["message"].startswith(beginning) for page in pages for event in page["events"])


def invocations(name, dead):
    """How many began. Every message was in one or is dead; a log may come later than that."""
    for _ in range(120):
        started, ended = log_lines(name, "START RequestId"), log_lines(name, "REPORT RequestId")
        if started == ended and started + dead >= MESSAGES:
            return started
        time.sleep(0.5)
    raise TimeoutError(f"{started} invocations began, {ended} ended, and {dead} messages are dead")


def run(name, mapping_settings, results):
    """Messages, invocations, messages in the dead-letter queue."""
    dead = sqs.create_queue(QueueName=name + "-dead")["QueueUrl"]
    redrive = {"deadLetterTargetArn": attributes(dead, "QueueArn")["QueueArn"], "maxReceiveCount": 3}
    settings = {"VisibilityTimeout": "30", "RedrivePolicy": json.dumps(redrive)}
    queue = sqs.create_queue(QueueName=name, Attributes=settings)["QueueUrl"]
    lambda_.create_function(
        FunctionName=name,
        Runtime="python3.12",
        Handler="emulator.handler",
        Role=ROLE,
        Code={"ZipFile": package()},
        Environment={"Variables": {"EMULATOR_INIT_MS": "100", "EMULATOR_DURATION_MS": str(SECONDS * 1000)}},
        Timeout=5,
    )
    uuid = None
    try:
        lambda_.get_waiter("function_active_v2").wait(FunctionName=name)
        lambda_.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=CONCURRENCY)
        for first in range(0, MESSAGES, 10):
            entries = [{"Id": str(n), "MessageBody": f"order {n}"} for n in range(first, first + 10)]
            sqs.send_message_batch(QueueUrl=queue, Entries=entries)
        uuid = lambda_.create_event_source_mapping(
            EventSourceArn=attributes(queue, "QueueArn")["QueueArn"], FunctionName=name, BatchSize=1, **mapping_settings
        )["UUID"]
        # Counts are approximate on AWS: it is empty when it says so three times.
        looks = 0
        while looks < 3:
            time.sleep(0.5)
            looks = looks + 1 if messages_in(queue) == 0 else 0
        dead_lettered = messages_in(dead)
        results[name] = dead_lettered, invocations(name, dead_lettered)
    finally:
        if uuid:
            lambda_.delete_event_source_mapping(UUID=uuid)
        lambda_.delete_function(FunctionName=name)
        sqs.delete_queue(QueueUrl=queue)
        sqs.delete_queue(QueueUrl=dead)


results = {}
RUNS = {"free": {}, "capped": {"ScalingConfig": {"MaximumConcurrency": CONCURRENCY}}}
threads = [threading.Thread(target=run, args=(f"over-pull-{name}", RUNS[name], results)) for name in RUNS]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
if len(results) < len(RUNS):
    sys.exit("not all of it could be run")

print(f"{MESSAGES} messages for each function, reserved concurrency {CONCURRENCY}")
print(f"{'':8}{'invocations':>12}{'dead-lettered':>15}{'never seen':>12}")
for name in RUNS:
    dead, invoked = results[f"over-pull-{name}"]
    print(f"{name:8}{invoked:12}{dead:15}{max(MESSAGES - invoked, 0):12}")
free_dead, free_invoked = results["over-pull-free"]
capped_dead, capped_invoked = results["over-pull-capped"]
never_seen = MESSAGES - free_invoked
lost = never_seen >= NEVER_SEEN and free_dead >= never_seen
kept = capped_dead == 0 and capped_invoked >= MESSAGES
print(
    f"Of {free_dead} dead-lettered messages the function never saw {never_seen}. With MaximumConcurrency "
    f"{CONCURRENCY} it saw all {MESSAGES}, and {capped_dead} were dead-lettered."
    if lost and kept
    else "That is not what was to be expected."
)
sys.exit(0 if lost and kept else 1)
