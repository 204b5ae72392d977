//! The number and the address of a person, as they are stored: encrypted.

use crate::base::typed_ids::PersonId;
use crate::db::{Result, Tx, args};

/// Returns the encrypted mobile number of a person.
pub async fn find_phone(tx: &mut Tx, person_id: &PersonId) -> Result<Option<String>> {
    let row =
        tx.fetch_optional::<(Option<String>,)>("SELECT phone FROM person WHERE id = $1", args![person_id]).await?;
    Ok(row.and_then(|(phone,)| phone))
}

/// Returns the encrypted mail address of a person.
pub async fn find_mail(tx: &mut Tx, person_id: &PersonId) -> Result<Option<String>> {
    let row = tx.fetch_optional::<(Option<String>,)>("SELECT mail FROM person WHERE id = $1", args![person_id]).await?;
    Ok(row.and_then(|(mail,)| mail))
}
