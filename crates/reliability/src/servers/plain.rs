//! Web servers that do less than nginx.

use std::path::Path;
use std::process::Command;

use axum::Router;
use tower_http::services::ServeDir;

use super::process::{Process, free_port};
use super::{Result, Running, Server, Task, ping};

fn server(port: u16, running: Running) -> Server {
    Server {
        root: format!("http://127.0.0.1:{port}"),
        options: vec![("allow_http".into(), "true".into())],
        _running: running,
    }
}

/// tower-http's `ServeDir`, in this process: no ETags, and 416 to a suffix longer than the file.
///
/// # Errors
/// It cannot listen.
pub async fn serve_dir(files: &Path) -> Result<Server> {
    let router = Router::new().fallback_service(ServeDir::new(files));
    let (port, task) = serve(router).await?;
    Ok(server(port, Running::Task(task)))
}

/// Python's `http.server`, which answers every range with the whole file.
///
/// # Errors
/// There is no Python, or it does not answer.
pub async fn python(files: &Path) -> Result<Server> {
    let port = free_port()?;
    let mut command = Command::new("python3");
    command
        .args(["-m", "http.server", "--bind", "127.0.0.1", "--directory"])
        .arg(files)
        .arg(port.to_string());
    let mut process = Process::start("python", &command, None)?;
    ping::until_answered(&mut process, port, "GET", "/").await?;
    Ok(server(port, Running::Process(process)))
}

/// Runs a router at a free port.
pub(super) async fn serve(router: Router) -> Result<(u16, Task)> {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await;
    let listener = listener.map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let task = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            eprintln!("the server at {address} ended: {error}");
        }
    });
    Ok((address.port(), Task(task)))
}
