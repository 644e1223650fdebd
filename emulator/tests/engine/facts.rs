//! AWS does much that nobody expects. The facts that an emulator gets wrong
//! most easily have numbers, listed in FIDELITY.md; each one is named by the
//! trace or the test that holds it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// The facts of Lambda, of queues and their mappings, and of HTTP front doors.
fn expected() -> BTreeSet<u32> {
    (1..=48).collect()
}

/// The numbers that stand behind the word: `Fact 9`, `fact_10`, `Facts 2, 6 and 8`.
fn named_in(text: &str) -> BTreeSet<u32> {
    let mut named = BTreeSet::new();
    for after in text.split("fact").skip(1).chain(text.split("Fact").skip(1)) {
        let after = after.strip_prefix('s').unwrap_or(after);
        let words =
            after.split([' ', '_', ',', '\n', '(', ')', ':', '.', '/', '#']).filter(|word| !word.is_empty());
        for word in words {
            match word.parse() {
                Ok(number) => drop(named.insert(number)),
                Err(_) if word == "and" => {}
                Err(_) => break,
            }
        }
    }
    named
}

/// All that is said in a folder's traces and programs.
fn named_below(folder: &Path, named: &mut BTreeSet<u32>) {
    for entry in fs::read_dir(folder).expect("a folder of the project") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            named_below(&path, named);
        } else if path
            .extension()
            .is_some_and(|kind| ["rs", "py", "trace"].iter().any(|known| kind == *known))
        {
            named.extend(named_in(&fs::read_to_string(&path).expect("text")));
        }
    }
}

#[test]
fn numbers_are_read() {
    assert_eq!(
        named_in("/// Facts 2, 6 and 27: x\nfn fact_10_is() {} (facts 19\n# and 20)"),
        [2, 6, 10, 19, 20, 27].into()
    );
    assert_eq!(named_in("in fact 3 of them"), [3].into());
    assert_eq!(named_in("a fact. 5 apples, facts_4_and_5"), [4, 5].into());
}

#[test]
fn every_fact_has_a_test_that_names_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = BTreeSet::new();
    for folder in ["tests/engine/traces", "tests/wire", "src/api", "src/observe"] {
        named_below(&root.join(folder), &mut named);
    }
    let missing: Vec<u32> = expected().difference(&named).copied().collect();
    assert!(missing.is_empty(), "no test names these facts: {missing:?}");
}
