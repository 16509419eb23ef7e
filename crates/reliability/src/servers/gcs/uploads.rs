//! Uploads in parts.

use std::collections::{BTreeMap, HashMap};

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, Response, StatusCode};

use super::objects::{Objects, kept, stored};
use super::{Answer, Request, error, precondition_failed, status};

/// An upload that has begun.
#[derive(Debug)]
struct Upload {
    headers: Vec<(HeaderName, HeaderValue)>,
    parts: BTreeMap<u32, Bytes>,
}

/// All uploads that were neither completed nor aborted.
#[derive(Debug, Default)]
pub(super) struct Uploads {
    by_id: HashMap<String, Upload>,
    begun: u64,
}

fn no_such_upload() -> Answer {
    error(StatusCode::NOT_FOUND, "NoSuchUpload")
}

impl Uploads {
    pub(super) fn begin(&mut self, request: &Request) -> Answer {
        self.begun += 1;
        let id = format!("upload{}", self.begun);
        let upload = Upload {
            headers: kept(&request.headers),
            parts: BTreeMap::new(),
        };
        let body = format!(
            "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
        );
        self.by_id.insert(id, upload);
        Response::new(Body::from(body))
    }

    pub(super) fn put_part(&mut self, id: &str, request: &Request) -> Answer {
        let Some(upload) = self.by_id.get_mut(id) else {
            return no_such_upload();
        };
        let Some(number) = request.asks("partNumber").and_then(|n| n.parse().ok()) else {
            return error(StatusCode::BAD_REQUEST, "InvalidArgument");
        };
        let tag = format!("\"part{number}-{}\"", request.body.len());
        upload.parts.insert(number, request.body.clone());
        let answer = Response::builder().header("etag", tag).body(Body::empty());
        answer.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
    }

    pub(super) fn complete(
        &mut self,
        id: &str,
        request: &Request,
        objects: &mut Objects,
    ) -> Answer {
        let Some(upload) = self.by_id.get(id) else {
            return no_such_upload();
        };
        if !objects.allows(request) {
            return precondition_failed();
        }
        let mut data = Vec::new();
        for number in part_numbers(&String::from_utf8_lossy(&request.body)) {
            let Some(part) = upload.parts.get(&number) else {
                return error(StatusCode::BAD_REQUEST, "InvalidPart");
            };
            data.extend_from_slice(part);
        }
        let headers = upload.headers.clone();
        self.by_id.remove(id);
        let object = objects.store(&request.key, data.into(), headers);
        let tag = object.e_tag();
        stored(
            object,
            &format!(
                "<CompleteMultipartUploadResult><ETag>{tag}</ETag></CompleteMultipartUploadResult>"
            ),
        )
    }

    pub(super) fn abort(&mut self, id: &str) -> Answer {
        self.by_id.remove(id);
        status(StatusCode::NO_CONTENT)
    }
}

/// The numbers in a list of parts, in its order.
fn part_numbers(list: &str) -> impl Iterator<Item = u32> {
    let elements = list.split("<PartNumber>").skip(1);
    elements.filter_map(|element| element.split('<').next()?.parse().ok())
}
