//! The clock's routes: it is shown, set and moved.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Admin, refusal};
use crate::config::Config;
use crate::engine::Timestamp;
use crate::gear::{ClockChange, ClockView, Gear, Moved, RealCode};
use crate::observe::date_time;

/// The longest span that the clock is moved by at once, and the longest wait: 10 years.
const LONGEST: f64 = 315_360_000.0;

/// The answer of every route of the clock.
#[derive(Debug, Serialize)]
struct Face {
    gear: &'static str,
    speed: f64,
    skip_idle: bool,
    now: String,
    next_event: Option<String>,
    in_flight: usize,
    real_code: RealCodeFace,
    /// After a step or a span: whether all of it is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled: Option<bool>,
}

#[derive(Debug, Serialize)]
struct RealCodeFace {
    running: usize,
    invocations_in_another_gear: u64,
    meaning: &'static str,
}

impl Face {
    fn new(view: &ClockView, settled: Option<bool>) -> Self {
        let ClockView { settings, now, next_event, in_flight, real_code } = *view;
        let RealCode { running, invocations } = real_code;
        Self {
            gear: settings.gear.as_str(),
            speed: settings.speed,
            skip_idle: settings.skip_idle,
            now: moment(now),
            next_event: next_event.map(moment),
            in_flight,
            real_code: RealCodeFace {
                running,
                invocations_in_another_gear: invocations,
                meaning: RealCode::MEANING,
            },
            settled,
        }
    }
}

fn moment(at: Timestamp) -> String {
    format!("{}Z", date_time(at))
}

pub(super) async fn show(State(admin): State<Admin>) -> Response {
    answer(&admin, None)
}

pub(super) async fn set(State(admin): State<Admin>, body: Bytes) -> Response {
    match change_of(&body) {
        Ok(change) => {
            admin.driver.set_clock(change);
            answer(&admin, None)
        }
        Err(wrong) => refusal(StatusCode::BAD_REQUEST, &wrong),
    }
}

pub(super) async fn step(State(admin): State<Admin>, body: Bytes) -> Response {
    match patience_of(&body) {
        Ok(patience) => {
            let Moved { settled, .. } = admin.driver.step_clock(patience).await;
            answer(&admin, Some(settled))
        }
        Err(wrong) => refusal(StatusCode::BAD_REQUEST, &wrong),
    }
}

pub(super) async fn advance(State(admin): State<Admin>, body: Bytes) -> Response {
    match span_of(&body) {
        Ok((span, patience)) => {
            let Moved { settled, .. } = admin.driver.advance_clock(span, patience).await;
            answer(&admin, Some(settled))
        }
        Err(wrong) => refusal(StatusCode::BAD_REQUEST, &wrong),
    }
}

fn answer(admin: &Admin, settled: Option<bool>) -> Response {
    Json(Face::new(&admin.driver.view_clock(), settled)).into_response()
}

fn change_of(body: &[u8]) -> Result<ClockChange, String> {
    let members = members(body, &["gear", "speed", "skip_idle"])?;
    Ok(ClockChange {
        gear: members.get("gear").map(gear).transpose()?,
        speed: members.get("speed").map(speed).transpose()?,
        skip_idle: members.get("skip_idle").map(skip_idle).transpose()?,
    })
}

fn patience_of(body: &[u8]) -> Result<Duration, String> {
    patience(&members(body, &["wait_seconds"])?)
}

fn span_of(body: &[u8]) -> Result<(Duration, Duration), String> {
    let members = members(body, &["seconds", "wait_seconds"])?;
    let seconds =
        members.get("seconds").ok_or(r#"seconds is missing: say how far, as in {"seconds": 90}"#)?;
    Ok((span("seconds", seconds)?, patience(&members)?))
}

fn patience(members: &Map<String, Value>) -> Result<Duration, String> {
    members.get("wait_seconds").map_or(Ok(Moved::PATIENCE), |seconds| span("wait_seconds", seconds))
}

/// The members of a body, which may be empty and has no others than these.
fn members(body: &[u8], known: &[&str]) -> Result<Map<String, Value>, String> {
    if body.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
        return Err(format!("the body is no JSON object: it may have {}", known.join(", ")));
    };
    match members.keys().find(|name| !known.contains(&name.as_str())) {
        Some(unknown) => Err(format!("{unknown} is unknown: there may be {}", known.join(", "))),
        None => Ok(members),
    }
}

fn gear(value: &Value) -> Result<Gear, String> {
    let gear = value
        .as_str()
        .and_then(|text| [Gear::Running, Gear::Paused].into_iter().find(|gear| gear.as_str() == text));
    gear.ok_or_else(|| format!(r#"gear is {value}: let it be "running" or "paused""#))
}

fn speed(value: &Value) -> Result<f64, String> {
    let speed = value.as_f64().filter(|speed| Config::is_speed(*speed));
    speed.ok_or_else(|| format!("speed is {value}: {}", Config::SPEED))
}

fn skip_idle(value: &Value) -> Result<bool, String> {
    value.as_bool().ok_or_else(|| format!("skip_idle is {value}: let it be true or false"))
}

fn span(name: &str, value: &Value) -> Result<Duration, String> {
    let seconds = value.as_f64().filter(|seconds| (0.0..=LONGEST).contains(seconds));
    let seconds =
        seconds.ok_or_else(|| format!("{name} is {value}: let it be a number from 0 to {LONGEST}"))?;
    Ok(Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::api::Api;
    use crate::api::lambda::world::World;
    use crate::engine::Quotas;
    use crate::gear::ClockSettings;

    const CLOCK: &str = "PUT /_emulator/clock";
    const STEP: &str = "POST /_emulator/clock/step";
    const ADVANCE: &str = "POST /_emulator/clock/advance";

    fn paused() -> World {
        World::of(Api::with_clock(Quotas::default(), ClockSettings::paused()))
    }

    #[tokio::test]
    async fn a_change_leaves_alone_what_it_does_not_name() {
        let world = World::new();
        for (change, gear, speed, skip_idle) in [
            (json!({ "gear": "paused" }), "paused", 1.0, false),
            (json!({ "speed": 60, "skip_idle": true }), "paused", 60.0, true),
            (json!({ "gear": "running" }), "running", 60.0, true),
            (json!({ "gear": "running", "speed": 0.5, "skip_idle": false }), "running", 0.5, false),
            (json!({}), "running", 0.5, false),
        ] {
            let answered = world.call(CLOCK, change.clone()).await;
            assert_eq!(answered.status, 200, "{change}");
            let shown = answered.json();
            let expected = json!([gear, speed, skip_idle]);
            assert_eq!(json!([shown["gear"], shown["speed"], shown["skip_idle"]]), expected, "{change}");
        }
    }

    #[tokio::test]
    async fn wrong_requests_name_the_member_and_the_remedy() {
        let world = paused();
        for (line, body, expected) in [
            (CLOCK, r#"{"gear": "fast"}"#, r#"gear is "fast": let it be "running" or "paused""#),
            (CLOCK, r#"{"speed": 0}"#, "speed is 0: the speed is a number from 0.001 to 100000"),
            (CLOCK, r#"{"speed": "60"}"#, r#"speed is "60": the speed is a number from 0.001 to 100000"#),
            (CLOCK, r#"{"skip_idle": 1}"#, "skip_idle is 1: let it be true or false"),
            (CLOCK, r#"{"skipidle": true}"#, "skipidle is unknown: there may be gear, speed, skip_idle"),
            (CLOCK, "[]", "the body is no JSON object: it may have gear, speed, skip_idle"),
            (ADVANCE, "", r#"seconds is missing: say how far, as in {"seconds": 90}"#),
            (ADVANCE, r#"{"seconds": -1}"#, "seconds is -1: let it be a number from 0 to 315360000"),
            (ADVANCE, r#"{"seconds": 1, "wait": 2}"#, "wait is unknown: there may be seconds, wait_seconds"),
            (STEP, r#"{"seconds": 1}"#, "seconds is unknown: there may be wait_seconds"),
            (
                STEP,
                r#"{"wait_seconds": null}"#,
                "wait_seconds is null: let it be a number from 0 to 315360000",
            ),
        ] {
            let answered = world.send(line, &[], body).await;
            assert_eq!(answered.status, 400, "{body}");
            assert_eq!(answered.json()["error"], expected, "{body}");
        }
        let shown = world.call("GET /_emulator/clock", Value::Null).await.json();
        assert_eq!((&shown["gear"], &shown["speed"]), (&json!("paused"), &json!(1.0)));
    }

    #[tokio::test]
    async fn the_clock_is_shown_and_moved() {
        let world = paused();
        world.create_built_in("f", json!({})).await;
        let before = world.call("GET /_emulator/clock", Value::Null).await.json();
        assert_eq!((&before["next_event"], &before["in_flight"]), (&Value::Null, &json!(0)));
        let real = &before["real_code"];
        assert_eq!((&real["running"], &real["invocations_in_another_gear"]), (&json!(0), &json!(0)));
        assert!(real["meaning"].as_str().is_some_and(|text| text.contains("real time")));

        let event = [("x-amz-invocation-type", "Event")];
        assert_eq!(world.invoke("f", &event).await.status, 202);
        let waiting = world.call("GET /_emulator/clock", Value::Null).await.json();
        assert_eq!(waiting["now"], before["now"]);
        let stepped = world.call(STEP, Value::Null).await.json();
        assert_eq!((&stepped["settled"], &stepped["now"]), (&json!(true), &waiting["next_event"]));
        let advanced = world.call(ADVANCE, json!({ "seconds": 0.5, "wait_seconds": 5 })).await.json();
        assert_eq!(advanced["settled"], true);
        let state = world.call("GET /_emulator/state", Value::Null).await.json();
        assert_eq!(state["functions"][0]["invocations"]["succeeded"], 1);
        assert_eq!((&state["gear"], &state["now"]), (&json!("paused"), &advanced["now"]));
    }
}
