"""What the consumers' tests share: their thousand messages, and what became of each."""

from collections import Counter

MESSAGES = 1000
# Of a FIFO queue: five messages in a row are of one group, the next five of the next.
GROUPS = 20
# How long a thousand may take, in seconds. Longer is a failure.
LIMIT = 120


def group_of(number):
    return f"group-{number // 5 % GROUPS}"


def complaints(handled, fifo):
    """What is wrong with the numbers as they were handled, in words; nothing if all is well.

    A standard queue may deliver twice, but the emulator's does so only after a visibility
    timeout, and none passes here.
    """
    times = Counter(handled)
    lost = [number for number in range(MESSAGES) if number not in times]
    doubled = {number: count for number, count in sorted(times.items()) if count > 1}
    found = [f"lost: {lost}"] if lost else []
    if doubled:
        found.append(f"handled so many times: {doubled}")
    for group in sorted({group_of(number) for number in handled}) if fifo else []:
        order = [number for number in handled if group_of(number) == group]
        if order != sorted(order):
            found.append(f"{group} out of order: {order}")
    return found


def left_in(sqs, url):
    """The messages that a queue still has: visible, in flight and delayed."""
    names = [f"ApproximateNumberOfMessages{state}" for state in ("", "NotVisible", "Delayed")]
    counts = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(counts[name]) for name in names)
