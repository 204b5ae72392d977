//! The checks of single parameters of an authorization request; `pipeline.rs` has their order.

use crate::base::ids::is_id;
use crate::clients::Client;
use crate::protocol::acr::{Acr, AcrRequest};
use crate::protocol::authorize::Prompt;
use crate::protocol::claims_request::{self, ClaimsParameter};
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::Params;
use crate::protocol::pkce;
use crate::protocol::response::{ResponseMode, ResponseType};
use crate::protocol::scope::{Scope, Scopes};

/// The maximum length of a nonce, in bytes.
const MAX_NONCE_BYTES: usize = 2_048;

/// The maximum length of `idp_hint`, in bytes: that of an upstream's id.
const MAX_IDP_HINT_BYTES: usize = 40;

/// The parameters of a request of a client; each method is a check of the pipeline.
pub(super) struct RequestValidator<'a> {
    pub client: &'a Client,
    pub params: &'a Params,
}

impl RequestValidator<'_> {
    pub fn well_formed(&self) -> Result<(), OAuthError> {
        match self.params.error() {
            None => Ok(()),
            Some(flaw) => Err(OAuthError::invalid_request("a parameter stands twice, is too long or is not text")
                .detail(flaw.to_string())),
        }
    }

    /// Checks that the client may send its request by a browser (RFC 9126 6).
    pub fn may_be_unpushed(&self) -> Result<(), OAuthError> {
        match self.client.requirements().par {
            true => Err(OAuthError::invalid_request("this client must push its requests")),
            false => Ok(()),
        }
    }

    /// Checks that the parameters come from a request object if the client must sign (RFC 9101 10.5).
    pub fn signed_if_required(&self, signed: bool) -> Result<(), OAuthError> {
        match self.client.requirements().signed_request && !signed {
            true => Err(OAuthError::invalid_request("this client must sign its requests")),
            false => Ok(()),
        }
    }

    /// Rejects the unsupported `registration` parameter (OIDCC 7.2.1).
    pub fn without_registration(&self) -> Result<(), OAuthError> {
        match self.params.get("registration") {
            Some(_) => Err(OAuthError::new(ErrorCode::RegistrationNotSupported, "registration is not supported")),
            None => Ok(()),
        }
    }

    /// Returns the `sub` that is asked for, by a hint or by the `claims` parameter.
    pub fn expected_sub(&self, hinted: Option<String>, claimed: Option<String>) -> Result<Option<String>, OAuthError> {
        match (hinted, claimed) {
            (Some(hint), Some(sub)) if hint != sub => {
                Err(OAuthError::invalid_request("id_token_hint and claims are about two persons"))
            }
            (hint, sub) => Ok(hint.or(sub)),
        }
    }

    pub fn response_type(&self) -> Result<ResponseType, OAuthError> {
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

    pub fn response_mode(&self, kind: ResponseType) -> Result<ResponseMode, OAuthError> {
        match self.params.get("response_mode").map(str::parse::<ResponseMode>) {
            None => Ok(ResponseMode::default_for(kind)),
            Some(Ok(ResponseMode::Query)) if kind.uses_front_channel() => {
                Err(OAuthError::invalid_request("tokens do not travel in a query"))
            }
            Some(Ok(mode)) => Ok(mode),
            Some(Err(_)) => Err(OAuthError::invalid_request("response_mode is not supported")),
        }
    }

    pub fn scopes(&self) -> Result<Scopes, OAuthError> {
        let text = self.params.get("scope").unwrap_or_default();
        let asked = Scopes::parse(text)
            .ok_or_else(|| OAuthError::new(ErrorCode::InvalidScope, "scope holds a forbidden character"))?;
        if !asked.contains(Scope::Openid) {
            return Err(OAuthError::new(ErrorCode::InvalidScope, "scope must hold openid"));
        }
        Ok(asked.intersection(&self.client.meta.scopes))
    }

    /// Checks `state` and `nonce`; an ID token in the front channel requires a nonce (OIDCC 3.2.2.1).
    pub fn state_and_nonce(&self, kind: ResponseType) -> Result<(Option<String>, Option<String>), OAuthError> {
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
    pub fn pkce(&self, kind: ResponseType) -> Result<Option<String>, OAuthError> {
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

    pub fn prompt(&self) -> Result<Prompt, OAuthError> {
        Prompt::parse(self.params.get("prompt").unwrap_or_default())
            .ok_or_else(|| OAuthError::invalid_request("prompt has an unknown word, or none beside another"))
    }

    pub fn max_age(&self) -> Result<Option<i64>, OAuthError> {
        match self.params.get("max_age") {
            None => Ok(self.client.meta.default_max_age),
            Some(text) => match text.parse::<i64>() {
                Ok(seconds) if seconds >= 0 => Ok(Some(seconds.min(10 * 365 * 86_400))),
                _ => Err(OAuthError::invalid_request("max_age is a number of seconds")),
            },
        }
    }

    /// Parses the `claims` parameter (OIDCC 5.5).
    pub fn claims(&self) -> Result<ClaimsParameter, OAuthError> {
        let Some(text) = self.params.get("claims") else { return Ok(ClaimsParameter::default()) };
        claims_request::parse(text).ok_or_else(|| OAuthError::invalid_request("claims is not a claims request"))
    }

    /// Returns the requested levels. `acr_values` is voluntary and never an error; an essential `acr` that no account
    /// can reach is an error.
    pub fn acr(&self, asked: &ClaimsParameter) -> Result<AcrRequest, OAuthError> {
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

    /// Returns the hint at an identity provider. A hint that cannot be one is passed over; one that names nothing is told
    /// on the sign-in page.
    pub fn idp_hint(&self) -> Option<String> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        self.params.get_owned("idp_hint").filter(|hint| hint.len() <= MAX_IDP_HINT_BYTES && hint.bytes().all(plain))
    }

    /// Checks `dpop_jkt`, the thumbprint of a DPoP key (RFC 9449 10).
    pub fn dpop_jkt(&self) -> Result<Option<String>, OAuthError> {
        match self.params.get("dpop_jkt") {
            None => Ok(None),
            Some(jkt) if is_id(jkt, 43) => Ok(Some(jkt.to_owned())),
            Some(_) => Err(OAuthError::invalid_request("dpop_jkt is not a thumbprint")),
        }
    }
}

fn parse_acr_values<'a>(names: impl Iterator<Item = &'a str>) -> Vec<Acr> {
    names.filter_map(|name| name.parse().ok()).collect()
}
