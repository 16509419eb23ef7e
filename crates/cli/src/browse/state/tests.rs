//! Keys in, and what is to be read out.

use ratatui::crossterm::event::{Event, KeyCode, KeyModifiers};

use super::*;
use crate::browse::fixture::{self, press, press_with, type_keys};

const SIZE: Size = Size::new(100, 24);

async fn with(arrays: &[(&str, &[u64])], check: impl FnOnce(State<'_>)) {
    let file = fixture::file(arrays.iter().copied()).await;
    let tree = Tree::new("f", &file.arrays().unwrap());
    check(State::new("s3://b/f", tree, SIZE));
}

fn done(state: &mut State<'_>) {
    state.loaded(Ok(Content::Note("")));
}

/// Start and count by axis of a window that is wanted.
fn window(load: Option<Load>) -> Vec<(u64, u64)> {
    match load {
        Some(Load::Values { window, .. }) => {
            let axes = window.axes.iter();
            axes.map(|axis| (axis.start, axis.count)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_chosen_is_read_once() {
    with(&[("g/a", &[2, 3]), ("g/b", &[4])], |mut state| {
        assert_eq!(state.load(), Some(Load::File("s3://b/f".to_owned())));
        assert!(state.is_reading() && state.tick());
        assert_eq!(state.load(), None);
        done(&mut state);
        assert!(!state.is_reading() && !state.tick());
        assert_eq!(state.load(), None);
        type_keys(&mut state, "j");
        assert_eq!(state.load(), Some(Load::Group("g/".to_owned())));
        done(&mut state);
        type_keys(&mut state, "j");
        assert_eq!(state.load(), Some(Load::Array("g/a".to_owned())));
        type_keys(&mut state, "2");
        assert_eq!(state.load(), Some(Load::Chunks("g/a".to_owned())));
        type_keys(&mut state, "j");
        assert_eq!(state.load(), Some(Load::Chunks("g/b".to_owned())));
    })
    .await;
}

#[tokio::test]
async fn the_newest_request_wins() {
    with(&[("a", &[9, 2, 3])], |mut state| {
        type_keys(&mut state, "j3");
        state.load();
        type_keys(&mut state, "1");
        done(&mut state);
        assert!(state.content().is_none(), "it is not wanted any more");
        assert_eq!(state.load(), Some(Load::Array("a".to_owned())));
        done(&mut state);
        type_keys(&mut state, "4");
        state.load();
        done(&mut state);
        type_keys(&mut state, ".");
        assert!(state.content().is_some() && state.is_stale());
        assert!(state.load().is_some());
        type_keys(&mut state, ",");
        assert!(!state.is_stale());
        assert_eq!(state.load(), None);
        assert!(!state.is_reading(), "what is there need not be read");
    })
    .await;
}

#[tokio::test]
async fn windows_are_read_as_needed() {
    with(&[("a", &[4, 1000, 900])], |mut state| {
        type_keys(&mut state, "j3\n");
        // 19 rows are on the screen, and 19 columns at most.
        assert_eq!(window(state.load()), [(0, 1), (0, 38), (0, 38)]);
        done(&mut state);
        type_keys(&mut state, "jjjjjjjjjjjjjjjjjjj");
        assert_eq!(state.load(), None);
        type_keys(&mut state, "j");
        assert_eq!(window(state.load()), [(0, 1), (1, 57), (0, 38)]);
        done(&mut state);
        type_keys(&mut state, ".");
        assert_eq!(window(state.load())[0], (1, 1));
        done(&mut state);
        type_keys(&mut state, "G");
        assert_eq!(window(state.load()), [(1, 1), (962, 38), (0, 38)]);
        type_keys(&mut state, "g");
        press_with(&mut state, KeyCode::Right, KeyModifiers::CONTROL);
        type_keys(&mut state, "$l");
        assert_eq!(window(state.load())[2], (880, 20));
    })
    .await;
}

#[tokio::test]
async fn arrays_of_one_shape_are_looked_at_in_one_place() {
    let shape = &[5, 4, 3][..];
    with(&[("a", shape), ("b", shape), ("c", &[7])], |mut state| {
        type_keys(&mut state, "j4..");
        assert_eq!(state.slice.at, [2, 0, 0]);
        type_keys(&mut state, "j");
        assert_eq!(state.slice.at, [2, 0, 0]);
        type_keys(&mut state, "j");
        assert_eq!(state.slice.at, [0]);
        type_keys(&mut state, ".[]");
        assert_eq!(state.slice.at, [0], "there is no other axis");
    })
    .await;
}

#[tokio::test]
async fn keys_go_to_one_side() {
    with(&[("g/a", &[2, 3])], |mut state| {
        press(&mut state, KeyCode::Tab);
        assert_eq!(state.side, Side::Pane, "the attributes of the file");
        press(&mut state, KeyCode::Tab);
        type_keys(&mut state, "jj");
        press(&mut state, KeyCode::BackTab);
        assert_eq!(state.tab(), Some(Tab::Picture));
        press(&mut state, KeyCode::Tab);
        assert_eq!((state.tab(), state.side), (Some(Tab::Overview), Side::Tree));
        type_keys(&mut state, "\n");
        assert_eq!(state.side, Side::Pane);
        type_keys(&mut state, "h");
        assert_eq!(state.side, Side::Tree);
        type_keys(&mut state, "l\x1bk\n");
        assert_eq!(state.tree.rows().count(), 2, "the group is folded");
        type_keys(&mut state, "?");
        assert!(state.shows_help);
        type_keys(&mut state, "q");
        assert!(!state.shows_help && !state.is_over);
        type_keys(&mut state, "q");
        assert!(state.is_over);
    })
    .await;
}

#[tokio::test]
async fn a_filter_is_typed() {
    with(&[("g/a", &[1]), ("q", &[1]), ("gq", &[1])], |mut state| {
        type_keys(&mut state, "/q?");
        assert_eq!(state.tree.filter(), Some("q?"));
        press(&mut state, KeyCode::Backspace);
        press(&mut state, KeyCode::Down);
        assert_eq!(state.name(), "gq");
        type_keys(&mut state, "\n1");
        assert_eq!((state.tree.filter(), state.is_typing), (Some("q"), false));
        type_keys(&mut state, "/g");
        assert_eq!(state.tree.filter(), Some("qg"));
        press_with(&mut state, KeyCode::Char('u'), KeyModifiers::CONTROL);
        type_keys(&mut state, "a\n");
        assert_eq!(state.name(), "g/a");
        type_keys(&mut state, "\x1b");
        assert_eq!((state.tree.filter(), state.name()), (None, "g/a"));
        type_keys(&mut state, "/\n");
        assert_eq!(state.tree.filter(), None);
        type_keys(&mut state, "/x");
        press_with(&mut state, KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert!(state.is_over);
    })
    .await;
}

#[tokio::test]
async fn small_screens_show_one_side() {
    with(&[("a", &[2, 3])], |mut state| {
        state.event(&Event::Resize(40, 10));
        type_keys(&mut state, "j");
        assert_eq!(state.layout().body.width, 0);
        type_keys(&mut state, "3");
        assert_eq!(state.layout().body.width, 40);
        type_keys(&mut state, "\x1b");
        assert_eq!(state.layout().tree.width, 40);
    })
    .await;
}

#[tokio::test]
async fn no_key_breaks_it() {
    let arrays: &[(&str, &[u64])] = &[
        ("empty", &[0]),
        ("thin", &[3, 0, 2]),
        ("scalar", &[]),
        ("one", &[1, 1]),
        ("g//h", &[2, 3, 4, 5]),
    ];
    with(arrays, |mut state| {
        let keys = "jkhlgG0$1234[],.<>?/aq\n\x1b ";
        let codes = [
            KeyCode::Left,
            KeyCode::PageDown,
            KeyCode::PageUp,
            KeyCode::Tab,
            KeyCode::BackTab,
            KeyCode::Backspace,
            KeyCode::F(1),
        ];
        // As random as a test needs.
        let mut n = 1u64;
        for _ in 0..50_000 {
            n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = (n >> 33) as usize;
            match at % 8 {
                0 => press(&mut state, codes[at / 8 % codes.len()]),
                1 => drop(state.event(&Event::Resize(
                    (at / 8 % 100) as u16,
                    (at / 800 % 30) as u16,
                ))),
                2 => done(&mut state),
                3 => drop(state.load()),
                _ => {
                    let key = keys.chars().nth(at / 8 % keys.len());
                    type_keys(&mut state, &String::from_iter(key));
                }
            }
        }
    })
    .await;
}
