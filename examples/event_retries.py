"""A Python function that always fails gets an event: when is it in the dead-letter queue?

Lambda tries an asynchronous event three times, the second time a minute after
the first, the third two minutes after the second, and then sends it to the
function's dead-letter queue. On AWS that takes three minutes and more. Here the
emulator's clock skips what is idle: whenever nothing runs, it jumps to the next
retry. The code is real, runs in real time, and its log has the times of the
emulator's clock.

Expected: the message is there in about a second, most of which the first start
of Python takes (the limit is 5 s); three START lines in the log,
one minute and two minutes apart.

It needs boto3 and an emulator (AWS_ENDPOINT_URL names another one than
http://127.0.0.1:4566), whose clock it sets, and sets back.
"""

import io
import json
import os
import sys
import time
import urllib.request
import zipfile

ENDPOINT = os.environ.setdefault("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

import boto3

NAME, LIMIT_S = "event-retries", 5

CODE = """
def handler(event, context):
    raise ValueError("never")
"""

lambda_, sqs, logs = (boto3.client(service) for service in ("lambda", "sqs", "logs"))


def clock(change=None):
    """What the clock does, or does from now on."""
    body = None if change is None else json.dumps(change).encode()
    method = "GET" if change is None else "PUT"
    request = urllib.request.Request(f"{ENDPOINT}/_emulator/clock", body, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def package():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("app.py", CODE)
    return buffer.getvalue()


def receive(url):
    """A message, if one comes while the clock goes on by 20 s: that may be at once."""
    received = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20, MessageAttributeNames=["All"])
    return received.get("Messages", [None])[0]


def starts(request_id):
    """When a request's attempts began, in seconds of the emulator's clock: all have its id."""
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName="/aws/lambda/" + NAME, filterPattern=f'"START RequestId: {request_id}"'
    )
    return [event["timestamp"] / 1000 for page in pages for event in page["events"]]


def run():
    dead = sqs.create_queue(QueueName=NAME + "-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    lambda_.create_function(
        FunctionName=NAME,
        Runtime="python3.12",
        Handler="app.handler",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": package()},
        DeadLetterConfig={"TargetArn": arn},
    )
    try:
        began = time.monotonic()
        invoked = lambda_.invoke(FunctionName=NAME, InvocationType="Event", Payload=b'{"order": 7}')
        message = None
        while not message and time.monotonic() < began + LIMIT_S:
            message = receive(dead)
        return time.monotonic() - began, message, starts(invoked["ResponseMetadata"]["RequestId"])
    finally:
        lambda_.delete_function(FunctionName=NAME)
        sqs.delete_queue(QueueUrl=dead)


before = clock()
clock({"gear": "running", "speed": 1, "skip_idle": True})
try:
    took, message, attempts = run()
finally:
    clock({name: before[name] for name in ("gear", "speed", "skip_idle")})

if not message:
    sys.exit(f"after {took:.2f} s the dead-letter queue is empty; the clock: {clock()}")
pauses = [later - earlier for earlier, later in zip(attempts, attempts[1:])]
print(f"{message['Body']} was in the dead-letter queue after {took:.2f} s")
print(f"{len(attempts)} attempts, {' and '.join(f'{pause:.1f} s' for pause in pauses)} apart by the log")
why = message["MessageAttributes"]["ErrorMessage"]["StringValue"]
as_expected = (
    took < LIMIT_S and why == "never" and len(pauses) == 2 and 60 <= pauses[0] < 65 and 120 <= pauses[1] < 125
)
print("As on AWS, without the waiting." if as_expected else "That is not what was to be expected.")
sys.exit(0 if as_expected else 1)
