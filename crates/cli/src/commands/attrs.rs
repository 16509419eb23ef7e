//! `af attrs`: attributes of an array or of the file.

use std::process::ExitCode;

use anyhow::Result;
use array_format::{ArrayFile, AttributeValue};

use super::ls::attribute_map;
use crate::attributes;
use crate::failure::{FAILED, usage};
use crate::open::{self, Source};
use crate::ui::Ui;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// The array; `.` is the file itself
    array: String,
    /// KEY prints one attribute, KEY=VALUE sets it. A value is JSON (12, 0.5, "12", [1, 2], true) or
    /// else a text
    #[arg(value_name = "KEY[=VALUE]")]
    attributes: Vec<String>,
    /// Remove attributes
    #[arg(long, value_name = "KEY")]
    remove: Vec<String>,
    /// What the log is to say
    #[arg(long, short, default_value = "")]
    message: String,
}

impl Args {
    fn array(&self) -> Option<&str> {
        (self.array != ".").then_some(self.array.as_str())
    }
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let (settings, keys): (Vec<&String>, Vec<&String>) =
        args.attributes.iter().partition(|text| text.contains('='));
    if settings.is_empty() && args.remove.is_empty() {
        return show(&args, &keys, ui).await;
    }
    if !keys.is_empty() || args.source.at.is_some() {
        return Err(usage(
            "attributes are read or changed, not both at once, and older states do not change",
        ));
    }
    let mut values = Vec::new();
    for setting in settings {
        let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
        let value = attributes::parse(value).map_err(|error| usage(format!("{key}: {error}")))?;
        values.push((key, value));
    }
    let mut file = open::open_to_write(&args.source.file, &args.message).await?;
    for (key, value) in values {
        match args.array() {
            Some(array) => file.set_attribute(array, key, value)?,
            None => file.set_file_attribute(key, value)?,
        }
    }
    for key in &args.remove {
        let was_there = match args.array() {
            Some(array) => file.remove_attribute(array, key)?,
            None => file.remove_file_attribute(key)?,
        };
        if !was_there {
            return Err(usage(format!("{} has no attribute {key}", args.array)));
        }
    }
    file.flush().await?;
    Ok(ExitCode::SUCCESS)
}

async fn show(args: &Args, keys: &[&String], ui: &mut Ui) -> Result<ExitCode> {
    let file: ArrayFile = args.source.open().await?;
    let all = match args.array() {
        Some(array) => file.attributes(array)?,
        None => file.file_attributes()?,
    };
    let mut missing = false;
    let shown: Vec<(String, &AttributeValue)> = match keys {
        [] => all,
        keys => {
            let mut shown = Vec::new();
            for key in keys {
                match all.iter().find(|(other, _)| other == *key) {
                    Some((key, value)) => shown.push((key.clone(), *value)),
                    None => {
                        missing = true;
                        ui.error(&format!("{} has no attribute {key}", args.array), None);
                    }
                }
            }
            shown
        }
    };
    if ui.json {
        ui.print_json(&attribute_map(shown))?;
    } else if let ([(_, value)], [_]) = (&shown[..], keys) {
        // One that was asked for by name: the value alone, for scripts.
        ui.line(attributes::cell(value).to_string())?;
    } else {
        for (key, value) in &shown {
            ui.line(format!("{key} = {}", attributes::cell(value)))?;
        }
    }
    Ok(ExitCode::from(if missing { FAILED } else { 0 }))
}
