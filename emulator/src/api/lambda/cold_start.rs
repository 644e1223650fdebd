//! How a function's cold starts take their time, set by its environment
//! variables, so that any client of AWS can choose it.

use std::collections::BTreeMap;

use super::error::Error;
use crate::api::Api;
use crate::engine::{ColdStartMode, ColdStartOverride, InitDistribution};

/// `real`, `simulated` or `added`.
const MODE: &str = "EMULATOR_COLD_START";

/// A runtime or language that was measured, such as `java21` or `go`.
const LIKE: &str = "EMULATOR_COLD_START_AS";

/// What holds for functions that do not say. Not to be asked within a step.
pub(super) fn account_mode(api: &Api) -> ColdStartMode {
    api.driver.step(|engine, _| engine.quotas().cold_start.mode)
}

/// What a function's variables say.
pub(super) fn of(
    variables: &BTreeMap<String, String>,
    architecture: &str,
) -> Result<ColdStartOverride, Error> {
    let mode = match variables.get(MODE).map(String::as_str) {
        None => None,
        Some("real") => Some(ColdStartMode::Real),
        Some("simulated") => Some(ColdStartMode::Simulated),
        Some("added") => Some(ColdStartMode::Added),
        Some(other) => return Err(bad(MODE, other, "real, simulated or added")),
    };
    let measured = |name: &String| {
        InitDistribution::measured(name, architecture)
            .ok_or_else(|| bad(LIKE, name, &InitDistribution::names().collect::<Vec<_>>().join(", ")))
    };
    let distribution = variables.get(LIKE).map(measured).transpose()?;
    Ok(ColdStartOverride { mode, distribution })
}

fn bad(name: &str, value: &str, expected: &str) -> Error {
    Error::InvalidParameter(format!(
        "Environment variable {name} is '{value}': the emulator knows {expected}."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_choose_the_cold_start() {
        let variables = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
        };
        assert_eq!(of(&variables(&[]), "x86_64"), Ok(ColdStartOverride::default()));
        let chosen =
            of(&variables(&[(MODE, "simulated"), (LIKE, "java21")]), "arm64").expect("both are known");
        assert_eq!(chosen.mode, Some(ColdStartMode::Simulated));
        assert_eq!(chosen.distribution, InitDistribution::measured("java21", "arm64"));
        for (name, value) in [(MODE, "fast"), (LIKE, "cobol")] {
            let error = of(&variables(&[(name, value)]), "x86_64").expect_err("it is not known").to_string();
            assert!(error.contains(name) && error.contains(value), "{error}");
        }
    }
}
