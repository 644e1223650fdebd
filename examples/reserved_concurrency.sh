#!/usr/bin/env bash
# Ten parallel calls on reserved concurrency 5: how many succeed?
# Expected: 5 answers with StatusCode 200, 5 refusals with TooManyRequestsException.
#
# It needs the aws CLI and a running emulator.
set -euo pipefail
export AWS_ENDPOINT_URL="${AWS_ENDPOINT_URL:-http://127.0.0.1:4566}"
export AWS_ACCESS_KEY_ID="${AWS_ACCESS_KEY_ID:-test}" AWS_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY:-test}"
export AWS_DEFAULT_REGION="${AWS_DEFAULT_REGION:-us-east-1}"
export AWS_MAX_ATTEMPTS=1 AWS_PAGER=

folder=$(mktemp -d)
trap 'aws lambda delete-function --function-name parallel >/dev/null || true; rm -r "$folder"' EXIT

cat >"$folder/app.py" <<'PYTHON'
import time

def handler(event, context):
    time.sleep(20)
    return "done"
PYTHON
(cd "$folder" && python3 -m zipfile -c function.zip app.py)

aws lambda create-function --function-name parallel --runtime python3.12 --handler app.handler --timeout 60 \
    --role arn:aws:iam::000000000000:role/any --zip-file "fileb://$folder/function.zip" >/dev/null
aws lambda put-function-concurrency --function-name parallel --reserved-concurrent-executions 5 >/dev/null

for call in 1 2 3 4 5 6 7 8 9 10; do
    aws lambda invoke --function-name parallel "$folder/answer-$call" >"$folder/call-$call" 2>&1 &
    calls+=($!)
done
for call in "${calls[@]}"; do wait "$call" || true; done

answers=$(grep -l '"StatusCode": 200' "$folder"/call-* | wc -l)
refusals=$(grep -l TooManyRequestsException "$folder"/call-* | wc -l)
echo "answered: $answers, refused: $refusals"
[ "$answers" = 5 ] && [ "$refusals" = 5 ]
