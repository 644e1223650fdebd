//! Who takes part in an environment: the runtime and the extensions, what
//! waits for each of them, and whether all of them wait for more.
//!
//! No I/O and no waiting: whoever asks is told what to wait for.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Notify;

use super::seat::Seat;
use crate::engine::{Dispatch, Uuid};

/// At most so many extensions register ("Lambda quotas" and the Developer
/// Guide, "Using the Lambda Extensions API").
pub(super) const EXTENSIONS: usize = 10;

/// The runtime and the extensions of one start.
#[derive(Debug, Default)]
pub(super) struct Participants {
    runtime: Seat<Dispatch>,
    /// In the order of their registration.
    extensions: Vec<Extension>,
    /// External extensions that were started and have not registered.
    awaited: Vec<String>,
    phase: Phase,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Init,
    Serving,
    Leaving,
}

/// What an extension wants to be told of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Events {
    pub(super) invoke: bool,
    pub(super) shutdown: bool,
}

#[derive(Debug)]
struct Extension {
    id: Uuid,
    name: String,
    /// A process of its own, not a part of the runtime's.
    external: bool,
    events: Events,
    seat: Seat<Bytes>,
}

/// An extension as the log shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Registered {
    pub(super) name: String,
    pub(super) events: Events,
}

/// What somebody who asks for an event gets.
#[derive(Debug)]
pub(super) enum Asked<E> {
    /// This, at once.
    Event(E),
    /// Nothing yet; with it everybody may have come to rest.
    Wait(Arc<Notify>, Option<Rest>),
}

/// Everybody waits for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// For the first time.
    InitOver,
    /// Again.
    AtRest,
}

/// Why an extension may not register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotRegistered {
    Closed,
    TooMany,
    AlreadyThere,
    /// An internal extension ends with the runtime: nobody could tell it.
    InternalShutdown,
}

impl Participants {
    /// External extensions of these names were started.
    pub(super) fn expect(&mut self, names: Vec<String>) {
        self.awaited = names;
    }

    /// Registers an extension. `Ok(true)` says that it was the last of the
    /// external ones to come.
    pub(super) fn register(&mut self, name: &str, id: Uuid, events: Events) -> Result<bool, NotRegistered> {
        if self.phase != Phase::Init {
            return Err(NotRegistered::Closed);
        }
        if self.extensions.iter().any(|extension| extension.name == name) {
            return Err(NotRegistered::AlreadyThere);
        }
        if self.extensions.len() >= EXTENSIONS {
            return Err(NotRegistered::TooMany);
        }
        let awaited = self.awaited.iter().position(|awaited| awaited == name);
        if awaited.is_none() && events.shutdown {
            return Err(NotRegistered::InternalShutdown);
        }
        if let Some(index) = awaited {
            self.awaited.remove(index);
        }
        let external = awaited.is_some();
        self.extensions.push(Extension {
            id,
            name: name.to_owned(),
            external,
            events,
            seat: Seat::default(),
        });
        Ok(external && self.awaited.is_empty())
    }

    pub(super) fn registered(&self) -> Vec<Registered> {
        let show =
            |extension: &Extension| Registered { name: extension.name.clone(), events: extension.events };
        self.extensions.iter().map(show).collect()
    }

    pub(super) fn name_of(&self, id: Uuid) -> Option<&str> {
        self.extensions.iter().find(|extension| extension.id == id).map(|extension| extension.name.as_str())
    }

    pub(super) fn has_extensions(&self) -> bool {
        !self.extensions.is_empty()
    }

    pub(super) fn has_external_extensions(&self) -> bool {
        self.extensions.iter().any(|extension| extension.external)
    }

    pub(super) fn wants_invoke(&self) -> bool {
        self.extensions.iter().any(|extension| extension.events.invoke)
    }

    /// Hands an event to the runtime, and word of it to the extensions that
    /// asked for that.
    pub(super) fn deliver(&mut self, dispatch: Dispatch, word: &Bytes) {
        for extension in self.extensions.iter_mut().filter(|extension| extension.events.invoke) {
            extension.seat.put(word.clone());
        }
        self.runtime.put(dispatch);
    }

    /// Tells the extensions that asked for it of the end. Nobody comes to rest
    /// any more.
    pub(super) fn leave(&mut self, word: &Bytes) {
        self.phase = Phase::Leaving;
        for extension in self.extensions.iter_mut().filter(|extension| extension.events.shutdown) {
            extension.seat.put(word.clone());
        }
    }

    /// The runtime asks for its next event.
    pub(super) fn ask_runtime(&mut self) -> Asked<Dispatch> {
        match self.runtime.ask() {
            Ok(event) => Asked::Event(event),
            Err((wake, newly)) => Asked::Wait(wake, self.rest_after(newly)),
        }
    }

    /// An extension asks for its next event.
    pub(super) fn ask_extension(&mut self, id: Uuid) -> Option<Asked<Bytes>> {
        let extension = self.extensions.iter_mut().find(|extension| extension.id == id)?;
        Some(match extension.seat.ask() {
            Ok(event) => Asked::Event(event),
            Err((wake, newly)) => Asked::Wait(wake, self.rest_after(newly)),
        })
    }

    /// Whether everybody waits for more.
    pub(super) fn are_at_rest(&self) -> bool {
        self.awaited.is_empty()
            && self.runtime.rests()
            && self.extensions.iter().all(|extension| extension.seat.rests())
    }

    fn rest_after(&mut self, newly: bool) -> Option<Rest> {
        if !newly || !self.are_at_rest() {
            return None;
        }
        match self.phase {
            Phase::Init => {
                self.phase = Phase::Serving;
                Some(Rest::InitOver)
            }
            Phase::Serving => Some(Rest::AtRest),
            Phase::Leaving => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::{EnvironmentId, Payload, Qualifier, RequestId, Timestamp, Trace};

    const INVOKE: Events = Events { invoke: true, shutdown: false };
    const BOTH: Events = Events { invoke: true, shutdown: true };
    const NONE: Events = Events { invoke: false, shutdown: false };

    fn id(number: u128) -> Uuid {
        Uuid::from_random(number)
    }

    fn dispatch() -> Dispatch {
        Dispatch {
            environment: EnvironmentId(1),
            request_id: RequestId(id(1)),
            payload: Payload::Json(Bytes::new()),
            deadline: Timestamp::default() + Duration::from_secs(3),
            reports_item_failures: false,
            qualifier: Qualifier::Latest,
            client_context: None,
            trace: Trace::default(),
            streams: false,
        }
    }

    fn rest<E>(asked: &Asked<E>) -> Option<Rest> {
        match asked {
            Asked::Event(_) => panic!("there was an event"),
            Asked::Wait(_, rest) => *rest,
        }
    }

    fn is_event<E>(asked: &Asked<E>) -> bool {
        matches!(asked, Asked::Event(_))
    }

    #[test]
    fn everybody_has_to_ask_before_init_is_over_and_before_there_is_rest() {
        let mut all = Participants::default();
        all.expect(vec!["outer".to_owned()]);
        assert_eq!(all.register("outer", id(1), BOTH), Ok(true));
        assert_eq!(all.register("inner", id(2), INVOKE), Ok(false));
        assert_eq!(all.register("deaf", id(3), NONE), Ok(false));
        assert_eq!(rest(&all.ask_runtime()), None);
        assert_eq!(rest(&all.ask_extension(id(1)).expect("known")), None);
        assert_eq!(rest(&all.ask_extension(id(2)).expect("known")), None);
        assert_eq!(rest(&all.ask_extension(id(3)).expect("known")), Some(Rest::InitOver));

        all.deliver(dispatch(), &Bytes::new());
        assert!(is_event(&all.ask_runtime()));
        assert_eq!(rest(&all.ask_runtime()), None);
        assert!(is_event(&all.ask_extension(id(1)).expect("known")));
        assert_eq!(rest(&all.ask_extension(id(1)).expect("known")), None);
        assert!(is_event(&all.ask_extension(id(2)).expect("known")));
        assert_eq!(rest(&all.ask_extension(id(2)).expect("known")), Some(Rest::AtRest), "the deaf one rests");
        assert_eq!(rest(&all.ask_extension(id(2)).expect("known")), None, "it was told once");
    }

    #[test]
    fn an_event_that_waits_is_no_rest() {
        let mut all = Participants::default();
        assert_eq!(rest(&all.ask_runtime()), Some(Rest::InitOver));
        all.deliver(dispatch(), &Bytes::new());
        all.deliver(dispatch(), &Bytes::new());
        assert!(is_event(&all.ask_runtime()) && is_event(&all.ask_runtime()));
        assert_eq!(rest(&all.ask_runtime()), Some(Rest::AtRest));
        all.leave(&Bytes::new());
        all.deliver(dispatch(), &Bytes::new());
        assert!(is_event(&all.ask_runtime()));
        assert_eq!(rest(&all.ask_runtime()), None);
    }

    #[test]
    fn registration_has_rules() {
        let mut all = Participants::default();
        all.expect(vec!["outer".to_owned()]);
        assert_eq!(all.register("inner", id(0), BOTH), Err(NotRegistered::InternalShutdown));
        assert_eq!(all.register("outer", id(1), BOTH), Ok(true));
        assert_eq!(all.register("outer", id(2), BOTH), Err(NotRegistered::AlreadyThere));
        for number in 2..=10 {
            assert_eq!(all.register(&format!("inner{number}"), id(number), NONE), Ok(false));
        }
        assert_eq!(all.register("one-more", id(11), NONE), Err(NotRegistered::TooMany));
        assert!(all.ask_extension(id(11)).is_none());
        let mut served = Participants::default();
        assert_eq!(rest(&served.ask_runtime()), Some(Rest::InitOver));
        assert_eq!(served.register("late", id(1), NONE), Err(NotRegistered::Closed));
    }
}
