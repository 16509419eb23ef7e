//! `af cat`: values.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, Result};
use array_format::ArrayFile;
use array_format::array::ArrayMeta;
use array_format::element::Elements;
use clap::ValueEnum;
use serde::Serialize;

use crate::cells::{Cell, cells, dtype_name, fill};
use crate::convert::npy;
use crate::failure::usage;
use crate::open::Source;
use crate::region::{self, Axis, Request, Selection};
use crate::ui::Ui;

/// Elements that are read at a time.
const SLAB: u64 = 1 << 20;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    source: Source,
    /// An array, and what of it: `TEMP`, `TEMP[0:10, ::5]`, `TEMP[-1, ..., 0]`
    #[arg(value_name = "ARRAY[REGION]", value_parser = Request::parse)]
    array: Request,
    /// How to print; --json is --format json
    #[arg(long, short, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

/// How values are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Tables of the last two axes; `_` is the fill value
    Text,
    /// A line an element: its indices and its value
    Csv,
    /// Name, type, shape and nested lists of values
    Json,
    /// A NumPy file
    Npy,
}

pub async fn run(args: Args, ui: &mut Ui) -> Result<ExitCode> {
    let file = args.source.open().await?;
    let name = args.array.name(|name| file.contains(name).unwrap_or(false));
    let meta = file.get_array(name)?;
    let wanted = Wanted {
        file: &file,
        meta,
        selection: args.array.of(meta)?,
        fill: fill(meta),
    };
    match args.format {
        _ if ui.json => wanted.json(ui).await?,
        Format::Json => wanted.json(ui).await?,
        Format::Text => wanted.text(ui).await?,
        Format::Csv => wanted.csv(ui).await?,
        Format::Npy => wanted.npy(ui).await?,
    }
    Ok(ExitCode::SUCCESS)
}

struct Wanted<'a> {
    file: &'a ArrayFile,
    meta: &'a ArrayMeta,
    selection: Selection,
    fill: Option<Cell>,
}

impl Wanted<'_> {
    /// The selected elements of a slab, in C order.
    async fn read(&self, slab: &Selection) -> Result<Elements> {
        region::read(self.file, &self.meta.name, slab).await
    }

    fn slabs(&self) -> Vec<Selection> {
        match self.selection.is_empty() {
            true => Vec::new(),
            false => self.selection.slabs(SLAB),
        }
    }

    fn shown(&self, cell: &Cell) -> String {
        match self.fill.as_ref() == Some(cell) {
            true => "_".to_owned(),
            false => cell.to_string(),
        }
    }

    /// The axes that are left, by name.
    fn axes(&self) -> Vec<(&str, Axis)> {
        let names = self.meta.dimension_names.iter().map(String::as_str);
        let axes = names.zip(self.selection.axes.iter().copied());
        axes.filter(|(_, axis)| axis.kept).collect()
    }

    async fn text(&self, ui: &mut Ui) -> Result<()> {
        let (bold, dim) = (ui.bold(), ui.dim());
        let axes = self.axes();
        let named: Vec<String> = axes
            .iter()
            .map(|(name, axis)| format!("{name} = {}", axis.count))
            .collect();
        ui.line(format!(
            "{bold}{}{bold:#}  {dim}{}({}){dim:#}",
            self.meta.name,
            dtype_name(&self.meta.dtype),
            named.join(", ")
        ))?;
        let (rows, columns, outer) = match &axes[..] {
            [] => (None, None, &[][..]),
            [(_, only)] => (Some(*only), None, &[][..]),
            [outer @ .., (_, rows), (_, columns)] => (Some(*rows), Some(*columns), outer),
        };
        let width = columns.map_or(1, |axis| axis.count as usize);
        let plane = width * rows.map_or(1, |axis| axis.count as usize);
        let heads: Vec<u64> = columns.iter().flat_map(|axis| axis.numbers()).collect();
        // Rows are aligned together, so many at most.
        let mut block: Vec<(String, Vec<String>)> = Vec::new();
        let mut row: Vec<String> = Vec::with_capacity(width);
        let mut n = 0;
        for slab in self.slabs() {
            let elements = self.read(&slab).await?;
            for value in cells(&self.meta.dtype, &elements) {
                if n % plane == 0 && !outer.is_empty() {
                    ui.line(format!("\n{dim}[{}]{dim:#}", indices(outer, n / plane)))?;
                }
                row.push(self.shown(&value));
                n += 1;
                if n % width == 0 {
                    let at = (n - 1) % plane / width;
                    let label = rows.map_or_else(String::new, |rows| rows.number(at).to_string());
                    block.push((label, std::mem::take(&mut row)));
                }
                if n % plane == 0 || block.len() == ROWS {
                    print_rows(&mut block, &heads, ui)?;
                }
            }
        }
        if n == 0 {
            ui.line("(no elements)")?;
        }
        Ok(())
    }

    async fn csv(&self, ui: &mut Ui) -> Result<()> {
        let axes = self.axes();
        let heads = axes.iter().map(|(name, _)| csv(name));
        let heads: Vec<String> = heads.chain([csv(&self.meta.name)]).collect();
        ui.line(heads.join(","))?;
        let mut n = 0;
        for slab in self.slabs() {
            let elements = self.read(&slab).await?;
            for value in cells(&self.meta.dtype, &elements) {
                let at = indices(&axes, n);
                n += 1;
                let value = match self.fill.as_ref() == Some(&value) {
                    true => String::new(),
                    false => csv(&value.to_string()),
                };
                match axes.is_empty() {
                    true => ui.line(value)?,
                    false => ui.line(format!("{},{value}", at.replace(", ", ",")))?,
                }
            }
        }
        Ok(())
    }

    async fn json(&self, ui: &mut Ui) -> Result<()> {
        #[derive(Serialize)]
        struct Head<'a> {
            name: &'a str,
            dtype: String,
            shape: Vec<u64>,
            dimensions: Vec<&'a str>,
            fill: Option<&'a Cell>,
        }
        let shape = self.selection.shape();
        let head = Head {
            name: &self.meta.name,
            dtype: dtype_name(&self.meta.dtype),
            shape: shape.clone(),
            dimensions: self.axes().iter().map(|(name, _)| *name).collect(),
            fill: self.fill.as_ref(),
        };
        let head = serde_json::to_string(&head)?;
        let out = ui.out();
        write!(out, "{},\"values\":", head.trim_end_matches('}'))?;
        // Elements within one of each axis, from the outermost on.
        let within: Vec<u64> = (0..shape.len())
            .map(|axis| shape[axis..].iter().product())
            .collect();
        if self.selection.is_empty() {
            write!(out, "[]")?;
        }
        let mut n = 0u64;
        for slab in self.slabs() {
            let elements = self.read(&slab).await?;
            for value in cells(&self.meta.dtype, &elements) {
                let out = ui.out();
                let opens = within
                    .iter()
                    .filter(|&&size| n.is_multiple_of(size))
                    .count();
                if n > 0 {
                    out.write_all(b",")?;
                }
                (0..opens).try_for_each(|_| out.write_all(b"["))?;
                serde_json::to_writer(&mut *out, &value).map_err(std::io::Error::from)?;
                n += 1;
                let closes = within
                    .iter()
                    .filter(|&&size| n.is_multiple_of(size))
                    .count();
                (0..closes).try_for_each(|_| out.write_all(b"]"))?;
            }
        }
        writeln!(ui.out(), "}}")?;
        Ok(())
    }

    async fn npy(&self, ui: &mut Ui) -> Result<()> {
        let dtype = &self.meta.dtype;
        let Some(descr) = npy::descr(dtype) else {
            return Err(usage(format!(
                "NumPy has no {} as files hold it; use --format json",
                dtype_name(dtype)
            )));
        };
        let shape = npy::shape(dtype, &self.selection.shape());
        let header = npy::header(&descr, &shape).context("the header of a NumPy file")?;
        ui.out().write_all(&header)?;
        for slab in self.slabs() {
            if let Elements::Fixed { bytes, .. } = self.read(&slab).await? {
                ui.out().write_all(&npy::outgoing(dtype, bytes))?;
            }
        }
        Ok(())
    }
}

/// Rows that are aligned together at most: what follows may be wider.
const ROWS: usize = 1000;

/// Prints rows under their headings, aligned, and forgets them.
fn print_rows(block: &mut Vec<(String, Vec<String>)>, heads: &[u64], ui: &mut Ui) -> Result<()> {
    let dim = ui.dim();
    let length = |text: &str| text.chars().count();
    let labels = block
        .iter()
        .map(|(label, _)| length(label))
        .max()
        .unwrap_or(0);
    let columns = block.first().map_or(0, |(_, row)| row.len());
    let widths: Vec<usize> = (0..columns)
        .map(|c| {
            let cells = block
                .iter()
                .filter_map(|(_, row)| Some(length(row.get(c)?)));
            let head = heads.get(c).map_or(0, |head| head.to_string().len());
            cells.max().unwrap_or(0).max(head)
        })
        .collect();
    if !heads.is_empty() && !block.is_empty() {
        let heads: Vec<String> = heads
            .iter()
            .zip(&widths)
            .map(|(head, &width)| format!("{head:>width$}"))
            .collect();
        ui.line(format!("{dim}{:labels$}  {}{dim:#}", "", heads.join("  ")))?;
    }
    for (label, row) in block.drain(..) {
        let cells: Vec<String> = row
            .iter()
            .zip(&widths)
            .map(|(cell, &width)| format!("{cell:>width$}"))
            .collect();
        ui.line(format!(
            "{dim}{label:>labels$}{dim:#}  {}",
            cells.join("  ")
        ))?;
    }
    Ok(())
}

/// The numbers of element `n` along these axes.
fn indices(axes: &[(&str, Axis)], n: usize) -> String {
    let mut rest = n;
    let mut indices: Vec<String> = axes
        .iter()
        .rev()
        .map(|(_, axis)| {
            let at = rest % axis.count as usize;
            rest /= axis.count as usize;
            axis.number(at).to_string()
        })
        .collect();
    indices.reverse();
    indices.join(", ")
}

/// A field of CSV.
fn csv(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}
