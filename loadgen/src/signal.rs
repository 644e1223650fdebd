//! Ctrl-C and SIGTERM: the first asks for an orderly end, the second insists.

use crate::failure::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that the first signal cancels. Call from within the runtime.
pub fn stop_on_signal() -> std::io::Result<CancellationToken> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        either(&mut interrupt, &mut terminate).await;
        token.cancel();
        either(&mut interrupt, &mut terminate).await;
        std::process::exit(i32::from(exit::INTERRUPTED));
    });
    Ok(stop)
}

/// A flag that the first signal raises, for work that has no runtime.
pub fn flag_on_signal() -> std::io::Result<Arc<AtomicBool>> {
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let flag = Arc::new(AtomicBool::new(false));
    let raised = Arc::clone(&flag);
    // It sleeps until a signal comes, and ends with the process.
    thread::spawn(move || {
        runtime.block_on(async {
            if let Ok(stop) = stop_on_signal() {
                stop.cancelled().await;
                raised.store(true, Ordering::Relaxed);
                std::future::pending::<()>().await;
            }
        });
    });
    Ok(flag)
}

async fn either(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
