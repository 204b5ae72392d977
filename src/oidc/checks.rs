//! Every check of an authorization request, in order, on one page: for `/oauth2/authorize` and `/oauth2/par` alike.
//!
//! Until client and redirect URI are verified, a refusal is a page and never a redirect (RFC 6749 4.1.2.1,
//! docs/threats.md#attack-r11); from then on it goes back to the client, the way that its response mode says.

use serde_json::Value;

use super::back::Back;
use super::resources::resources;
use super::{ID_TYP, is_id_token};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;
use crate::clients::{self, Client, is_client_id, metadata};
use crate::keys;
use crate::protocol::acr::{Acr, AcrWish};
use crate::protocol::authorize::{AuthorizeRequest, Prompt};
use crate::protocol::claims_request::{self, Asked};
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::Params;
use crate::protocol::pkce;
use crate::protocol::response::{ResponseMode, ResponseType};
use crate::protocol::scope::{Scope, Scopes};
use crate::telemetry;

/// In bytes.
const LONGEST_NONCE: usize = 2_048;

/// How a request is refused.
#[derive(Debug)]
pub enum Refused {
    /// A page. The client is named only where it is known.
    Page { client: Option<Box<Client>>, error: OAuthError },
    /// To the verified redirect URI.
    Redirect { back: Back, error: OAuthError },
}

fn page(client: Option<Client>, description: &'static str, detail: &str) -> Refused {
    Refused::Page { client: client.map(Box::new), error: OAuthError::invalid_request(description).detail(detail) }
}

/// The client that asks.
pub async fn client(app: &App, params: &Params) -> anyhow::Result<Result<Client, Refused>> {
    let Some(id) = params.get("client_id").filter(|id| is_client_id(id)) else {
        return Ok(Err(page(None, "client_id is missing or malformed", "client_id")));
    };
    let Some(client) = clients::store::find(&mut app.db.read().await?, id).await? else {
        return Ok(Err(page(None, "unknown client", id)));
    };
    telemetry::of_client(&client.id);
    if !client.is_usable() {
        return Ok(Err(page(None, "unknown client", &format!("{id} is {}", client.state.name()))));
    }
    Ok(Ok(client))
}

/// The redirect URI, which with the client decides whether anything may travel back.
pub fn redirect_uri(client: &Client, params: &Params) -> Result<String, Refused> {
    match params.get("redirect_uri") {
        Some(uri) if client.allows_redirect(uri) => Ok(uri.to_owned()),
        Some(uri) => {
            // What was asked for tells the operator which one to register; its query may be about a person.
            let shown: String = uri.split(['?', '#']).next().unwrap_or_default().chars().take(200).collect();
            Err(page(None, "redirect_uri is not registered", &format!("{}: {shown:?}", client.id)))
        }
        None => Err(page(Some(client.clone()), "redirect_uri is missing or stands twice", &client.id)),
    }
}

/// How the parameters came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Came {
    /// Pushed by the client itself (RFC 9126).
    pub pushed: bool,
    /// Out of a request object that the client signed (RFC 9101).
    pub signed: bool,
}

/// The rest, by the table.
pub async fn rest(
    app: &App,
    now: Timestamp,
    client: &Client,
    uri: &str,
    params: &Params,
    came: Came,
) -> anyhow::Result<Result<AuthorizeRequest, OAuthError>> {
    let hinted = match params.get("id_token_hint") {
        None => None,
        Some(hint) => match hinted(app, now, client, hint).await? {
            Ok(sub) => Some(sub),
            Err(error) => return Ok(Err(error)),
        },
    };
    if let Err(flaw) = metadata::offered(&client.meta, &app.config.keys.algorithms) {
        let words = "this client is registered for a signature that is not offered any more";
        return Ok(Err(OAuthError::new(ErrorCode::UnauthorizedClient, words).detail(flaw.to_string())));
    }
    let resource = match resources(app.issuer(), client, params) {
        Ok(resource) => resource,
        Err(error) => return Ok(Err(error)),
    };
    Ok(table(now, client, uri, params, came, hinted).map(|request| AuthorizeRequest { resource, ..request }))
}

fn table(
    now: Timestamp,
    client: &Client,
    uri: &str,
    params: &Params,
    came: Came,
    hinted: Option<String>,
) -> Result<AuthorizeRequest, OAuthError> {
    let c = Checking { client, params };
    c.form()?;
    c.came(came)?;
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
        login_hint: params.text("login_hint").filter(|h| h.len() <= 256),
        ui_locales: params.text("ui_locales").filter(|l| l.len() <= 256),
        expected_sub,
        claims: asked.claims.within(|name| client.meta.scopes.gives(name)),
        acr,
        dpop_jkt: c.dpop_jkt()?,
        resource: Vec::new(),
        pushed: None,
        received: now,
    })
}

struct Checking<'a> {
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

    /// What the client's registration demands of the way (RFC 9126 6, RFC 9101 10.5), and what is not spoken
    /// (OIDCC 7.2.1).
    fn came(&self, came: Came) -> Result<(), OAuthError> {
        if self.client.demands().pushed && !came.pushed {
            return Err(OAuthError::invalid_request("this client must push its requests"));
        }
        if self.client.demands().signed_request && !came.signed {
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
        // RFC 9449 5.2: there is no proof by the front channel.
        if kind.token && self.client.demands().dpop {
            return Err(OAuthError::invalid_request("this client's access tokens are bound to a key"));
        }
        Ok(kind)
    }

    fn response_mode(&self, kind: ResponseType) -> Result<ResponseMode, OAuthError> {
        match self.params.get("response_mode").map(ResponseMode::from_name) {
            None => Ok(ResponseMode::of(kind)),
            Some(Some(ResponseMode::Query)) if kind.is_front() => {
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
        if !asked.has(Scope::Openid) {
            return Err(OAuthError::new(ErrorCode::InvalidScope, "scope must hold openid"));
        }
        Ok(asked.within(&self.client.meta.scopes))
    }

    /// OIDCC 3.2.2.1: an ID token by the front channel needs a nonce.
    fn state_and_nonce(&self, kind: ResponseType) -> Result<(Option<String>, Option<String>), OAuthError> {
        let (state, nonce) = (self.params.text("state"), self.params.text("nonce"));
        // `state` may be as long as any parameter: it only comes back. A nonce stands in the code and in tokens.
        if nonce.as_ref().is_some_and(|nonce| nonce.len() > LONGEST_NONCE) {
            return Err(OAuthError::invalid_request("nonce is too long"));
        }
        if kind.id_token && nonce.is_none() {
            return Err(OAuthError::invalid_request("nonce is missing"));
        }
        Ok((state, nonce))
    }

    /// RFC 7636 4.3, 4.4.1; docs/decisions/0011-pkce-where-it-can-be-demanded.md.
    fn pkce(&self, kind: ResponseType) -> Result<Option<String>, OAuthError> {
        let method = self.params.get("code_challenge_method");
        match self.params.get("code_challenge") {
            None if method.is_some() => Err(OAuthError::invalid_request("code_challenge is missing")),
            None if kind.code && self.client.demands().pkce => {
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

    /// OIDCC 5.5.
    fn claims(&self) -> Result<Asked, OAuthError> {
        let Some(text) = self.params.get("claims") else { return Ok(Asked::default()) };
        claims_request::parse(text).ok_or_else(|| OAuthError::invalid_request("claims is not a claims request"))
    }

    /// `acr_values` is a wish, never an error; an essential `acr` that nobody can reach here is one.
    fn acr(&self, asked: &Asked) -> Result<AcrWish, OAuthError> {
        let wish = match (&asked.acr, self.params.get("acr_values")) {
            (Some(wish), _) => wish.clone(),
            (None, Some(text)) => AcrWish { levels: levels(text.split(' ')), essential: false },
            (None, None) => {
                let defaults = self.client.meta.default_acr_values.iter().map(String::as_str);
                AcrWish { levels: levels(defaults), essential: false }
            }
        };
        if wish.cannot_be_met(&Acr::REACHABLE) {
            let words = "nobody can reach this level here";
            return Err(OAuthError::new(ErrorCode::UnmetAuthenticationRequirements, words));
        }
        Ok(wish)
    }

    /// RFC 9449 10: the thumbprint of a key.
    fn dpop_jkt(&self) -> Result<Option<String>, OAuthError> {
        match self.params.get("dpop_jkt") {
            None => Ok(None),
            Some(jkt) if is_id(jkt, 43) => Ok(Some(jkt.to_owned())),
            Some(_) => Err(OAuthError::invalid_request("dpop_jkt is not a thumbprint")),
        }
    }
}

fn levels<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Acr> {
    names.filter_map(Acr::from_name).collect()
}

/// The person of an ID token that we signed for this client, expired or not (OIDCC 3.1.2.1).
async fn hinted(app: &App, now: Timestamp, client: &Client, hint: &str) -> anyhow::Result<Result<String, OAuthError>> {
    let refused = |detail: &str| {
        let words = "id_token_hint is not an ID token of this client";
        Ok(Err(OAuthError::invalid_request(words).detail(detail)))
    };
    let claims = match keys::ops::verify_hint(app, now, ID_TYP, hint).await? {
        Ok(claims) => claims,
        Err(why) => return refused(&why.to_string()),
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str);
    if !is_id_token(&claims) {
        return refused("another token of ours");
    }
    if text("iss") != Some(app.issuer()) || text("aud") != Some(&client.id) {
        return refused("iss or aud");
    }
    match text("sub") {
        Some(sub) => Ok(Ok(sub.to_owned())),
        None => refused("no sub"),
    }
}
