//! ListQueueTags, TagQueue and UntagQueue.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::api::sqs::error::Fault;
use crate::api::sqs::text::Text;
use crate::api::sqs::{Endpoint, Operation};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct ListQueueTags<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct TagQueue<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    tags: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct UntagQueue<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    tag_keys: Option<Vec<Text<'a>>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct Tags {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
}

impl<'a> Operation<'a> for ListQueueTags<'a> {
    type Answer = Tags;

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<Tags, Fault> {
        let queue = endpoint.queue(self.queue_url.as_ref())?;
        let view = endpoint.driver.step(|engine, _| engine.queue(queue));
        let view = view.map_err(Fault::from)?;
        Ok(Tags { tags: view.tags })
    }
}

impl<'a> Operation<'a> for TagQueue<'a> {
    type Answer = ();

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<(), Fault> {
        let queue = endpoint.queue(self.queue_url.as_ref())?;
        let added = self.tags.ok_or_else(|| Fault::missing("Tags"))?;
        let tagged =
            endpoint.driver.step(|engine, _| engine.change_queue_tags(queue, |tags| tags.extend(added)));
        tagged.map_err(Fault::from)
    }
}

impl<'a> Operation<'a> for UntagQueue<'a> {
    type Answer = ();

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<(), Fault> {
        let queue = endpoint.queue(self.queue_url.as_ref())?;
        let removed = self.tag_keys.ok_or_else(|| Fault::missing("TagKeys"))?;
        let is_removed = |key: &str| removed.iter().any(|removed| **removed == *key);
        let untagged = endpoint
            .driver
            .step(|engine, _| engine.change_queue_tags(queue, |tags| tags.retain(|key, _| !is_removed(key))));
        untagged.map_err(Fault::from)
    }
}
