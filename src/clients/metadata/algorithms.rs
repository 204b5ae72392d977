//! Algorithms and keys of a client. `none`, HS256 for Préau's tokens, RSA1_5 and PBES2 are not implemented (RFC 8725
//! 3.1).

use super::profile::allowed_algorithms;
use super::{MetadataError, invalid};
use crate::clients::{AuthMethod, ClientMetadata, ResponseProtection};
use crate::jose::{KeySet, KeySetError};
use crate::protocol::algorithms::{Alg, ContentEncryption, Encryption, KeyManagement};
use crate::protocol::profile::SecurityProfile;
use crate::protocol::registration::ClientMetadataFields;

const MAX_KEYS: usize = 20;
const MAX_JWKS_BYTES: usize = 64 * 1024;

/// The client's public keys.
pub(super) enum ClientKeys {
    Inline(KeySet),
    /// Keys at the client's `jwks_uri`, downloaded on use.
    Remote,
    None,
}

pub(super) fn keys(f: &ClientMetadataFields) -> Result<ClientKeys, MetadataError> {
    match (&f.jwks, &f.jwks_uri) {
        (Some(_), Some(_)) => invalid("jwks", "not beside jwks_uri"),
        (None, Some(_)) => Ok(ClientKeys::Remote),
        (None, None) => Ok(ClientKeys::None),
        (Some(set), None) => {
            let count = set.get("keys").and_then(|keys| keys.as_array()).map_or(0, Vec::len);
            if count > MAX_KEYS || set.to_string().len() > MAX_JWKS_BYTES {
                return invalid("jwks", "20 keys at most");
            }
            match KeySet::parse_strict(set) {
                Ok(set) => Ok(ClientKeys::Inline(set)),
                Err(KeySetError::Malformed) => invalid("jwks", "not a JWK set"),
                Err(KeySetError::Private) => invalid("jwks", "a key with private members: it is no secret any more"),
                Err(KeySetError::Weak(why)) => invalid("jwks", why),
            }
        }
    }
}

fn parse_alg(name: Option<&str>, field: &'static str) -> Result<Option<Alg>, MetadataError> {
    match name.map(|name| name.parse().ok()) {
        None => Ok(None),
        Some(Some(alg)) => Ok(Some(alg)),
        Some(None) => invalid(field, "RS256, PS256, ES256 or EdDSA"),
    }
}

/// Returns the signing algorithm of client assertions: HS256 for `client_secret_jwt` and only for that method.
pub(super) fn auth_signing_alg(f: &ClientMetadataFields, method: AuthMethod) -> Result<Option<Alg>, MetadataError> {
    const FIELD: &str = "token_endpoint_auth_signing_alg";
    match (method, f.token_endpoint_auth_signing_alg.as_deref()) {
        (AuthMethod::ClientSecretJwt, None | Some("HS256")) => Ok(None),
        (AuthMethod::ClientSecretJwt, Some(_)) => invalid(FIELD, "client_secret_jwt signs with HS256"),
        (_, name) => parse_alg(name, FIELD),
    }
}

/// Verifies that a client authenticating with `private_key_jwt` has a suitable public key.
pub(super) fn authentication(
    f: &ClientMetadataFields,
    method: AuthMethod,
    keys: &ClientKeys,
    profile: SecurityProfile,
) -> Result<(), MetadataError> {
    if method != AuthMethod::PrivateKeyJwt {
        return Ok(());
    }
    require_signing_key(auth_signing_alg(f, method)?, allowed_algorithms(profile), keys)
}

fn require_signing_key(wanted: Option<Alg>, among: &[Alg], keys: &ClientKeys) -> Result<(), MetadataError> {
    let fits = |set: &KeySet| match wanted {
        Some(alg) => set.can_verify(alg),
        None => among.iter().any(|alg| set.can_verify(*alg)),
    };
    match keys {
        ClientKeys::Remote => Ok(()),
        ClientKeys::Inline(set) if fits(set) => Ok(()),
        ClientKeys::Inline(_) => invalid("jwks", "no key for the signatures of this client"),
        ClientKeys::None => invalid("jwks", "a client that signs needs jwks or jwks_uri"),
    }
}

pub(super) fn request_object(f: &ClientMetadataFields, keys: &ClientKeys) -> Result<Option<Alg>, MetadataError> {
    let wanted = parse_alg(f.request_object_signing_alg.as_deref(), "request_object_signing_alg")?;
    if f.require_signed_request_object.unwrap_or_default() {
        require_signing_key(wanted, &Alg::ALL, keys)?;
    }
    Ok(wanted)
}

pub(super) fn id_token(f: &ClientMetadataFields, keys: &ClientKeys) -> Result<ResponseProtection, MetadataError> {
    let signed = parse_alg(f.id_token_signed_response_alg.as_deref(), "id_token_signed_response_alg")?;
    let names = [&f.id_token_encrypted_response_alg, &f.id_token_encrypted_response_enc];
    let fields = ["id_token_encrypted_response_alg", "id_token_encrypted_response_enc"];
    // OIDCR 2: the default algorithm is stored explicitly.
    Ok(ResponseProtection { signed: Some(signed.unwrap_or(Alg::RS256)), encrypted: encryption(names, fields, keys)? })
}

pub(super) fn userinfo(f: &ClientMetadataFields, keys: &ClientKeys) -> Result<ResponseProtection, MetadataError> {
    let signed = parse_alg(f.userinfo_signed_response_alg.as_deref(), "userinfo_signed_response_alg")?;
    let names = [&f.userinfo_encrypted_response_alg, &f.userinfo_encrypted_response_enc];
    let fields = ["userinfo_encrypted_response_alg", "userinfo_encrypted_response_enc"];
    Ok(ResponseProtection { signed, encrypted: encryption(names, fields, keys)? })
}

pub(super) fn introspection(f: &ClientMetadataFields) -> Result<ResponseProtection, MetadataError> {
    let signed = parse_alg(f.introspection_signed_response_alg.as_deref(), "introspection_signed_response_alg")?;
    Ok(ResponseProtection { signed, encrypted: None })
}

/// Validates the encryption of a response. `enc` without `alg` is rejected; `alg` alone means A128CBC-HS256 (OIDCR 2).
fn encryption(
    names: [&Option<String>; 2],
    fields: [&'static str; 2],
    keys: &ClientKeys,
) -> Result<Option<Encryption>, MetadataError> {
    let ([alg, enc], [alg_field, enc_field]) = (names, fields);
    let Some(alg) = alg else {
        return if enc.is_some() { invalid(enc_field, "not without the alg") } else { Ok(None) };
    };
    let Ok(alg) = alg.parse::<KeyManagement>() else { return invalid(alg_field, "RSA-OAEP-256 or ECDH-ES") };
    let enc = match enc.as_deref().map(str::parse::<ContentEncryption>) {
        None => ContentEncryption::default(),
        Some(Ok(enc)) => enc,
        Some(Err(_)) => return invalid(enc_field, "A128CBC-HS256 or A256GCM"),
    };
    match keys {
        ClientKeys::Remote => {}
        ClientKeys::Inline(set) if set.can_encrypt(alg) => {}
        ClientKeys::Inline(_) => return invalid("jwks", "no key to encrypt to"),
        ClientKeys::None => return invalid("jwks", "encryption needs jwks or jwks_uri"),
    }
    Ok(Some(Encryption { alg, enc }))
}

/// Returns the signing algorithm of each response signed for the client, with the metadata field that sets the
/// algorithm.
fn response_signatures(meta: &ClientMetadata) -> impl Iterator<Item = (&'static str, Alg)> {
    let all = [
        ("id_token_signed_response_alg", meta.id_token.signed),
        ("userinfo_signed_response_alg", meta.userinfo.signed),
        ("introspection_signed_response_alg", meta.introspection.signed),
    ];
    all.into_iter().filter_map(|(field, alg)| Some((field, alg?)))
}

/// Verifies that every signing algorithm requested by the client is among the `offered` algorithms.
///
/// # Errors
/// The first field with another algorithm.
pub fn check_offered_algorithms(meta: &ClientMetadata, offered: &[Alg]) -> Result<(), MetadataError> {
    match response_signatures(meta).find(|(_, alg)| !offered.contains(alg)) {
        None => Ok(()),
        Some((field, _)) => invalid(field, "not one that is offered here: see keys.algorithms and discovery"),
    }
}
