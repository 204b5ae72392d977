//! What a help desk may see of an account: no code, no whole number, no address.

use serde::Serialize;

use crate::admin_api::shapes::{serialize_maybe_time, serialize_time};
use crate::base::clock::Timestamp;
use crate::base::uai::Uai;

/// Everything that is said of an account on one screen. Programs have times in RFC 3339.
#[derive(Clone, Debug, Serialize)]
pub struct AccountReport {
    pub identifiant: String,
    pub profile: &'static str,
    pub name: String,
    pub state: &'static str,
    pub suspended_by: Option<&'static str>,
    #[serde(serialize_with = "serialize_maybe_time")]
    pub suspended_at: Option<Timestamp>,
    /// The time at which the identifiant was given.
    #[serde(serialize_with = "serialize_time")]
    pub created_at: Timestamp,
    /// The time of the first password; `None` if there is none, or if the audit does not go back so far.
    #[serde(serialize_with = "serialize_maybe_time")]
    pub activated_at: Option<Timestamp>,
    #[serde(serialize_with = "serialize_maybe_time")]
    pub password_at: Option<Timestamp>,
    /// The time since which the password serves no more.
    #[serde(serialize_with = "serialize_maybe_time")]
    pub must_change_at: Option<Timestamp>,
    #[serde(serialize_with = "serialize_maybe_time")]
    pub caution_until: Option<Timestamp>,
    #[serde(serialize_with = "serialize_maybe_time")]
    pub closes_at: Option<Timestamp>,
    pub persons: Vec<PersonReport>,
    /// The children of a parent, or the enrolments of the pupil.
    pub pupils: Vec<PupilReport>,
    /// The confirmed address, masked.
    pub email: Option<String>,
    pub letters: Vec<LetterReport>,
    /// The upstreams through which the person signs in.
    pub links: Vec<UpstreamLinkReport>,
    pub sessions: SessionsReport,
    /// The number of known devices.
    pub devices: usize,
    pub factors: FactorsReport,
    pub last_recovery: Option<RecoveryReport>,
}

/// The second factors of an account, by their number: no secret, and no code.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct FactorsReport {
    /// The applications of codes.
    pub applications: usize,
    pub passkeys: usize,
    /// The backup codes left.
    pub backup_codes: i64,
}

/// A person of a roster, with what is known of the mobile number.
#[derive(Clone, Debug, Serialize)]
pub struct PersonReport {
    pub academy: String,
    /// `mobile`, `none` or `unusable`.
    pub phone_state: String,
    /// The last digits.
    pub phone_end: Option<String>,
    /// The time at which the school wrote the number, if recorded.
    #[serde(serialize_with = "serialize_maybe_time")]
    pub since: Option<Timestamp>,
    #[serde(serialize_with = "serialize_maybe_time")]
    pub proven_at: Option<Timestamp>,
    #[serde(serialize_with = "serialize_maybe_time")]
    pub disowned_at: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PupilReport {
    pub academy: String,
    /// ELEVE_ID.
    pub pupil_key: String,
    pub given_name: String,
    pub class: Option<String>,
    pub uai: Uai,
    pub school: String,
}

/// A letter that still serves.
#[derive(Clone, Debug, Serialize)]
pub struct LetterReport {
    pub kind: &'static str,
    pub state: &'static str,
    #[serde(serialize_with = "serialize_time")]
    pub expires_at: Timestamp,
}

/// A link to an upstream's person.
#[derive(Clone, Debug, Serialize)]
pub struct UpstreamLinkReport {
    pub upstream: String,
    pub issuer: String,
    pub sub: String,
    #[serde(serialize_with = "serialize_time")]
    pub created_at: Timestamp,
    #[serde(serialize_with = "serialize_time")]
    pub used_at: Timestamp,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct SessionsReport {
    pub alive: usize,
    #[serde(serialize_with = "serialize_maybe_time")]
    pub seen_at: Option<Timestamp>,
}

/// The last recovery in which a right code was typed.
#[derive(Clone, Debug, Serialize)]
pub struct RecoveryReport {
    #[serde(serialize_with = "serialize_time")]
    pub created_at: Timestamp,
    pub channel: String,
    pub step: String,
    /// The reason of an end without a new password.
    pub outcome: Option<String>,
}

/// Masks an address: `f…@e….org`.
pub fn mask_address(address: &str) -> String {
    let (local, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
    let end = domain.rsplit_once('.').map(|(_, end)| format!(".{end}")).unwrap_or_default();
    format!("{}…@{}…{end}", first(local), first(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_masked_whatever_it_is() {
        for (address, masked) in
            [("fatou@example.org", "f…@e….org"), ("é@mail.free.fr", "é…@m….fr"), ("x", "x…@…"), ("", "…@…")]
        {
            assert_eq!(mask_address(address), masked);
        }
    }
}
