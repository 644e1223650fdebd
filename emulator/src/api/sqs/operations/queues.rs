//! CreateQueue, GetQueueUrl, ListQueues, DeleteQueue and PurgeQueue.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::page::Page;
use crate::api::sqs::attributes::{Attributes, Settings};
use crate::api::sqs::error::{Fault, Given};
use crate::api::sqs::text::Text;
use crate::api::sqs::{Endpoint, Operation};
use crate::config::Config;
use crate::engine::{FifoAttributes, QueueAttributes, QueueName};

/// "Queue quotas": a name has up to 80 characters.
const LONGEST_NAME: usize = 80;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct CreateQueue<'a> {
    #[serde(borrow)]
    queue_name: Option<Text<'a>>,
    attributes: Option<Attributes<'a>>,
    /// With a small letter in JSON, as in no other action.
    #[serde(rename = "tags", alias = "Tags")]
    tags: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct GetQueueUrl<'a> {
    #[serde(borrow)]
    queue_name: Option<Text<'a>>,
    #[serde(rename = "QueueOwnerAWSAccountId")]
    owner: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct ListQueues<'a> {
    #[serde(borrow)]
    queue_name_prefix: Option<Text<'a>>,
    max_results: Option<i64>,
    next_token: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct DeleteQueue<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct PurgeQueue<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct Found {
    queue_url: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct Listed {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queue_urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

impl<'a> Operation<'a> for CreateQueue<'a> {
    type Answer = Found;

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<Found, Fault> {
        let name = self.queue_name.as_deref().ok_or_else(|| Fault::missing("QueueName"))?;
        let given = self.attributes.unwrap_or_default();
        let fifo = given.get("FifoQueue").is_some_and(|fifo| fifo.eq_ignore_ascii_case("true"));
        check_name(name, fifo)?;
        let settings = Settings::for_new_queue(given, fifo, endpoint.identity)?;
        let mut attributes =
            QueueAttributes { fifo: fifo.then(FifoAttributes::default), ..QueueAttributes::default() };
        settings.apply(&mut attributes);
        let tags = self.tags.unwrap_or_default();
        let created = endpoint.driver.step(|engine, now| {
            engine.create_queue(now, &QueueName::from(name), attributes, tags, |queue| {
                settings.differing(queue)
            })
        });
        let given = Given { redrive_policy: settings.redrive_policy(), ..Given::default() };
        created.map_err(|error| Fault::of(error, given))?;
        Ok(Found { queue_url: endpoint.queue_url(name) })
    }
}

impl<'a> Operation<'a> for GetQueueUrl<'a> {
    type Answer = Found;

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<Found, Fault> {
        let name = self.queue_name.as_deref().ok_or_else(|| Fault::missing("QueueName"))?;
        // Any account is this one, as in queue URLs.
        let ours = self.owner.is_none_or(|owner| Config::is_account_id(&owner));
        if ours && endpoint.driver.step(|engine, _| engine.queue_exists(name)) {
            Ok(Found { queue_url: endpoint.queue_url(name) })
        } else {
            Err(Fault::QueueDoesNotExist)
        }
    }
}

impl<'a> Operation<'a> for ListQueues<'a> {
    type Answer = Listed;

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<Listed, Fault> {
        let prefix = self.queue_name_prefix.as_deref().unwrap_or_default();
        let page = Page::new(self.max_results, self.next_token.as_deref())?;
        let (names, next_token) = endpoint.driver.step(|engine, _| {
            let names = engine.queue_names();
            page.cut(names.filter(|name| name.as_str().starts_with(prefix)))
        });
        Ok(Listed {
            next_token,
            queue_urls: names.iter().map(|name| endpoint.queue_url(name.as_str())).collect(),
        })
    }
}

impl<'a> Operation<'a> for DeleteQueue<'a> {
    type Answer = ();

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<(), Fault> {
        let queue = endpoint.queue(self.queue_url.as_ref())?;
        let deleted = endpoint.driver.step(|engine, now| engine.delete_queue(now, queue));
        deleted.map_err(Fault::from)
    }
}

impl<'a> Operation<'a> for PurgeQueue<'a> {
    type Answer = ();

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<(), Fault> {
        let queue = endpoint.queue(self.queue_url.as_ref())?;
        let purged = endpoint.driver.step(|engine, now| engine.purge_queue(now, queue));
        purged.map_err(Fault::from)
    }
}

/// A FIFO queue's name ends in `.fifo`, and no other's does.
fn check_name(name: &str, fifo: bool) -> Result<(), Fault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let stem = if fifo { name.strip_suffix(".fifo") } else { Some(name) };
    let fits = (1..=LONGEST_NAME).contains(&name.len());
    if fits && stem.is_some_and(|stem| !stem.is_empty() && stem.bytes().all(allowed)) {
        return Ok(());
    }
    let text = if fifo {
        "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with \
         .fifo suffix and be 1 to 80 in length."
    } else {
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
    };
    Err(Fault::InvalidParameter(text.to_owned()))
}
