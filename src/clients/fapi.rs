//! What FAPI 2.0 asks of a client, beside what this one has. Pure: the page of a service shows it as a list.
//!
//! What is required is decided in `metadata/profile.rs`; here it is only read off.

use super::metadata::allowed_algorithms;
use super::{AuthMethod, ClientMetadata, metadata};
use crate::protocol::algorithms::Alg;
use crate::protocol::profile::SecurityProfile;
use crate::protocol::response::ResponseType;

/// A requirement of FAPI 2.0 (Security Profile 5.3.2, 5.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum FapiRequirement {
    /// The profile itself: then this server refuses whatever contradicts.
    Profile,
    /// `private_key_jwt`.
    OwnKey,
    /// The client's public keys are known.
    PublicKeys,
    /// PS256, ES256 or EdDSA for what the client signs.
    ClientSignatures,
    /// The issuer is the only audience of client assertions.
    Audience,
    /// Pushed authorization requests (RFC 9126).
    Par,
    /// PKCE with S256.
    Pkce,
    /// Access tokens that are bound to a key by DPoP (RFC 9449).
    Dpop,
    /// The code flow only.
    CodeOnly,
    /// PS256, ES256 or EdDSA for what the client gets signed.
    ServerSignatures,
    /// Redirect URIs with https.
    Https,
    /// Refresh tokens that stay.
    NoRotation,
}

impl FapiRequirement {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// True if a client is registered so.
    pub fn is_met(self, meta: &ClientMetadata) -> bool {
        let needs = metadata::requirements(meta);
        let strong = |alg: Alg| allowed_algorithms(SecurityProfile::Fapi2).contains(&alg);
        let is_fapi = meta.profile == SecurityProfile::Fapi2;
        match self {
            Self::Profile => is_fapi,
            Self::OwnKey => meta.auth_method == AuthMethod::PrivateKeyJwt,
            Self::PublicKeys => meta.jwks.is_some() || meta.jwks_uri.is_some(),
            Self::ClientSignatures => {
                // The profile leaves only strong ones; elsewhere each must be named, because nothing named is any.
                let named = [meta.auth_signing_alg, meta.request_object_signing_alg];
                needs.allowed_algorithms.iter().all(|alg| strong(*alg))
                    || named.into_iter().all(|alg| alg.is_some_and(strong))
            }
            Self::Audience => needs.issuer_only_audience,
            Self::Par => needs.par,
            Self::Pkce => needs.pkce,
            Self::Dpop => needs.dpop,
            Self::CodeOnly => meta.response_types == [ResponseType::CODE],
            Self::ServerSignatures => {
                let others = [meta.userinfo.signed, meta.introspection.signed];
                strong(meta.id_token.signed.unwrap_or(Alg::RS256)) && others.into_iter().flatten().all(strong)
            }
            Self::Https => meta.redirect_uris.iter().all(|uri| uri.starts_with("https:")),
            Self::NoRotation => !needs.rotates_refresh_tokens,
        }
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::*;
    use crate::clients::answers::tests::canteen;

    #[test]
    fn faults_d3_a_client_of_the_profile_meets_each_requirement_and_another_one_does_not() {
        let mut answers = canteen();
        let plain = answers.metadata("cantine", None, None).unwrap();
        answers.fapi = true;
        answers.method = "private_key_jwt".to_owned();
        answers.jwks_uri = "https://cantine.example/cles".to_owned();
        let strict = answers.metadata("cantine", None, None).unwrap();
        let missing = |meta: &ClientMetadata| -> Vec<&'static str> {
            FapiRequirement::iter().filter(|one| !one.is_met(meta)).map(FapiRequirement::name).collect()
        };
        assert!(missing(&strict).is_empty(), "{:?}", missing(&strict));
        let plain = missing(&plain);
        for name in
            ["profile", "own_key", "public_keys", "client_signatures", "audience", "par", "dpop", "server_signatures"]
        {
            assert!(plain.contains(&name), "{name} {plain:?}");
        }
        assert!(!plain.contains(&"code_only") && !plain.contains(&"https"));
        // Each of them alone is seen.
        for (name, meta) in [
            ("code_only", ClientMetadata { response_types: ResponseType::ALL.to_vec(), ..strict.clone() }),
            (
                "https",
                ClientMetadata { redirect_uris: vec!["fr.example.cantine:/retour".to_owned()], ..strict.clone() },
            ),
            ("public_keys", ClientMetadata { jwks_uri: None, jwks: None, ..strict.clone() }),
            ("own_key", ClientMetadata { auth_method: AuthMethod::ClientSecretBasic, ..strict.clone() }),
        ] {
            assert_eq!(missing(&meta), [name]);
        }
        let mut weak = strict;
        weak.userinfo.signed = Some(Alg::RS256);
        assert_eq!(missing(&weak), ["server_signatures"]);
    }
}
