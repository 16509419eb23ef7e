//! Objects and their generations.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use chrono::{DateTime, SubsecRound, Utc};

use super::{Answer, Request, decoded, not_found, precondition_failed, status};

/// Headers that are kept with an object, besides those of its user.
const KEPT: [&str; 6] = [
    "content-type",
    "cache-control",
    "content-encoding",
    "content-disposition",
    "content-language",
    "x-goog-storage-class",
];

/// One generation of an object.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) data: Bytes,
    pub(super) generation: u64,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) modified: DateTime<Utc>,
}

impl Object {
    pub(super) fn e_tag(&self) -> String {
        format!("\"{:x}-{}\"", self.generation, self.data.len())
    }
}

/// All objects by key, each with its generations from the oldest to the newest.
#[derive(Debug, Default)]
pub(super) struct Objects {
    by_key: BTreeMap<String, Vec<Object>>,
    written: u64,
}

impl Objects {
    pub(super) fn newest(&self, key: &str) -> Option<&Object> {
        self.by_key.get(key)?.last()
    }

    pub(super) fn generation(&self, key: &str, generation: &str) -> Option<&Object> {
        let mut all = self.by_key.get(key)?.iter();
        all.find(|object| object.generation.to_string() == generation)
    }

    /// The newest generations of all objects, by key.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Object)> {
        let all = self.by_key.iter();
        all.filter_map(|(key, generations)| Some((key.as_str(), generations.last()?)))
    }

    /// Puts an object whose conditions have been looked at.
    pub(super) fn store(
        &mut self,
        key: &str,
        data: Bytes,
        headers: Vec<(HeaderName, HeaderValue)>,
    ) -> &Object {
        self.written += 1;
        let object = Object {
            data,
            generation: 1_700_000_000_000_000 + self.written,
            headers,
            // HTTP dates have no more.
            modified: Utc::now().trunc_subsecs(0),
        };
        let generations = self.by_key.entry(key.to_owned()).or_default();
        generations.push(object);
        &generations[generations.len() - 1]
    }

    /// Whether the generation is the one that the request demands; 0 stands for none.
    pub(super) fn allows(&self, request: &Request) -> bool {
        let Some(demanded) = request.header("x-goog-if-generation-match") else {
            return true;
        };
        let newest = self.newest(&request.key).map_or(0, |o| o.generation);
        demanded.parse() == Ok(newest)
    }

    pub(super) fn put(&mut self, request: &Request) -> Answer {
        if !self.allows(request) {
            return precondition_failed();
        }
        let headers = kept(&request.headers);
        stored(self.store(&request.key, request.body.clone(), headers), "")
    }

    pub(super) fn copy(&mut self, request: &Request) -> Answer {
        let source = decoded(request.header("x-goog-copy-source").unwrap_or(""));
        let source = source.trim_start_matches('/');
        let key = source.split_once('/').map_or("", |(_bucket, key)| key);
        let Some(Object { data, headers, .. }) = self.newest(key).cloned() else {
            return not_found();
        };
        if !self.allows(request) {
            return precondition_failed();
        }
        let copy = self.store(&request.key, data, headers);
        stored(copy, "<CopyObjectResult></CopyObjectResult>")
    }

    pub(super) fn delete(&mut self, key: &str) -> Answer {
        match self.by_key.remove(key) {
            Some(_) => status(StatusCode::NO_CONTENT),
            None => not_found(),
        }
    }
}

/// The headers that an object keeps.
pub(super) fn kept(headers: &HeaderMap) -> Vec<(HeaderName, HeaderValue)> {
    let is_kept = |name: &HeaderName| {
        name.as_str().starts_with("x-goog-meta-") || KEPT.contains(&name.as_str())
    };
    let all = headers.iter().filter(|(name, _)| is_kept(name));
    all.map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The answer to a put.
pub(super) fn stored(object: &Object, body: &str) -> Answer {
    let answer = Response::builder()
        .header("etag", object.e_tag())
        .header("x-goog-generation", object.generation)
        .body(Body::from(body.to_owned()));
    answer.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
}
