//! Files and keys for tests.

use array_format::{ArrayFile, ArraySpec, DType, FileConfig, NoCompression};
use ratatui::crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use super::state::State;

/// A file with arrays of these names and shapes, of which nothing is written.
pub async fn file<'n>(arrays: impl IntoIterator<Item = (&'n str, &'n [u64])>) -> ArrayFile {
    let config = FileConfig::new(NoCompression);
    let mut file = ArrayFile::create_memory(config).await.unwrap();
    for (name, shape) in arrays {
        let spec = ArraySpec::new(DType::Float32, shape.iter().copied());
        file.create_array(name, spec).unwrap();
    }
    file
}

pub fn press(state: &mut State<'_>, code: KeyCode) {
    press_with(state, code, KeyModifiers::NONE);
}

pub fn press_with(state: &mut State<'_>, code: KeyCode, modifiers: KeyModifiers) {
    state.event(&Event::Key(KeyEvent::new(code, modifiers)));
}

/// Presses the keys of these characters; a line's end is Enter.
pub fn type_keys(state: &mut State<'_>, keys: &str) {
    for key in keys.chars() {
        press(
            state,
            match key {
                '\n' => KeyCode::Enter,
                '\x1b' => KeyCode::Esc,
                key => KeyCode::Char(key),
            },
        );
    }
}
