//! The list of a bucket, in pages.

use std::fmt::Write;

use axum::body::Body;
use axum::http::Response;

use super::objects::{Object, Objects};
use super::{Answer, Request};

/// Entries of a page, unless fewer are asked for.
const PAGE: usize = 1000;

/// An object, or the common beginning of several.
enum Entry<'a> {
    Object(&'a str, &'a Object),
    Prefix(&'a str),
}

pub(super) fn list(objects: &Objects, request: &Request) -> Answer {
    let limit = request.asks("max-keys").and_then(|n| n.parse().ok());
    let (entries, next) = page(objects, request, limit.unwrap_or(PAGE));
    let mut body = String::new();
    for entry in &entries {
        entry.write(&mut body);
    }
    let more = next.is_some();
    if let Some(next) = next {
        let next = escaped(next);
        body += &format!("<NextContinuationToken>{next}</NextContinuationToken>");
    }
    Response::new(Body::from(format!(
        "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult>\
         <IsTruncated>{more}</IsTruncated>{body}</ListBucketResult>"
    )))
}

/// One page, and where the next one goes on, if there is one.
fn page<'a>(
    objects: &'a Objects,
    request: &Request,
    limit: usize,
) -> (Vec<Entry<'a>>, Option<&'a str>) {
    let prefix = request.asks("prefix").unwrap_or("");
    let delimiter = request.asks("delimiter").filter(|d| !d.is_empty());
    let token = request.asks("continuation-token");
    let after = token.or(request.asks("start-after")).unwrap_or("");
    let (mut entries, mut last) = (Vec::new(), None);
    for (key, object) in objects.iter() {
        if !key.starts_with(prefix) || key <= after {
            continue;
        }
        let rest = &key[prefix.len()..];
        let cut = delimiter.and_then(|d| Some(rest.find(d)? + d.len()));
        let name = cut.map_or(key, |cut| &key[..prefix.len() + cut]);
        // A common prefix is listed once, on whichever page.
        if cut.is_some() && (last == Some(name) || name == after) {
            continue;
        }
        if entries.len() == limit {
            return (entries, last);
        }
        last = Some(name);
        entries.push(match cut {
            Some(_) => Entry::Prefix(name),
            None => Entry::Object(key, object),
        });
    }
    (entries, None)
}

impl Entry<'_> {
    fn write(&self, body: &mut String) {
        // Writing to a string does not fail.
        let _ = match self {
            Self::Object(key, object) => write!(
                body,
                "<Contents><Key>{}</Key><Generation>{}</Generation><LastModified>{}</LastModified>\
                 <ETag>{}</ETag><Size>{}</Size></Contents>",
                escaped(key),
                object.generation,
                object.modified.to_rfc3339(),
                object.e_tag(),
                object.data.len()
            ),
            Self::Prefix(prefix) => write!(
                body,
                "<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>",
                escaped(prefix)
            ),
        };
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
