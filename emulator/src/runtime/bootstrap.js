/**
 * The Node.js runtime: stands between the Runtime API and a handler.
 *
 * Runs as a child process, one per execution environment, for the functions
 * whose runtime is nodejs*. It behaves as Lambda's own runtime does: the same
 * context object, the same errors, the same log lines. It needs Node.js 18 and
 * nothing else.
 *
 * A log event of several lines is written as one line with a carriage return
 * for each line break inside; whoever reads the log turns them back.
 *
 * While a handler runs nothing of this file keeps the event loop alive: that it
 * runs empty is how a handler that never answers is found out.
 *
 * Known differences from Lambda: the AWS SDK is the package's own affair; stack
 * traces show frames of this file; timers run on between invocations.
 */
"use strict";

const fs = require("node:fs");
const http = require("node:http");
const path = require("node:path");
const { Writable } = require("node:stream");
const { pathToFileURL } = require("node:url");
const util = require("node:util");

const PREFIX = "/2018-06-01/runtime/";
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const FIRST_WITHOUT_CALLBACKS = 24;
const HTTP_PRELUDE = "application/vnd.awslambda.http-integration-response";
const EXIT = { rejection: 128, exception: 129 };

/** Failures which the runtime itself finds, with Lambda's names for them. */
class Fault extends Error {
  constructor(kind, message, cause) {
    super(message);
    this.name = `Runtime.${kind}`;
    if (cause?.stack) this.stack = `${this.name}: ${this.message}\n${frames(cause)}`;
  }
}

const frames = (error) => error.stack.split("\n").filter((line) => /^\s+at /.test(line)).join("\n");
const isError = (value) => util.types.isNativeError(value) || value instanceof Error;

/** The error as the caller gets it. */
function describe(error) {
  if (!isError(error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return {
    errorType: String(error.name),
    errorMessage: String(error.message),
    trace: String(error.stack ?? "").split("\n"),
  };
}

/** The error as the log shows it, with whatever else it carries. */
function loggable(error) {
  if (!isError(error)) return error;
  const { errorType, errorMessage, trace } = describe(error);
  const shown = { errorType, errorMessage, ...error };
  delete shown.name;
  if (isError(error.cause)) shown.cause = loggable(error.cause);
  return { ...shown, stack: trace };
}

/** Writes log events and knows which invocation they belong to. */
const log = {
  requestId: undefined,
  levels: ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"],
  json: process.env.AWS_LAMBDA_LOG_FORMAT?.toUpperCase() === "JSON",

  install() {
    const lowest = this.json ? this.levels.indexOf(process.env.AWS_LAMBDA_LOG_LEVEL?.toUpperCase()) : -1;
    const methods = { trace: 0, debug: 1, log: 2, info: 2, warn: 3, error: 4, fatal: 5 };
    for (const [method, level] of Object.entries(methods)) {
      const wanted = level >= lowest;
      console[method] = wanted ? (...values) => this.write(this.levels[level], values) : () => {};
    }
  },

  write(level, values) {
    const time = new Date().toISOString();
    const line = this.json
      ? this.record(time, level, values)
      : `${time}\t${this.requestId}\t${level}\t${util.format(...values)}`.replace(/\n/g, "\r");
    process.stdout.write(`${line}\n`);
  },

  record(timestamp, level, values) {
    const record = { timestamp, level, requestId: this.requestId };
    if (values.length === 1) {
      try {
        return JSON.stringify({ ...record, message: values[0] }, plainErrors);
      } catch {
        // What has no JSON has a text.
      }
    }
    const error = values.find(isError);
    return JSON.stringify({ ...record, message: util.format(...values), ...(error && plainErrors("", error)) });
  },

  failure(what, error) {
    if (this.json) console.error(error);
    else console.error(what, `\t${JSON.stringify(loggable(error))}`);
  },
};

function plainErrors(_key, value) {
  if (!isError(value)) return value;
  const { errorType, errorMessage, trace } = describe(value);
  return { errorType, errorMessage, stackTrace: trace };
}

/** One kept-alive connection; at rest it does not keep the process alive. */
class RuntimeApi {
  constructor(address) {
    const at = address.lastIndexOf(":");
    this.target = { host: address.slice(0, at), port: address.slice(at + 1) };
    this.agent = new http.Agent({ keepAlive: true, noDelay: true });
  }

  request(method, call, headers, answered, failed) {
    const options = { ...this.target, agent: this.agent, method, path: PREFIX + call, headers };
    const request = http.request(options, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => answered(response, Buffer.concat(chunks)));
      response.on("error", failed);
    });
    request.on("error", failed);
    return request;
  }

  exchange(method, call, body, headers = {}) {
    return new Promise((resolve, reject) => {
      const answered = (response, answer) => resolve({ response, answer });
      const again = (error) => (error.code === "ECONNRESET" ? send(reject) : reject(error));
      const length = method === "POST" ? { "Content-Length": body.length } : {};
      const send = (failed) => {
        this.request(method, call, { ...headers, ...length }, answered, failed).end(body);
      };
      // A connection that was dropped while at rest is opened again.
      send(again);
    });
  }

  async next() {
    const { response, answer } = await this.exchange("GET", "invocation/next");
    if (response.statusCode !== 200) lost(`status ${response.statusCode}`);
    return { headers: response.headers, event: answer };
  }

  /** What is wrong with an outcome (too large, too late) is settled by the
   * other side; after a 500 there is no other side. */
  async post(call, body, headers) {
    const { response } = await this.exchange("POST", call, Buffer.from(body), headers);
    if (response.statusCode >= 500) lost(`status ${response.statusCode}`);
  }

  postError(call, error) {
    const description = describe(error);
    const type = encodeURIComponent(description.errorType);
    const headers = { "Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": type };
    return this.post(call, JSON.stringify(description), headers);
  }
}

function lost(why) {
  process.stderr.write(`lost the Runtime API: ${why}\n`);
  process.exit(1);
}

/** The function that "folder/module.path.to.function" means. */
async function loadHandler(root, name) {
  if (name.includes("..")) {
    throw new Fault("MalformedHandlerName", `'${name}' is not a valid handler name: it must not leave its folder`);
  }
  const [, file, exported] = /^([^.]*)\.(.*)$/.exec(path.basename(name)) ?? [];
  if (!file || !exported) throw new Fault("MalformedHandlerName", "Bad handler");
  const module = await loadModule(path.resolve(root, path.dirname(name), file), file, root);
  const handler = exported.split(".").reduce((value, key) => value?.[key], module);
  if (!handler) throw new Fault("HandlerNotFound", `${name} is undefined or not exported`);
  if (typeof handler !== "function") throw new Fault("HandlerNotFound", `${name} is not a function`);
  const version = /^AWS_Lambda_nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV ?? "")?.[1];
  if (version >= FIRST_WITHOUT_CALLBACKS && !handler[STREAMING] && handler.length >= 3) {
    const text = `${name} takes a callback, which nodejs${version}.x has no more: return a promise`;
    throw new Fault("CallbackHandlerDeprecated", text);
  }
  return handler;
}

async function loadModule(stem, name, root) {
  try {
    for (const extension of ["", ".js", ".mjs", ".cjs"]) {
      const file = stem + extension;
      if (!isFile(file)) continue;
      if (extension === ".mjs" || (extension === ".js" && isModule(file))) return await import(pathToFileURL(file));
      return require(file);
    }
    return require(require.resolve(name, { paths: [root, path.dirname(stem)] }));
  } catch (error) {
    if (error instanceof SyntaxError) throw new Fault("UserCodeSyntaxError", String(error), error);
    if (["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code)) {
      throw new Fault("ImportModuleError", String(error), error);
    }
    throw error;
  }
}

const isFile = (file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;

/** Whether the nearest package.json makes a .js file an ES module. */
function isModule(file) {
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const settings = path.join(folder, "package.json");
    if (isFile(settings)) return JSON.parse(fs.readFileSync(settings, "utf8")).type === "module";
    if (folder === path.dirname(folder)) return false;
  }
}

/** What an empty event loop means at the moment. */
const drained = {
  action: undefined,
  set(action) {
    this.action = action;
  },
  run() {
    const action = this.action;
    this.action = undefined;
    action?.();
  },
};

/** One invocation: it ends once, with an answer or an error. */
class Invocation {
  constructor(api, headers) {
    this.api = api;
    this.headers = headers;
    this.id = headers["lambda-runtime-aws-request-id"];
    this.waitsForEmptyLoop = true;
    this.over = false;
    this.finished = new Promise((resolve) => (this.finish = resolve));
  }

  /** Whatever ends the invocation later changes nothing. */
  end(outcome) {
    if (this.over) return;
    this.over = true;
    drained.set(undefined);
    outcome().then(this.finish, (error) => lost(error.message));
  }

  succeed(value) {
    let body;
    try {
      body = JSON.stringify(value === undefined ? null : value) ?? "null";
    } catch (error) {
      const text = `Unable to stringify response body: ${error.message}`;
      return this.fail(new Fault("MarshalError", text, error));
    }
    return this.end(() => this.api.post(`invocation/${this.id}/response`, body, { "Content-Type": "application/json" }));
  }

  fail(error) {
    this.end(() => {
      log.failure("Invoke Error", error);
      return this.api.postError(`invocation/${this.id}/error`, error);
    });
  }

  callback(error, value) {
    if (error !== undefined && error !== null) this.fail(error);
    else if (this.waitsForEmptyLoop) drained.set(() => setImmediate(() => this.succeed(value)));
    else this.succeed(value);
  }

  context() {
    const invocation = this;
    const { env } = process;
    const deadline = Number(this.headers["lambda-runtime-deadline-ms"]);
    return {
      get callbackWaitsForEmptyEventLoop() {
        return invocation.waitsForEmptyLoop;
      },
      set callbackWaitsForEmptyEventLoop(value) {
        invocation.waitsForEmptyLoop = value;
      },
      functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
      functionName: env.AWS_LAMBDA_FUNCTION_NAME,
      memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
      clientContext: this.headerJson("client-context"),
      identity: this.headerJson("cognito-identity"),
      invokedFunctionArn: this.headers["lambda-runtime-invoked-function-arn"],
      awsRequestId: this.id,
      tenantId: this.headers["lambda-runtime-aws-tenant-id"],
      getRemainingTimeInMillis: () => deadline - Date.now(),
      succeed: (value) => this.succeed(value),
      fail: (error) => this.fail(error ?? "handled"),
      done: (error, value) => (error === undefined || error === null ? this.succeed(value) : this.fail(error)),
    };
  }

  headerJson(name) {
    const text = this.headers[`lambda-runtime-${name}`];
    if (!text) return undefined;
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new Fault("LambdaContextUnmarshalError", `Unable to parse ${name}: ${error.message}`, error);
    }
  }
}

/** The body of a streamed answer. Its call begins with the first byte, so that
 * what fails before that is an ordinary error. */
class ResponseStream extends Writable {
  constructor(invocation, options) {
    super(options);
    this.invocation = invocation;
    this.contentType = "application/octet-stream";
    this.prelude = undefined;
    this.call = undefined;
    this.done = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
    // Whoever fails first tells of it.
    this.done.catch(() => {});
  }

  setContentType(type) {
    this.contentType = type;
  }

  open() {
    if (this.call) return this.call;
    const { api, id } = this.invocation;
    const headers = {
      "Lambda-Runtime-Function-Response-Mode": "streaming",
      "Transfer-Encoding": "chunked",
      "Content-Type": this.contentType,
      Trailer: "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
    };
    this.call = api.request("POST", `invocation/${id}/response`, headers, this.resolve, this.reject);
    if (this.prelude) this.call.write(Buffer.concat([Buffer.from(JSON.stringify(this.prelude)), Buffer.alloc(8)]));
    return this.call;
  }

  _write(chunk, _encoding, next) {
    this.open().write(chunk, next);
  }

  _final(next) {
    this.open().end(next);
  }

  /** Tells of a failure in the middle of the answer. */
  breakOff(error) {
    const description = describe(error);
    this.call.addTrailers({
      "Lambda-Runtime-Function-Error-Type": encodeURIComponent(description.errorType),
      "Lambda-Runtime-Function-Error-Body": Buffer.from(JSON.stringify(description)).toString("base64"),
    });
    this.call.end();
    return this.done;
  }
}

globalThis.awslambda = {
  ...globalThis.awslambda,
  streamifyResponse(handler, options) {
    handler[STREAMING] = { ...options };
    return handler;
  },
  HttpResponseStream: {
    /** What is written to the stream is the body of this HTTP answer. */
    from(stream, metadata) {
      stream.setContentType(HTTP_PRELUDE);
      stream.prelude = metadata ?? {};
      return stream;
    },
  },
};

async function stream(invocation, handler, event) {
  const body = new ResponseStream(invocation, handler[STREAMING]);
  body.on("error", (error) => failStream(invocation, body, error));
  body.on("finish", () => invocation.end(() => body.done));
  drained.set(() => failStream(invocation, body, new Fault("NodejsExit", UNEXPECTED_EXIT)));
  try {
    await handler(event, body, invocation.context());
  } catch (error) {
    failStream(invocation, body, error);
  }
}

function failStream(invocation, body, error) {
  if (!body.call) return invocation.fail(error);
  return invocation.end(() => {
    log.failure("Invoke Error", error);
    return body.breakOff(error);
  });
}

const UNEXPECTED_EXIT = "The event loop ran empty while the handler's promise was still pending.";

function answer(invocation, handler, event) {
  const isAsync = util.types.isAsyncFunction(handler);
  // A handler with a callback that it never calls has answered nothing.
  drained.set(() => (isAsync ? invocation.fail(new Fault("NodejsExit", UNEXPECTED_EXIT)) : invocation.succeed(null)));
  const callback = (error, value) => invocation.callback(error, value);
  const result = handler(event, invocation.context(), callback);
  if (typeof result?.then === "function") {
    result.then(
      (value) => invocation.succeed(value),
      (error) => invocation.fail(error),
    );
  }
}

function parse(event) {
  try {
    return JSON.parse(event.toString());
  } catch (error) {
    throw new Fault("UnmarshalError", `Unable to unmarshal input: ${error.message}`, error);
  }
}

let current;

async function invoke(api, handler) {
  const { headers, event } = await api.next();
  const invocation = new Invocation(api, headers);
  current = invocation;
  log.requestId = invocation.id;
  delete process.env._X_AMZN_TRACE_ID;
  const trace = headers["lambda-runtime-trace-id"];
  if (trace) process.env._X_AMZN_TRACE_ID = trace;
  try {
    const run = handler[STREAMING] ? stream : answer;
    run(invocation, handler, parse(event));
  } catch (error) {
    invocation.fail(error);
  }
  await invocation.finished;
}

/** What nobody caught ends the process, after the word has gone out. */
function watch(api) {
  const die = (what, error, status) => {
    log.failure(what, error);
    const call = current && !current.over ? `invocation/${current.id}/error` : "init/error";
    if (current?.over) process.exit(status);
    if (current) current.over = true;
    const exit = () => process.exit(status);
    api.postError(call, error).then(exit, exit);
  };
  process.on("beforeExit", () => drained.run());
  process.on("uncaughtException", (error) => die("Uncaught Exception", error, EXIT.exception));
  process.on("unhandledRejection", (reason, promise) => {
    const error = new Fault("UnhandledPromiseRejection", String(reason), isError(reason) ? reason : undefined);
    die("Unhandled Promise Rejection", Object.assign(error, { reason, promise }), EXIT.rejection);
  });
}

async function main() {
  const { env } = process;
  const api = new RuntimeApi(env.AWS_LAMBDA_RUNTIME_API);
  log.install();
  watch(api);
  let handler;
  drained.set(() => failInit(api, new Fault("NodejsExit", "The event loop ran empty while the module was loading.")));
  try {
    handler = await loadHandler(env.LAMBDA_TASK_ROOT ?? process.cwd(), env._HANDLER ?? "");
  } catch (error) {
    return failInit(api, error);
  }
  drained.set(undefined);
  for (;;) await invoke(api, handler);
}

async function failInit(api, error) {
  log.failure("Uncaught Exception", error);
  await api.postError("init/error", error);
  process.exit(1);
}

main().catch((error) => lost(error.message));
