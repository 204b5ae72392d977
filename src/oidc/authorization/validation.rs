//! Every check of an authorization request, in order, shared by `/oauth2/authorize` and `/oauth2/par`.
//!
//! Until the client and the redirect URI are verified, an error is a page and never a redirect (RFC 6749 4.1.2.1,
//! docs/threats.md#attack-r11); afterwards the error goes back to the client in the requested response mode.

use super::id_token_hint;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;
use crate::clients::{self, Client, is_client_id, metadata};
use crate::oidc::authorization::target::ResponseTarget;
use crate::oidc::tokens::resource_indicators::requested_resources;
use crate::protocol::acr::{Acr, AcrRequest};
use crate::protocol::authorize::{AuthorizeRequest, Prompt};
use crate::protocol::claims_request::{self, ClaimsParameter};
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::Params;
use crate::protocol::pkce;
use crate::protocol::response::{ResponseMode, ResponseType};
use crate::protocol::scope::{Scope, Scopes};
use crate::telemetry;

/// The maximum length of a nonce, in bytes.
const MAX_NONCE_BYTES: usize = 2_048;

/// The error of an authorization request, by the way that it is reported.
#[derive(Debug)]
pub enum AuthorizeError {
    /// Shown on a page of this server. The client is set only if known.
    Page { client: Option<Box<Client>>, error: OAuthError },
    /// Returned to the verified redirect URI.
    Redirect { target: ResponseTarget, error: OAuthError },
}

fn page_error(client: Option<Client>, description: &'static str, detail: &str) -> AuthorizeError {
    AuthorizeError::Page {
        client: client.map(Box::new),
        error: OAuthError::invalid_request(description).detail(detail),
    }
}

/// Finds the usable client of `client_id`.
pub async fn find_client(app: &App, params: &Params) -> anyhow::Result<Result<Client, AuthorizeError>> {
    let Some(id) = params.get("client_id").filter(|id| is_client_id(id)) else {
        return Ok(Err(page_error(None, "client_id is missing or malformed", "client_id")));
    };
    let Some(client) = clients::store::find(&mut app.db.read().await?, id).await? else {
        return Ok(Err(page_error(None, "unknown client", id)));
    };
    telemetry::record_client_id(&client.id);
    if !client.is_usable() {
        return Ok(Err(page_error(None, "unknown client", &format!("{id} is {}", client.state.name()))));
    }
    Ok(Ok(client))
}

/// Verifies the redirect URI: only with a registered one may a response be sent to the client.
pub fn validate_redirect_uri(client: &Client, params: &Params) -> Result<String, AuthorizeError> {
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

/// The origin of the parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestOrigin {
    /// True if the client itself pushed the request (RFC 9126).
    pub pushed: bool,
    /// True if the parameters come from a request object signed by the client (RFC 9101).
    pub signed: bool,
}

/// Validates all other parameters and builds the authorization request.
pub async fn validate(
    app: &App,
    now: Timestamp,
    client: &Client,
    uri: &str,
    params: &Params,
    came: RequestOrigin,
) -> anyhow::Result<Result<AuthorizeRequest, OAuthError>> {
    let hinted = match params.get("id_token_hint") {
        None => None,
        Some(hint) => match id_token_hint::verify(app, now, client, hint).await? {
            Ok(sub) => Some(sub),
            Err(error) => return Ok(Err(error)),
        },
    };
    if let Err(flaw) = metadata::check_offered_algorithms(&client.meta, &app.config.keys.algorithms) {
        let words = "this client is registered for a signature that is not offered any more";
        return Ok(Err(OAuthError::new(ErrorCode::UnauthorizedClient, words).detail(flaw.to_string())));
    }
    let resource = match requested_resources(app.issuer(), client, params) {
        Ok(resource) => resource,
        Err(error) => return Ok(Err(error)),
    };
    Ok(validate_parameters(now, client, uri, params, came, hinted)
        .map(|request| AuthorizeRequest { resource, ..request }))
}

fn validate_parameters(
    now: Timestamp,
    client: &Client,
    uri: &str,
    params: &Params,
    came: RequestOrigin,
    hinted: Option<String>,
) -> Result<AuthorizeRequest, OAuthError> {
    let c = RequestValidator { client, params };
    c.well_formed()?;
    c.origin(came)?;
    let response_type = c.response_type()?;
    let response_mode = c.response_mode(response_type)?;
    let scopes = c.scopes()?;
    let (state, nonce) = c.state_and_nonce(response_type)?;
    let code_challenge = c.pkce(response_type)?;
    let prompt = c.prompt()?;
    let max_age = c.max_age()?;
    let asked = c.claims()?;
    let acr = c.acr(&asked)?;
    let expected_sub = match (hinted, asked.sub) {
        (Some(hint), Some(sub)) if hint != sub => {
            return Err(OAuthError::invalid_request("id_token_hint and claims are about two persons"));
        }
        (hint, sub) => hint.or(sub),
    };
    Ok(AuthorizeRequest {
        client_id: client.id.clone(),
        redirect_uri: uri.to_owned(),
        response_type,
        response_mode,
        scopes,
        state,
        nonce,
        code_challenge,
        prompt,
        max_age,
        login_hint: params.get_owned("login_hint").filter(|h| h.len() <= 256),
        ui_locales: params.get_owned("ui_locales").filter(|l| l.len() <= 256),
        expected_sub,
        claims: asked.claims.restricted_to(|name| client.meta.scopes.grants_claim(name)),
        acr,
        dpop_jkt: c.dpop_jkt()?,
        resource: Vec::new(),
        pushed: None,
        received: now,
    })
}

struct RequestValidator<'a> {
    client: &'a Client,
    params: &'a Params,
}

impl RequestValidator<'_> {
    fn well_formed(&self) -> Result<(), OAuthError> {
        match self.params.error() {
            None => Ok(()),
            Some(flaw) => Err(OAuthError::invalid_request("a parameter stands twice, is too long or is not text")
                .detail(flaw.to_string())),
        }
    }

    /// Checks the client's registered requirements on the origin of the request (RFC 9126 6, RFC 9101 10.5), and
    /// rejects the unsupported `registration` parameter (OIDCC 7.2.1).
    fn origin(&self, came: RequestOrigin) -> Result<(), OAuthError> {
        if self.client.requirements().par && !came.pushed {
            return Err(OAuthError::invalid_request("this client must push its requests"));
        }
        if self.client.requirements().signed_request && !came.signed {
            return Err(OAuthError::invalid_request("this client must sign its requests"));
        }
        if self.params.get("registration").is_some() {
            return Err(OAuthError::new(ErrorCode::RegistrationNotSupported, "registration is not supported"));
        }
        Ok(())
    }

    fn response_type(&self) -> Result<ResponseType, OAuthError> {
        let Some(text) = self.params.get("response_type") else {
            return Err(OAuthError::invalid_request("response_type is missing"));
        };
        let Some(kind) = ResponseType::parse(text) else {
            return Err(OAuthError::new(ErrorCode::UnsupportedResponseType, "response_type is not supported"));
        };
        if !self.client.meta.response_types.contains(&kind) {
            let words = "response_type is not registered for this client";
            return Err(OAuthError::new(ErrorCode::UnauthorizedClient, words));
        }
        // RFC 9449 5.2: the front channel carries no DPoP proof.
        if kind.token && self.client.requirements().dpop {
            return Err(OAuthError::invalid_request("this client's access tokens are bound to a key"));
        }
        Ok(kind)
    }

    fn response_mode(&self, kind: ResponseType) -> Result<ResponseMode, OAuthError> {
        match self.params.get("response_mode").map(ResponseMode::from_name) {
            None => Ok(ResponseMode::default_for(kind)),
            Some(Some(ResponseMode::Query)) if kind.uses_front_channel() => {
                Err(OAuthError::invalid_request("tokens do not travel in a query"))
            }
            Some(Some(mode)) => Ok(mode),
            Some(None) => Err(OAuthError::invalid_request("response_mode is not supported")),
        }
    }

    fn scopes(&self) -> Result<Scopes, OAuthError> {
        let text = self.params.get("scope").unwrap_or_default();
        let asked = Scopes::parse(text)
            .ok_or_else(|| OAuthError::new(ErrorCode::InvalidScope, "scope holds a forbidden character"))?;
        if !asked.contains(Scope::Openid) {
            return Err(OAuthError::new(ErrorCode::InvalidScope, "scope must hold openid"));
        }
        Ok(asked.intersection(&self.client.meta.scopes))
    }

    /// Checks `state` and `nonce`; an ID token in the front channel requires a nonce (OIDCC 3.2.2.1).
    fn state_and_nonce(&self, kind: ResponseType) -> Result<(Option<String>, Option<String>), OAuthError> {
        let (state, nonce) = (self.params.get_owned("state"), self.params.get_owned("nonce"));
        // `state` may be as long as any parameter, because the server only returns it. The nonce is stored with the
        // code and copied into tokens.
        if nonce.as_ref().is_some_and(|nonce| nonce.len() > MAX_NONCE_BYTES) {
            return Err(OAuthError::invalid_request("nonce is too long"));
        }
        if kind.id_token && nonce.is_none() {
            return Err(OAuthError::invalid_request("nonce is missing"));
        }
        Ok((state, nonce))
    }

    /// Checks the PKCE parameters (RFC 7636 4.3, 4.4.1); see docs/decisions/0011-pkce-where-it-can-be-demanded.md.
    fn pkce(&self, kind: ResponseType) -> Result<Option<String>, OAuthError> {
        let method = self.params.get("code_challenge_method");
        match self.params.get("code_challenge") {
            None if method.is_some() => Err(OAuthError::invalid_request("code_challenge is missing")),
            None if kind.code && self.client.requirements().pkce => {
                Err(OAuthError::invalid_request("code_challenge is required: PKCE with S256"))
            }
            None => Ok(None),
            Some(_) if method != Some("S256") => Err(OAuthError::invalid_request("code_challenge_method must be S256")),
            Some(challenge) if !pkce::is_challenge(challenge) => {
                Err(OAuthError::invalid_request("code_challenge is malformed"))
            }
            Some(challenge) => Ok(Some(challenge.to_owned())),
        }
    }

    fn prompt(&self) -> Result<Prompt, OAuthError> {
        Prompt::parse(self.params.get("prompt").unwrap_or_default())
            .ok_or_else(|| OAuthError::invalid_request("prompt has an unknown word, or none beside another"))
    }

    fn max_age(&self) -> Result<Option<i64>, OAuthError> {
        match self.params.get("max_age") {
            None => Ok(self.client.meta.default_max_age),
            Some(text) => match text.parse::<i64>() {
                Ok(seconds) if seconds >= 0 => Ok(Some(seconds.min(10 * 365 * 86_400))),
                _ => Err(OAuthError::invalid_request("max_age is a number of seconds")),
            },
        }
    }

    /// Parses the `claims` parameter (OIDCC 5.5).
    fn claims(&self) -> Result<ClaimsParameter, OAuthError> {
        let Some(text) = self.params.get("claims") else { return Ok(ClaimsParameter::default()) };
        claims_request::parse(text).ok_or_else(|| OAuthError::invalid_request("claims is not a claims request"))
    }

    /// Returns the requested levels. `acr_values` is voluntary and never an error; an essential `acr` that no account
    /// can reach is an error.
    fn acr(&self, asked: &ClaimsParameter) -> Result<AcrRequest, OAuthError> {
        let wish = match (&asked.acr, self.params.get("acr_values")) {
            (Some(wish), _) => wish.clone(),
            (None, Some(text)) => AcrRequest { levels: parse_acr_values(text.split(' ')), essential: false },
            (None, None) => {
                let defaults = self.client.meta.default_acr_values.iter().map(String::as_str);
                AcrRequest { levels: parse_acr_values(defaults), essential: false }
            }
        };
        if wish.is_unsatisfiable(&Acr::REACHABLE) {
            let words = "nobody can reach this level here";
            return Err(OAuthError::new(ErrorCode::UnmetAuthenticationRequirements, words));
        }
        Ok(wish)
    }

    /// Checks `dpop_jkt`, the thumbprint of a DPoP key (RFC 9449 10).
    fn dpop_jkt(&self) -> Result<Option<String>, OAuthError> {
        match self.params.get("dpop_jkt") {
            None => Ok(None),
            Some(jkt) if is_id(jkt, 43) => Ok(Some(jkt.to_owned())),
            Some(_) => Err(OAuthError::invalid_request("dpop_jkt is not a thumbprint")),
        }
    }
}

fn parse_acr_values<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Acr> {
    names.filter_map(Acr::from_name).collect()
}
