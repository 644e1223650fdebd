//! `[account]`: what the account is like that a scenario is meant for.
//!
//! An emulator that is started for the scenario is made so. A target that is
//! there already can only be asked for its limit; what else is wanted of it is
//! told in the words that an emulator is started with.

use super::time::Times;
use crate::duration;
use crate::target::Clients;
use emulator::engine::{ColdStartMode, Quotas, Rate};
use emulator::{ClockSettings, Config};
use serde::Deserialize;
use std::num::NonZeroU32;

/// What differs from an account as most have it.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccountSettings {
    /// Executions at once.
    concurrency: Option<NonZeroU32>,
    /// One that was opened today: 10 executions at once.
    new: bool,
    /// New environments of one function.
    scaling_rate: Option<ScalingRate>,
    idle_lifetime: Option<Times>,
    cold_start: Option<ColdStart>,
    provisioned_preparation: Option<Times>,
    speed: Option<Speed>,
}

/// `1000/10s`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
struct ScalingRate {
    text: String,
    rate: Rate,
}

/// What Init takes, where a function does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ColdStart {
    Real,
    Simulated,
    Added,
}

/// How many emulated seconds pass in a real one.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
struct Speed(f64);

impl TryFrom<String> for ScalingRate {
    type Error = String;

    fn try_from(text: String) -> Result<ScalingRate, String> {
        duration::rate(&text).map(|rate| ScalingRate { text, rate })
    }
}

impl TryFrom<f64> for Speed {
    type Error = &'static str;

    fn try_from(speed: f64) -> Result<Speed, &'static str> {
        if Config::is_speed(speed) { Ok(Speed(speed)) } else { Err(Config::SPEED) }
    }
}

impl AccountSettings {
    /// Its limits and schedules.
    pub fn quotas(&self) -> Quotas {
        let mut quotas = if self.new { Quotas::new_account() } else { Quotas::default() };
        if let Some(concurrency) = self.concurrency {
            quotas.account_concurrency = concurrency.get();
            quotas.unreserved_minimum = quotas.unreserved_minimum.min(concurrency.get());
        }
        if let Some(ScalingRate { rate, .. }) = self.scaling_rate {
            quotas.scaling_rate = rate;
        }
        if let Some(Times { shortest, longest, .. }) = self.idle_lifetime {
            quotas.idle_lifetime = (shortest, longest);
        }
        if let Some(Times { shortest, longest, .. }) = self.provisioned_preparation {
            quotas.provisioned_preparation = (shortest, longest);
        }
        if let Some(cold_start) = self.cold_start {
            quotas.cold_start.mode = cold_start.mode();
        }
        quotas
    }

    /// How many emulated seconds pass in a real one.
    pub fn speed(&self) -> f64 {
        self.speed.map_or(1.0, |speed| speed.0)
    }

    /// Of an emulator that is started for the scenario, on a free port of the
    /// loopback interface.
    pub fn config(&self) -> Config {
        let listen = ([127, 0, 0, 1], 0).into();
        let clock = ClockSettings::running(self.speed());
        Config { listen, quotas: self.quotas(), clock, ..Config::default() }
    }

    /// Says what is wanted of a target that is there already, where it is
    /// otherwise or cannot be known.
    pub async fn warn(&self, clients: &Clients) {
        if let Some(warning) = self.of_limit(clients).await {
            anstream::eprintln!("warning: {warning}");
        }
        let unseen = self.unseen();
        if !unseen.is_empty() {
            anstream::eprintln!(
                "warning: [account] is for `emulator {}`; whether {} is one cannot be seen from here",
                unseen.join(" "),
                clients.endpoint
            );
        }
    }

    async fn of_limit(&self, clients: &Clients) -> Option<String> {
        let flag = self.limit()?;
        let wanted = self.quotas().account_concurrency;
        let known = clients.lambda.get_account_settings().send().await.ok()?;
        let there = known.account_limit()?.concurrent_executions();
        (there != wanted.cast_signed()).then(|| {
            format!(
                "[account] is for {wanted} executions at once, and {} has {there} (`emulator {flag}`)",
                clients.endpoint
            )
        })
    }

    /// The flag that sets the account's limit.
    fn limit(&self) -> Option<String> {
        let concurrency = self.concurrency.map(|n| format!("--account-concurrency {n}"));
        concurrency.or_else(|| self.new.then(|| "--account new".to_owned()))
    }

    /// Flags that set what no target tells.
    fn unseen(&self) -> Vec<String> {
        let flag = |name: &str, text: Option<&str>| text.map(|text| format!("--{name} {text}"));
        let flags = [
            flag("scaling-rate", self.scaling_rate.as_ref().map(|rate| rate.text.as_str())),
            flag("idle-lifetime", self.idle_lifetime.as_ref().map(|times| times.text.as_str())),
            flag("cold-start", self.cold_start.map(ColdStart::word)),
            flag(
                "provisioned-preparation",
                self.provisioned_preparation.as_ref().map(|times| times.text.as_str()),
            ),
            self.speed.map(|speed| format!("--speed {}", speed.0)),
        ];
        flags.into_iter().flatten().collect()
    }
}

impl ColdStart {
    fn mode(self) -> ColdStartMode {
        match self {
            ColdStart::Real => ColdStartMode::Real,
            ColdStart::Simulated => ColdStartMode::Simulated,
            ColdStart::Added => ColdStartMode::Added,
        }
    }

    fn word(self) -> &'static str {
        match self {
            ColdStart::Real => "real",
            ColdStart::Simulated => "simulated",
            ColdStart::Added => "added",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn settings(text: &str) -> AccountSettings {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        assert_eq!(settings("").quotas(), Quotas::default());
        assert_eq!((settings("").speed(), settings("").limit()), (1.0, None));
        assert!(settings("").unseen().is_empty());
    }

    #[test]
    fn settings_become_an_emulators() {
        let all = settings(
            "concurrency = 60\nscaling_rate = \"10/1s\"\nidle_lifetime = \"10m\"\ncold_start = \"simulated\"\n\
             provisioned_preparation = \"0s\"\nspeed = 60",
        );
        let quotas = all.quotas();
        assert_eq!((quotas.account_concurrency, quotas.unreserved_minimum), (60, 60));
        assert_eq!(quotas.scaling_rate, Rate { count: 10, per: Duration::from_secs(1) });
        assert_eq!(quotas.idle_lifetime, (Duration::from_secs(600), Duration::from_secs(600)));
        assert_eq!(quotas.provisioned_preparation, (Duration::ZERO, Duration::ZERO));
        assert_eq!(quotas.cold_start.mode, ColdStartMode::Simulated);
        assert_eq!(all.config().clock, ClockSettings::running(60.0));
        assert_eq!(all.limit().unwrap(), "--account-concurrency 60");
        let flags = "--scaling-rate 10/1s --idle-lifetime 10m --cold-start simulated \
                     --provisioned-preparation 0s --speed 60";
        assert_eq!(all.unseen().join(" "), flags);
    }

    #[test]
    fn a_new_account_has_ten_and_none_to_reserve() {
        let new = settings("new = true");
        assert_eq!((new.quotas().account_concurrency, new.quotas().unreserved_minimum), (10, 10));
        assert_eq!(new.limit().unwrap(), "--account new");
    }
}
