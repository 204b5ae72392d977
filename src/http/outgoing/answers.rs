//! Calls of an upstream's endpoints, whose answer is read whatever its status: an error says more than its number.

use std::sync::{Arc, PoisonError};

use reqwest::{Client, Method};
use tokio::sync::Semaphore;

use super::{CallPurpose, OutgoingClient, OutgoingError, media_type, read_body};

/// A call of an endpoint: a POST of a form, or a GET without one.
#[derive(Clone, Copy, Debug)]
pub struct EndpointCall<'a> {
    pub address: &'a str,
    pub accept: &'a str,
    /// The `Authorization` header.
    pub authorization: Option<&'a str>,
    pub form: Option<&'a [(&'a str, &'a str)]>,
}

/// The answer, whatever its status. A redirect is an answer too: none is followed.
#[derive(Debug)]
pub struct EndpointAnswer {
    pub status: u16,
    /// The media type without parameters, in lower case; empty if absent.
    pub media_type: String,
    pub body: Vec<u8>,
}

/// The maximum number of concurrent calls of one upstream.
const MAX_CALLS_PER_UPSTREAM: usize = 16;

impl OutgoingClient {
    /// Returns the share of an upstream, by its id: of a file, so that there are few.
    fn share_of(&self, upstream_id: &str) -> Arc<Semaphore> {
        let mut shares = self.upstream_shares.lock().unwrap_or_else(PoisonError::into_inner);
        let share = shares.entry(upstream_id.to_owned());
        Arc::clone(share.or_insert_with(|| Arc::new(Semaphore::new(MAX_CALLS_PER_UPSTREAM))))
    }

    /// Calls an endpoint of an upstream, by id, and reads an answer of at most `most` bytes. Each upstream has its own
    /// share of the calls: one that hangs takes no other's (docs/threats.md#attack-d6).
    pub async fn call_upstream(
        &self,
        upstream_id: &str,
        call: EndpointCall<'_>,
        most: usize,
    ) -> Result<EndpointAnswer, OutgoingError> {
        let url = self.validate_url(call.address)?;
        let share = self.share_of(upstream_id);
        // Waited for: a whole school signs in at eight o'clock. The caller's patience bounds the wait.
        let Ok(_share) = share.acquire().await else {
            return Err(OutgoingError::NoResponse("the share of this upstream is closed".to_owned()));
        };
        let (ways, _place) = self.acquire(CallPurpose::Upstream)?;
        let request = |client: &Client| {
            let method = if call.form.is_some() { Method::POST } else { Method::GET };
            let mut request = client.request(method, url.clone()).header("accept", call.accept);
            if let Some(authorization) = call.authorization {
                request = request.header("authorization", authorization);
            }
            match call.form {
                Some(fields) => request.form(fields),
                None => request,
            }
        };
        let response = ways.send(&url, request).await?;
        let status = response.status().as_u16();
        Ok(EndpointAnswer { status, media_type: media_type(&response), body: read_body(response, most).await? })
    }
}
