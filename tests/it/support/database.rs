//! A database for each server: a file, or a schema of its own where `TEST_DATABASE_URL` names a PostgreSQL.

use std::path::Path;

use preau::base::rng::{Random, SystemRandom};
use preau::db::{Db, Durability};

/// The PostgreSQL that the tests may use.
#[expect(clippy::disallowed_methods, reason = "the test run says where its database is; the program never reads it")]
pub fn postgres() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok()
}

/// The url of a new, empty database.
pub async fn fresh(folder: &Path) -> String {
    let Some(whole) = postgres() else { return format!("sqlite:{}", folder.join("preau.db").display()) };
    let rng: &dyn Random = &SystemRandom;
    let draw: String = rng.bytes::<8>().iter().map(|byte| format!("{byte:02x}")).collect();
    // The cluster lives as long as the run, so nobody drops it.
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
