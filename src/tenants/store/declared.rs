//! Schools that an academy's roster declares.

use crate::db::{Result, Tx, args};
use crate::tenants::School;

/// Writes a school that an academy's roster declares, unless schools.toml has it or another academy does.
pub async fn declare_school(tx: &mut Tx, school: &School) -> Result<()> {
    tx.execute(
        "INSERT INTO school (uai, name, academy, ministry, telephone, first_degree, origin) \
         VALUES ($1, $2, $3, $4, $5, $6, 'roster') \
         ON CONFLICT (uai) DO UPDATE SET name = excluded.name, ministry = excluded.ministry, \
         telephone = excluded.telephone, first_degree = excluded.first_degree \
         WHERE school.origin = 'roster' AND school.academy = excluded.academy",
        args![&school.uai, &school.name, &school.academy, &school.ministry, &school.telephone, school.first_degree],
    )
    .await?;
    Ok(())
}

/// Returns the ministry's code of an academy, such as `11`.
pub async fn find_academy_code(tx: &mut Tx, id: &str) -> Result<Option<String>> {
    Ok(tx.fetch_optional::<(String,)>("SELECT code FROM academy WHERE id = $1", args![id]).await?.map(|(code,)| code))
}
