//! The terminal browser: a tree of arrays, and views of the chosen one.

mod events;
#[cfg(test)]
mod fixture;
mod layout;
mod load;
mod motion;
mod picture;
mod sheet;
mod slice;
mod state;
mod text;
mod tree;
mod values;
mod view;

use std::panic::{set_hook, take_hook};
use std::pin::pin;
use std::process::exit;
use std::sync::Arc;

use anyhow::{Context, Result};
use array_format::ArrayFile;
use futures::StreamExt;
use futures::future::OptionFuture;
use ratatui::DefaultTerminal;
use ratatui::crossterm::style::force_color_output;
use tokio::task::JoinHandle;

use crate::failure::{self, Interrupted};
use load::Content;
use state::State;
use tree::Tree;

/// As Rust's programs end that panic.
const PANICKED: i32 = 101;

/// The terminal, which is left as it was found.
struct Screen(DefaultTerminal);

impl Screen {
    fn open() -> Result<Self> {
        // A panic of any thread is told on the restored terminal, and nothing is drawn after it.
        let tell = take_hook();
        set_hook(Box::new(move |panic| {
            tell(panic);
            exit(PANICKED);
        }));
        match ratatui::try_init() {
            Ok(terminal) => Ok(Self(terminal)),
            Err(error) => {
                let _ = ratatui::try_restore();
                Err(error).context("the terminal cannot be drawn on")
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Browses a file that the user calls `name`, until they have enough.
pub async fn run(file: ArrayFile, name: &str, is_styled: bool) -> Result<()> {
    let file = Arc::new(file);
    let tree = Tree::new(name.rsplit('/').next().unwrap_or(name), &file.arrays()?);
    force_color_output(is_styled);
    let mut screen = Screen::open()?;
    let mut state = State::new(name, tree, screen.0.size()?);
    let mut events = events::listen().ready_chunks(64);
    let mut terminated = pin!(terminated());
    let mut is_due = true;
    let mut reading: Option<JoinHandle<Result<Content>>> = None;
    while !state.is_over {
        if let Some(load) = state.load() {
            let file = Arc::clone(&file);
            let next = tokio::spawn(async move { load.read(&file).await });
            if let Some(old) = reading.replace(next) {
                old.abort();
            }
        }
        if is_due {
            screen
                .0
                .draw(|frame| view::draw(frame, &state, is_styled))?;
        }
        tokio::select! {
            Some(events) = events.next() => {
                is_due = false;
                for event in events {
                    is_due |= match event? {
                        Some(event) => state.event(&event),
                        None => state.tick(),
                    };
                }
            }
            Some(done) = OptionFuture::from(reading.as_mut()) => {
                reading = None;
                is_due = true;
                state.loaded(done?.map_err(|error| plain(&error)));
            }
            () = &mut terminated => return Err(Interrupted.into()),
        }
    }
    Ok(())
}

/// What went wrong, and what to do.
fn plain(error: &anyhow::Error) -> String {
    let text = failure::text(error);
    match failure::hint(error) {
        Some(hint) => format!("{text}\n\n{hint}"),
        None => text,
    }
}

/// Waits until the system asks the program to end.
async fn terminated() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut signal) = signal(SignalKind::terminate())
            && signal.recv().await.is_some()
        {
            return;
        }
    }
    std::future::pending().await
}
