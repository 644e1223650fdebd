"""A Celery application over SQS, as any other: nothing in it knows of the emulator."""

import os

from celery import Celery

app = Celery("tasks", broker="sqs://")


@app.task
def record(number):
    """Adds a line to a file; so short a write is never parted."""
    file = os.open(os.environ["RECORD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(file, f"{number}\n".encode())
    finally:
        os.close(file)
