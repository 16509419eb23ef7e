//! What the page asks: JSON, and planes of numbers.

use array_format::array::ArrayMeta;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::respond::Failure;
use super::{File, Served};
use crate::cells::cells;
use crate::commands::ls::{Entry, attribute_map};
use crate::plot::field;
use crate::region::{self, Request, Selection};

/// Elements that are read for one plane at most, what steps leave out included.
const MOST: u64 = 100_000_000;
/// Extent of a plane along an axis at most, whatever is asked.
const EXTENT: u64 = 4096;
/// Elements of a table at most.
const TABLE: u64 = 10_000;
/// Coordinates of an axis at most.
const PLACES: u64 = 100_000;

type Answer<T> = Result<T, Failure>;

pub async fn files(State(site): Served) -> Answer<Json<Value>> {
    let mut files = Vec::new();
    for (name, served) in site.files() {
        let file = served.view.file();
        files.push(json!({
            "name": name,
            "file": served.shown,
            "commit": file.sequence(),
            "arrays": file.arrays()?.len(),
            "bytes": file.footer().frame_bytes,
        }));
    }
    Ok(Json(files.into()))
}

pub async fn arrays(State(site): Served, Path(name): Path<String>) -> Answer<Json<Vec<Entry>>> {
    let file = site.file(&name)?.view.file();
    let mut entries = Vec::new();
    for meta in file.arrays()? {
        entries.push(Entry::new(file, meta, true).await?);
    }
    Ok(Json(entries))
}

pub async fn attributes(State(site): Served, Path(name): Path<String>) -> Answer<Json<Value>> {
    let file = site.file(&name)?.view.file();
    Ok(Json(attribute_map(file.file_attributes()?).into()))
}

/// An array of a file, and what of it.
#[derive(Deserialize)]
pub struct Wanted {
    array: String,
    #[serde(default)]
    region: String,
    size: Option<u64>,
}

impl Wanted {
    fn meta<'f>(&self, served: &'f File) -> Answer<&'f ArrayMeta> {
        Ok(served.view.file().get_array(&self.array)?)
    }

    fn selection(&self, meta: &ArrayMeta) -> Answer<Selection> {
        let region = self.region.trim();
        if !(region.is_empty() || region.starts_with('[') && region.ends_with(']')) {
            return Err(Failure::bad_request(format!(
                "{region} is no region, such as [0, :, 2:9]"
            )));
        }
        let request = Request::parse(&format!("{}{region}", self.array));
        Ok(request.map_err(Failure::bad_request)?.of(meta)?)
    }
}

pub async fn axes(
    State(site): Served,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answer<Json<Value>> {
    let served = site.file(&name)?;
    let meta = wanted.meta(served)?;
    let mut axes = Vec::new();
    for (i, &extent) in meta.shape.iter().enumerate() {
        let part = region::Axis::whole(extent);
        axes.push(match extent <= PLACES {
            true => {
                let axis = field::axis(served.view.file(), meta, i, part).await?;
                json!({
                    "name": axis.name,
                    "label": axis.label,
                    "places": axis.places,
                    "is_down": axis.is_down,
                })
            }
            false => {
                let name = &meta.dimension_names[i];
                json!({"name": name, "label": name, "places": null, "is_down": false})
            }
        });
    }
    Ok(Json(axes.into()))
}

pub async fn plane(
    State(site): Served,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answer<Response> {
    let served = site.file(&name)?;
    let meta = wanted.meta(served)?;
    let mut selection = wanted.selection(meta)?;
    let size = wanted.size.unwrap_or(EXTENT).clamp(1, EXTENT);
    for axis in selection.axes.iter_mut().filter(|axis| axis.kept) {
        let every = axis.count.div_ceil(size).max(1);
        axis.step *= every;
        axis.count = axis.count.div_ceil(every);
    }
    if selection.volume() > MOST {
        return Err(Failure::bad_request(format!(
            "{} elements would be read for this; choose a smaller region",
            selection.volume()
        )));
    }
    let values = field::read(served.view.file(), meta, &selection).await?;
    let list = |one: &dyn Fn(&region::Axis) -> u64| {
        let kept = selection.axes.iter().filter(|axis| axis.kept);
        let all: Vec<String> = kept.map(|axis| one(axis).to_string()).collect();
        all.join(",")
    };
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (HeaderName::from_static("x-shape"), list(&|axis| axis.count)),
        (HeaderName::from_static("x-step"), list(&|axis| axis.step)),
    ];
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    Ok((headers, bytes).into_response())
}

pub async fn values(
    State(site): Served,
    Path(name): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answer<Json<Value>> {
    let served = site.file(&name)?;
    let meta = wanted.meta(served)?;
    let selection = wanted.selection(meta)?;
    if selection.len() > TABLE || selection.volume() > MOST {
        return Err(Failure::bad_request(format!(
            "{} elements are too many for a table; at most {TABLE} are shown",
            selection.len()
        )));
    }
    let shape = selection.shape();
    let flat = match selection.is_empty() {
        true => Vec::new(),
        false => {
            let elements = region::read(served.view.file(), &meta.name, &selection).await?;
            let all = cells(&meta.dtype, &elements).map(serde_json::to_value);
            all.collect::<Result<Vec<Value>, _>>()
                .map_err(anyhow::Error::from)?
        }
    };
    let values = nested(&mut flat.into_iter(), &shape);
    Ok(Json(json!({ "shape": shape, "values": values })))
}

/// Values in C order as lists of lists.
fn nested(flat: &mut impl Iterator<Item = Value>, shape: &[u64]) -> Value {
    match shape {
        [] => flat.next().unwrap_or_default(),
        [n, inner @ ..] => (0..*n).map(|_| nested(flat, inner)).collect(),
    }
}
