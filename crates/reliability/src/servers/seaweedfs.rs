//! SeaweedFS: S3 on disk; checks signatures. Contended conditional puts take it about a second.

use std::process::Command;

use super::process::{Process, folder, free_port};
use super::{BUCKET, Result, Running, Server, install, ministack};

/// Of this server alone, which nobody else reaches.
const KEY: &str = "test";
const SECRET: &str = "testsecret";

/// The parts that it consists of, each with a port and one 10,000 higher for gRPC.
const PARTS: [&str; 4] = ["master", "volume", "filer", "s3"];

pub(super) async fn start() -> Result<Server> {
    let program = install::program("py/bin/weed").await?;
    let folder = folder()?;
    let mut command = Command::new(program);
    command
        .arg("mini")
        .arg(format!("-dir={}", folder.path().display()))
        // Without these it listens on outside addresses and reports to its makers.
        .args(["-ip=127.0.0.1", "-ip.bind=127.0.0.1"])
        .args([
            "-master.telemetry=false",
            "-admin.ui=false",
            "-webdav=false",
        ])
        .env("AWS_ACCESS_KEY_ID", KEY)
        .env("AWS_SECRET_ACCESS_KEY", SECRET)
        .env("S3_BUCKET", BUCKET);
    let mut s3 = 0;
    for part in PARTS {
        s3 = free_port()?;
        command.arg(format!("-{part}.port={s3}"));
        command.arg(format!("-{part}.port.grpc={}", s3 + 10_000));
    }
    // Unused, but two of these servers would meet on them.
    for part in ["admin.port", "s3.port.iceberg", "s3.port.lance"] {
        command.arg(format!("-{part}={}", free_port()?));
    }
    let server = Server {
        root: format!("s3://{BUCKET}"),
        options: ministack::options(s3, KEY, SECRET),
        _running: Running::Process(Process::start("seaweedfs", &command, Some(folder))?),
    };
    server.ready().await
}
