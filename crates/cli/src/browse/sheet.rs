//! What is known of an array, a group or the file: facts, and attributes below them.

use anyhow::Result;
use array_format::{ArrayFile, AttributeValue};

use super::text;
use crate::attributes;
use crate::cells::bound;
use crate::commands::info::Totals;
use crate::commands::ls::Entry;
use crate::ui::numbers;

/// Characters of an attribute that are shown.
const LONGEST: usize = 20_000;

/// Facts and attributes, each with its label.
#[derive(Debug, PartialEq, Eq)]
pub struct Sheet {
    facts: Vec<(String, String)>,
    attributes: Vec<(String, String)>,
}

/// A line on the screen.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Line {
    pub label: String,
    pub text: String,
}

/// The attributes of the file that belong to a group: those whose keys begin as the names of its
/// arrays do, unless a group within it has them.
fn attributes_of_group<'f>(
    file: &'f ArrayFile,
    prefix: &str,
) -> Result<Vec<(String, &'f AttributeValue)>> {
    let mut names: Vec<&str> = file
        .arrays()?
        .iter()
        .map(|meta| meta.name.as_str())
        .collect();
    names.sort_unstable();
    let is_group = |prefix: &str| {
        let next = names.partition_point(|name| *name < prefix);
        names.get(next).is_some_and(|name| name.starts_with(prefix))
    };
    let own = file
        .file_attributes()?
        .into_iter()
        .filter_map(|(key, value)| {
            let rest = key.strip_prefix(prefix)?;
            let mut ends = rest.match_indices('/').map(|(at, _)| prefix.len() + at + 1);
            let is_own = !ends.any(|end| is_group(&key[..end]));
            is_own.then(|| (rest.to_owned(), value))
        });
    Ok(own.collect())
}

impl Sheet {
    pub async fn of_array(file: &ArrayFile, name: &str) -> Result<Self> {
        let entry = Entry::new(file, file.get_array(name)?, false).await?;
        let axes = entry.dimensions.iter().zip(&entry.shape);
        let axes: Vec<String> = axes.map(|(name, n)| format!("{name} = {n}")).collect();
        let mut facts = vec![
            ("type", entry.dtype),
            ("shape", numbers::extents(&entry.shape)),
        ];
        if !axes.is_empty() {
            facts.push(("axes", axes.join(", ")));
        }
        facts.extend([
            ("chunks", numbers::extents(&entry.chunks)),
            ("codec", entry.codec),
            ("size", numbers::bytes(entry.bytes)),
            ("stored", numbers::bytes(entry.stored)),
            ("ratio", numbers::ratio(entry.bytes, entry.stored)),
            ("fill", entry.fill.unwrap_or_else(|| "–".to_owned())),
            ("min", bound(entry.min.as_ref())),
            ("max", bound(entry.max.as_ref())),
            ("nulls", entry.nulls.map_or("–".to_owned(), numbers::count)),
            ("commit", numbers::count(file.sequence())),
        ]);
        Ok(Self::new(facts, file.attributes(name)?))
    }

    /// Of the group whose arrays' names begin with `prefix`.
    pub async fn of_group(file: &ArrayFile, prefix: &str) -> Result<Self> {
        let (mut arrays, mut bytes, mut stored) = (0, 0u64, 0u64);
        for meta in file.arrays()? {
            if meta.name.starts_with(prefix) {
                let entry = Entry::new(file, meta, false).await?;
                arrays += 1;
                bytes = bytes.saturating_add(entry.bytes);
                stored = stored.saturating_add(entry.stored);
                // Another may be wanted by now.
                tokio::task::yield_now().await;
            }
        }
        let facts = vec![
            ("arrays", numbers::count(arrays)),
            ("size", numbers::bytes(bytes)),
            ("stored", numbers::bytes(stored)),
            ("ratio", numbers::ratio(bytes, stored)),
        ];
        Ok(Self::new(facts, attributes_of_group(file, prefix)?))
    }

    /// Of the file; `name` is what the user calls it.
    pub fn of_file(file: &ArrayFile, name: &str) -> Result<Self> {
        let facts = Totals::of(name, file)?.rows();
        Ok(Self::new(facts, attributes_of_group(file, "")?))
    }

    fn new(facts: Vec<(&str, String)>, attributes: Vec<(String, &AttributeValue)>) -> Self {
        let facts = facts
            .into_iter()
            .map(|(label, fact)| (label.to_owned(), fact));
        let shown = |value| {
            let text = attributes::cell(value).to_string();
            match text.char_indices().nth(LONGEST) {
                Some((at, _)) => format!("{} … {}", &text[..at], numbers::bytes(text.len() as u64)),
                None => text,
            }
        };
        let attributes = attributes.into_iter();
        Self {
            facts: facts.collect(),
            attributes: attributes.map(|(key, value)| (key, shown(value))).collect(),
        }
    }

    /// The lines of it, texts wrapped, on a screen of so many columns; and the columns of labels.
    pub fn lines(&self, columns: usize) -> (Vec<Line>, usize) {
        let rows = || self.facts.iter().chain(&self.attributes);
        let longest = rows()
            .map(|(label, _)| text::width(&text::clean(label)))
            .max();
        let labels = longest.unwrap_or(0).min(columns / 3);
        let mut lines = Vec::new();
        let mut add = |(label, value): &(String, String)| {
            let mut label = text::clean(label).into_owned();
            // A long label has a line of its own.
            if text::width(&label) > labels {
                lines.push(Line {
                    label: std::mem::take(&mut label),
                    text: String::new(),
                });
            }
            for text in text::wrap(value, columns.saturating_sub(labels + 2)) {
                lines.push(Line {
                    label: std::mem::take(&mut label),
                    text,
                });
            }
        };
        self.facts.iter().for_each(&mut add);
        add(&Default::default());
        self.attributes.iter().for_each(&mut add);
        if self.attributes.is_empty() {
            lines.push(Line {
                label: "no attributes".to_owned(),
                text: String::new(),
            });
        }
        (lines, labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::browse::fixture;

    #[test]
    fn long_labels_have_lines_of_their_own() {
        let pair = |label: &str, text: &str| (label.to_owned(), text.to_owned());
        let sheet = Sheet {
            facts: vec![pair("type", "int8")],
            attributes: vec![pair("a_long_attribute", "one two three four")],
        };
        let shown = |columns| {
            let (lines, labels) = sheet.lines(columns);
            let lines = lines.into_iter().map(|line| (line.label, line.text));
            (lines.collect::<Vec<_>>(), labels)
        };
        assert_eq!(
            shown(20),
            (
                vec![
                    pair("type", "int8"),
                    pair("", ""),
                    pair("a_long_attribute", ""),
                    pair("", "one two "),
                    pair("", "three four"),
                ],
                6
            )
        );
        assert_eq!(shown(60).1, 16);
    }

    #[tokio::test]
    async fn attributes_belong_to_the_innermost_group() {
        let mut file = fixture::file([("a/b/c", &[1][..])]).await;
        for key in ["x", "a/x", "a/b/x", "a/c/x", "q/x"] {
            file.set_file_attribute(key, 1i64.into()).unwrap();
        }
        let keys = |prefix: &str| -> Vec<String> {
            let own = attributes_of_group(&file, prefix).unwrap();
            own.into_iter().map(|(key, _)| key).collect()
        };
        assert_eq!(keys(""), ["q/x", "x"]);
        assert_eq!(keys("a/"), ["c/x", "x"]);
        assert_eq!(keys("a/b/"), ["x"]);
    }
}
