//! Writes the words of people's names after imports, in batches: an import of a million people does not wait for it.

use crate::app::StorageOperation;
use crate::crypto::HmacPurpose;
use crate::db::Durability;
use crate::roster::sealed_rows::open_mobile;
use crate::roster::search::words_of;
use crate::roster::store::words::{self, NamedSubject, SubjectKind};

/// The number of people of one transaction: SQLite's other writers wait for it.
const INDEX_BATCH_ROWS: i64 = 500;

/// Returns the keyed last four digits of a number, by which a help desk finds its person.
pub fn phone_end_blind(op: StorageOperation<'_>, last_four: &str) -> String {
    op.master_key.hmac(HmacPurpose::PhoneEnd, last_four)
}

/// Writes the words of a batch of people. Returns their number; 0 if none is left.
pub async fn index_batch(op: StorageOperation<'_>) -> anyhow::Result<usize> {
    let mut tx = op.db.read().await?;
    let persons = words::list_unindexed_persons(&mut tx, INDEX_BATCH_ROWS).await?;
    let pupils = words::list_unindexed_pupils(&mut tx, INDEX_BATCH_ROWS).await?;
    drop(tx);
    let count = persons.len() + pupils.len();
    if count == 0 {
        return Ok(0);
    }
    // Opened before the writer is taken.
    let mut ends = Vec::with_capacity(persons.len());
    for person in &persons {
        let number = person.phone.as_ref().map(|sealed| open_mobile(op.master_key, &person.id, sealed)).transpose()?;
        ends.push(number.map(|number| {
            let text = number.as_str();
            phone_end_blind(op, text.get(text.len().saturating_sub(4)..).unwrap_or_default())
        }));
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    let mut marked = Vec::with_capacity(persons.len());
    for (person, end) in persons.iter().zip(&ends) {
        let names = [Some(&person.family_name), person.usage_name.as_ref(), Some(&person.given_name)];
        if words::mark_person(&mut tx, &person.id, person.exported_at, end.as_deref()).await? {
            marked.push(named(&person.academy, &person.id, names));
        }
    }
    words::replace(&mut tx, SubjectKind::Person, &marked).await?;
    let mut marked = Vec::with_capacity(pupils.len());
    for pupil in &pupils {
        let names = [Some(&pupil.family_name), pupil.usage_name.as_ref(), Some(&pupil.given_name)];
        if words::mark_pupil(&mut tx, &pupil.id, pupil.exported_at).await? {
            marked.push(named(&pupil.academy, &pupil.id, names));
        }
    }
    words::replace(&mut tx, SubjectKind::Pupil, &marked).await?;
    tx.commit().await?;
    Ok(count)
}

/// Returns somebody with the words of the names.
fn named<'a>(academy: &'a str, id: &'a str, names: [Option<&String>; 3]) -> NamedSubject<'a> {
    let words = words_of(names.into_iter().flatten().map(String::as_str));
    NamedSubject { academy, id, words }
}
