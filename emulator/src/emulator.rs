//! A running emulator, to start and to end.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::api::{self, Api, Doors, Guard, Signatures};
use crate::config::{Config, Identity};
use crate::credentials::Credentials;
use crate::driver::{Clock, Driver};
use crate::engine::{Snapshot, Timestamp};
use crate::gear::{ClockChange, ClockSettings, ClockView, Moved, WrongSpeed};
use crate::observe::LogStore;
use crate::runtime::{Packages, ProcessRuntime, raise_open_files};

/// A running emulator. Dropping it ends it, with every process it started.
#[derive(Debug)]
pub struct Emulator {
    address: SocketAddr,
    driver: Arc<Driver>,
    stop: CancellationToken,
    server: Option<JoinHandle<()>>,
    clockwork: JoinHandle<()>,
}

/// Why an emulator did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address is taken, or is not this machine's.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// A setting that can't be.
    #[error("can't be {0}")]
    Config(String),
    /// No folder for packages, or no thread.
    #[error("can't prepare for running functions: {0}")]
    Host(#[from] io::Error),
}

/// Says how an emulator is to be.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    config: Config,
}

impl Builder {
    /// All settings at once.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Where to listen; port 0 takes a free one.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.config.listen = address;
        self
    }

    /// How its clock goes at first.
    #[must_use]
    pub fn clock(mut self, clock: ClockSettings) -> Self {
        self.config.clock = clock;
        self
    }

    /// Starts it, on the tokio runtime that this is called in.
    pub async fn start(self) -> Result<Emulator, StartError> {
        check(&self.config)?;
        let Config { listen, allowed_hosts, region, account_id, quotas, clock, credentials, gateway, seed } =
            self.config;
        raise_open_files();
        let cannot_listen = |source| StartError::Listen { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;

        let clock = Clock::new(clock);
        let seed = seed.unwrap_or_else(|| seed_from(clock.now()));
        let (role, signatures) = verification(credentials, &region);
        let endpoint = Some(endpoint_of(address));
        let identity = Arc::new(Identity { region, account_id, endpoint, role });
        let packages = Arc::new(Packages::new()?);
        let processes = ProcessRuntime::new(Arc::clone(&identity), Arc::clone(&packages), Handle::current())?;
        let logs = LogStore::new(&identity.region);
        let driver = Driver::new(quotas, seed, clock, processes, logs, Arc::clone(&identity));
        tracing::debug!(seed, "the account is empty");

        let stop = CancellationToken::new();
        let doors = Arc::new(Doors::new(seed, gateway));
        let api = Arc::new(Api { driver: Arc::clone(&driver), identity, packages, doors, signatures });
        let guard = Guard::new(allowed_hosts);
        let server = tokio::spawn(api::serve(listener, api, guard, stop.clone()));
        let clockwork = tokio::spawn(Arc::clone(&driver).run());
        Ok(Emulator { address, driver, stop, server: Some(server), clockwork })
    }
}

impl Emulator {
    /// How to start one.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The address to give to clients, such as `http://127.0.0.1:4566`.
    pub fn endpoint(&self) -> String {
        endpoint_of(self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// One consistent picture of everything in it.
    pub fn snapshot(&self) -> Snapshot {
        self.driver.step(crate::engine::Engine::snapshot)
    }

    /// Its clock: how it goes, what it shows, what is due next.
    pub fn clock(&self) -> ClockView {
        self.driver.view_clock()
    }

    /// Changes how its clock goes; what the change leaves out stays. Fails where
    /// the speed is not one from 0.001 to 100000.
    pub fn set_clock(&self, change: impl Into<ClockChange>) -> Result<ClockView, WrongSpeed> {
        let change = change.into();
        if let Some(speed) = change.speed.filter(|speed| !Config::is_speed(*speed)) {
            return Err(WrongSpeed(speed));
        }
        self.driver.set_clock(change);
        Ok(self.clock())
    }

    /// Moves the clock to the next moment at which something is due, housekeeping
    /// included, and does what is due then. It returns when no real code runs
    /// any more that was under way or that this started; it waits for that for
    /// up to a minute of real time ([`Moved::PATIENCE`]). A future that is
    /// dropped changes nothing.
    pub async fn step(&self) -> Moved {
        self.driver.step_clock(Moved::PATIENCE).await
    }

    /// Moves the clock by a span, in any gear: all that falls due until then is
    /// done at its own moment, with what it causes. Real code is waited for as
    /// by [`step`](Self::step); where it takes too long, the clock stops before
    /// the span is over, and the answer says so.
    pub async fn advance(&self, span: Duration) -> Moved {
        self.driver.advance_clock(span, Moved::PATIENCE).await
    }

    /// Ends it: no new calls, processes gone, calls under way answered.
    pub async fn shutdown(mut self) {
        self.end();
        if let Some(server) = self.server.take() {
            let _panicked = server.await;
        }
    }

    fn end(&self) {
        self.stop.cancel();
        self.clockwork.abort();
        self.driver.reset();
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.end();
    }
}

fn endpoint_of(mut address: SocketAddr) -> String {
    match address.ip() {
        // Everywhere is no address to speak to.
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        IpAddr::V4(_) | IpAddr::V6(_) => {}
    }
    format!("http://{address}")
}

/// What functions sign with, and whose signatures are good: theirs too. With
/// no credentials everybody's are.
fn verification(mut credentials: Vec<Credentials>, region: &str) -> (Credentials, Option<Signatures>) {
    if credentials.is_empty() {
        return (Credentials::test(), None);
    }
    let role = Credentials::of_role();
    credentials.push(role.clone());
    (role, Some(Signatures::new(credentials, region)))
}

fn check(config: &Config) -> Result<(), StartError> {
    let Config { region, account_id, clock, gateway, .. } = config;
    let refusal = if !Config::is_region(region) {
        format!("region {region:?}: {}", Config::REGION)
    } else if !Config::is_account_id(account_id) {
        format!("account {account_id:?}: {}", Config::ACCOUNT_ID)
    } else if !Config::is_speed(clock.speed) {
        format!("{} times as fast: {}", clock.speed, Config::SPEED)
    } else if !(400..=599).contains(&gateway.http_throttle_status) {
        format!("status {} of throttled HTTP APIs: it is from 400 to 599", gateway.http_throttle_status)
    } else if !config.credentials.iter().all(Credentials::is_valid) {
        // What is wrong may hold a secret in the wrong place.
        format!("signed for with those credentials: {}", Credentials::FORMAT)
    } else {
        return Ok(());
    };
    Err(StartError::Config(refusal))
}

/// A seed that differs from start to start.
fn seed_from(now: Timestamp) -> u64 {
    now.as_micros() ^ (u64::from(std::process::id()) << 40)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_that_can_not_sign_are_refused_and_not_repeated() {
        let with = |credentials| Config { credentials: vec![credentials], ..Config::default() };
        assert!(check(&with(Credentials::new("AKIDEXAMPLE", "hidden"))).is_ok());
        for wrong in [Credentials::new("AKID:hidden", "hidden"), Credentials::new("AKID", "")] {
            let refused = check(&with(wrong)).expect_err("they can't sign").to_string();
            assert!(refused.contains(Credentials::FORMAT) && !refused.contains("hidden"), "{refused}");
        }
    }

    #[test]
    fn functions_have_keys_of_their_own_where_signatures_are_verified() {
        let (role, signatures) = verification(Vec::new(), "us-east-1");
        assert_eq!((role, signatures.is_none()), (Credentials::test(), true));
        let (role, signatures) = verification(vec![Credentials::test()], "us-east-1");
        assert_ne!(role, Credentials::test());
        let shown = format!("{signatures:?}");
        assert!(shown.contains(&role.key_id) && !shown.contains(&role.secret), "{shown}");
    }
}
