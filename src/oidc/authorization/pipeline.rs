//! Every check of an authorization request, in order: at `/oauth2/authorize`, at `/oauth2/par`, or at both.
//!
//! Until the client and the redirect URI are verified, an error is a page and never a redirect (RFC 6749 4.1.2.1,
//! docs/threats.md#attack-r11); afterwards the error goes back to the client in the requested response mode.
//!
//! A pushed request has passed its checks at `/oauth2/par`; at `/oauth2/authorize` only its client, its age and its
//! redirect URI are checked again.

use std::sync::Arc;

use super::target::ResponseTarget;
use super::validation::RequestValidator;
use super::{id_token_hint, pushed_request, request_object};
use crate::app::Operation;
use crate::base::secret::constant_time_eq;
use crate::clients::{self, Client, ClientState, is_client_id, metadata};
use crate::http::error::PageError;
use crate::oidc::error::ProtocolError;
use crate::oidc::tokens::dpop_proof::DpopProof;
use crate::oidc::tokens::resource_indicators::requested_resources;
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::disclosure::Disclosure;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::Params;
use crate::telemetry;

/// The endpoint at which a request arrives.
#[derive(Clone, Copy, Debug)]
pub enum Stage<'a> {
    /// `/oauth2/authorize`, from a browser: nobody is authenticated.
    Authorize,
    /// `/oauth2/par`, from the client itself, perhaps with a verified DPoP proof.
    Pushed { client: &'a Client, proof: Option<&'a DpopProof> },
    /// A test sign-in of the console: nobody sent the request, and the client may be one that is only asked for.
    TestSignIn { client: &'a Client },
}

/// The error of an authorization request, by the way that it is reported.
#[derive(Debug)]
pub enum AuthorizeError {
    /// Shown on a page of this server. The client is set only if known; of one that is suspended nothing is said but that
    /// it is.
    Page { client: Option<Box<Client>>, is_suspended: bool, error: OAuthError },
    /// Returned to the verified redirect URI.
    Redirect { target: ResponseTarget, error: OAuthError },
    /// This server failed or is busy.
    Failed(PageError),
}

impl<E> From<E> for AuthorizeError
where
    PageError: From<E>,
{
    fn from(error: E) -> Self {
        AuthorizeError::Failed(error.into())
    }
}

impl AuthorizeError {
    /// Returns the error for a program: it has no page and no redirect.
    pub fn into_protocol_error(self) -> ProtocolError {
        match self {
            AuthorizeError::Page { error, .. } | AuthorizeError::Redirect { error, .. } => error.into(),
            AuthorizeError::Failed(error) => ProtocolError::Failed(error),
        }
    }
}

/// Checks a request; returns the client and what it asks for.
pub async fn check_request(
    op: &Operation<'_>,
    stage: Stage<'_>,
    params: &Params,
) -> Result<(Client, AuthorizeRequest), AuthorizeError> {
    let client = match stage {
        Stage::Authorize => find_client(op, params).await?,
        Stage::Pushed { client, .. } | Stage::TestSignIn { client } => client.clone(),
    };
    match (stage, params.get("request_uri")) {
        (Stage::Authorize, Some(uri)) if pushed_request::is_pushed_request_uri(uri) => {
            let found = pushed_request::find(op, &client, uri).await?;
            let words = "the pushed request is unknown, expired or used";
            return match found {
                Some(request) => Ok((client, request)),
                None => Err(unverified(client, params, OAuthError::new(ErrorCode::InvalidRequestUri, words), None)),
            };
        }
        (Stage::Pushed { .. }, Some(_)) => {
            // RFC 9126 2.1.
            return Err(unverified(client, params, OAuthError::invalid_request("request_uri cannot be pushed"), None));
        }
        _ => {}
    }
    let object = match request_object::extract(op, &client, params).await {
        Ok(object) => object,
        Err(why) => match why.error {
            ProtocolError::Denied(error) => return Err(unverified(client, params, error, why.state)),
            ProtocolError::Failed(error) => return Err(AuthorizeError::Failed(error)),
        },
    };
    // From here only the parameters of the object count, if there is one (RFC 9101 6.3).
    let (params, signed) = (object.as_ref().unwrap_or(params), object.is_some());
    let uri = verify_redirect_uri(&client, params)?;
    match check_parameters(op, stage, (&client, &uri, signed), params).await {
        Ok(request) => Ok((client, request)),
        Err(ProtocolError::Denied(error)) => {
            Err(AuthorizeError::Redirect { target: ResponseTarget::best_effort(&uri, params), error })
        }
        Err(ProtocolError::Failed(error)) => Err(AuthorizeError::Failed(error)),
    }
}

/// Checks everything that is answered to the verified redirect URI.
async fn check_parameters(
    op: &Operation<'_>,
    stage: Stage<'_>,
    (client, uri, signed): (&Client, &str, bool),
    params: &Params,
) -> Result<AuthorizeRequest, ProtocolError> {
    let validator = RequestValidator { client, params };
    let hinted = match params.get("id_token_hint") {
        Some(hint) => Some(id_token_hint::verify(op, client, hint).await?),
        None => None,
    };
    metadata::check_offered_algorithms(&client.meta, &op.app.config.keys.algorithms).map_err(|flaw| {
        let words = "this client is registered for a signature that is not offered any more";
        OAuthError::new(ErrorCode::UnauthorizedClient, words).detail(flaw.to_string())
    })?;
    let resource = requested_resources(op.app.issuer(), client, params)?;
    validator.well_formed()?;
    if matches!(stage, Stage::Authorize) {
        validator.may_be_unpushed()?;
    }
    // A test has not the client's key: what it would have to sign is checked for all else.
    validator.signed_if_required(signed || matches!(stage, Stage::TestSignIn { .. }))?;
    validator.without_registration()?;
    let response_type = validator.response_type()?;
    let response_mode = validator.response_mode(response_type)?;
    let scopes = validator.scopes()?;
    let (state, nonce) = validator.state_and_nonce(response_type)?;
    let code_challenge = validator.pkce(response_type)?;
    let prompt = validator.prompt()?;
    let max_age = validator.max_age()?;
    let asked = validator.claims()?;
    let acr = validator.acr(&asked)?;
    let expected_sub = validator.expected_sub(hinted, asked.sub)?;
    let mut dpop_jkt = validator.dpop_jkt()?;
    if let Stage::Pushed { proof: Some(proof), .. } = stage {
        dpop_jkt = Some(bind_to_proof(op, client, dpop_jkt, proof).await?);
    }
    Ok(AuthorizeRequest {
        client_id: client.id.clone(),
        redirect_uri: uri.to_owned(),
        response_type,
        response_mode,
        disclosure: Disclosure {
            scopes,
            claims: asked.claims.restricted_to(|name| client.meta.scopes.grants_claim(name)),
        },
        state,
        nonce,
        code_challenge,
        prompt,
        max_age,
        login_hint: params.get_owned("login_hint").filter(|h| h.len() <= 256),
        ui_locales: params.get_owned("ui_locales").filter(|l| l.len() <= 256),
        expected_sub,
        acr,
        dpop_jkt,
        resource,
        pushed: None,
        idp_hint: validator.idp_hint(),
        received: op.now,
    })
}

/// Finds the usable client of `client_id`.
async fn find_client(op: &Operation<'_>, params: &Params) -> Result<Client, AuthorizeError> {
    let Operation { app, now, .. } = *op;
    let Some(id) = params.get("client_id").filter(|id| is_client_id(id)) else {
        return Err(page_error(None, "client_id is missing or malformed", "client_id"));
    };
    let Some(client) = clients::ops::find_recent(app, now, id).await? else {
        return Err(page_error(None, "unknown client", id));
    };
    telemetry::record_client_id(&client.id);
    if !client.is_usable() {
        let error = OAuthError::invalid_request("unknown client").detail(format!("{id} is {}", client.state.name()));
        let is_suspended = client.state == ClientState::Suspended;
        return Err(AuthorizeError::Page { client: None, is_suspended, error });
    }
    Ok(Arc::unwrap_or_clone(client))
}

/// Verifies the redirect URI: only with a registered one may a response be sent to the client.
fn verify_redirect_uri(client: &Client, params: &Params) -> Result<String, AuthorizeError> {
    match params.get("redirect_uri") {
        Some(uri) if client.allows_redirect(uri) => Ok(uri.to_owned()),
        Some(uri) => {
            // The logged URI helps the operator to register the right one; the query may hold personal data, so it is
            // cut off.
            let shown: String = uri.split(['?', '#']).next().unwrap_or_default().chars().take(200).collect();
            Err(page_error(None, "redirect_uri is not registered", &format!("{}: {shown:?}", client.id)))
        }
        None => Err(page_error(Some(client.clone()), "redirect_uri is missing or stands twice", &client.id)),
    }
}

/// Binds the code to the key of a proof at `/oauth2/par` (RFC 9449 10.1), and consumes the proof as the last check.
async fn bind_to_proof(
    op: &Operation<'_>,
    client: &Client,
    asked: Option<String>,
    proof: &DpopProof,
) -> Result<String, ProtocolError> {
    if asked.is_some_and(|asked| !constant_time_eq(&asked, &proof.jkt)) {
        return Err(OAuthError::invalid_request("dpop_jkt is not the key of the proof").into());
    }
    proof.consume(op, &client.id).await?;
    Ok(proof.jkt.clone())
}

fn page_error(client: Option<Client>, description: &'static str, detail: &str) -> AuthorizeError {
    AuthorizeError::Page {
        client: client.map(Box::new),
        is_suspended: false,
        error: OAuthError::invalid_request(description).detail(detail),
    }
}

/// Reports an error found before the redirect URI was looked at: only to a registered one, whatever else is wrong.
/// `inside` is the `state` of a request object.
fn unverified(client: Client, params: &Params, error: OAuthError, inside: Option<String>) -> AuthorizeError {
    match verify_redirect_uri(&client, params) {
        Ok(uri) => {
            let back = ResponseTarget::best_effort(&uri, params);
            AuthorizeError::Redirect { target: ResponseTarget { state: inside.or(back.state), ..back }, error }
        }
        Err(_) => AuthorizeError::Page { client: Some(Box::new(client)), is_suspended: false, error },
    }
}
