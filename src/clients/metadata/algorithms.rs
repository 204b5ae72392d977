//! Algorithms and keys of a client. `none`, HS256 for our tokens, RSA1_5 and PBES2 have no name here (RFC 8725 3.1).

use super::profile::signs_with;
use super::{Flaw, flaw};
use crate::clients::{AuthMethod, Metadata, Protection};
use crate::jose::{KeySet, KeySetError};
use crate::protocol::algorithms::{Alg, ContentEncryption, Encryption, KeyManagement};
use crate::protocol::profile::Profile;
use crate::protocol::registration::Fields;

const KEYS: usize = 20;
const BYTES: usize = 64 * 1024;

/// The client's keys.
pub(super) enum Keys {
    Here(KeySet),
    /// At its `jwks_uri`: looked at when they are needed.
    There,
    None,
}

pub(super) fn keys(f: &Fields) -> Result<Keys, Flaw> {
    match (&f.jwks, &f.jwks_uri) {
        (Some(_), Some(_)) => flaw("jwks", "not beside jwks_uri"),
        (None, Some(_)) => Ok(Keys::There),
        (None, None) => Ok(Keys::None),
        (Some(set), None) => {
            let count = set.get("keys").and_then(|keys| keys.as_array()).map_or(0, Vec::len);
            if count > KEYS || set.to_string().len() > BYTES {
                return flaw("jwks", "20 keys at most");
            }
            match KeySet::parse_all(set) {
                Ok(set) => Ok(Keys::Here(set)),
                Err(KeySetError::Form) => flaw("jwks", "not a JWK set"),
                Err(KeySetError::Private) => flaw("jwks", "a key with private members: it is no secret any more"),
                Err(KeySetError::Weak(why)) => flaw("jwks", why),
            }
        }
    }
}

fn alg(name: Option<&str>, field: &'static str) -> Result<Option<Alg>, Flaw> {
    match name.map(Alg::from_name) {
        None => Ok(None),
        Some(Some(alg)) => Ok(Some(alg)),
        Some(None) => flaw(field, "RS256, PS256, ES256 or EdDSA"),
    }
}

/// HS256 goes with `client_secret_jwt` and is its only one.
pub(super) fn auth_signing_alg(f: &Fields, method: AuthMethod) -> Result<Option<Alg>, Flaw> {
    const FIELD: &str = "token_endpoint_auth_signing_alg";
    match (method, f.token_endpoint_auth_signing_alg.as_deref()) {
        (AuthMethod::ClientSecretJwt, None | Some("HS256")) => Ok(None),
        (AuthMethod::ClientSecretJwt, Some(_)) => flaw(FIELD, "client_secret_jwt signs with HS256"),
        (_, name) => alg(name, FIELD),
    }
}

/// A client that signs needs a key that its signatures can be verified with.
pub(super) fn authentication(f: &Fields, method: AuthMethod, keys: &Keys, profile: Profile) -> Result<(), Flaw> {
    if method != AuthMethod::PrivateKeyJwt {
        return Ok(());
    }
    signs(auth_signing_alg(f, method)?, signs_with(profile), keys)
}

fn signs(wanted: Option<Alg>, among: &[Alg], keys: &Keys) -> Result<(), Flaw> {
    let fits = |set: &KeySet| match wanted {
        Some(alg) => set.fits(alg),
        None => among.iter().any(|alg| set.fits(*alg)),
    };
    match keys {
        Keys::There => Ok(()),
        Keys::Here(set) if fits(set) => Ok(()),
        Keys::Here(_) => flaw("jwks", "no key for the signatures of this client"),
        Keys::None => flaw("jwks", "a client that signs needs jwks or jwks_uri"),
    }
}

pub(super) fn request_object(f: &Fields, keys: &Keys) -> Result<Option<Alg>, Flaw> {
    let wanted = alg(f.request_object_signing_alg.as_deref(), "request_object_signing_alg")?;
    if f.require_signed_request_object.unwrap_or_default() {
        signs(wanted, &Alg::ALL, keys)?;
    }
    Ok(wanted)
}

pub(super) fn id_token(f: &Fields, keys: &Keys) -> Result<Protection, Flaw> {
    let signed = alg(f.id_token_signed_response_alg.as_deref(), "id_token_signed_response_alg")?;
    let names = [&f.id_token_encrypted_response_alg, &f.id_token_encrypted_response_enc];
    let fields = ["id_token_encrypted_response_alg", "id_token_encrypted_response_enc"];
    // OIDCR 2: the default is written down as what it is.
    Ok(Protection { signed: Some(signed.unwrap_or(Alg::RS256)), encrypted: encryption(names, fields, keys)? })
}

pub(super) fn userinfo(f: &Fields, keys: &Keys) -> Result<Protection, Flaw> {
    let signed = alg(f.userinfo_signed_response_alg.as_deref(), "userinfo_signed_response_alg")?;
    let names = [&f.userinfo_encrypted_response_alg, &f.userinfo_encrypted_response_enc];
    let fields = ["userinfo_encrypted_response_alg", "userinfo_encrypted_response_enc"];
    Ok(Protection { signed, encrypted: encryption(names, fields, keys)? })
}

pub(super) fn introspection(f: &Fields) -> Result<Protection, Flaw> {
    let signed = alg(f.introspection_signed_response_alg.as_deref(), "introspection_signed_response_alg")?;
    Ok(Protection { signed, encrypted: None })
}

/// OIDCR 2: `enc` without `alg` is refused, `alg` alone means A128CBC-HS256.
fn encryption(names: [&Option<String>; 2], fields: [&'static str; 2], keys: &Keys) -> Result<Option<Encryption>, Flaw> {
    let ([alg, enc], [alg_field, enc_field]) = (names, fields);
    let Some(alg) = alg else {
        return if enc.is_some() { flaw(enc_field, "not without the alg") } else { Ok(None) };
    };
    let Some(alg) = KeyManagement::from_name(alg) else { return flaw(alg_field, "RSA-OAEP-256 or ECDH-ES") };
    let enc = match enc.as_deref().map(ContentEncryption::from_name) {
        None => ContentEncryption::default(),
        Some(Some(enc)) => enc,
        Some(None) => return flaw(enc_field, "A128CBC-HS256 or A256GCM"),
    };
    match keys {
        Keys::There => {}
        Keys::Here(set) if set.takes(alg) => {}
        Keys::Here(_) => return flaw("jwks", "no key to encrypt to"),
        Keys::None => return flaw("jwks", "encryption needs jwks or jwks_uri"),
    }
    Ok(Some(Encryption { alg, enc }))
}

/// Everything that would be signed for the client, with the field that says how.
fn signatures(meta: &Metadata) -> impl Iterator<Item = (&'static str, Alg)> {
    let all = [
        ("id_token_signed_response_alg", meta.id_token.signed),
        ("userinfo_signed_response_alg", meta.userinfo.signed),
        ("introspection_signed_response_alg", meta.introspection.signed),
    ];
    all.into_iter().filter_map(|(field, alg)| Some((field, alg?)))
}

/// Whether what the client is to be given can be signed: `offered` is what is signed with now.
///
/// # Errors
/// The first field that asks for another algorithm.
pub fn offered(meta: &Metadata, offered: &[Alg]) -> Result<(), Flaw> {
    match signatures(meta).find(|(_, alg)| !offered.contains(alg)) {
        None => Ok(()),
        Some((field, _)) => flaw(field, "not one that is offered here: see keys.algorithms and discovery"),
    }
}
