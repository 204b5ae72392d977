//! Writes the sign-ins that were counted in memory, and reads the figures of a place.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::store::{self, AccountSchool, FigurePart, SignInDayKey};
use super::{ActivationSums, FigurePlace, FigureSubject, SignInDayRow, SignInFigures};
use crate::app::{Operation, SignInNote};
use crate::base::clock::{Span, Timestamp};
use crate::clients::{self, Client};
use crate::db::{BATCH_SIZE, Durability};
use crate::http::pages::dates;

/// The maximum number of relying parties and of academies of a page.
const MAX_PARTS: i64 = 30;

/// Writes the sign-ins that were noted. Returns the number of different notes. What cannot be written now is noted again.
pub async fn write_sign_ins(op: &Operation<'_>) -> anyhow::Result<usize> {
    let mut noted: Vec<(SignInNote, i64)> = op.app.sign_ins.take().into_iter().collect();
    let all = noted.len();
    while !noted.is_empty() {
        let batch = noted.split_off(noted.len().saturating_sub(BATCH_SIZE));
        if let Err(error) = write_batch(op, &batch).await {
            op.app.sign_ins.put_back(batch);
            op.app.sign_ins.put_back(noted);
            return Err(error);
        }
    }
    Ok(all)
}

/// Writes a batch. Rows are written in their order, by every server: nobody waits for another in a circle.
async fn write_batch(op: &Operation<'_>, batch: &[(SignInNote, i64)]) -> anyhow::Result<()> {
    let accounts: BTreeSet<&str> = batch.iter().filter_map(|(note, _)| note.account_id.as_deref()).collect();
    let accounts: Vec<&str> = accounts.into_iter().collect();
    let mut tx = op.app.db.read().await?;
    let schools = store::list_schools_of_accounts(&mut tx, &accounts).await?;
    drop(tx);
    let mut sums: BTreeMap<SignInDayKey, i64> = BTreeMap::new();
    for (note, n) in batch {
        let client = match &note.client_id {
            Some(id) => clients::ops::find_recent(op.app, op.now, id).await?,
            None => None,
        };
        let own = schools.iter().filter(|school| note.account_id.as_deref() == Some(&school.account_id));
        for place in places(own, client.as_ref()) {
            let key = |client_id: &str| SignInDayKey {
                place: place.clone(),
                client_id: client_id.to_owned(),
                day: note.day.clone(),
                result: note.result.name(),
            };
            *sums.entry(key("")).or_default() += n;
            if let Some(client) = &client {
                *sums.entry(key(&client.id)).or_default() += n;
            }
        }
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    for (key, n) in &sums {
        store::add(&mut tx, key, *n).await?;
    }
    Ok(tx.commit().await?)
}

/// Returns the places of a sign-in: those of the person's schools; of somebody without one, the only place of the relying
/// party.
fn places<'a>(schools: impl Iterator<Item = &'a AccountSchool>, client: Option<&Arc<Client>>) -> BTreeSet<FigurePlace> {
    let mut places = BTreeSet::from([FigurePlace::Everything]);
    for school in schools {
        places.insert(FigurePlace::Ministry(school.ministry.clone()));
        places.insert(FigurePlace::Academy(school.academy.clone()));
        places.insert(FigurePlace::School(school.uai.clone()));
    }
    if let (1, Some(client)) = (places.len(), client) {
        let perimeter = &client.meta.perimeter;
        if let Some(academy) = client.meta.owner_academy() {
            places.insert(FigurePlace::Academy(academy.to_owned()));
        } else if let ([ministry], [], []) =
            (perimeter.ministries.as_slice(), perimeter.academies.as_slice(), perimeter.schools.as_slice())
        {
            places.insert(FigurePlace::Ministry(ministry.clone()));
        }
    }
    places
}

/// The figures of a place or of a relying party.
#[derive(Clone, Debug, Default)]
pub struct SubjectFigures {
    pub sign_ins: SignInFigures,
    /// The relying parties of a place.
    pub clients: Vec<FigurePart>,
    /// The academies, where everything is counted.
    pub academies: Vec<FigurePart>,
    /// The sums of activated accounts; nothing of a relying party.
    pub activation: Option<ActivationSums>,
}

/// Returns the first and the last of so many days that end today.
pub fn span_of(now: Timestamp, days: i64) -> (Timestamp, Timestamp) {
    (now.minus(Span::days(days - 1)), now)
}

/// Lists the sign-ins of so many days that end today.
pub async fn list_rows(op: &Operation<'_>, of: &FigureSubject, days: i64) -> anyhow::Result<Vec<SignInDayRow>> {
    let (from, to) = span_of(op.now, days);
    let keys = (dates::date_key(from), dates::date_key(to));
    Ok(store::list_days(&mut op.app.db.read().await?, of, (&keys.0, &keys.1)).await?)
}

/// Sums the sign-ins of so many days that end today.
pub async fn read_sign_ins(op: &Operation<'_>, of: &FigureSubject, days: i64) -> anyhow::Result<SignInFigures> {
    Ok(SignInFigures::sum(&list_rows(op, of, days).await?))
}

/// Reads all figures of so many days that end today.
pub async fn read(op: &Operation<'_>, of: &FigureSubject, days: i64) -> anyhow::Result<SubjectFigures> {
    let sign_ins = read_sign_ins(op, of, days).await?;
    if !of.client_id.is_empty() {
        return Ok(SubjectFigures { sign_ins, ..SubjectFigures::default() });
    }
    let (from, to) = span_of(op.now, days);
    let keys = (dates::date_key(from), dates::date_key(to));
    let keys = (keys.0.as_str(), keys.1.as_str());
    let mut tx = op.app.db.read().await?;
    let academies = match of.place {
        FigurePlace::Everything => store::list_academies(&mut tx, keys, MAX_PARTS).await?,
        _ => Vec::new(),
    };
    Ok(SubjectFigures {
        sign_ins,
        clients: store::list_clients(&mut tx, &of.place, keys, MAX_PARTS).await?,
        academies,
        activation: Some(store::sum_activation(&mut tx, &of.place).await?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_of_two_schools_counts_once_in_each_place() {
        let school = |uai: &str, academy: &str| AccountSchool {
            account_id: "a".to_owned(),
            uai: uai.to_owned(),
            academy: academy.to_owned(),
            ministry: "en".to_owned(),
        };
        let schools = [school("0349999J", "montpellier"), school("0349998H", "montpellier")];
        let found = places(schools.iter(), None);
        let kinds: Vec<(&str, &str)> = found.iter().map(FigurePlace::columns).collect();
        assert_eq!(
            kinds,
            [
                ("all", ""),
                ("ministry", "en"),
                ("academy", "montpellier"),
                ("school", "0349998H"),
                ("school", "0349999J")
            ]
        );
        assert_eq!(places(std::iter::empty(), None).len(), 1);
    }
}
