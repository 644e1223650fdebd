//! Batches: entries end one by one, unless the request as a whole is wrong.

use serde_json::json;

use super::{about_queue, counts, ok, receipt, send, with_queue};

#[tokio::test]
async fn entries_are_sent_one_by_one() {
    let api = with_queue().await;
    ok(&api, "SetQueueAttributes", &about_queue(r#""Attributes":{"MaximumMessageSize":"1024"}"#)).await;
    let long = "x".repeat(1_025);
    let entries = format!(
        r#""Entries":[{{"Id":"good","MessageBody":"a","MessageAttributes":{{"n":{{"DataType":"Number","StringValue":"1"}}}}}},
            {{"Id":"late","MessageBody":"a","DelaySeconds":-1}},
            {{"Id":"odd","MessageBody":"\u0000"}},
            {{"Id":"long","MessageBody":"{long}"}}]"#
    );
    let ends = ok(&api, "SendMessageBatch", &about_queue(&entries)).await;
    let good = &ends["Successful"][0];
    assert_eq!(
        (&good["Id"], &good["MD5OfMessageBody"]),
        (&json!("good"), &json!("0cc175b9c0f1b6a831c399e269772661"))
    );
    assert!(good["MessageId"].is_string() && good["MD5OfMessageAttributes"].is_string(), "{good}");
    assert_eq!(
        ends["Failed"],
        json!([
            {"Id": "late", "SenderFault": true, "Code": "InvalidParameterValue",
             "Message": "Value -1 for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900."},
            {"Id": "odd", "SenderFault": true, "Code": "InvalidMessageContents",
             "Message": ends["Failed"][1]["Message"]},
            {"Id": "long", "SenderFault": true, "Code": "InvalidParameterValue",
             "Message": "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."},
        ])
    );
    assert_eq!(counts(&api).await.0, "1");
}

#[tokio::test]
async fn entries_are_hidden_and_deleted_one_by_one() {
    let api = with_queue().await;
    send(&api, "a").await;
    let handle = receipt(&api).await;
    let garbage = json!([{"Id": "bad", "SenderFault": true, "Code": "ReceiptHandleIsInvalid",
                          "Message": "The input receipt handle \"garbage\" is not a valid receipt handle."}]);
    for (action, more) in
        [("ChangeMessageVisibilityBatch", r#","VisibilityTimeout":9"#), ("DeleteMessageBatch", "")]
    {
        let entries = format!(
            r#""Entries":[{{"Id":"bad","ReceiptHandle":"garbage"{more}}},{{"Id":"good","ReceiptHandle":"{handle}"{more}}}]"#
        );
        let ends = ok(&api, action, &about_queue(&entries)).await;
        assert_eq!(ends, json!({"Successful": [{"Id": "good"}], "Failed": garbage}), "{action}");
    }
    assert_eq!(counts(&api).await, ("0".to_owned(), "0".to_owned()));
}

#[tokio::test]
async fn a_wrong_timeout_fails_its_own_entry() {
    let api = with_queue().await;
    let entries = r#""Entries":[{"Id":"a","ReceiptHandle":"x","VisibilityTimeout":43201}]"#;
    let ends = ok(&api, "ChangeMessageVisibilityBatch", &about_queue(entries)).await;
    assert_eq!(
        ends["Failed"][0]["Message"],
        "Value 43201 for parameter VisibilityTimeout is invalid. Reason: Must be >= 0 and <= 43200, if provided."
    );
    assert!(ends.get("Successful").is_none(), "{ends}");
}
