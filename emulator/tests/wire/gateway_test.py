"""Front doors against a running emulator (AWS_ENDPOINT_URL): made with boto3, called with plain HTTP."""

import base64
import http.client
import io
import json
import os
import shutil
import unittest
import urllib.parse
import uuid
import zipfile

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/test"
NO_RETRIES = Config(retries={"total_max_attempts": 1}, read_timeout=120)
ENDPOINT = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"])

lambda_ = boto3.client("lambda", config=NO_RETRIES)
rest = boto3.client("apigateway", config=NO_RETRIES)
http_apis = boto3.client("apigatewayv2", config=NO_RETRIES)

ECHO = """
import json
def handler(event, context):
    path = event.get('rawPath') or event.get('path')
    if path.endswith('/text'):
        return 'hello'
    if path.endswith('/raise'):
        raise ValueError('no')
    if path.endswith('/bytes'):
        return {'statusCode': 200, 'headers': {'Content-Type': 'image/png'}, 'body': 'iVA=', 'isBase64Encoded': True}
    return {'statusCode': 201, 'headers': {'Content-Type': 'application/json', 'X-Own': '1'},
            'cookies': ['a=1', 'b=2'], 'body': json.dumps(event)}
"""


STREAM = """
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const head = { statusCode: 202, headers: { 'Content-Type': 'text/plain', 'X-Own': '1' }, cookies: ['a=1'] };
  const http = awslambda.HttpResponseStream.from(stream, head);
  http.write('one ');
  await new Promise((done) => setTimeout(done, 2000));
  http.write('two');
  http.end();
});
"""


def create_function(runtime="python3.12", file="app.py", source=ECHO):
    name = "f-" + uuid.uuid4().hex[:8]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(file, source)
    created = lambda_.create_function(FunctionName=name, Runtime=runtime, Role=ROLE, Handler="app.handler",
                                      Code={"ZipFile": buffer.getvalue()}, Timeout=30)
    return name, created["FunctionArn"]


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


def call(method, path, host=None, body=None, headers=None):
    """One request to the emulator; `host` stands for a name that need not resolve."""
    connection = http.client.HTTPConnection(ENDPOINT.hostname, ENDPOINT.port, timeout=120)
    headers = dict(headers or {})
    if host:
        headers["Host"] = f"{host}:{ENDPOINT.port}"
    connection.request(method, path, body=body, headers=headers)
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


class FunctionUrl(unittest.TestCase):
    def test_a_url_is_made_and_called_by_host_and_by_path(self):
        name, arn = create_function()
        created = lambda_.create_function_url_config(FunctionName=name, AuthType="NONE")
        self.assertEqual((created["FunctionArn"], created["InvokeMode"]), (arn, "BUFFERED"))
        host = urllib.parse.urlsplit(created["FunctionUrl"]).hostname
        url_id = host.split(".")[0]
        self.assertEqual(host, f"{url_id}.lambda-url.us-east-1.localhost")

        by_host = call("POST", "/a%2Fb?q=1&q=2", host, b'{"n":1}', {"Content-Type": "application/json", "Cookie": "c=1; d=2"})
        self.assertEqual((by_host.status, by_host.headers["X-Own"]), (201, "1"))
        self.assertEqual(by_host.headers.get_all("Set-Cookie"), ["a=1", "b=2"])
        event = by_host.json()
        self.assertEqual((event["version"], event["routeKey"], event["rawPath"]), ("2.0", "$default", "/a%2Fb"))
        self.assertEqual((event["rawQueryString"], event["queryStringParameters"]), ("q=1&q=2", {"q": "1,2"}))
        self.assertEqual((event["body"], event["isBase64Encoded"]), ('{"n":1}', False))
        self.assertEqual(event["cookies"], ["c=1", "d=2"])
        context = event["requestContext"]
        self.assertEqual((context["accountId"], context["apiId"], context["domainName"]), ("anonymous", url_id, host))
        self.assertEqual(context["http"]["sourceIp"], "127.0.0.1")

        by_path = call("PUT", f"/_url/{url_id}/x", body=b"\xff\x00", headers={"Content-Type": "application/octet-stream"})
        event = by_path.json()
        self.assertEqual((event["rawPath"], event["requestContext"]["http"]["method"]), ("/x", "PUT"))
        self.assertEqual((base64.b64decode(event["body"]), event["isBase64Encoded"]), (b"\xff\x00", True))

        text = call("GET", "/text", host)
        self.assertEqual((text.status, text.body, text.headers["Content-Type"]), (200, b"hello", "application/json"))
        failed = call("GET", "/raise", host)
        self.assertEqual((failed.status, failed.body), (502, b"Internal Server Error"))
        picture = call("GET", "/bytes", host)
        self.assertEqual((picture.body, picture.headers["Content-Type"]), (b"\x89P", "image/png"))

        with self.assertRaises(ClientError) as duplicate:
            lambda_.create_function_url_config(FunctionName=name, AuthType="NONE")
        self.assertEqual(duplicate.exception.response["Error"]["Code"], "ResourceConflictException")
        self.assertEqual(len(lambda_.list_function_url_configs(FunctionName=name)["FunctionUrlConfigs"]), 1)
        lambda_.delete_function(FunctionName=name)
        gone = call("GET", "/", host)
        self.assertEqual((gone.status, gone.json()), (403, {"Message": None}))

    @unittest.skipUnless(shutil.which("node"), "there is no node")
    def test_a_stream_is_passed_on_as_it_comes(self):
        name, _ = create_function("nodejs22.x", "app.js", STREAM)
        created = lambda_.create_function_url_config(FunctionName=name, AuthType="NONE", InvokeMode="RESPONSE_STREAM")
        connection = http.client.HTTPConnection(ENDPOINT.hostname, ENDPOINT.port, timeout=120)
        connection.request("GET", "/", headers={"Host": urllib.parse.urlsplit(created["FunctionUrl"]).netloc})
        response = connection.getresponse()
        self.assertEqual((response.status, response.headers["X-Own"], response.headers["Set-Cookie"]), (202, "1", "a=1"))
        self.assertEqual(response.headers["Content-Type"], "text/plain")
        # The second piece is seconds away: the first does not wait for it.
        self.assertEqual(response.read1(), b"one ")
        self.assertEqual(response.read(), b"two")
        connection.close()

    def test_foreign_pages_come_in_only_where_cors_lets_them(self):
        name, _ = create_function()
        created = lambda_.create_function_url_config(
            FunctionName=name, AuthType="NONE", Cors={"AllowOrigins": ["https://friend.example"], "AllowMethods": ["*"]}
        )
        host = urllib.parse.urlsplit(created["FunctionUrl"]).hostname
        friend = call("GET", "/", host, headers={"Origin": "https://friend.example"})
        self.assertEqual((friend.status, friend.headers["Access-Control-Allow-Origin"]), (201, "https://friend.example"))
        self.assertEqual(call("GET", "/", host, headers={"Origin": "https://evil.example"}).status, 403)
        # Nothing that says "I am another service" gets past the door.
        sneaky = {"Origin": "https://friend.example", "X-Amz-Target": "AmazonSQS.ListQueues"}
        self.assertEqual(call("POST", "/", host, headers=sneaky).headers["X-Own"], "1")
        api = call("GET", "/2015-03-31/functions", headers={"Origin": "https://friend.example"})
        self.assertEqual(api.status, 403)


class RestApi(unittest.TestCase):
    def test_an_api_is_made_deployed_and_called(self):
        name, arn = create_function()
        api = rest.create_rest_api(name="demo", binaryMediaTypes=["image/png"], endpointConfiguration={"types": ["REGIONAL"]})
        api_id, root = api["id"], api["rootResourceId"]
        self.assertEqual(rest.get_resources(restApiId=api_id)["items"][0]["path"], "/")
        resource = rest.create_resource(restApiId=api_id, parentId=root, pathPart="{proxy+}")["id"]
        rest.put_method(restApiId=api_id, resourceId=resource, httpMethod="ANY", authorizationType="NONE")
        uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
        rest.put_integration(restApiId=api_id, resourceId=resource, httpMethod="ANY", type="AWS_PROXY",
                             integrationHttpMethod="POST", uri=uri)
        deployment = rest.create_deployment(restApiId=api_id)["id"]
        rest.create_stage(restApiId=api_id, stageName="prod", deploymentId=deployment, variables={"v": "1"})
        stage = rest.get_stage(restApiId=api_id, stageName="prod")
        self.assertEqual((stage["deploymentId"], stage["variables"]), (deployment, {"v": "1"}))

        host = f"{api_id}.execute-api.us-east-1.localhost"
        for answer in [
            call("POST", "/prod/pets/a%20b?q=1&q=2", host, b"text", {"X-Many": "1"}),
            call("POST", f"/restapis/{api_id}/prod/_user_request_/pets/a%20b?q=1&q=2", None, b"text", {"X-Many": "1"}),
        ]:
            self.assertEqual((answer.status, answer.headers["X-Own"]), (201, "1"))
            self.assertEqual(answer.headers.get_all("Set-Cookie"), None)
            event = answer.json()
            self.assertEqual((event["resource"], event["path"], event["httpMethod"]), ("/{proxy+}", "/pets/a b", "POST"))
            self.assertEqual(event["pathParameters"], {"proxy": "pets/a b"})
            self.assertEqual(event["stageVariables"], {"v": "1"})
            self.assertEqual(event["multiValueQueryStringParameters"], {"q": ["1", "2"]})
            self.assertEqual((event["queryStringParameters"], event["headers"]["X-Many"]), ({"q": "2"}, "1"))
            self.assertEqual((event["body"], event["isBase64Encoded"]), ("text", False))
            context = event["requestContext"]
            self.assertEqual((context["path"], context["stage"], context["apiId"]), ("/prod/pets/a b", "prod", api_id))
            self.assertEqual((context["resourceId"], context["domainName"]), (resource, host))
        self.assertEqual(call("GET", "/prod/text", host).status, 502)
        failed = call("GET", "/prod/raise", host)
        self.assertEqual((failed.status, failed.body), (502, b'{"message": "Internal server error"}'))
        self.assertEqual(call("GET", "/prod/bytes", host, headers={"Accept": "image/png"}).body, b"\x89P")
        self.assertEqual(call("GET", "/prod/bytes", host, headers={"Accept": "*/*"}).body, b"iVA=")

        with self.assertRaises(ClientError) as unknown:
            rest.get_rest_api(restApiId="unknown")
        error = unknown.exception.response["Error"]
        self.assertEqual((error["Code"], error["Message"]),
                         ("NotFoundException", "Invalid API identifier specified 000000000000:unknown"))
        rest.delete_rest_api(restApiId=api_id)
        self.assertEqual(call("GET", "/prod/x", host).status, 403)


class HttpApi(unittest.TestCase):
    def test_an_api_is_made_and_called_in_both_formats(self):
        name, arn = create_function()
        api = http_apis.create_api(Name="demo", ProtocolType="HTTP")
        api_id = api["ApiId"]
        host = f"{api_id}.execute-api.us-east-1.localhost"
        self.assertEqual(api["ApiEndpoint"], f"http://{host}:{ENDPOINT.port}")
        for version in ["1.0", "2.0"]:
            integration = http_apis.create_integration(
                ApiId=api_id, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion=version
            )["IntegrationId"]
            target = f"integrations/{integration}"
            http_apis.create_route(ApiId=api_id, RouteKey=f"ANY /v{version[0]}/{{id}}", Target=target)
        http_apis.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
        http_apis.create_stage(ApiId=api_id, StageName="dev", AutoDeploy=True, StageVariables={"v": "1"})

        event = call("POST", "/v2/a%20b", host, b"n=1", {"Content-Type": "application/x-www-form-urlencoded"}).json()
        self.assertEqual((event["version"], event["routeKey"], event["rawPath"]), ("2.0", "ANY /v2/{id}", "/v2/a b"))
        self.assertEqual((event["pathParameters"], base64.b64decode(event["body"])), ({"id": "a b"}, b"n=1"))
        self.assertNotIn("stageVariables", event)
        event = call("GET", "/dev/v2/x", host).json()
        self.assertEqual((event["rawPath"], event["requestContext"]["stage"]), ("/dev/v2/x", "dev"))
        self.assertEqual(event["stageVariables"], {"v": "1"})
        event = call("GET", "/v1/x?q=1", host).json()
        self.assertEqual((event["version"], event["resource"], event["path"]), ("1.0", "/v1/{id}", "/v1/x"))
        self.assertEqual(call("GET", "/v2/text", host).body, b"hello")
        failed = call("GET", "/v2/raise", host)
        self.assertEqual((failed.status, failed.body), (500, b'{"message":"Internal Server Error"}'))
        unknown = call("GET", "/nowhere", host)
        self.assertEqual((unknown.status, unknown.json()), (404, {"message": "Not Found"}))

        quick = http_apis.create_api(Name="quick", ProtocolType="HTTP", Target=arn)["ApiId"]
        self.assertEqual(http_apis.get_stages(ApiId=quick)["Items"][0]["StageName"], "$default")
        self.assertEqual(call("GET", f"/restapis/{quick}/$default/_user_request_/a").json()["routeKey"], "$default")
        self.assertEqual(len(http_apis.get_apis()["Items"]), 2)
        http_apis.delete_api(ApiId=quick)
        self.assertEqual(len(http_apis.get_apis()["Items"]), 1)


if __name__ == "__main__":
    unittest.main()
