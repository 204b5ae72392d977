//! Decides whether a record of a school is a pupil who has an account already, by another record with the same INE.
//!
//! Pure. The INE alone decides nothing: a school may write any INE, so birth date and names must agree too, with every
//! record that has it. The account goes to the record that came later or comes back, never to one that was there before.

use crate::base::clock::Span;
use crate::base::date::BirthDate;
use crate::base::names::roster_canonical_key;
use crate::base::typed_ids::{AccountId, PupilId};
use crate::roster::PupilData;

/// The time without an enrolment in the academy after which a pupil who is enrolled again has come back from elsewhere.
/// An export that left the pupil out by mistake, or a school that begins before the former one ends, is no arrival.
pub const MIN_ABSENCE: Span = Span::days(92);

/// Another record of the roster that has the INE and an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PupilElsewhere {
    pub pupil_id: PupilId,
    pub account_id: AccountId,
    pub family: String,
    pub given: String,
    pub born: BirthDate,
    /// True if this record was there before the one that is compared with it.
    pub is_older: bool,
}

/// The reason for which a pupil gets no account by the INE, for the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IneConflict {
    #[error("has the INE of a pupil with another name or birth date; joins no account")]
    OtherIdentity,
    #[error("has the INE of records with several accounts; joins none of them")]
    SeveralAccounts,
    #[error("has the INE of another pupil of the same export; joins no account")]
    Repeated,
}

/// Returns the record whose account the pupil without account has too, if any. `arrives` is true for a pupil
/// whose enrolment starts with this import, after [`MIN_ABSENCE`] or for the first time.
pub fn find_same_pupil<'a>(
    pupil: &PupilData,
    elsewhere: &'a [PupilElsewhere],
    arrives: bool,
) -> Result<Option<&'a PupilElsewhere>, IneConflict> {
    let Some(first) = elsewhere.first() else { return Ok(None) };
    if !elsewhere.iter().all(|other| agrees(pupil, other)) {
        return Err(IneConflict::OtherIdentity);
    }
    if elsewhere.iter().any(|other| other.account_id != first.account_id) {
        return Err(IneConflict::SeveralAccounts);
    }
    Ok(elsewhere.iter().find(|other| arrives || other.is_older))
}

fn agrees(pupil: &PupilData, other: &PupilElsewhere) -> bool {
    let same = |left: &str, right: &str| roster_canonical_key(left) == roster_canonical_key(right);
    pupil.born == other.born && same(&pupil.family, &other.family) && same(&pupil.given, &other.given)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pupil() -> PupilData {
        let born = "2013-02-14".parse().unwrap();
        PupilData { family: "N'DIAYE".into(), usage: None, given: "Anaïs".into(), born, ine_blind: Some("x".into()) }
    }

    fn other(account: &str, change: impl FnOnce(&mut PupilElsewhere)) -> PupilElsewhere {
        let mut other = PupilElsewhere {
            pupil_id: PupilId::new("r1"),
            account_id: AccountId::new(account),
            family: "NDIAYE".into(),
            given: "ANAIS".into(),
            born: "2013-02-14".parse().unwrap(),
            is_older: true,
        };
        change(&mut other);
        other
    }

    #[test]
    fn names_agree_folded_and_the_birth_date_exactly() {
        let found = |other: PupilElsewhere| find_same_pupil(&pupil(), &[other], true).map(|found| found.is_some());
        assert_eq!(found(other("a", |_| {})), Ok(true));
        let conflict = Err(IneConflict::OtherIdentity);
        assert_eq!(found(other("a", |other| other.family = "NDIAYE-SOW".into())), conflict);
        assert_eq!(found(other("a", |other| other.given = "Ana".into())), conflict);
        assert_eq!(found(other("a", |other| other.born = "2013-02-15".parse().unwrap())), conflict);
        // A lost letter could be any letter: such a name is the same only if the same letter was lost.
        assert_eq!(found(other("a", |other| other.given = "Ana?s".into())), conflict);
    }

    #[test]
    fn all_records_must_agree_and_have_one_account() {
        let found = |all: &[PupilElsewhere]| find_same_pupil(&pupil(), all, false).map(|found| found.is_some());
        assert_eq!(found(&[]), Ok(false));
        assert_eq!(found(&[other("a", |_| {}), other("a", |_| {})]), Ok(true));
        assert_eq!(found(&[other("a", |_| {}), other("b", |_| {})]), Err(IneConflict::SeveralAccounts));
        let stranger = other("a", |other| other.family = "PETIT".into());
        assert_eq!(found(&[other("a", |_| {}), stranger]), Err(IneConflict::OtherIdentity));
    }

    #[test]
    fn a_record_that_was_there_first_joins_no_later_account_unless_the_pupil_comes_back() {
        let later = [other("a", |other| other.is_older = false)];
        assert_eq!(find_same_pupil(&pupil(), &later, false), Ok(None));
        assert_eq!(find_same_pupil(&pupil(), &later, true), Ok(later.first()));
    }
}
