//! ListDeadLetterSourceQueues.

use serde::{Deserialize, Serialize};

use super::page::Page;
use crate::api::sqs::error::Fault;
use crate::api::sqs::text::Text;
use crate::api::sqs::{Endpoint, Operation};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct ListDeadLetterSourceQueues<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    max_results: Option<i64>,
    next_token: Option<Text<'a>>,
}

#[derive(Debug, Serialize)]
pub(in crate::api::sqs) struct Sources {
    /// With a small letter in JSON, as no other list of URLs.
    #[serde(rename = "queueUrls")]
    queue_urls: Vec<String>,
    #[serde(rename = "NextToken", skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl<'a> Operation<'a> for ListDeadLetterSourceQueues<'a> {
    type Answer = Sources;

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<Sources, Fault> {
        let queue = endpoint.queue(self.queue_url.as_ref())?;
        let page = Page::new(self.max_results, self.next_token.as_deref())?;
        let (names, next_token) = endpoint
            .driver
            .step(|engine, _| engine.dead_letter_sources(queue).map(|names| page.cut(names)))?;
        let queue_urls = names.iter().map(|name| endpoint.queue_url(name.as_str())).collect();
        Ok(Sources { queue_urls, next_token })
    }
}
