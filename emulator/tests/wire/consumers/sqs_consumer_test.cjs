// sqs-consumer for Node.js against a running emulator: consumers side by side share a thousand messages.

"use strict";

const assert = require("node:assert/strict");
const { test } = require("node:test");

const sdk = require("@aws-sdk/client-sqs");
const { Consumer } = require("sqs-consumer");

const MESSAGES = 1000;
// Of a FIFO queue: five messages in a row are of one group, the next five of the next.
const GROUPS = 20;
const CONSUMERS = 4;
// How long a thousand may take, in ms. Longer is a failure.
const LIMIT = 120_000;

const sqs = new sdk.SQSClient({});

const numbers = Array.from({ length: MESSAGES }, (_, number) => number);
const groupOf = (number) => `group-${Math.floor(number / 5) % GROUPS}`;

async function createQueue(fifo) {
  const QueueName = `shared-${process.pid}${fifo ? ".fifo" : ""}`;
  const Attributes = fifo ? { FifoQueue: "true", ContentBasedDeduplication: "true" } : {};
  const { QueueUrl } = await sqs.send(new sdk.CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl;
}

// To a FIFO queue everything twice, as a sender does that didn't hear the first answer.
async function sendAll(QueueUrl, fifo) {
  for (let first = 0; first < MESSAGES; first += 10) {
    const Entries = numbers.slice(first, first + 10).map((number) => ({
      Id: String(number),
      MessageBody: String(number),
      ...(fifo && { MessageGroupId: groupOf(number) }),
    }));
    for (let times = fifo ? 2 : 1; times > 0; times -= 1) {
      const { Failed = [] } = await sqs.send(new sdk.SendMessageBatchCommand({ QueueUrl, Entries }));
      assert.deepEqual(Failed, []);
    }
  }
}

// The messages that a queue still has: visible, in flight and delayed.
async function leftIn(QueueUrl) {
  const AttributeNames = ["", "NotVisible", "Delayed"].map((state) => `ApproximateNumberOfMessages${state}`);
  const { Attributes } = await sqs.send(new sdk.GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
  return AttributeNames.reduce((sum, name) => sum + Number(Attributes[name]), 0);
}

// What is wrong with the numbers as they were handled, in words; nothing if all is well.
// A standard queue may deliver twice, but the emulator's does so only after a visibility
// timeout, and none passes here.
function complaints(handled, fifo) {
  const times = new Map();
  for (const number of handled) times.set(number, (times.get(number) ?? 0) + 1);
  const found = [];
  const lost = numbers.filter((number) => !times.has(number));
  if (lost.length) found.push(`lost: ${lost}`);
  const doubled = [...times].filter(([, count]) => count > 1);
  if (doubled.length) found.push(`handled so many times: ${JSON.stringify(Object.fromEntries(doubled))}`);
  for (const group of fifo ? new Set(handled.map(groupOf)) : []) {
    const order = handled.filter((number) => groupOf(number) === group);
    if (order.some((number, index) => index && number < order[index - 1])) {
      found.push(`${group} out of order: ${order}`);
    }
  }
  return found;
}

// Lets consumers work until `MESSAGES` were deleted, one reports an error, or it takes too long.
async function share(queueUrl, fifo) {
  const handled = [];
  const errors = [];
  let deleted = 0;
  let end;
  const ended = new Promise((resolve) => (end = resolve));
  const tooLong = setTimeout(end, LIMIT);
  const handle = async (message) => {
    handled.push(Number(message.Body));
    return message;
  };
  // A batch's messages in turn, for a FIFO queue's groups have an order.
  const handleInTurn = async (messages) => {
    for (const message of messages) await handle(message);
    return messages;
  };
  const consumers = Array.from({ length: CONSUMERS }, () => {
    const handler = fifo ? { handleMessageBatch: handleInTurn } : { handleMessage: handle };
    const consumer = Consumer.create({ queueUrl, batchSize: 10, suppressFifoWarning: true, ...handler });
    for (const event of ["error", "processing_error", "timeout_error"]) {
      consumer.on(event, (error) => {
        // Who is stopped tells of the poll that it gives up.
        if (!consumer.status.isRunning) return;
        errors.push(`${event}: ${error.stack}`);
        end();
      });
    }
    consumer.on("message_processed", () => {
      deleted += 1;
      if (deleted === MESSAGES) end();
    });
    return consumer;
  });
  // They wait at an empty queue when the first message comes.
  for (const consumer of consumers) consumer.start();
  try {
    await sendAll(queueUrl, fifo);
    await ended;
  } finally {
    clearTimeout(tooLong);
    for (const consumer of consumers) consumer.stop({ abort: true });
  }
  const wrong = [...errors, ...complaints(handled, fifo)];
  assert.ok(wrong.length === 0, wrong.join("\n"));
  assert.equal(await leftIn(queueUrl), 0, "messages that nobody deleted");
}

test("a standard queue", async () => share(await createQueue(false), false));

test("a FIFO queue", async () => share(await createQueue(true), true));
