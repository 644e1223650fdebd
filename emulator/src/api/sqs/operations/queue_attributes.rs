//! GetQueueAttributes and SetQueueAttributes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::api::sqs::attributes::{Attributes, Settings, show};
use crate::api::sqs::error::{Fault, Given};
use crate::api::sqs::text::Text;
use crate::api::sqs::{Endpoint, Operation, is_fifo};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct GetQueueAttributes<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    attribute_names: Option<Vec<Text<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct SetQueueAttributes<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    attributes: Option<Attributes<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::api::sqs) struct Shown {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'static str, String>,
}

impl<'a> Operation<'a> for GetQueueAttributes<'a> {
    type Answer = Shown;

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<Shown, Fault> {
        let queue = endpoint.queue(self.queue_url.as_ref())?;
        let view = endpoint.driver.step(|engine, _| engine.queue(queue));
        let view = view.map_err(Fault::from)?;
        let names = self.attribute_names.unwrap_or_default();
        Ok(Shown { attributes: show(&view, queue, endpoint.identity, &names)? })
    }
}

impl<'a> Operation<'a> for SetQueueAttributes<'a> {
    type Answer = ();

    fn perform(self, endpoint: &Endpoint<'_>) -> Result<(), Fault> {
        let queue = endpoint.queue(self.queue_url.as_ref())?;
        let attributes = self.attributes.ok_or_else(|| Fault::missing("Attributes"))?;
        let settings = Settings::for_change(attributes, is_fifo(queue), endpoint.identity)?;
        let change = endpoint
            .driver
            .step(|engine, now| engine.set_queue_attributes(now, queue, |queue| settings.apply(queue)));
        let given = Given { redrive_policy: settings.redrive_policy(), ..Given::default() };
        change.map_err(|error| Fault::of(error, given))
    }
}
