//! Tags of mappings. They go with the mapping, and change nothing about it.

use std::collections::BTreeMap;

use crate::engine::Engine;
use crate::engine::error::LambdaError;
use crate::engine::ids::MappingId;
use crate::engine::tags::Tags;
use crate::engine::time::Timestamp;

impl Engine {
    /// A mapping's tags.
    pub fn mapping_tags(&self, id: MappingId) -> Result<&Tags, LambdaError> {
        let mapping = self.mappings.get(&id).ok_or(LambdaError::MappingNotFound(id))?;
        Ok(&mapping.tags)
    }

    /// TagResource on a mapping.
    pub fn tag_mapping(
        &mut self,
        now: Timestamp,
        id: MappingId,
        tags: BTreeMap<String, String>,
    ) -> Result<(), LambdaError> {
        self.tick(now);
        let mapping = self.mappings.get_mut(&id).ok_or(LambdaError::MappingNotFound(id))?;
        mapping.tags.add(tags).map_err(|_| LambdaError::TooManyTags)
    }

    /// UntagResource on a mapping.
    pub fn untag_mapping(
        &mut self,
        now: Timestamp,
        id: MappingId,
        keys: &[String],
    ) -> Result<(), LambdaError> {
        self.tick(now);
        let mapping = self.mappings.get_mut(&id).ok_or(LambdaError::MappingNotFound(id))?;
        mapping.tags.remove(keys);
        Ok(())
    }
}
