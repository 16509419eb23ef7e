//! The subcommands, one file each.

mod attrs;
mod browse;
mod cat;
mod compact;
mod completions;
mod copy;
mod diff;
mod dump;
mod export;
mod import;
pub mod info;
mod log;
pub mod ls;
mod man;
mod plot;
mod refs;
mod restore;
mod salvage;
mod serve;
pub mod stats;
mod tag;
mod vacuum;
mod verify;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

use crate::ui::Ui;

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// List the arrays: type, shape, chunks, codec and sizes
    Ls(ls::Args),
    /// Sizes, layers, features and counts of a file, and what it took to read them
    Info(info::Args),
    /// Look around in a file: a tree, attributes, statistics, values and pictures in the terminal
    Browse(browse::Args),
    /// Print values of an array, or of a region of it: `TEMP[0:10, ::5]`
    Cat(cat::Args),
    /// Statistics of arrays, and of their chunks
    Stats(stats::Args),
    /// Read, set and remove attributes
    Attrs(attrs::Args),
    /// Print a file as text in CDL, as ncdump does
    Dump(dump::Args),
    /// Draw an array: a line, a heat map, or a grid of them, as PNG, SVG or in the terminal
    Plot(plot::Args),
    /// Bring netCDF, HDF5, Zarr, NumPy, safetensors, Parquet and Arrow files into a file
    Import(import::Args),
    /// Write arrays as netCDF, Zarr, NumPy, safetensors, Parquet or Arrow
    Export(export::Args),
    /// Copy arrays into another file, with another codec or other chunks
    Copy(copy::Args),
    /// Serve files over HTTP on this machine: a page for people, Zarr v3 stores for programs
    Serve(serve::Args),
    /// Write kerchunk references, with which readers without our code get the bytes
    Refs(refs::Args),
    /// List the commits of a file
    Log(log::Args),
    /// Compare two states of a file, or two files
    Diff(diff::Args),
    /// Commit an older state as the newest
    Restore(restore::Args),
    /// List, set and remove names of states
    Tag(tag::Args),
    /// Merge all layers of a file into one
    Compact(compact::Args),
    /// Remove objects that nothing refers to
    Vacuum(vacuum::Args),
    /// Look for damage
    Verify(verify::Args),
    /// Save what can be read of a damaged file into a new one
    Salvage(salvage::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
    /// Print the manual page, or write all of them into a folder
    Man(man::Args),
}

/// Runs a command.
pub async fn run(command: Command, ui: &mut Ui) -> Result<ExitCode> {
    match command {
        Command::Ls(args) => ls::run(args, ui).await,
        Command::Info(args) => info::run(args, ui).await,
        Command::Browse(args) => browse::run(args, ui).await,
        Command::Cat(args) => cat::run(args, ui).await,
        Command::Stats(args) => stats::run(args, ui).await,
        Command::Attrs(args) => attrs::run(args, ui).await,
        Command::Dump(args) => dump::run(args, ui).await,
        Command::Plot(args) => plot::run(args, ui).await,
        Command::Import(args) => import::run(args, ui).await,
        Command::Export(args) => export::run(args, ui).await,
        Command::Copy(args) => copy::run(args, ui).await,
        Command::Serve(args) => serve::run(args, ui).await,
        Command::Refs(args) => refs::run(args, ui).await,
        Command::Log(args) => log::run(args, ui).await,
        Command::Diff(args) => diff::run(args, ui).await,
        Command::Restore(args) => restore::run(args, ui).await,
        Command::Tag(args) => tag::run(args, ui).await,
        Command::Compact(args) => compact::run(args, ui).await,
        Command::Vacuum(args) => vacuum::run(args, ui).await,
        Command::Verify(args) => verify::run(args, ui).await,
        Command::Salvage(args) => salvage::run(args, ui).await,
        Command::Completions(args) => completions::run(&args, ui),
        Command::Man(args) => man::run(&args, ui),
    }
}
