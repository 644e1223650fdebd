"""boto3 against an emulator (AWS_ENDPOINT_URL) that verifies signatures with the keys below."""

import json
import os
import unittest
import urllib.error
import urllib.parse
import urllib.request
import uuid

import boto3
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from boto3_test import package

ENDPOINT = os.environ["AWS_ENDPOINT_URL"]
ROLE = "arn:aws:iam::000000000000:role/test"
NO_RETRIES = {"retries": {"total_max_attempts": 1}, "read_timeout": 60}

KEY = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
TEMPORARY = Credentials("ASIAEXAMPLE", "another/secret", "a+token/of=many==")
WRONG_SECRET = Credentials("AKIDEXAMPLE", "another")
UNKNOWN = Credentials("AKIDNOBODY", KEY.secret_key)
WRONG_TOKEN = Credentials("ASIAEXAMPLE", TEMPORARY.secret_key, "another")
NO_TOKEN = Credentials("ASIAEXAMPLE", TEMPORARY.secret_key)


def client(service, key=KEY, **settings):
    return boto3.client(
        service,
        aws_access_key_id=key.access_key,
        aws_secret_access_key=key.secret_key,
        aws_session_token=key.token,
        config=Config(**NO_RETRIES, **settings),
    )


def signed(service, url, key=KEY, method="GET", data=b"", headers=None):
    """A request that botocore signed, for what has no client."""
    request = AWSRequest(method=method, url=url, data=data, headers=headers or {})
    SigV4Auth(key, service, "us-east-1").add_auth(request)
    return request.prepare()


def fetch(request, data=None):
    """Status, headers and body; `data` goes in place of what was signed."""
    body = request.body if data is None else data
    plain = urllib.request.Request(request.url, body or None, dict(request.headers), method=request.method)
    try:
        with urllib.request.urlopen(plain) as response:
            return response.status, response.headers, response.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode(errors="replace")


def get(url):
    return fetch(AWSRequest(method="GET", url=url).prepare())


def create(lambda_, source=None, **settings):
    name = "f-" + uuid.uuid4().hex[:8]
    code = package(source) if source else b""
    simulated = {"Variables": {"EMULATOR_INIT_MS": "0", "EMULATOR_DURATION_MS": "0"}}
    created = lambda_.create_function(
        FunctionName=name,
        Role=ROLE,
        Code={"ZipFile": code},
        Runtime="python3.12" if source else "provided.al2023",
        Handler="app.handler" if source else "emulator.handler",
        Timeout=900,
        Environment={} if source else simulated,
        **settings,
    )
    return name, created["FunctionArn"]


class Good(unittest.TestCase):
    def test_lambda_by_arn_and_with_queries(self):
        lambda_ = client("lambda")
        name, arn = create(lambda_, Tags={"a b": "é"})
        self.assertEqual(lambda_.get_function(FunctionName=arn)["Configuration"]["FunctionName"], name)
        invoked = lambda_.invoke(FunctionName=arn, Qualifier="$LATEST", Payload='{"é": "+ /%"}'.encode())
        self.assertEqual(invoked["StatusCode"], 200)
        self.assertEqual(lambda_.invoke(FunctionName=f"{arn}:$LATEST")["StatusCode"], 200)
        create(lambda_)
        page = lambda_.list_functions(MaxItems=1, FunctionVersion="ALL")
        self.assertEqual(len(page["Functions"]), 1)
        lambda_.list_functions(MaxItems=1, Marker=page["NextMarker"])
        lambda_.untag_resource(Resource=arn, TagKeys=["a b", "c+d/e=f", "é"])
        queue_arn = "arn:aws:sqs:us-east-1:000000000000:q"
        self.assertEqual(lambda_.list_event_source_mappings(EventSourceArn=queue_arn)["EventSourceMappings"], [])
        streamed = lambda_.invoke_with_response_stream(FunctionName=name, Payload=b"{}")
        self.assertIn("InvokeComplete", list(streamed["EventStream"])[-1])

    def test_long_payloads(self):
        lambda_ = client("lambda")
        name, _ = create(lambda_)
        invoked = lambda_.invoke(FunctionName=name, Payload=json.dumps("a" * 3_000_000))
        self.assertEqual(invoked["StatusCode"], 200)

    def test_sqs_with_any_text(self):
        sqs = client("sqs")
        url = sqs.create_queue(QueueName="q-" + uuid.uuid4().hex[:8], tags={"é": "a b"})["QueueUrl"]
        body = "ä + / % = & 日本語 \U0001f600\n"
        sqs.send_message(QueueUrl=url, MessageBody=body)
        self.assertEqual(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"], body)
        self.assertEqual(sqs.list_queues(QueueNamePrefix=url.rsplit("/")[-1])["QueueUrls"], [url])

    def test_sqs_over_the_query_protocol(self):
        name = "q-" + uuid.uuid4().hex[:8]
        form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
        data = urllib.parse.urlencode({"Action": "CreateQueue", "QueueName": name}).encode()
        status, _, body = fetch(signed("sqs", ENDPOINT + "/", method="POST", data=data, headers=form))
        self.assertEqual(status, 200, body)
        message = {"Action": "SendMessage", "MessageBody": "ä + / ~*"}
        message = urllib.parse.urlencode(message, quote_via=urllib.parse.quote)
        status, _, body = fetch(signed("sqs", f"{ENDPOINT}/000000000000/{name}?{message}"))
        self.assertEqual(status, 200, body)

    def test_logs_and_sts(self):
        self.assertIn("logGroups", client("logs").describe_log_groups(logGroupNamePrefix="/aws/é"))
        self.assertEqual(client("sts").get_caller_identity()["Account"], "000000000000")

    def test_both_kinds_of_apis(self):
        rest, http = client("apigateway"), client("apigatewayv2")
        api = rest.create_rest_api(name="r")["id"]
        self.assertEqual(rest.get_resources(restApiId=api, limit=5)["items"][0]["path"], "/")
        self.assertEqual(http.create_api(Name="h", ProtocolType="HTTP")["Name"], "h")

    def test_a_temporary_key(self):
        for service, call in [("lambda", "list_functions"), ("sqs", "list_queues"), ("sts", "get_caller_identity")]:
            getattr(client(service, TEMPORARY), call)()

    def test_what_a_function_calls(self):
        source = """
import os
def handler(event, context):
    return [os.environ['AWS_' + name] for name in ('ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'SESSION_TOKEN')]
"""
        lambda_ = client("lambda")
        name, _ = create(lambda_, source)
        role = Credentials(*json.load(lambda_.invoke(FunctionName=name)["Payload"]))
        self.assertNotIn(role.secret_key, (KEY.secret_key, TEMPORARY.secret_key))
        self.assertEqual(client("sts", role).get_caller_identity()["Account"], "000000000000")


class Presigned(unittest.TestCase):
    def test_urls_are_good_until_they_are_changed(self):
        lambda_ = client("lambda")
        _, arn = create(lambda_)
        for key in KEY, TEMPORARY:
            for url in (
                client("lambda", key).generate_presigned_url("get_function", {"FunctionName": arn}),
                client("lambda", key).generate_presigned_url("list_functions", {"MaxItems": 3}),
                client("sts", key).generate_presigned_url("get_caller_identity", HttpMethod="GET"),
            ):
                status, _, body = get(url)
                self.assertEqual(status, 200, f"{url}\n{body}")
                changed = url + "&Other=1"
                status, _, body = get(changed)
                self.assertEqual(status, 403)
                self.assertIn("signature we calculated does not match", body)


class Refused(unittest.TestCase):
    CALLS = [
        ("lambda", lambda lambda_: lambda_.list_functions()),
        ("lambda", lambda lambda_: lambda_.invoke_with_response_stream(FunctionName="f")),
        ("apigateway", lambda rest: rest.get_rest_apis()),
        ("apigatewayv2", lambda http: http.get_apis()),
        ("logs", lambda logs: logs.describe_log_groups()),
        ("sqs", lambda sqs: sqs.list_queues()),
        ("sts", lambda sts: sts.get_caller_identity()),
    ]

    def refused(self, service, call, key, **settings):
        with self.assertRaises(ClientError) as refused:
            call(client(service, key, **settings))
        response = refused.exception.response
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        self.assertEqual(status, 400 if service == "logs" else 403)
        return response["Error"]["Code"], response["Error"]["Message"]

    def test_wrong_secrets(self):
        for service, call in self.CALLS:
            code, message = self.refused(service, call, WRONG_SECRET)
            query = service in ("sqs", "sts")
            self.assertEqual(code, "SignatureDoesNotMatch" if query else "InvalidSignatureException", service)
            self.assertTrue(message.startswith("The request signature we calculated does not match"), message)

    def test_unknown_keys_and_tokens(self):
        for key in UNKNOWN, WRONG_TOKEN, NO_TOKEN:
            for service, call in self.CALLS:
                code, message = self.refused(service, call, key)
                query = service in ("sqs", "sts")
                self.assertEqual(code, "InvalidClientTokenId" if query else "UnrecognizedClientException", service)
                self.assertEqual(message, "The security token included in the request is invalid.")

    def test_no_signature(self):
        for service, call in self.CALLS:
            code, message = self.refused(service, call, KEY, signature_version=UNSIGNED)
            query = service in ("sqs", "sts")
            self.assertEqual(code, "MissingAuthenticationToken" + ("" if query else "Exception"), service)
            self.assertIn("issing Authentication Token", message)

    def test_other_regions_and_services(self):
        other = boto3.client(
            "lambda",
            region_name="eu-west-1",
            aws_access_key_id=KEY.access_key,
            aws_secret_access_key=KEY.secret_key,
            config=Config(**NO_RETRIES),
        )
        with self.assertRaises(ClientError) as refused:
            other.list_functions()
        told = refused.exception.response["Error"]["Message"]
        self.assertEqual(told, "Credential should be scoped to a valid region, not 'eu-west-1'. ")
        _, _, body = fetch(signed("s3", ENDPOINT + "/2015-03-31/functions"))
        told = json.loads(body)["message"]
        self.assertEqual(told, "Credential should be scoped to correct service: 'lambda'. ")

    def test_another_body_than_was_signed(self):
        lambda_ = client("lambda")
        name, _ = create(lambda_)
        url = f"{ENDPOINT}/2015-03-31/functions/{name}/invocations"
        request = signed("lambda", url, method="POST", data=b'{"a":1}')
        self.assertEqual(fetch(request)[0], 200)
        status, headers, _ = fetch(request, data=b'{"a":2}')
        self.assertEqual((status, headers["x-amzn-errortype"]), (403, "InvalidSignatureException"))
        unsigned = {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
        request = signed("lambda", url, method="POST", data=b"", headers=unsigned)
        self.assertEqual(fetch(request, data=b'{"a":1}')[0], 403)


class Doors(unittest.TestCase):
    def test_a_function_url_with_a_signature(self):
        lambda_ = client("lambda")
        name, _ = create(lambda_)
        url = lambda_.create_function_url_config(FunctionName=name, AuthType="AWS_IAM")["FunctionUrl"]
        url_id = urllib.parse.urlsplit(url).hostname.split(".")[0]
        url = f"{ENDPOINT}/_url/{url_id}/a%20b?c=d%2Fe&a=%2B%20"
        for service, key, code in [
            ("lambda", KEY, None),
            ("lambda", TEMPORARY, None),
            ("lambda", WRONG_SECRET, "InvalidSignatureException"),
            ("lambda", UNKNOWN, "UnrecognizedClientException"),
            ("execute-api", KEY, "InvalidSignatureException"),
        ]:
            status, headers, body = fetch(signed(service, url, key, "POST", "é".encode()))
            self.assertEqual((status, headers["x-amzn-errortype"]), (403 if code else 200, code), body)
        status, headers, body = get(url)
        self.assertEqual((status, headers["x-amzn-errortype"]), (403, "AccessDeniedException"))
        self.assertIn("Forbidden", json.loads(body)["Message"])
        lambda_.update_function_url_config(FunctionName=name, AuthType="NONE")
        self.assertEqual(get(url)[0], 200)

    def test_an_http_api_with_a_signature(self):
        lambda_, http = client("lambda"), client("apigatewayv2")
        _, arn = create(lambda_)
        api = http.create_api(Name="h", ProtocolType="HTTP")["ApiId"]
        integration = http.create_integration(
            ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
        )["IntegrationId"]
        target = f"integrations/{integration}"
        http.create_route(ApiId=api, RouteKey="GET /signed", Target=target, AuthorizationType="AWS_IAM")
        http.create_route(ApiId=api, RouteKey="GET /open", Target=target)
        http.create_stage(ApiId=api, StageName="$default", AutoDeploy=True)
        base = f"{ENDPOINT}/restapis/{api}/%24default/_user_request_"
        self.assertEqual(fetch(signed("execute-api", f"{base}/signed"))[0], 200)
        self.assertEqual(get(f"{base}/open")[0], 200)
        for refused in (
            fetch(signed("execute-api", f"{base}/signed", WRONG_SECRET)),
            fetch(signed("lambda", f"{base}/signed")),
            get(f"{base}/signed"),
        ):
            self.assertEqual((refused[0], refused[2]), (403, '{"message":"Forbidden"}'))

    def test_a_rest_api_with_a_signature(self):
        lambda_, rest = client("lambda"), client("apigateway")
        _, arn = create(lambda_)
        api = rest.create_rest_api(name="r")["id"]
        root = rest.get_resources(restApiId=api)["items"][0]["id"]
        where = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
        rest.put_method(**where, authorizationType="AWS_IAM")
        uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
        rest.put_integration(**where, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
        rest.create_deployment(restApiId=api, stageName="s")
        url = f"{ENDPOINT}/restapis/{api}/s/_user_request_/"
        status, headers, body = fetch(signed("execute-api", url, UNKNOWN))
        self.assertEqual((status, headers["x-amzn-errortype"]), (403, "UnrecognizedClientException"), body)
        status, _, body = fetch(signed("execute-api", url))
        # The built-in handler's answer is no answer to a proxy integration.
        self.assertNotEqual(status, 403, body)

    def test_the_emulators_own_routes(self):
        self.assertEqual(get(f"{ENDPOINT}/_emulator/health")[0], 200)
        lambda_ = client("lambda")
        name, _ = create(lambda_, "def handler(event, context): pass")
        self.assertEqual(get(lambda_.get_function(FunctionName=name)["Code"]["Location"])[0], 200)


if __name__ == "__main__":
    unittest.main()
