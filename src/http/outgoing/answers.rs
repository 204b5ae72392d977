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

/// The maximum number of concurrent calls of one upstream for those who come back from it, or prove something of it.
pub(super) const MAX_CALLS_PER_UPSTREAM: usize = 16;
/// The maximum number of concurrent calls of one upstream for those who are sent there.
pub(super) const MAX_STARTS_PER_UPSTREAM: usize = 8;

/// The calls of an upstream, by its id, among which a call counts. Those who begin thousands of sign-ins take no place of
/// those who come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpstreamShare<'a> {
    Returns(&'a str),
    /// `waits` for a place; else a call without one fails at once, as [`OutgoingError::Busy`].
    Starts {
        upstream_id: &'a str,
        waits: bool,
    },
}

impl OutgoingClient {
    /// Returns a share of an upstream, by its id: of a file, so that there are few.
    fn share_of(&self, share: UpstreamShare<'_>) -> Arc<Semaphore> {
        let (upstream_id, is_start, places) = match share {
            UpstreamShare::Returns(id) => (id, false, MAX_CALLS_PER_UPSTREAM),
            UpstreamShare::Starts { upstream_id, .. } => (upstream_id, true, MAX_STARTS_PER_UPSTREAM),
        };
        let mut shares = self.upstream_shares.lock().unwrap_or_else(PoisonError::into_inner);
        let share = shares.entry((upstream_id.to_owned(), is_start));
        Arc::clone(share.or_insert_with(|| Arc::new(Semaphore::new(places))))
    }

    /// Calls an endpoint of an upstream and reads an answer of at most `most` bytes. Each upstream has its own shares of
    /// the calls: one that hangs takes no other's (docs/threats.md#attack-d6).
    pub async fn call_upstream(
        &self,
        share: UpstreamShare<'_>,
        call: EndpointCall<'_>,
        most: usize,
    ) -> Result<EndpointAnswer, OutgoingError> {
        let url = self.validate_url(call.address)?;
        let places = self.share_of(share);
        let _place_of_share = match share {
            UpstreamShare::Starts { waits: false, .. } => places.try_acquire().map_err(|_| OutgoingError::Busy)?,
            // Waited for: a whole school signs in at eight o'clock. The caller's patience bounds the wait.
            _ => places.acquire().await.map_err(|_| OutgoingError::Busy)?,
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
