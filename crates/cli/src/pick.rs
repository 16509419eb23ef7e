//! Which arrays a command is about: by name, attribute and statistic.

use anyhow::Result;
use array_format::array::ArrayMeta;
use array_format::select::{self, Predicate, Subject};
use array_format::{ArrayFile, AttributeValue};
use clap::Args;
use glob::{MatchOptions, Pattern};

use crate::failure::usage;
use crate::times;

/// Which arrays are meant.
#[derive(Debug, Clone, Default, Args)]
pub struct Pick {
    /// Arrays whose names match these patterns (`*` matches `/`, too); all if there is none
    #[arg(value_name = "GLOB", value_parser = parse_glob)]
    pub globs: Vec<Pattern>,
    #[command(flatten)]
    pub conditions: Conditions,
}

/// What attributes and statistics must be.
#[derive(Debug, Clone, Default, Args)]
pub struct Conditions {
    /// Arrays with this attribute or statistic: `units=degC`, `max>30`, `history` (it is there),
    /// `!history` (it is not). Statistics are min, max, nulls, rows; `attr:max` is an attribute of
    /// that name. Several must all hold
    #[arg(long = "where", value_name = "CONDITION", value_parser = parse_condition)]
    pub conditions: Vec<Predicate>,
}

pub fn parse_glob(text: &str) -> Result<Pattern, String> {
    Pattern::new(text).map_err(|error| format!("{text:?}: {error}"))
}

/// Whether a name matches a pattern.
pub fn matches(pattern: &Pattern, name: &str) -> bool {
    pattern.matches_with(name, MatchOptions::new())
}

impl Pick {
    /// The arrays, in the order in which they were defined. A pattern that no array matches is an
    /// error: it is a slip more often than a question.
    pub fn of<'f>(&self, file: &'f ArrayFile) -> Result<Vec<&'f ArrayMeta>> {
        let arrays = self.conditions.of(file)?;
        if self.globs.is_empty() {
            return Ok(arrays);
        }
        let mut unused: Vec<&Pattern> = self.globs.iter().collect();
        let mut picked = Vec::new();
        for meta in arrays {
            if self.globs.iter().any(|glob| matches(glob, &meta.name)) {
                picked.push(meta);
            }
        }
        if self.conditions.conditions.is_empty() {
            unused.retain(|glob| !picked.iter().any(|meta| matches(glob, &meta.name)));
            if let Some(glob) = unused.first() {
                return Err(usage(format!(
                    "no array matches {:?}; `af ls FILE` lists all",
                    glob.as_str()
                )));
            }
        }
        Ok(picked)
    }
}

impl Conditions {
    fn of<'f>(&self, file: &'f ArrayFile) -> Result<Vec<&'f ArrayMeta>> {
        let predicates = self.conditions.iter().cloned();
        match predicates.reduce(|all, one| all & one) {
            None => Ok(file.arrays()?),
            Some(all) => Ok(file.select(&all)?),
        }
    }
}

/// Comparisons, the longer signs first.
const SIGNS: [&str; 8] = ["==", "!=", "<=", ">=", "^=", "=", "<", ">"];

/// Reads a condition.
fn parse_condition(text: &str) -> Result<Predicate, String> {
    let found = text.char_indices().find_map(|(at, _)| {
        SIGNS
            .iter()
            .find(|sign| text[at..].starts_with(**sign))
            .map(|sign| (at, *sign))
    });
    let Some((at, sign)) = found else {
        return match text.strip_prefix('!') {
            Some(key) => Ok(!subject(key)?.exists()),
            None => Ok(subject(text)?.exists()),
        };
    };
    let (key, value) = (text[..at].trim(), text[at + sign.len()..].trim());
    let subject = subject(key)?;
    if sign == "^=" {
        return Ok(subject.starts_with(unquoted(value)));
    }
    let tests = values(value).into_iter().map(|value| {
        let subject = subject.clone();
        match sign {
            "!=" => subject.ne(value),
            "<" => subject.lt(value),
            "<=" => subject.le(value),
            ">" => subject.gt(value),
            ">=" => subject.ge(value),
            _ => subject.eq(value),
        }
    });
    tests
        .reduce(|any, one| any | one)
        .ok_or_else(|| format!("{text:?} compares with nothing"))
}

fn subject(key: &str) -> Result<Subject, String> {
    Ok(match key {
        "" => {
            return Err("a condition is KEY, !KEY, or KEY=VALUE with = != < <= > >= ^=".to_owned());
        }
        "min" => select::min(),
        "max" => select::max(),
        "nulls" => select::null_count(),
        "rows" => select::row_count(),
        "name" => select::name(),
        key => select::attribute(key.strip_prefix("attr:").unwrap_or(key)),
    })
}

/// A text that quotes mark as one.
fn quoted(text: &str) -> Option<&str> {
    ['"', '\'']
        .iter()
        .find_map(|&q| text.strip_prefix(q)?.strip_suffix(q))
}

fn unquoted(text: &str) -> &str {
    quoted(text).unwrap_or(text)
}

/// What a value may mean: a number, a truth value, a time, and the text itself. Values of different
/// kinds never compare, so that at most one of them does.
fn values(text: &str) -> Vec<AttributeValue> {
    if let Some(text) = quoted(text) {
        return vec![text.into()];
    }
    let mut values = vec![AttributeValue::String(text.to_owned())];
    values.extend(text.parse().map(AttributeValue::Bool));
    if let Ok(whole) = text.parse() {
        values.push(AttributeValue::Int64(whole));
    } else if let Ok(number) = text.parse() {
        values.push(AttributeValue::Float64(number));
    } else if let Some(time) = times::parse(text) {
        values.push(AttributeValue::Int64(time));
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_read() {
        let shown = |text: &str| parse_condition(text).map(|p| p.to_string());
        assert_eq!(shown("history").unwrap(), shown("attr:history").unwrap());
        assert_eq!(shown("max>30").unwrap(), r#"(max > 30 or max > 30)"#);
        assert_eq!(
            shown("units = 'degC'").unwrap(),
            r#"attribute "units" = degC"#
        );
        assert_eq!(
            shown("name^=a/").unwrap(),
            select::name().starts_with("a/").to_string()
        );
        assert_eq!(
            shown("!history").unwrap(),
            (!select::attribute("history").exists()).to_string()
        );
        for wrong in ["", "=3", "!", ">"] {
            assert!(shown(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_mean_what_they_can() {
        assert_eq!(values("3"), ["3".into(), AttributeValue::Int64(3)]);
        assert_eq!(values("'3'"), ["3".into()]);
        assert_eq!(values("true"), ["true".into(), AttributeValue::Bool(true)]);
        assert_eq!(values("1e3")[1], AttributeValue::Float64(1e3));
        assert_eq!(values("1970-01-01")[1], AttributeValue::Int64(0));
    }
}
