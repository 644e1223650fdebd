//! GetLogEvents and FilterLogEvents.

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::pattern::Pattern;
use super::position::{Position, Token};
use super::{group_name, limit, ok, read, required};
use crate::api::Api;
use crate::api::call::Call;
use crate::api::lambda::{Constraint, Member};
use crate::api::reply::Reply;
use crate::observe::LogEvent;

/// Events on a page at most (Logs API, `GetLogEvents`).
const LONGEST_PAGE: usize = 10_000;

/// Bytes on a page at most; an event counts its text and 26 bytes.
const HEAVIEST_PAGE: usize = 1_048_576;

const EVENT_OVERHEAD: usize = 26;

const LIMIT: Member =
    Member { name: "limit", constraints: &[Constraint::AtLeast(1), Constraint::AtMost(10_000)] };

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct GetRequest {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    next_token: Option<String>,
    limit: Option<i64>,
    start_from_head: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FilterRequest {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<i64>,
    end_time: Option<i64>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<i64>,
    start_from_head: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GetResponse {
    events: Vec<Shown>,
    next_forward_token: String,
    next_backward_token: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FilterResponse {
    events: Vec<Filtered>,
    searched_log_streams: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    timestamp: u64,
    message: String,
    ingestion_time: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Filtered {
    log_stream_name: String,
    timestamp: u64,
    message: String,
    ingestion_time: u64,
    event_id: String,
}

pub(super) fn get(api: &Api, call: &Call) -> Result<Reply, Error> {
    let request: GetRequest = read(call)?;
    let limit = limit(request.limit, &LIMIT, LONGEST_PAGE)?;
    let token = read_token(request.next_token.as_deref())?;
    let group = group_name(request.log_group_name, request.log_group_identifier)?;
    let stream = required("logStreamName", request.log_stream_name)?;
    let mut events = events_of(api, &group, std::slice::from_ref(&stream), |name| name == stream)?;
    // The end is exclusive here, and inclusive in FilterLogEvents.
    events.retain(|event| {
        in_time(event, request.start_time, request.end_time.map(|end| end.saturating_sub(1)))
    });

    let start = match request.start_from_head {
        Some(true) => Token::Forward(Position::default()),
        Some(false) | None => Token::Backward(Position::LAST),
    };
    let page = cut(events, token.unwrap_or(start), limit).events;
    let (next_forward_token, next_backward_token) = match (page.first(), page.last(), token) {
        (Some(first), Some(last), _) => {
            (Token::Forward(Position::of(last)), Token::Backward(Position::of(first)))
        }
        // At either end the token that was passed comes back.
        (_, _, Some(token @ Token::Forward(_))) => (token, token.turned()),
        (_, _, Some(token @ Token::Backward(_))) => (token.turned(), token),
        (_, _, None) => (Token::Forward(Position::default()), Token::Backward(Position::default())),
    };
    let show = |event: LogEvent| Shown {
        timestamp: event.at.as_millis(),
        message: event.message,
        ingestion_time: event.at.as_millis(),
    };
    Ok(ok(&GetResponse {
        events: page.into_iter().map(show).collect(),
        next_forward_token: next_forward_token.to_string(),
        next_backward_token: next_backward_token.to_string(),
    }))
}

pub(super) fn filter(api: &Api, call: &Call) -> Result<Reply, Error> {
    let request: FilterRequest = read(call)?;
    let limit = limit(request.limit, &LIMIT, LONGEST_PAGE)?;
    let token = read_token(request.next_token.as_deref())?;
    let pattern = Pattern::parse(request.filter_pattern.as_deref().unwrap_or_default())?;
    let names = request.log_stream_names.unwrap_or_default();
    if !names.is_empty() && request.log_stream_name_prefix.is_some() {
        return Err(Error::NamesAndPrefix);
    }
    let prefix = request.log_stream_name_prefix.unwrap_or_default();
    let group = group_name(request.log_group_name, request.log_group_identifier)?;
    let wanted = |name: &str| {
        name.starts_with(&prefix) && (names.is_empty() || names.iter().any(|wanted| wanted == name))
    };
    let mut events = events_of(api, &group, &names, wanted)?;
    events.retain(|event| {
        in_time(event, request.start_time, request.end_time) && pattern.matches(&event.message)
    });

    let newest_first = request.start_from_head == Some(false);
    let start =
        if newest_first { Token::Backward(Position::LAST) } else { Token::Forward(Position::default()) };
    let mut page = cut(events, token.unwrap_or(start), limit);
    if newest_first {
        page.events.reverse();
    }
    let next_token = page.events.last().filter(|_| page.more).map(|last| {
        let position = Position::of(last);
        let token = if newest_first { Token::Backward(position) } else { Token::Forward(position) };
        token.to_string()
    });
    let show = |event: LogEvent| Filtered {
        event_id: Position::of(&event).to_string(),
        log_stream_name: event.stream,
        timestamp: event.at.as_millis(),
        message: event.message,
        ingestion_time: event.at.as_millis(),
    };
    let events = page.events.into_iter().map(show).collect();
    Ok(ok(&FilterResponse { events, searched_log_streams: [], next_token }))
}

fn read_token(text: Option<&str>) -> Result<Option<Token>, Error> {
    text.map(|text| text.parse().map_err(|_| Error::InvalidToken)).transpose()
}

/// The events of the wanted streams in order; each of `named` must be there.
fn events_of(
    api: &Api,
    group: &str,
    named: &[String],
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<LogEvent>, Error> {
    let logs = api.driver.logs();
    if !named.is_empty() {
        let streams = logs.streams(group).ok_or(Error::GroupNotFound)?;
        let is_there = |name: &String| streams.iter().any(|stream| stream.name == *name);
        if !named.iter().all(is_there) {
            return Err(Error::StreamNotFound);
        }
    }
    let mut events = logs.events(group, wanted).ok_or(Error::GroupNotFound)?;
    events.sort_by_key(Position::of);
    Ok(events)
}

/// Both ends are inclusive, in milliseconds.
fn in_time(event: &LogEvent, start: Option<i64>, end: Option<i64>) -> bool {
    let at = i64::try_from(event.at.as_millis()).unwrap_or(i64::MAX);
    start.is_none_or(|start| at >= start) && end.is_none_or(|end| at <= end)
}

#[derive(Debug)]
struct Page {
    events: Vec<LogEvent>,
    more: bool,
}

/// The page that begins at the token: at most `limit` events and 1 MB, but
/// always one event when there is one. Its events are in ascending order.
fn cut(mut events: Vec<LogEvent>, token: Token, limit: usize) -> Page {
    match token {
        Token::Forward(after) => {
            events.retain(|event| Position::of(event) > after);
            let length = fitting(events.iter(), limit);
            let more = events.len() > length;
            events.truncate(length);
            Page { events, more }
        }
        Token::Backward(before) => {
            events.retain(|event| Position::of(event) < before);
            let length = fitting(events.iter().rev(), limit);
            let rest = events.len() - length;
            Page { events: events.split_off(rest), more: rest > 0 }
        }
    }
}

fn fitting<'a>(events: impl Iterator<Item = &'a LogEvent>, limit: usize) -> usize {
    let mut weight = 0;
    let fits = |&(index, event): &(usize, &LogEvent)| {
        weight += event.message.len() + EVENT_OVERHEAD;
        index == 0 || weight <= HEAVIEST_PAGE
    };
    events.take(limit).enumerate().take_while(fits).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Timestamp;

    fn events(messages: &[&str]) -> Vec<LogEvent> {
        let event = |(number, message): (u64, &&str)| LogEvent {
            stream: "s".to_owned(),
            // Two events in every millisecond.
            at: Timestamp::from_millis(1_000 + number / 2),
            message: (*message).to_owned(),
            number,
        };
        (1..).zip(messages).map(event).collect()
    }

    fn text(page: &Page) -> String {
        page.events.iter().map(|event| event.message.as_str()).collect()
    }

    #[test]
    fn pages_go_forward_and_backward() {
        let all = events(&["a", "b", "c", "d", "e"]);
        let mut token = Token::Forward(Position::default());
        for (expected, more) in [("ab", true), ("cd", true), ("e", false), ("", false)] {
            let page = cut(all.clone(), token, 2);
            assert_eq!((text(&page).as_str(), page.more), (expected, more));
            token = page.events.last().map_or(token, |last| Token::Forward(Position::of(last)));
        }
        let mut token = Token::Backward(Position::LAST);
        for (expected, more) in [("de", true), ("bc", true), ("a", false), ("", false)] {
            let page = cut(all.clone(), token, 2);
            assert_eq!((text(&page).as_str(), page.more), (expected, more));
            token = page.events.first().map_or(token, |first| Token::Backward(Position::of(first)));
        }
    }

    #[test]
    fn a_page_holds_a_megabyte_but_at_least_one_event() {
        let (half, huge) = ("h".repeat(HEAVIEST_PAGE / 2), "H".repeat(2 * HEAVIEST_PAGE));
        let all = events(&[&huge, &half, "x", &half]);
        let mut token = Token::Forward(Position::default());
        for expected in [1, 2, 1] {
            let page = cut(all.clone(), token, 10);
            assert_eq!(page.events.len(), expected);
            token = Token::Forward(Position::of(page.events.last().expect("an event")));
        }
    }
}
