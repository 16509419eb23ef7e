//! What ends a command early, and the exit code that says so.

use std::fmt;
use std::io::ErrorKind;
use std::process::ExitCode;

use array_format::Error;

use crate::ui::Ui;

/// Something failed, or a comparison found differences.
pub const FAILED: u8 = 1;
/// The command line is wrong, or what it names is not there.
pub const USAGE: u8 = 2;
/// Damaged data were found.
pub const DAMAGED: u8 = 3;
/// As shells report a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// The user pressed Ctrl-C.
#[derive(Debug)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted; nothing but whole commits is in the file")
    }
}

impl std::error::Error for Interrupted {}

/// A mistake on the command line that is only seen once the file is open.
#[derive(Debug)]
pub struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// Such a mistake, as an error.
pub fn usage(text: impl Into<String>) -> anyhow::Error {
    Usage(text.into()).into()
}

/// Tells what ended a command, and how.
pub fn tell(ui: &Ui, error: &anyhow::Error) -> ExitCode {
    if is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    if is_told(error) {
        return ExitCode::from(FAILED);
    }
    if error.is::<Interrupted>() {
        ui.error(&error.to_string(), None);
        return ExitCode::from(INTERRUPTED);
    }
    ui.error(&text(error), hint(error));
    ExitCode::from(code(error))
}

/// Every cause that says more than the one before.
pub fn text(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
    }
    text
}

fn ours(error: &anyhow::Error) -> Option<&Error> {
    error.chain().find_map(|cause| cause.downcast_ref())
}

/// The exit code that says whose move it is.
pub fn code(error: &anyhow::Error) -> u8 {
    // A usage error may be a cause or stand before one.
    if error.downcast_ref::<Usage>().is_some() || error.chain().any(|cause| cause.is::<Usage>()) {
        return USAGE;
    }
    match ours(error) {
        Some(Error::Corrupt { .. } | Error::InvalidFooter(_) | Error::Serialization(_)) => DAMAGED,
        Some(Error::InvalidArgument(_) | Error::ArrayNotFound { .. }) => USAGE,
        _ => FAILED,
    }
}

/// What can be done about it.
pub fn hint(error: &anyhow::Error) -> Option<&'static str> {
    Some(match ours(error)? {
        Error::Corrupt { .. } => {
            "`af verify --full FILE` lists what is damaged, `af salvage FILE NEW` saves the rest"
        }
        Error::InvalidFooter(_) => {
            "is this an array_format file? If so, `af salvage FILE NEW` saves what can be read"
        }
        Error::ArrayNotFound { .. } => "`af ls FILE` lists the arrays",
        Error::FileNotFound { .. } => "`af import SOURCE FILE` makes one",
        Error::Conflict { .. } => "somebody else changed the same; run the command again",
        Error::SnapshotExpired { .. } => "the file was compacted meanwhile; run the command again",
        Error::Store { .. } => {
            "credentials and endpoints come from the environment, as AWS_*, GOOGLE_* and AZURE_*"
        }
        _ => return None,
    })
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|e| e.kind() == ErrorKind::BrokenPipe)
    })
}

/// Makes panics, which are mistakes of ours or of a library that reads a foreign file, one plain line.
pub fn tell_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic.payload_as_str().unwrap_or("no reason is given");
        let place = panic.location().map(|at| format!(" ({at})"));
        eprintln!("af: internal error: {text}{}", place.unwrap_or_default());
        eprintln!("    nothing but whole commits is in the file; please report this");
    }));
}

/// Whether the hook has told it.
fn is_told(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let task: Option<&tokio::task::JoinError> = cause.downcast_ref();
        task.is_some_and(tokio::task::JoinError::is_panic)
    })
}
