//! Faults beneath a real client: one HTTP request at a time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream;
use http::StatusCode;
use http_body::Frame;
use http_body_util::StreamBody;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService, ReqwestConnector,
};
use object_store::{ClientOptions, Result};

/// What becomes of the chosen request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpFault {
    /// The server says 503 and does nothing.
    Unavailable,
    /// The server does it and says 503, so that the client asks again.
    DoneThenUnavailable,
    /// The server does it, and the connection breaks before it answers.
    DoneThenReset,
    /// The answer's body ends after so many bytes.
    Cut(usize),
}

#[derive(Debug, Default)]
struct State {
    plan: Option<(usize, HttpFault)>,
    log: Vec<String>,
    met: bool,
}

/// Makes clients whose `k`-th request meets a fault. Clones share everything.
#[derive(Debug, Clone, Default)]
pub struct FaultConnector(Arc<Mutex<State>>);

impl FaultConnector {
    /// Request `k`, counted from here, meets `fault`.
    pub fn fail_at(&self, k: usize, fault: HttpFault) {
        *self.state() = State {
            plan: Some((k, fault)),
            ..State::default()
        };
    }

    /// No request meets a fault any more. The log stays.
    pub fn heal(&self) {
        self.state().plan = None;
    }

    /// Whether a request since the last plan has met its fault.
    pub fn has_failed(&self) -> bool {
        self.state().met
    }

    /// The requests since then, each with its method, path and answer.
    pub fn log(&self) -> Vec<String> {
        self.state().log.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers a request, and says what it meets.
    fn meet(&self, request: &HttpRequest) -> (usize, Option<HttpFault>) {
        let mut state = self.state();
        let number = state.log.len();
        let fault = state.plan.filter(|(k, _)| *k == number);
        let fault = fault.map(|(_, fault)| fault);
        state.met |= fault.is_some();
        let line = format!("{} {}", request.method(), request.uri().path());
        state.log.push(line);
        (number, fault)
    }
}

impl HttpConnector for FaultConnector {
    fn connect(&self, options: &ClientOptions) -> Result<HttpClient> {
        let inner = ReqwestConnector::default().connect(options)?;
        let connector = self.clone();
        Ok(HttpClient::new(FaultService { inner, connector }))
    }
}

#[derive(Debug)]
struct FaultService {
    inner: HttpClient,
    connector: FaultConnector,
}

#[async_trait]
impl HttpService for FaultService {
    async fn call(&self, request: HttpRequest) -> std::result::Result<HttpResponse, HttpError> {
        let (number, fault) = self.connector.meet(&request);
        let answer = self.answer(request, fault).await;
        let said = match &answer {
            Ok(answer) => answer.status().to_string(),
            Err(error) => format!("{:?}", error.kind()),
        };
        if let Some(line) = self.connector.state().log.get_mut(number) {
            *line += &format!(" -> {said}");
            if let Some(fault) = fault {
                *line += &format!(" ({fault:?})");
            }
        }
        answer
    }
}

impl FaultService {
    async fn answer(
        &self,
        request: HttpRequest,
        fault: Option<HttpFault>,
    ) -> std::result::Result<HttpResponse, HttpError> {
        match fault {
            None => self.inner.execute(request).await,
            Some(HttpFault::Unavailable) => Ok(unavailable()),
            Some(HttpFault::DoneThenUnavailable) => {
                self.inner.execute(request).await?;
                Ok(unavailable())
            }
            Some(HttpFault::DoneThenReset) => {
                self.inner.execute(request).await?;
                Err(reset())
            }
            Some(HttpFault::Cut(length)) => cut(self.inner.execute(request).await?, length).await,
        }
    }
}

fn unavailable() -> HttpResponse {
    let body = "<Error><Code>SlowDown</Code></Error>".to_owned();
    let mut answer = HttpResponse::new(HttpResponseBody::from(body));
    *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    answer
}

fn reset() -> HttpError {
    let error = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    HttpError::new(HttpErrorKind::Interrupted, error)
}

/// The same answer, whose body breaks off; its headers still promise all of it.
async fn cut(answer: HttpResponse, length: usize) -> std::result::Result<HttpResponse, HttpError> {
    let (head, body) = answer.into_parts();
    let whole: Bytes = body.bytes().await?;
    let start = whole.slice(..length.min(whole.len()));
    let frames = stream::iter([Ok(Frame::data(start)), Err(reset())]);
    let body = HttpResponseBody::new(StreamBody::new(frames));
    Ok(HttpResponse::from_parts(head, body))
}
