//! `af dump`: a file as text in CDL, the language of `ncdump` and `ncgen`.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use array_format::array::ArrayMeta;
use array_format::{ArrayFile, AttributeValue, DType, FillValue};
use serde::Serialize;
use serde_json::{Map, Value};

use super::ls::{Entry, attribute_map};
use crate::attributes;
use crate::cells::{Cell, cell, cells, dtype_name};
use crate::convert::UNLIMITED;
use crate::convert::dimensions::{Dimensions, split};
use crate::open::Source;
use crate::pick::Pick;
use crate::region::Request;
use crate::ui::Ui;

/// Elements that are read at a time.
const SLAB: u64 = 1 << 20;
/// Columns of text.
const WIDTH: usize = 80;

#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    pick: Pick,
    /// Definitions and attributes alone, no values
    #[arg(long, short = 'h')]
    header: bool,
    /// Print help
    #[arg(long, action = clap::ArgAction::Help)]
    help: Option<bool>,
}

/// With `--json`: definitions and attributes. Values are printed by `af cat`.
#[derive(Serialize)]
struct Header {
    attributes: Map<String, Value>,
    arrays: Vec<Entry>,
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let file = args.source.open().await?;
    let arrays = args.pick.of(&file)?;
    if ui.json {
        let mut report = Header {
            attributes: attribute_map(file.file_attributes()?),
            arrays: Vec::new(),
        };
        for meta in arrays {
            report.arrays.push(Entry::new(&file, meta, true).await?);
        }
        ui.print_json(&report)?;
        return Ok(ExitCode::SUCCESS);
    }
    let name = args.source.file.rsplit('/').next().unwrap_or_default();
    let name = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let mut dump = Dump {
        file: &file,
        dimensions: Dimensions::of(arrays.iter().copied()),
        unlimited: unlimited(&file)?,
        arrays,
        header: args.header,
        ui,
    };
    dump.ui.line(format!("netcdf {} {{", escaped(name)))?;
    dump.group("", 0).await?;
    dump.ui.line("}")?;
    Ok(ExitCode::SUCCESS)
}

/// The names of dimensions that grow.
fn unlimited(file: &ArrayFile) -> Result<BTreeSet<String>> {
    Ok(match file.file_attribute(UNLIMITED)? {
        Some(AttributeValue::StringList(names)) => names.iter().cloned().collect(),
        _ => BTreeSet::new(),
    })
}

struct Dump<'a> {
    file: &'a ArrayFile,
    arrays: Vec<&'a ArrayMeta>,
    dimensions: Dimensions,
    unlimited: BTreeSet<String>,
    header: bool,
    ui: &'a mut Ui,
}

impl<'a> Dump<'a> {
    /// Prints a group, and those within it.
    fn group<'s>(
        &'s mut self,
        group: &'s str,
        depth: usize,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<()>> + 's>> {
        Box::pin(async move {
            let indent = "  ".repeat(depth);
            let arrays: Vec<&ArrayMeta> = self
                .arrays
                .iter()
                .copied()
                .filter(|meta| split(&meta.name).0 == group)
                .collect();
            self.declarations(group, &arrays, &indent)?;
            if !self.header && !arrays.is_empty() {
                self.ui.line(format!("{indent}data:"))?;
                for meta in arrays {
                    self.data(meta, &indent).await?;
                }
            }
            for name in self.groups_in(group) {
                let path = match group {
                    "" => name.clone(),
                    group => format!("{group}/{name}"),
                };
                self.ui
                    .line(format!("\n{indent}group: {} {{", escaped(&name)))?;
                self.group(&path, depth + 1).await?;
                self.ui
                    .line(format!("{indent}  }} // group {}", escaped(&name)))?;
            }
            Ok(())
        })
    }

    /// The names of the groups right within a group.
    fn groups_in(&self, group: &str) -> BTreeSet<String> {
        let names = self.arrays.iter().filter_map(|meta| {
            let rest = match group {
                "" => &meta.name,
                group => meta.name.strip_prefix(group)?.strip_prefix('/')?,
            };
            Some(rest.split_once('/')?.0.to_owned())
        });
        names.collect()
    }

    fn declarations(&mut self, group: &str, arrays: &[&ArrayMeta], indent: &str) -> Result<()> {
        let declared = self.dimensions.declared(group);
        if !declared.is_empty() {
            self.ui.line(format!("{indent}dimensions:"))?;
            for (name, extent) in declared {
                let line = match self.unlimited.contains(name) {
                    true => format!("UNLIMITED ; // ({extent} currently)"),
                    false => format!("{extent} ;"),
                };
                self.ui
                    .line(format!("{indent}\t{} = {line}", escaped(name)))?;
            }
        }
        if !arrays.is_empty() {
            self.ui.line(format!("{indent}variables:"))?;
        }
        for meta in arrays {
            let name = escaped(split(&meta.name).1);
            let axes: Vec<String> = self
                .dimensions
                .names(meta)
                .iter()
                .map(|n| escaped(n))
                .collect();
            let axes = match axes[..] {
                [] => String::new(),
                _ => format!("({})", axes.join(", ")),
            };
            self.ui.line(format!(
                "{indent}\t{} {name}{axes} ;",
                cdl_dtype(&meta.dtype)
            ))?;
            let attributes = self.file.attributes(&meta.name)?;
            let has_fill = attributes.iter().any(|(key, _)| key == "_FillValue");
            if let (Some(fill), false) = (&meta.fill_value, has_fill) {
                let fill = constant(&fill_cell(&meta.dtype, fill));
                self.ui
                    .line(format!("{indent}\t\t{name}:_FillValue = {fill} ;"))?;
            }
            for (key, value) in attributes {
                let line = attribute(&key, value);
                self.ui.line(format!("{indent}\t\t{name}:{line} ;"))?;
            }
        }
        let prefix = match group {
            "" => String::new(),
            group => format!("{group}/"),
        };
        let own: Vec<String> = self
            .file
            .file_attributes()?
            .into_iter()
            .filter_map(|(key, value)| {
                let key = key.strip_prefix(&prefix)?;
                (key != UNLIMITED && !key.contains('/')).then(|| attribute(key, value))
            })
            .collect();
        if !own.is_empty() {
            let what = if group.is_empty() { "global" } else { "group" };
            self.ui.line(format!("\n{indent}// {what} attributes:"))?;
            for line in own {
                self.ui.line(format!("{indent}\t\t:{line} ;"))?;
            }
        }
        Ok(())
    }

    async fn data(&mut self, meta: &ArrayMeta, indent: &str) -> Result<()> {
        let selection =
            Request::parse(&meta.name).and_then(|r| r.of(meta).map_err(|e| e.to_string()));
        let selection = selection.map_err(crate::failure::usage)?;
        let row = meta.shape.last().copied().unwrap_or(1).max(1);
        let mut lines = Lines {
            indent: indent.to_owned(),
            column: 0,
        };
        let out = self.ui.out();
        write!(out, "\n{indent} {} =", escaped(split(&meta.name).1))?;
        let mut n = 0;
        let fill = meta
            .fill_value
            .as_ref()
            .map(|fill| fill_cell(&meta.dtype, fill));
        for slab in selection.slabs(SLAB) {
            if slab.is_empty() {
                continue;
            }
            let (start, shape) = slab.bounds();
            let (_, elements) = self.file.read_elements(&meta.name, start, shape).await?;
            for cell in cells(&meta.dtype, &elements) {
                let text = match fill.as_ref() == Some(&cell) {
                    true => "_".to_owned(),
                    false => constant(&cell),
                };
                let out = self.ui.out();
                lines.item(out, &text, n % row == 0, n == 0)?;
                n += 1;
            }
        }
        writeln!(self.ui.out(), " ;")?;
        Ok(())
    }
}

/// Breaks lines as `ncdump` does: at rows, and where they are full.
struct Lines {
    indent: String,
    column: usize,
}

impl Lines {
    fn item(
        &mut self,
        out: &mut impl Write,
        text: &str,
        starts_row: bool,
        is_first: bool,
    ) -> Result<()> {
        if !is_first {
            write!(out, ",")?;
        }
        let needed = text.len() + 2;
        if starts_row || self.column + needed > WIDTH {
            let deeper = if starts_row { "  " } else { "    " };
            write!(out, "\n{}{deeper}{text}", self.indent)?;
            self.column = self.indent.len() + deeper.len() + text.len() + 1;
        } else {
            write!(out, " {text}")?;
            self.column += needed;
        }
        Ok(())
    }
}

/// A fill value as an element.
fn fill_cell(dtype: &DType, fill: &FillValue) -> Cell {
    cell(dtype, &array_format::value::fill_bytes(dtype, Some(fill)))
}

/// Types that CDL has, by its names.
fn cdl_dtype(dtype: &DType) -> String {
    match dtype {
        DType::Int8 => "byte".to_owned(),
        DType::Int16 => "short".to_owned(),
        DType::Int32 => "int".to_owned(),
        DType::UInt8 => "ubyte".to_owned(),
        DType::UInt16 => "ushort".to_owned(),
        DType::UInt32 => "uint".to_owned(),
        DType::Float32 => "float".to_owned(),
        DType::Float64 => "double".to_owned(),
        other => dtype_name(other),
    }
}

fn attribute(key: &str, value: &AttributeValue) -> String {
    let cell = attributes::cell(value);
    let items = match &cell {
        Cell::List(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let suffix = match attributes::cdl_type(value) {
        "byte" => "b",
        "short" => "s",
        "int64" => "ll",
        "ubyte" => "ub",
        "ushort" => "us",
        "uint" => "u",
        "uint64" => "ull",
        "float" => "f",
        _ => "",
    };
    let items: Vec<String> = items
        .iter()
        .map(|item| format!("{}{suffix}", typed(item)))
        .collect();
    let kind = if matches!(value, AttributeValue::StringList(_)) {
        "string "
    } else {
        ""
    };
    // A list of texts has its type in front of its name.
    match kind {
        "" => format!("{} = {}", escaped(key), items.join(", ")),
        kind => format!("{}{} = {}", kind, escaped(key), items.join(", ")),
    }
}

/// A constant within data.
fn constant(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => quoted(text),
        Cell::Single(v) => general((*v).into(), 7),
        Cell::Double(v) => general(*v, 15),
        Cell::Bytes(_) => format!("0X{cell}"),
        Cell::List(items) => {
            let items: Vec<String> = items.iter().map(constant).collect();
            format!("{{{}}}", items.join(", "))
        }
        other => other.to_string(),
    }
}

/// A constant whose form tells its type.
fn typed(cell: &Cell) -> String {
    let text = constant(cell);
    match cell {
        Cell::Single(v) if v.is_finite() => with_point(text),
        Cell::Double(v) if v.is_finite() => with_point(text),
        _ => text,
    }
}

fn with_point(text: String) -> String {
    match text.split_once('e') {
        _ if text.contains('.') => text,
        Some((mantissa, exponent)) => format!("{mantissa}.e{exponent}"),
        None => format!("{text}."),
    }
}

/// A number with so many significant digits, as C's `%g` prints it.
fn general(v: f64, digits: usize) -> String {
    if !v.is_finite() {
        return match v {
            v if v.is_nan() => "NaN".to_owned(),
            f64::INFINITY => "Infinity".to_owned(),
            _ => "-Infinity".to_owned(),
        };
    }
    let scientific = format!("{v:.*e}", digits - 1);
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if exponent < -4 || exponent >= digits as i32 {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{}e{sign}{:02}", trimmed(mantissa), exponent.abs());
    }
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    trimmed(&format!("{v:.decimals$}"))
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out += "\\\"",
            '\\' => out += "\\\\",
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            '\r' => out += "\\r",
            '\0' => out += "\\000",
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A name, with what CDL would take for something else marked.
fn escaped(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for (i, c) in name.chars().enumerate() {
        let is_plain =
            c.is_alphanumeric() || matches!(c, '_' | '.' | '@' | '+' | '-') || !c.is_ascii();
        if !is_plain || (i == 0 && (c.is_ascii_digit() || matches!(c, '.' | '+' | '-'))) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_c_prints_them() {
        for (v, digits, text) in [
            (1.0, 7, "1"),
            (-1e34, 7, "-1e+34"),
            (0.1f32 as f64, 7, "0.1"),
            (28.749998, 7, "28.75"),
            (123456789.0, 7, "1.234568e+08"),
            (0.0001, 15, "0.0001"),
            (0.00001, 15, "1e-05"),
            (std::f64::consts::PI, 15, "3.14159265358979"),
            (0.0, 7, "0"),
            (f64::NAN, 7, "NaN"),
        ] {
            assert_eq!(general(v, digits), text);
        }
        assert_eq!(with_point("-1e+34".to_owned()), "-1.e+34");
        assert_eq!(with_point("20".to_owned()), "20.");
    }

    #[test]
    fn names_and_texts_are_marked() {
        assert_eq!(escaped("a b"), "a\\ b");
        assert_eq!(escaped("2d"), "\\2d");
        assert_eq!(quoted("a\"b\n"), "\"a\\\"b\\n\"");
        assert_eq!(attribute("n", &AttributeValue::Float32(20.0)), "n = 20.f");
        assert_eq!(
            attribute("n", &AttributeValue::Int16List(vec![1, 2])),
            "n = 1s, 2s"
        );
        assert_eq!(attribute("n", &AttributeValue::Int32(3)), "n = 3");
    }
}
