//! Persons and pupils as rows: mobiles and birth dates sealed, each at its own place.
//!
//! Sealing one text twice gives two texts, so rows are compared opened, never as they are stored.

use super::reconcile::Dated;
use super::{OTHER_NUMBERS, PersonData, Phone, PhoneWhy, PupilData, Unusable};
use crate::base::clock::Timestamp;
use crate::base::date::BirthDate;
use crate::base::phone::E164;
use crate::db::{self, FromRow};
use crate::seal::{Blind, Place, SealError, Vault};

/// Why a row cannot be made or read: a wrong master key, or rows that another program wrote.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Row(#[from] db::Error),
}

#[derive(Clone, Debug, FromRow)]
pub struct PersonRow {
    pub id: String,
    pub person_key: String,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub phone: Option<String>,
    pub phone_blind: Option<String>,
    pub phone_state: String,
    /// `landline` or `incomplete`, where the state is `unusable`.
    pub phone_why: Option<String>,
    pub phone_end: Option<String>,
    pub mobile_in: Option<String>,
    pub exported_at: i64,
}

#[derive(Clone, Debug, FromRow)]
pub struct PupilRow {
    pub id: String,
    pub pupil_key: String,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub birth_date: String,
    pub exported_at: i64,
}

fn phone_place(row: &str) -> Place<'_> {
    Place { table: "person", column: "phone", row }
}

fn birth_date_place(row: &str) -> Place<'_> {
    Place { table: "pupil", column: "birth_date", row }
}

/// The birth date of a pupil's row.
pub fn birth_date(vault: &Vault, pupil_id: &str, sealed: &str) -> Result<BirthDate, RowError> {
    let text = vault.open(birth_date_place(pupil_id), sealed)?;
    text.parse().map_err(|_| unreadable("pupil", "birth_date", pupil_id))
}

/// The mobile of a person's row.
pub fn mobile(vault: &Vault, person_id: &str, sealed: &str) -> Result<E164, RowError> {
    let text = vault.open(phone_place(person_id), sealed)?;
    E164::from_stored(&text).ok_or_else(|| unreadable("person", "phone", person_id))
}

fn unreadable(table: &'static str, column: &'static str, row: &str) -> RowError {
    RowError::Row(db::Error::Inconsistent { table, column, row: row.to_owned() })
}

impl PersonRow {
    pub fn seal(vault: &Vault, id: &str, key: &str, data: &PersonData, at: Timestamp) -> Result<Self, RowError> {
        let number = data.phone.mobile().map(E164::as_str);
        let unusable = match &data.phone {
            Phone::Unusable(unusable) => Some(unusable),
            Phone::Mobile(_) | Phone::Absent => None,
        };
        Ok(Self {
            id: id.to_owned(),
            person_key: key.to_owned(),
            family_name: data.family.clone(),
            usage_name: data.usage.clone(),
            given_name: data.given.clone(),
            phone: number.map(|number| vault.seal(phone_place(id), number)).transpose()?,
            phone_blind: number.map(|number| vault.blind(Blind::Phone, number)),
            phone_state: data.phone.state().to_owned(),
            phone_why: unusable.and_then(|unusable| unusable.why).map(|why| why.as_str().to_owned()),
            phone_end: unusable.map(|unusable| unusable.end.clone()).filter(|end| !end.is_empty()),
            mobile_in: data.mobile_in.map(str::to_owned),
            exported_at: at.0,
        })
    }

    pub fn open(&self, vault: &Vault) -> Result<Dated<PersonData>, RowError> {
        let phone = match (self.phone_state.as_str(), &self.phone) {
            ("mobile", Some(sealed)) => Phone::Mobile(mobile(vault, &self.id, sealed)?),
            ("none", None) => Phone::Absent,
            ("unusable", None) => Phone::Unusable(Unusable {
                why: self.phone_why.as_deref().and_then(PhoneWhy::from_stored),
                end: self.phone_end.clone().unwrap_or_default(),
            }),
            _ => return Err(unreadable("person", "phone_state", &self.id)),
        };
        let data = PersonData {
            family: self.family_name.clone(),
            usage: self.usage_name.clone(),
            given: self.given_name.clone(),
            phone,
            mobile_in: OTHER_NUMBERS.into_iter().find(|column| self.mobile_in.as_deref() == Some(*column)),
        };
        Ok(Dated { data, exported_at: Timestamp(self.exported_at) })
    }
}

impl PupilRow {
    pub fn seal(vault: &Vault, id: &str, key: &str, data: &PupilData, at: Timestamp) -> Result<Self, RowError> {
        Ok(Self {
            id: id.to_owned(),
            pupil_key: key.to_owned(),
            family_name: data.family.clone(),
            usage_name: data.usage.clone(),
            given_name: data.given.clone(),
            birth_date: vault.seal(birth_date_place(id), &data.born.to_string())?,
            exported_at: at.0,
        })
    }

    pub fn open(&self, vault: &Vault) -> Result<Dated<PupilData>, RowError> {
        let data = PupilData {
            family: self.family_name.clone(),
            usage: self.usage_name.clone(),
            given: self.given_name.clone(),
            born: birth_date(vault, &self.id, &self.birth_date)?,
        };
        Ok(Dated { data, exported_at: Timestamp(self.exported_at) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(phone: Phone) -> PersonData {
        PersonData {
            family: "LEBŒUF".into(),
            usage: None,
            given: "Loïc".into(),
            phone,
            mobile_in: Some("TEL_PERSONNEL"),
        }
    }

    #[test]
    fn rows_open_to_what_was_sealed_and_show_none_of_it() {
        let vault = Vault::new([7; 32]).unwrap();
        let number = E164::from_stored("+33639980002").unwrap();
        let unusable = Unusable { why: Some(PhoneWhy::Landline), end: "56".into() };
        let phones =
            [Phone::Mobile(number), Phone::Absent, Phone::Unusable(unusable), Phone::Unusable(Unusable::default())];
        for phone in phones {
            let row = PersonRow::seal(&vault, "r1", "500002", &person(phone.clone()), Timestamp(5)).unwrap();
            assert!(!format!("{row:?}").contains("39980002"));
            assert_eq!(row.open(&vault).unwrap(), Dated { data: person(phone), exported_at: Timestamp(5) });
        }
        let born = BirthDate::new(2013, 2, 14).unwrap();
        let data = PupilData { family: "A".into(), usage: Some("B".into()), given: "C".into(), born };
        let row = PupilRow::seal(&vault, "r1", "900001", &data, Timestamp(5)).unwrap();
        assert!(!row.birth_date.contains("2013"));
        assert_eq!(row.open(&vault).unwrap().data, data);
    }

    #[test]
    fn a_number_moved_to_another_person_does_not_open() {
        let vault = Vault::new([7; 32]).unwrap();
        let data = person(Phone::Mobile(E164::from_stored("+33639980002").unwrap()));
        let mut row = PersonRow::seal(&vault, "r1", "500002", &data, Timestamp(5)).unwrap();
        row.id = "r2".to_owned();
        assert!(matches!(row.open(&vault), Err(RowError::Seal(_))));
        row.phone = None;
        assert!(matches!(row.open(&vault), Err(RowError::Row(_))), "a state without its number");
    }
}
