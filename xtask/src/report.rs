//! A header before each step, and a table of all of them at the end.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::shell::{Outcome, Result};

/// The steps that ran.
#[derive(Default)]
pub struct Report {
    rows: Vec<Row>,
    failed: Option<&'static str>,
}

struct Row {
    name: &'static str,
    time: Duration,
    remark: String,
}

impl Report {
    /// Runs one step; whether the next may follow.
    pub fn run(&mut self, name: &'static str, step: impl FnOnce() -> Result) -> bool {
        println!("\n=== {name} ===");
        let start = Instant::now();
        let remark = match step() {
            Ok(Outcome::Done) => "ok".to_owned(),
            Ok(Outcome::Skipped(why)) => {
                println!("{why}");
                format!("skipped: {why}")
            }
            Err(problem) => {
                self.failed = Some(name);
                format!("FAILED: {problem}")
            }
        };
        let time = start.elapsed();
        self.rows.push(Row { name, time, remark });
        self.failed.is_none()
    }

    /// Prints the table, and the name of the step that failed.
    pub fn print(&self) -> ExitCode {
        println!("\n{:<15} {:>8}  result", "step", "seconds");
        for Row { name, time, remark } in &self.rows {
            println!("{name:<15} {:>8.1}  {remark}", time.as_secs_f64());
        }
        match self.failed {
            Some(name) => {
                eprintln!("\n{name} failed");
                ExitCode::FAILURE
            }
            None => ExitCode::SUCCESS,
        }
    }
}
