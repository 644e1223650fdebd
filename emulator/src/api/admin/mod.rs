//! The emulator's own routes, below `/_emulator/`.

mod clock;
mod picture;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use http_body_util::{BodyExt, Full};
use serde_json::json;
use tower_service::Service;

use super::call::Call;
use super::reply::{Body, Reply, empty};
use super::{Api, Doors};
use crate::config::Identity;
use crate::driver::Driver;
use crate::engine::{Package, Qualifier};
use crate::runtime::Packages;
use picture::Picture;

/// What the answer to an unknown path lists.
const ROUTES: &[&str] = &[
    "GET /_emulator/health",
    "GET /_emulator/state",
    "POST /_emulator/reset",
    "GET /_emulator/clock",
    "PUT /_emulator/clock",
    "POST /_emulator/clock/step",
    "POST /_emulator/clock/advance",
    "GET /_emulator/functions/{name}/code.zip",
    "GET /_emulator/layers/{name}/{version}/content.zip",
];

#[derive(Debug, Clone)]
struct Admin {
    driver: Arc<Driver>,
    identity: Arc<Identity>,
    packages: Arc<Packages>,
    doors: Arc<Doors>,
}

pub(super) async fn answer(api: &Api, call: Call) -> Reply {
    let admin = Admin {
        driver: Arc::clone(&api.driver),
        identity: Arc::clone(&api.identity),
        packages: Arc::clone(&api.packages),
        doors: Arc::clone(&api.doors),
    };
    let mut request = Request::new(Full::new(call.body));
    *request.method_mut() = call.method;
    *request.headers_mut() = call.headers;
    match call.path.parse() {
        Ok(uri) => *request.uri_mut() = uri,
        Err(_) => return empty(StatusCode::BAD_REQUEST),
    }
    let Ok(response) = routes(admin).call(request).await;
    let (parts, body) = response.into_parts();
    match body.collect().await {
        Ok(body) => Reply::from_parts(parts, Body::whole(body.to_bytes())),
        Err(error) => {
            tracing::error!(%error, "an answer of the emulator's own broke off");
            empty(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn routes(admin: Admin) -> Router {
    Router::new()
        .route("/_emulator/health", get(health))
        .route("/_emulator/state", get(state))
        .route("/_emulator/reset", post(reset))
        .route("/_emulator/clock", get(clock::show).put(clock::set))
        .route("/_emulator/clock/step", post(clock::step))
        .route("/_emulator/clock/advance", post(clock::advance))
        .route("/_emulator/functions/{name}/code.zip", get(code))
        .route("/_emulator/layers/{name}/{version}/content.zip", get(content))
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .with_state(admin)
}

async fn health(State(admin): State<Admin>) -> Json<serde_json::Value> {
    Json(json!({
        "status": "ok",
        "version": env!("CARGO_PKG_VERSION"),
        "region": admin.identity.region,
        "account_id": admin.identity.account_id,
    }))
}

async fn state(State(admin): State<Admin>) -> Json<Picture> {
    let snapshot = admin.driver.step(|engine, now| engine.snapshot(now));
    Json(Picture::new(&snapshot, admin.driver.clock().settings()))
}

async fn reset(State(admin): State<Admin>) -> Json<serde_json::Value> {
    admin.driver.reset();
    admin.doors.reset();
    Json(json!({ "status": "reset" }))
}

/// The zip that a function, or a version `NAME:NUMBER`, was made of:
/// GetFunction's `Location`.
async fn code(State(admin): State<Admin>, Path(name): Path<String>) -> Response {
    let found = admin.driver.step(|engine, _| match name.split_once(':') {
        // As it was given last, though that may not be active yet.
        None => engine.function(&name).cloned(),
        Some((name, version)) => engine.qualified(name, &Qualifier::parse(version)).cloned(),
    });
    let Ok(function) = found else {
        return refusal(StatusCode::NOT_FOUND, &format!("there is no function {name}"));
    };
    let Some(package) = function.spec.code.package() else {
        return refusal(StatusCode::NOT_FOUND, &format!("function {name} has no code"));
    };
    zip(&admin, package, &name).await
}

/// The zip that a layer version was made of: its content's `Location`.
async fn content(State(admin): State<Admin>, Path((name, version)): Path<(String, u64)>) -> Response {
    let found = admin.driver.step(|engine, _| engine.layer_version(&name, version).cloned());
    let Some(layer) = found else {
        return refusal(StatusCode::NOT_FOUND, &format!("there is no version {version} of a layer {name}"));
    };
    zip(&admin, &layer.spec.package, &name).await
}

async fn zip(admin: &Admin, package: &Package, name: &str) -> Response {
    let file = admin.packages.zip_file(package);
    let zip = tokio::task::spawn_blocking(move || std::fs::read(file)).await;
    match zip.map_err(std::io::Error::other).flatten() {
        Ok(zip) => ([(header::CONTENT_TYPE, "application/zip")], zip).into_response(),
        Err(error) => {
            tracing::error!(%error, name, "can't read a package's zip");
            refusal(StatusCode::INTERNAL_SERVER_ERROR, &format!("can't read the zip of {name}: {error}"))
        }
    }
}

async fn unknown() -> Response {
    refusal(StatusCode::NOT_FOUND, "there is no such route")
}

async fn wrong_method() -> Response {
    refusal(StatusCode::METHOD_NOT_ALLOWED, "the route has another method")
}

fn refusal(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": message, "routes": ROUTES }))).into_response()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::api::lambda::world::World;

    #[tokio::test]
    async fn health_and_state_are_shown_and_reset_forgets() {
        let world = World::new();
        let health = world.call("GET /_emulator/health", Value::Null).await.json();
        assert_eq!((&health["status"], &health["region"]), (&json!("ok"), &json!("us-east-1")));
        assert_eq!(health["account_id"], "000000000000");

        world.create_built_in("f", json!({})).await;
        let state = world.call("GET /_emulator/state", Value::Null).await.json();
        let account = json!({
            "concurrency_limit": 1000, "unreserved_limit": 1000, "unreserved_in_use": 0, "on_demand_limit": 1000,
        });
        assert_eq!(state["account"], account);
        let clock = (&state["gear"], &state["speed"], &state["skip_idle"]);
        assert_eq!(clock, (&json!("running"), &json!(1.0), &json!(false)));
        assert!(state["now"].as_str().is_some_and(|now| now.len() == 24 && now.ends_with('Z')));
        assert_eq!(
            state["functions"][0],
            json!({
                "name": "f", "reserved": null, "provisioned": [], "in_use": 0, "peak_in_use": 0,
                "environments": { "init": 0, "idle": 0, "busy": 0, "started": 0 },
                "invocations": { "succeeded": 0, "failed": 0, "provisioned": 0, "spillover": 0 }, "throttles": {},
                "event_queue": { "waiting": 0, "in_flight": 0 },
            })
        );

        let reset = world.call("POST /_emulator/reset", Value::Null).await;
        assert_eq!(reset.body, r#"{"status":"reset"}"#);
        let state = world.call("GET /_emulator/state", Value::Null).await.json();
        assert_eq!((&state["functions"], &state["queues"]), (&json!([]), &json!([])));
    }

    #[tokio::test]
    async fn wrong_paths_and_methods_are_told_the_right_ones() {
        let world = World::new();
        for (line, status) in [
            ("GET /_emulator/unheard-of", 404),
            ("GET /_emulator/functions/f/code.zip", 404),
            ("GET /_emulator/reset", 405),
            ("POST /_emulator/state", 405),
        ] {
            let answered = world.call(line, Value::Null).await;
            assert_eq!(answered.status, status, "{line}");
            assert_eq!(answered.json()["routes"][0], "GET /_emulator/health", "{line}");
        }
    }
}
