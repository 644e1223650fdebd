//! Futures of one task that make progress together.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;

/// Waits for all of them. What they bring stands in their order.
pub(super) async fn together<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let mut brought: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    poll_fn(|context| {
        for (future, output) in running.iter_mut().zip(&mut brought).filter(|(_, output)| output.is_none()) {
            if let Poll::Ready(ready) = future.as_mut().poll(context) {
                *output = Some(ready);
            }
        }
        if brought.iter().all(Option::is_some) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    brought.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    #[tokio::test]
    async fn they_wait_at_the_same_time_and_keep_their_order() {
        let started = Instant::now();
        let wait = async |ms| {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            ms
        };
        assert_eq!(together([300, 100, 200].map(wait)).await, [300, 100, 200]);
        assert!(started.elapsed() < Duration::from_millis(590));
    }
}
