//! The last one out: a shell that outlives a crash of the emulator.
//!
//! The kernel ends an environment's process with the emulator, but not what
//! that process had started, and nobody would remove the folder. So a shell is
//! told of each process group as it comes and goes; when its input ends without
//! a goodbye, it ends the groups that are left and removes the folder.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::Pid;

const SCRIPT: &str = r#"
trap '' HUP INT TERM
groups=
while read -r change group; do
    case $change in
    start) groups="$groups $group" ;;
    end)
        left=
        for other in $groups; do [ "$other" = "$group" ] || left="$left $other"; done
        groups=$left
        ;;
    esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
chmod -R u+w -- "$1" 2>/dev/null
rm -rf -- "$1"
"#;

/// The shell. Dropping this is the goodbye: it ends without doing anything.
#[derive(Debug)]
pub(super) struct Watchdog {
    shell: Child,
}

impl Watchdog {
    /// Starts the shell that would remove `folder`.
    pub(super) fn start(folder: &Path) -> io::Result<Self> {
        let shell = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "emulator-watchdog"])
            .arg(folder)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C in the emulator's terminal is not for it.
            .process_group(0)
            .spawn()?;
        Ok(Self { shell })
    }

    pub(super) fn note_start(&mut self, group: Pid) {
        self.note("start", group);
    }

    pub(super) fn note_end(&mut self, group: Pid) {
        self.note("end", group);
    }

    fn note(&mut self, change: &str, group: Pid) {
        let Some(input) = &mut self.shell.stdin else { return };
        if let Err(error) = writeln!(input, "{change} {}", group.as_raw_nonzero()) {
            tracing::debug!(%error, "the watchdog is gone");
        }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // It may have been ended by somebody else.
        let _ended = self.shell.kill();
        let _status = self.shell.wait();
    }
}
