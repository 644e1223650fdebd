//! Clients who publish versions, move aliases and provision concurrency.

use std::time::Duration;

use emulator::engine::{
    AliasName, AliasTarget, AliasUpdate, EventInvokeConfig, LambdaError, Publication, Qualifier, Version,
};

use super::World;

const ALIASES: [&str; 2] = ["live", "next"];

const SUCCESSES: &str = "arn:aws:sqs:us-east-1:000000000000:orders";
const FAILURES: &str = "arn:aws:sqs:us-east-1:000000000000:mails";

impl World {
    /// `$LATEST`, an alias or a version; not all are there.
    pub(super) fn qualifier(&mut self) -> Qualifier {
        match self.rng.between(0, 9) {
            0..=3 => Qualifier::Latest,
            4..=7 => Qualifier::Alias(self.alias()),
            _ => Qualifier::Version(self.rng.between(1, 4)),
        }
    }

    /// A function and what stands behind its name; rather something that has
    /// provisioned concurrency.
    pub(super) fn target(&mut self) -> (String, Qualifier) {
        let name = self.function();
        let views = self.engine.provisioned_configs(&name).unwrap_or_default();
        match self.pick(&views) {
            Some(view) if self.one_in(2) => (name, view.qualifier),
            Some(_) | None => (name, self.qualifier()),
        }
    }

    fn alias(&mut self) -> AliasName {
        self.pick(&ALIASES).unwrap_or_default().into()
    }

    /// A version that is there, as far as the function is; rather a new one.
    fn version(&mut self, name: &str) -> Version {
        let versions = self.engine.versions(name).map(|versions| versions.map(|own| own.version).collect());
        let versions: Vec<Version> = versions.unwrap_or_default();
        let newest = versions.len().saturating_sub(4);
        self.pick(&versions[newest..]).unwrap_or(Version::Latest)
    }

    fn share(&mut self) -> f64 {
        self.pick(&[0.0, 0.1, 0.5, 0.5, 0.9, 1.0]).unwrap_or(0.5)
    }

    pub(super) fn publish_version(&mut self) {
        let name = self.function();
        self.pass_time();
        let _published = self.engine.publish_version(self.now, &name, Publication::default());
        self.settle();
    }

    /// Never one that an alias points to.
    pub(super) fn delete_version(&mut self) {
        let name = self.function();
        self.pass_time();
        let Version::Published(number) = self.version(&name) else { return };
        let version = Version::Published(number);
        let points = self.engine.aliases(&name).is_ok_and(|mut aliases| {
            aliases.any(|alias| {
                let AliasTarget { version: main, additional } = alias.target;
                main == version || additional.is_some_and(|(other, _)| other == version)
            })
        });
        let deleted = self.engine.delete_version(self.now, &name, number);
        self.expect(deleted.is_err() == points, || format!("points: {points}, deleted: {deleted:?}"));
        self.settle();
    }

    pub(super) fn create_alias(&mut self) {
        let (name, alias) = (self.function(), self.alias());
        self.pass_time();
        let version = self.version(&name);
        let other = (self.version(&name), self.share());
        let additional = self.one_in(2).then_some(other);
        let target = AliasTarget { version, additional };
        let _created = self.engine.create_alias(self.now, &name, alias, target, String::new());
        self.settle();
    }

    /// Moves an alias, or only its weights.
    pub(super) fn update_alias(&mut self) {
        let (name, alias) = (self.function(), self.alias());
        self.pass_time();
        let version = self.version(&name);
        let other = (self.version(&name), self.share());
        let update = AliasUpdate {
            version: self.one_in(2).then_some(version),
            additional: (!self.one_in(4)).then(|| (!self.one_in(3)).then_some(other)),
            ..AliasUpdate::default()
        };
        let _updated = self.engine.update_alias(self.now, &name, &alias, update);
        self.settle();
    }

    pub(super) fn delete_alias(&mut self) {
        let (name, alias) = (self.function(), self.alias());
        self.pass_time();
        let _deleted = self.engine.delete_alias(self.now, &name, &alias);
        self.settle();
    }

    /// Provisions concurrency for what is there; there must be room for it.
    pub(super) fn put_provisioned(&mut self) {
        let name = self.function();
        let requested = self.pick(&[1, 1, 2, 3, 5, 10, 200]).unwrap_or(1);
        self.pass_time();
        let qualifier =
            if self.one_in(2) { Qualifier::Alias(self.alias()) } else { self.version(&name).into() };
        let others: u32 = self.provisioned_by(&name)
            - self.engine.provisioned(&name, &qualifier).map_or(0, |view| view.requested);
        let reserved = self.engine.reserved_concurrency(&name).ok().flatten();
        let claimed = self.claimed_by_others(&name) + others;
        let put = self.engine.put_provisioned(self.now, &name, &qualifier, requested);
        let quotas = self.engine.quotas();
        let (all, minimum) = (quotas.account_concurrency, quotas.unreserved_minimum);
        let right = match &put {
            Ok(_) => match reserved {
                Some(reserved) => others + requested <= reserved,
                None => claimed + requested + minimum <= all,
            },
            Err(LambdaError::ProvisionedAboveReserved) => {
                reserved.is_some_and(|reserved| others + requested > reserved)
            }
            Err(LambdaError::ProvisionedAboveUnreserved { .. }) => claimed + requested > all,
            Err(LambdaError::ProvisionedBelowMinimum { .. }) => claimed + requested + minimum > all,
            Err(_) => true,
        };
        self.expect(right, || format!("{requested} for {name}:{qualifier} beside {claimed}: {put:?}"));
        self.settle();
    }

    pub(super) fn delete_provisioned(&mut self) {
        let name = self.function();
        self.pass_time();
        let set = self.engine.provisioned_configs(&name).unwrap_or_default();
        let Some(view) = self.pick(&set) else { return };
        let _deleted = self.engine.delete_provisioned(self.now, &name, &view.qualifier);
        self.settle();
    }

    pub(super) fn put_event_config(&mut self) {
        let (name, qualifier) = (self.function(), self.qualifier());
        let config = EventInvokeConfig {
            maximum_retry_attempts: self.pick(&[None, Some(0), Some(1), Some(2)]).flatten(),
            maximum_event_age: self.one_in(2).then(|| Duration::from_secs(self.rng.between(60, 200))),
            on_success: self.one_in(2).then(|| SUCCESSES.into()),
            on_failure: self.one_in(2).then(|| FAILURES.into()),
            ..EventInvokeConfig::default()
        };
        self.pass_time();
        if let Ok(config) = self.engine.put_event_config(self.now, &name, &qualifier, config) {
            self.auditor.grant_event_config(&name.as_str().into(), &qualifier, Some(config));
        }
        self.settle();
    }

    pub(super) fn delete_event_config(&mut self) {
        let (name, qualifier) = (self.function(), self.qualifier());
        self.pass_time();
        if self.engine.delete_event_config(self.now, &name, &qualifier).is_ok() {
            self.auditor.grant_event_config(&name.as_str().into(), &qualifier, None);
        }
        self.settle();
    }
}
