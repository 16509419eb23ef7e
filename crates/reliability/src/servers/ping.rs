//! The one request that no client of ours can make: of a server that may not be there yet.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use super::process::Process;
use super::{PATIENCE, Result};

/// Sends an empty request until it is answered, and returns the status.
pub(super) async fn until_answered(
    process: &mut Process,
    port: u16,
    method: &str,
    path: &str,
) -> Result<u16> {
    let start = Instant::now();
    loop {
        let answer = timeout(Duration::from_secs(3), request(port, method, path)).await;
        if let Ok(Some(status)) = answer {
            return Ok(status);
        }
        process.still_lives()?;
        if start.elapsed() > PATIENCE {
            return Err(format!("nothing answers at port {port}"));
        }
        sleep(Duration::from_millis(50)).await;
    }
}

/// Makes a bucket, once there is an answer at all.
pub(super) async fn make_bucket(process: &mut Process, port: u16, path: &str) -> Result<()> {
    match until_answered(process, port, "PUT", path).await? {
        200..300 => Ok(()),
        status => Err(format!("the bucket cannot be made: status {status}")),
    }
}

async fn request(port: u16, method: &str, path: &str) -> Option<u16> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let line = answer.split(|&byte| byte == b'\r').next()?;
    std::str::from_utf8(line)
        .ok()?
        .split(' ')
        .nth(1)?
        .parse()
        .ok()
}
