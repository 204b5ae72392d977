//! The printed letters of the demo, as files to open: on paper in a real school, where no site has them.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::SharedSites;
use super::college::not_found;
use super::site_request::SiteRequest;

/// The files with the demo's letters.
#[derive(Clone, Debug)]
pub struct LetterFiles {
    pub pupils: PathBuf,
    pub parent: PathBuf,
}

pub async fn pupils(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    let path = state.letters.pupils.clone();
    send(state, visitor, &path).await
}

pub async fn parent(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    let path = state.letters.parent.clone();
    send(state, visitor, &path).await
}

/// Sends a file as it is now; 404 if there is none, because nobody needed a letter.
async fn send(state: SharedSites, visitor: SiteRequest, path: &Path) -> Response {
    match tokio::fs::read(path).await {
        Ok(bytes) => {
            let mut response = bytes.into_response();
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
            headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static("inline"));
            // Browsers draw a PDF by a page of their own, which the policy of ours would stop.
            headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("frame-ancestors 'none'"));
            response
        }
        Err(error) => {
            if error.kind() != ErrorKind::NotFound {
                tracing::error!(path = %path.display(), %error, "a file of letters could not be read");
            }
            not_found(State(state), visitor).await
        }
    }
}
