//! Which runtimes there are, and which the emulator runs.

use super::error::Error;

/// AWS's runtimes that the emulator does not run, for a clear refusal.
const NOT_SERVED: &[&str] = &[
    "dotnet10",
    "dotnet6",
    "dotnet8",
    "dotnetcore1.0",
    "dotnetcore2.0",
    "dotnetcore2.1",
    "dotnetcore3.1",
    "go1.x",
    "java11",
    "java17",
    "java21",
    "java25",
    "java8",
    "java8.al2",
    "nodejs",
    "nodejs10.x",
    "nodejs12.x",
    "nodejs14.x",
    "nodejs16.x",
    "nodejs4.3",
    "nodejs4.3-edge",
    "nodejs6.10",
    "nodejs8.10",
    "provided",
    "python2.7",
    "ruby2.5",
    "ruby2.7",
    "ruby3.2",
    "ruby3.3",
    "ruby3.4",
    "ruby4.0",
];

/// What our runtime for Node.js was written for.
const OLDEST_NODE: u32 = 18;

/// Refuses a runtime that the emulator does not run.
pub(super) fn check(runtime: &str) -> Result<(), Error> {
    if is_served(runtime) {
        return Ok(());
    }
    let text = if NOT_SERVED.contains(&runtime) {
        format!(
            "The emulator does not run {runtime} functions yet: it runs provided.al2023, provided.al2, python3.* and nodejs18.x or later."
        )
    } else {
        format!(
            "Value {runtime} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \
             [nodejs24.x, nodejs22.x, nodejs20.x, nodejs18.x, provided.al2023, provided.al2, python3.14, python3.13, python3.12, python3.11, python3.10, \
             python3.9, {}] or be a valid ARN",
            NOT_SERVED.join(", ")
        )
    };
    Err(Error::InvalidParameter(text))
}

fn is_served(runtime: &str) -> bool {
    let minor = runtime.strip_prefix("python3.");
    let python =
        minor.is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit()));
    let node = runtime.strip_prefix("nodejs").and_then(|version| version.strip_suffix(".x"));
    let node = node.and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= OLDEST_NODE);
    python || node || runtime == "provided.al2023" || runtime == "provided.al2"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runtimes_are_served_known_or_unknown() {
        for (runtime, refusal) in [
            ("python3.12", None),
            ("python3.8", None),
            ("provided.al2", None),
            ("provided.al2023", None),
            ("nodejs22.x", None),
            ("nodejs18.x", None),
            ("nodejs16.x", Some("does not run nodejs16.x")),
            ("nodejs.x", Some("Value nodejs.x at 'runtime' failed to satisfy constraint")),
            ("provided", Some("does not run provided")),
            ("python3.", Some("Value python3. at 'runtime' failed to satisfy constraint")),
            ("cobol", Some("Value cobol at 'runtime' failed to satisfy constraint")),
        ] {
            let told = check(runtime).err().map(|error| error.to_string());
            match (refusal, told) {
                (None, None) => {}
                (Some(part), Some(text)) if text.contains(part) => {}
                (_, told) => panic!("{runtime}: {told:?}"),
            }
        }
    }
}
