//! The `emulator` program: how it starts, refuses to start, and ends.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::clients::text;

/// A running emulator of its own port; it ends with the test.
pub(crate) struct Program {
    child: Child,
    endpoint: String,
}

impl Program {
    pub(crate) fn start(flags: &[&str]) -> Self {
        Self::start_with(flags, &[])
    }

    pub(crate) fn start_with(flags: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_emulator"))
            .args(["--listen", "127.0.0.1:0"])
            .args(flags)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the emulator was built");
        let stdout = child.stdout.take().expect("stdout is piped");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let endpoint =
            line.trim().strip_prefix("listening on ").expect("the line that says where").to_owned();
        Self { child, endpoint }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a crash would: it has no chance to clean up.
    pub(crate) fn crash(&mut self) {
        self.child.kill().expect("it was running");
        self.child.wait().expect("it was running");
    }

    /// Ends it as Ctrl-C does, and gives its exit code.
    pub(crate) fn interrupt(&mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status().expect("kill is there");
        assert!(sent.success());
        self.child.wait().expect("it was running").code()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

fn refused(arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_emulator"))
        .args(arguments)
        .output()
        .expect("the emulator was built");
    (output.status.code(), text(&output.stderr))
}

#[test]
fn it_starts_on_a_free_port_and_ends_on_ctrl_c() {
    let mut emulator = Program::start(&["--seed", "7", "--log-format", "json"]);
    assert!(emulator.endpoint().starts_with("http://127.0.0.1:"), "{}", emulator.endpoint());
    assert_eq!(emulator.interrupt(), Some(0));
}

#[test]
fn a_client_that_stops_in_the_middle_does_not_keep_it() {
    let mut emulator = Program::start(&[]);
    let address = emulator.endpoint().trim_start_matches("http://").to_owned();
    let mut client = TcpStream::connect(&address).expect("it listens");
    let half = "POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n";
    client.write_all(half.as_bytes()).expect("it reads");
    // Its word to go on says that it waits for the body.
    let mut goes_on = String::new();
    BufReader::new(&client).read_line(&mut goes_on).expect("it answers");
    assert!(goes_on.contains("100"), "{goes_on}");
    assert_eq!(emulator.interrupt(), Some(0));
}

#[test]
fn what_it_can_not_do_is_one_line_and_a_remedy() {
    let taken = Program::start(&[]);
    let address = taken.endpoint().trim_start_matches("http://").to_owned();
    for (arguments, error, hint) in [
        (vec!["--listen", &address], "error: can't listen on", "hint: another program uses this port"),
        (
            vec!["--listen", "203.0.113.1:80"],
            "error: can't listen on",
            "hint: choose an address of this machine",
        ),
        (vec!["--account-id", "12"], "error: invalid value '12' for '--account-id", "12 digits"),
        (vec!["--speed", "fast"], "error: invalid value 'fast' for '--speed", "0.001 to 100000"),
        (vec!["--clock", "fast"], "error: invalid value 'fast' for '--clock", "real, paused or skip-idle"),
    ] {
        let (code, stderr) = refused(&arguments);
        assert_eq!(code, Some(2), "{arguments:?}");
        assert!(stderr.contains(error) && stderr.contains(hint), "{arguments:?}: {stderr}");
    }
}
