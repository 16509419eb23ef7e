//! A server as a process that cannot outlive us.

use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::{Result, log};
use crate::cargo::target;

/// Runs its arguments until its input ends, which it does at the latest when the process that holds
/// the other end is gone. Both are in the background of this shell, so that an interrupt from the
/// keyboard does not reach them. 137 says that the watch has killed the server, and is gone itself.
const GUARD: &str = r#"
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
{ read -r _ <&3; kill -9 "$server"; } &
watch=$!
wait "$server"
status=$?
[ "$status" = 137 ] || kill "$watch"
exit "$status"
"#;

/// A running server, its log, and the folder that goes with it.
#[derive(Debug)]
pub(super) struct Process {
    guard: Child,
    log: PathBuf,
    /// Removed after it has stopped.
    _folder: Option<TempDir>,
}

impl Process {
    /// Starts `command`, which works in `folder` if it is given one.
    pub(super) fn start(name: &str, command: &Command, folder: Option<TempDir>) -> Result<Self> {
        let (path, log) = log::create(name)?;
        let errors = log.try_clone().map_err(|error| error.to_string())?;
        let mut guard = Command::new("/bin/sh");
        guard
            .args(["-c", GUARD, "guard"])
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::piped())
            .stdout(log)
            .stderr(errors);
        for (key, value) in command.get_envs() {
            if let Some(value) = value {
                guard.env(key, value);
            }
        }
        if let Some(folder) = &folder {
            guard.current_dir(folder);
        }
        let guard = guard.spawn().map_err(|error| format!("{name}: {error}"))?;
        Ok(Self {
            guard,
            log: path,
            _folder: folder,
        })
    }

    /// An error, with the end of its log, once it has stopped.
    pub(super) fn still_lives(&mut self) -> Result<()> {
        match self.guard.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(format!("stopped, {status}:\n{}", log::end(&self.log))),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The guard's input ends here.
        drop(self.guard.stdin.take());
        if let Err(error) = self.guard.wait() {
            eprintln!("a server may be left: {error}");
        }
    }
}

/// A port that nobody has. Not above 55535, because some servers use a second one 10,000 higher.
pub(super) fn free_port() -> Result<u16> {
    loop {
        let listener = TcpListener::bind(("127.0.0.1", 0));
        let address = listener.and_then(|listener| listener.local_addr());
        match address {
            Ok(address) if address.port() <= 55_535 => return Ok(address.port()),
            Ok(_) => {}
            Err(error) => return Err(format!("no free port: {error}")),
        }
    }
}

/// A folder beneath `target` that goes when it is dropped.
pub(super) fn folder() -> Result<TempDir> {
    let all = target().join("servers/data");
    std::fs::create_dir_all(&all)
        .and_then(|()| TempDir::new_in(&all))
        .map_err(|error| format!("{}: {error}", all.display()))
}
