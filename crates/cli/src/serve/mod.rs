//! A web server for files: a page for people, an interface for the page, and Zarr stores for programs.
//!
//! It answers to this machine alone, reads what it was given and nothing else, and takes no request
//! that a page of another site makes by another name for it.

mod api;
mod keys;
mod page;
mod respond;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use array_format::ArrayFile;
use array_format_zarr::{Compression, View};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;

use crate::failure::usage;
use respond::Failure;

/// What the page may load: what is served here.
const POLICY: &str =
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How to serve.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which pages of other origins may read the Zarr stores; `*` is all.
    pub cors: Option<String>,
}

/// A file that is served.
pub struct File {
    /// As the user calls it.
    pub shown: String,
    pub view: View,
}

/// What is served.
pub struct Site {
    files: BTreeMap<String, File>,
    /// What `Access-Control-Allow-Origin` says of the Zarr stores.
    origin: Option<HeaderValue>,
}

impl Site {
    pub fn new(options: Options) -> Result<Self> {
        let origin = options.cors.map(|origin| {
            HeaderValue::from_str(&origin).map_err(|_| {
                usage(format!(
                    "{origin:?} is no origin, such as https://example.org"
                ))
            })
        });
        Ok(Self {
            files: BTreeMap::new(),
            origin: origin.transpose()?,
        })
    }

    /// Adds a file under the stem of its name, with a number where that is taken.
    pub fn add(&mut self, shown: &str, file: ArrayFile) -> Result<()> {
        let stem = Path::new(shown.trim_end_matches('/')).file_stem();
        let stem = stem.map_or_else(|| "file".into(), |stem| stem.to_string_lossy());
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let stem: String = stem
            .chars()
            .map(|c| if plain(c) { c } else { '_' })
            .collect();
        let names = std::iter::once(stem.clone()).chain((2..).map(|n: u32| format!("{stem}-{n}")));
        let mut free = names.filter(|name| !self.files.contains_key(name));
        let file = File {
            shown: shown.to_owned(),
            view: View::new(Arc::new(file), Compression::None)?,
        };
        self.files.insert(free.next().unwrap_or(stem), file);
        Ok(())
    }

    pub fn files(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().map(|(name, file)| (name.as_str(), file))
    }

    fn file(&self, name: &str) -> Result<&File, Failure> {
        self.files
            .get(name)
            .ok_or_else(|| Failure::not_found(format!("no file {name} is served")))
    }
}

/// Serves until the program ends.
pub async fn run(site: Site, listener: TcpListener) -> Result<()> {
    axum::serve(listener, router(Arc::new(site))).await?;
    Ok(())
}

fn router(site: Arc<Site>) -> Router {
    Router::new()
        .route("/", get(page::index))
        .route("/{asset}", get(page::asset))
        .route("/api/files", get(api::files))
        .route("/api/files/{name}/arrays", get(api::arrays))
        .route("/api/files/{name}/attributes", get(api::attributes))
        .route("/api/files/{name}/axes", get(api::axes))
        .route("/api/files/{name}/plane", get(api::plane))
        .route("/api/files/{name}/values", get(api::values))
        .route("/zarr/{name}/{*key}", get(keys::get).options(keys::options))
        .fallback(async || Failure::not_found("nothing is here".to_owned()))
        .layer(from_fn(guard))
        .with_state(site)
}

/// Refuses names that other sites may give this machine, and says what pages may do.
async fn guard(request: Request, next: Next) -> Response {
    let mut response = match is_local(request.headers()) {
        true => next.run(request).await,
        false => {
            let text = "this server answers to 127.0.0.1 and localhost alone".to_owned();
            Failure::new(StatusCode::FORBIDDEN, text).into_response()
        }
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The program, or the file, may be another one when this is asked again.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn is_local(headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let name = host.map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
    matches!(name, Some("127.0.0.1" | "localhost"))
}

/// What is served, for handlers.
type Served = State<Arc<Site>>;
