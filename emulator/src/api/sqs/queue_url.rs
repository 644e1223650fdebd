//! Queue URLs: `http://<host>/<account>/<name>`, and what clients make of them.

use super::Endpoint;
use super::error::Fault;
use super::text::Text;

/// The name in a queue's URL or path, whatever the host: behind an account id,
/// be it this account's or one that the client has from elsewhere, or behind
/// `/queue/`.
pub(super) fn parse(url: &str) -> Option<&str> {
    let (rest, name) = url.rsplit_once('/')?;
    let (before, place) = rest.rsplit_once('/')?;
    let is_account = place.len() == 12 && place.bytes().all(|byte| byte.is_ascii_digit());
    // `http://queue/name` has a host called so, and no path.
    let is_queue_folder = place == "queue" && !before.ends_with('/');
    ((is_account || is_queue_folder) && !name.is_empty()).then_some(name)
}

impl Endpoint<'_> {
    /// The URL under which this caller finds a queue.
    pub(super) fn queue_url(&self, name: &str) -> String {
        format!("http://{}/{}/{name}", self.host, self.identity.account_id)
    }

    /// The queue that a request is about, whether there is one or not.
    pub(super) fn queue<'u>(&self, url: Option<&'u Text<'_>>) -> Result<&'u str, Fault> {
        let url = url.ok_or_else(|| Fault::missing("QueueUrl"))?;
        parse(url).ok_or_else(|| Fault::InvalidAddress(url.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_are_found_in_all_shapes_of_urls() {
        for (url, expected) in [
            ("http://localhost:4566/000000000000/q", Some("q")),
            ("http://localhost:4566/000000000000/q.fifo", Some("q.fifo")),
            ("https://sqs.us-east-1.amazonaws.com/123456789012/q", Some("q")),
            ("https://us-east-1.queue.amazonaws.com/123456789012/q", Some("q")),
            ("http://sqs.us-east-1.localhost:4566/000000000000/q", Some("q")),
            ("/000000000000/q", Some("q")),
            ("http://localhost/queue/us-east-1/000000000000/q", Some("q")),
            ("http://localhost:9324/queue/q", Some("q")),
            ("/queue/q", Some("q")),
            ("http://queue/q", None),
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
