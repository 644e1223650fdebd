//! Queues, with a dead-letter queue where one is wanted.

use super::undo::{Change, gone, is_not_there};
use super::{Account, TAG, failure, refused};
use crate::failure::Failure;
use crate::queue::arn;
use aws_sdk_sqs::types::QueueAttributeName as Name;
use std::collections::HashMap;
use std::time::Duration;

/// A queue as it is wanted. A name that ends with `.fifo` makes it a FIFO queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSpec {
    pub name: String,
    pub visibility_timeout: Option<Duration>,
    pub delay: Option<Duration>,
    /// Receives after which a message goes to the queue `NAME-dead`.
    pub dead_letter_after: Option<u32>,
}

/// The name of a queue's dead-letter queue.
pub fn dead_letter_name(name: &str) -> String {
    match name.strip_suffix(".fifo") {
        Some(stem) => format!("{stem}-dead.fifo"),
        None => format!("{name}-dead"),
    }
}

impl Account<'_> {
    /// Makes a queue that must not be there, and its dead-letter queue.
    pub async fn make_queue(&mut self, spec: &QueueSpec) -> Result<(), Failure> {
        let names = [Some(spec.name.clone()), spec.dead_letter_after.map(|_| dead_letter_name(&spec.name))];
        for name in names.iter().flatten() {
            if self.queue_url(name).await?.is_some() {
                let problem = "there is one of that name already; give it another name, or delete it first";
                return Err(failure(format!("create queue {name}"), problem));
            }
        }
        for url in self.create_queues(spec).await? {
            self.undo.push(Change::MadeQueue(url));
        }
        Ok(())
    }

    /// Makes a queue and its dead-letter queue, where they are not there yet.
    /// Says what it did.
    pub async fn ensure_queue(&mut self, spec: &QueueSpec) -> Result<&'static str, Failure> {
        match self.queue_url(&spec.name).await? {
            None => self.create_queues(spec).await.map(|_| "created"),
            Some(url) if self.is_our_queue(&url).await? => Ok("is as it should be"),
            Some(_) => {
                let problem =
                    format!("there is one of that name without the tag '{TAG}'; choose another --name");
                Err(failure(format!("deploy queue {}", spec.name), problem))
            }
        }
    }

    /// Deletes a queue that loadgen has made. Says what it did.
    pub async fn remove_queue(&self, name: &str) -> Result<&'static str, Failure> {
        let step = format!("delete queue {name}");
        let Some(url) = self.queue_url(name).await? else { return Ok("is not there") };
        if !self.is_our_queue(&url).await? {
            let problem = format!("it does not have the tag '{TAG}', so it is not loadgen's to delete");
            return Err(failure(step, problem));
        }
        let deleted = self.clients.sqs.delete_queue().queue_url(url).send().await;
        gone(deleted).map(|()| "deleted").map_err(|problem| failure(step, problem))
    }

    /// The URL of a queue, if there is one of that name.
    pub async fn queue_url(&self, name: &str) -> Result<Option<String>, Failure> {
        match self.clients.sqs.get_queue_url().queue_name(name).send().await {
            Ok(found) => Ok(found.queue_url().map(str::to_owned)),
            Err(error) if is_not_there(&error) => Ok(None),
            Err(error) => Err(refused(&format!("look for queue {name}"), &error)),
        }
    }

    async fn is_our_queue(&self, url: &str) -> Result<bool, Failure> {
        let tags = self.clients.sqs.list_queue_tags().queue_url(url).send().await;
        let tags = tags.map_err(|error| refused(&format!("read the tags of {url}"), &error))?;
        Ok(tags.tags().is_some_and(|tags| tags.contains_key(TAG)))
    }

    /// The URLs, the dead-letter queue's first.
    async fn create_queues(&self, spec: &QueueSpec) -> Result<Vec<String>, Failure> {
        let mut attributes = HashMap::new();
        let mut urls = Vec::new();
        if let Some(most) = spec.dead_letter_after {
            let url = self.create_queue(&dead_letter_name(&spec.name), HashMap::new()).await?;
            let target = arn(&self.clients.sqs, &url).await;
            let target = target.map_err(|problem| failure(format!("create queue {}", spec.name), problem))?;
            let policy = serde_json::json!({"deadLetterTargetArn": target, "maxReceiveCount": most});
            attributes.insert(Name::RedrivePolicy, policy.to_string());
            urls.push(url);
        }
        let seconds = |time: Duration| time.as_secs().to_string();
        attributes.extend(spec.visibility_timeout.map(|time| (Name::VisibilityTimeout, seconds(time))));
        attributes.extend(spec.delay.map(|time| (Name::DelaySeconds, seconds(time))));
        urls.push(self.create_queue(&spec.name, attributes).await?);
        Ok(urls)
    }

    async fn create_queue(
        &self,
        name: &str,
        mut attributes: HashMap<Name, String>,
    ) -> Result<String, Failure> {
        if name.ends_with(".fifo") {
            attributes.insert(Name::FifoQueue, "true".to_owned());
        }
        let request = self.clients.sqs.create_queue().queue_name(name).tags(TAG, &self.purpose);
        let created = request.set_attributes(Some(attributes)).send().await;
        let created = created.map_err(|error| refused(&format!("create queue {name}"), &error))?;
        Ok(created.queue_url().unwrap_or_default().to_owned())
    }
}
