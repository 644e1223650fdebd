//! Queue URLs: `http://<host>/<account>/<name>`.

use super::Endpoint;
use super::error::Fault;
use super::text::Text;

/// The account and the name in a queue's URL or path: its last two segments,
/// whatever the host.
pub(super) fn parse(url: &str) -> Option<(&str, &str)> {
    let (rest, name) = url.rsplit_once('/')?;
    let (_, account) = rest.rsplit_once('/')?;
    let found = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) && !name.is_empty();
    found.then_some((account, name))
}

impl Endpoint<'_> {
    /// The URL under which this caller finds a queue.
    pub(super) fn queue_url(&self, name: &str) -> String {
        format!("http://{}/{}/{name}", self.host, self.identity.account_id)
    }

    /// The queue that a request is about, whether there is one or not.
    pub(super) fn queue<'u>(&self, url: Option<&'u Text<'_>>) -> Result<&'u str, Fault> {
        let url = url.ok_or_else(|| Fault::missing("QueueUrl"))?;
        let (account, name) = parse(url).ok_or_else(|| Fault::InvalidAddress(url.to_string()))?;
        if account == self.identity.account_id { Ok(name) } else { Err(Fault::QueueDoesNotExist) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_two_segments_count() {
        let queue = Some(("000000000000", "q"));
        for (url, expected) in [
            ("http://localhost:4566/000000000000/q", queue),
            ("https://sqs.us-east-1.amazonaws.com/000000000000/q", queue),
            ("/000000000000/q", queue),
            ("http://localhost/queue/us-east-1/000000000000/q", queue),
            ("http://localhost/000000000000/", None),
            ("http://localhost/q", None),
            ("q", None),
            ("", None),
            ("/", None),
        ] {
            assert_eq!(parse(url), expected, "{url}");
        }
    }
}
