"""A hundred calls at once on reserved concurrency 5: how many succeed?

Expected: 5 answers, 95 refusals with ReservedFunctionConcurrentInvocationLimitExceeded.
It needs boto3 and a running emulator; AWS_ENDPOINT_URL names another one.
"""

import collections
import os
import sys
import threading

os.environ.setdefault("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
os.environ.setdefault("AWS_ACCESS_KEY_ID", "test")
os.environ.setdefault("AWS_SECRET_ACCESS_KEY", "test")
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

# Retries off: each refusal is seen once. A connection for each call.
client = boto3.client("lambda", config=Config(retries={"total_max_attempts": 1}, max_pool_connections=100))

# The built-in handler: no code and no process, only its timing.
client.create_function(
    FunctionName="hundred",
    Runtime="provided.al2023",
    Handler="emulator.handler",
    Role="arn:aws:iam::000000000000:role/any",
    Code={"ZipFile": b""},
    Environment={"Variables": {"EMULATOR_INIT_MS": "250", "EMULATOR_DURATION_MS": "2500"}},
    Timeout=15,
)
try:
    client.put_function_concurrency(FunctionName="hundred", ReservedConcurrentExecutions=5)
    outcomes = collections.Counter()
    start = threading.Barrier(100)

    def call():
        start.wait()
        try:
            outcomes[client.invoke(FunctionName="hundred")["StatusCode"]] += 1
        except ClientError as error:
            outcomes[error.response.get("Reason", str(error))] += 1

    threads = [threading.Thread(target=call) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
finally:
    client.delete_function(FunctionName="hundred")

for outcome, count in outcomes.items():
    print(f"{count:4} × {outcome}")
expected = {200: 5, "ReservedFunctionConcurrentInvocationLimitExceeded": 95}
sys.exit(0 if outcomes == expected else 1)
