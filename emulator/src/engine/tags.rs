//! Tags: what a user writes on a resource to find it again.

use std::collections::BTreeMap;

/// The tags of one resource.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tags(BTreeMap<String, String>);

/// The resource would have more tags than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyTags;

impl Tags {
    /// Tags on one resource at most (General Reference, "Lambda quotas": 50).
    pub const MOST: usize = 50;

    /// A resource's first tags.
    pub fn new(tags: BTreeMap<String, String>) -> Result<Self, TooManyTags> {
        let mut new = Self::default();
        new.add(tags)?;
        Ok(new)
    }

    /// All of them, by key.
    pub fn all(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// Adds tags, or gives those that are there another value. All or none.
    pub fn add(&mut self, tags: BTreeMap<String, String>) -> Result<(), TooManyTags> {
        let new = tags.keys().filter(|key| !self.0.contains_key(*key)).count();
        if self.0.len() + new > Self::MOST {
            return Err(TooManyTags);
        }
        self.0.extend(tags);
        Ok(())
    }

    /// Takes tags away; those that are not there are no error.
    pub fn remove(&mut self, keys: &[String]) {
        for key in keys {
            self.0.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(range: std::ops::Range<usize>) -> BTreeMap<String, String> {
        range.map(|number| (format!("k{number}"), "v".to_owned())).collect()
    }

    #[test]
    fn fifty_fit_and_known_ones_need_no_room() {
        let mut tags = Tags::new(numbered(0..50)).expect("fifty fit");
        assert_eq!(tags.add(numbered(50..51)), Err(TooManyTags));
        assert_eq!(tags.add(numbered(0..50)), Ok(()), "all of them are known");
        tags.remove(&["k0".to_owned(), "unheard-of".to_owned()]);
        assert_eq!(tags.add(numbered(49..51)), Ok(()));
        assert_eq!(tags.all().len(), Tags::MOST);
        assert_eq!(Tags::new(numbered(0..51)), Err(TooManyTags));
    }
}
