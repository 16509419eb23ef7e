//! Answers: failures as JSON, values as bytes or parts of them.

use std::ops::Range;

use axum::Json;
use axum::http::header::{ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, RANGE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::failure;

/// What went wrong, and whose move it is.
#[derive(Debug)]
pub struct Failure {
    status: StatusCode,
    text: String,
}

impl Failure {
    pub fn new(status: StatusCode, text: String) -> Self {
        Self { status, text }
    }

    pub fn not_found(text: String) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }

    pub fn bad_request(text: String) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        let status = match failure::code(&error) {
            failure::USAGE => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, failure::text(&error))
    }
}

impl From<array_format::Error> for Failure {
    fn from(error: array_format::Error) -> Self {
        match error {
            array_format::Error::ArrayNotFound { .. } => Self::not_found(error.to_string()),
            error => anyhow::Error::from(error).into(),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.text }))).into_response()
    }
}

/// A value, or the part of it that is asked for.
pub fn value(headers: &HeaderMap, kind: &'static str, mut bytes: Vec<u8>) -> Response {
    let whole = bytes.len() as u64;
    let common = [(CONTENT_TYPE, kind), (ACCEPT_RANGES, "bytes")];
    let wanted = headers.get(RANGE).and_then(|range| range.to_str().ok());
    match wanted.and_then(|wanted| range(wanted, whole)) {
        None => (common, bytes).into_response(),
        Some(range) if range.is_empty() => {
            let says = [(CONTENT_RANGE, format!("bytes */{whole}"))];
            (StatusCode::RANGE_NOT_SATISFIABLE, common, says).into_response()
        }
        Some(Range { start, end }) => {
            bytes.truncate(end as usize);
            bytes.drain(..start as usize);
            let says = [(CONTENT_RANGE, format!("bytes {start}-{}/{whole}", end - 1))];
            (StatusCode::PARTIAL_CONTENT, common, says, bytes).into_response()
        }
    }
}

/// One range of bytes, as RFC 9110 writes it; nothing for what is to be passed over.
fn range(text: &str, whole: u64) -> Option<Range<u64>> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.parse::<u64>().ok();
    if first.is_empty() {
        return Some(whole.saturating_sub(number(last)?)..whole);
    }
    let start = number(first)?;
    let end = match last {
        "" => whole,
        last => number(last)?
            .checked_add(1)
            .filter(|&end| end > start)?
            .min(whole),
    };
    Some(start.min(whole)..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        assert_eq!(range("bytes=0-3", 10), Some(0..4));
        assert_eq!(range("bytes=4-", 10), Some(4..10));
        assert_eq!(range("bytes=-3", 10), Some(7..10));
        assert_eq!(range("bytes=-30", 10), Some(0..10));
        assert_eq!(range("bytes=5-99", 10), Some(5..10));
        assert!(range("bytes=10-", 10).is_some_and(|r| r.is_empty()));
        assert!(range("bytes=-0", 10).is_some_and(|r| r.is_empty()));
        for passed in [
            "bytes=3-1",
            "bytes=0-1,4-5",
            "lines=0-1",
            "bytes=a-",
            "bytes=",
            "bytes=0-99999999999999999999",
        ] {
            assert_eq!(range(passed, 10), None, "{passed}");
        }
    }
}
