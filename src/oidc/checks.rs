//! Every check of an authorization request, in order, on one page.
//!
//! Until client and redirect URI are verified, a refusal is a page and never a redirect (RFC 6749 4.1.2.1,
//! ABUSE R11); from then on it goes back to the client.

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::clients::{self, Client, is_client_id};
use crate::jose;
use crate::protocol::authorize::{AuthorizeRequest, Prompt};
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::Params;
use crate::protocol::pkce;
use crate::protocol::response::{ResponseMode, ResponseType};
use crate::protocol::scope::{Scope, Scopes};

/// How a request is refused.
#[derive(Debug)]
pub enum Refused {
    /// A page. The client is named only where it is known.
    Page { client: Option<Box<Client>>, error: OAuthError },
    /// To the verified redirect URI.
    Redirect { client: Box<Client>, redirect_uri: String, state: Option<String>, error: OAuthError },
}

/// Client and redirect URI: the two that decide whether anything may travel back.
pub async fn client_and_redirect(app: &App, params: &Params) -> anyhow::Result<Result<(Client, String), Refused>> {
    let page = |client: Option<Client>, description, detail: &str| {
        let error = OAuthError::invalid_request(description).detail(detail);
        Ok(Err(Refused::Page { client: client.map(Box::new), error }))
    };
    let Some(id) = params.get("client_id").filter(|id| is_client_id(id)) else {
        return page(None, "client_id is missing or malformed", "client_id");
    };
    let Some(client) = clients::store::find(&mut app.db.read().await?, id).await? else {
        return page(None, "unknown client", id);
    };
    if !client.is_usable() {
        return page(None, "unknown client", &format!("{id} is {}", client.state.name()));
    }
    match params.get("redirect_uri") {
        Some(uri) if client.allows_redirect(uri) => Ok(Ok((client, uri.to_owned()))),
        Some(_) => page(None, "redirect_uri is not registered", id),
        None => page(Some(client), "redirect_uri is missing or stands twice", id),
    }
}

/// The rest, by the table.
pub fn rest(
    app: &App,
    now: Timestamp,
    client: &Client,
    uri: &str,
    params: &Params,
) -> Result<AuthorizeRequest, OAuthError> {
    let c = Checking { app, client, params };
    c.form()?;
    c.request_objects()?;
    c.response_type()?;
    c.response_mode()?;
    let scopes = c.scopes()?;
    let (state, nonce) = c.state_and_nonce()?;
    let code_challenge = c.pkce()?;
    let prompt = c.prompt()?;
    let max_age = c.max_age()?;
    let expected_sub = c.id_token_hint()?;
    Ok(AuthorizeRequest {
        client_id: client.id.clone(),
        redirect_uri: uri.to_owned(),
        response_type: ResponseType::CODE,
        response_mode: ResponseMode::Query,
        scopes,
        state,
        nonce,
        code_challenge,
        prompt,
        max_age,
        login_hint: params.text("login_hint").filter(|h| h.len() <= 256),
        ui_locales: params.text("ui_locales").filter(|l| l.len() <= 256),
        expected_sub,
        received: now,
    })
}

/// The longest `state` and `nonce`: more would not fit into what is kept while a person signs in.
const LONGEST: usize = 2_048;

struct Checking<'a> {
    app: &'a App,
    client: &'a Client,
    params: &'a Params,
}

impl Checking<'_> {
    fn form(&self) -> Result<(), OAuthError> {
        match self.params.flaw() {
            None => Ok(()),
            Some(flaw) => Err(OAuthError::invalid_request("a parameter stands twice, is too long or is not text")
                .detail(flaw.to_string())),
        }
    }

    /// OIDCC 6.1, 6.2: what is not supported is refused, not passed over.
    fn request_objects(&self) -> Result<(), OAuthError> {
        if self.params.get("request").is_some() {
            return Err(OAuthError::new(ErrorCode::RequestNotSupported, "request objects are not supported"));
        }
        if self.params.get("request_uri").is_some() {
            return Err(OAuthError::new(ErrorCode::RequestUriNotSupported, "request_uri is not supported"));
        }
        if self.params.get("registration").is_some() {
            return Err(OAuthError::new(ErrorCode::RegistrationNotSupported, "registration is not supported"));
        }
        Ok(())
    }

    fn response_type(&self) -> Result<(), OAuthError> {
        match self.params.get("response_type") {
            Some("code") => Ok(()),
            Some(_) => Err(OAuthError::new(ErrorCode::UnsupportedResponseType, "response_type is not supported")),
            None => Err(OAuthError::invalid_request("response_type is missing")),
        }
    }

    fn response_mode(&self) -> Result<(), OAuthError> {
        match self.params.get("response_mode") {
            None | Some("query") => Ok(()),
            Some(_) => Err(OAuthError::invalid_request("response_mode is not supported")),
        }
    }

    fn scopes(&self) -> Result<Scopes, OAuthError> {
        let text = self.params.get("scope").unwrap_or_default();
        let asked = Scopes::parse(text)
            .ok_or_else(|| OAuthError::new(ErrorCode::InvalidScope, "scope holds a forbidden character"))?;
        if !asked.has(Scope::Openid) {
            return Err(OAuthError::new(ErrorCode::InvalidScope, "scope must hold openid"));
        }
        Ok(asked.within(&self.client.meta.scopes))
    }

    fn state_and_nonce(&self) -> Result<(Option<String>, Option<String>), OAuthError> {
        let (state, nonce) = (self.params.text("state"), self.params.text("nonce"));
        if [&state, &nonce].into_iter().flatten().any(|v| v.len() > LONGEST) {
            return Err(OAuthError::invalid_request("state or nonce is too long"));
        }
        Ok((state, nonce))
    }

    /// RFC 7636 4.3, 4.4.1; DESIGN 7.
    fn pkce(&self) -> Result<Option<String>, OAuthError> {
        let method = self.params.get("code_challenge_method");
        match self.params.get("code_challenge") {
            None if method.is_some() => Err(OAuthError::invalid_request("code_challenge is missing")),
            None if self.client.needs_pkce() => {
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
            .ok_or_else(|| OAuthError::invalid_request("prompt=none stands alone"))
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

    /// An ID token that we signed for this client, expired or not (OIDCC 3.1.2.1).
    fn id_token_hint(&self) -> Result<Option<String>, OAuthError> {
        let Some(hint) = self.params.get("id_token_hint") else { return Ok(None) };
        let refused = |detail: &str| {
            OAuthError::invalid_request("id_token_hint is not an ID token of this client").detail(detail)
        };
        let claims = jose::verify_hint(&self.app.ring(), super::ID_TYP, hint).map_err(|e| refused(&e.to_string()))?;
        let text = |name: &str| claims.get(name).and_then(serde_json::Value::as_str);
        if text("iss") != Some(self.app.issuer()) || text("aud") != Some(&self.client.id) {
            return Err(refused("iss or aud"));
        }
        Ok(text("sub").map(str::to_owned))
    }
}
