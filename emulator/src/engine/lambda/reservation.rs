//! Reserved concurrency, and what is left for the others.

use super::bucket::TokenBucket;
use super::concurrency::ConcurrencyPool;
use super::environment::InitializationType;
use super::function::Function;
use crate::engine::Engine;
use crate::engine::error::LambdaError;
use crate::engine::fact::{StopReason, What};
use crate::engine::ids::FunctionName;
use crate::engine::quotas::Rate;
use crate::engine::time::Timestamp;

/// What a function has for itself.
#[derive(Debug)]
pub(crate) struct Reservation {
    limit: u32,
    /// What of it is not provisioned.
    pub(crate) on_demand: ConcurrencyPool,
    pub(crate) rate: TokenBucket,
}

impl Reservation {
    fn new(limit: u32, rate: Rate) -> Self {
        Self { limit, on_demand: ConcurrencyPool::new(limit), rate: TokenBucket::new(rate) }
    }

    pub(crate) fn limit(&self) -> u32 {
        self.limit
    }
}

/// What GetAccountSettings tells of concurrency and code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// The account's limit.
    pub concurrency: u32,
    /// What no function has reserved.
    pub unreserved: u32,
    /// What unreserved functions can use: less what is provisioned for them.
    pub on_demand: u32,
    /// Unreserved on-demand executions at this moment.
    pub on_demand_in_use: u32,
    /// Functions there are.
    pub functions: usize,
}

impl Engine {
    /// A function's reserved concurrency, if it has one.
    pub fn reserved_concurrency(&self, name: &str) -> Result<Option<u32>, LambdaError> {
        self.find_function(name).map(Function::reserved_limit)
    }

    /// PutFunctionConcurrency. It may not be less than what the function has
    /// provisioned. 0 is always accepted else; anything more must leave the
    /// account its minimum unreserved.
    pub fn put_reserved_concurrency(
        &mut self,
        now: Timestamp,
        name: &str,
        reserved: u32,
    ) -> Result<(), LambdaError> {
        self.tick(now);
        let function = self.function_mut(name)?;
        let provisioned = function.provisioned_total();
        let name = function.name().clone();
        if reserved < provisioned {
            return Err(LambdaError::ReservedBelowProvisioned { reserved, provisioned });
        }
        let minimum = self.quotas.unreserved_minimum;
        let claimed = self.claimed_by_others(&name) + u64::from(reserved);
        if reserved > 0 && claimed + u64::from(minimum) > u64::from(self.quotas.account_concurrency) {
            return Err(LambdaError::UnreservedBelowMinimum { minimum });
        }
        self.set_reserved(now, &name, Some(reserved));
        Ok(())
    }

    /// DeleteFunctionConcurrency; no error when there is none.
    pub fn delete_reserved_concurrency(&mut self, now: Timestamp, name: &str) -> Result<(), LambdaError> {
        self.tick(now);
        let name = self.function_mut(name)?.name().clone();
        self.set_reserved(now, &name, None);
        Ok(())
    }

    /// The account's limits and what is used of them.
    pub fn account(&self) -> Account {
        let reserved: u64 = self.functions.values().filter_map(Function::reserved_limit).map(u64::from).sum();
        let reserved = u32::try_from(reserved).unwrap_or(u32::MAX);
        Account {
            concurrency: self.quotas.account_concurrency,
            unreserved: self.quotas.account_concurrency.saturating_sub(reserved),
            on_demand: self.unreserved.limit(),
            on_demand_in_use: self.unreserved.in_use(),
            functions: self.functions.len(),
        }
    }

    /// What all other functions have claimed: their reservations, or what is
    /// provisioned for them, ready or not.
    pub(super) fn claimed_by_others(&self, name: &FunctionName) -> u64 {
        let others = self.functions.iter().filter(|(other, _)| *other != name);
        let claimed = others
            .map(|(_, function)| function.reserved_limit().unwrap_or_else(|| function.provisioned_total()));
        claimed.map(u64::from).sum()
    }

    /// Sets or removes a reservation. What the function runs on demand at this
    /// moment moves to the pool that it now draws from, so each pool's count is
    /// always that of its own functions.
    pub(super) fn set_reserved(&mut self, now: Timestamp, name: &FunctionName, reserved: Option<u32>) {
        let rate = self.quotas.request_rate(reserved.unwrap_or(0));
        let Some(function) = self.functions.get_mut(name) else { return };
        let before = function.reserved_limit();
        if before == reserved {
            return;
        }
        match (&mut function.reservation, reserved) {
            (Some(reservation), Some(limit)) => {
                reservation.limit = limit;
                reservation.rate.set_rate(now, rate);
            }
            (reservation, limit) => *reservation = limit.map(|limit| Reservation::new(limit, rate)),
        }
        self.fit_pools(name);
        if before.is_some() != reserved.is_some() {
            self.move_permits(name);
        }
        self.record(now, What::ReservedConcurrencySet { function: name.clone(), reserved });
    }

    /// Gives the function's own pool and the account's the size that follows
    /// from what is reserved and what is provisioned and ready
    /// ("`ClaimedAccountConcurrency`": idle or not, it is nobody else's).
    pub(super) fn fit_pools(&mut self, name: &FunctionName) {
        if let Some(function) = self.functions.get_mut(name) {
            let provisioned = function.provisioned_ready();
            if let Some(reservation) = &mut function.reservation {
                reservation.on_demand.resize(reservation.limit.saturating_sub(provisioned));
            }
        }
        let claimed: u64 = self
            .functions
            .values()
            .map(|function| function.reserved_limit().unwrap_or_else(|| function.provisioned_ready()))
            .map(u64::from)
            .sum();
        let claimed = u32::try_from(claimed).unwrap_or(u32::MAX);
        self.unreserved.resize(self.quotas.account_concurrency.saturating_sub(claimed));
    }

    fn move_permits(&mut self, name: &FunctionName) {
        let Some(function) = self.functions.get_mut(name) else { return };
        let pool = match &mut function.reservation {
            Some(reservation) => &mut reservation.on_demand,
            None => &mut self.unreserved,
        };
        for id in &function.environments {
            let Some(environment) = self.environments.get_mut(id) else { continue };
            // What its provisioned concurrency was taken from runs on demand.
            let provisioned = environment.initialization == InitializationType::Provisioned
                && environment.retires != Some(StopReason::Unprovisioned);
            if provisioned {
                continue;
            }
            if let Some(invocation) = environment.state.invocation_mut() {
                invocation.permit = pool.acquire_for_running();
            }
        }
    }
}
