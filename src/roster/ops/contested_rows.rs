//! Rows whose data a format wrote that leads in another school of the person or pupil
//! (docs/decisions/0052-several-formats-of-one-roster.md).
//!
//! The exports of every night confirm what was said long ago, so the age that counts is that of the data's last change.
//! Who repeats a value that was corrected since corrects nothing: it is remembered what each format said, and since
//! when.

use super::Result;
use super::stored_roster::{RosterReading, StoredRoster};
use crate::base::clock::Timestamp;
use crate::crypto::{HmacPurpose, MasterKey};
use crate::db::Tx;
use crate::roster::planned_changes::{person_differences, pupil_differences};
use crate::roster::precedence::RowAuthority;
use crate::roster::reconcile::{Dated, ReconcilePlan, person_data, pupil_data};
use crate::roster::report::{BesideOtherFormats, KeptRecord};
use crate::roster::sealed_rows::{PersonRow, PupilRow};
use crate::roster::store::statements::{StatementRow, list_statements};
use crate::roster::{PersonData, Phone, PupilData, UnusablePhone};

/// A contested row: whose its data is, and since when.
struct Contest<'a> {
    row_id: &'a str,
    led_by: &'a str,
    changed_at: Timestamp,
    given_at: Timestamp,
}

impl StoredRoster {
    /// Reads what this format said before of rows that are another one's.
    pub async fn read_statements<'a>(
        &mut self,
        tx: &mut Tx,
        rows: impl Iterator<Item = (&'a str, Option<&'a str>)>,
    ) -> Result<()> {
        let contested = rows.filter(|(_, led_by)| self.standing.is_contested(*led_by)).map(|(id, _)| id);
        let ids: Vec<&str> = contested.collect();
        for row in list_statements(tx, &ids).await? {
            if row.format == self.standing.format {
                self.said.insert(row.row_id.clone(), row);
            }
        }
        Ok(())
    }

    /// Returns the authority over a person's data. The row counts as old as its data.
    pub fn weigh_person(
        &mut self,
        reading: RosterReading<'_>,
        key: &str,
        row: &PersonRow,
        known: &mut Dated<PersonData>,
    ) -> RowAuthority {
        let given_at = reading.set.persons_exported_at;
        let Some(led_by) = row.led_by.as_deref().filter(|by| self.standing.is_contested(Some(by))) else {
            return self.standing.authority_over_data(row.led_by.as_deref(), known.exported_at, given_at);
        };
        known.exported_at = Timestamp(row.changed_at.unwrap_or(row.exported_at));
        let record = reading.set.persons.iter().find(|person| person.id == key);
        let given = record.map(|record| person_data(record, reading.phone_parser, Some(&known.data)));
        // The address decides nothing: another one neither brings a number back nor makes a row another format's.
        let given = given.filter(|given| !given.is_same_but_for_mail(&known.data));
        let Some(given) = given else { return RowAuthority::Fixed };
        let digest = |data: &PersonData| digest_of(reading.master_key, &person_fields(data));
        let contest = Contest { row_id: &row.id, led_by, changed_at: known.exported_at, given_at };
        self.weigh(&contest, digest(&given), digest(&known.data))
    }

    /// Returns the authority over a pupil's data, like [`StoredRoster::weigh_person`].
    pub fn weigh_pupil(
        &mut self,
        reading: RosterReading<'_>,
        key: &str,
        row: &PupilRow,
        known: &mut Dated<PupilData>,
    ) -> RowAuthority {
        let given_at = reading.set.pupils_exported_at;
        let Some(led_by) = row.led_by.as_deref().filter(|by| self.standing.is_contested(Some(by))) else {
            return self.standing.authority_over_data(row.led_by.as_deref(), known.exported_at, given_at);
        };
        known.exported_at = Timestamp(row.changed_at.unwrap_or(row.exported_at));
        let record = reading.set.pupils.iter().find(|pupil| pupil.id == key);
        let given = record.map(|record| pupil_data(record, Some(&known.data)));
        let Some(given) = given.filter(|given| *given != known.data) else { return RowAuthority::Fixed };
        let digest = |data: &PupilData| digest_of(reading.master_key, &pupil_fields(data, &data.born.to_string()));
        let contest = Contest { row_id: &row.id, led_by, changed_at: known.exported_at, given_at };
        self.weigh(&contest, digest(&given), digest(&known.data))
    }

    /// Returns what the report says of the formats beside this one.
    pub fn describe_others(&self, plan: &ReconcilePlan) -> BesideOtherFormats {
        let (known, former) = (&self.current, &self.former);
        let persons = plan.persons_kept.iter().filter_map(|(id, data)| {
            let what = person_differences(&known.persons.get(id)?.data, data);
            Some(KeptRecord { is_pupil: false, id: id.clone(), what, led_by: former.persons.get(id)?.led_by.clone()? })
        });
        let pupils = plan.pupils_kept.iter().filter_map(|(id, data)| {
            let what = pupil_differences(&known.pupils.get(id)?.data, data);
            Some(KeptRecord { is_pupil: true, id: id.clone(), what, led_by: former.pupils.get(id)?.led_by.clone()? })
        });
        BesideOtherFormats {
            led_by: Some(self.standing.leading.clone()).filter(|_| !self.standing.leads()),
            ambiguous_pupils: self.matching.ambiguous_pupils.iter().cloned().collect(),
            ambiguous_persons: self.matching.ambiguous_persons.iter().cloned().collect(),
            doubtful_children: Vec::new(),
            kept: persons.chain(pupils).collect(),
        }
    }

    fn weigh(&mut self, contest: &Contest<'_>, given: String, known: String) -> RowAuthority {
        let before = self.said.get(contest.row_id).filter(|said| said.digest == given);
        let said_at = before.map_or(contest.given_at, |said| Timestamp(said.said_at));
        let authority = self.standing.authority_over_contested(contest.changed_at, said_at, contest.given_at);
        let (format, digest, said_at) = match authority {
            RowAuthority::Fixed => (self.standing.format, given, said_at),
            RowAuthority::Owned | RowAuthority::Adoptable => (contest.led_by, known, contest.changed_at),
        };
        let row_id = contest.row_id.to_owned();
        self.statements.push(StatementRow { row_id, format: format.to_owned(), digest, said_at: said_at.0 });
        authority
    }
}

fn digest_of(master_key: &MasterKey, fields: &[&str]) -> String {
    master_key.hmac(HmacPurpose::RosterStatement, &fields.join("\u{1f}"))
}

fn person_fields(data: &PersonData) -> Vec<&str> {
    let PersonData { family, usage, given, phone, mobile_column, mail: _ } = data;
    let mut fields = vec![family.as_str(), usage.as_deref().unwrap_or_default(), given, phone.state().name()];
    fields.push(mobile_column.unwrap_or_default());
    match phone {
        Phone::Mobile(number) => fields.push(number.as_str()),
        Phone::Absent => {}
        Phone::Unusable(UnusablePhone { reason, last_digits, .. }) => {
            fields.extend([reason.map(|why| why.name()).unwrap_or_default(), last_digits]);
        }
    }
    fields
}

fn pupil_fields<'a>(data: &'a PupilData, born: &'a str) -> Vec<&'a str> {
    let PupilData { family, usage, given, ine_blind, .. } = data;
    vec![family, usage.as_deref().unwrap_or_default(), given, born, ine_blind.as_deref().unwrap_or_default()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::phone::E164;

    #[test]
    fn the_address_is_no_part_of_what_a_format_said() {
        let master_key = MasterKey::new([7; 32]).unwrap();
        let phone = Phone::Mobile(E164::from_stored("+33639980002").unwrap());
        let said = |mail: Option<&str>, phone: &Phone| {
            let data = PersonData {
                family: "DURAND".to_owned(),
                usage: None,
                given: "Anne".to_owned(),
                phone: phone.clone(),
                mobile_column: None,
                mail: mail.map(str::to_owned),
            };
            digest_of(&master_key, &person_fields(&data))
        };
        assert_eq!(said(Some("a@exemple.invalid"), &phone), said(None, &phone));
        assert_ne!(said(None, &Phone::Absent), said(None, &phone));
    }
}
