//! Concurrency pools: the semaphores that say how many at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A number of permits that can be raised and lowered while some are out.
///
/// The permit is a field of the invocation that it admits and goes back to its
/// own pool when that record goes, so it can be neither leaked nor returned
/// twice. Lowering the limit below what is in use leaves an *overdraft*:
/// permits that are swallowed as they come back.
#[derive(Debug)]
pub(crate) struct ConcurrencyPool {
    semaphore: Arc<Semaphore>,
    limit: u32,
    overdraft: u32,
}

/// The right to run one invocation.
#[derive(Debug)]
pub(crate) struct Permit {
    _held: OwnedSemaphorePermit,
}

impl ConcurrencyPool {
    pub(crate) fn new(limit: u32) -> Self {
        Self { semaphore: Arc::new(Semaphore::new(limit as usize)), limit, overdraft: 0 }
    }

    pub(crate) fn limit(&self) -> u32 {
        self.limit
    }

    pub(crate) fn in_use(&self) -> u32 {
        let available = u32::try_from(self.semaphore.available_permits()).unwrap_or(u32::MAX);
        (self.limit + self.overdraft).saturating_sub(available)
    }

    /// Takes a permit if one is free.
    pub(crate) fn try_acquire(&mut self) -> Option<Permit> {
        self.settle_overdraft();
        let held = Arc::clone(&self.semaphore).try_acquire_owned().ok()?;
        Some(Permit { _held: held })
    }

    /// Takes a permit for an invocation that runs already, even beyond the
    /// limit: for a function that changes its pool while it is in use.
    pub(crate) fn acquire_for_running(&mut self) -> Permit {
        if let Some(permit) = self.try_acquire() {
            return permit;
        }
        self.semaphore.add_permits(1);
        self.overdraft += 1;
        let held = Arc::clone(&self.semaphore).try_acquire_owned().expect("the permit just added is free");
        Permit { _held: held }
    }

    pub(crate) fn resize(&mut self, limit: u32) {
        if limit >= self.limit {
            let gained = limit - self.limit;
            let forgiven = gained.min(self.overdraft);
            self.overdraft -= forgiven;
            self.semaphore.add_permits((gained - forgiven) as usize);
        } else {
            self.overdraft += self.limit - limit;
        }
        self.limit = limit;
        self.settle_overdraft();
    }

    fn settle_overdraft(&mut self) {
        if self.overdraft > 0 {
            let swallowed = self.semaphore.forget_permits(self.overdraft as usize);
            self.overdraft -= u32::try_from(swallowed).unwrap_or(self.overdraft);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permits_come_back_to_a_pool_that_shrank_and_grew() {
        let mut pool = ConcurrencyPool::new(3);
        let mut held: Vec<Permit> = (0..3).filter_map(|_| pool.try_acquire()).collect();
        assert!(pool.try_acquire().is_none());

        pool.resize(1);
        assert_eq!(pool.in_use(), 3);
        held.truncate(1);
        assert_eq!(pool.in_use(), 1);
        assert!(pool.try_acquire().is_none(), "the two returned permits are swallowed");

        pool.resize(2);
        held.extend(pool.try_acquire());
        assert_eq!((held.len(), pool.in_use()), (2, 2));
        assert!(pool.try_acquire().is_none());

        held.clear();
        assert_eq!(pool.in_use(), 0);
        assert_eq!((0..9).filter_map(|_| pool.try_acquire()).map(Some).collect::<Vec<_>>().len(), 2);
    }

    #[test]
    fn running_invocations_may_overdraw_a_pool() {
        let mut pool = ConcurrencyPool::new(1);
        let held: Vec<Permit> = (0..3).map(|_| pool.acquire_for_running()).collect();
        assert_eq!(pool.in_use(), 3);
        drop(held);
        assert_eq!(pool.in_use(), 0);
        let first = pool.try_acquire();
        assert!(first.is_some() && pool.try_acquire().is_none());
    }
}
