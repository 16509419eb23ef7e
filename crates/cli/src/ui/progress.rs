//! How far a command has come, with its rate and the time that is left.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// What steps are.
#[derive(Debug, Clone, Copy)]
pub enum Unit {
    Bytes,
    Things,
}

/// A bar on a terminal, or nothing.
pub struct Progress(ProgressBar);

impl Progress {
    pub(super) fn new(shown: bool, total: u64, unit: Unit, what: &str) -> Self {
        let target = match shown {
            true => ProgressDrawTarget::stderr(),
            false => ProgressDrawTarget::hidden(),
        };
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let steps = match unit {
            Unit::Bytes => "{bytes}/{total_bytes}  {bytes_per_sec}",
            Unit::Things => "{human_pos}/{human_len}  {per_sec}",
        };
        let template = format!("{{prefix}} {{wide_bar}} {steps}  {{eta}} left {{msg}}");
        // The template is fixed; a wrong one would only cost its looks.
        let style = ProgressStyle::with_template(&template)
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        bar.set_prefix(what.to_owned());
        Self(bar)
    }

    pub fn add(&self, steps: u64) {
        self.0.inc(steps);
    }

    /// So many of so many are done.
    pub fn set(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// The columns of the terminal, if there is one.
pub(super) fn terminal_width() -> Option<u16> {
    let (_, columns) = console::Term::stdout().size_checked()?;
    Some(columns)
}
