"""boto3 against a running emulator: answers that come piece by piece, from a Node.js function."""

import base64
import io
import json
import os
import unittest
import uuid
import zipfile

from boto3_test import lambda_

# It says a word, waits for a file to appear, and says another, or fails.
STREAMS = """
const fs = require("node:fs");
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("first ");
  while (event.gate && !fs.existsSync(event.gate)) await new Promise((done) => setTimeout(done, 10));
  if (event.fails) throw new TypeError("in the middle");
  stream.write("second");
  stream.end();
});
"""


def create_streaming():
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("index.js", STREAMS)
    name = f"streams-{uuid.uuid4().hex[:8]}"
    lambda_.create_function(FunctionName=name, Runtime="nodejs22.x", Handler="index.handler", Timeout=30,
                            Role="arn:aws:iam::000000000000:role/r", Code={"ZipFile": zipped.getvalue()})
    return name


def read(stream, until_chunk=None):
    """The text, and the end if it has come."""
    text, end = "", None
    for event in stream:
        if "PayloadChunk" in event:
            text += event["PayloadChunk"]["Payload"].decode()
            if until_chunk and until_chunk in text:
                return text, None
        end = event.get("InvokeComplete", end)
    return text, end


class Streaming(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.name = create_streaming()

    def invoke(self, payload, **more):
        return lambda_.invoke_with_response_stream(FunctionName=self.name, Payload=json.dumps(payload), **more)

    def test_pieces_come_before_the_function_has_ended(self):
        gate = os.path.join(os.environ["GATES"], uuid.uuid4().hex)
        response = self.invoke({"gate": gate}, LogType="Tail")
        self.assertEqual((response["StatusCode"], response["ExecutedVersion"]), (200, "$LATEST"))
        stream = iter(response["EventStream"])
        first = next(stream)["PayloadChunk"]["Payload"]
        self.assertEqual(first, b"first ")
        open(gate, "w").close()
        rest, end = read(stream)
        self.assertEqual((rest, end.get("ErrorCode")), ("second", None))
        self.assertIn("REPORT RequestId", base64.b64decode(end["LogResult"]).decode())

    def test_a_failure_in_the_middle_is_told_at_the_end(self):
        text, end = read(self.invoke({"fails": True})["EventStream"])
        self.assertEqual(text, "first ")
        self.assertEqual(end["ErrorCode"], "TypeError")
        self.assertIn("in the middle", end["ErrorDetails"])

    def test_a_plain_invoke_gets_it_whole(self):
        response = lambda_.invoke(FunctionName=self.name, Payload="{}")
        self.assertEqual(response["Payload"].read(), b"first second")


if __name__ == "__main__":
    unittest.main()
