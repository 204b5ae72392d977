//! What a relying party says of itself, and what is fetched from it.

use preau::clients::ClientMetadata;
use preau::clients::logo::reencode;
use preau::clients::metadata::{self, RegistrationPolicy};
use preau::jose::{KeySet, encrypt};
use preau::protocol::algorithms::{ContentEncryption, Encryption, KeyManagement};
use preau::protocol::registration::ClientMetadataFields;
use preau::protocol::scope::Scope;
use preau::protocol::{json, redirect};
use serde_json::Value;

/// A JWK set of a stranger: every key that is taken can be used, whatever its numbers are.
pub fn jwks(bytes: &[u8]) {
    let Some(set) = json::object(bytes) else { return };
    let Ok(keys) = KeySet::parse(&Value::Object(set)) else { return };
    for name in ["RSA-OAEP-256", "ECDH-ES"] {
        let alg = name.parse::<KeyManagement>().expect("one of ours");
        if keys.can_encrypt(alg) {
            let how = Encryption { alg, enc: ContentEncryption::A256Gcm };
            let sealed = encrypt(&keys, how, None, b"payload").expect("a key that is taken");
            assert_eq!(sealed.split('.').count(), 5);
        }
    }
}

/// Client metadata of a registration: what is taken keeps the rules, and is taken again from what is answered.
pub fn metadata(bytes: &[u8]) {
    let Some(mut all) = json::object(bytes) else { return };
    let Ok(fields) = ClientMetadataFields::read(&mut all) else { return };
    let terms = RegistrationPolicy::Registered {
        client_id: "c".to_owned(),
        academy: "montpellier".to_owned(),
        has_own_sector: false,
    };
    let meta = match metadata::validate(&fields, &terms) {
        Ok(meta) => meta,
        Err(flaw) => return assert!(flaw.to_string().is_ascii(), "{flaw}"),
    };
    for uri in &meta.redirect_uris {
        assert_eq!(redirect::validate(uri, meta.native), Ok(()), "{uri}");
    }
    let links = [&meta.client_uri, &meta.logo_uri, &meta.policy_uri, &meta.tos_uri, &meta.jwks_uri];
    for uri in links.into_iter().flatten() {
        assert!(uri.starts_with("https://") || uri.starts_with("http://"), "{uri}");
    }
    assert!(meta.consent && meta.audiences.is_empty() && meta.perimeter.academies == ["montpellier"]);
    assert!(!meta.scopes.contains(Scope::Education), "of children only clients of the house learn");
    let again = metadata::validate(&metadata::to_fields(&meta), &terms).expect("what was answered can be sent again");
    // What is written back names its method: from then on it is held to it.
    let named = ClientMetadata { secret_either_way: false, ..meta };
    assert_eq!(serde_json::to_value(&again).unwrap(), serde_json::to_value(&named).unwrap());
}

/// A picture: drawn anew as a small PNG, or refused.
pub fn logo(bytes: &[u8]) {
    if let Ok(drawn) = reencode(bytes) {
        assert!(drawn.starts_with(b"\x89PNG\r\n\x1a\n"));
    }
}
