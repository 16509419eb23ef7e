//! nginx: files over plain HTTP, with ranges and ETags, without listings.

use std::path::Path;
use std::process::Command;

use super::process::{Process, folder, free_port};
use super::{Result, Running, Server, install, ping};

/// Where Debian puts it.
const PROGRAM: &str = "/usr/sbin/nginx";

/// Serves the files of `files`.
///
/// # Errors
/// It could not be installed or started, or does not answer.
pub async fn start(files: &Path) -> Result<Server> {
    install::all().await?;
    let (port, folder) = (free_port()?, folder()?);
    let configuration = folder.path().join("nginx.conf");
    std::fs::write(&configuration, configure(port, files, folder.path()))
        .map_err(|error| format!("{}: {error}", configuration.display()))?;
    let mut command = Command::new(PROGRAM);
    command.arg("-c").arg(&configuration);
    let mut process = Process::start("nginx", &command, Some(folder))?;
    ping::until_answered(&mut process, port, "GET", "/").await?;
    Ok(Server {
        root: format!("http://127.0.0.1:{port}"),
        options: vec![("allow_http".into(), "true".into())],
        _running: Running::Process(process),
    })
}

/// One process in the foreground, which keeps all that it writes in its own folder.
fn configure(port: u16, files: &Path, folder: &Path) -> String {
    let own = folder.display();
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|name| format!("  {name}_temp_path {own}/{name};\n"))
        .collect();
    format!(
        "daemon off;\nmaster_process off;\npid {own}/pid;\nerror_log stderr;\n\
         events {{ worker_connections 256; }}\n\
         http {{\n  access_log off;\n{temporary}  \
         server {{ listen 127.0.0.1:{port}; root {}; }}\n}}\n",
        files.display()
    )
}
