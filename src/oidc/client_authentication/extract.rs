//! Client authentication at the endpoints for clients (OIDCC 9, RFC 6749 2.3, RFC 7523 3).
//!
//! Only the registered method of the client is accepted; a client secret registered without a method may be sent in the
//! header or in the body. Two methods in one request are rejected; a body `client_id` equal to the authenticated one is
//! not a second method. An assertion is accepted once.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::app::Operation;
use crate::clients::ops::secrets::{matching_secret, note_use};
use crate::clients::{self, AuthMethod, Client, is_client_id};
use crate::http::error::PageError;
use crate::http::form;
use crate::oidc::client_authentication::assertion::{self, ClientEndpoint, authentication_failed};
use crate::oidc::error::ProtocolError;
use crate::oidc::error_response::{ClientLogContext, error_response, unreadable_body_response};
use crate::protocol::error::OAuthError;
use crate::protocol::params::{Params, decode};
use crate::telemetry;

/// A request of an authenticated client.
pub struct AuthenticatedClient {
    pub client: Arc<Client>,
    pub params: Params,
    pub headers: HeaderMap,
    log_context: ClientLogContext,
}

impl AuthenticatedClient {
    /// Returns the error response for a request of the authenticated client.
    pub fn error_response(&self, error: &OAuthError) -> Response {
        error_response(error, &self.log_context, self.headers.contains_key(header::AUTHORIZATION))
    }
}

/// The reason why a request has no authenticated client.
pub enum ClientAuthenticationError {
    /// The request is wrong, or the client may not: the error response to send.
    Refused(Box<Response>),
    /// This server failed or is busy.
    Failed(PageError),
}

impl From<Response> for ClientAuthenticationError {
    fn from(response: Response) -> Self {
        ClientAuthenticationError::Refused(Box::new(response))
    }
}

/// Reads the form and authenticates the client.
pub async fn authenticate_client(
    op: &Operation<'_>,
    endpoint: ClientEndpoint,
    request: Request,
) -> Result<AuthenticatedClient, ClientAuthenticationError> {
    let headers = request.headers().clone();
    let basic_tried = headers.contains_key(header::AUTHORIZATION);
    let params = match form::read_body(request, op.app).await {
        Ok(text) => Params::parse(&text),
        Err(error) => {
            let response = unreadable_body_response(error, basic_tried).map_err(ClientAuthenticationError::Failed)?;
            return Err(response.into());
        }
    };
    if let Some(flaw) = params.error() {
        let error = OAuthError::invalid_request("a parameter stands twice, is too long or is not text");
        return Err(error_response(&error.detail(flaw.to_string()), &ClientLogContext::default(), basic_tried).into());
    }
    let mut who = ClientLogContext::default();
    let checked = match extract_credentials(&headers, &params) {
        Ok(presented) => verify_credentials(op, endpoint, presented, &mut who).await,
        Err(error) => Err(error.into()),
    };
    match checked {
        Ok(client) => Ok(AuthenticatedClient { client, params, headers, log_context: who }),
        Err(ProtocolError::Denied(error)) => Err(error_response(&error, &who, basic_tried).into()),
        Err(ProtocolError::Failed(error)) => Err(ClientAuthenticationError::Failed(error)),
    }
}

/// The credentials in a request.
struct ClientCredentials {
    client_id: String,
    kind: CredentialKind,
}

enum CredentialKind {
    Basic(String),
    Post(String),
    Assertion(String),
    Anonymous,
}

impl CredentialKind {
    /// Returns the authentication methods that the credential may belong to.
    fn methods(&self) -> &'static [AuthMethod] {
        match self {
            CredentialKind::Basic(_) => &[AuthMethod::ClientSecretBasic],
            CredentialKind::Post(_) => &[AuthMethod::ClientSecretPost],
            CredentialKind::Assertion(_) => &[AuthMethod::PrivateKeyJwt, AuthMethod::ClientSecretJwt],
            CredentialKind::Anonymous => &[AuthMethod::None],
        }
    }
}

async fn verify_credentials(
    op: &Operation<'_>,
    endpoint: ClientEndpoint,
    presented: ClientCredentials,
    who: &mut ClientLogContext,
) -> Result<Arc<Client>, ProtocolError> {
    let methods = presented.kind.methods();
    who.used_method = join_method_names(methods.iter().copied());
    if !is_client_id(&presented.client_id) {
        return Err(authentication_failed("malformed client_id").into());
    }
    who.client_id.clone_from(&presented.client_id);
    let found = clients::ops::find_recent(op.app, op.now, &presented.client_id).await?;
    let client = found.ok_or_else(|| authentication_failed("unknown client"))?;
    telemetry::record_client_id(&client.id);
    who.registered_methods =
        join_method_names(AuthMethod::ALL.into_iter().filter(|method| client.accepts_auth_method(*method)));
    if !client.is_usable() {
        return Err(authentication_failed("the client may not be used").into());
    }
    if !methods.iter().any(|method| client.accepts_auth_method(*method)) {
        return Err(authentication_failed("another method than the registered one").into());
    }
    match presented.kind {
        CredentialKind::Basic(secret) | CredentialKind::Post(secret) => {
            match matching_secret(&client, &secret, op.now) {
                Some(digest) => note_use(op, &client, digest),
                None => return Err(authentication_failed("wrong secret").into()),
            }
        }
        CredentialKind::Assertion(text) => assertion::verify(op, endpoint, &client, &text).await?,
        CredentialKind::Anonymous => {}
    }
    clients::ops::record_use(op, &client).await;
    Ok(client)
}

/// Joins the names of methods for the log.
fn join_method_names(methods: impl Iterator<Item = AuthMethod>) -> String {
    methods.map(AuthMethod::name).collect::<Vec<_>>().join(" or ")
}

fn extract_credentials(headers: &HeaderMap, params: &Params) -> Result<ClientCredentials, OAuthError> {
    let mut authorization = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (authorization.next(), authorization.next());
    if second.is_some() {
        return Err(OAuthError::invalid_request("two Authorization headers"));
    }
    let body_id = params.get("client_id");
    let has = |name: &str| params.names().any(|n| n == name);
    if let Some(value) = first {
        // A secret in the body beside the header is a second method (docs/threats.md#attack-c11); an empty parameter
        // counts as not sent.
        if has("client_secret") || has("client_assertion") {
            return Err(OAuthError::invalid_request("two methods of client authentication"));
        }
        let (client_id, secret) = parse_basic(value.as_bytes()).ok_or_else(|| {
            authentication_failed("the Authorization header is not Basic with form-encoded id and secret")
        })?;
        if body_id.is_some_and(|id| id != client_id) {
            return Err(OAuthError::invalid_request("client_id differs from the Authorization header"));
        }
        return Ok(ClientCredentials { client_id, kind: CredentialKind::Basic(secret) });
    }
    if has("client_assertion") || has("client_assertion_type") {
        if has("client_secret") {
            return Err(OAuthError::invalid_request("two methods of client authentication"));
        }
        if params.get("client_assertion_type") != Some(assertion::CLIENT_ASSERTION_TYPE) {
            return Err(authentication_failed("client_assertion_type is not the one for JWTs"));
        }
        let text = params.get_owned("client_assertion").unwrap_or_default();
        let claimed = assertion::unverified_client_id(&text)
            .ok_or_else(|| authentication_failed("client_assertion is not a JWT with a client in sub"))?;
        // RFC 7521 4.2: `client_id` is optional, but must equal the subject of the assertion.
        if body_id.is_some_and(|id| id != claimed) {
            return Err(authentication_failed("client_id is not the assertion's"));
        }
        return Ok(ClientCredentials { client_id: claimed, kind: CredentialKind::Assertion(text) });
    }
    let Some(client_id) = body_id.map(str::to_owned) else {
        return Err(authentication_failed("nothing says which client asks"));
    };
    let proof = params.get_owned("client_secret").map_or(CredentialKind::Anonymous, CredentialKind::Post);
    Ok(ClientCredentials { client_id, kind: proof })
}

/// Parses the Basic credentials of RFC 6749 2.3.1: id and secret are form-encoded, joined by a colon, and
/// base64-encoded.
fn parse_basic(header: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(header).ok()?;
    let (scheme, rest) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") || rest.len() > 2_000 {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(rest.trim()).ok()?).ok()?;
    let (id, secret) = pair.split_once(':')?;
    Some((decode(id)?, decode(secret)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn attack_c11_basic_values_are_form_decoded_strictly() {
        let header = |pair: &str| format!("Basic {}", STANDARD.encode(pair));
        assert_eq!(parse_basic(header("a%2Eb:s%2Bt").as_bytes()), Some(("a.b".into(), "s+t".into())));
        assert_eq!(parse_basic(header("a:b:c").as_bytes()), Some(("a".into(), "b:c".into())));
        for bad in ["Basic", "Basic ", "Basic !!!", "Bearer x", "Basic YQ"] {
            assert_eq!(parse_basic(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(parse_basic(header("a:%zz").as_bytes()), None);
    }

    proptest! {
        #[test]
        fn attack_d4_any_authorization_header_is_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse_basic(&bytes);
        }
    }
}
