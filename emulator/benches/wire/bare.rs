//! The measure: an axum server that reads the request and answers a constant.

use std::collections::HashMap;

use axum::Router;
use axum::extract::Request;
use axum::routing::any;
use bytes::Bytes;

/// What it answers where nothing else was said: as long as SendMessage's answer.
const ANSWER: &str = r#"{"MD5OfMessageBody":"00000000000000000000000000000000","MessageId":"00000000-0000-4000-8000-000000000000"}"#;

/// As much of a body as axum's own extractors read.
const LONGEST_BODY: usize = 2 << 20;

/// Serves until it is ended, on the runtime that the emulator has too. The
/// arguments are the constants: an `x-amz-target` and what it is answered, in
/// turn.
pub(crate) fn serve(arguments: impl Iterator<Item = String>) {
    let answers: &HashMap<String, Bytes> = Box::leak(Box::new(constants(arguments)));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let answer = move |request: Request| async move {
            let target = request.headers().get("x-amz-target").and_then(|target| target.to_str().ok());
            let answer = target.and_then(|target| answers.get(target)).cloned();
            axum::body::to_bytes(request.into_body(), LONGEST_BODY).await.expect("a body");
            let answer = answer.unwrap_or(Bytes::from_static(ANSWER.as_bytes()));
            ([("content-type", "application/x-amz-json-1.0")], answer)
        };
        let app = Router::new().fallback(any(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        println!("listening on http://{}", listener.local_addr().expect("a port"));
        axum::serve(
            axum::serve::ListenerExt::tap_io(listener, |stream| {
                stream.set_nodelay(true).expect("TCP_NODELAY");
            }),
            app,
        )
        .await
        .expect("it serves");
    });
}

fn constants(mut arguments: impl Iterator<Item = String>) -> HashMap<String, Bytes> {
    let mut constants = HashMap::new();
    while let (Some(target), Some(answer)) = (arguments.next(), arguments.next()) {
        constants.insert(target, answer.into());
    }
    constants
}
