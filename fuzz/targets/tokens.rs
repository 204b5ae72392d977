//! Tokens of ours and of others, as they come in.

use std::sync::LazyLock;

use preau::base::typed_ids::RefreshFamilyId;
use preau::crypto::{AssociatedData, MasterKey};
use preau::grants::{encode_refresh_token, parse_refresh_token};
use preau::jose::{self, Alg, ExpectedTyp, KeyRing, KeySet, KeyState, SigningKey};
use preau::oidc::authorization::pushed_request;
use preau::oidc::client_authentication::assertion;
use serde_json::json;

use super::text;

const PLACE: AssociatedData<'static> = AssociatedData { table: "outbox", column: "body", row: "1" };

/// Keys of our own, and one good token of each kind.
struct House {
    ring: KeyRing,
    keys: KeySet,
    master_key: MasterKey,
    good: Vec<String>,
}

static HOUSE: LazyLock<House> = LazyLock::new(|| {
    let drawn = Alg::ALL.map(|alg| {
        let (jwk, kid) = jose::generate(alg).unwrap();
        SigningKey::from_jwk(&kid, alg, KeyState::Active, &jwk).unwrap()
    });
    let ring = KeyRing::new(drawn.into());
    let keys = KeySet::parse(&ring.jwks()).unwrap();
    let master_key = MasterKey::new([7; 32]).unwrap();
    let claims = json!({ "iss": "https://préau.example", "sub": "s", "exp": 1_795_510_800, "scope": "openid" });
    let mut good: Vec<String> =
        Alg::ALL.iter().map(|alg| jose::sign(&ring, *alg, "at+jwt", &claims).unwrap()).collect();
    good.push(encode_refresh_token(&master_key, &RefreshFamilyId::new("AAAAAAAAAAAAAAAAAAAAAA"), 3));
    good.push(master_key.seal(PLACE, "a body").unwrap());
    House { ring, keys, master_key, good }
});

/// Whether any reader takes the text for a token of this house.
fn taken(house: &House, token: &str) -> bool {
    let typ = ExpectedTyp::AbsentOr(&["JWT", "at+jwt"]);
    [
        jose::verify(&house.ring, "at+jwt", token).is_ok(),
        jose::verify_hint(&house.ring, "at+jwt", token).is_ok(),
        house.keys.verify(token, &Alg::ALL, typ).is_ok(),
        jose::verify_hs256(&[b'x'; 32], token, typ).is_ok(),
        parse_refresh_token(&house.master_key, token).is_some(),
        house.master_key.open(PLACE, token).is_ok(),
    ]
    .contains(&true)
}

/// Any text: read without panic, and taken for nothing.
pub fn token(bytes: &[u8]) {
    let text = text(bytes);
    assert!(!taken(&HOUSE, &text), "nobody signed this: {text}");
    let _ = (assertion::unverified_client_id(&text), pushed_request::is_pushed_request_uri(&text));
    if let Ok(proof) = jose::verify_by_embedded_jwk(&text, &Alg::ALL, "dpop+jwt") {
        assert_eq!(proof.thumbprint.len(), 43);
    }
}

/// A good token, then what is done to it: (where, which bits) again and again, at last where it is cut.
/// Whatever differs from it by one bit is not taken (J9, J11, J12, T9).
pub fn altered(bytes: &[u8]) {
    let house = &*HOUSE;
    let [which, cut, changes @ ..] = bytes else { return };
    let good = &house.good[usize::from(*which) % house.good.len()];
    assert!(taken(house, good));
    let mut bent = good.clone().into_bytes();
    for change in changes.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % bent.len();
        bent[at] ^= change[2];
    }
    bent.truncate(bent.len() - usize::from(*cut) % bent.len());
    let bent = text(&bent);
    assert_eq!(taken(house, &bent), bent == *good, "{bent}");
}
