"""The Python runtime: stands between the Runtime API and a handler.

Runs as a child process, one per execution environment, for the functions whose
runtime is python3.*. It behaves as Lambda's own Python runtime does: the same
context object, the same errors, the same log lines. It needs Python 3.8 and the
standard library, nothing else.

A log event of several lines is written as one line with a carriage return for
each line break inside; whoever reads the log turns them back.

Every millisecond up to the first /next is a cold start's. So this file speaks
HTTP over a plain socket (importing http.client would double the time), and leaves
traceback and logging alone until somebody needs them.

Known differences from Lambda: a named tuple is answered as an array, not as an
object; a stack trace never shows frames of this file; a failed Init is logged
without the general advice before the error.
"""

import importlib
import json
import os
import socket
import sys
import time

PREFIX = "/2018-06-01/runtime/"
# The runtimes which answer with \u escapes; from 3.12 on it is plain UTF-8.
ASCII_RUNTIMES = ["AWS_Lambda_python3." + minor for minor in ("8", "9", "10", "11")]
# Stands around a Decimal on its way through the JSON encoder.
DECIMAL_MARK = os.urandom(8).hex()


class Fault(Exception):
    """A failure which the runtime itself finds, with Lambda's name for it."""

    def __init__(self, error_type, message, trace=()):
        super().__init__(message)
        self.error_type = error_type
        self.trace = list(trace)


class RuntimeApi:
    """One kept-alive connection; a dropped one is opened again."""

    def __init__(self, address):
        host, _, port = address.rpartition(":")
        self.host = address
        self.address = (host.strip("[]"), int(port))
        self.connection = None
        self.reader = None

    def next(self):
        """Waits, for as long as it takes, for an invocation: headers, event."""
        status, headers, event = self.exchange("GET", "invocation/next")
        if status != 200:
            sys.exit("failed to get the next invocation: status %d" % status)
        return headers, event

    def post(self, path, body, headers):
        """Hands over an outcome. What is wrong with it (too large, too late) is
        settled by the other side; after a 500 there is no other side."""
        status, _, _ = self.exchange("POST", path, body, headers)
        if status >= 500:
            sys.exit("failed to post %s: status %d" % (path, status))

    def post_error(self, path, error):
        headers = {"Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": error["errorType"]}
        self.post(path, ENCODER.encode(error).encode("utf-8", "replace"), headers)

    def exchange(self, method, path, body=b"", headers=()):
        lines = ["%s %s%s HTTP/1.1" % (method, PREFIX, path), "Host: " + self.host]
        lines += ["%s: %s" % header for header in dict(headers).items()]
        if method == "POST":
            lines.append("Content-Length: %d" % len(body))
        request = "\r\n".join(lines + ["", ""]).encode("utf-8") + body
        try:
            return self.round_trip(request)
        except ConnectionError:
            self.close()
            return self.round_trip(request)

    def round_trip(self, request):
        if self.connection is None:
            # Without a timeout, whatever default the handler may set.
            self.connection = socket.create_connection(self.address, timeout=None)
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.reader = self.connection.makefile("rb")
        self.connection.sendall(request)
        status = int(self.read_line().split(None, 2)[1])
        headers = {}
        for line in iter(self.read_line, ""):
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", 0))
        body = self.reader.read(length)
        if len(body) < length:
            raise ConnectionResetError("the answer broke off")
        if headers.get("connection", "").lower() == "close":
            self.close()
        return status, headers, body

    def read_line(self):
        line = self.reader.readline()
        if not line.endswith(b"\n"):
            raise ConnectionResetError("the connection was closed")
        return line.decode("utf-8", "replace").rstrip("\r\n")

    def close(self):
        if self.connection is not None:
            self.reader.close()
            self.connection.close()
            self.connection = None


def load_handler(name):
    """The function that "module.function" or "folder/module.function" means."""
    module_name, dot, function_name = name.rpartition(".")
    if not dot:
        reason = "not enough values to unpack (expected 2, got 1)"
        raise Fault("Runtime.MalformedHandlerName", "Bad handler '%s': %s" % (name, reason))
    if module_name.split(".")[0] in sys.builtin_module_names:
        message = "Cannot use built-in module %s as a handler module" % module_name
        raise Fault("Runtime.BuiltInModuleConflict", message)
    module = import_module(module_name)
    if not hasattr(module, function_name):
        message = "Handler '%s' missing on module '%s'" % (function_name, module_name)
        raise Fault("Runtime.HandlerNotFound", message)
    return getattr(module, function_name)


def import_module(name):
    try:
        return importlib.import_module(name.replace("/", "."))
    except ImportError as error:
        message = "Unable to import module '%s': %s" % (name, error)
        raise Fault("Runtime.ImportModuleError", message) from error
    except SyntaxError as error:
        message = "Syntax error in module '%s': %s" % (name, error)
        trace = '  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)
        raise Fault("Runtime.UserCodeSyntaxError", message, [trace]) from error


class Record:
    """An object with the fields of a dict, which prints as Lambda's do."""

    FIELDS = ()

    def __init__(self, values):
        for field in self.FIELDS:
            setattr(self, field, values.get(field))

    def __repr__(self):
        fields = ("%s=%s" % (field, getattr(self, field)) for field in self.FIELDS)
        return "%s([%s])" % (type(self).__name__, ",".join(fields))


def record(name, fields):
    return type(name, (Record,), {"FIELDS": fields.split()})


Client = record("Client", "installation_id app_title app_version_name app_version_code app_package_name")
ClientContext = record("ClientContext", "custom env client")
CognitoIdentity = record("CognitoIdentity", "cognito_identity_id cognito_identity_pool_id")


class LambdaContext(Record):
    FIELDS = (
        "aws_request_id log_group_name log_stream_name function_name memory_limit_in_mb function_version"
        " invoked_function_arn client_context identity tenant_id"
    ).split()

    def __init__(self, headers):
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.aws_request_id = headers.get("lambda-runtime-aws-request-id")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self.client_context = client_context(headers)
        self.identity = cognito_identity(headers)
        self._deadline_ms = int(headers.get("lambda-runtime-deadline-ms", 0))

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


def client_context(headers):
    values = header_json(headers, "Client Context")
    context = None if values is None else ClientContext(values)
    if context and context.client is not None:
        context.client = Client(context.client)
    return context


def cognito_identity(headers):
    values = header_json(headers, "Cognito Identity") or {}
    names = {"cognitoIdentityId": "cognito_identity_id", "cognitoIdentityPoolId": "cognito_identity_pool_id"}
    return CognitoIdentity({field: values.get(name) for name, field in names.items()})


def header_json(headers, name):
    text = headers.get("lambda-runtime-" + name.lower().replace(" ", "-"))
    try:
        return json.loads(text) if text else None
    except ValueError as error:
        raise Fault("Runtime.LambdaContextUnmarshalError", "Unable to parse %s JSON: %s" % (name, error)) from error


class Encoder(json.JSONEncoder):
    """JSON as Lambda writes it: a Decimal is a number, bytes are text."""

    def default(self, o):
        if isinstance(o, bytes):
            return o.decode("utf-8")
        # Whoever holds a Decimal has imported the module.
        decimal = sys.modules.get("decimal")
        if decimal and isinstance(o, decimal.Decimal):
            return float("nan") if o.is_nan() else "%s%s%s" % (DECIMAL_MARK, o, DECIMAL_MARK)
        return super().default(o)

    def encode(self, o):
        text = super().encode(o)
        return text.replace('"' + DECIMAL_MARK, "").replace(DECIMAL_MARK + '"', "")


ENCODER = Encoder(ensure_ascii=os.environ.get("AWS_EXECUTION_ENV") in ASCII_RUNTIMES)


def unmarshal(event, headers):
    if headers.get("content-type", "application/json") != "application/json":
        return event
    try:
        return json.loads(event)
    except ValueError as error:
        raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error) from error


def marshal(answer):
    if isinstance(answer, bytes):
        return answer, "application/unknown"
    try:
        return ENCODER.encode(answer).encode("utf-8"), "application/json"
    except Exception as error:
        raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % error) from error


def describe(error, request_id=""):
    """The error as the caller gets it."""
    fault = isinstance(error, Fault)
    return {
        "errorMessage": str(error),
        "errorType": error.error_type if fault else type(error).__name__,
        "requestId": request_id,
        "stackTrace": error.trace if fault else stack_trace(error),
    }


def stack_trace(error):
    """Formatted frames, from the first that is not this file's."""
    import traceback

    trace = error.__traceback__
    while trace and trace.tb_frame.f_code.co_filename == main.__code__.co_filename:
        trace = trace.tb_next
    # Plain tuples have no columns, and so no markers under the source line.
    frames = [(frame.filename, frame.lineno, frame.name, frame.line) for frame in traceback.extract_tb(trace)]
    return traceback.format_list(frames)


class Log:
    """Writes log events and knows which invocation they belong to."""

    request_id = ""
    json = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
    LEVELS = {"TRACE": 5, "DEBUG": 10, "INFO": 20, "WARN": 30, "ERROR": 40, "FATAL": 50}

    @staticmethod
    def write(event):
        sys.stdout.write(event.rstrip("\n").replace("\n", "\r") + "\n")

    @classmethod
    def write_error(cls, error):
        if cls.json:
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            return cls.write(ENCODER.encode({"timestamp": stamp, "log_level": "ERROR", **error}))
        lines = ["[ERROR] %s: %s" % (error["errorType"], error["errorMessage"]), "Traceback (most recent call last):"]
        for line in "".join(error["stackTrace"]).splitlines():
            text = line.lstrip(" ")
            lines.append("\u00a0" * (len(line) - len(text)) + text)
        cls.write("\n".join(lines))

    @classmethod
    def handle(cls, logging):
        """Gives the root logger its handler. In a text log its level stays
        WARNING, and a message that cannot be formatted is the caller's error,
        as on Lambda."""

        class LambdaLoggerHandler(logging.Handler):
            def emit(self, record):
                cls.write(self.format(record))

        def stamp(record):
            record.aws_request_id = cls.request_id
            return True

        logging.Formatter.converter = time.gmtime
        layout = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
        handler = LambdaLoggerHandler()
        if cls.json:
            handler.setFormatter(json_formatter(logging))
            logging.getLogger().setLevel(cls.LEVELS.get(os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper(), 20))
        else:
            handler.setFormatter(logging.Formatter(layout, "%Y-%m-%dT%H:%M:%S"))
        handler.addFilter(stamp)
        logging.getLogger().addHandler(handler)


def json_formatter(logging):
    """Writes a log record as Lambda does in a JSON log; what the caller passed
    as `extra` is there too."""
    plain = set(vars(logging.makeLogRecord({}))) | {"aws_request_id", "message", "asctime", "taskName"}

    class JsonFormatter(logging.Formatter):
        def format(self, record):
            fields = {
                "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
                "level": record.levelname,
                "message": record.getMessage(),
                "logger": record.name,
            }
            if record.exc_info and record.exc_info[0]:
                import traceback

                kind, error, trace = record.exc_info
                fields["stackTrace"] = traceback.format_tb(trace)
                fields["errorType"] = kind.__name__
                fields["errorMessage"] = str(error)
                fields["location"] = "%s:%s:%s" % (record.pathname, record.funcName, record.lineno)
            if record.aws_request_id:
                fields["requestId"] = record.aws_request_id
            for name, value in vars(record).items():
                if name not in plain and name not in fields:
                    fields[name] = value
            try:
                return ENCODER.encode(fields)
            except TypeError:
                return json.dumps(fields, default=str)

    return JsonFormatter()


class LoggingHook:
    """Sets up logging when it is first imported, and only then."""

    @classmethod
    def find_spec(cls, name, _path=None, _target=None):
        if name != "logging":
            return None
        from importlib.machinery import PathFinder

        sys.meta_path.remove(cls)
        # A file of that name beside the handler never wins on Lambda either.
        spec = PathFinder.find_spec(name, [os.path.dirname(os.__file__)])
        execute = spec.loader.exec_module

        def execute_and_handle(module):
            execute(module)
            Log.handle(module)

        spec.loader.exec_module = execute_and_handle
        return spec


def flush():
    """What the handler wrote must be out before its outcome is."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass  # The handler replaced or closed it.


def prepare():
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    if "logging" in sys.modules:
        Log.handle(sys.modules["logging"])
    else:
        sys.meta_path.insert(0, LoggingHook)
    # The function's folder takes the place of this file's.
    own = os.path.dirname(os.path.realpath(__file__))
    others = [path for path in sys.path if os.path.realpath(path) != own]
    sys.path[:] = [os.environ.get("LAMBDA_TASK_ROOT") or os.getcwd()] + others


def initialize(api):
    try:
        return load_handler(os.environ.get("_HANDLER", ""))
    except Exception as error:
        description = describe(error)
    Log.write_error(description)
    flush()
    api.post_error("init/error", description)
    sys.exit(1)


def invoke(api, handler):
    headers, event = api.next()
    request_id = Log.request_id = headers["lambda-runtime-aws-request-id"]
    os.environ.pop("_X_AMZN_TRACE_ID", None)
    if "lambda-runtime-trace-id" in headers:
        os.environ["_X_AMZN_TRACE_ID"] = headers["lambda-runtime-trace-id"]
    path = "invocation/%s/" % request_id
    try:
        answer, content_type = marshal(handler(unmarshal(event, headers), LambdaContext(headers)))
    except Exception as error:
        description = describe(error, request_id)
    else:
        flush()
        return api.post(path + "response", answer, {"Content-Type": content_type})
    Log.write_error(description)
    flush()
    return api.post_error(path + "error", description)


def main():
    prepare()
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = initialize(api)
        while True:
            invoke(api, handler)
    except ConnectionError as error:
        # Not the handler's: those have been answered by now.
        sys.exit("lost the Runtime API: %s" % error)


if __name__ == "__main__":
    main()
