//! Everything that is shown: text and JSON on the standard output, remarks and progress beside it.

pub mod numbers;
pub mod progress;
pub mod table;

use std::io::{BufWriter, IsTerminal, Stdout, Write, stderr, stdout};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use anyhow::Result;
use serde::Serialize;

use crate::args::{Color, Global};
use progress::Progress;
use table::Table;

const RED: Style = AnsiColor::Red.on_default().bold();

/// Where a command shows what it found.
pub struct Ui {
    out: BufWriter<Stdout>,
    /// Whether the standard output takes colours.
    pub is_styled: bool,
    /// JSON is asked for.
    pub json: bool,
    quiet: bool,
    choice: ColorChoice,
}

impl Ui {
    pub fn new(global: &Global) -> Self {
        let choice = match global.color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        };
        let is_styled = match choice {
            ColorChoice::Auto => AutoStream::choice(&stdout()) != ColorChoice::Never,
            other => other != ColorChoice::Never,
        };
        Self {
            out: BufWriter::new(stdout()),
            is_styled,
            json: global.json,
            quiet: global.quiet,
            choice,
        }
    }

    /// The standard output, for what is neither lines nor a table.
    pub fn out(&mut self) -> &mut impl Write {
        &mut self.out
    }

    /// What headings are written in; nothing where there are no colours. Values are written as they
    /// are, whatever bytes they have.
    pub fn bold(&self) -> Style {
        self.style(Style::new().bold())
    }

    /// What labels are written in.
    pub fn dim(&self) -> Style {
        self.style(Style::new().dimmed())
    }

    fn style(&self, style: Style) -> Style {
        match self.is_styled {
            true => style,
            false => Style::new(),
        }
    }

    pub fn line(&mut self, text: impl AsRef<str>) -> Result<()> {
        writeln!(self.out, "{}", text.as_ref())?;
        Ok(())
    }

    pub fn print_json(&mut self, value: &impl Serialize) -> Result<()> {
        serde_json::to_writer_pretty(&mut self.out, value).map_err(std::io::Error::from)?;
        writeln!(self.out)?;
        Ok(())
    }

    pub fn table(&mut self, table: &Table) -> Result<()> {
        let width = stdout()
            .is_terminal()
            .then(progress::terminal_width)
            .flatten();
        let bold = self.bold();
        table.write(&mut self.out, width, bold)?;
        Ok(())
    }

    /// A bar of so many steps, on a terminal.
    pub fn progress(&self, total: u64, unit: progress::Unit, what: &str) -> Progress {
        Progress::new(self.shows_progress(), total, unit, what)
    }

    fn shows_progress(&self) -> bool {
        !self.quiet && stderr().is_terminal()
    }

    /// Says something beside the output, after what was printed so far.
    pub fn note(&mut self, text: impl AsRef<str>) {
        if !self.quiet {
            // A failure is told when the rest is brought out.
            let _ = self.out.flush();
            let mut stream = AutoStream::new(stderr(), self.choice);
            let _ = writeln!(stream, "{}", text.as_ref());
        }
    }

    /// Says what went wrong, and what to do.
    pub fn error(&self, text: &str, hint: Option<&str>) {
        let mut stream = AutoStream::new(stderr(), self.choice);
        let _ = writeln!(stream, "{RED}af:{RED:#} {text}");
        if let Some(hint) = hint {
            let _ = writeln!(stream, "    {hint}");
        }
    }

    /// Brings out what is still in memory.
    pub fn finish(&mut self) -> Result<()> {
        self.out.flush()?;
        Ok(())
    }
}
