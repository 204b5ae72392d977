//! Lets PostgreSQL's planner know of tables that an import just filled.
//!
//! Of a table that was empty the planner takes an index by its first column alone: each batch of keys then goes through all
//! people of an academy. Its own ANALYZE comes after a minute, and prepared statements keep their plan until then; 20 000
//! people took a tenth of the rate of 1 000. SQLite keeps no figures of small tables, and uses an index then
//! ([`Db::renew_statistics`]).

use super::{Db, Result};

/// True if a table of people or accounts, of the role that asks, was filled since PostgreSQL looked at it last: it has four
/// times as many pages, and some more. A role that only writes rows waits for PostgreSQL.
const GROWN: &str = "SELECT EXISTS (SELECT 1 FROM pg_class WHERE relkind = 'r' AND pg_table_is_visible(oid) \
                     AND pg_has_role(relowner, 'USAGE') \
                     AND relname IN ('person', 'pupil', 'link', 'person_roster_key', 'pupil_roster_key', 'account', \
                     'subject') \
                     AND pg_relation_size(oid) > 4 * (GREATEST(relpages, 0) + 16) \
                     * CAST(current_setting('block_size') AS BIGINT))";

const ANALYZE: &str = "ANALYZE person, pupil, link, enrolment, person_roster_key, pupil_roster_key, roster_statement, \
                       account, subject";

impl Db {
    /// Renews what PostgreSQL's planner knows of the tables of people and accounts, where they have grown much since it
    /// looked.
    pub async fn follow_growth(&self) -> Result<()> {
        let Db::Postgres { write, .. } = self else { return Ok(()) };
        let mut connection = write.borrow().await?;
        if sqlx::query_scalar::<_, bool>(GROWN).fetch_one(connection.get()?).await? {
            sqlx::raw_sql(ANALYZE).execute(connection.get()?).await?;
        }
        connection.keep();
        Ok(())
    }
}
