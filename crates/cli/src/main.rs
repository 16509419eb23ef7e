//! The program `af`.

use std::process::ExitCode;

fn main() -> ExitCode {
    array_format_cli::run(std::env::args_os())
}
