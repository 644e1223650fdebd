//! The built-in handler: a function without code, chosen by its handler's name.
//!
//! Its behaviour is set by environment variables, so that any client of AWS
//! can choose it and change it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::Error;
use crate::engine::{Code, ColdStartMode, FunctionSpec, HandlerModel, Package, Spread};

/// The handler's name that stands for the built-in one.
pub(super) const HANDLER: &str = "emulator.handler";

const INIT_MS: &str = "EMULATOR_INIT_MS";
const DURATION_MS: &str = "EMULATOR_DURATION_MS";
const SPREAD: &str = "EMULATOR_DURATION_SPREAD";
const FAILURE_RATE: &str = "EMULATOR_FAILURE_RATE";

/// What Init and an invocation take that the variables say nothing of.
const DEFAULT_MS: f64 = 100.0;

/// Standard deviation of the logarithm, where `lognormal` comes without one.
const DEFAULT_SIGMA: f64 = 0.5;

/// What a function runs: the built-in handler where its settings name that.
pub(super) fn code(
    spec: &FunctionSpec,
    account_mode: ColdStartMode,
    package: Option<Package>,
) -> Result<Code, Error> {
    let handler = &spec.handler;
    if handler == HANDLER {
        // What is drawn is the whole of a simulated cold start.
        let init = match spec.cold_start.mode.unwrap_or(account_mode) {
            ColdStartMode::Simulated => 0.0,
            ColdStartMode::Real | ColdStartMode::Added => DEFAULT_MS,
        };
        return Ok(Code::Simulated { model: model(&spec.variables, init)?, package });
    }
    package.map(Code::Package).ok_or_else(|| {
        Error::InvalidParameter(format!(
            "Handler {handler} needs code, and this function has none: it was made for the built-in handler \
             ({HANDLER}). Upload its code with UpdateFunctionCode first."
        ))
    })
}

fn model(variables: &BTreeMap<String, String>, default_init: f64) -> Result<HandlerModel, Error> {
    let failure_rate = number(variables, FAILURE_RATE, 0.0)?;
    if !(0.0..=1.0).contains(&failure_rate) {
        return Err(bad(FAILURE_RATE, failure_rate, "a share from 0 to 1"));
    }
    Ok(HandlerModel {
        init: millis(variables, INIT_MS, default_init)?,
        duration: millis(variables, DURATION_MS, DEFAULT_MS)?,
        spread: spread(variables)?,
        failure_rate,
    })
}

fn millis(variables: &BTreeMap<String, String>, name: &'static str, default: f64) -> Result<Duration, Error> {
    let millis = number(variables, name, default)?;
    Duration::try_from_secs_f64(millis / 1_000.0)
        .map_err(|_| bad(name, millis, "a number of milliseconds, 0 or more"))
}

/// `fixed`, `exponential`, `lognormal`, or `lognormal:SIGMA`.
fn spread(variables: &BTreeMap<String, String>) -> Result<Spread, Error> {
    let text = variables.get(SPREAD).map_or("fixed", String::as_str);
    let sigma = text.strip_prefix("lognormal:").and_then(|sigma| sigma.parse().ok());
    match (text, sigma) {
        ("fixed", _) => Ok(Spread::Fixed),
        ("exponential", _) => Ok(Spread::Exponential),
        ("lognormal", _) => Ok(Spread::Lognormal { sigma: DEFAULT_SIGMA }),
        (_, Some(sigma)) if (0.0..=5.0).contains(&sigma) => Ok(Spread::Lognormal { sigma }),
        _ => Err(bad(SPREAD, text, "fixed, exponential, lognormal, or lognormal:SIGMA with 0 to 5")),
    }
}

fn number(variables: &BTreeMap<String, String>, name: &'static str, default: f64) -> Result<f64, Error> {
    let Some(text) = variables.get(name) else { return Ok(default) };
    text.trim().parse().map_err(|_| bad(name, text, "a number"))
}

fn bad(name: &str, value: impl std::fmt::Display, expected: &str) -> Error {
    Error::InvalidParameter(format!(
        "Environment variable {name} is '{value}': the built-in handler needs {expected}."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model_of(variables: &[(&str, &str)]) -> Result<HandlerModel, Error> {
        let variables = variables.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
        model(&variables.collect(), DEFAULT_MS)
    }

    #[test]
    fn variables_make_the_model() {
        let expected = |init_us, duration_us, failure_rate| HandlerModel {
            init: Duration::from_micros(init_us),
            duration: Duration::from_micros(duration_us),
            spread: Spread::Fixed,
            failure_rate,
        };
        assert_eq!(model_of(&[]), Ok(expected(100_000, 100_000, 0.0)));
        assert_eq!(
            model_of(&[(INIT_MS, "0.5"), (DURATION_MS, "2500"), (FAILURE_RATE, "1"), ("OTHER", "x")]),
            Ok(expected(500, 2_500_000, 1.0))
        );
    }

    #[test]
    fn durations_are_spread_as_they_say() {
        for (text, expected) in [
            ("fixed", Spread::Fixed),
            ("exponential", Spread::Exponential),
            ("lognormal", Spread::Lognormal { sigma: 0.5 }),
            ("lognormal:0.8", Spread::Lognormal { sigma: 0.8 }),
        ] {
            assert_eq!(model_of(&[(SPREAD, text)]).map(|model| model.spread), Ok(expected), "{text}");
        }
    }

    #[test]
    fn bad_variables_are_named() {
        for (name, value) in [
            (SPREAD, "normal"),
            (SPREAD, "lognormal:NaN"),
            (INIT_MS, "-1"),
            (INIT_MS, "NaN"),
            (DURATION_MS, "1e300"),
            (DURATION_MS, "soon"),
            (DURATION_MS, ""),
            (FAILURE_RATE, "1.1"),
            (FAILURE_RATE, "NaN"),
        ] {
            let error = model_of(&[(name, value)]).expect_err("a bad value").to_string();
            assert!(error.contains(name), "{value}: {error}");
        }
    }
}
