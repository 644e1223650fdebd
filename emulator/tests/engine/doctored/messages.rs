//! Messages and mappings.

use emulator::engine::{Asker, Fact, MappingId, MappingState, MessageId, Timestamp, Uuid, What};

use super::{admitted, after, at, check, made, name};

fn message() -> MessageId {
    MessageId(Uuid::from_random(7))
}

fn received(millis: u64, receive_count: u32) -> Fact {
    let visible_at = Timestamp::from_millis(millis + 30_000);
    let queue = name("queue");
    at(millis, What::MessageReceived { queue, message: message(), receive_count, visible_at })
}

fn visible(millis: u64) -> Fact {
    at(millis, What::MessageVisible { queue: name("queue"), message: message() })
}

fn dead_lettered(millis: u64) -> Fact {
    let (queue, dead_letter_queue) = (name("queue"), name("dead"));
    at(millis, What::MessageDeadLettered { queue, dead_letter_queue, message: message() })
}

pub(super) fn received_once() -> Vec<Fact> {
    let (queue, message) = (name("queue"), message());
    let sent = What::MessageSent { queue, message, size: 5, group: None, delayed_until: None };
    vec![
        at(0, What::QueueCreated { queue: name("queue") }),
        at(0, What::QueueCreated { queue: name("dead") }),
        at(0, sent),
        received(1_000, 1),
    ]
}

#[test]
fn doctored_messages_are_found() {
    let (queue, message) = (name("queue"), message());
    check(&after(received_once(), [received(2_000, 2)]), "received while");
    check(&after(received_once(), [visible(30_999)]), "became visible while");
    let back = after(received_once(), [visible(31_000)]);
    check(&after(back.clone(), [received(31_000, 3)]), "received 1 times");
    check(&after(back.clone(), [dead_lettered(31_000)]), "maxReceiveCount is 2");
    let twice = after(back.clone(), [received(31_000, 2), visible(61_000)]);
    check(&after(twice.clone(), [received(61_000, 3)]), "maxReceiveCount");
    let dead = after(twice, [dead_lettered(61_000)]);
    check(&dead, "");
    check(&after(dead, [visible(61_000)]), "not in the queue");
    let expired = What::MessageExpired { queue: queue.clone(), message };
    check(&after(back.clone(), [at(345_599_999, expired.clone())]), "retention");
    check(&after(back.clone(), [at(345_600_000, expired)]), "");
    check(&after(back.clone(), [received(345_600_001, 2)]), "after its retention");
    let purged = What::QueuePurged { queue: queue.clone(), messages: 0 };
    check(&after(back.clone(), [at(31_000, purged)]), "1 messages");
    let deleted = What::MessageDeleted { queue, message };
    let twice_deleted = [at(31_000, deleted.clone()), at(31_000, deleted)];
    check(&after(back, twice_deleted), "not in the queue");
}

#[test]
fn doctored_mappings_are_found() {
    let mapping = MappingId(Uuid::from_random(1));
    let state = |state| at(0, What::MappingChanged { mapping, state });
    let deleting = vec![
        state(Some(MappingState::Creating)),
        state(Some(MappingState::Disabled)),
        state(Some(MappingState::Deleting)),
    ];
    check(&after(deleting.clone(), [state(None)]), "");
    check(&after(deleting.clone(), [state(Some(MappingState::Updating))]), "Deleting");
    check(&[state(Some(MappingState::Enabled))], "None");
    check(&after(deleting[..2].to_vec(), [state(None)]), "Disabled");
    let asker = Asker::Mapping(mapping);
    check(&after(deleting, [made(0, 1), admitted(0, 1, asker, 1, true)]), "invoked while");
}
