//! The words of people's names, and what is not indexed yet.

use std::sync::LazyLock;

use crate::base::typed_ids::{PersonId, PupilId};
use crate::db::{BATCH_SIZE, FromRow, Result, RowsSql, Tx, UnitOfWork, Value, args, batch_args, batch_placeholders};

/// The kind of somebody who is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    Person,
    Pupil,
}

impl SubjectKind {
    pub fn name(self) -> &'static str {
        match self {
            SubjectKind::Person => "person",
            SubjectKind::Pupil => "pupil",
        }
    }
}

/// A person whose words are to be written.
#[derive(Clone, Debug, FromRow)]
pub struct UnindexedPerson {
    pub id: PersonId,
    pub academy: String,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    /// Encrypted.
    pub phone: Option<String>,
    pub phone_end: Option<String>,
    pub exported_at: i64,
}

/// Lists persons whose words are to be written.
pub async fn list_unindexed_persons(tx: &mut Tx, most: i64) -> Result<Vec<UnindexedPerson>> {
    let sql = "SELECT id, academy, family_name, usage_name, given_name, phone, phone_end, exported_at FROM person \
               WHERE indexed_at IS NULL ORDER BY id LIMIT $1";
    tx.fetch_all(sql, args![most]).await
}

/// A pupil whose words are to be written.
#[derive(Clone, Debug, FromRow)]
pub struct UnindexedPupil {
    pub id: PupilId,
    pub academy: String,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub exported_at: i64,
}

/// Lists pupils whose words are to be written.
pub async fn list_unindexed_pupils(tx: &mut Tx, most: i64) -> Result<Vec<UnindexedPupil>> {
    let sql = "SELECT id, academy, family_name, usage_name, given_name, exported_at FROM pupil \
               WHERE indexed_at IS NULL ORDER BY id LIMIT $1";
    tx.fetch_all(sql, args![most]).await
}

/// Marks a person as indexed, with the keyed end of the number. Returns false if an import wrote the row meanwhile.
pub async fn mark_person(
    tx: &mut UnitOfWork<'_>,
    id: &PersonId,
    exported_at: i64,
    end_blind: Option<&str>,
) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE person SET indexed_at = $2, phone_last4_blind = $3 WHERE id = $1 AND exported_at = $4";
    Ok(tx.execute(sql, args![id, now, end_blind, exported_at]).await? == 1)
}

/// Marks a pupil as indexed. Returns false if an import wrote the row meanwhile.
pub async fn mark_pupil(tx: &mut UnitOfWork<'_>, id: &PupilId, exported_at: i64) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE pupil SET indexed_at = $2 WHERE id = $1 AND exported_at = $3";
    Ok(tx.execute(sql, args![id, now, exported_at]).await? == 1)
}

static WORDS: LazyLock<RowsSql> = LazyLock::new(|| {
    RowsSql::insert("INSERT INTO search_word (academy, word, kind, subject_id)", 4, "ON CONFLICT DO NOTHING")
});

/// The words of somebody's names.
#[derive(Clone, Debug)]
pub struct NamedSubject<'a> {
    pub academy: &'a str,
    pub id: &'a str,
    pub words: Vec<String>,
}

/// Writes the words of some people in place of former ones.
pub async fn replace(tx: &mut Tx, kind: SubjectKind, people: &[NamedSubject<'_>]) -> Result<()> {
    let sql = concat!("DELETE FROM search_word WHERE kind = $1 AND subject_id IN (", batch_placeholders!(), ")");
    for some in people.chunks(BATCH_SIZE) {
        let ids = some.iter().map(|person| person.id);
        tx.execute(sql, batch_args(Value::from(kind.name()), ids)).await?;
    }
    let mut rows = Vec::new();
    for person in people {
        for word in &person.words {
            rows.push(args![person.academy, word, kind.name(), person.id]);
        }
    }
    tx.write_rows(&WORDS, rows).await?;
    Ok(())
}

/// A person named alike, who has no account.
#[derive(Clone, Debug, FromRow)]
pub struct NamedPerson {
    pub id: PersonId,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
}

/// Lists the persons of all academies with a current legal link, without an account, who have two words in their names.
pub async fn list_named(tx: &mut Tx, (first, second): (&str, &str), most: i64) -> Result<Vec<NamedPerson>> {
    let sql = "SELECT p.id, p.family_name, p.usage_name, p.given_name FROM academy a \
               JOIN search_word w ON w.academy = a.id AND w.word = $1 AND w.kind = 'person' \
               JOIN search_word x ON x.kind = 'person' AND x.subject_id = w.subject_id AND x.word = $2 \
               JOIN person p ON p.id = w.subject_id WHERE p.account_id IS NULL AND EXISTS \
               (SELECT 1 FROM link l WHERE l.person_id = p.id AND l.level = 'legal' AND l.ended_at IS NULL) \
               ORDER BY p.id LIMIT $3";
    tx.fetch_all(sql, args![first, second, most]).await
}
