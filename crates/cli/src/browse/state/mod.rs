//! What the browser shows: keys go in, and what is to be read comes out.

mod keys;
#[cfg(test)]
mod tests;

use std::ops::Range;

use ratatui::layout::Size;

use crate::browse::layout::{Layout, Side};
use crate::browse::load::{Content, Load};
use crate::browse::motion::{Motion, Way};
use crate::browse::picture;
use crate::browse::slice::Slice;
use crate::browse::tree::{Kind, Tree};
use crate::browse::values::GAP;

/// The views of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Overview,
    Statistics,
    Values,
    Picture,
}

impl Tab {
    pub const ALL: [Self; 4] = [
        Self::Overview,
        Self::Statistics,
        Self::Values,
        Self::Picture,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Statistics => "statistics",
            Self::Values => "values",
            Self::Picture => "picture",
        }
    }

    /// The one so many places further.
    fn next(self, places: usize) -> Self {
        Self::ALL[(self as usize + places) % Self::ALL.len()]
    }
}

/// What was read last.
#[derive(Debug)]
struct Shown {
    load: Load,
    content: Result<Content, String>,
}

/// The state of the browser.
#[derive(Debug)]
pub struct State<'f> {
    file: &'f str,
    pub tree: Tree<'f>,
    /// Where keys go.
    pub side: Side,
    tab: Tab,
    /// The part of the chosen array that values and pictures show.
    pub slice: Slice,
    /// The first line on the screen of a sheet or of statistics.
    pub top: usize,
    size: Size,
    shown: Option<Shown>,
    /// What is being read.
    asked: Option<Load>,
    /// Counts while something is being read.
    pub ticks: usize,
    /// Keys go into the filter.
    pub is_typing: bool,
    pub shows_help: bool,
    pub is_over: bool,
}

impl<'f> State<'f> {
    /// Of a file that the user calls so.
    pub fn new(file: &'f str, tree: Tree<'f>, size: Size) -> Self {
        let mut state = Self {
            file,
            tree,
            side: Side::Tree,
            tab: Tab::Overview,
            slice: Slice::of(&[]),
            top: 0,
            size,
            shown: None,
            asked: None,
            ticks: 0,
            is_typing: false,
            shows_help: false,
            is_over: false,
        };
        state.settle();
        state
    }

    pub fn layout(&self) -> Layout {
        Layout::of(self.size, self.side)
    }

    /// The view of what is chosen; groups have one.
    pub fn tab(&self) -> Option<Tab> {
        match self.tree.chosen().kind {
            Kind::Array(_) => Some(self.tab),
            Kind::Group(_) => None,
        }
    }

    /// Whether a part of an array is shown, of which one can step to others.
    pub fn is_cut(&self) -> bool {
        matches!(self.tab(), Some(Tab::Values | Tab::Picture))
    }

    /// The full name of what is chosen.
    pub fn name(&self) -> &'f str {
        match &self.tree.chosen().kind {
            Kind::Array(meta) => &meta.name,
            Kind::Group(group) if group.prefix.is_empty() => self.file,
            Kind::Group(group) => group.prefix,
        }
    }

    pub fn is_reading(&self) -> bool {
        self.asked.is_some()
    }

    /// Turns the spinner; false if there is none.
    pub fn tick(&mut self) -> bool {
        self.ticks += usize::from(self.is_reading());
        self.is_reading()
    }

    /// Keeps what is shown on the screen, after it or the screen has changed.
    fn settle(&mut self) {
        self.tree.follow(self.layout().tree.height.into());
        self.scroll(Motion::Down(Way::Stay));
        self.scroll(Motion::Across(Way::Stay));
    }

    /// Moves in the pane.
    fn scroll(&mut self, motion: Motion) {
        let page = self.page();
        match (self.tab(), motion) {
            (Some(Tab::Values), Motion::Down(way)) => {
                self.slice.scroll(self.slice.rows, way, page as u64);
            }
            (Some(Tab::Values), Motion::Across(way)) => {
                let page = self.widths().len() as u64;
                self.slice.scroll(self.slice.columns, way, page);
            }
            (Some(Tab::Picture), Motion::Down(way)) => self.slice.choose(way),
            (Some(Tab::Picture), Motion::Across(way)) => self.slice.step(way),
            (_, Motion::Down(way)) => {
                let last = self.lines().saturating_sub(page) as u64;
                self.top = way.from(self.top as u64, page as u64, last) as usize;
            }
            (_, Motion::Across(_)) => {}
        }
    }

    /// Lines of the pane that scroll.
    fn page(&self) -> usize {
        let height = usize::from(self.layout().body.height);
        match self.tab() {
            None | Some(Tab::Overview) => height,
            // A heading stands above.
            Some(Tab::Statistics) => height.saturating_sub(1),
            Some(Tab::Values | Tab::Picture) => height.saturating_sub(2),
        }
    }

    /// Lines of a sheet or of statistics.
    fn lines(&self) -> usize {
        match self.content() {
            Some(Ok(Content::Sheet(sheet))) => sheet.lines(self.layout().body.width.into()).0.len(),
            Some(Ok(Content::Chunks(chunks))) => chunks.len(),
            _ => 0,
        }
    }

    /// The rows of values on the screen.
    pub fn rows(&self) -> Range<u64> {
        let first = self.slice.first(self.slice.rows);
        let end = first.saturating_add(self.page() as u64);
        first..end.min(self.slice.extent(self.slice.rows))
    }

    /// Columns that the numbers of rows take.
    pub fn labels(&self) -> usize {
        let last = self.slice.extent(self.slice.rows).saturating_sub(1);
        last.to_string().len()
    }

    /// The widths of the columns of values that fit on the screen.
    pub fn widths(&self) -> Vec<usize> {
        let Some(Ok(Content::Values(window))) = self.content() else {
            return Vec::new();
        };
        let width = usize::from(self.layout().body.width);
        let first = self.slice.first(self.slice.columns);
        window.widths(
            self.rows(),
            first,
            width.saturating_sub(self.labels() + GAP),
        )
    }

    /// What has to be there for what is shown.
    fn wanted(&self) -> Load {
        let name = self.name().to_owned();
        match (&self.tree.chosen().kind, self.tab) {
            (Kind::Group(group), _) if group.prefix.is_empty() => Load::File(name),
            (Kind::Group(_), _) => Load::Group(name),
            (Kind::Array(_), Tab::Overview) => Load::Array(name),
            (Kind::Array(_), Tab::Statistics) => Load::Chunks(name),
            (Kind::Array(_), Tab::Values) => self.values(0),
            (Kind::Array(_), Tab::Picture) => Load::Picture {
                name,
                selection: picture::selection(&self.slice),
            },
        }
    }

    /// The values on the screen, and so many screens of them around.
    fn values(&self, around: u64) -> Load {
        // A column takes one column of the screen, and the gap, at least.
        let columns = usize::from(self.layout().body.width) / (1 + GAP);
        let size = (self.page().max(1) as u64, columns.max(1) as u64);
        Load::Values {
            name: self.name().to_owned(),
            axes: (self.slice.rows, self.slice.columns),
            window: self.slice.window(size, around),
        }
    }

    /// What has to be read now, if it is neither there nor on its way. It takes the place of what is
    /// being read.
    pub fn load(&mut self) -> Option<Load> {
        if self.layout().body.is_empty() {
            return None;
        }
        let wanted = self.wanted();
        if !self.is_stale() && self.content().is_some() {
            self.asked = None;
            return None;
        }
        if self
            .asked
            .as_ref()
            .is_some_and(|asked| asked.covers(&wanted))
        {
            return None;
        }
        let load = match wanted {
            Load::Values { .. } => self.values(1),
            other => other,
        };
        self.asked = Some(load.clone());
        Some(load)
    }

    /// What was asked for last has been read.
    pub fn loaded(&mut self, content: Result<Content, String>) {
        let Some(load) = self.asked.take() else {
            return;
        };
        if load.is_like(&self.wanted()) {
            self.shown = Some(Shown { load, content });
            self.settle();
        }
    }

    /// What was read of what is wanted, be it another part of the same array.
    pub fn content(&self) -> Option<&Result<Content, String>> {
        let shown = self.shown.as_ref()?;
        let is_it = shown.load.is_like(&self.wanted());
        is_it.then_some(&shown.content)
    }

    /// Whether what is shown is about to be replaced.
    pub fn is_stale(&self) -> bool {
        let shown = self.shown.as_ref();
        shown.is_some_and(|shown| !shown.load.covers(&self.wanted()))
    }
}
