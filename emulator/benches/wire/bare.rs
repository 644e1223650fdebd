//! The measure: an axum server that reads the request and answers a constant.

use axum::Router;
use axum::routing::any;
use bytes::Bytes;

/// As long as SendMessage's answer.
const ANSWER: &str = r#"{"MD5OfMessageBody":"00000000000000000000000000000000","MessageId":"00000000-0000-4000-8000-000000000000"}"#;

/// Serves until it is ended, on the runtime that the emulator has too.
pub(crate) fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let answer = |_body: Bytes| async { ([("content-type", "application/x-amz-json-1.0")], ANSWER) };
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
