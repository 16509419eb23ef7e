//! Azurite: the blob part of Microsoft's emulator of Azure Storage.

use std::process::Command;

use super::process::{Process, folder, free_port};
use super::{BUCKET, Result, Running, Server, install, ping};

/// The account and the key that every Azurite has, as its documentation says.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/// A token made from them, to make the container with. It is no good for all: Azurite answers 500 to
/// a batch of deletions under a token.
const TOKEN: &str = "sv=2020-08-04&ss=b&srt=sco&sp=rwdlacupx&st=2020-01-01T00%3A00%3A00Z\
    &se=2099-01-01T00%3A00%3A00Z&spr=https%2Chttp\
    &sig=xjSlUJFxjWQNNR%2FxdjFawNDrBncXZdE87KcCFLOZkmM%3D";

pub(super) async fn start() -> Result<Server> {
    let program = install::program("npm/node_modules/.bin/azurite-blob").await?;
    let port = free_port()?;
    let mut command = Command::new(program);
    command
        .args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()])
        .args(["--inMemoryPersistence", "--silent", "--disableTelemetry"])
        .arg("--skipApiVersionCheck");
    let mut process = Process::start("azurite", &command, Some(folder()?))?;
    let container = format!("/{ACCOUNT}/{BUCKET}?restype=container&{TOKEN}");
    ping::make_bucket(&mut process, port, &container).await?;
    let options = [
        (
            "azure_storage_endpoint",
            format!("http://127.0.0.1:{port}/{ACCOUNT}"),
        ),
        ("azure_storage_account_name", ACCOUNT.into()),
        ("azure_storage_account_key", KEY.into()),
        ("allow_http", "true".into()),
        // Node closes what was idle for five seconds, and the client does not repeat a conditional put
        // that meets a closed connection.
        ("pool_idle_timeout", "2 seconds".into()),
    ];
    let server = Server {
        root: format!("az://{BUCKET}"),
        options: options.map(|(key, value)| (key.to_owned(), value)).into(),
        _running: Running::Process(process),
    };
    server.ready().await
}
