//! MiniStack: S3 in memory, quick, conditional puts without races. It takes any signature.

use std::process::Command;

use super::process::{Process, free_port};
use super::{BUCKET, Result, Running, Server, install, ping};

pub(super) async fn start() -> Result<Server> {
    let program = install::program("py/bin/ministack").await?;
    let port = free_port()?;
    let mut command = Command::new(program);
    command
        // It would listen on all addresses.
        .env("BIND_HOST", "127.0.0.1")
        .env("GATEWAY_PORT", port.to_string());
    let mut process = Process::start("ministack", &command, None)?;
    ping::make_bucket(&mut process, port, &format!("/{BUCKET}")).await?;
    let server = Server {
        root: format!("s3://{BUCKET}"),
        options: options(port, "test", "test"),
        _running: Running::Process(process),
    };
    server.ready().await
}

/// Options for an S3 server on this machine.
pub(super) fn options(port: u16, key: &str, secret: &str) -> Vec<(String, String)> {
    [
        ("aws_endpoint", format!("http://127.0.0.1:{port}")),
        ("allow_http", "true".into()),
        ("aws_region", "us-east-1".into()),
        ("aws_access_key_id", key.into()),
        ("aws_secret_access_key", secret.into()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into()
}
