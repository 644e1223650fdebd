//! What AWS would charge for what happens.

use super::gauge::Gauge;
use crate::prices::{self, Architecture};
use crate::report::simulated::Cost;
use emulator::engine::{FunctionVersion, InitializationType, Timestamp};
use std::time::Duration;

/// What is billed by the size of a function's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    memory_mb: u32,
    architecture: Architecture,
    provisioned: bool,
}

impl Rate {
    pub(super) fn of(function: &FunctionVersion, initialization: InitializationType) -> Rate {
        Rate {
            memory_mb: function.spec.memory_mb,
            architecture: Architecture::named(&function.spec.architecture),
            provisioned: initialization == InitializationType::Provisioned,
        }
    }
}

/// Everything that costs something since [`Bill::restart`].
#[derive(Debug, Clone, Default)]
pub(super) struct Bill {
    invocations: u64,
    /// Megabytes × milliseconds by what they cost; functions of a simulation
    /// are few.
    worked: Vec<(Rate, u128)>,
    /// Megabytes that are kept ready.
    provisioned: Vec<(Architecture, Gauge)>,
    queue_requests: u64,
    fifo_requests: u64,
}

impl Bill {
    /// An invocation ended. Init is billed like the rest; each invocation is
    /// rounded up to a millisecond.
    pub(super) fn invocation(&mut self, rate: Rate, init: Option<Duration>, duration: Duration) {
        let micros = (init.unwrap_or_default() + duration).as_micros();
        let worked = u128::from(rate.memory_mb) * micros.div_ceil(1_000);
        self.invocations += 1;
        match self.worked.iter_mut().find(|(known, _)| *known == rate) {
            Some((_, sum)) => *sum += worked,
            None => self.worked.push((rate, worked)),
        }
    }

    /// So many requests to a queue.
    pub(super) fn queue(&mut self, requests: u64, fifo: bool) {
        *(if fifo { &mut self.fifo_requests } else { &mut self.queue_requests }) += requests;
    }

    /// Provisioned concurrency changed from and to so many environments.
    pub(super) fn provision(&mut self, at: Timestamp, function: &FunctionVersion, from: u32, to: u32) {
        let architecture = Architecture::named(&function.spec.architecture);
        let memory = |environments: u32| u64::from(environments) * u64::from(function.spec.memory_mb);
        let index = match self.provisioned.iter().position(|(known, _)| *known == architecture) {
            Some(index) => index,
            None => {
                let mut gauge = Gauge::default();
                gauge.restart(at);
                self.provisioned.push((architecture, gauge));
                self.provisioned.len() - 1
            }
        };
        let gauge = &mut self.provisioned[index].1;
        gauge.remove(at, memory(from));
        gauge.add(at, memory(to));
    }

    /// Begins anew; what is kept ready costs on.
    pub(super) fn restart(&mut self, at: Timestamp) {
        let mut provisioned = std::mem::take(&mut self.provisioned);
        provisioned.iter_mut().for_each(|(_, gauge)| gauge.restart(at));
        *self = Bill { provisioned, ..Bill::default() };
    }

    /// The sum until a moment.
    pub(super) fn cost(&self, at: Timestamp) -> Cost {
        let worked = self.worked.iter().map(|&(rate, mb_ms)| {
            let gb_seconds = mb_ms as f64 / 1_024.0 / 1_000.0;
            gb_seconds * prices::gb_second(rate.architecture, rate.provisioned)
        });
        let provisioned = self
            .provisioned
            .iter()
            .map(|(architecture, gauge)| prices::provisioned(gauge.area_s(at), 1.0, 1.0, *architecture));
        // The sum of nothing is -0 otherwise.
        let worked = worked.fold(0.0, |sum, cost| sum + cost);
        let provisioned = provisioned.fold(0.0, |sum, cost| sum + cost);
        Cost {
            requests: self.invocations as f64 * prices::LAMBDA_REQUEST,
            duration: worked,
            provisioned,
            queues: prices::queue_requests(self.queue_requests as f64, false)
                + prices::queue_requests(self.fifo_requests as f64, true),
            prices: prices::AS_OF.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Rate = Rate { memory_mb: 128, architecture: Architecture::X86, provisioned: false };

    #[test]
    fn a_million_small_invocations_cost_what_the_calculator_says() {
        let mut bill = Bill::default();
        (0..1_000).for_each(|_| bill.invocation(SMALL, None, Duration::from_micros(99_500)));
        bill.queue(1_000, false);
        let cost = bill.cost(Timestamp::default());
        let close = |cost: f64, expected: f64| assert!((cost * 1e3 - expected).abs() < 0.005, "{cost}");
        // Of a million: 1 M × 100 ms × 128 MB = 12,500 GB-s.
        close(cost.requests, 0.20);
        close(cost.duration, 0.208);
        close(cost.queues, 0.40);
        bill.restart(Timestamp::default());
        assert_eq!(bill.cost(Timestamp::default()).total(), 0.0);
    }
}
