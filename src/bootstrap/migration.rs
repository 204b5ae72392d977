//! Migrates the database at a start, with the rights that it takes.

use crate::config::Config;
use crate::db::{AccessMode, Db, DbError};

/// Applies missing migrations, as the owner of the tables where the configuration names one.
pub(super) async fn migrate(db: &Db, config: &Config) -> Result<(), DbError> {
    if config.database.owner_url.is_none() || db.schema_status().await?.missing.is_empty() {
        return db.migrate().await;
    }
    let owners = Db::open_configured(&config.database.for_owner(), AccessMode::ReadWrite).await?;
    let done = owners.migrate().await;
    owners.close().await;
    done
}
