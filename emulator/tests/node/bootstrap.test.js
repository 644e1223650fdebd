/**
 * The Node.js runtime as a child process, against a Runtime API made here.
 *
 *     node --test emulator/tests/node/
 */
"use strict";

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");
const test = require("node:test");

const BOOTSTRAP = path.join(__dirname, "../../src/runtime/bootstrap.js");
const PREFIX = "/2018-06-01/runtime/";
const ARN = "arn:aws:lambda:us-east-1:000000000000:function:sample";
const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

/** Things that come and are waited for, in their order. */
class Queue {
  items = [];
  waiting = [];

  put(item) {
    const waiter = this.waiting.shift();
    if (waiter) waiter(item);
    else this.items.push(item);
  }

  take() {
    if (this.items.length > 0) return Promise.resolve(this.items.shift());
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}

/** A function's code in a folder, the process that runs it, and its Runtime API. */
class Sample {
  events = new Queue();
  posts = new Queue();
  invocations = 0;
  connections = 0;
  output = "";

  static async start(t, code, { handler = "app.handler", files = {}, ...variables } = {}) {
    const sample = new Sample();
    sample.folder = fs.mkdtempSync(path.join(os.tmpdir(), "bootstrap-"));
    for (const [name, text] of Object.entries({ "app.js": code, ...files })) {
      if (text === undefined) continue;
      fs.mkdirSync(path.dirname(path.join(sample.folder, name)), { recursive: true });
      fs.writeFileSync(path.join(sample.folder, name), text);
    }
    sample.server = http.createServer((request, response) => sample.answer(request, response));
    sample.server.on("connection", () => sample.connections++);
    await new Promise((resolve) => sample.server.listen(0, "127.0.0.1", resolve));
    sample.run(handler, variables);
    t.after(() => sample.end());
    return sample;
  }

  run(handler, variables) {
    const env = {
      PATH: process.env.PATH,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${this.server.address().port}`,
      AWS_LAMBDA_FUNCTION_NAME: "sample",
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "128",
      AWS_LAMBDA_LOG_GROUP_NAME: "/aws/lambda/sample",
      AWS_LAMBDA_LOG_STREAM_NAME: "stream",
      AWS_EXECUTION_ENV: "AWS_Lambda_nodejs22.x",
      LAMBDA_TASK_ROOT: this.folder,
      _HANDLER: handler,
      ...variables,
    };
    this.process = spawn(process.execPath, [BOOTSTRAP], { cwd: this.folder, env });
    this.process.stdout.on("data", (chunk) => (this.output += chunk));
    this.exit = new Promise((resolve) => this.process.on("close", resolve));
  }

  async answer(request, response) {
    if (request.method === "GET") {
      const { headers, body } = await this.events.take();
      response.writeHead(200, headers).end(body);
      return;
    }
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.writeHead(202).end('{"status":"OK"}');
    const { headers, trailers } = request;
    this.posts.put({ call: request.url.slice(PREFIX.length), headers, trailers, body: Buffer.concat(chunks).toString() });
  }

  async invoke(event = {}, headers = {}) {
    const id = `r${++this.invocations}`;
    const standard = {
      "Lambda-Runtime-Aws-Request-Id": id,
      "Lambda-Runtime-Deadline-Ms": Date.now() + 60_000,
      "Lambda-Runtime-Invoked-Function-Arn": ARN,
    };
    this.events.put({ headers: { ...standard, ...headers }, body: JSON.stringify(event) });
    const post = await this.posts.take();
    const kind = post.call.slice(`invocation/${id}/`.length);
    return { ...post, kind };
  }

  /** Everything printed by a process that is not needed any more. */
  async log() {
    this.process.kill("SIGKILL");
    await this.exit;
    return this.output;
  }

  async end() {
    this.process.kill("SIGKILL");
    await this.exit;
    this.server.closeAllConnections();
    this.server.close();
    fs.rmSync(this.folder, { recursive: true });
  }
}

const check = (t, code, options) => Sample.start(t, code, options).then((sample) => sample.invoke({ key: [1, "é"] }));

test("handlers answer in every style", async (t) => {
  for (const [code, expected] of [
    ["exports.handler = async (event) => event", '{"key":[1,"é"]}'],
    ["exports.handler = (event) => new Promise((r) => setTimeout(r, 5, 'later'))", '"later"'],
    ["exports.handler = (event, context, callback) => callback(null, 1)", "1"],
    ["exports.handler = (e, context, done) => { context.callbackWaitsForEmptyEventLoop = false; setInterval(() => {}, 1e6); done(null, 2) }", "2"],
    ["let ran = 0; exports.handler = (e, c, done) => { setTimeout(() => ran++, 20); done(null, { get ran() { return ran } }) }", '{"ran":1}'],
    ["exports.handler = (event, context) => context.succeed(3)", "3"],
    ["exports.handler = (event, context) => context.done(null, 4)", "4"],
    ["exports.handler = async () => {}", "null"],
    ["exports.handler = () => {}", "null"],
    ["exports.handler = () => 5", "null"],
  ]) {
    const { kind, body } = await check(t, code);
    assert.deepEqual([kind, body], ["response", expected], code);
  }
});

test("modules are found as Lambda finds them", async (t) => {
  const esm = "import path from 'node:path'; export const handler = async () => path.sep;";
  const shared = { "shared.js": "exports.name = 'shared'" };
  for (const [options, expected] of [
    [{ files: { "app.js": undefined, "app.mjs": esm } }, '"/"'],
    [{ files: { "app.js": esm, "package.json": '{"type":"module"}' } }, '"/"'],
    [{ files: { "app.js": undefined, "app.cjs": "exports.handler = async () => 'cjs'", "package.json": '{"type":"module"}' } }, '"cjs"'],
    [{ handler: "lib/app.handler", files: { ...shared, "lib/app.js": "exports.handler = async () => require('../shared').name" } }, '"shared"'],
    [{ handler: "app.deep.handler", files: { "app.js": "exports.deep = { handler: async () => 'deep' }" } }, '"deep"'],
    [{ handler: "pkg.handler", files: { "node_modules/pkg/index.js": "exports.handler = async () => 'pkg'" } }, '"pkg"'],
  ]) {
    const { kind, body } = await check(t, "", options);
    assert.deepEqual([kind, body], ["response", expected], JSON.stringify(options));
  }
});

test("a failed Init is reported and ends the process", async (t) => {
  for (const [code, handler, type, message] of [
    ["", "gone.handler", "Runtime.ImportModuleError", /^Error: Cannot find module 'gone'/],
    ["require('gone')", "app.handler", "Runtime.ImportModuleError", /^Error: Cannot find module 'gone'/],
    ["exports.handler = {", "app.handler", "Runtime.UserCodeSyntaxError", /^SyntaxError: /],
    ["", "app.handler", "Runtime.HandlerNotFound", /^app.handler is undefined or not exported$/],
    ["exports.handler = 1", "app.handler", "Runtime.HandlerNotFound", /^app.handler is not a function$/],
    ["", "app", "Runtime.MalformedHandlerName", /^Bad handler$/],
    ["", "../app.handler", "Runtime.MalformedHandlerName", /not a valid handler name/],
    ["throw new TypeError('no')", "app.handler", "TypeError", /^no$/],
    ["Promise.reject(new Error('lost')); exports.handler = async () => {}", "app.handler", "Runtime.UnhandledPromiseRejection", /^Error: lost$/],
  ]) {
    const sample = await Sample.start(t, code, { handler });
    const { call, headers, body } = await sample.posts.take();
    const error = JSON.parse(body);
    assert.deepEqual([call, headers["lambda-runtime-function-error-type"], error.errorType], ["init/error", type, type], body);
    assert.match(error.errorMessage, message);
    assert.ok(Array.isArray(error.trace));
    assert.notEqual(await sample.exit, 0);
  }
});

test("nodejs24 has no callbacks", async (t) => {
  const code = "exports.handler = (event, context, callback) => callback(null, 1)";
  const sample = await Sample.start(t, code, { AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x" });
  const { body } = await sample.posts.take();
  assert.equal(JSON.parse(body).errorType, "Runtime.CallbackHandlerDeprecated");
});

test("failures of a handler are answered", async (t) => {
  for (const [code, type, message] of [
    ["exports.handler = async () => { throw new TypeError('no') }", "TypeError", "no"],
    ["exports.handler = () => { throw new Error('sync') }", "Error", "sync"],
    ["exports.handler = (e, c, callback) => callback(new RangeError('cb'))", "RangeError", "cb"],
    ["exports.handler = (e, c, callback) => callback('text')", "string", "text"],
    ["exports.handler = (e, context) => context.fail(new Error('failed'))", "Error", "failed"],
    ["exports.handler = async () => ({ n: 1n })", "Runtime.MarshalError", "Unable to stringify response body: Do not know how to serialize a BigInt"],
    ["exports.handler = () => new Promise(() => {})", null, null],
    ["exports.handler = async () => { await new Promise(() => {}) }", "Runtime.NodejsExit", undefined],
  ]) {
    const { kind, body } = await check(t, code);
    const answer = JSON.parse(body);
    // A function that is not declared async is not told apart from one with a callback.
    assert.equal(kind, type ? "error" : "response", code);
    if (type) assert.equal(answer.errorType, type, code);
    if (message) assert.equal(answer.errorMessage, message, code);
    if (message && type !== "string") assert.equal(answer.trace[0].endsWith(message), true, body);
  }
});

test("what nobody caught ends the process after its report", async (t) => {
  for (const [line, type, status] of [
    ["setImmediate(() => { throw new TypeError('no') })", "TypeError", 129],
    ["Promise.reject(new Error('no'))", "Runtime.UnhandledPromiseRejection", 128],
  ]) {
    const sample = await Sample.start(t, `exports.handler = () => { ${line}; return new Promise((r) => setTimeout(r, 1e5)) }`);
    const { kind, body } = await sample.invoke();
    assert.deepEqual([kind, JSON.parse(body).errorType], ["error", type]);
    assert.equal(await sample.exit, status);
  }
});

test("the process and its connection survive failures", async (t) => {
  const sample = await Sample.start(t, "let n = 0; exports.handler = async (fail) => { n++; if (fail) throw 1; return n }");
  const kinds = [];
  for (const fail of [true, false, true, false]) kinds.push((await sample.invoke(fail)).kind);
  assert.deepEqual(kinds, ["error", "response", "error", "response"]);
  assert.equal(sample.connections, 1);
});

test("the context", async (t) => {
  const names = "awsRequestId functionName functionVersion memoryLimitInMB logGroupName logStreamName invokedFunctionArn";
  const code = `exports.handler = async (event, context) => [
    ...${JSON.stringify(names.split(" "))}.map((name) => context[name]), context.clientContext, context.identity,
    context.getRemainingTimeInMillis() > 50000, process.env._X_AMZN_TRACE_ID, context.callbackWaitsForEmptyEventLoop]`;
  const sample = await Sample.start(t, code);
  const { body } = await sample.invoke({}, {
    "Lambda-Runtime-Client-Context": '{"client":{"app_title":"t"}}',
    "Lambda-Runtime-Cognito-Identity": '{"cognitoIdentityId":"i"}',
    "Lambda-Runtime-Trace-Id": "Root=1-2-3",
  });
  assert.deepEqual(JSON.parse(body), [
    "r1", "sample", "$LATEST", "128", "/aws/lambda/sample", "stream", ARN,
    { client: { app_title: "t" } }, { cognitoIdentityId: "i" }, true, "Root=1-2-3", true,
  ]);
});

test("lines of the log", async (t) => {
  const lines = [
    ["console.log('a\\nb %d', 5)", `${TIME}\tr1\tINFO\ta\rb 5\n`],
    ["console.warn({ a: 1 })", `${TIME}\tr1\tWARN\t\\{ a: 1 \\}\n`],
    ["console.debug('x'); process.stdout.write('raw\\n')", `${TIME}\tr1\tDEBUG\tx\nraw\n`],
    ["throw new Error('no')", `${TIME}\tr1\tERROR\tInvoke Error \t\\{"errorType":"Error","errorMessage":"no","stack":\\["Error: no",.*\\]\\}\n`],
  ];
  for (const [line, expected] of lines) {
    const sample = await Sample.start(t, `exports.handler = async () => { ${line} }`);
    await sample.invoke();
    assert.match(await sample.log(), new RegExp(`^${expected}$`), line);
  }
  const init = await Sample.start(t, "console.info('init'); exports.handler = async () => {}");
  await init.invoke();
  assert.match(await init.log(), new RegExp(`^${TIME}\tundefined\tINFO\tinit\n$`));
});

test("records of the JSON log", async (t) => {
  const code = `exports.handler = async () => {
    console.debug("hidden"); console.log("a %d", 5); console.info({ k: 1 }); console.error(new TypeError("no"));
    console.warn("text", new RangeError("cause"));
  }`;
  const sample = await Sample.start(t, code, { AWS_LAMBDA_LOG_FORMAT: "JSON", AWS_LAMBDA_LOG_LEVEL: "INFO" });
  await sample.invoke();
  const records = (await sample.log()).trim().split("\n").map((line) => JSON.parse(line));
  const short = records.map(({ level, requestId, message }) => [level, requestId, message.errorType ?? message]);
  assert.deepEqual(short.slice(0, 3), [["INFO", "r1", "a 5"], ["INFO", "r1", { k: 1 }], ["ERROR", "r1", "TypeError"]]);
  assert.deepEqual([records[3].level, records[3].errorType, records[3].errorMessage], ["WARN", "RangeError", "cause"]);
  for (const record of records) assert.match(record.timestamp, new RegExp(`^${TIME}$`));
});

test("answers are streamed", async (t) => {
  const wrap = (body) => `exports.handler = awslambda.streamifyResponse(async (event, stream, context) => { ${body} })`;
  const wait = "await new Promise((r) => setTimeout(r, 5))";
  for (const [body, type, expected] of [
    [`stream.write("a"); ${wait}; stream.end("b")`, "application/octet-stream", "ab"],
    ['stream.setContentType("text/plain"); stream.end("x".repeat(100000))', "text/plain", "x".repeat(100000)],
    ["stream.end()", "application/octet-stream", ""],
    [
      'stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, cookies: ["a=b"] }); stream.end("body")',
      "application/vnd.awslambda.http-integration-response",
      `{"statusCode":201,"cookies":["a=b"]}${"\0".repeat(8)}body`,
    ],
  ]) {
    const post = await check(t, wrap(body));
    assert.deepEqual([post.kind, post.headers["lambda-runtime-function-response-mode"]], ["response", "streaming"]);
    assert.deepEqual([post.headers["content-type"], post.body], [type, expected], body);
    assert.deepEqual(post.trailers, {});
  }
});

test("a stream that fails says so", async (t) => {
  const wrap = (body) => `exports.handler = awslambda.streamifyResponse(async (event, stream) => { ${body} })`;
  const early = await check(t, wrap("throw new TypeError('early')"));
  assert.deepEqual([early.kind, JSON.parse(early.body).errorType], ["error", "TypeError"]);
  const never = await check(t, wrap("await new Promise(() => {})"));
  assert.deepEqual([never.kind, JSON.parse(never.body).errorType], ["error", "Runtime.NodejsExit"]);
  const late = await check(t, wrap("stream.write('half'); await new Promise((r) => setTimeout(r, 5)); throw new TypeError('late')"));
  assert.deepEqual([late.kind, late.body, late.trailers["lambda-runtime-function-error-type"]], ["response", "half", "TypeError"]);
  const error = JSON.parse(Buffer.from(late.trailers["lambda-runtime-function-error-body"], "base64"));
  assert.equal(error.errorMessage, "late");
});
