//! An authenticator in software (WebAuthn 6): keys on P-256, no attestation. It lies where a test says so.

use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use preau::base::secret::{base64url, decode_base64url, sha256};
use serde_json::{Value, json};

/// The wrong words of an authenticator or a browser.
#[derive(Clone, Debug, Default)]
pub struct WrongWords {
    pub origin: Option<&'static str>,
    pub rp_id: Option<&'static str>,
    pub challenge: Option<String>,
    pub user_handle: Option<Vec<u8>>,
    pub without_verification: bool,
    /// A counter in place of the next one.
    pub counter: Option<u32>,
    pub signed_by_another_key: bool,
}

/// A passkey in the authenticator.
#[derive(Clone)]
struct SoftKey {
    id: Vec<u8>,
    key: PKey<Private>,
    user_handle: Vec<u8>,
    counter: u32,
}

/// The authenticator of one person. A clone has the same keys and its own counters.
#[derive(Clone)]
pub struct SoftAuthenticator {
    origin: String,
    keys: Vec<SoftKey>,
    /// 0 for one that counts nothing, as most that are synchronised.
    step: u32,
}

impl SoftAuthenticator {
    pub fn new(origin: &str) -> Self {
        Self { origin: origin.to_owned(), keys: Vec::new(), step: 1 }
    }

    /// Returns an authenticator without counters.
    pub fn without_counter(origin: &str) -> Self {
        Self { step: 0, ..Self::new(origin) }
    }

    /// Answers `navigator.credentials.create`.
    pub fn create(&mut self, options: &str, wrong: &WrongWords) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        let key = new_key();
        let id = sha256(&public_point(&key)).to_vec();
        let user_handle = decode_base64url(options["user"]["id"].as_str().unwrap()).unwrap();
        let rp_id = wrong.rp_id.unwrap_or(options["rp"]["id"].as_str().unwrap());
        let counter = wrong.counter.unwrap_or(self.step);
        let flags = if wrong.without_verification { 0x41 } else { 0x45 };
        let mut data = head(rp_id, flags, counter);
        data.extend([0; 16]);
        data.extend(u16::try_from(id.len()).unwrap().to_be_bytes());
        data.extend(&id);
        data.extend(cose_key(&key));
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(data);
        let client = self.client_data("webauthn.create", &options, wrong);
        self.keys.push(SoftKey { id: id.clone(), key, user_handle, counter });
        let response =
            json!({ "clientDataJSON": base64url(client.as_bytes()), "attestationObject": base64url(&object) });
        credential(&id, &response)
    }

    /// Answers `navigator.credentials.get` with the newest key.
    pub fn get(&mut self, options: &str, wrong: &WrongWords) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        assert_eq!(options["allowCredentials"], json!([]), "discoverable");
        assert_eq!(options["userVerification"], "required");
        let client = self.client_data("webauthn.get", &options, wrong);
        let step = self.step;
        let soft = self.keys.last_mut().unwrap();
        soft.counter += step;
        let counter = wrong.counter.unwrap_or(soft.counter);
        let rp_id = wrong.rp_id.unwrap_or(options["rpId"].as_str().unwrap());
        let data = head(rp_id, if wrong.without_verification { 0x01 } else { 0x05 }, counter);
        let signed = [data.as_slice(), &sha256(client.as_bytes())].concat();
        let key = if wrong.signed_by_another_key { new_key() } else { soft.key.clone() };
        let signature = Signer::new(MessageDigest::sha256(), &key).unwrap().sign_oneshot_to_vec(&signed).unwrap();
        let response = json!({
            "clientDataJSON": base64url(client.as_bytes()),
            "authenticatorData": base64url(&data),
            "signature": base64url(&signature),
            "userHandle": base64url(wrong.user_handle.as_ref().unwrap_or(&soft.user_handle)),
        });
        credential(&soft.id, &response)
    }

    /// Returns the handle of the newest key.
    pub fn user_handle(&self) -> Vec<u8> {
        self.keys.last().unwrap().user_handle.clone()
    }

    fn client_data(&self, what: &str, options: &Value, wrong: &WrongWords) -> String {
        let challenge = wrong.challenge.clone().unwrap_or_else(|| options["challenge"].as_str().unwrap().to_owned());
        let origin = wrong.origin.unwrap_or(&self.origin);
        json!({ "type": what, "challenge": challenge, "origin": origin, "crossOrigin": false }).to_string()
    }
}

fn credential(id: &[u8], response: &Value) -> String {
    let id = base64url(id);
    json!({ "id": id, "rawId": id, "type": "public-key", "response": response }).to_string()
}

fn new_key() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

/// Returns x and y.
fn public_point(key: &PKey<Private>) -> Vec<u8> {
    let key = key.ec_key().unwrap();
    let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
    let mut ctx = BigNumContext::new().unwrap();
    key.public_key().affine_coordinates(key.group(), &mut x, &mut y, &mut ctx).unwrap();
    [x.to_vec_padded(32).unwrap(), y.to_vec_padded(32).unwrap()].concat()
}

/// Writes an EC2 key for ES256 (RFC 9052 7).
fn cose_key(key: &PKey<Private>) -> Vec<u8> {
    let point = public_point(key);
    [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20", &point[..32], b"\x22\x58\x20", &point[32..]].concat()
}

fn head(rp_id: &str, flags: u8, counter: u32) -> Vec<u8> {
    [sha256(rp_id.as_bytes()).as_slice(), &[flags], &counter.to_be_bytes()].concat()
}
