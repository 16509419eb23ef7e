//! The keys of Zarr stores.

use axum::extract::{Path, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, HeaderName,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::respond::{self, Failure};
use super::{Served, Site};

pub async fn get(
    State(site): Served,
    Path((name, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let found = async {
        let value = site.file(&name)?.view.get(&key).await?;
        value.ok_or_else(|| Failure::not_found(format!("no key {key}")))
    };
    let response = match found.await {
        Err(failure) => failure.into_response(),
        Ok(bytes) => {
            let kind = match key.ends_with(".json") {
                true => "application/json",
                false => "application/octet-stream",
            };
            respond::value(&headers, kind, bytes)
        }
    };
    allowed(&site, response)
}

/// What a browser asks before a page of another origin may ask for a part.
pub async fn options(State(site): Served) -> Response {
    allowed(&site, StatusCode::NO_CONTENT.into_response())
}

fn allowed(site: &Site, mut response: Response) -> Response {
    if let Some(origin) = &site.origin {
        let headers = response.headers_mut();
        let mut says = |name: HeaderName, value| headers.insert(name, value);
        says(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        says(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, HEAD"),
        );
        says(
            ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("range"),
        );
        let exposed = HeaderValue::from_static("content-range, content-length");
        says(ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    response
}
