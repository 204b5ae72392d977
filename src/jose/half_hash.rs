//! `at_hash` and `c_hash` (OIDCC 3.1.3.6, 3.3.2.11).

use sha2::{Digest as _, Sha256, Sha512};

use crate::base::secret::base64url;
use crate::protocol::algorithms::Alg;

/// Returns the left half of a text's hash, computed with the hash function of the ID token's algorithm; for Ed25519
/// SHA-512 (RFC 8032 5.1).
pub fn left_half_hash(alg: Alg, text: &str) -> String {
    match alg {
        Alg::RS256 | Alg::PS256 | Alg::ES256 => {
            base64url(Sha256::digest(text.as_bytes()).get(..16).unwrap_or_default())
        }
        Alg::EdDSA => base64url(Sha512::digest(text.as_bytes()).get(..32).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oidcc_appendix_a_the_left_half() {
        // OIDCC A.3 and A.4 print the values.
        let half = |text| left_half_hash(Alg::RS256, text);
        assert_eq!(half("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(half("Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk"), "LDktKdoQak3Pk0cnXxCltA");
        assert_eq!(left_half_hash(Alg::EdDSA, "x").len(), 43);
    }
}
