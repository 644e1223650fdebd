//! The simulation against queueing theory.
//!
//! Each law is computed here from its own mathematics, which shares nothing with
//! the engine but the words. What is observed scatters, so a law is checked on
//! several seeds: it has to lie within the confidence interval of their mean.
//! `cargo bench -p loadgen --bench simulation -- truth` does the same with ten
//! million invocations.

use clap::Parser;
use loadgen::cli::{Cli, Command};
use loadgen::report::Report;
use loadgen::simulate;

/// Runs of each law, each with a seed of its own.
const SEEDS: u64 = 10;

/// Student's t with 9 degrees of freedom: one interval of a thousand misses a
/// law that is true. The seeds are fixed, so what passes passes always.
const T: f64 = 4.78;

/// What a law says of one number of the report.
pub(crate) struct Law {
    pub(crate) name: String,
    flags: String,
    expected: f64,
    observe: fn(&Report) -> f64,
}

/// A law, and what was seen.
pub(crate) struct Seen {
    pub(crate) law: Law,
    pub(crate) mean: f64,
    /// Half of the interval's width.
    pub(crate) within: f64,
}

impl Seen {
    pub(crate) fn holds(&self) -> bool {
        (self.mean - self.law.expected).abs() <= self.within
    }
}

impl std::fmt::Display for Seen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Seen { law, mean, within } = self;
        let mark = if self.holds() { "✓" } else { "✗" };
        write!(f, "{mark} {:<58} expected {:>9.5}   seen {mean:>9.5} ± {within:.5}", law.name, law.expected)
    }
}

/// Checks every law on so many invocations in all.
pub(crate) fn check(invocations: u64, show: impl Fn(&Seen)) -> Vec<Seen> {
    let laws = erlang_b_laws().into_iter().chain(endless_servers()).chain(cold_starts());
    let seen = laws.map(|law| {
        let seen = see(law, invocations / SEEDS);
        show(&seen);
        seen
    });
    seen.collect()
}

fn see(law: Law, requests: u64) -> Seen {
    let observed: Vec<f64> =
        (1..=SEEDS).map(|seed| (law.observe)(&report(&law.flags, requests, seed))).collect();
    let count = SEEDS as f64;
    let mean = observed.iter().sum::<f64>() / count;
    let variance = observed.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (count - 1.0);
    // A number that does not scatter is exact to its last digit.
    let within = (T * (variance / count).sqrt()).max(1e-9);
    Seen { law, mean, within }
}

fn report(flags: &str, requests: u64, seed: u64) -> Report {
    let line = format!("loadgen simulate {flags} --requests {requests} --seed {seed}");
    let cli = Cli::try_parse_from(line.split_whitespace()).expect("the flags are good");
    let Command::Simulate(flags) = cli.command else { panic!("{line}") };
    let (scenario, options) = flags.resolve().expect("the flags fit together");
    simulate::play(&scenario, &options).expect("it is played").reports.remove(0)
}

fn simulated(report: &Report) -> &loadgen::report::Simulated {
    report.simulated.as_ref().expect("it was simulated")
}

/// Callers at random who are refused when all are busy: the refused share
/// depends on the mean duration only.
fn erlang_b_laws() -> Vec<Law> {
    let cases = [(5, 4.0, "exponential:1s"), (20, 18.0, "constant:1s"), (50, 60.0, "lognormal:1s,1.0")];
    let law = |(servers, load, duration): (u32, f64, &str)| Law {
        name: format!("Erlang B: {servers} servers, {load} erlangs, {duration}"),
        flags: format!("--arrivals poisson:{load}/s --duration {duration} --reserved {servers} --warm-up 1m"),
        expected: (1..=servers).fold(1.0, |lost, n| load * lost / (f64::from(n) + load * lost)),
        observe: |report| simulated(report).throttle_probability,
    };
    cases.into_iter().map(law).collect()
}

/// M/M/∞ and M/G/∞: as many run on average as Little's law says.
fn endless_servers() -> Vec<Law> {
    let durations = ["exponential:4s", "constant:4s", "lognormal:4s,0.8"];
    let law = |duration: &str| Law {
        name: format!("endless servers: 5/s, {duration}, running"),
        flags: format!("--arrivals poisson:5/s --duration {duration} --warm-up 1m"),
        expected: 5.0 * 4.0,
        observe: |report| simulated(report).environments.running.average,
    };
    durations.into_iter().map(law).collect()
}

const RATE: f64 = 0.9;
const WARM_S: f64 = 1.991;
const COLD_S: f64 = 2.244;
const EXPIRES_S: f64 = 600.0;

/// A platform that starts a server for each request that finds none idle, and
/// ends those that were idle for some time.
fn cold_starts() -> Vec<Law> {
    let flags = format!(
        "--arrivals poisson:{RATE}/s --duration exponential:{WARM_S}s --cold exponential:{COLD_S}s \
         --idle-timeout {EXPIRES_S}s --warm-up 1h"
    );
    let model = Expiring::new(RATE, 1.0 / WARM_S, EXPIRES_S);
    let cold = model.cold_probability();
    let running = RATE * (WARM_S + cold * (COLD_S - WARM_S));
    let total = model.average_servers() + running - RATE * WARM_S;
    let law = |name: &str, expected, observe| Law {
        name: format!("expiring servers: {name}"),
        flags: flags.clone(),
        expected,
        observe,
    };
    vec![
        law("cold-start probability", cold, |report| simulated(report).cold_start_probability),
        law("servers", total, |report| simulated(report).environments.total.average),
        law("running", running, |report| simulated(report).environments.running.average),
        law("idle", total - running, |report| simulated(report).environments.idle.average),
    ]
}

/// Servers that expire after T idle seconds, the one used last being used first.
///
/// The server that has been idle for longest was last needed when all were
/// busy. So there are at any moment as many servers as were busy at once within
/// the last T seconds, and a request is cold if as many are busy as have been at
/// most in that time. The number of busy servers is a birth-death process that
/// knows nothing of servers: births at λ, deaths at n·µ. It stays at or below m
/// for T seconds with the probability that follows from its generator without
/// the states above m: exp(Q·T).
pub(crate) struct Expiring {
    rate: f64,
    served: f64,
    expires_s: f64,
}

/// More than this many are never busy at once: Poisson(1.8) is below 1e-18 there.
const MOST: usize = 24;

impl Expiring {
    pub(crate) fn new(rate: f64, served: f64, expires_s: f64) -> Expiring {
        Expiring { rate, served, expires_s }
    }

    /// Poisson: the stationary number of busy servers.
    fn stationary(&self, n: usize) -> f64 {
        let load = self.rate / self.served;
        (1..=n).fold((-load).exp(), |share, k| share * load / k as f64)
    }

    /// For each number of busy servers from 0 to m, the probability that there
    /// are no more than m for the whole time.
    pub(crate) fn stays_below(&self, m: usize) -> Vec<f64> {
        // e^x is its series where x is small; so the time is halved until it is,
        // and the result squared as often.
        const HALVINGS: i32 = 14;
        const TERMS: u32 = 20;
        let part = self.expires_s / 2_f64.powi(HALVINGS);
        let generator = |from: usize, to: usize| match (from, to) {
            _ if to == from + 1 => self.rate,
            _ if from == to + 1 => from as f64 * self.served,
            _ if from == to => -(self.rate + from as f64 * self.served),
            _ => 0.0,
        };
        let q: Matrix = matrix(m, |from, to| generator(from, to) * part);
        let identity: Matrix = matrix(m, |from, to| f64::from(u8::from(from == to)));
        let (mut step, mut term) = (identity.clone(), identity);
        for n in 1..=TERMS {
            term = product(&term, &q);
            term.iter_mut().flatten().for_each(|entry| *entry /= f64::from(n));
            step = matrix(m, |from, to| step[from][to] + term[from][to]);
        }
        (0..HALVINGS).for_each(|_| step = product(&step, &step));
        step.iter().map(|row| row.iter().sum()).collect()
    }

    /// The mean of the highest number that is busy within T seconds.
    pub(crate) fn average_servers(&self) -> f64 {
        let exceeded = (0..MOST).map(|m| {
            let below = self.stays_below(m);
            1.0 - below.iter().enumerate().map(|(n, stays)| self.stationary(n) * stays).sum::<f64>()
        });
        exceeded.sum()
    }

    /// A birth-death process looks backward in time as it does forward.
    pub(crate) fn cold_probability(&self) -> f64 {
        (0..MOST).map(|n| self.stationary(n) * self.stays_below(n)[n]).sum()
    }
}

type Matrix = Vec<Vec<f64>>;

fn matrix(m: usize, entry: impl Fn(usize, usize) -> f64) -> Matrix {
    (0..=m).map(|from| (0..=m).map(|to| entry(from, to)).collect()).collect()
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    matrix(a.len() - 1, |from, to| (0..a.len()).map(|via| a[from][via] * b[via][to]).sum())
}
