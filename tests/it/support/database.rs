//! A database for each server: a file, or a new database if `TEST_DATABASE_URL` names a PostgreSQL.
//!
//! Migrations and signing keys cost more than most tests, so both are made once a run and copied.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use preau::app::{DatabaseOperation, StorageOperation};
use preau::base::actor::Actor;
use preau::base::rng::{Random, SeededRandom, SystemRandom};
use preau::config::Config;
use preau::crypto::MasterKey;
use preau::db::Db;
use preau::keys;
use sqlx::{Connection as _, PgConnection};
use tokio::sync::OnceCell;
use url::Url;

use super::server::{MASTER_KEY_SEED, START_TIME};

/// The URL of the PostgreSQL for the tests.
#[expect(clippy::disallowed_methods, reason = "the test run says where its database is; the program never reads it")]
pub fn postgres() -> Option<String> {
    std::env::var("TEST_DATABASE_URL").ok()
}

/// Has a server reach its database through the pooler of the run (`TEST_POOLER`, `host:port`), where there is one; its
/// migrations go to PostgreSQL itself. A server whose test says itself who owns the tables is left alone.
pub fn go_through_pooler(database: &mut preau::config::Database) {
    let Some(pooler) = pooler().filter(|_| database.owner_url.is_none() && database.hosts.is_empty()) else { return };
    let Ok(mut url) = Url::parse(&database.url) else { return };
    if url.scheme() != "postgres" {
        return;
    }
    let (host, port) = pooler.rsplit_once(':').unwrap();
    url.set_host(Some(host)).unwrap();
    url.set_port(Some(port.parse().unwrap())).unwrap();
    let owner_url = std::mem::replace(&mut database.url, url.into());
    (database.owner_url, database.pooled) = (Some(owner_url), true);
}

/// The address of a PgBouncer in transaction mode before the PostgreSQL for the tests.
#[expect(clippy::disallowed_methods, reason = "the test run says where its pooler is; the program never reads it")]
pub fn pooler() -> Option<String> {
    std::env::var("TEST_POOLER").ok()
}

/// Returns the URL of a new, empty database.
pub async fn empty_database_url(folder: &Path) -> String {
    let Some(server) = postgres() else { return sqlite_url(folder, "empty.db") };
    create_postgres(&server, None, folder).await
}

/// Returns the URL of a new database with this program's schema and the signing keys of a start at [`START_TIME`].
pub async fn new_database_url(folder: &Path) -> String {
    static SQLITE: OnceCell<Vec<u8>> = OnceCell::const_new();
    static POSTGRES: OnceCell<String> = OnceCell::const_new();
    let Some(server) = postgres() else {
        let file = SQLITE.get_or_init(sqlite_template).await;
        fs::write(folder.join(PREPARED), file).unwrap();
        return sqlite_url(folder, PREPARED);
    };
    let template = POSTGRES.get_or_init(|| postgres_template(&server)).await;
    create_postgres(&server, Some(template), folder).await
}

const PREPARED: &str = "preau.db";

fn sqlite_url(folder: &Path, file: &str) -> String {
    format!("sqlite:{}", folder.join(file).display())
}

/// Returns the file of a prepared database.
async fn sqlite_template() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    prepare(&sqlite_url(folder.path(), PREPARED)).await;
    fs::read(folder.path().join(PREPARED)).unwrap()
}

/// Returns the name of a prepared database.
async fn postgres_template(server: &str) -> String {
    // The folder is there as long as the run, and so is the database.
    let url = create_postgres(server, None, Path::new("/")).await;
    prepare(&url).await;
    database_name(&url)
}

/// Applies the migrations, and makes the signing keys.
async fn prepare(url: &str) {
    let db = Db::open(url).await.unwrap();
    db.migrate().await.unwrap();
    let rng = SeededRandom::new(MASTER_KEY_SEED);
    let master_key = MasterKey::new((&rng as &dyn Random).bytes()).unwrap();
    keys::ops::verify_or_init_master_key(&db, &master_key, START_TIME).await.unwrap();
    let database = DatabaseOperation {
        db: &db,
        rng: &rng,
        now: START_TIME,
        actor: &Actor::Job("test"),
        request_id: None,
        commits: None,
    };
    let storage = StorageOperation { database, master_key: &master_key };
    keys::ops::ensure_keys(storage, &Config::default().keys.algorithms).await.unwrap();
    db.close().await;
}

fn database_name(url: &str) -> String {
    Url::parse(url).unwrap().path().trim_start_matches('/').to_owned()
}

/// The databases of this run, each with the folder of its test. A database is 10 MB of a file system in memory.
static POSTGRES_DATABASES: Mutex<Vec<(String, PathBuf)>> = Mutex::new(Vec::new());

/// Returns the databases of tests that have ended: their folders are gone.
fn take_ended_databases() -> Vec<String> {
    let mut all = POSTGRES_DATABASES.lock().unwrap();
    all.extract_if(.., |(_, folder)| !folder.exists()).map(|(name, _)| name).collect()
}

/// Creates a database, as a copy of the template where one is given, and drops those of tests that have ended. Files
/// are copied: through the log a copy takes twice as long.
async fn create_postgres(server: &str, template: Option<&str>, folder: &Path) -> String {
    let rng: &dyn Random = &SystemRandom;
    let name: String = rng.bytes::<8>().iter().map(|byte| format!("{byte:02x}")).collect();
    let mut sql = format!("CREATE DATABASE it_{name} STRATEGY FILE_COPY");
    if let Some(template) = template {
        sql.push_str(&format!(" TEMPLATE {template}"));
    }
    let mut connection = PgConnection::connect(server).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    for ended in take_ended_databases() {
        let sql = format!("DROP DATABASE IF EXISTS {ended} WITH (FORCE)");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
    POSTGRES_DATABASES.lock().unwrap().push((format!("it_{name}"), folder.to_owned()));
    let mut url = Url::parse(server).unwrap();
    url.set_path(&format!("it_{name}"));
    url.into()
}
