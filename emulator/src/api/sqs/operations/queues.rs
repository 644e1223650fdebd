//! CreateQueue, GetQueueUrl, ListQueues, DeleteQueue and PurgeQueue.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::{Deserialize, Serialize};

use crate::api::sqs::attributes::{Attributes, Settings};
use crate::api::sqs::error::{Fault, Given};
use crate::api::sqs::text::Text;
use crate::api::sqs::{Endpoint, Operation, limits};
use crate::engine::{QueueAttributes, QueueName};

/// "Queue quotas": a name has up to 80 characters.
const LONGEST_NAME: usize = 80;

/// ListQueues returns at most this many URLs.
const MOST_RESULTS: usize = 1_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct CreateQueue<'a> {
    #[serde(borrow)]
    queue_name: Option<Text<'a>>,
    attributes: Option<Attributes<'a>>,
    /// JSON has a small letter here alone.
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
        check_name(name)?;
        let settings = Settings::for_new_queue(self.attributes.unwrap_or_default(), endpoint.identity)?;
        let mut attributes = QueueAttributes::default();
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
        let ours = self.owner.is_none_or(|owner| *owner == endpoint.identity.account_id);
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
        let page = self.max_results.map(|max| limits::MAX_RESULTS.number(max)).transpose()?;
        let most = page.map_or(MOST_RESULTS, |page| usize::try_from(page).unwrap_or(MOST_RESULTS));
        let after = self.next_token.as_deref().map(read_token).transpose()?;
        let mut names: Vec<QueueName> = endpoint.driver.step(|engine, _| {
            let names = engine.queue_names();
            let names = names.filter(|name| name.as_str().starts_with(prefix));
            let names = names.filter(|name| after.as_deref().is_none_or(|after| name.as_str() > after));
            names.take(most + 1).cloned().collect()
        });
        let more = names.len() > most;
        names.truncate(most);
        let next_token = names.last().filter(|_| more && page.is_some());
        Ok(Listed {
            next_token: next_token.map(|last| BASE64_STANDARD.encode(last.as_str())),
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

fn check_name(name: &str) -> Result<(), Fault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.ends_with(".fifo") {
        return Err(Fault::NotServed("FIFO queues".to_owned()));
    }
    if (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(Fault::InvalidParameter(
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length".to_owned(),
    ))
}

/// A token is the last name of its page.
fn read_token(token: &str) -> Result<String, Fault> {
    let name = BASE64_STANDARD.decode(token).ok().and_then(|name| String::from_utf8(name).ok());
    name.ok_or_else(|| Fault::InvalidParameter("Invalid or expired next token.".to_owned()))
}
