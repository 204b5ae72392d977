//! Second factors: what proves a person beside the password.
//!
//! An SMS is none (docs/decisions/0033-sms-proves-possession.md). Backup codes stand beside another factor and go with
//! the last one.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::TotpId;
use crate::otp::{CodeFormatError, TypedCode};
use crate::passkeys::ProvenPasskey;
use crate::protocol::acr::Amr;
use crate::sessions::AuthenticationMethod;

use super::backup_codes::BackupCode;

/// The maximum number of applications of an account.
pub const MAX_TOTP: usize = 2;
/// The number of backup codes drawn at once.
pub const BACKUP_CODES: usize = 10;

/// The kind of a second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum FactorKind {
    Totp,
    BackupCode,
    Passkey,
}

impl FactorKind {
    /// Returns the stored name.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the method of a session that begins with the password and then this factor.
    pub fn after_password(self) -> AuthenticationMethod {
        match self {
            FactorKind::Totp => AuthenticationMethod::PasswordAndTotp,
            FactorKind::BackupCode => AuthenticationMethod::PasswordAndBackupCode,
            FactorKind::Passkey => AuthenticationMethod::PasswordAndPasskey,
        }
    }

    /// Returns the methods of a session in which this factor was proven later, in the order of [`Amr`].
    pub fn added_to(self, former: &[Amr]) -> Vec<Amr> {
        let mut all: Vec<Amr> = former.iter().chain(self.after_password().amr()).copied().collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// An application of an account, confirmed by a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TotpFactor {
    pub id: TotpId,
    pub confirmed_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

/// The second factors of an account: the one answer to « has this account a factor, and which ».
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldFactors {
    /// The times at which the passkeys were added.
    pub passkeys: Vec<Timestamp>,
    pub totp: Vec<TotpFactor>,
    /// The number of backup codes left.
    pub backup_codes: i64,
    /// The time at which the backup codes were drawn.
    pub backup_codes_at: Option<Timestamp>,
}

impl HeldFactors {
    /// True if the password alone does not open the account. Backup codes alone require nothing.
    pub fn is_required(&self) -> bool {
        !self.totp.is_empty() || !self.passkeys.is_empty()
    }

    /// True if a factor is required and one of them was there before a time: a factor that a session enrolled raises
    /// no session of that same sign-in (docs/threats.md#attack-m9).
    pub fn has_older_than(&self, at: Timestamp) -> bool {
        self.totp.iter().any(|totp| totp.confirmed_at < at)
            || self.passkeys.iter().any(|added| *added < at)
            || self.is_required() && self.backup_codes > 0 && self.backup_codes_at.is_some_and(|drawn| drawn < at)
    }

    /// True if an application or a passkey was added at a time or later.
    pub fn has_younger_than(&self, at: Timestamp) -> bool {
        self.totp.iter().any(|totp| totp.confirmed_at >= at) || self.passkeys.iter().any(|added| *added >= at)
    }
}

/// The proof that a factor gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProvenFactor {
    pub kind: FactorKind,
    /// The time at which the person got the factor.
    pub since: Timestamp,
}

/// The factor that was shown: a typed code, whose form tells which kind it is, or a passkey.
#[derive(Clone)]
pub enum TypedFactor {
    /// A passkey whose answer was judged already; its use is still to be written.
    Passkey(ProvenPasskey),
    Totp(TypedCode),
    BackupCode(BackupCode),
}

/// The reason for rejecting typed text before any try is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorFormatError {
    Empty,
    /// Neither six digits nor a backup code.
    Malformed,
}

impl TypedFactor {
    pub fn parse(typed: &str) -> Result<Self, FactorFormatError> {
        match TypedCode::parse(typed) {
            Ok(code) => Ok(TypedFactor::Totp(code)),
            Err(CodeFormatError::Empty) => Err(FactorFormatError::Empty),
            Err(CodeFormatError::NotSixDigits) => {
                BackupCode::parse(typed).map(TypedFactor::BackupCode).ok_or(FactorFormatError::Malformed)
            }
        }
    }
}

/// The result of comparing a typed factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorVerification {
    Correct(ProvenFactor),
    /// Wrong, served before, or of another account: not distinguished.
    Incorrect,
    /// The attempts are used up until this time: nothing was compared.
    Limited {
        until: Timestamp,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_factor_adds_its_words_to_those_of_the_sign_in() {
        assert_eq!(FactorKind::Totp.added_to(&[Amr::Pwd]), [Amr::Pwd, Amr::Otp, Amr::Mfa]);
        assert_eq!(FactorKind::BackupCode.added_to(&[Amr::Sms, Amr::Pwd]), [Amr::Sms, Amr::Pwd, Amr::Mfa]);
        let key = FactorKind::Passkey.added_to(&[Amr::Pwd]);
        assert_eq!(key, [Amr::Pwd, Amr::Pop, Amr::User, Amr::Mfa]);
        let again = FactorKind::Totp.added_to(&[Amr::Pwd, Amr::Mfa]);
        assert_eq!(again, FactorKind::Totp.added_to(&again));
    }

    #[test]
    fn the_form_tells_an_application_s_code_from_a_backup_code() {
        assert!(matches!(TypedFactor::parse("123 456"), Ok(TypedFactor::Totp(_))));
        assert!(matches!(TypedFactor::parse("acde-fhjk"), Ok(TypedFactor::BackupCode(_))));
        assert_eq!(TypedFactor::parse(" \u{a0}").err(), Some(FactorFormatError::Empty));
        for text in ["12345", "1234567", "acde-fhj", "acde-fhjkm", "acde-fhj0", "Cheval-7-bleu"] {
            assert_eq!(TypedFactor::parse(text).err(), Some(FactorFormatError::Malformed), "{text}");
        }
    }

    #[test]
    fn attack_m9_backup_codes_alone_are_no_factor_and_a_new_factor_is_no_old_one() {
        let (early, late) = (Timestamp(10), Timestamp(20));
        let codes = HeldFactors { backup_codes: 10, backup_codes_at: Some(early), ..HeldFactors::default() };
        assert!(!codes.is_required() && !codes.has_older_than(late));
        let totp = TotpFactor { id: TotpId::new("t"), confirmed_at: late, used_at: None };
        let both = HeldFactors { totp: vec![totp], ..codes };
        assert!(both.is_required() && both.has_older_than(late) && !both.has_older_than(early));
        let key = HeldFactors { passkeys: vec![late], ..HeldFactors::default() };
        assert!(key.is_required() && key.has_older_than(Timestamp(21)) && !key.has_older_than(late));
        assert!(key.has_younger_than(late) && !key.has_younger_than(Timestamp(21)));
        let drawn_later = HeldFactors { backup_codes_at: Some(late), ..both };
        assert!(!drawn_later.has_older_than(late) && drawn_later.has_older_than(Timestamp(21)));
    }
}
