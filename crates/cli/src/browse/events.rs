//! What comes from the terminal.

use std::io;
use std::thread;
use std::time::Duration;

use futures::channel::mpsc::{UnboundedReceiver, unbounded};
use ratatui::crossterm::event::{self, Event};

/// How long to wait for an event; then the spinner turns, if there is one.
const TICK: Duration = Duration::from_millis(100);

/// Events as they come, and nothing whenever none came for a while. The thread that waits for them
/// ends soon after the receiver.
pub fn listen() -> UnboundedReceiver<io::Result<Option<Event>>> {
    let (sender, receiver) = unbounded();
    thread::spawn(move || {
        loop {
            let event =
                event::poll(TICK).and_then(|is_there| is_there.then(event::read).transpose());
            let is_last = event.is_err();
            if sender.unbounded_send(event).is_err() || is_last {
                break;
            }
        }
    });
    receiver
}
