//! Whose the people are whom a school's roster names: of this school, of others, of both.

use crate::base::uai::Uai;
use crate::db::{BATCH_SIZE, FromRow, Result, Tx, Value, batch_args, batch_placeholders};

/// The places of a person's links, or of a pupil's enrolments; somebody who has none is not listed.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct PlaceRow {
    pub id: String,
    /// Current ones at the school, any at the school, and current ones elsewhere.
    pub here: i64,
    pub ever_here: i64,
    pub elsewhere: i64,
}

impl PlaceRow {
    /// True for somebody of this school and of another.
    pub fn is_shared(&self) -> bool {
        self.here > 0 && self.elsewhere > 0
    }

    /// True for somebody of other schools alone, now or before.
    pub fn is_strange(&self) -> bool {
        self.here == 0 && (self.elsewhere > 0 || self.ever_here == 0)
    }
}

/// Returns a query of the places by the rows of a table.
macro_rules! places_sql {
    ($table:literal, $column:literal) => {
        concat!(
            "SELECT ",
            $column,
            " AS id, CAST(SUM(CASE WHEN uai = $1 AND ended_at IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS here, \
             CAST(SUM(CASE WHEN uai = $1 THEN 1 ELSE 0 END) AS BIGINT) AS ever_here, \
             CAST(SUM(CASE WHEN uai <> $1 AND ended_at IS NULL THEN 1 ELSE 0 END) AS BIGINT) AS elsewhere FROM ",
            $table,
            " WHERE ",
            $column,
            " IN (",
            batch_placeholders!(),
            ") GROUP BY ",
            $column
        )
    };
}

/// Lists the places of persons by their links.
pub async fn list_places_of_persons(tx: &mut Tx, uai: &Uai, ids: &[&str]) -> Result<Vec<PlaceRow>> {
    list(tx, places_sql!("link", "person_id"), uai, ids).await
}

/// Lists the places of pupils by their enrolments.
pub async fn list_places_of_pupils(tx: &mut Tx, uai: &Uai, ids: &[&str]) -> Result<Vec<PlaceRow>> {
    list(tx, places_sql!("enrolment", "pupil_id"), uai, ids).await
}

async fn list(tx: &mut Tx, sql: &'static str, uai: &Uai, ids: &[&str]) -> Result<Vec<PlaceRow>> {
    let mut rows = Vec::new();
    for ids in ids.chunks(BATCH_SIZE) {
        rows.extend(tx.fetch_all::<PlaceRow>(sql, batch_args(Value::from(uai.as_str()), ids.iter().copied())).await?);
    }
    Ok(rows)
}
