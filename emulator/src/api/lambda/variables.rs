//! A function's environment variables, and what may not be among them.

use std::collections::BTreeMap;

use super::error::Error;

/// All variables together ("Lambda quotas": 4 KB).
const LONGEST: usize = 4_096;

/// Variables that Lambda sets itself ("Defined runtime environment variables").
const RESERVED: &[&str] = &[
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
];

/// Refuses reserved names and too much of everything.
pub(super) fn check(variables: &BTreeMap<String, String>) -> Result<(), Error> {
    let reserved: Vec<&str> =
        variables.keys().map(String::as_str).filter(|name| RESERVED.contains(name)).collect();
    if !reserved.is_empty() {
        return Err(refused(&format!(
            "contains reserved keys that are currently not supported for modification. Reserved keys used in \
             this request: {}",
            reserved.join(", ")
        )));
    }
    if variables.iter().any(|(name, value)| name.contains(['=', '\0']) || value.contains('\0')) {
        return Err(refused("contains a name or a value that no process can have"));
    }
    let measured = serde_json::to_string(variables).expect("strings are plain data");
    if measured.len() > LONGEST {
        return Err(refused(&format!("exceeded the 4KB limit. String measured: {measured}")));
    }
    Ok(())
}

fn refused(why: &str) -> Error {
    Error::InvalidParameter(format!(
        "Lambda was unable to configure your environment variables because the environment variables you have \
         provided {why}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_one(name: &str, value: &str) -> Option<String> {
        let variables = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        check(&variables).err().map(|error| error.to_string())
    }

    #[test]
    fn reserved_names_and_long_values_are_refused() {
        let refused = "Lambda was unable to configure your environment variables because the environment \
                       variables you have provided";
        assert_eq!(check_one("TABLE", "t"), None);
        assert_eq!(
            check_one("AWS_REGION", "x"),
            Some(format!(
                "{refused} contains reserved keys that are currently not supported for modification. Reserved keys \
                 used in this request: AWS_REGION"
            ))
        );
        assert!(check_one("K", "a\0b").is_some() && check_one("a=b", "v").is_some());
        // {"K":"…"} takes eight characters more than its value.
        assert_eq!(check_one("K", &"v".repeat(LONGEST - 8)), None);
        let long = "v".repeat(LONGEST - 7);
        assert_eq!(
            check_one("K", &long),
            Some(format!(r#"{refused} exceeded the 4KB limit. String measured: {{"K":"{long}"}}"#))
        );
    }
}
