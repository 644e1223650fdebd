//! Where a queue keeps its messages: a place for each, used again when free.
//!
//! A million messages must fit beside everything else. A hash map of them would
//! take twice the room, and all of it once more while it grows.

use super::message::Message;
use crate::engine::ids::MessageNumber;

/// Names a message and says where it lies, so that nobody has to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MessageKey {
    /// Which message.
    pub number: MessageNumber,
    /// Its place on the shelf; when it is gone, another message may lie there.
    pub slot: u32,
}

/// The messages of a queue.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    slots: Vec<Option<Message>>,
    free: Vec<u32>,
}

impl Shelf {
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Finds a place for a message, which learns its key.
    pub(super) fn put(&mut self, number: MessageNumber, mut message: Message) -> MessageKey {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).expect("memory ends before four billion messages")
        });
        let key = MessageKey { number, slot };
        message.key = key;
        self.slots[slot as usize] = Some(message);
        key
    }

    pub(super) fn get(&self, key: MessageKey) -> Option<&Message> {
        self.slots.get(key.slot as usize)?.as_ref().filter(|message| message.key == key)
    }

    pub(super) fn get_mut(&mut self, key: MessageKey) -> Option<&mut Message> {
        self.slots.get_mut(key.slot as usize)?.as_mut().filter(|message| message.key == key)
    }

    pub(super) fn take(&mut self, key: MessageKey) -> Option<Message> {
        let slot = self.slots.get_mut(key.slot as usize)?;
        let message = slot.take_if(|message| message.key == key)?;
        self.free.push(key.slot);
        Some(message)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::engine::ids::{MessageId, Uuid};
    use crate::engine::sqs::{Content, NewMessage};
    use crate::engine::time::Timestamp;

    fn message(body: &str) -> Message {
        let (id, sent) = (MessageId(Uuid::from_random(1)), Timestamp::default());
        Message::new(Arc::new(Content { id, sent, message: NewMessage::new(body, [0; 16]) }))
    }

    #[test]
    fn a_place_is_used_again_and_an_old_key_does_not_fit() {
        let mut shelf = Shelf::default();
        let first = shelf.put(MessageNumber(1), message("a"));
        let second = shelf.put(MessageNumber(2), message("b"));
        assert!(shelf.take(first).is_some());
        assert!(shelf.take(first).is_none(), "it is gone");
        let third = shelf.put(MessageNumber(3), message("c"));
        assert_eq!(third.slot, first.slot);
        assert!(shelf.get(first).is_none(), "another lies there");
        assert_eq!(shelf.get(third).map(|message| &*message.content.message.body), Some("c"));
        assert!(shelf.get(second).is_some());
        assert_eq!(shelf.len(), 2);
    }
}
