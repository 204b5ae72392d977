//! The grant of an authorization request that is answered: what it discloses, its code, and what an answer by the browser
//! carries.
//!
//! Pure but for random ids: nothing is read or stored here, so that a test sign-in makes its answers by the same code.

use serde_json::{Map, Value};

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::ids::id128;
use crate::base::typed_ids::{AccountId, ClientSessionId, RefreshFamilyId};
use crate::clients::{Client, GrantType};
use crate::grants::Grant;
use crate::oidc::CodeGrant;
use crate::oidc::tokens::claims::ClaimsTarget;
use crate::oidc::tokens::issuer::{AccessTokenRequest, IdTokenRequest, TokenBinding};
use crate::protocol::acr::{Acr, Amr};
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::disclosure::Disclosure;
use crate::protocol::response::ResponseType;
use crate::protocol::scope::Scope;

/// The answer to what a request asks for, once the end user is known.
#[derive(Clone, Debug)]
pub struct GrantedAccess {
    pub disclosure: Disclosure,
    pub refreshes: bool,
    /// True if the refresh token outlives the session.
    pub offline: bool,
}

impl GrantedAccess {
    /// Returns what is granted; `said_yes` is true if the end user consented on the page of this request.
    pub fn of(client: &Client, request: &AuthorizeRequest, said_yes: bool) -> Self {
        let refreshes = request.response_type.code && client.allows_grant(GrantType::RefreshToken);
        // OIDCC 11: offline access requires consent to this request, or an agreement with the deployment, in the file of
        // the client.
        let offline = refreshes
            && request.disclosure.scopes.contains(Scope::OfflineAccess)
            && (said_yes || client.meta.offline_agreed);
        let disclosure =
            if offline { request.disclosure.clone() } else { request.disclosure.without(Scope::OfflineAccess) };
        GrantedAccess { disclosure, refreshes, offline }
    }
}

/// The sign-in that a grant comes of.
#[derive(Clone, Copy, Debug)]
pub struct GrantingSignIn<'a> {
    pub account_id: &'a AccountId,
    pub at: Timestamp,
    pub amr: &'a [Amr],
    pub acr: Option<Acr>,
    /// The client's id of the session, and its generation.
    pub sid: &'a ClientSessionId,
    pub generation: i64,
}

/// Makes the grant, with new ids for its code and its refresh tokens.
pub fn make_grant(
    app: &App,
    client: &Client,
    request: &AuthorizeRequest,
    access: GrantedAccess,
    by: GrantingSignIn<'_>,
) -> Grant {
    Grant {
        client_id: client.id.clone(),
        account_id: by.account_id.clone(),
        disclosure: access.disclosure,
        resource: request.resource.clone(),
        id: request.response_type.code.then(|| id128(app.rng.as_ref())),
        sid: by.sid.clone(),
        generation: by.generation,
        family: access.refreshes.then(|| RefreshFamilyId::new(id128(app.rng.as_ref()))),
        offline: access.offline,
        authenticated_at: by.at,
        amr: by.amr.to_vec(),
        acr: by.acr.map(|reached| reached.best_match(&request.acr.levels)),
    }
}

/// Returns what a code stands for: bound to client, redirect URI, challenge, session and generation.
pub fn code_grant(request: &AuthorizeRequest, grant: &Grant) -> CodeGrant {
    CodeGrant {
        grant: grant.clone(),
        redirect_uri: request.redirect_uri.clone(),
        nonce: request.nonce.clone(),
        code_challenge: request.code_challenge.clone(),
        dpop_jkt: request.dpop_jkt.clone(),
    }
}

/// Returns where the claims of an ID token of the front channel come from: without access to userinfo it has all.
pub fn front_channel_claims(kind: ResponseType) -> ClaimsTarget {
    match kind.code || kind.token {
        true => ClaimsTarget::IdToken,
        false => ClaimsTarget::IdTokenOnly,
    }
}

/// Returns the tokens that an answer by the browser carries; `told` are the claims of the ID token.
pub fn front_channel_tokens<'a>(
    request: &'a AuthorizeRequest,
    grant: &'a Grant,
    code: Option<&'a str>,
    told: Map<String, Value>,
) -> (Option<AccessTokenRequest<'a>>, Option<IdTokenRequest<'a>>) {
    let kind = request.response_type;
    let binding = TokenBinding::Session { sid: &grant.sid, generation: grant.generation };
    let access = AccessTokenRequest { binding, jkt: None, resource: &grant.resource, grant_id: None };
    let id = IdTokenRequest { nonce: request.nonce.as_deref(), code, claims: told };
    (kind.token.then_some(access), kind.id_token.then_some(id))
}
