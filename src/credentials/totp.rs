//! The codes of an application: RFC 6238 with SHA-1, six digits and steps of thirty seconds, which every application
//! knows.

use std::fmt;

use form_urlencoded::byte_serialize;
use totp_rs::{Builder, Secret, Totp};
use zeroize::Zeroizing;

use crate::base::clock::{Span, Timestamp};
use crate::base::rng::Random;
use crate::otp::TypedCode;

/// The length of a secret: that of the hash (RFC 4226 4).
const SECRET_BYTES: usize = 20;
/// The length of a step.
const STEP: Span = Span::seconds(30);
/// The number of steps by which a phone's clock may be late or early (RFC 6238 6).
const MAX_STEPS_OFF: u16 = 1;
/// The number of signs between two blanks of a shown secret.
const GROUP_SIGNS: usize = 4;

/// The secret that an application shares with us. `Debug` never prints it.
pub struct TotpSecret(Secret);

impl TotpSecret {
    pub fn draw(rng: &dyn Random) -> Self {
        Self(Secret::new_stack(rng.bytes::<SECRET_BYTES>()))
    }

    /// Reads a secret in base32, as it is sealed; `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        Secret::try_from_base32(text).ok().map(Self)
    }

    /// Returns the secret in base32, the form in which it is sealed and shown.
    pub fn to_base32(&self) -> Zeroizing<String> {
        Zeroizing::new(self.0.to_base32())
    }

    /// Returns the secret in groups of four signs, to be typed by hand.
    pub fn to_groups(&self) -> String {
        let text = self.to_base32();
        let signs: Vec<char> = text.chars().collect();
        let groups: Vec<String> = signs.chunks(GROUP_SIGNS).map(|group| group.iter().collect()).collect();
        groups.join(" ")
    }

    /// Returns the address that an application reads from the QR code.
    pub fn to_uri(&self, service: &str, identifiant: &str) -> String {
        // A blank is `%20` here: applications show a `+` as it stands.
        let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
        let (service, identifiant, secret) = (encode(service), encode(identifiant), self.to_base32());
        format!(
            "otpauth://totp/{service}:{identifiant}?secret={}&issuer={service}&algorithm=SHA1&digits=6&period=30",
            *secret
        )
    }

    fn generator(&self) -> Totp {
        Builder::new().with_secret(self.0.clone()).with_skew(MAX_STEPS_OFF).build_noncompliant()
    }

    /// Returns the step of a code: of this moment, or one beside it. `None` for another code.
    pub fn step_of(&self, code: &TypedCode, now: Timestamp) -> Option<i64> {
        let step = self.generator().check(code.as_str(), seconds(now))?;
        i64::try_from(step).ok()
    }

    /// Returns the code of a moment, as an application shows it.
    pub fn code_at(&self, at: Timestamp) -> String {
        self.generator().generate(seconds(at)).to_string()
    }
}

/// Returns the step before which no code serves at first.
pub fn first_step(now: Timestamp) -> i64 {
    now.0 / STEP.0 - i64::from(MAX_STEPS_OFF) - 1
}

fn seconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_seconds()).unwrap_or(0)
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::SeededRandom;

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000)
    }

    #[test]
    fn rfc_6238_appendix_b_the_vectors_of_sha_1() {
        let secret = TotpSecret(Secret::new(b"12345678901234567890".to_vec().into_boxed_slice()));
        for (time, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            // The appendix has eight digits: ours are the last six of them.
            assert_eq!(secret.code_at(at(time)), code[2..], "{time}");
        }
    }

    #[test]
    fn a_clock_may_be_one_step_off_and_the_step_is_told() {
        let secret = TotpSecret::draw(&SeededRandom::new(1));
        let now = at(1_800_000_000);
        for (off, step) in [(-60, None), (-30, Some(-1)), (0, Some(0)), (30, Some(1)), (60, None)] {
            let code = TypedCode::parse(&secret.code_at(at(1_800_000_000 + off))).unwrap();
            assert_eq!(secret.step_of(&code, now), step.map(|n| 60_000_000 + n), "{off} s");
        }
        assert!(first_step(now) < 59_999_999 && first_step(now) >= 59_999_998);
    }

    #[test]
    fn a_secret_is_shown_in_groups_and_read_again() {
        let secret = TotpSecret::draw(&SeededRandom::new(1));
        let text = secret.to_base32();
        assert_eq!((text.len(), secret.to_groups().split(' ').count()), (32, 8));
        assert_eq!(secret.to_groups().replace(' ', ""), *text);
        assert_eq!(*TotpSecret::parse(&text).unwrap().to_base32(), *text);
        let uri = secret.to_uri("Mon compte École", "f.leboeuf47");
        assert!(uri.starts_with("otpauth://totp/Mon%20compte%20%C3%89cole:f.leboeuf47?secret="), "{uri}");
        assert!(uri.contains("&issuer=Mon%20compte%20%C3%89cole&") && !uri.contains('+'), "{uri}");
        assert_eq!(format!("{secret:?}"), "TotpSecret(…)");
    }
}
