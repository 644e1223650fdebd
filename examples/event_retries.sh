#!/usr/bin/env bash
# A Python function that always fails gets an event: when is it in the dead-letter queue?
# Expected: in about a second, after three attempts that are one minute and two minutes apart by the log.
# The clock skips what is idle (see event_retries.py), and is set back at the end.
#
# It needs the aws CLI, curl and a running emulator.
set -euo pipefail
export AWS_ENDPOINT_URL="${AWS_ENDPOINT_URL:-http://127.0.0.1:4566}"
export AWS_ACCESS_KEY_ID="${AWS_ACCESS_KEY_ID:-test}" AWS_SECRET_ACCESS_KEY="${AWS_SECRET_ACCESS_KEY:-test}"
export AWS_DEFAULT_REGION="${AWS_DEFAULT_REGION:-us-east-1}"
export AWS_MAX_ATTEMPTS=1 AWS_PAGER=

name=event-retries-$$
sqs() { aws sqs --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }
clock() { curl --silent --show-error --fail "$AWS_ENDPOINT_URL/_emulator/clock" "$@"; }
now_ms() { echo $(($(date +%s%N) / 1000000)); }

before=$(clock | sed -E 's/^\{("gear":[^,]*,"speed":[^,]*,"skip_idle":[^,]*),.*/{\1}/')
clean_up() {
    aws lambda delete-function --function-name $name >/dev/null || true
    sqs delete-queue --queue-url "$queue" || true
    clock --request PUT --data "$before" >/dev/null || true
    rm -r "$folder"
}
queue=$(sqs create-queue --queue-name $name-dead --query QueueUrl --output text)
folder=$(mktemp -d)
trap clean_up EXIT

cat >"$folder/app.py" <<'PYTHON'
def handler(event, context):
    raise ValueError("never")
PYTHON
(cd "$folder" && python3 -m zipfile -c function.zip app.py)

arn=$(sqs get-queue-attributes --queue-url "$queue" --attribute-names QueueArn \
    --query Attributes.QueueArn --output text)
aws lambda create-function --function-name $name --runtime python3.12 --handler app.handler \
    --role arn:aws:iam::000000000000:role/any --zip-file "fileb://$folder/function.zip" \
    --dead-letter-config TargetArn="$arn" >/dev/null
clock --request PUT --data '{"gear": "running", "speed": 1, "skip_idle": true}' >/dev/null

aws lambda invoke --function-name $name --invocation-type Event "$folder/answer" >/dev/null
accepted=$(now_ms)
until curl --silent "$AWS_ENDPOINT_URL/_emulator/state" | grep --quiet "\"name\":\"$name-dead\",\"visible\":1"; do
    [ $(($(now_ms) - accepted)) -lt 5000 ] || { echo "nothing is in the dead-letter queue" >&2; exit 1; }
    sleep 0.02
done
took=$(($(now_ms) - accepted))

read -r -a starts < <(aws logs filter-log-events --log-group-name /aws/lambda/$name \
    --filter-pattern '"START RequestId"' --query 'events[].timestamp' --output text)
first=$(((starts[1] - starts[0]) / 1000)) second=$(((starts[2] - starts[1]) / 1000))
echo "in the dead-letter queue $took ms after the CLI was done"
echo "${#starts[@]} attempts, $first s and $second s apart by the log"
[ ${#starts[@]} = 3 ] && [ $first -ge 60 ] && [ $first -lt 65 ] && [ $second -ge 120 ] && [ $second -lt 125 ]
