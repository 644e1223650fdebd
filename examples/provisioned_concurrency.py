"""Three calls at once on provisioned concurrency 2: who waits for a cold start?

Expected: two run on provisioned environments, one spills over and waits for
Init. Then the alias moves to a new version: its environments are allocated
anew, and nobody waits for them either.
It needs boto3 and an emulator started with --provisioned-preparation 0s (else
each allocation takes one to two minutes); AWS_ENDPOINT_URL names another one.
"""

import json
import os
import sys
import threading
import time

os.environ.setdefault("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

import boto3
from botocore.config import Config

client = boto3.client("lambda", config=Config(retries={"total_max_attempts": 1}))
live = {"FunctionName": "kept-ready", "Qualifier": "live"}


def wait_until_ready():
    """Provisioned environments are used when all of them are ready."""
    while True:
        config = client.get_provisioned_concurrency_config(**live)
        if config["Status"] != "IN_PROGRESS":
            break
        time.sleep(0.2)
    print(f"  {config['Status']}: {config['AvailableProvisionedConcurrentExecutions']} environments")


def call_at_once(count):
    """How each call was served, and how many waited for a cold start."""
    answers, start = [], threading.Barrier(count)

    def call():
        start.wait()
        answers.append(json.load(client.invoke(**live)["Payload"]))

    threads = [threading.Thread(target=call) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    served = sorted(answer["initialization_type"] for answer in answers)
    waited = sum(answer["initialization_type"] == "on-demand" and answer["cold_start"] for answer in answers)
    print(f"  {count} calls: {', '.join(served)}; {waited} waited for Init")
    return served, waited


# The built-in handler: no code and no process, only its timing.
client.create_function(
    FunctionName="kept-ready",
    Runtime="provided.al2023",
    Handler="emulator.handler",
    Role="arn:aws:iam::000000000000:role/any",
    Code={"ZipFile": b""},
    Environment={"Variables": {"EMULATOR_INIT_MS": "800", "EMULATOR_DURATION_MS": "1000"}},
    Timeout=15,
)
try:
    print("version 1")
    client.publish_version(FunctionName="kept-ready")
    client.create_alias(FunctionName="kept-ready", Name="live", FunctionVersion="1")
    client.put_provisioned_concurrency_config(**live, ProvisionedConcurrentExecutions=2)
    wait_until_ready()
    first = call_at_once(3)

    print("version 2")
    client.update_function_configuration(FunctionName="kept-ready", Timeout=14)
    client.publish_version(FunctionName="kept-ready")
    client.update_alias(FunctionName="kept-ready", Name="live", FunctionVersion="2")
    wait_until_ready()
    second = call_at_once(2)
finally:
    client.delete_function(FunctionName="kept-ready")

provisioned = "provisioned-concurrency"
expected = (["on-demand", provisioned, provisioned], 1), ([provisioned, provisioned], 0)
sys.exit(0 if (first, second) == expected else 1)
