//! Texts of others on the screen, where nothing in them may steer the terminal.

use std::borrow::Cow;

use ratatui::text::Span;

/// The text with a sign in the place of each control character.
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let sign = |c: char| match c {
        '\0'..='\x1f' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'),
        '\x7f' => '␡',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    Cow::Owned(text.chars().map(sign).collect())
}

/// Columns that a text takes.
pub fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// A clean text within so many columns; `…` stands for what is left out.
pub fn fit(text: &str, columns: usize) -> Cow<'_, str> {
    let text = clean(text);
    if width(&text) <= columns {
        return text;
    }
    let mut cut = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += width(c.encode_utf8(&mut [0; 4]));
        if used > columns {
            break;
        }
        cut.push(c);
    }
    if columns > 0 {
        cut.push('…');
    }
    Cow::Owned(cut)
}

/// A clean text in lines of so many columns, broken at spaces if possible.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.trim_end().lines() {
        let line = line.replace('\t', "    ");
        let mut out = String::new();
        let mut used = 0;
        for word in clean(&line).split_inclusive(' ') {
            if used > 0 && used + width(word.trim_end()) > columns {
                lines.push(std::mem::take(&mut out));
                used = 0;
            }
            for c in word.chars() {
                let needed = width(c.encode_utf8(&mut [0; 4]));
                if used > 0 && used + needed > columns {
                    if c == ' ' {
                        continue;
                    }
                    lines.push(std::mem::take(&mut out));
                    used = 0;
                }
                out.push(c);
                used += needed;
            }
        }
        lines.push(out);
    }
    if lines.is_empty() {
        lines.push(String::new());
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(clean("a\x1b[31mb\n\x7f\u{9b}"), "a␛[31mb␊␡\u{fffd}");
        assert_eq!(clean("Zürich"), "Zürich");
    }

    #[test]
    fn texts_fit() {
        assert_eq!(fit("temperature", 20), "temperature");
        assert_eq!(fit("temperature", 5), "temp…");
        assert_eq!(fit("海洋温度", 5), "海洋…");
        assert_eq!(fit("海洋温度", 4), "海…");
        assert_eq!(fit("ab", 0), "");
    }

    #[test]
    fn long_texts_are_wrapped() {
        assert_eq!(wrap("the deep blue sea", 9), ["the deep ", "blue sea"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("a\r\n\n\tb\n", 9), ["a", "", "    b"]);
        assert_eq!(wrap("", 9), [""]);
        assert_eq!(wrap("海洋", 0), ["海", "洋"]);
    }
}
