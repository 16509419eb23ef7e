//! A double of Google Cloud Storage, in this process and in memory: the part of its XML API that
//! `object_store` uses. No emulator that can be installed here speaks it.
//!
//! One lock around all objects makes every request atomic, which is what the real one promises.

mod listing;
mod objects;
mod reading;
mod uploads;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use percent_encoding::percent_decode_str;

use self::objects::Objects;
use self::uploads::Uploads;
use super::{BUCKET, Result, Running, Server, plain};

/// Everything that is stored.
#[derive(Debug, Default)]
struct Bucket {
    objects: Objects,
    uploads: Uploads,
}

type Shared = Arc<Mutex<Bucket>>;
type Answer = Response<Body>;

pub(super) async fn start() -> Result<Server> {
    let router = Router::new()
        .fallback(handle)
        .layer(DefaultBodyLimit::disable())
        .with_state(Shared::default());
    let (port, task) = plain::serve(router).await?;
    // The way to a base URL and to no authentication leads through a key without a key.
    let key = format!(
        r#"{{"gcs_base_url":"http://127.0.0.1:{port}","disable_oauth":true,"client_email":"","private_key":"","private_key_id":""}}"#
    );
    let server = Server {
        root: format!("gs://{BUCKET}"),
        options: vec![
            ("google_service_account_key".into(), key),
            ("allow_http".into(), "true".into()),
        ],
        _running: Running::Task(task),
    };
    server.ready().await
}

/// A request, taken apart.
struct Request {
    method: Method,
    key: String,
    query: HashMap<String, String>,
    headers: HeaderMap,
    body: Bytes,
}

impl Request {
    fn new(method: Method, uri: &Uri, headers: HeaderMap, body: Bytes) -> Self {
        let path = uri.path().trim_start_matches('/');
        // Names come percent-encoded, the bucket's too.
        let key = path.split_once('/').map_or("", |(_bucket, key)| key);
        let pairs = uri.query().unwrap_or("").split('&');
        let query = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (
                decoded(&name.replace('+', " ")),
                decoded(&value.replace('+', " ")),
            )
        });
        Self {
            method,
            key: decoded(key),
            query: query.collect(),
            headers,
            body,
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    fn asks(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

async fn handle(
    State(bucket): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let request = Request::new(method, &uri, headers, body);
    let mut bucket = bucket.lock().unwrap_or_else(PoisonError::into_inner);
    let Bucket { objects, uploads } = &mut *bucket;
    let upload = request.asks("uploadId");
    match (request.method.as_str(), upload) {
        ("GET", None) if request.key.is_empty() => listing::list(objects, &request),
        ("GET" | "HEAD", None) => reading::read(objects, &request),
        ("POST", None) if request.asks("uploads").is_some() => uploads.begin(&request),
        ("PUT", Some(id)) => uploads.put_part(id, &request),
        ("POST", Some(id)) => uploads.complete(id, &request, objects),
        ("DELETE", Some(id)) => uploads.abort(id),
        ("PUT", None) if request.header("x-goog-copy-source").is_some() => objects.copy(&request),
        ("PUT", None) => objects.put(&request),
        ("DELETE", None) => objects.delete(&request.key),
        _ => status(StatusCode::METHOD_NOT_ALLOWED),
    }
}

fn status(status: StatusCode) -> Answer {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    answer
}

fn error(code: StatusCode, name: &str) -> Answer {
    let mut answer = Response::new(Body::from(format!("<Error><Code>{name}</Code></Error>")));
    *answer.status_mut() = code;
    answer
}

fn not_found() -> Answer {
    error(StatusCode::NOT_FOUND, "NoSuchKey")
}

fn precondition_failed() -> Answer {
    error(StatusCode::PRECONDITION_FAILED, "PreconditionFailed")
}
