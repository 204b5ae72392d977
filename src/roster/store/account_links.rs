//! Gives many people of the roster an account each, once: compare-and-set on having none.

use std::sync::LazyLock;

use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::db::{Result, RowsSql, Tx, args};

static PERSONS: LazyLock<RowsSql> = LazyLock::new(|| {
    let update = "UPDATE person SET account_id = given.account_id FROM given \
                  WHERE person.id = given.id AND person.account_id IS NULL";
    RowsSql::update(&["id", "account_id"], update)
});
static PUPILS: LazyLock<RowsSql> = LazyLock::new(|| {
    let update = "UPDATE pupil SET account_id = given.account_id FROM given \
                  WHERE pupil.id = given.id AND pupil.account_id IS NULL";
    RowsSql::update(&["id", "account_id"], update)
});

/// Links persons, all different. Returns false if one has an account, or is gone: others are linked then, so the caller
/// rolls back.
pub async fn link_persons(tx: &mut Tx, links: &[(PersonId, AccountId)]) -> Result<bool> {
    let rows = links.iter().map(|(person, account)| args![person, account]).collect();
    Ok(usize::try_from(tx.write_rows(&PERSONS, rows).await?) == Ok(links.len()))
}

/// Links pupils like [`link_persons`].
pub async fn link_pupils(tx: &mut Tx, links: &[(PupilId, AccountId)]) -> Result<bool> {
    let rows = links.iter().map(|(pupil, account)| args![pupil, account]).collect();
    Ok(usize::try_from(tx.write_rows(&PUPILS, rows).await?) == Ok(links.len()))
}
