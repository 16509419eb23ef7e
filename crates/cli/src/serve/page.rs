//! The page, which is part of the program.

use axum::extract::Path;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::respond::Failure;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SVG: &str = "image/svg+xml";
const JS: &str = "text/javascript; charset=utf-8";

/// Name, kind and text of what the page loads.
macro_rules! assets {
    ($($name:literal: $kind:ident),* $(,)?) => {
        &[$(($name, $kind, include_str!(concat!("page/", $name)))),*]
    };
}

const ASSETS: &[(&str, &str, &str)] = assets![
    "api.js": JS,
    "axis.js": JS,
    "cf.js": JS,
    "colors.js": JS,
    "controls.js": JS,
    "details.js": JS,
    "dom.js": JS,
    "field.js": JS,
    "frame.js": JS,
    "geometry.js": JS,
    "icon.svg": SVG,
    "page.css": CSS,
    "page.js": JS,
    "picture.js": JS,
    "probe.js": JS,
    "scale.js": JS,
    "text.js": JS,
    "tree.js": JS,
    "view.js": JS,
];

pub async fn index() -> Response {
    ([(CONTENT_TYPE, HTML)], include_str!("page/index.html")).into_response()
}

pub async fn asset(Path(asset): Path<String>) -> Response {
    match ASSETS.iter().find(|(name, ..)| *name == asset) {
        Some((_, kind, text)) => ([(CONTENT_TYPE, *kind)], *text).into_response(),
        None => Failure::not_found("nothing is here".to_owned()).into_response(),
    }
}
