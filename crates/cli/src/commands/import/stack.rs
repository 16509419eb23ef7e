//! Sources joined along a dimension.

use anyhow::{Context, Result, ensure};
use array_format::ArrayFile;
use array_format::element::Elements;

use super::sources::Source;
use super::{Args, Report, is_wanted, message, nothing, set_file_attribute, spec, stored};
use crate::convert::{Contents, Reader, Variable};
use crate::failure::usage;
use crate::open;
use crate::slabs::{Slab, slabs};
use crate::target::Target;
use crate::ui::Ui;
use crate::ui::progress::Unit;

/// Attributes that say what numbers mean: they must be the same in all sources.
const MEANING: [&str; 6] = [
    "scale_factor",
    "add_offset",
    "units",
    "calendar",
    "_FillValue",
    "missing_value",
];

/// What becomes of a variable.
enum Role {
    /// Joined along this axis.
    Joined(usize),
    /// Joined along a new axis in front.
    New,
    /// The same in all sources.
    Common,
}

struct Plan<'a> {
    first: &'a Contents,
    dimension: &'a str,
    roles: Vec<Role>,
    /// Where each source begins along the dimension, and where the last one ends.
    offsets: Vec<u64>,
}

pub async fn run(
    args: &Args,
    sources: &[Source],
    dimension: &str,
    report: &mut Report,
    ui: &mut Ui,
) -> Result<()> {
    let open = |source: &Source| {
        let source = source.clone();
        async move { tokio::task::spawn_blocking(move || source.open()).await? }
    };
    let first = open(&sources[0]).await?;
    let roles: Vec<Role> = {
        let variables = &first.contents().variables;
        let axis = |v: &Variable| v.dimensions.iter().position(|name| name == dimension);
        let is_new = variables.iter().all(|v| axis(v).is_none());
        let role = |v: &Variable| match axis(v) {
            Some(axis) => Role::Joined(axis),
            None if is_new => Role::New,
            None => Role::Common,
        };
        variables.iter().map(role).collect()
    };
    let mut plan = Plan {
        first: first.contents(),
        dimension,
        roles,
        offsets: vec![0],
    };
    let bar = ui.progress(2 * sources.len() as u64, Unit::Things, "importing");
    for source in sources {
        let reader = open(source).await?;
        let extent = plan.fits(reader.contents());
        let extent =
            extent.with_context(|| format!("{} does not fit the first source", source.place))?;
        plan.offsets
            .push(plan.offsets[plan.offsets.len() - 1] + extent);
        bar.add(1);
    }
    let what = format!("{} files along {dimension}", sources.len());
    let mut made = Target::open(&args.file, &message(args, &what)).await?;
    let file = &mut made.file;
    plan.define(args, file, report)?;
    for (i, source) in sources.iter().enumerate() {
        let reader = open(source).await?;
        let write = plan.write(args, i, &*reader, &*first, file, report);
        write.await.with_context(|| source.place.to_string())?;
        bar.add(1);
    }
    drop(bar);
    report.stored = stored(&made.finish(ui).await?);
    if args.verify {
        let file = open::open(&args.file).await?;
        let mut values = 0;
        for (i, source) in sources.iter().enumerate() {
            let reader = open(source).await?;
            values += plan.verify(args, i, &*reader, &file, report).await?;
        }
        report.different.sort();
        report.different.dedup();
        report.verified = Some(values);
    }
    Ok(())
}

impl Plan<'_> {
    fn wanted<'s>(
        &'s self,
        args: &'s Args,
    ) -> impl Iterator<Item = (usize, &'s Variable, &'s Role)> {
        let all = self.first.variables.iter().zip(&self.roles).enumerate();
        all.map(|(i, (v, role))| (i, v, role))
            .filter(|(_, v, _)| is_wanted(args, &v.name))
    }

    /// The shape of the joined array, and the names of its axes.
    fn joined(&self, variable: &Variable, role: &Role) -> (Vec<u64>, Vec<String>) {
        let total = self.offsets[self.offsets.len() - 1];
        let (mut shape, mut dimensions) = (variable.shape.clone(), variable.dimensions.clone());
        match role {
            Role::Joined(axis) => shape[*axis] = total,
            Role::New => {
                shape.insert(0, total);
                dimensions.insert(0, self.dimension.to_owned());
            }
            Role::Common => {}
        }
        (shape, dimensions)
    }

    /// How much of the dimension another source has, if it has the same variables as the first.
    fn fits(&self, other: &Contents) -> Result<u64> {
        let mut extent = None;
        for (variable, role) in self.first.variables.iter().zip(&self.roles) {
            let name = &variable.name;
            let same = other.variables.iter().find(|v| v.name == *name);
            let same = same.ok_or_else(|| usage(format!("it has no variable {name}")))?;
            ensure!(
                same.dtype == variable.dtype && same.dimensions == variable.dimensions,
                usage(format!("{name} has another type or other dimensions"))
            );
            let mut shape = same.shape.clone();
            if let Role::Joined(axis) = role {
                let own = shape[*axis];
                ensure!(
                    extent.replace(own).is_none_or(|other| other == own),
                    usage(format!(
                        "{name} has another extent along {} than others",
                        self.dimension
                    ))
                );
                shape[*axis] = variable.shape[*axis];
            }
            ensure!(
                shape == variable.shape,
                usage(format!(
                    "{name} has shape {:?}, that of the first is {:?}",
                    same.shape, variable.shape
                ))
            );
            for key in MEANING {
                let find = |v: &Variable| {
                    v.attributes
                        .iter()
                        .find(|(k, _)| k == key)
                        .map(|(_, v)| v.clone())
                };
                ensure!(
                    find(same) == find(variable),
                    usage(format!(
                        "{name} has another {key}, so its numbers mean something else"
                    ))
                );
            }
        }
        Ok(extent.unwrap_or(1))
    }

    fn define(&self, args: &Args, file: &mut ArrayFile, report: &mut Report) -> Result<()> {
        for (_, variable, role) in self.wanted(args) {
            if file.contains(&variable.name)? {
                return Err(usage(format!(
                    "{} has an array {} already",
                    args.file, variable.name
                )));
            }
            let (shape, dimensions) = self.joined(variable, role);
            file.create_array(&variable.name, spec(args, variable, &shape, &dimensions))?;
            report.arrays += 1;
        }
        if report.arrays == 0 {
            return Err(nothing(report));
        }
        for (key, value) in &self.first.attributes {
            set_file_attribute(file, key, value.clone())?;
        }
        report.skipped.extend(self.first.skipped.iter().cloned());
        Ok(())
    }

    /// The parts of a source's variable, and where each belongs.
    fn parts(
        &self,
        source: usize,
        own: &Variable,
        role: &Role,
        chunk: &[u64],
    ) -> Vec<(Slab, Slab)> {
        let chunk = match role {
            Role::New => &chunk[1..],
            _ => chunk,
        };
        let parts = slabs(&own.shape, chunk).into_iter();
        parts
            .map(|part| {
                let mut place = part.clone();
                match role {
                    Role::Joined(axis) => place.start[*axis] += self.offsets[source],
                    Role::New => {
                        place.start.insert(0, self.offsets[source]);
                        place.shape.insert(0, 1);
                    }
                    Role::Common => {}
                }
                (part, place)
            })
            .collect()
    }

    async fn write(
        &self,
        args: &Args,
        source: usize,
        reader: &dyn Reader,
        first: &dyn Reader,
        file: &mut ArrayFile,
        report: &mut Report,
    ) -> Result<()> {
        for (i, variable, role) in self.wanted(args) {
            let name = &variable.name;
            let (own, number) = find(reader, name)?;
            let chunk = file.get_array(name)?.chunk_shape.clone();
            for (part, place) in self.parts(source, own, role, &chunk) {
                let elements = read(reader, number, &part)?;
                if matches!(role, Role::Common) && source > 0 {
                    if elements != read(first, i, &part)? {
                        report.skipped.push(format!(
                            "{name} differs between sources; that of the first is kept"
                        ));
                        break;
                    }
                    continue;
                }
                let (start, shape) = place.as_usize();
                file.write_elements(name, start, shape, &elements).await?;
                report.bytes += elements.raw_len();
            }
        }
        Ok(())
    }

    /// Compares a source with what was written; returns how many values.
    async fn verify(
        &self,
        args: &Args,
        source: usize,
        reader: &dyn Reader,
        file: &ArrayFile,
        report: &mut Report,
    ) -> Result<u64> {
        let mut values = 0;
        for (_, variable, role) in self.wanted(args) {
            if matches!(role, Role::Common) && source > 0 {
                continue;
            }
            let (own, number) = find(reader, &variable.name)?;
            let chunk = file.get_array(&variable.name)?.chunk_shape.clone();
            for (part, place) in self.parts(source, own, role, &chunk) {
                let elements = read(reader, number, &part)?;
                let (start, shape) = place.as_usize();
                let (_, there) = file.read_elements(&variable.name, start, shape).await?;
                values += part.len();
                if there != elements {
                    report.different.push(variable.name.clone());
                }
            }
        }
        Ok(values)
    }
}

fn find<'r>(reader: &'r dyn Reader, name: &str) -> Result<(&'r Variable, usize)> {
    let all = reader.contents().variables.iter().enumerate();
    let mut same = all.filter(|(_, v)| v.name == name).map(|(i, v)| (v, i));
    same.next().with_context(|| format!("{name} went away"))
}

fn read(reader: &dyn Reader, variable: usize, part: &Slab) -> Result<Elements> {
    tokio::task::block_in_place(|| reader.read(variable, &part.start, &part.shape))
}
