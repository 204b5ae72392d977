//! The supported JOSE algorithms (RFC 7518, RFC 8037).
//!
//! `none`, RSA1_5, PBES2 and compression are not listed, so no token can request them (RFC 8725 3.1,
//! docs/threats.md#attack-j1, #attack-j4, #attack-j5, #attack-j7). The names are those of the IANA registry; the key
//! for an algorithm is chosen elsewhere.

use serde::{Deserialize, Serialize};

/// An asymmetric signature algorithm. RS256 is supported by every client; ES256 signs ten times faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr)]
pub enum Alg {
    RS256,
    PS256,
    ES256,
    EdDSA,
}

impl Alg {
    pub const ALL: [Alg; 4] = [Alg::RS256, Alg::PS256, Alg::ES256, Alg::EdDSA];

    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The key management algorithm of an encrypted token (RFC 7518 4.3, 4.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr)]
pub enum KeyManagement {
    #[serde(rename = "RSA-OAEP-256")]
    #[strum(serialize = "RSA-OAEP-256")]
    RsaOaep256,
    #[serde(rename = "ECDH-ES")]
    #[strum(serialize = "ECDH-ES")]
    EcdhEs,
}

impl KeyManagement {
    pub const ALL: [KeyManagement; 2] = [KeyManagement::RsaOaep256, KeyManagement::EcdhEs];

    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The content encryption algorithm of an encrypted token (RFC 7518 5.2, 5.3). The first is the default of OpenID
/// Connect.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr,
)]
pub enum ContentEncryption {
    #[default]
    #[serde(rename = "A128CBC-HS256")]
    #[strum(serialize = "A128CBC-HS256")]
    A128CbcHs256,
    #[serde(rename = "A256GCM")]
    #[strum(serialize = "A256GCM")]
    A256Gcm,
}

impl ContentEncryption {
    pub const ALL: [ContentEncryption; 2] = [ContentEncryption::A128CbcHs256, ContentEncryption::A256Gcm];

    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A pair of key management and content encryption (OIDCR 2: `…_encrypted_response_alg` and `…_enc`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    pub alg: KeyManagement,
    #[serde(default)]
    pub enc: ContentEncryption,
}
