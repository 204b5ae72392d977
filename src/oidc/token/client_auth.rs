//! Who asks at the token endpoint (OIDCC 9, RFC 6749 2.3).
//!
//! The method is the client's registered one and no other. Two at once are refused; a body `client_id` that
//! matches the header is not a second method.

use axum::http::{HeaderMap, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::app::AppState;
use crate::clients::{self, AuthMethod, Client, is_client_id, ops::secret_is_right};
use crate::protocol::error::OAuthError;
use crate::protocol::params::{Params, decode};

/// What the request presents.
struct Presented {
    method: AuthMethod,
    client_id: String,
    secret: String,
}

pub async fn authenticate(
    app: &AppState,
    headers: &HeaderMap,
    params: &Params,
) -> anyhow::Result<Result<Client, OAuthError>> {
    let presented = match presented(headers, params) {
        Ok(p) => p,
        Err(error) => return Ok(Err(error)),
    };
    let failed = |detail: &str| Ok(Err(OAuthError::invalid_client("client authentication failed").detail(detail)));
    if !is_client_id(&presented.client_id) {
        return failed("malformed client_id");
    }
    let Some(client) = clients::store::find(&mut app.db.read().await?, &presented.client_id).await? else {
        return failed("unknown client");
    };
    if !client.is_usable() {
        return failed("the client is suspended");
    }
    if client.meta.auth_method != presented.method {
        return failed("another method than the registered one");
    }
    if client.meta.auth_method != AuthMethod::None && !secret_is_right(&client, &presented.secret) {
        return failed("wrong secret");
    }
    Ok(Ok(client))
}

fn presented(headers: &HeaderMap, params: &Params) -> Result<Presented, OAuthError> {
    let mut authorization = headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (authorization.next(), authorization.next());
    if second.is_some() {
        return Err(OAuthError::invalid_request("two Authorization headers"));
    }
    let body_id = params.get("client_id");
    if let Some(value) = first {
        // The secret of a body beside the header is a second method, an empty one too (ABUSE C11).
        if params.names().any(|n| n == "client_secret" || n == "client_assertion") {
            return Err(OAuthError::invalid_request("two methods of client authentication"));
        }
        let (client_id, secret) = basic(value.as_bytes()).ok_or_else(|| {
            OAuthError::invalid_client("the Authorization header is not Basic with encoded id and secret")
        })?;
        if body_id.is_some_and(|id| id != client_id) {
            return Err(OAuthError::invalid_request("client_id differs from the Authorization header"));
        }
        return Ok(Presented { method: AuthMethod::ClientSecretBasic, client_id, secret });
    }
    let Some(client_id) = body_id.map(str::to_owned) else {
        return Err(OAuthError::invalid_client("client authentication is missing"));
    };
    match params.get("client_secret") {
        Some(secret) => Ok(Presented { method: AuthMethod::ClientSecretPost, client_id, secret: secret.to_owned() }),
        None => Ok(Presented { method: AuthMethod::None, client_id, secret: String::new() }),
    }
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
    fn c11_basic_values_are_form_decoded_strictly() {
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
        fn d4_any_authorization_header_is_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = basic(&bytes);
        }
    }
}
