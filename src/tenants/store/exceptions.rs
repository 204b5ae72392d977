//! Persons for whom the activation is open, whatever the campaign of the school.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::PersonId;
use crate::db::{Result, Tx, args};

/// Returns the time until which the activation is open for one person, whatever the campaign.
pub async fn find_campaign_exception(tx: &mut Tx, person_id: &PersonId) -> Result<Option<Timestamp>> {
    let sql = "SELECT until FROM campaign_exception WHERE person_id = $1";
    Ok(tx.fetch_optional::<(i64,)>(sql, args![person_id]).await?.map(|(until,)| Timestamp(until)))
}
