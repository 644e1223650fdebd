//! Versions, aliases and functions that are still being made.

use std::time::Duration;

use emulator::engine::{AliasName, Asker, Ending, Fact, FunctionName, Qualifier, Quotas, Version, What};

use super::{
    Admission, admitted, after, at, auditor, check, check_with, ended_of, function, idle, init_ended,
    init_started, made, published, quotas, started, tell,
};

fn publish(number: u64) -> Fact {
    let revision = u8::try_from(number + 10).unwrap_or(0);
    at(0, What::FunctionChanged { function: published(revision, Version::Published(number)) })
}

fn alias(main: u64, additional: Option<(u64, f64)>) -> Fact {
    let version = Version::Published(main);
    let additional = additional.map(|(other, share)| (Version::Published(other), share));
    at(0, What::AliasChanged { function: function(), alias: "live".into(), version, additional })
}

fn two_versions() -> Vec<Fact> {
    vec![made(0, 1), publish(1), publish(2)]
}

fn live() -> Qualifier {
    Qualifier::Alias("live".into())
}

#[test]
fn doctored_versions_are_found() {
    check(&after(two_versions(), [publish(4)]), "the next version of f is 3");
    check(&after(two_versions(), [made(1, 1)]), "a revision that was there");
    check(&after(two_versions(), [alias(3, None)]), "is not there");
    check(&after(two_versions(), [alias(1, Some((1, 0.5)))]), "is no split");
    let gone = |version| at(1, What::VersionDeleted { function: function(), version });
    check(&after(two_versions(), [alias(2, None), gone(Version::Published(1))]), "");
    check(&after(two_versions(), [alias(2, Some((1, 0.1))), gone(Version::Published(1))]), "an alias points");
    check(&after(two_versions(), [gone(Version::Latest)]), "no version");
    let lost = at(1, What::AliasDeleted { function: function(), alias: AliasName::from("live") });
    check(&after(two_versions(), [lost]), "has no alias");
    let unknown = at(1, What::FunctionDeleted { function: FunctionName::from("g") });
    check(&after(two_versions(), [unknown]), "was not there");
}

#[test]
fn doctored_routes_are_found() {
    let routed = |version| Admission { version, qualifier: live(), cold: true, ..Admission::new(1, 1, 1) };
    let split = after(two_versions(), [alias(1, Some((2, 0.5)))]);
    check(&after(split.clone(), [routed(Version::Published(2)).fact()]), "");
    check(&after(split, [routed(Version::Latest).fact()]), "does not mean");
    let moved = after(two_versions(), [alias(1, None), alias(2, None)]);
    check(&after(moved, [routed(Version::Published(1)).fact()]), "does not mean");
}

#[test]
fn doctored_states_are_found() {
    let slow = || Quotas { function_transition: Duration::from_secs(2), ..quotas() };
    let invoked = |millis| vec![made(0, 1), admitted(millis, 1, Asker::Caller, 1, true)];
    check_with(slow(), &invoked(1_999), "while it is Pending");
    check_with(slow(), &invoked(2_000), "");
}

/// A hundred requests of an alias that gives half to each, all to the first.
#[test]
fn doctored_shares_are_found() {
    let one = Version::Published(1);
    for (share, kept) in [(0.0, true), (0.1, true), (0.5, false), (1.0, false)] {
        let mut auditor = auditor(quotas());
        let mut story = after(two_versions(), [alias(1, Some((2, share)))]);
        let new = Admission { version: one, qualifier: live(), cold: true, ..Admission::new(0, 0, 1) };
        story.extend([new.fact(), init_started(0, 1, published(11, one)), init_ended(0, 1, 0)]);
        for number in 0..100 {
            let millis = u64::from(number) * 1_000;
            let next = Admission { version: one, qualifier: live(), ..Admission::new(millis, number, 1) };
            story.extend((number > 0).then(|| next.fact()));
            let end = ended_of(one, millis, number, 1, Ending::Succeeded, 0, number == 0);
            story.extend([started(millis, number, 1), end, idle(millis, 1)]);
        }
        for fact in story {
            if let What::Admitted { request_id, .. } = fact.what {
                auditor.asked(fact.at, request_id, &function(), &live(), &Ok(()));
            }
            tell(&mut auditor, &[fact]);
        }
        assert_eq!(auditor.shares_are_kept().is_ok(), kept, "a share of {share}");
    }
}
