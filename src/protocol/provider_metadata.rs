//! The discovery document of an OpenID provider, as its relying party reads it (OIDCD 3, 4.3).

use serde::Deserialize;

/// The parts of a discovery document that a relying party goes by.
#[derive(Clone, Debug, Deserialize)]
pub struct ProviderMetadata {
    pub issuer: String,
    pub authorization_endpoint: String,
    pub token_endpoint: String,
    pub jwks_uri: String,
    #[serde(default)]
    pub userinfo_endpoint: Option<String>,
    /// RPIL 2.1.
    #[serde(default)]
    pub end_session_endpoint: Option<String>,
    /// RFC 9126 5.
    #[serde(default)]
    pub pushed_authorization_request_endpoint: Option<String>,
    /// RFC 9126 5.
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
    /// RFC 9207 3.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

/// The reason for refusing a discovery document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderMetadataError {
    #[error("not a discovery document")]
    Malformed,
    #[error("its issuer is another one")]
    Issuer,
}

impl ProviderMetadata {
    /// Parses the document of an issuer. It must name that very issuer (OIDCD 4.3, RFC 9207 2.4): otherwise the answers
    /// of one provider could be passed off as another's.
    pub fn parse(document: &[u8], issuer: &str) -> Result<Self, ProviderMetadataError> {
        let found: Self = serde_json::from_slice(document).map_err(|_| ProviderMetadataError::Malformed)?;
        if found.issuer == issuer { Ok(found) } else { Err(ProviderMetadataError::Issuer) }
    }

    /// Returns the address of an issuer's document (OIDCD 4.1).
    pub fn address(issuer: &str) -> String {
        format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oidcd_4_3_a_document_speaks_of_its_own_issuer_only() {
        let document = br#"{"issuer":"https://op.example","authorization_endpoint":"https://op.example/a",
            "token_endpoint":"https://op.example/t","jwks_uri":"https://op.example/j","more":[1]}"#;
        assert!(ProviderMetadata::parse(document, "https://op.example").is_ok());
        for other in ["https://op.example/", "https://OP.example", "https://other.example", ""] {
            let read = ProviderMetadata::parse(document, other);
            assert_eq!(read.err(), Some(ProviderMetadataError::Issuer), "{other}");
        }
        for broken in [&b"{}"[..], b"[]", b"", b"<html>", b"\xff"] {
            assert_eq!(ProviderMetadata::parse(broken, "").err(), Some(ProviderMetadataError::Malformed));
        }
        assert_eq!(
            ProviderMetadata::address("https://a.example/x/"),
            "https://a.example/x/.well-known/openid-configuration"
        );
    }
}
