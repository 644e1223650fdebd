//! What a caller reads when the function failed.

use bytes::Bytes;
use serde::Serialize;

use crate::engine::{EntrypointFault, Exit, FunctionError, RequestId};
use crate::limits;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    error_type: &'static str,
    error_message: String,
}

/// The error document of a failure: the runtime's own, or Lambda's.
pub(crate) fn document(request_id: RequestId, error: FunctionError) -> Bytes {
    let (error_type, what) = match error {
        FunctionError::Reported(document) => return document,
        FunctionError::ResponseTooLarge => return response_too_large(),
        FunctionError::TimedOut(after) => {
            ("Sandbox.Timedout", format!("Task timed out after {:.2} seconds", after.as_secs_f64()))
        }
        FunctionError::Exited(Exit::Status(0)) => {
            ("Runtime.ExitError", "Runtime exited without providing a reason".to_owned())
        }
        FunctionError::Exited(Exit::Status(status)) => {
            ("Runtime.ExitError", format!("Runtime exited with error: exit status {status}"))
        }
        FunctionError::Exited(Exit::Signal(signal)) => {
            ("Runtime.ExitError", format!("Runtime exited with error: signal: {}", signal_name(signal)))
        }
        FunctionError::InvalidEntrypoint(fault) => ("Runtime.InvalidEntrypoint", entrypoint(fault)),
        FunctionError::ExtensionCrashed => ("Extension.Crash", "exit code 1".to_owned()),
    };
    let error_message = format!("RequestId: {request_id} Error: {what}");
    let document = Document { error_type, error_message };
    serde_json::to_vec(&document).expect("text is plain data").into()
}

/// In the words of Lambda's supervisor, which is a Go program.
fn entrypoint(fault: EntrypointFault) -> String {
    let why = match fault {
        EntrypointFault::Missing => {
            return "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]".to_owned();
        }
        EntrypointFault::Format => "exec format error",
        EntrypointFault::NoInterpreter => "no such file or directory",
        EntrypointFault::NotPermitted => "permission denied",
    };
    format!("fork/exec /var/task/bootstrap: {why}")
}

/// The one document that names its message first.
fn response_too_large() -> Bytes {
    let limit = limits::RESPONSE;
    let text = format!(
        r#"{{"errorMessage":"Response payload size exceeded maximum allowed payload size ({limit} bytes).","errorType":"Function.ResponseSizeTooLarge"}}"#
    );
    Bytes::from(text)
}

/// Signals in the same words.
fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        10 => "user defined signal 1",
        11 => "segmentation fault",
        12 => "user defined signal 2",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        other => return format!("signal {other}"),
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::engine::Uuid;

    #[test]
    fn documents_are_to_the_letter() {
        let exit = |message: &str| {
            format!(
                r#"{{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 00000000-0000-4000-8000-000000000000 Error: {message}"}}"#
            )
        };
        for (error, expected) in [
            (FunctionError::Reported(Bytes::from_static(b"{\"own\":1}")), r#"{"own":1}"#.to_owned()),
            (
                FunctionError::TimedOut(Duration::from_secs(3)),
                r#"{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: 00000000-0000-4000-8000-000000000000 Error: Task timed out after 3.00 seconds"}"#.to_owned(),
            ),
            (FunctionError::Exited(Exit::Status(0)), exit("Runtime exited without providing a reason")),
            (FunctionError::Exited(Exit::Status(127)), exit("Runtime exited with error: exit status 127")),
            (FunctionError::Exited(Exit::Signal(9)), exit("Runtime exited with error: signal: killed")),
            (FunctionError::Exited(Exit::Signal(64)), exit("Runtime exited with error: signal: signal 64")),
            (
                FunctionError::ResponseTooLarge,
                r#"{"errorMessage":"Response payload size exceeded maximum allowed payload size (6291556 bytes).","errorType":"Function.ResponseSizeTooLarge"}"#.to_owned(),
            ),
            (
                FunctionError::InvalidEntrypoint(EntrypointFault::Missing),
                r#"{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: 00000000-0000-4000-8000-000000000000 Error: Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]"}"#.to_owned(),
            ),
        ] {
            assert_eq!(document(RequestId(Uuid::from_random(0)), error), expected);
        }
    }
}
