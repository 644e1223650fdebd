//! Whether the simulation obeys the laws of queues.

use crate::laws::{Expiring, Seen, check};

#[test]
fn the_simulation_obeys_the_laws_of_queues() {
    let seen = check(100_000, |seen| println!("{seen}"));
    let broken: Vec<String> = seen.iter().filter(|seen| !seen.holds()).map(Seen::to_string).collect();
    assert!(broken.is_empty(), "{broken:#?}");
}

/// An expiration that never comes, or comes at once, has simple answers.
#[test]
fn the_numerical_solution_is_right_at_its_ends() {
    let at_once = Expiring::new(2.0, 1.0, 1e-9);
    assert!((at_once.cold_probability() - 1.0).abs() < 1e-6, "every request is cold");
    assert!((at_once.average_servers() - 2.0).abs() < 1e-6, "only busy servers are there");
    // M/M/1 loses no more than it meets busy: below 0 busy for T means no arrival.
    let stays = Expiring::new(2.0, 1.0, 3.0).stays_below(0);
    assert!((stays[0] - (-6.0_f64).exp()).abs() < 1e-9, "{stays:?}");
}
