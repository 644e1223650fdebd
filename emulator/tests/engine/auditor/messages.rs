//! Messages: visibility, receive counts, dead-letter queues, retention.

use std::time::Duration;

use emulator::engine::{GroupId, MessageId, MoveTaskStatus, QueueName, Timestamp};

use super::queues::{MessageBook, Place};
use super::{Auditor, Received, Verdict};

/// The longest visibility timeout of one delivery, extensions included.
const LONGEST_VISIBILITY: Duration = Duration::from_secs(12 * 3_600);

impl MessageBook {
    fn new(at: Timestamp, group: Option<&GroupId>, place: Place) -> Self {
        Self { group: group.cloned(), order: 0, sent: at, came: at, receive_count: 0, place }
    }
}

impl Auditor {
    pub(super) fn message_sent(
        &mut self,
        at: Timestamp,
        queue: &QueueName,
        id: MessageId,
        group: Option<&GroupId>,
        delayed_until: Option<Timestamp>,
    ) -> Verdict {
        let place = delayed_until.map_or(Place::Visible, |until| Place::Delayed { until });
        rule!(delayed_until.is_none_or(|until| until > at), "a delay ended before it began");
        self.queue(queue)?.add(id, MessageBook::new(at, group, place))
    }

    /// Only a visible message is received, each time counted by one, and never
    /// after its retention or instead of going to the dead-letter queue.
    pub(super) fn message_received(
        &mut self,
        at: Timestamp,
        queue: &QueueName,
        id: MessageId,
        receive_count: u32,
        visible_at: Timestamp,
    ) -> Verdict {
        let message = self.queue(queue)?.get(id)?;
        rule!(message.place == Place::Visible, "it was received while {:?}", message.place);
        rule!(
            receive_count == message.receive_count + 1,
            "it had been received {} times",
            message.receive_count
        );
        let most = self.dead_letters_after(queue).map(|(_, most)| most);
        rule!(most.is_none_or(|most| receive_count <= most), "maxReceiveCount is {most:?}");
        let attributes = self.attributes(queue)?;
        let (by_queue, expiry) = (at + attributes.visibility_timeout, message.sent + attributes.retention);
        rule!(at <= expiry, "it was received after its retention ended at {expiry:?}");
        let (limit, fifo) = (self.quotas.in_flight_limit, attributes.fifo.is_some());
        let book = self.queue(queue)?;
        if fifo {
            book.check_turn(at, &message)?;
        } else {
            book.check_fairness(&message)?;
        }
        rule!(book.in_flight < limit + 9, "{} are in flight already", book.in_flight);
        let place = Place::InFlight { until: visible_at, since: at };
        book.put(id, MessageBook { receive_count, place, ..message })?;
        let received = Received { at, visible_at, by_queue };
        self.step.received.insert((queue.clone(), id, receive_count), received);
        Ok(())
    }

    /// A message becomes visible exactly when its delay or its visibility
    /// timeout ends, or when a client asks for it.
    pub(super) fn message_visible(&mut self, at: Timestamp, queue: &QueueName, id: MessageId) -> Verdict {
        let asked = self.was_asked(queue, id, at);
        let book = self.queue(queue)?;
        let message = book.get(id)?;
        let due = match message.place {
            Place::Visible => None,
            Place::Delayed { until } | Place::InFlight { until, .. } => Some(until),
        };
        rule!(asked || due == Some(at), "it became visible while {:?}", message.place);
        book.put(id, MessageBook { place: Place::Visible, ..message })
    }

    fn was_asked(&mut self, queue: &QueueName, id: MessageId, at: Timestamp) -> bool {
        self.asked_visibility
            .take_if(|(of, message, to)| of == queue && *message == id && *to == at)
            .is_some()
    }

    pub(super) fn visibility_changed(
        &mut self,
        at: Timestamp,
        queue: &QueueName,
        id: MessageId,
        visible_at: Timestamp,
    ) -> Verdict {
        rule!(self.was_asked(queue, id, visible_at), "nobody asked for this visibility");
        let book = self.queue(queue)?;
        let message = book.get(id)?;
        rule!(message.receive_count > 0, "its visibility changed before it was received");
        let since = match message.place {
            Place::InFlight { since, .. } => since,
            Place::Visible | Place::Delayed { .. } => at,
        };
        rule!(visible_at <= since + LONGEST_VISIBILITY, "it is invisible for over 12 hours");
        book.put(id, MessageBook { place: Place::InFlight { until: visible_at, since }, ..message })
    }

    pub(super) fn message_deleted(&mut self, queue: &QueueName, id: MessageId) -> Verdict {
        let message = self.queue(queue)?.remove(id)?;
        rule!(message.receive_count > 0, "it was deleted before it was received");
        self.step.deleted.insert((queue.clone(), id, message.receive_count));
        Ok(())
    }

    /// The next receive after maxReceiveCount ones moves the message, which
    /// keeps its id and its age.
    pub(super) fn message_dead_lettered(
        &mut self,
        at: Timestamp,
        from: &QueueName,
        to: &QueueName,
        id: MessageId,
    ) -> Verdict {
        let policy = self.dead_letters_after(from);
        let message = self.queue(from)?.remove(id)?;
        let (target, most) = policy.ok_or("no redrive policy says so")?;
        rule!(target == *to, "the redrive policy names {target}");
        let count = message.receive_count;
        rule!(count >= most, "it was received {count} times, and maxReceiveCount is {most}");
        rule!(message.place == Place::Visible, "it was dead-lettered while {:?}", message.place);
        // A FIFO queue counts its age anew.
        let fifo = self.attributes(to)?.fifo.is_some();
        let sent = if fifo { at } else { message.sent };
        let place = self.arrival(to, at)?;
        self.queue(to)?.add(id, MessageBook { came: at, sent, receive_count: 0, place, ..message })
    }

    /// A move task takes what is visible, and makes another message of it.
    pub(super) fn message_moved(
        &mut self,
        at: Timestamp,
        (from, to): (&QueueName, &QueueName),
        (id, new_id): (MessageId, MessageId),
        group: Option<&GroupId>,
    ) -> Verdict {
        rule!(self.moving.contains(from), "no task moves the messages of {from}");
        let message = self.queue(from)?.remove(id)?;
        rule!(message.place == Place::Visible, "it was moved while {:?}", message.place);
        rule!(message.group.as_ref() == group, "it was of the group {:?}", message.group);
        rule!(id != new_id, "it kept its id");
        let place = self.arrival(to, at)?;
        self.queue(to)?.add(new_id, MessageBook::new(at, group, place))
    }

    /// Where a message is that comes by another way than a send: a FIFO queue's
    /// delay holds for all.
    fn arrival(&self, queue: &QueueName, at: Timestamp) -> Result<Place, String> {
        let attributes = self.attributes(queue)?;
        let waits = attributes.fifo.is_some() && !attributes.delay.is_zero();
        Ok(if waits { Place::Delayed { until: at + attributes.delay } } else { Place::Visible })
    }

    /// One task of a queue at a time, and none that goes on after its end.
    pub(super) fn move_task_changed(&mut self, queue: &QueueName, status: MoveTaskStatus) -> Verdict {
        let active = match status {
            MoveTaskStatus::Running => {
                rule!(self.moving.insert(queue.clone()), "a second task of {queue}");
                return Ok(());
            }
            MoveTaskStatus::Cancelling => self.moving.contains(queue),
            MoveTaskStatus::Cancelled | MoveTaskStatus::Completed | MoveTaskStatus::Failed(_) => {
                self.moving.remove(queue)
            }
        };
        rule!(active, "{queue} has no task that could be {status:?}");
        Ok(())
    }

    /// A repeated receive hides what it brought once more.
    pub(super) fn receive_repeated(
        &mut self,
        at: Timestamp,
        queue: &QueueName,
        id: MessageId,
        visible_at: Timestamp,
    ) -> Verdict {
        let by_queue = at + self.attributes(queue)?.visibility_timeout;
        let book = self.queue(queue)?;
        let message = book.get(id)?;
        let in_flight = matches!(message.place, Place::InFlight { .. });
        rule!(in_flight, "a receive was repeated of what is {:?}", message.place);
        let receipt = (queue.clone(), id, message.receive_count);
        book.put(id, MessageBook { place: Place::InFlight { until: visible_at, since: at }, ..message })?;
        self.step.received.insert(receipt, Received { at, visible_at, by_queue });
        Ok(())
    }

    pub(super) fn delay_changed(&mut self, queue: &QueueName, id: MessageId, until: Timestamp) -> Verdict {
        let book = self.queue(queue)?;
        let message = book.get(id)?;
        let delayed = matches!(message.place, Place::Delayed { .. });
        rule!(delayed, "the delay changed of what is {:?}", message.place);
        book.put(id, MessageBook { place: Place::Delayed { until }, ..message })
    }

    /// A group is called noisy for what it holds, and quiet again only then.
    pub(super) fn group_changed(&mut self, queue: &QueueName, group: &GroupId, noisy: bool) -> Verdict {
        let book = self.queue(queue)?;
        let all = book.in_flight;
        let group = book.groups.entry(group.clone()).or_default();
        rule!(group.noisy != noisy, "it was noisy: {}", group.noisy);
        let share = group.in_flight >= 30 && group.in_flight * 10 > all;
        rule!(!noisy || share, "it holds {} of {all} in flight", group.in_flight);
        group.noisy = noisy;
        Ok(())
    }

    /// A queue's redrive policy, as long as its dead-letter queue is there.
    fn dead_letters_after(&self, queue: &QueueName) -> Option<(QueueName, u32)> {
        let redrive = self.granted_queues.get(queue)?.redrive.as_ref()?;
        let there = self.queues.contains_key(&redrive.dead_letter_queue);
        there.then(|| (redrive.dead_letter_queue.clone(), redrive.max_receive_count))
    }

    /// A message expires exactly at the end of its retention, counted from
    /// when it was sent first.
    pub(super) fn message_expired(&mut self, at: Timestamp, queue: &QueueName, id: MessageId) -> Verdict {
        let retention = self.attributes(queue)?.retention;
        let book = self.queue(queue)?;
        let message = book.remove(id)?;
        let right = (message.sent + retention).max(message.came).max(book.changed);
        rule!(at == right, "its retention ends at {right:?}");
        Ok(())
    }
}
