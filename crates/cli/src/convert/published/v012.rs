//! Version 0.12, which tells the value of an attribute that one names, and no names.

use std::sync::Arc;

use anyhow::{Result, bail};
use array_format::bytes::Bytes;
use array_format::element::Elements;
use array_format::object_store::local::LocalFileSystem;
use array_format::object_store::path::Path;
use array_format::{AttributeValue, DType, FillValue};
use published_012::{FileConfig, NoCompression};
use tokio::runtime::Handle;

use super::super::{Contents, Reader, Variable};
use super::elements::{conversions, is_readable};

conversions!(published_012);

/// Names of attributes that are asked for: those of the CF and ACDD conventions, and of netCDF.
const NAMES: &str = "_FillValue actual_range add_offset ancillary_variables axis bounds calendar \
    cell_measures cell_methods cf_role climatology comment compress computed_standard_name \
    contributor_name contributor_role Conventions coordinates creator_email creator_name \
    creator_url date_created date_modified date_issued description featureType flag_masks \
    flag_meanings flag_values formula_terms geometry geospatial_lat_max geospatial_lat_min \
    geospatial_lon_max geospatial_lon_min geospatial_vertical_max geospatial_vertical_min \
    grid_mapping history id institution instance_dimension keywords leap_month leap_year license \
    long_name missing_value month_lengths name naming_authority nodes platform platform_id positive \
    processing_level project publisher_email publisher_name publisher_url references \
    sample_dimension scale_factor sensor source standard_error_multiplier standard_name station \
    summary time_coverage_end time_coverage_start title units units_metadata valid_max valid_min \
    valid_range version";

/// A file of theirs. Calls block; they must not come from async code.
pub struct Published {
    file: published_012::ArrayFile,
    contents: Contents,
}

pub fn open(store: Arc<LocalFileSystem>, path: Path) -> Result<Published> {
    let open = published_012::ArrayFile::open(store, path, FileConfig::new(NoCompression));
    let file = Handle::current().block_on(open)?;
    let mut contents = Contents::default();
    for array in file.list_arrays() {
        let dtype = dtype(&array.dtype);
        if !is_readable(&dtype) {
            let why = format!("{}: {dtype:?} cannot be read by that version", array.name);
            contents.skipped.push(why);
            continue;
        }
        let entries = file
            .get_array(&array.name)?
            .attributes
            .iter_entries()
            .count();
        let mut attributes = Vec::with_capacity(entries);
        for name in NAMES.split_whitespace() {
            if let Some(value) = file.get_attribute(&array.name, name)? {
                attributes.push((name.to_owned(), attribute(value)));
            }
        }
        if attributes.len() < entries {
            contents.skipped.push(format!(
                "{}: {} of {entries} attributes, whose names that version does not tell",
                array.name,
                entries - attributes.len()
            ));
        }
        let widened = |n: &[_]| n.iter().map(|&n: &u32| u64::from(n)).collect::<Vec<_>>();
        contents.variables.push(Variable {
            dtype,
            shape: widened(&array.shape),
            dimensions: array.dimension_names.clone(),
            fill: array.fill_value.as_ref().map(fill),
            attributes,
            chunks: Some(widened(&array.chunk_shape)),
            name: array.name,
        });
    }
    Ok(Published { file, contents })
}

impl Reader for Published {
    fn contents(&self) -> &Contents {
        &self.contents
    }

    fn read(&self, variable: usize, start: &[u64], shape: &[u64]) -> Result<Elements> {
        read(&self.file, &self.contents.variables[variable], start, shape)
    }
}
