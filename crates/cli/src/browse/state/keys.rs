//! What keys do.

use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::layout::Size;

use super::{State, Tab};
use crate::browse::layout::Side;
use crate::browse::motion::{Motion, Way};
use crate::browse::slice::Slice;
use crate::browse::tree::Kind;

impl State<'_> {
    /// Something came from the terminal; whether it changes anything.
    pub fn event(&mut self, event: &Event) -> bool {
        match *event {
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key),
            Event::Resize(width, height) => {
                self.size = Size { width, height };
                self.settle();
            }
            _ => return false,
        }
        true
    }

    fn key(&mut self, key: KeyEvent) {
        let before = self.tree.place();
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if is_control => self.is_over = true,
            _ if self.shows_help => self.shows_help = false,
            _ if self.is_typing => self.type_into_filter(key),
            KeyCode::Char(_) if is_control => {}
            _ => self.command(key),
        }
        if let (true, Kind::Array(meta)) = (self.tree.place() != before, &self.tree.chosen().kind) {
            // Arrays of one shape are looked at in one place.
            if self.slice.shape != meta.shape {
                self.slice = Slice::of(&meta.shape);
            }
        }
        if self.tree.place() != before {
            self.top = 0;
        }
        self.settle();
    }

    fn command(&mut self, key: KeyEvent) {
        let is_cut = self.is_cut();
        match key.code {
            KeyCode::Char('q') => self.is_over = true,
            KeyCode::Char('?') => self.shows_help = true,
            KeyCode::Char('/') => {
                self.side = Side::Tree;
                self.is_typing = true;
                let text = self.tree.filter().unwrap_or_default().to_owned();
                self.tree.set_filter(text);
            }
            KeyCode::Esc => match self.side {
                Side::Tree => self.tree.clear_filter(),
                Side::Pane => self.side = Side::Tree,
            },
            KeyCode::Char('1') => self.show(Tab::Overview),
            KeyCode::Char('2') => self.show(Tab::Statistics),
            KeyCode::Char('3') => self.show(Tab::Values),
            KeyCode::Char('4') => self.show(Tab::Picture),
            KeyCode::Tab => self.turn(1),
            KeyCode::BackTab => self.turn(Tab::ALL.len() - 1),
            KeyCode::Char('[') if is_cut => self.slice.choose(Way::Back),
            KeyCode::Char(']') if is_cut => self.slice.choose(Way::On),
            KeyCode::Char('<' | ',') if is_cut => self.slice.step(Way::Back),
            KeyCode::Char('>' | '.') if is_cut => self.slice.step(Way::On),
            KeyCode::Enter if self.side == Side::Tree => match self.tree.chosen().kind {
                Kind::Group(ref group) if !group.prefix.is_empty() => self.tree.toggle(),
                _ => self.side = Side::Pane,
            },
            _ => match (motion(key), self.side) {
                (Some(motion), Side::Tree) => self.walk(motion),
                (Some(Motion::Across(Way::Back)), Side::Pane) if !is_cut => self.side = Side::Tree,
                (Some(motion), Side::Pane) => self.scroll(motion),
                (None, _) => {}
            },
        }
    }

    fn type_into_filter(&mut self, key: KeyEvent) {
        let mut text = self.tree.filter().unwrap_or_default().to_owned();
        match key.code {
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => text.clear(),
            KeyCode::Char(c) if !key.modifiers.contains(KeyModifiers::CONTROL) => text.push(c),
            KeyCode::Backspace if text.is_empty() => return self.end_typing(true),
            KeyCode::Backspace => drop(text.pop()),
            KeyCode::Esc => return self.end_typing(true),
            KeyCode::Enter => return self.end_typing(text.is_empty()),
            _ => {
                if let Some(Motion::Down(way)) = motion(key) {
                    self.walk(Motion::Down(way));
                }
                return;
            }
        }
        self.tree.set_filter(text);
    }

    fn end_typing(&mut self, clears: bool) {
        self.is_typing = false;
        if clears {
            self.tree.clear_filter();
        }
    }

    fn show(&mut self, tab: Tab) {
        if self.tab().is_none() {
            return;
        }
        self.tab = tab;
        self.top = 0;
        if self.layout().is_narrow {
            self.side = Side::Pane;
        }
    }

    /// Shows the tab so many places further; a group has one, which takes the keys or leaves them.
    fn turn(&mut self, places: usize) {
        match (self.tab(), self.side) {
            (Some(tab), _) => self.show(tab.next(places)),
            (None, Side::Tree) => self.side = Side::Pane,
            (None, Side::Pane) => self.side = Side::Tree,
        }
    }

    /// Moves in the tree.
    fn walk(&mut self, motion: Motion) {
        match (motion, &self.tree.chosen().kind) {
            (Motion::Down(way), _) => self.tree.go(way, self.layout().tree.height.into()),
            (Motion::Across(Way::Back), _) => self.tree.close(),
            (Motion::Across(Way::On), Kind::Group(_)) => self.tree.open(),
            (Motion::Across(Way::On), Kind::Array(_)) => self.side = Side::Pane,
            (Motion::Across(_), _) => {}
        }
    }
}

/// Where a key leads.
fn motion(key: KeyEvent) -> Option<Motion> {
    let is_paging = key
        .modifiers
        .intersects(KeyModifiers::CONTROL | KeyModifiers::SHIFT);
    Some(match key.code {
        KeyCode::Left if is_paging => Motion::Across(Way::PageBack),
        KeyCode::Right if is_paging => Motion::Across(Way::PageOn),
        KeyCode::Up | KeyCode::Char('k') => Motion::Down(Way::Back),
        KeyCode::Down | KeyCode::Char('j') => Motion::Down(Way::On),
        KeyCode::PageUp => Motion::Down(Way::PageBack),
        KeyCode::PageDown => Motion::Down(Way::PageOn),
        KeyCode::Home | KeyCode::Char('g') => Motion::Down(Way::First),
        KeyCode::End | KeyCode::Char('G') => Motion::Down(Way::Last),
        KeyCode::Left | KeyCode::Char('h') => Motion::Across(Way::Back),
        KeyCode::Right | KeyCode::Char('l') => Motion::Across(Way::On),
        KeyCode::Char('0') => Motion::Across(Way::First),
        KeyCode::Char('$') => Motion::Across(Way::Last),
        _ => return None,
    })
}
