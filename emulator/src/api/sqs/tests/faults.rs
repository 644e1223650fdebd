//! Every refusal, in both protocols.

use super::refusal::{check_json, check_query, invalid, missing};
use super::{QUEUE, about_queue, api, json, ok, receipt, send, with_queue};
use crate::engine::Quotas;

/// Fact 40: the one text that differs between JSON and XML.
#[tokio::test]
async fn a_missing_queue_has_other_words_in_each_protocol() {
    let api = api(Quotas::default(), 1.0);
    let code = "AWS.SimpleQueueService.NonExistentQueue";
    let in_json = (400, "QueueDoesNotExist", code, "The specified queue does not exist.");
    let in_xml = (400, "", code, "The specified queue does not exist for this wsdl version.");
    let entries = r#""Entries":[{"Id":"a","MessageBody":"b","ReceiptHandle":"c","VisibilityTimeout":1}]"#;
    for (action, members) in [
        ("DeleteQueue", ""),
        ("PurgeQueue", ""),
        ("GetQueueAttributes", ""),
        ("SetQueueAttributes", r#""Attributes":{}"#),
        ("ListQueueTags", ""),
        ("TagQueue", r#""Tags":{"a":"b"}"#),
        ("UntagQueue", r#""TagKeys":["a"]"#),
        ("SendMessage", r#""MessageBody":"a""#),
        ("ReceiveMessage", ""),
        ("DeleteMessage", r#""ReceiptHandle":"garbage""#),
        ("ChangeMessageVisibility", r#""ReceiptHandle":"garbage","VisibilityTimeout":1"#),
        ("SendMessageBatch", entries),
        ("DeleteMessageBatch", entries),
        ("ChangeMessageVisibilityBatch", entries),
    ] {
        check_json(&api, action, &about_queue(members), in_json).await;
    }
    check_json(&api, "GetQueueUrl", r#"{"QueueName":"q"}"#, in_json).await;
    check_query(&api, "GetQueueUrl", "QueueName=q", in_xml).await;
    check_query(&api, "SendMessage", "MessageBody=a", in_xml).await;
    check_query(&api, "ReceiveMessage", "", in_xml).await;
    for (action, members) in [
        ("ListDeadLetterSourceQueues", ""),
        ("AddPermission", r#""Label":"l","AWSAccountIds":["123456789012"],"Actions":["SendMessage"]"#),
        ("RemovePermission", r#""Label":"l""#),
    ] {
        check_json(&api, action, &about_queue(members), in_json).await;
    }
    let nobody = r#"{"QueueName":"q","QueueOwnerAWSAccountId":"me"}"#;
    check_json(&with_queue().await, "GetQueueUrl", nobody, in_json).await;
}

#[tokio::test]
async fn queues_that_can_not_be_made() {
    let api = with_queue().await;
    let name = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
    let long = "x".repeat(81);
    for wrong in ["", "a b", "a.b", &long] {
        check_json(&api, "CreateQueue", &format!(r#"{{"QueueName":"{wrong}"}}"#), invalid(name)).await;
    }
    check_json(&api, "CreateQueue", "{}", missing("The request must contain the parameter QueueName.")).await;
    let differs = (
        400,
        "QueueNameExists",
        "QueueAlreadyExists",
        "A queue already exists with the same name and a different value for attribute VisibilityTimeout",
    );
    check_json(&api, "CreateQueue", r#"{"QueueName":"q","Attributes":{"VisibilityTimeout":"1"}}"#, differs)
        .await;
    let members = "QueueName=q&Attribute.1.Name=VisibilityTimeout&Attribute.1.Value=1";
    check_query(&api, "CreateQueue", members, differs).await;
    let fifo = "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must \
                end with .fifo suffix and be 1 to 80 in length.";
    check_json(&api, "CreateQueue", r#"{"QueueName":"x","Attributes":{"FifoQueue":"true"}}"#, invalid(fifo))
        .await;
    check_query(&api, "CreateQueue", "QueueName=q.fifo", invalid(name)).await;
}

#[tokio::test]
async fn wrong_attributes_of_queues() {
    let api = with_queue().await;
    let name = |message| (400, "InvalidAttributeName", "InvalidAttributeName", message);
    let value = |message| (400, "InvalidAttributeValue", "InvalidAttributeValue", message);
    for (attributes, refusal) in [
        (r#"{"Colour":"red"}"#, name("Unknown Attribute Colour.")),
        (r#"{"DelaySeconds":"901"}"#, value("Invalid value for the parameter DelaySeconds.")),
        (r#"{"Policy":"red"}"#, value("Invalid value for the parameter Policy.")),
        (
            r#"{"FifoQueue":"true"}"#,
            value(
                "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
            ),
        ),
    ] {
        let body = about_queue(&format!(r#""Attributes":{attributes}"#));
        check_json(&api, "SetQueueAttributes", &body, refusal).await;
    }
    let body = about_queue(r#""AttributeNames":["Colour"]"#);
    check_json(&api, "GetQueueAttributes", &body, name("Unknown Attribute Colour.")).await;
    check_json(&api, "ReceiveMessage", &body, name("Unknown Attribute Colour.")).await;
    check_query(&api, "GetQueueAttributes", "AttributeName.1=Colour", name("Unknown Attribute Colour."))
        .await;
    let policy = r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":1}"#;
    let message = format!(
        "Value {policy} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist."
    );
    let attributes = format!(r#""Attributes":{{"RedrivePolicy":{}}}"#, serde_json::Value::from(policy));
    check_json(&api, "SetQueueAttributes", &about_queue(&attributes), invalid(&message)).await;
    check_json(&api, "CreateQueue", &format!(r#"{{"QueueName":"new",{attributes}}}"#), invalid(&message))
        .await;
}

/// Fact 40: a 403 where all else is a 400.
#[tokio::test]
async fn a_second_purge_comes_too_soon() {
    let api = with_queue().await;
    ok(&api, "PurgeQueue", &about_queue("")).await;
    let refusal = (
        403,
        "PurgeQueueInProgress",
        "AWS.SimpleQueueService.PurgeQueueInProgress",
        "Only one PurgeQueue operation on q is allowed every 60 seconds.",
    );
    check_json(&api, "PurgeQueue", &about_queue(""), refusal).await;
    check_query(&api, "PurgeQueue", "", refusal).await;
}

#[tokio::test]
async fn more_in_flight_than_a_queue_allows() {
    let api = api(Quotas { in_flight_limit: 1, ..Quotas::default() }, 1.0);
    ok(&api, "CreateQueue", r#"{"QueueName":"q"}"#).await;
    send(&api, "a").await;
    receipt(&api).await;
    let refusal = (403, "OverLimit", "OverLimit", "The maximum number of in flight messages is reached.");
    check_json(&api, "ReceiveMessage", &about_queue(""), refusal).await;
    check_query(&api, "ReceiveMessage", "", refusal).await;
}

#[tokio::test]
async fn wrong_numbers() {
    let api = with_queue().await;
    for (action, member, value, reason) in [
        ("ReceiveMessage", "MaxNumberOfMessages", 11, "Must be between 1 and 10, if provided."),
        ("ReceiveMessage", "MaxNumberOfMessages", 0, "Must be between 1 and 10, if provided."),
        ("ReceiveMessage", "WaitTimeSeconds", 21, "Must be >= 0 and <= 20, if provided."),
        ("ReceiveMessage", "WaitTimeSeconds", -1, "Must be >= 0 and <= 20, if provided."),
        ("ReceiveMessage", "VisibilityTimeout", 43_201, "Must be >= 0 and <= 43200, if provided."),
        ("SendMessage", "DelaySeconds", 901, "DelaySeconds must be >= 0 and <= 900."),
        ("ListQueues", "MaxResults", 1_001, "Must be between 1 and 1000, if provided."),
    ] {
        let message = format!("Value {value} for parameter {member} is invalid. Reason: {reason}");
        let body = about_queue(&format!(r#""MessageBody":"a","{member}":{value}"#));
        check_json(&api, action, &body, invalid(&message)).await;
        if action != "ListQueues" {
            check_query(&api, action, &format!("MessageBody=a&{member}={value}"), invalid(&message)).await;
        }
    }
}

#[tokio::test]
async fn messages_that_can_not_be_sent() {
    let api = with_queue().await;
    let contents = "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | \
                    #xE000 to #xFFFD | #x10000 to #x10FFFF.";
    let contents = (400, "InvalidMessageContents", "InvalidMessageContents", contents);
    check_json(&api, "SendMessage", &about_queue(r#""MessageBody":"\u0001""#), contents).await;
    check_query(&api, "SendMessage", "MessageBody=%01", contents).await;
    let body = missing("The request must contain the parameter MessageBody.");
    check_json(&api, "SendMessage", &about_queue(""), body).await;
    check_json(&api, "SendMessage", &about_queue(r#""MessageBody":"""#), body).await;
    check_query(&api, "SendMessage", "", body).await;
    let long = "x".repeat(1_048_577);
    let message = "One or more parameters are invalid. Reason: Message must be shorter than 1048576 bytes.";
    check_json(&api, "SendMessage", &about_queue(&format!(r#""MessageBody":"{long}""#)), invalid(message))
        .await;
    let group = "Value a b for parameter MessageGroupId is invalid. Reason: MessageGroupId can only include \
                 alphanumeric and punctuation characters. 1 to 128 in length.";
    check_json(
        &api,
        "SendMessage",
        &about_queue(r#""MessageBody":"a","MessageGroupId":"a b""#),
        invalid(group),
    )
    .await;
    let empty = "Message (user) attribute 'ErrorDetails' must contain a non-empty value of type 'String'.";
    let attribute = r#""MessageAttributes":{"ErrorDetails":{"DataType":"String","StringValue":""}}"#;
    check_json(
        &api,
        "SendMessage",
        &about_queue(&format!(r#""MessageBody":"a",{attribute}"#)),
        invalid(empty),
    )
    .await;
    let fifo = "Value a for parameter MessageDeduplicationId is invalid. Reason: The request include parameter \
                that is not valid for this queue type.";
    let body = r#""MessageBody":"a","MessageDeduplicationId":"a""#;
    check_json(&api, "SendMessage", &about_queue(body), invalid(fifo)).await;
    let system = "Message system attribute name 'X' is invalid.";
    let attribute = r#""MessageSystemAttributes":{"X":{"DataType":"String","StringValue":"a"}}"#;
    check_json(
        &api,
        "SendMessage",
        &about_queue(&format!(r#""MessageBody":"a",{attribute}"#)),
        invalid(system),
    )
    .await;
}

#[tokio::test]
async fn receipts_that_are_not_good() {
    let api = with_queue().await;
    let message = r#"The input receipt handle "garbage" is not a valid receipt handle."#;
    let refusal = (400, "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", message);
    check_json(&api, "DeleteMessage", &about_queue(r#""ReceiptHandle":"garbage""#), refusal).await;
    check_query(&api, "DeleteMessage", "ReceiptHandle=garbage", refusal).await;
    let change = about_queue(r#""ReceiptHandle":"garbage","VisibilityTimeout":1"#);
    check_json(&api, "ChangeMessageVisibility", &change, refusal).await;
    for (members, name) in [("", "ReceiptHandle"), (r#""ReceiptHandle":"x""#, "VisibilityTimeout")] {
        let message = format!("The request must contain the parameter {name}.");
        check_json(&api, "ChangeMessageVisibility", &about_queue(members), missing(&message)).await;
    }
    check_json(&api, "DeleteMessage", "{}", missing("The request must contain the parameter QueueUrl."))
        .await;

    send(&api, "a").await;
    let handle = receipt(&api).await;
    let message = "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for the \
                   message is beyond the limit [43200 seconds]";
    let change = about_queue(&format!(r#""ReceiptHandle":"{handle}","VisibilityTimeout":43200"#));
    check_json(&api, "ChangeMessageVisibility", &change, invalid(message)).await;

    ok(&api, "DeleteMessage", &about_queue(&format!(r#""ReceiptHandle":"{handle}""#))).await;
    let message = format!(
        "Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available \
         for visibility timeout change."
    );
    let change = about_queue(&format!(r#""ReceiptHandle":"{handle}","VisibilityTimeout":1"#));
    check_json(&api, "ChangeMessageVisibility", &change, invalid(&message)).await;
}

#[tokio::test]
async fn a_handle_of_a_queue_that_was_made_anew() {
    let api = with_queue().await;
    send(&api, "a").await;
    let handle = receipt(&api).await;
    ok(&api, "DeleteQueue", &about_queue("")).await;
    ok(&api, "CreateQueue", r#"{"QueueName":"q"}"#).await;
    let message = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
    let refusal = (400, "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", message.as_str());
    check_json(&api, "DeleteMessage", &about_queue(&format!(r#""ReceiptHandle":"{handle}""#)), refusal).await;
}

#[tokio::test]
async fn batches_that_are_wrong_as_a_whole() {
    let api = with_queue().await;
    let entry =
        |id: &str| format!(r#"{{"Id":"{id}","MessageBody":"a","ReceiptHandle":"b","VisibilityTimeout":1}}"#);
    let twenty: Vec<String> = (0..20).map(|n| entry(&n.to_string())).collect();
    for action in ["SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"] {
        let empty = format!("There should be at least one {action}RequestEntry in the request.");
        let missing_id = format!("The request must contain the parameter {action}RequestEntry.2.Id.");
        for (entries, refusal) in [
            (
                String::new(),
                (400, "EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", empty.as_str()),
            ),
            (
                twenty.join(","),
                (
                    400,
                    "TooManyEntriesInBatchRequest",
                    "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
                    "Maximum number of entries per request are 10. You have sent 20.",
                ),
            ),
            (
                [entry("a"), entry("a")].join(","),
                (
                    400,
                    "BatchEntryIdsNotDistinct",
                    "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
                    "Id a repeated.",
                ),
            ),
            (
                entry("a b"),
                (
                    400,
                    "InvalidBatchEntryId",
                    "AWS.SimpleQueueService.InvalidBatchEntryId",
                    "A batch entry id can only contain alphanumeric characters, hyphens and underscores. \
                     It can be at most 80 letters long.",
                ),
            ),
            ([entry("a").as_str(), "{}"].join(","), missing(&missing_id)),
        ] {
            check_json(&api, action, &about_queue(&format!(r#""Entries":[{entries}]"#)), refusal).await;
        }
    }
    let half = "x".repeat(524_288);
    let entries =
        format!(r#""Entries":[{{"Id":"a","MessageBody":"{half}"}},{{"Id":"b","MessageBody":"{half}x"}}]"#);
    let refusal = (
        400,
        "BatchRequestTooLong",
        "AWS.SimpleQueueService.BatchRequestTooLong",
        "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.",
    );
    check_json(&api, "SendMessageBatch", &about_queue(&entries), refusal).await;
    let empty = (
        400,
        "EmptyBatchRequest",
        "AWS.SimpleQueueService.EmptyBatchRequest",
        "There should be at least one SendMessageBatchRequestEntry in the request.",
    );
    check_query(&api, "SendMessageBatch", "", empty).await;
    let lacking =
        missing("The request must contain the parameter SendMessageBatchRequestEntry.1.MessageBody.");
    check_query(&api, "SendMessageBatch", "SendMessageBatchRequestEntry.1.Id=a", lacking).await;
}

#[tokio::test]
async fn what_can_not_be_understood() {
    let api = with_queue().await;
    let unknown = (
        400,
        "UnknownOperationException",
        "InvalidAction",
        "The action FooBar is not valid for this endpoint.",
    );
    check_json(&api, "FooBar", "{}", unknown).await;
    check_query(&api, "FooBar", "", unknown).await;
    let address =
        (400, "InvalidAddress", "InvalidAddress", "The address nowhere is not valid for this endpoint.");
    check_json(&api, "ReceiveMessage", r#"{"QueueUrl":"nowhere"}"#, address).await;
    let malformed = |message| (400, "SerializationException", "MalformedInput", message);
    check_json(&api, "ReceiveMessage", "[]", malformed("the request is not a JSON object")).await;
    let text = "EOF while parsing an object at line 1 column 1";
    check_json(&api, "ReceiveMessage", "{", malformed(text)).await;
    let body = format!(r#"{{"QueueUrl":"{QUEUE}","MaxNumberOfMessages":"1"}}"#);
    assert_eq!(json(&api, "ReceiveMessage", &body).await.status, 400);
    let number = malformed("MaxNumberOfMessages is not an integer: x");
    check_query(&api, "ReceiveMessage", "MaxNumberOfMessages=x", number).await;
}
