//! A database for each server: a file, or a new schema if `TEST_DATABASE_URL` names a PostgreSQL.

use std::path::Path;

use preau::base::rng::{Random, SystemRandom};
use preau::db::{Db, Durability};

/// The URL of the PostgreSQL for the tests.
#[expect(clippy::disallowed_methods, reason = "the test run says where its database is; the program never reads it")]
pub fn postgres() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok()
}

/// Returns the URL of a new, empty database.
pub async fn new_database_url(folder: &Path) -> String {
    let Some(whole) = postgres() else { return format!("sqlite:{}", folder.join("preau.db").display()) };
    let rng: &dyn Random = &SystemRandom;
    let draw: String = rng.bytes::<8>().iter().map(|byte| format!("{byte:02x}")).collect();
    // The cluster ends with the test run, so the schema is never dropped.
    execute(&whole, format!("CREATE SCHEMA it_{draw}")).await;
    let joint = if whole.contains('?') { '&' } else { '?' };
    format!("{whole}{joint}options[search_path]=it_{draw}")
}

async fn execute(url: &str, sql: String) {
    let db = Db::open(url).await.unwrap();
    let mut tx = db.write(Durability::Relaxed).await.unwrap();
    tx.execute(sql.leak(), Vec::new()).await.unwrap();
    tx.commit().await.unwrap();
    db.close().await;
}
