//! Reads the schools in which fictitious persons are said to be.

use crate::base::uai::Uai;
use crate::clients::Perimeter;
use crate::db::{FromRow, Result, Tx, args};
use crate::tenants::School;

#[derive(FromRow)]
struct Row {
    uai: Uai,
    name: String,
    academy: String,
    ministry: String,
    first_degree: bool,
}

impl From<Row> for School {
    fn from(row: Row) -> Self {
        let Row { uai, name, academy, ministry, first_degree } = row;
        School { uai, name, academy, ministry, telephone: None, first_degree }
    }
}

/// Finds a declared school of a perimeter: one that it names, else one of its first academy or ministry. Of a perimeter
/// that is about no school, any.
pub async fn find_school_within(tx: &mut Tx, perimeter: &Perimeter) -> Result<Option<School>> {
    let first = |list: &[String]| list.first().cloned();
    let by_uai = "SELECT uai, name, academy, ministry, first_degree FROM school WHERE uai = $1";
    let by_academy =
        "SELECT uai, name, academy, ministry, first_degree FROM school WHERE academy = $1 ORDER BY uai LIMIT 1";
    let by_ministry =
        "SELECT uai, name, academy, ministry, first_degree FROM school WHERE ministry = $1 ORDER BY uai LIMIT 1";
    for (sql, value) in [
        (by_uai, first(&perimeter.schools)),
        (by_academy, first(&perimeter.academies)),
        (by_ministry, first(&perimeter.ministries)),
    ] {
        let Some(value) = value else { continue };
        if let Some(row) = tx.fetch_optional::<Row>(sql, args![value]).await? {
            return Ok(Some(row.into()));
        }
    }
    if perimeter.is_about_schools() {
        return Ok(None);
    }
    let any = "SELECT uai, name, academy, ministry, first_degree FROM school ORDER BY uai LIMIT 1";
    Ok(tx.fetch_optional::<Row>(any, args![]).await?.map(School::from))
}

/// Lists declared schools of other academies than one.
pub async fn list_schools_elsewhere(tx: &mut Tx, academy: &str, most: i64) -> Result<Vec<School>> {
    let sql = "SELECT uai, name, academy, ministry, first_degree FROM school WHERE academy <> $1 ORDER BY uai LIMIT $2";
    Ok(tx.fetch_all::<Row>(sql, args![academy, most]).await?.into_iter().map(School::from).collect())
}
