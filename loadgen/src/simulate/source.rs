//! Who asks next: the arrivals of all loads of a stage, in the order of time.

use super::track::{Next, Track, Turn};
use crate::arrivals::End;
use emulator::engine::Timestamp;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::iter::Peekable;
use std::time::Duration;

type DueTimes = Peekable<Box<dyn Iterator<Item = Duration> + Send>>;

/// All that is to be asked.
pub(super) struct Source {
    began: Timestamp,
    /// Of each load whose requests are due at times of their own.
    open: Vec<DueTimes>,
    /// The next of them all.
    head: Option<(Timestamp, usize)>,
    users: Vec<Users>,
    /// What follows from answers: when, in which order, and whose.
    follow_ups: BinaryHeap<Reverse<FollowUp>>,
    ordered: u64,
}

/// How many more requests the users of a closed loop may make, and until when.
#[derive(Debug, Clone, Copy)]
struct Users {
    left: u64,
    until: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy)]
struct FollowUp {
    at: Timestamp,
    order: u64,
    track: usize,
    /// The same request again; none for a user's next one.
    again: Option<Turn>,
}

impl FollowUp {
    fn key(&self) -> (Timestamp, u64) {
        (self.at, self.order)
    }
}

impl PartialEq for FollowUp {
    fn eq(&self, other: &FollowUp) -> bool {
        self.key() == other.key()
    }
}

impl Eq for FollowUp {}

impl PartialOrd for FollowUp {
    fn partial_cmp(&self, other: &FollowUp) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for FollowUp {
    fn cmp(&self, other: &FollowUp) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl Source {
    pub(super) fn new(began: Timestamp, tracks: &[Track]) -> Source {
        let mut source = Source {
            began,
            open: tracks.iter().map(|track| track.load.arrivals.due_times().peekable()).collect(),
            head: None,
            users: tracks.iter().map(|track| Users::of(track, began)).collect(),
            follow_ups: BinaryHeap::new(),
            ordered: 0,
        };
        for (n, track) in tracks.iter().enumerate() {
            let users = track.load.arrivals.users().unwrap_or_default();
            (0..users).for_each(|_| source.follow(n, began, Next::Another));
        }
        source.find_head();
        source
    }

    /// Whether answers decide when the next request is made.
    pub(super) fn depends_on_answers(&self, tracks: &[Track]) -> bool {
        tracks.iter().any(Track::has_follow_ups)
    }

    /// Something follows from an answer.
    pub(super) fn follow(&mut self, track: usize, at: Timestamp, next: Next) {
        let again = match next {
            Next::Again(turn) => Some(turn),
            Next::Another => {
                let users = &mut self.users[track];
                if users.left == 0 || users.until.is_some_and(|until| at >= until) {
                    return;
                }
                users.left -= 1;
                None
            }
        };
        self.ordered += 1;
        self.follow_ups.push(Reverse(FollowUp { at, order: self.ordered, track, again }));
    }

    /// When the next request is made, if that is known.
    pub(super) fn next_at(&self) -> Option<Timestamp> {
        let follow_up = self.follow_ups.peek().map(|Reverse(follow_up)| follow_up.at);
        match (self.head, follow_up) {
            (Some((at, _)), Some(follow_up)) => Some(at.min(follow_up)),
            (head, follow_up) => head.map(|(at, _)| at).or(follow_up),
        }
    }

    /// Takes the next request.
    pub(super) fn take(&mut self) -> Option<Turn> {
        let follow_up = self.follow_ups.peek().map(|Reverse(follow_up)| *follow_up);
        match (self.head, follow_up) {
            (Some((at, track)), follow_up) if follow_up.is_none_or(|follow_up| at <= follow_up.at) => {
                self.open[track].next();
                self.find_head();
                Some(Turn::new(track, at))
            }
            (_, Some(FollowUp { at, track, again, .. })) => {
                self.follow_ups.pop();
                Some(again.unwrap_or_else(|| Turn::new(track, at)))
            }
            (_, None) => None,
        }
    }

    fn find_head(&mut self) {
        let began = self.began;
        let heads = self.open.iter_mut().enumerate();
        self.head = heads.filter_map(|(n, due)| Some((began + *due.peek()?, n))).min();
    }
}

impl Users {
    fn of(track: &Track, began: Timestamp) -> Users {
        match track.load.arrivals.until {
            End::Requests(left) => Users { left, until: None },
            End::DurationS(seconds) => {
                Users { left: u64::MAX, until: Some(began + Duration::from_secs_f64(seconds)) }
            }
        }
    }
}
