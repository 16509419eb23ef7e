//! GET and HEAD of an object, under conditions and in ranges.

use std::ops::Range;

use axum::body::Body;
use axum::http::{Method, Response, StatusCode};
use chrono::{DateTime, Utc};

use super::objects::{Object, Objects};
use super::{Answer, Request, error, not_found, precondition_failed, status};

pub(super) fn read(objects: &Objects, request: &Request) -> Answer {
    let object = match request.asks("generation") {
        Some(generation) => objects.generation(&request.key, generation),
        None => objects.newest(&request.key),
    };
    let Some(object) = object else {
        return not_found();
    };
    if changed(object, request) {
        return precondition_failed();
    }
    if unchanged(object, request) {
        return status(StatusCode::NOT_MODIFIED);
    }
    let length = object.data.len();
    match request.header("range").map(|range| parsed(range, length)) {
        None | Some(None) => answer(object, request, 0..length, StatusCode::OK),
        Some(Some(range)) if range.is_empty() => {
            error(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange")
        }
        Some(Some(range)) => answer(object, request, range, StatusCode::PARTIAL_CONTENT),
    }
}

/// Whether a condition demands another version than this.
fn changed(object: &Object, request: &Request) -> bool {
    let other_tag = |tag| tag != object.e_tag() && tag != "*";
    request.header("if-match").is_some_and(other_tag)
        || date(request, "if-unmodified-since").is_some_and(|since| object.modified > since)
}

/// Whether the caller has this version already.
fn unchanged(object: &Object, request: &Request) -> bool {
    match request.header("if-none-match") {
        Some(tag) => tag == object.e_tag() || tag == "*",
        None => date(request, "if-modified-since").is_some_and(|since| object.modified <= since),
    }
}

fn date(request: &Request, name: &str) -> Option<DateTime<Utc>> {
    let date = DateTime::parse_from_rfc2822(request.header(name)?);
    date.ok().map(|date| date.to_utc())
}

/// `bytes=a-b`, `bytes=a-` or `bytes=-n`; `None` for what is none of these and is ignored.
fn parsed(range: &str, length: usize) -> Option<Range<usize>> {
    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
    if from.is_empty() {
        let suffix: usize = to.parse().ok()?;
        return Some(length.saturating_sub(suffix)..length);
    }
    let last = match to {
        "" => length,
        to => to.parse::<usize>().ok()?.saturating_add(1),
    };
    Some(from.parse().ok()?..last.min(length))
}

fn answer(object: &Object, request: &Request, range: Range<usize>, code: StatusCode) -> Answer {
    let mut answer = Response::builder()
        .status(code)
        .header("etag", object.e_tag())
        .header("x-goog-generation", object.generation)
        .header("last-modified", http_date(object.modified))
        .header("accept-ranges", "bytes")
        .header("content-length", range.len());
    if code == StatusCode::PARTIAL_CONTENT {
        let (first, last) = (range.start, range.end - 1);
        let range = format!("bytes {first}-{last}/{}", object.data.len());
        answer = answer.header("content-range", range);
    }
    for (name, value) in &object.headers {
        answer = answer.header(name, value);
    }
    let body = match request.method {
        Method::HEAD => Body::empty(),
        _ => Body::from(object.data.slice(range)),
    };
    let answer = answer.body(body);
    answer.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
}

fn http_date(date: DateTime<Utc>) -> String {
    date.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
