//! What was imported, against its sources, value by value.

use anyhow::Result;
use array_format::ArrayFile;

use super::sources::Source;
use super::{Args, Report, is_wanted};
use crate::slabs::slabs;
use crate::ui::Ui;
use crate::ui::progress::Unit;

/// Compares all sources with their arrays.
pub async fn sources(
    args: &Args,
    sources: &[Source],
    file: &ArrayFile,
    report: &mut Report,
    ui: &mut Ui,
) -> Result<()> {
    let bar = ui.progress(sources.len() as u64, Unit::Things, "verifying");
    let mut values = 0;
    for source in sources {
        let again = source.clone();
        let reader = tokio::task::spawn_blocking(move || again.open()).await??;
        for (i, variable) in reader.contents().variables.iter().enumerate() {
            if !is_wanted(args, &variable.name) {
                continue;
            }
            let name = source.name(&variable.name);
            let meta = file.get_array(&name)?;
            let mut same = meta.dtype == variable.dtype && meta.shape == variable.shape;
            if same {
                for slab in slabs(&variable.shape, &meta.chunk_shape) {
                    let theirs =
                        tokio::task::block_in_place(|| reader.read(i, &slab.start, &slab.shape))?;
                    let (start, shape) = slab.as_usize();
                    let (_, ours) = file.read_elements(&name, start, shape).await?;
                    values += slab.len();
                    same &= ours == theirs;
                }
            }
            if !same {
                report.different.push(name);
            }
        }
        bar.add(1);
    }
    report.verified = Some(values);
    Ok(())
}
