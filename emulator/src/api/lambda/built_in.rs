//! The built-in handler: a function without code, chosen by its handler's name.
//!
//! Its behaviour is set by environment variables, so that any client of AWS
//! can choose it and change it.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::Error;
use crate::engine::{Code, ColdStartMode, FunctionSpec, HandlerModel, Package, Times};

/// The handler's name that stands for the built-in one.
pub(super) const HANDLER: &str = "emulator.handler";

/// The two variables of a time: milliseconds on average, and how they are spread.
type Names = (&'static str, &'static str);

const INIT: Names = ("EMULATOR_INIT_MS", "EMULATOR_INIT_SPREAD");
const DURATION: Names = ("EMULATOR_DURATION_MS", "EMULATOR_DURATION_SPREAD");
const COLD: Names = ("EMULATOR_COLD_MS", "EMULATOR_COLD_SPREAD");
const FAILURE_RATE: &str = "EMULATOR_FAILURE_RATE";
const CRASH_RATE: &str = "EMULATOR_CRASH_RATE";

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
    let is_whole = [COLD.0, COLD.1].iter().any(|name| variables.contains_key(*name));
    let (failure_rate, crash_rate) = (share(variables, FAILURE_RATE)?, share(variables, CRASH_RATE)?);
    if failure_rate + crash_rate > 1.0 {
        return Err(bad(CRASH_RATE, crash_rate, "a share that is at most 1 with that of failures"));
    }
    Ok(HandlerModel {
        init: times(variables, INIT, default_init)?,
        duration: times(variables, DURATION, DEFAULT_MS)?,
        cold: is_whole.then(|| times(variables, COLD, DEFAULT_MS)).transpose()?,
        failure_rate,
        crash_rate,
    })
}

fn share(variables: &BTreeMap<String, String>, name: &'static str) -> Result<f64, Error> {
    let share = number(variables, name, 0.0)?;
    if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(bad(name, share, "a share from 0 to 1")) }
}

/// `fixed`, `exponential`, `lognormal`, `lognormal:SIGMA`, or
/// `empirical:MS,MS,…`, which has its times from itself.
fn times(variables: &BTreeMap<String, String>, names: Names, default: f64) -> Result<Times, Error> {
    let millis = number(variables, names.0, default)?;
    let mean = time(millis).ok_or_else(|| bad(names.0, millis, "a number of milliseconds, 0 or more"))?;
    let text = variables.get(names.1).map_or("fixed", String::as_str);
    let sigma = text.strip_prefix("lognormal:").and_then(|sigma| sigma.parse().ok());
    let measured = text.strip_prefix("empirical:").and_then(empirical);
    match (text, sigma, measured) {
        ("fixed", ..) => Ok(Times::Constant(mean)),
        ("exponential", ..) => Ok(Times::Exponential(mean)),
        ("lognormal", ..) => Ok(Times::Lognormal { mean, sigma: DEFAULT_SIGMA }),
        (_, Some(sigma), _) if (0.0..=5.0).contains(&sigma) => Ok(Times::Lognormal { mean, sigma }),
        (_, _, Some(measured)) => Ok(measured),
        _ => Err(bad(
            names.1,
            text,
            "fixed, exponential, lognormal, lognormal:SIGMA with 0 to 5, or empirical: and milliseconds from short to long",
        )),
    }
}

fn time(millis: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(millis / 1_000.0).ok()
}

/// Milliseconds from short to long.
fn empirical(text: &str) -> Option<Times> {
    let parts = text.split(',').map(|part| part.trim().parse().ok().and_then(time));
    let measured = parts.collect::<Option<Vec<Duration>>>()?;
    measured.is_sorted().then(|| Times::Empirical(measured.into()))
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
            init: Duration::from_micros(init_us).into(),
            duration: Duration::from_micros(duration_us).into(),
            failure_rate,
            ..HandlerModel::default()
        };
        assert_eq!(model_of(&[]), Ok(expected(100_000, 100_000, 0.0)));
        assert_eq!(
            model_of(&[(INIT.0, "0.5"), (DURATION.0, "2500"), (FAILURE_RATE, "1"), ("OTHER", "x")]),
            Ok(expected(500, 2_500_000, 1.0))
        );
        let cold = Times::Exponential(Duration::from_millis(2_244));
        assert_eq!(
            model_of(&[(COLD.0, "2244"), (COLD.1, "exponential"), (CRASH_RATE, "0.5")]),
            Ok(HandlerModel { cold: Some(cold), crash_rate: 0.5, ..expected(100_000, 100_000, 0.0) })
        );
    }

    #[test]
    fn times_are_spread_as_they_say() {
        let mean = Duration::from_millis(100);
        let measured: Vec<Duration> = [1_500, 20_000].map(Duration::from_micros).into();
        for (text, expected) in [
            ("fixed", Times::Constant(mean)),
            ("exponential", Times::Exponential(mean)),
            ("lognormal", Times::Lognormal { mean, sigma: 0.5 }),
            ("lognormal:0.8", Times::Lognormal { mean, sigma: 0.8 }),
            ("empirical:1.5, 20", Times::Empirical(measured.into())),
        ] {
            assert_eq!(model_of(&[(DURATION.1, text)]).map(|model| model.duration), Ok(expected.clone()));
            assert_eq!(model_of(&[(INIT.1, text)]).map(|model| model.init), Ok(expected), "{text}");
        }
    }

    #[test]
    fn bad_variables_are_named() {
        for (name, value) in [
            (DURATION.1, "normal"),
            (DURATION.1, "lognormal:NaN"),
            (INIT.1, "empirical:2,1"),
            (INIT.1, "empirical:"),
            (INIT.0, "-1"),
            (INIT.0, "NaN"),
            (DURATION.0, "1e300"),
            (DURATION.0, "soon"),
            (DURATION.0, ""),
            (COLD.0, "-3"),
            (FAILURE_RATE, "1.1"),
            (CRASH_RATE, "NaN"),
        ] {
            let error = model_of(&[(name, value)]).expect_err("a bad value").to_string();
            assert!(error.contains(name), "{value}: {error}");
        }
        let error = model_of(&[(FAILURE_RATE, "0.6"), (CRASH_RATE, "0.6")]).expect_err("more than all");
        assert!(error.to_string().contains(CRASH_RATE), "{error}");
    }
}
