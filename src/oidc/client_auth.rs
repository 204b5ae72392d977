//! Who asks at an endpoint for programs (OIDCC 9, RFC 6749 2.3, RFC 7523 3).
//!
//! The method is the client's registered one and no other; a secret whose registration names no method may come in the
//! header or in the body. Two at once are refused; a body `client_id` that matches is not a second method. An assertion
//! counts once.

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::assertion::{self, Endpoint};
use super::refusal::{Who, refusal, unreadable};
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::clients::{self, AuthMethod, Client, is_client_id, ops::secret_is_right};
use crate::http::error::PageError;
use crate::http::form;
use crate::protocol::error::OAuthError;
use crate::protocol::params::{Params, decode};
use crate::telemetry;

/// A request of a client that has proven who it is.
pub struct Asked {
    pub client: Client,
    pub params: Params,
    pub headers: HeaderMap,
    who: Who,
}

impl Asked {
    /// A refusal of what the client asks.
    pub fn refusal(&self, error: &OAuthError) -> Response {
        refusal(error, &self.who, self.headers.contains_key(header::AUTHORIZATION))
    }
}

/// One answer to all that is no proof, whether the client exists or not; what was wrong with it goes to the log.
pub fn not_proven(detail: impl Into<String>) -> OAuthError {
    OAuthError::invalid_client("client authentication failed").detail(detail)
}

/// Reads the form and who sends it, for every endpoint that clients call; or gives the answer that refuses it.
pub async fn asked(
    app: &AppState,
    now: Timestamp,
    endpoint: Endpoint,
    request: Request,
) -> Result<Result<Asked, Response>, PageError> {
    let headers = request.headers().clone();
    let basic_tried = headers.contains_key(header::AUTHORIZATION);
    let params = match form::body(request, app).await {
        Ok(text) => Params::parse(&text),
        Err(error) => return unreadable(error, basic_tried).map(Err),
    };
    if let Some(flaw) = params.flaw() {
        let error = OAuthError::invalid_request("a parameter stands twice, is too long or is not text");
        return Ok(Err(refusal(&error.detail(flaw.to_string()), &Who::default(), basic_tried)));
    }
    let mut who = Who::default();
    Ok(match authenticate(app, now, endpoint, (&headers, &params), &mut who).await? {
        Ok(client) => Ok(Asked { client, params, headers, who }),
        Err(error) => Err(refusal(&error, &who, basic_tried)),
    })
}

/// What the request presents.
struct Presented {
    client_id: String,
    proof: Proof,
}

enum Proof {
    Basic(String),
    Post(String),
    Assertion(String),
    Nothing,
}

impl Proof {
    /// The method that it is, or may be.
    fn methods(&self) -> &'static [AuthMethod] {
        match self {
            Proof::Basic(_) => &[AuthMethod::ClientSecretBasic],
            Proof::Post(_) => &[AuthMethod::ClientSecretPost],
            Proof::Assertion(_) => &[AuthMethod::PrivateKeyJwt, AuthMethod::ClientSecretJwt],
            Proof::Nothing => &[AuthMethod::None],
        }
    }
}

async fn authenticate(
    app: &AppState,
    now: Timestamp,
    endpoint: Endpoint,
    (headers, params): (&HeaderMap, &Params),
    who: &mut Who,
) -> anyhow::Result<Result<Client, OAuthError>> {
    let presented = match presented(headers, params) {
        Ok(p) => p,
        Err(error) => return Ok(Err(error)),
    };
    let failed = |detail: &str| Ok(Err(not_proven(detail)));
    let methods = presented.proof.methods();
    who.used = named(methods.iter().copied());
    if !is_client_id(&presented.client_id) {
        return failed("malformed client_id");
    }
    who.client.clone_from(&presented.client_id);
    let Some(client) = clients::store::find(&mut app.db.read().await?, &presented.client_id).await? else {
        return failed("unknown client");
    };
    telemetry::of_client(&client.id);
    who.registered = named(AuthMethod::ALL.into_iter().filter(|method| client.takes(*method)));
    if !client.is_usable() {
        return failed("the client may not be used");
    }
    let proven = match presented.proof {
        _ if !methods.iter().any(|method| client.takes(*method)) => {
            Err("another method than the registered one".to_owned())
        }
        Proof::Basic(secret) | Proof::Post(secret) if !secret_is_right(&client, &secret, now) => {
            Err("wrong secret".to_owned())
        }
        Proof::Assertion(text) => assertion::verify(app, now, endpoint, &client, &text).await?,
        Proof::Basic(_) | Proof::Post(_) | Proof::Nothing => Ok(()),
    };
    match proven {
        Ok(()) => {
            clients::ops::used(app, now, &client).await;
            Ok(Ok(client))
        }
        Err(why) => failed(&why),
    }
}

/// Methods as the log says them.
fn named(methods: impl Iterator<Item = AuthMethod>) -> String {
    methods.map(AuthMethod::name).collect::<Vec<_>>().join(" or ")
}

fn presented(headers: &HeaderMap, params: &Params) -> Result<Presented, OAuthError> {
    let mut authorization = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (authorization.next(), authorization.next());
    if second.is_some() {
        return Err(OAuthError::invalid_request("two Authorization headers"));
    }
    let body_id = params.get("client_id");
    let has = |name: &str| params.names().any(|n| n == name);
    if let Some(value) = first {
        // The secret of a body beside the header is a second method (docs/threats.md#attack-c11); an empty one was not
        // sent.
        if has("client_secret") || has("client_assertion") {
            return Err(OAuthError::invalid_request("two methods of client authentication"));
        }
        let (client_id, secret) = basic(value.as_bytes())
            .ok_or_else(|| not_proven("the Authorization header is not Basic with form-encoded id and secret"))?;
        if body_id.is_some_and(|id| id != client_id) {
            return Err(OAuthError::invalid_request("client_id differs from the Authorization header"));
        }
        return Ok(Presented { client_id, proof: Proof::Basic(secret) });
    }
    if has("client_assertion") || has("client_assertion_type") {
        if has("client_secret") {
            return Err(OAuthError::invalid_request("two methods of client authentication"));
        }
        if params.get("client_assertion_type") != Some(assertion::TYPE) {
            return Err(not_proven("client_assertion_type is not the one for JWTs"));
        }
        let text = params.text("client_assertion").unwrap_or_default();
        let claimed = assertion::claimed_client(&text)
            .ok_or_else(|| not_proven("client_assertion is not a JWT with a client in sub"))?;
        // RFC 7521 4.2: client_id is not needed, but must be the same.
        if body_id.is_some_and(|id| id != claimed) {
            return Err(not_proven("client_id is not the assertion's"));
        }
        return Ok(Presented { client_id: claimed, proof: Proof::Assertion(text) });
    }
    let Some(client_id) = body_id.map(str::to_owned) else {
        return Err(not_proven("nothing says which client asks"));
    };
    let proof = params.text("client_secret").map_or(Proof::Nothing, Proof::Post);
    Ok(Presented { client_id, proof })
}

/// RFC 6749 2.3.1: id and secret are form-encoded, then joined by a colon, then base64.
fn basic(header: &[u8]) -> Option<(String, String)> {
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
        assert_eq!(basic(header("a%2Eb:s%2Bt").as_bytes()), Some(("a.b".into(), "s+t".into())));
        assert_eq!(basic(header("a:b:c").as_bytes()), Some(("a".into(), "b:c".into())));
        for bad in ["Basic", "Basic ", "Basic !!!", "Bearer x", "Basic YQ"] {
            assert_eq!(basic(bad.as_bytes()), None, "{bad}");
        }
        assert_eq!(basic(header("a:%zz").as_bytes()), None);
    }

    proptest! {
        #[test]
        fn attack_d4_any_authorization_header_is_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = basic(&bytes);
        }
    }
}
