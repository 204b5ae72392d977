//! Persons and pupils as database rows: mobile numbers, mail addresses and birth dates are encrypted, each bound to its row
//! and column.
//!
//! Encrypting one text twice gives two ciphertexts, so rows are compared after decryption.

use super::reconcile::Dated;
use super::{OTHER_NUMBERS, PersonData, Phone, PhoneState, PupilData, UnusablePhone};
use crate::base::clock::Timestamp;
use crate::base::date::BirthDate;
use crate::base::phone::E164;
use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::crypto::{AssociatedData, HmacPurpose, MasterKey, SealError};
use crate::db::{self, FromRow, parse_word};

/// The error of encrypting or decrypting a row: a wrong master key, or rows written by another program.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Row(#[from] db::DbError),
}

#[derive(Clone, Debug, FromRow, serde::Serialize, serde::Deserialize)]
pub struct PersonRow {
    pub id: PersonId,
    pub person_key: String,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub phone: Option<String>,
    pub phone_blind: Option<String>,
    pub phone_state: String,
    /// `landline` or `incomplete`, if the state is `unusable`.
    pub phone_why: Option<String>,
    pub phone_end: Option<String>,
    /// Encrypted, where calls speak codes.
    pub landline: Option<String>,
    pub landline_blind: Option<String>,
    pub mobile_in: Option<String>,
    /// Encrypted.
    pub mail: Option<String>,
    pub mail_blind: Option<String>,
    pub exported_at: i64,
    /// The format that wrote the row while it led in its school.
    pub led_by: Option<String>,
    /// The time of the export by which the data became what it is; absent: `exported_at`.
    pub changed_at: Option<i64>,
}

#[derive(Clone, Debug, FromRow, serde::Serialize, serde::Deserialize)]
pub struct PupilRow {
    pub id: PupilId,
    pub pupil_key: String,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub birth_date: String,
    pub ine_blind: Option<String>,
    /// Read only: an import gives no account by this column.
    pub account_id: Option<AccountId>,
    pub exported_at: i64,
    /// The format that wrote the row while it led in its school.
    pub led_by: Option<String>,
    /// The time of the export by which the data became what it is; absent: `exported_at`.
    pub changed_at: Option<i64>,
}

fn phone_associated_data(row: &str) -> AssociatedData<'_> {
    AssociatedData { table: "person", column: "phone", row }
}

fn landline_associated_data(row: &str) -> AssociatedData<'_> {
    AssociatedData { table: "person", column: "landline", row }
}

fn mail_associated_data(row: &str) -> AssociatedData<'_> {
    AssociatedData { table: "person", column: "mail", row }
}

fn birth_date_associated_data(row: &str) -> AssociatedData<'_> {
    AssociatedData { table: "pupil", column: "birth_date", row }
}

/// Decrypts the birth date of a pupil's row.
pub fn open_birth_date(master_key: &MasterKey, pupil_id: &PupilId, sealed: &str) -> Result<BirthDate, RowError> {
    let text = master_key.open(birth_date_associated_data(pupil_id), sealed)?;
    text.parse().map_err(|_| inconsistent_row("pupil", "birth_date", pupil_id))
}

/// Decrypts the mobile number of a person's row.
pub fn open_mobile(master_key: &MasterKey, person_id: &PersonId, sealed: &str) -> Result<E164, RowError> {
    let text = master_key.open(phone_associated_data(person_id), sealed)?;
    E164::from_stored(&text).ok_or_else(|| inconsistent_row("person", "phone", person_id))
}

/// Decrypts the mail address of a person's row.
pub fn open_mail(master_key: &MasterKey, person_id: &PersonId, sealed: &str) -> Result<String, RowError> {
    Ok(master_key.open(mail_associated_data(person_id), sealed)?)
}

/// Returns the form by which an address is known again: in small letters, and without what follows a `+` before the
/// `@`. Two spellings of one mailbox are one.
fn known_address(address: &str) -> String {
    let address = address.to_lowercase();
    let Some((local, domain)) = address.rsplit_once('@') else { return address };
    match local.split_once('+') {
        Some((local, _)) if !local.is_empty() => format!("{local}@{domain}"),
        _ => address,
    }
}

fn inconsistent_row(table: &'static str, column: &'static str, row: &str) -> RowError {
    RowError::Row(db::DbError::Inconsistent { table, column, row: row.to_owned() })
}

impl PersonRow {
    pub fn seal(
        master_key: &MasterKey,
        id: &PersonId,
        key: &str,
        data: &PersonData,
        at: Timestamp,
    ) -> Result<Self, RowError> {
        let number = data.phone.mobile().map(E164::as_str);
        let unusable = match &data.phone {
            Phone::Unusable(unusable) => Some(unusable),
            Phone::Mobile(_) | Phone::Absent => None,
        };
        let landline = unusable.and_then(|unusable| unusable.landline.as_ref()).map(E164::as_str);
        let mail = data.mail.as_deref();
        Ok(Self {
            id: id.clone(),
            person_key: key.to_owned(),
            family_name: data.family.clone(),
            usage_name: data.usage.clone(),
            given_name: data.given.clone(),
            phone: number.map(|number| master_key.seal(phone_associated_data(id), number)).transpose()?,
            phone_blind: number.map(|number| master_key.hmac(HmacPurpose::Phone, number)),
            phone_state: data.phone.state().name().to_owned(),
            phone_why: unusable.and_then(|unusable| unusable.reason).map(|why| why.name().to_owned()),
            phone_end: unusable.map(|unusable| unusable.last_digits.clone()).filter(|end| !end.is_empty()),
            landline: landline.map(|number| master_key.seal(landline_associated_data(id), number)).transpose()?,
            landline_blind: landline.map(|number| master_key.hmac(HmacPurpose::Phone, number)),
            mobile_in: data.mobile_column.map(str::to_owned),
            mail: mail.map(|address| master_key.seal(mail_associated_data(id), address)).transpose()?,
            mail_blind: mail.map(|address| master_key.hmac(HmacPurpose::RosterMail, &known_address(address))),
            exported_at: at.0,
            led_by: None,
            changed_at: Some(at.0),
        })
    }

    pub fn open(&self, master_key: &MasterKey) -> Result<Dated<PersonData>, RowError> {
        let phone = match (parse_word("person", "phone_state", &self.id, &self.phone_state)?, &self.phone) {
            (PhoneState::Mobile, Some(sealed)) => Phone::Mobile(open_mobile(master_key, &self.id, sealed)?),
            (PhoneState::Absent, None) => Phone::Absent,
            (PhoneState::Unusable, None) => Phone::Unusable(UnusablePhone {
                reason: self.phone_why.as_deref().and_then(|word| word.parse().ok()),
                last_digits: self.phone_end.clone().unwrap_or_default(),
                landline: self.open_landline(master_key)?,
            }),
            _ => return Err(inconsistent_row("person", "phone_state", &self.id)),
        };
        let data = PersonData {
            family: self.family_name.clone(),
            usage: self.usage_name.clone(),
            given: self.given_name.clone(),
            phone,
            mobile_column: OTHER_NUMBERS.into_iter().find(|column| self.mobile_in.as_deref() == Some(*column)),
            mail: self.mail.as_deref().map(|sealed| open_mail(master_key, &self.id, sealed)).transpose()?,
        };
        Ok(Dated { data, exported_at: Timestamp(self.exported_at) })
    }
}

impl PersonRow {
    /// Returns this row in the place of an older one: no older than that by its export, and unchanged since then if the
    /// data is the same.
    #[must_use]
    pub fn dated_after(&self, old: &Self, is_same: bool) -> Self {
        let changed_at = if is_same { old.changed_at.or(Some(old.exported_at)) } else { self.changed_at };
        Self { exported_at: self.exported_at.max(old.exported_at), changed_at, ..self.clone() }
    }

    /// Returns this row with the address of a later one of the same person: its data is as old, and whose it was.
    #[must_use]
    pub fn with_mail_of(&self, given: Self) -> Self {
        let exported_at = self.exported_at.max(given.exported_at);
        let changed_at = self.changed_at.or(Some(self.exported_at));
        Self { exported_at, changed_at, mail: given.mail, mail_blind: given.mail_blind, ..self.clone() }
    }

    fn open_landline(&self, master_key: &MasterKey) -> Result<Option<E164>, RowError> {
        let Some(sealed) = &self.landline else { return Ok(None) };
        let text = master_key.open(landline_associated_data(&self.id), sealed)?;
        E164::from_stored(&text).ok_or_else(|| inconsistent_row("person", "landline", &self.id)).map(Some)
    }
}

impl PupilRow {
    /// Returns this row in the place of an older one, like [`PersonRow::dated_after`].
    #[must_use]
    pub fn dated_after(&self, old: &Self, is_same: bool) -> Self {
        let changed_at = if is_same { old.changed_at.or(Some(old.exported_at)) } else { self.changed_at };
        Self { exported_at: self.exported_at.max(old.exported_at), changed_at, ..self.clone() }
    }

    pub fn seal(
        master_key: &MasterKey,
        id: &PupilId,
        key: &str,
        data: &PupilData,
        at: Timestamp,
    ) -> Result<Self, RowError> {
        Ok(Self {
            id: id.clone(),
            pupil_key: key.to_owned(),
            family_name: data.family.clone(),
            usage_name: data.usage.clone(),
            given_name: data.given.clone(),
            birth_date: master_key.seal(birth_date_associated_data(id), &data.born.to_string())?,
            ine_blind: data.ine_blind.clone(),
            account_id: None,
            exported_at: at.0,
            led_by: None,
            changed_at: Some(at.0),
        })
    }

    pub fn open(&self, master_key: &MasterKey) -> Result<Dated<PupilData>, RowError> {
        let data = PupilData {
            family: self.family_name.clone(),
            usage: self.usage_name.clone(),
            given: self.given_name.clone(),
            born: open_birth_date(master_key, &self.id, &self.birth_date)?,
            ine_blind: self.ine_blind.clone(),
        };
        Ok(Dated { data, exported_at: Timestamp(self.exported_at) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::UnusableReason;

    fn person(phone: Phone) -> PersonData {
        PersonData {
            family: "LEBŒUF".into(),
            usage: None,
            given: "Loïc".into(),
            phone,
            mobile_column: Some("TEL_PERSONNEL"),
            mail: Some("loic.leboeuf@exemple.invalid".into()),
        }
    }

    #[test]
    fn rows_open_to_what_was_sealed_and_show_none_of_it() {
        let master_key = MasterKey::new([7; 32]).unwrap();
        let number = E164::from_stored("+33639980002").unwrap();
        let unusable =
            UnusablePhone { reason: Some(UnusableReason::Landline), last_digits: "56".into(), landline: None };
        let called = UnusablePhone { landline: E164::from_stored("+33439980002"), ..unusable.clone() };
        let phones = [
            Phone::Mobile(number),
            Phone::Absent,
            Phone::Unusable(unusable),
            Phone::Unusable(called),
            Phone::Unusable(UnusablePhone::default()),
        ];
        for phone in phones {
            let row =
                PersonRow::seal(&master_key, &PersonId::new("r1"), "500002", &person(phone.clone()), Timestamp(5))
                    .unwrap();
            assert!(!format!("{row:?}").contains("39980002") && !format!("{row:?}").contains("exemple"));
            assert_eq!(row.open(&master_key).unwrap(), Dated { data: person(phone), exported_at: Timestamp(5) });
        }
        let born = BirthDate::new(2013, 2, 14).unwrap();
        let data = PupilData {
            family: "A".into(),
            usage: Some("B".into()),
            given: "C".into(),
            born,
            ine_blind: Some("x".into()),
        };
        let row = PupilRow::seal(&master_key, &PupilId::new("r1"), "900001", &data, Timestamp(5)).unwrap();
        assert!(!row.birth_date.contains("2013"));
        assert_eq!(row.open(&master_key).unwrap().data, data);
    }

    #[test]
    fn two_spellings_of_an_address_have_one_mark_and_each_is_kept_as_written() {
        let master_key = MasterKey::new([7; 32]).unwrap();
        let id = PersonId::new("r1");
        let sealed = |mail: &str| {
            let data = PersonData { mail: Some(mail.to_owned()), ..person(Phone::Absent) };
            let row = PersonRow::seal(&master_key, &id, "500002", &data, Timestamp(5)).unwrap();
            assert_eq!(open_mail(&master_key, &id, row.mail.as_deref().unwrap()).unwrap(), mail);
            row.mail_blind.unwrap()
        };
        let plain = sealed("loic@exemple.invalid");
        for same in ["Loic@exemple.invalid", "loic+ecole@exemple.invalid", "LOIC+a+b@exemple.invalid"] {
            assert_eq!(sealed(same), plain, "{same}");
        }
        for other in ["l.oic@exemple.invalid", "+loic@exemple.invalid", "loic@exemple.example"] {
            assert_ne!(sealed(other), plain, "{other}");
        }
    }

    #[test]
    fn a_number_moved_to_another_person_does_not_open() {
        let master_key = MasterKey::new([7; 32]).unwrap();
        let data = person(Phone::Mobile(E164::from_stored("+33639980002").unwrap()));
        let mut row = PersonRow::seal(&master_key, &PersonId::new("r1"), "500002", &data, Timestamp(5)).unwrap();
        row.id = PersonId::new("r2");
        assert!(matches!(row.open(&master_key), Err(RowError::Seal(_))));
        row.phone = None;
        assert!(matches!(row.open(&master_key), Err(RowError::Row(_))), "a state without its number");
    }
}
