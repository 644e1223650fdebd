//! Lists of queues, page by page.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::api::sqs::error::Fault;
use crate::api::sqs::limits;
use crate::engine::QueueName;

/// A list has at most this many URLs.
const MOST_RESULTS: usize = 1_000;

/// Which part of a list a request asks for.
#[derive(Debug)]
pub(super) struct Page {
    most: usize,
    /// The last name of the page before.
    after: Option<String>,
    /// Without MaxResults nobody is told that there is more.
    tells_of_more: bool,
}

impl Page {
    pub(super) fn new(max_results: Option<i64>, token: Option<&str>) -> Result<Self, Fault> {
        let max = max_results.map(|max| limits::MAX_RESULTS.number(max)).transpose()?;
        Ok(Self {
            most: max.map_or(MOST_RESULTS, |max| usize::try_from(max).unwrap_or(MOST_RESULTS)),
            after: token.map(read_token).transpose()?,
            tells_of_more: max.is_some(),
        })
    }

    /// The page out of all names in their order, and the token of the next one.
    pub(super) fn cut<'n>(
        &self,
        names: impl Iterator<Item = &'n QueueName>,
    ) -> (Vec<QueueName>, Option<String>) {
        let rest = names.filter(|name| self.after.as_deref().is_none_or(|after| name.as_str() > after));
        let mut page: Vec<QueueName> = rest.take(self.most + 1).cloned().collect();
        let more = page.len() > self.most;
        page.truncate(self.most);
        let last = page.last().filter(|_| more && self.tells_of_more);
        let token = last.map(|last| BASE64_STANDARD.encode(last.as_str()));
        (page, token)
    }
}

fn read_token(token: &str) -> Result<String, Fault> {
    let name = BASE64_STANDARD.decode(token).ok().and_then(|name| String::from_utf8(name).ok());
    name.ok_or_else(|| Fault::InvalidParameter("Invalid or expired next token.".to_owned()))
}
