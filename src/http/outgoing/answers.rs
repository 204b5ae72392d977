//! Calls of an upstream's endpoints, whose answer is read whatever its status: an error says more than its number.

use reqwest::{Client, Method};

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

impl OutgoingClient {
    /// Calls an upstream's endpoint and reads an answer of at most `most` bytes.
    pub async fn call_upstream(&self, call: EndpointCall<'_>, most: usize) -> Result<EndpointAnswer, OutgoingError> {
        let url = self.validate_url(call.address)?;
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
