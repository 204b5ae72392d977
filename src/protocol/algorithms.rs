//! The algorithms of JOSE that are spoken here (RFC 7518, RFC 8037), and no others.
//!
//! `none`, RSA1_5, PBES2 and compression are not in these lists, so no token can ask for them (RFC 8725 3.1,
//! docs/threats.md#attack-j1, #attack-j4, #attack-j5, #attack-j7). The names are the registry's; which key serves which
//! is decided elsewhere.

use serde::{Deserialize, Serialize};

/// A signature by an asymmetric key. RS256 is what every client reads; ES256 signs ten times faster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Alg {
    RS256,
    PS256,
    ES256,
    EdDSA,
}

impl Alg {
    pub const ALL: [Alg; 4] = [Alg::RS256, Alg::PS256, Alg::ES256, Alg::EdDSA];

    pub fn name(self) -> &'static str {
        match self {
            Alg::RS256 => "RS256",
            Alg::PS256 => "PS256",
            Alg::ES256 => "ES256",
            Alg::EdDSA => "EdDSA",
        }
    }

    pub fn from_name(name: &str) -> Option<Alg> {
        Alg::ALL.into_iter().find(|a| a.name() == name)
    }
}

/// How the content key of an encrypted token is agreed on (RFC 7518 4.3, 4.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyManagement {
    #[serde(rename = "RSA-OAEP-256")]
    RsaOaep256,
    #[serde(rename = "ECDH-ES")]
    EcdhEs,
}

impl KeyManagement {
    pub const ALL: [KeyManagement; 2] = [KeyManagement::RsaOaep256, KeyManagement::EcdhEs];

    pub fn name(self) -> &'static str {
        match self {
            KeyManagement::RsaOaep256 => "RSA-OAEP-256",
            KeyManagement::EcdhEs => "ECDH-ES",
        }
    }

    pub fn from_name(name: &str) -> Option<KeyManagement> {
        KeyManagement::ALL.into_iter().find(|a| a.name() == name)
    }
}

/// How the content of an encrypted token is enciphered (RFC 7518 5.2, 5.3). The first is OpenID's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ContentEncryption {
    #[default]
    #[serde(rename = "A128CBC-HS256")]
    A128CbcHs256,
    #[serde(rename = "A256GCM")]
    A256Gcm,
}

impl ContentEncryption {
    pub const ALL: [ContentEncryption; 2] = [ContentEncryption::A128CbcHs256, ContentEncryption::A256Gcm];

    pub fn name(self) -> &'static str {
        match self {
            ContentEncryption::A128CbcHs256 => "A128CBC-HS256",
            ContentEncryption::A256Gcm => "A256GCM",
        }
    }

    pub fn from_name(name: &str) -> Option<ContentEncryption> {
        ContentEncryption::ALL.into_iter().find(|a| a.name() == name)
    }
}

/// Both halves of an encryption (OIDCR 2: `…_encrypted_response_alg` and `…_enc`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encryption {
    pub alg: KeyManagement,
    #[serde(default)]
    pub enc: ContentEncryption,
}
