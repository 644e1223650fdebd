"""The Python runtime as a child process, against a Runtime API made here.

    python3 -m unittest discover emulator/tests/python

Set PYTHON to test another interpreter than the one that runs the tests.
"""

import http.server
import json
import os
import pathlib
import queue
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest

BOOTSTRAP = pathlib.Path(__file__).parents[2] / "src" / "runtime" / "bootstrap.py"
PYTHON = os.environ.get("PYTHON", sys.executable)
PREFIX = "/2018-06-01/runtime/"
ARN = "arn:aws:lambda:us-east-1:000000000000:function:sample"
PATIENCE_S = 20


class RuntimeApi(http.server.ThreadingHTTPServer):
    """Hands out what is put into `events`; what comes back is in `posts`."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Connection)
        self.events, self.posts = queue.Queue(), queue.Queue()
        self.connections = 0
        self.drops = False
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def process_request(self, request, client_address):
        self.connections += 1
        super().process_request(request, client_address)


class Connection(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        headers, body = self.server.events.get()
        self.answer(200, headers, body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(202, {}, b'{"status":"OK"}')
        self.server.posts.put((self.path[len(PREFIX):], self.headers, body.decode()))

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        # Without a word to the client, as after a restart.
        self.close_connection = self.server.drops

    def log_message(self, *_):
        pass


class Function:
    """A function's code in a folder, and the process that runs it."""

    def __init__(self, code, handler="app.handler", files=None, **environment):
        self.folder = tempfile.TemporaryDirectory()
        for name, text in {"app.py": code, **(files or {})}.items():
            path = pathlib.Path(self.folder.name, name)
            path.parent.mkdir(exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        self.api = RuntimeApi()
        self.process = subprocess.Popen(
            [PYTHON, str(BOOTSTRAP)], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            cwd=self.folder.name, env=self.environment(handler, environment),
        )
        self.invocations = 0

    def environment(self, handler, extra):
        return {
            "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:%d" % self.api.server_port,
            "AWS_LAMBDA_FUNCTION_NAME": "sample",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/sample",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
            "LAMBDA_TASK_ROOT": self.folder.name,
            "PYTHONDONTWRITEBYTECODE": "1",
            "_HANDLER": handler,
            **extra,
        }

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()
        self.api.shutdown()
        self.api.server_close()
        self.folder.cleanup()

    def send(self, event, headers):
        self.invocations += 1
        body = event if isinstance(event, bytes) else json.dumps(event).encode()
        self.api.events.put(({
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": "r%d" % self.invocations,
            "Lambda-Runtime-Deadline-Ms": int((time.time() + 60) * 1000),
            "Lambda-Runtime-Invoked-Function-Arn": ARN,
            **headers,
        }, body))

    def post(self):
        return self.api.posts.get(timeout=PATIENCE_S)

    def invoke(self, event=None, **headers):
        """The kind of the outcome ("response" or "error") and its body."""
        self.send(event, {name.replace("_", "-"): value for name, value in headers.items()})
        path, _, body = self.post()
        start, kind = path.rsplit("/", 1)
        assert start == "invocation/r%d" % self.invocations, path
        return kind, body

    def log(self):
        """Everything printed by a process that is not needed any more."""
        self.process.kill()
        return self.process.communicate()[0].decode()


class Result(unittest.TestCase):
    def check(self, expression, expected, kind="response", **environment):
        code = "import decimal, math\ndef handler(event, context):\n    return %s\n" % expression
        with Function(code, **environment) as function:
            outcome, body = function.invoke({"key": [1, "é"]})
            self.assertEqual((outcome, body), (kind, expected))

    def test_answers_are_written_as_lambda_writes_them(self):
        self.check("event", '{"key": [1, "é"]}')
        self.check("event", '{"key": [1, "\\u00e9"]}', AWS_EXECUTION_ENV="AWS_Lambda_python3.11")
        self.check("None", "null")
        self.check("[1.0, 1e20, (True,), b'x', math.nan]", '[1.0, 1e+20, [true], "x", NaN]')
        self.check("{'d': [decimal.Decimal('1.10'), decimal.Decimal('nan')]}", '{"d": [1.10, NaN]}')
        self.check("b'raw'", "raw")

    def test_what_is_not_json_is_a_marshal_error(self):
        expected = (
            '{"errorMessage": "Unable to marshal response: Object of type set is not JSON serializable", '
            '"errorType": "Runtime.MarshalError", "requestId": "r1", "stackTrace": []}'
        )
        self.check("{1}", expected, kind="error")

    def test_globals_outlive_an_invocation(self):
        with Function("n = 0\ndef handler(event, context):\n    global n\n    n += 1\n    return n\n") as function:
            self.assertEqual([function.invoke()[1] for _ in range(3)], ["1", "2", "3"])
            self.assertEqual(function.api.connections, 1)

    def test_a_dropped_connection_is_opened_again(self):
        with Function("def handler(event, context):\n    return event\n") as function:
            function.api.drops = True
            self.assertEqual([function.invoke(n)[1] for n in range(3)], ["0", "1", "2"])
            self.assertGreater(function.api.connections, 3)

    def test_events_and_answers_may_be_large(self):
        with Function("def handler(event, context):\n    return event\n") as function:
            text = "x" * 6_000_000
            self.assertEqual(function.invoke(text), ("response", json.dumps(text)))

    def test_the_process_may_end_itself(self):
        for line, status in [("sys.exit()", 0), ("sys.exit(3)", 3), ("os._exit(4)", 4)]:
            with Function("import os, sys\ndef handler(event, context):\n    print('bye')\n    %s\n" % line) as function:
                function.send(None, {})
                self.assertEqual(function.process.wait(PATIENCE_S), status)
                self.assertEqual((function.log(), function.api.posts.qsize()), ("bye\n", 0))


class Failure(unittest.TestCase):
    CODE = """\
        def handler(event, context):
            inner()

        def inner():
            raise ValueError("two\\nlines")
        """

    def test_an_exception_is_answered_and_logged(self):
        with Function(self.CODE) as function:
            app = os.path.join(function.folder.name, "app.py")
            kind, body = function.invoke()
            self.assertEqual(kind, "error")
            self.assertEqual(json.loads(body), {
                "errorMessage": "two\nlines",
                "errorType": "ValueError",
                "requestId": "r1",
                "stackTrace": [
                    '  File "%s", line 2, in handler\n    inner()\n' % app,
                    '  File "%s", line 5, in inner\n    raise ValueError("two\\nlines")\n' % app,
                ],
            })
            two, four = "\u00a0" * 2, "\u00a0" * 4
            self.assertEqual(function.log(), "\r".join([
                "[ERROR] ValueError: two", "lines", "Traceback (most recent call last):",
                two + 'File "%s", line 2, in handler' % app, four + "inner()",
                two + 'File "%s", line 5, in inner' % app, four + 'raise ValueError("two\\nlines")',
            ]) + "\n")

    def test_the_process_survives(self):
        with Function("def handler(event, context):\n    return 1 // event\n") as function:
            self.assertEqual([function.invoke(n)[0] for n in (0, 1)], ["error", "response"])

    def test_frames_of_the_runtime_are_not_shown(self):
        with Function("def handler():\n    pass\n") as function:
            error = json.loads(function.invoke()[1])
            self.assertEqual((error["errorType"], error["stackTrace"]), ("TypeError", []))

    def test_an_event_that_is_not_json_is_refused(self):
        with Function("def handler(event, context):\n    return event\n") as function:
            kind, body = function.invoke(b"{")
            self.assertEqual((kind, json.loads(body)["errorType"]), ("error", "Runtime.UnmarshalError"))


class Init(unittest.TestCase):
    def check(self, code, handler, error_type, message, trace=()):
        with Function(code, handler) as function:
            path, headers, body = function.post()
            error = json.loads(body)
            self.assertEqual(path, "init/error")
            self.assertEqual(headers["Lambda-Runtime-Function-Error-Type"], error_type)
            self.assertEqual((error["errorType"], error["requestId"]), (error_type, ""))
            self.assertEqual(error["errorMessage"].replace(function.folder.name, ""), message)
            if trace is not None:
                self.assertEqual(error["stackTrace"], list(trace))
            self.assertEqual(function.process.wait(PATIENCE_S), 1)
            return error["stackTrace"], function.log()

    def test_what_cannot_be_loaded(self):
        check = self.check
        check("", "gone.handler", "Runtime.ImportModuleError", "Unable to import module 'gone': No module named 'gone'")
        check("import gone", "app.handler", "Runtime.ImportModuleError", "Unable to import module 'app': No module named 'gone'")
        check("", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'app'")
        check("", "sys.exit", "Runtime.BuiltInModuleConflict", "Cannot use built-in module sys as a handler module")
        check(
            "", "app", "Runtime.MalformedHandlerName",
            "Bad handler 'app': not enough values to unpack (expected 2, got 1)",
        )

    def test_a_syntax_error(self):
        with Function("def handler(:\n") as function:
            error = json.loads(function.post()[2])
            self.assertEqual(error["errorType"], "Runtime.UserCodeSyntaxError")
            self.assertTrue(error["errorMessage"].startswith("Syntax error in module 'app': invalid syntax"))
            app = os.path.join(function.folder.name, "app.py")
            self.assertEqual(error["stackTrace"], ['  File "%s" Line 1\n    def handler(:\n' % app])

    def test_an_exception_while_importing(self):
        trace, log = self.check("raise KeyError('gone')\n", "app.handler", "KeyError", "'gone'", trace=None)
        self.assertIn("importlib", trace[0])
        self.assertTrue(trace[-1].endswith("line 1, in <module>\n    raise KeyError('gone')\n"), trace)
        self.assertTrue(log.startswith("[ERROR] KeyError: 'gone'\rTraceback (most recent call last):\r\u00a0\u00a0File"))
        self.assertEqual(log.count("\n"), 1)

    def test_a_handler_in_a_folder(self):
        files = {"pkg/mod.py": "import shared\ndef handler(event, context):\n    return __name__ + shared.NAME\n"}
        for handler in ["pkg/mod.handler", "pkg.mod.handler"]:
            with Function("", handler, {**files, "shared.py": "NAME = '!'\n"}) as function:
                self.assertEqual(function.invoke(), ("response", '"pkg.mod!"'))


class Context(unittest.TestCase):
    def evaluate(self, *expressions, **headers):
        code = "import os\ndef handler(event, context):\n    return [eval(e, {'context': context, 'os': os}) for e in event]\n"
        with Function(code) as function:
            kind, body = function.invoke(expressions, **headers)
            self.assertEqual(kind, "response", body)
            return json.loads(body)

    def test_fields(self):
        names = "aws_request_id function_name function_version memory_limit_in_mb log_group_name log_stream_name"
        names += " invoked_function_arn client_context identity.cognito_identity_id tenant_id"
        values = self.evaluate(*("context." + name for name in names.split()))
        expected = ["r1", "sample", "$LATEST", "128", "/aws/lambda/sample", "stream", ARN, None, None, None]
        self.assertEqual(values, expected)

    def test_time_and_trace(self):
        remaining, trace = self.evaluate(
            "context.get_remaining_time_in_millis()", "os.environ['_X_AMZN_TRACE_ID']",
            Lambda_Runtime_Trace_Id="Root=1-2-3",
        )
        self.assertTrue(50_000 < remaining <= 60_000, remaining)
        self.assertEqual(trace, "Root=1-2-3")

    def test_client_and_identity(self):
        client = {"custom": {"k": "v"}, "env": {"e": 1}, "client": {"app_title": "t"}}
        values = self.evaluate(
            "context.client_context.custom", "context.client_context.env",
            "context.client_context.client.app_title", "context.client_context.client.installation_id",
            "context.identity.cognito_identity_id", "repr(context.identity)",
            Lambda_Runtime_Client_Context=json.dumps(client),
            Lambda_Runtime_Cognito_Identity='{"cognitoIdentityId":"i"}',
        )
        shown = "CognitoIdentity([cognito_identity_id=i,cognito_identity_pool_id=None])"
        self.assertEqual(values, [{"k": "v"}, {"e": 1}, "t", None, "i", shown])

    def test_a_client_context_that_is_not_json(self):
        with Function("def handler(event, context):\n    return 1\n") as function:
            kind, body = function.invoke(Lambda_Runtime_Client_Context="{")
            self.assertEqual((kind, json.loads(body)["errorType"]), ("error", "Runtime.LambdaContextUnmarshalError"))


class Logging(unittest.TestCase):
    TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"

    def check(self, body, pattern, head="import logging", files=None):
        code = "%s\ndef handler(event, context):\n    %s\n" % (head, "\n    ".join(body))
        with Function(code, files=files) as function:
            kind, answer = function.invoke()
            self.assertEqual(kind, "response", answer)
            self.assertRegex(function.log(), r"\A%s\Z" % pattern)

    def test_lines(self):
        record = "\\[%%s\\]\t%s\tr1\t%%s\n" % self.TIME
        self.check(["logging.info('no')", "logging.warning('a\\nb')"], record % ("WARNING", "a\rb"))
        self.check(["logging.getLogger().setLevel('INFO')", "logging.info('é')"], record % ("INFO", "é"))
        self.check(["logging.getLogger('x').error('%d', 5)"], record % ("ERROR", "5"))
        self.check(["try: 1/0", "except Exception: logging.exception('e')"], record % ("ERROR", "e\rTraceback[^\n]*\r.*"))
        self.check(["print('one'); print('two\\r')"], "one\ntwo\r\n", head="")

    def test_logging_is_the_standard_one_and_has_one_handler(self):
        body = ["logging.basicConfig(level='INFO')", "print(len(logging.getLogger().handlers), logging.__name__)"]
        self.check(body, "1 logging\n", head="import asyncio, logging", files={"logging.py": "raise 1"})

    def test_a_json_log_has_records(self):
        code = """\
            import logging
            def handler(event, context):
                log = logging.getLogger("own")
                log.debug("hidden")
                log.info("a %d", 5, extra={"k": [1]})
                try:
                    1 / 0
                except ZeroDivisionError:
                    logging.exception("caught")
                raise ValueError("no")
            """
        with Function(code, AWS_LAMBDA_LOG_FORMAT="JSON", AWS_LAMBDA_LOG_LEVEL="INFO") as function:
            self.assertEqual(function.invoke()[0], "error")
            info, caught, error = map(json.loads, function.log().splitlines())
        self.assertRegex(info.pop("timestamp"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        expected = {"level": "INFO", "message": "a 5", "logger": "own", "requestId": "r1", "k": [1]}
        self.assertEqual(info, expected)
        names = ("level", "message", "logger", "errorType", "errorMessage")
        values = ["ERROR", "caught", "root", "ZeroDivisionError", "division by zero"]
        self.assertEqual([caught[name] for name in names], values)
        self.assertIn("1 / 0", caught["stackTrace"][0])
        self.assertEqual((error["errorType"], error["errorMessage"], error["requestId"]), ("ValueError", "no", "r1"))

    def test_a_log_during_init_has_no_request_id(self):
        self.check(["pass"], "\\[WARNING\\]\t%s\t\tinit\n" % self.TIME, head="import logging; logging.warning('init')")


if __name__ == "__main__":
    unittest.main()
