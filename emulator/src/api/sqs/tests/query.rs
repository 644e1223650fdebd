//! Each action over the query protocol.

use hyper::Method;

use super::{Replied, call, counts, form, with_queue};
use crate::api::Api;

const PATH: &str = "/000000000000/q";

/// A request about the queue that goes well.
async fn ok(api: &Api, action: &str, members: &str) -> Replied {
    let replied = form(api, PATH, action, members).await;
    assert_eq!(replied.status, 200, "{action} {members}: {}", replied.body);
    assert_eq!(replied.header("content-type"), "text/xml");
    replied
}

/// The body of an action with this result.
fn envelope(action: &str, result: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><{action}Response xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\">{result}\
         <ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata>\
         </{action}Response>"
    )
}

#[tokio::test]
async fn queues_are_created_found_listed_and_deleted() {
    let api = with_queue().await;
    let url = "http://localhost:4566/000000000000/p";
    for (action, members, result) in [
        (
            "CreateQueue",
            "QueueName=p&Attribute.1.Name=VisibilityTimeout&Attribute.1.Value=5&Tag.1.Key=k&Tag.1.Value=v",
            format!("<CreateQueueResult><QueueUrl>{url}</QueueUrl></CreateQueueResult>"),
        ),
        (
            "GetQueueUrl",
            "QueueName=p",
            format!("<GetQueueUrlResult><QueueUrl>{url}</QueueUrl></GetQueueUrlResult>"),
        ),
        (
            "ListQueues",
            "QueueNamePrefix=p",
            format!("<ListQueuesResult><QueueUrl>{url}</QueueUrl></ListQueuesResult>"),
        ),
    ] {
        assert_eq!(form(&api, "/", action, members).await.body, envelope(action, &result));
    }
    let path = "/000000000000/p";
    let shown = form(&api, path, "GetQueueAttributes", "AttributeName.1=VisibilityTimeout").await;
    let expected = "<GetQueueAttributesResult><Attribute><Name>VisibilityTimeout</Name><Value>5</Value></Attribute>\
                    </GetQueueAttributesResult>";
    assert_eq!(shown.body, envelope("GetQueueAttributes", expected));
    let tags = form(&api, path, "ListQueueTags", "").await;
    assert_eq!(tags.xml("ListQueueTagsResult"), "<Tag><Key>k</Key><Value>v</Value></Tag>");
    assert_eq!(form(&api, path, "DeleteQueue", "").await.body, envelope("DeleteQueue", ""));
    let listed = form(&api, "/", "ListQueues", "QueueNamePrefix=p").await;
    assert_eq!(listed.body, envelope("ListQueues", "<ListQueuesResult/>"));
}

#[tokio::test]
async fn actions_without_a_result_have_only_the_envelope() {
    let api = with_queue().await;
    for (action, members) in [
        ("SetQueueAttributes", "Attribute.1.Name=DelaySeconds&Attribute.1.Value=1"),
        ("TagQueue", "Tag.1.Key=a&Tag.1.Value=b"),
        ("UntagQueue", "TagKey.1=a"),
        ("PurgeQueue", ""),
    ] {
        assert_eq!(ok(&api, action, members).await.body, envelope(action, ""));
    }
    let shown = ok(&api, "GetQueueAttributes", "AttributeName.1=DelaySeconds").await;
    assert_eq!(shown.xml("Value"), "1");
}

#[tokio::test]
async fn a_message_is_sent_received_hidden_and_deleted() {
    let api = with_queue().await;
    let sent = ok(
        &api,
        "SendMessage",
        "MessageBody=a%3Cb%3E%26%22c%0D%0A&MessageAttribute.1.Name=n&MessageAttribute.1.Value.DataType=Number\
         &MessageAttribute.1.Value.StringValue=7&MessageSystemAttribute.1.Name=AWSTraceHeader\
         &MessageSystemAttribute.1.Value.DataType=String&MessageSystemAttribute.1.Value.StringValue=Root",
    )
    .await;
    let id = sent.xml("MessageId");
    for md5 in ["MD5OfMessageBody", "MD5OfMessageAttributes", "MD5OfMessageSystemAttributes"] {
        assert_eq!(sent.xml(md5).len(), 32, "{md5}");
    }
    let received =
        ok(&api, "ReceiveMessage", "MessageAttributeName.1=All&AttributeName.1=AWSTraceHeader").await;
    let handle = received.xml("ReceiptHandle");
    let expected = format!(
        "<ReceiveMessageResult><Message><Attribute><Name>AWSTraceHeader</Name><Value>Root</Value></Attribute>\
         <Body>a&lt;b&gt;&amp;&quot;c&#13;\n</Body><MD5OfBody>{}</MD5OfBody>\
         <MD5OfMessageAttributes>{}</MD5OfMessageAttributes><MessageAttribute><Name>n</Name>\
         <Value><DataType>Number</DataType><StringValue>7</StringValue></Value></MessageAttribute>\
         <MessageId>{id}</MessageId><ReceiptHandle>{handle}</ReceiptHandle></Message></ReceiveMessageResult>",
        sent.xml("MD5OfMessageBody"),
        sent.xml("MD5OfMessageAttributes"),
    );
    assert_eq!(received.body, envelope("ReceiveMessage", &expected));
    let none = ok(&api, "ReceiveMessage", "").await;
    assert_eq!(none.body, envelope("ReceiveMessage", "<ReceiveMessageResult/>"));
    let handle: String = form_urlencoded::byte_serialize(handle.as_bytes()).collect();
    let changed =
        ok(&api, "ChangeMessageVisibility", &format!("ReceiptHandle={handle}&VisibilityTimeout=0")).await;
    assert_eq!(changed.body, envelope("ChangeMessageVisibility", ""));
    let deleted = ok(&api, "DeleteMessage", &format!("ReceiptHandle={handle}")).await;
    assert_eq!(deleted.body, envelope("DeleteMessage", ""));
    assert_eq!(counts(&api).await, ("0".to_owned(), "0".to_owned()));
}

#[tokio::test]
async fn batches_name_their_entries() {
    let api = with_queue().await;
    let sent = ok(
        &api,
        "SendMessageBatch",
        "SendMessageBatchRequestEntry.1.Id=a&SendMessageBatchRequestEntry.1.MessageBody=1\
         &SendMessageBatchRequestEntry.2.Id=b&SendMessageBatchRequestEntry.2.MessageBody=2\
         &SendMessageBatchRequestEntry.2.DelaySeconds=901",
    )
    .await;
    assert!(sent.xml("SendMessageBatchResultEntry").starts_with("<Id>a</Id><MD5OfMessageBody>"));
    assert_eq!(
        sent.xml("BatchResultErrorEntry"),
        "<Code>InvalidParameterValue</Code><Id>b</Id><Message>Value 901 for parameter DelaySeconds is invalid. \
         Reason: DelaySeconds must be &gt;= 0 and &lt;= 900.</Message><SenderFault>true</SenderFault>"
    );
    let received = ok(&api, "ReceiveMessage", "").await;
    let handle: String = form_urlencoded::byte_serialize(received.xml("ReceiptHandle").as_bytes()).collect();
    for (action, more) in
        [("ChangeMessageVisibilityBatch", "VisibilityTimeout=9"), ("DeleteMessageBatch", "X=y")]
    {
        let entry = format!("{action}RequestEntry.1");
        let members = format!("{entry}.Id=c&{entry}.ReceiptHandle={handle}&{entry}.{more}");
        let done = ok(&api, action, &members).await;
        let expected = format!("<{action}ResultEntry><Id>c</Id></{action}ResultEntry>");
        assert_eq!(done.xml(&format!("{action}Result")), expected);
    }
}

#[tokio::test]
async fn the_queue_is_in_the_path_or_in_the_form_and_the_form_in_the_query_string() {
    let api = with_queue().await;
    let url = "QueueUrl=http%3A%2F%2Fsqs.us-east-1.amazonaws.com%2F000000000000%2Fq";
    let posted = form(&api, "/", "SendMessage", &format!("MessageBody=a&{url}")).await;
    assert_eq!(posted.status, 200, "{}", posted.body);
    let got = call(&api, Method::GET, "/000000000000/q?Action=SendMessage&MessageBody=b", None, "").await;
    assert_eq!(got.status, 200, "{}", got.body);
    assert_eq!(counts(&api).await.0, "2");
}

#[tokio::test]
async fn a_queue_path_without_an_action() {
    let api = with_queue().await;
    let replied = call(&api, Method::GET, PATH, None, "").await;
    assert_eq!((replied.status, replied.body.as_str()), (404, "<UnknownOperationException/>"));
}

#[tokio::test]
async fn a_queue_path_takes_no_action_on_the_account() {
    let api = with_queue().await;
    let replied = form(&api, PATH, "CreateQueue", "QueueName=x").await;
    assert_eq!((replied.status, replied.xml("Code")), (400, "InvalidAction"));
    assert_eq!(replied.xml("Message"), "The action CreateQueue is not valid for this endpoint.");
}
