//! STS: GetCallerIdentity, which every tool asks first.

use hyper::StatusCode;
use quick_xml::escape::escape;

use super::Api;
use super::call::Call;
use super::reply::{Reply, content_type, reply};
use super::route::query_action;

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";

/// Operations that AWS has and the emulator does not.
const NOT_SERVED: &[&str] = &[
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "AssumeRoot",
    "DecodeAuthorizationMessage",
    "GetAccessKeyInfo",
    "GetDelegatedAccessToken",
    "GetFederationToken",
    "GetSessionToken",
    "GetWebIdentityToken",
];

pub(super) fn answer(api: &Api, call: &Call) -> Reply {
    let action = query_action(call).unwrap_or_default();
    if action == "GetCallerIdentity" {
        return caller_identity(api, call);
    }
    if NOT_SERVED.contains(&action.as_str()) {
        let message = format!("the emulator does not serve {action} yet");
        return error(call, StatusCode::NOT_IMPLEMENTED, "Receiver", "ServiceException", &message);
    }
    let message = format!("Could not find operation {action} for version 2011-06-15");
    error(call, StatusCode::BAD_REQUEST, "Sender", "InvalidAction", &message)
}

/// Refuses a request before anybody looks at what it wants.
pub(super) fn refuse(call: &Call, status: StatusCode, code: &str, message: &str) -> Reply {
    error(call, status, "Sender", code, message)
}

/// Everybody is the account's root, whoever signed.
fn caller_identity(api: &Api, call: &Call) -> Reply {
    let (account, request_id) = (&api.identity.account_id, call.request_id);
    let xml = format!(
        "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\">\n  <GetCallerIdentityResult>\n    \
         <Arn>arn:aws:iam::{account}:root</Arn>\n    <UserId>{account}</UserId>\n    \
         <Account>{account}</Account>\n  </GetCallerIdentityResult>\n  <ResponseMetadata>\n    \
         <RequestId>{request_id}</RequestId>\n  </ResponseMetadata>\n</GetCallerIdentityResponse>\n"
    );
    reply(StatusCode::OK, content_type::XML, xml)
}

fn error(call: &Call, status: StatusCode, fault: &str, code: &str, message: &str) -> Reply {
    let (message, request_id) = (escape(message), call.request_id);
    let xml = format!(
        "<ErrorResponse xmlns=\"{NAMESPACE}\">\n  <Error>\n    <Type>{fault}</Type>\n    \
         <Code>{code}</Code>\n    <Message>{message}</Message>\n  </Error>\n  \
         <RequestId>{request_id}</RequestId>\n</ErrorResponse>\n"
    );
    reply(status, content_type::XML, xml)
}

#[cfg(test)]
mod tests {
    use crate::api::lambda::world::World;

    #[tokio::test]
    async fn everybody_is_root() {
        let world = World::new();
        let body = "Action=GetCallerIdentity&Version=2011-06-15";
        let answered = world.send("POST /", &[], body).await;
        assert_eq!(answered.status, 200);
        assert_eq!(answered.header("content-type"), Some("text/xml"));
        for part in [
            "<Arn>arn:aws:iam::000000000000:root</Arn>",
            "<UserId>000000000000</UserId>",
            "<Account>000000000000</Account>",
            "<RequestId>00000000-0000-4000-8000-000000000007</RequestId>",
        ] {
            assert!(answered.body.contains(part), "{}", answered.body);
        }
    }

    #[tokio::test]
    async fn other_actions_are_refused_by_name() {
        let world = World::new();
        let scope = "AWS4-HMAC-SHA256 Credential=k/20261121/us-east-1/sts/aws4_request";
        for (action, status, part) in [
            ("AssumeRole", 501, "<Message>the emulator does not serve AssumeRole yet</Message>"),
            ("%3CX%3E", 400, "Could not find operation &lt;X&gt; for version 2011-06-15"),
        ] {
            let body = format!("Action={action}&Version=2011-06-15");
            let answered = world.send("POST /", &[("authorization", scope)], body).await;
            assert_eq!(answered.status, status);
            assert!(answered.body.contains(part), "{}", answered.body);
        }
    }
}
