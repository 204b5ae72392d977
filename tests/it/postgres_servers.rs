//! PostgreSQL as a large deployment has it: a role without rights to the schema, a pooler, several servers. Nothing here
//! concerns SQLite: without `TEST_DATABASE_URL` these tests end at once. With
//! `TEST_POOLER` besides, the pooler is a real PgBouncer, in which a statement of one connection is unknown to another.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use preau::base::clock::ManualClock;
use preau::config::Database;
use preau::db::{AccessMode, Db, DbError, Durability, PoolerState, Tx};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use url::Url;

use crate::support::server::{START_TIME, test_config};
use crate::support::{Browser, TestRelyingParty, TestServer, database};

const AT_LAST: Duration = Duration::from_secs(60);

/// A role of the whole cluster, made by the first run.
const ROLE: &str = "DO $$ BEGIN CREATE ROLE preau_it_runtime LOGIN PASSWORD 'runtime'; \
                    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$; \
                    REVOKE CREATE ON SCHEMA public FROM PUBLIC; \
                    GRANT USAGE ON SCHEMA public TO preau_it_runtime; \
                    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES \
                    TO preau_it_runtime";

/// Runs statements of the test in a database.
async fn run_sql(url: &str, sql: String) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.map(|_| ());
    connection.close().await?;
    done
}

/// Returns the number of pupils that the planner knows of: none or less of a table that it never looked at.
async fn known_pupils(db: &Db) -> i64 {
    let sql = "SELECT CAST(reltuples AS BIGINT) FROM pg_class WHERE relname = 'pupil'";
    db.read().await.unwrap().fetch_one::<(i64,)>(sql, Vec::new()).await.unwrap().0
}

#[tokio::test]
async fn the_planner_learns_of_the_people_of_an_import_by_the_owner_alone() {
    if database::postgres().is_none() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let url = Box::pin(database::empty_database_url(folder.path())).await;
    run_sql(&url, ROLE.to_owned()).await.unwrap();
    let db = Db::open(&url).await.unwrap();
    db.migrate().await.unwrap();
    db.follow_growth().await.unwrap();
    assert!(known_pupils(&db).await <= 0, "of an empty table there is nothing to learn");
    let people = "INSERT INTO pupil (id, academy, pupil_key, family_name, given_name, birth_date, exported_at) \
                  SELECT n, 'montpellier', n, 'DURAND', 'Zoé', '', 0 FROM generate_series(1, 20000) n";
    run_sql(&url, people.to_owned()).await.unwrap();
    let mut of_role = Url::parse(&url).unwrap();
    of_role.set_username("preau_it_runtime").unwrap();
    of_role.set_password(Some("runtime")).unwrap();
    Db::open(of_role.as_str()).await.unwrap().follow_growth().await.unwrap();
    assert!(known_pupils(&db).await <= 0, "only who owns a table may have it looked at");
    db.follow_growth().await.unwrap();
    assert_eq!(known_pupils(&db).await, 20_000);
    // Half as many more change no plan.
    run_sql(&url, people.replace("(1, 20000)", "(20001, 30000)")).await.unwrap();
    db.follow_growth().await.unwrap();
    assert_eq!(known_pupils(&db).await, 20_000);
}

async fn sign_in_at_ent(server: &TestServer) {
    let member = server.create_durand().await;
    TestRelyingParty::new(server, "ent").sign_in(&mut Browser::new(server), &member).await;
}

#[tokio::test]
async fn a_role_that_may_only_read_and_write_rows_serves_what_the_owner_migrated() {
    if database::postgres().is_none() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let mut config = test_config(&folder).await;
    let owner_url = Box::pin(database::empty_database_url(folder.path())).await;
    run_sql(&owner_url, ROLE.to_owned()).await.unwrap();
    let mut url = Url::parse(&owner_url).unwrap();
    url.set_username("preau_it_runtime").unwrap();
    url.set_password(Some("runtime")).unwrap();
    let url = String::from(url);
    let refused = run_sql(&url, "CREATE TABLE mine (a BIGINT)".to_owned()).await.unwrap_err();
    assert_eq!(refused.as_database_error().unwrap().code().as_deref(), Some("42501"), "{refused}");

    (config.database.url, config.database.owner_url) = (url, Some(owner_url));
    let clock = Arc::new(ManualClock::at(START_TIME));
    let server = Box::pin(TestServer::build(config, clock, Arc::new(folder), 1)).await;
    sign_in_at_ent(&server).await;
    // Where nothing is missing, nobody needs the owner.
    let again = server.restart_with_config(|config| config.database.owner_url = None).await;
    assert!(again.app.db.schema_status().await.unwrap().missing.is_empty());
}

#[tokio::test]
async fn statements_are_not_compiled_by_a_server_that_is_asked_directly() {
    if database::postgres().is_none() {
        return;
    }
    let server = TestServer::start().await;
    let sql = "SELECT current_setting('jit')";
    let mut tx = server.app.db.read().await.unwrap();
    assert_eq!(tx.fetch_one::<(String,)>(sql, Vec::new()).await.unwrap().0, "off");
}

#[tokio::test]
async fn through_a_pooler_each_read_is_a_transaction_that_cannot_write() {
    if database::postgres().is_none() {
        return;
    }
    let server = TestServer::start_with_config(|config| config.database.pooled = true).await;
    sign_in_at_ent(&server).await;
    // More often than there are connections: each comes back, also one whose transaction has failed.
    for _ in 0..25 {
        let mut tx = server.app.db.read().await.unwrap();
        let refused = tx.execute("DELETE FROM academy", Vec::new()).await.unwrap_err();
        assert!(matches!(refused, DbError::Unwritable(_)), "{refused}");
    }
    server.app.db.ping().await.unwrap();
    assert_eq!(server.app.db.check_pooler().await.unwrap(), PoolerState::FollowsStatements);
    // A command that only reads cannot write either.
    let reading = Db::open_configured(&server.app.config.database, AccessMode::ReadOnly).await.unwrap();
    for mut tx in [reading.write(Durability::Durable).await.unwrap(), reading.write_one().await.unwrap()] {
        let refused = tx.execute("DELETE FROM academy", Vec::new()).await.unwrap_err();
        assert!(matches!(refused, DbError::Unwritable(_)), "{refused}");
    }
}

#[tokio::test]
async fn a_read_that_is_given_up_at_its_begin_leaves_no_transaction_to_the_pooler() {
    if database::postgres().is_none() {
        return;
    }
    let server = TestServer::start_with_config(|config| config.database.pooled = true).await;
    server.app.db.ping().await.unwrap();
    for _ in 0..20 {
        // Once polled, the BEGIN is on its way; then nobody waits for it any more.
        tokio::select! {
            biased;
            begun = server.app.db.read() => drop(begun.unwrap()),
            () = std::future::ready(()) => {}
        }
        let began = std::time::Instant::now();
        while server.app.db.pool_states().iter().any(|pool| pool.idle < pool.open) {
            assert!(began.elapsed() < AT_LAST, "a connection does not come back");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        let sql = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'";
        assert_eq!(server.query_count(sql).await, 0, "a transaction is left to nobody");
    }
}

#[tokio::test]
async fn a_pooler_is_never_asked_for_the_lock_of_migrations() {
    if database::postgres().is_none() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let url = Box::pin(database::empty_database_url(folder.path())).await;
    let pooled = Database { url, pooled: true, ..Database::default() };
    let db = Db::open_configured(&pooled, AccessMode::ReadWrite).await.unwrap();
    assert!(matches!(db.migrate().await, Err(DbError::PooledMigration)));
    let direct = Db::open_configured(&pooled.for_owner(), AccessMode::ReadWrite).await.unwrap();
    assert!(direct.migrate().await.is_err(), "without an owner's URL it is the same pooler");
    direct.close().await;
    let owned = Database { owner_url: Some(pooled.url.clone()), ..pooled };
    let owner = Db::open_configured(&owned.for_owner(), AccessMode::ReadWrite).await.unwrap();
    owner.migrate().await.unwrap();
    owner.close().await;
    db.migrate().await.unwrap();
    db.close().await;
}

/// A way to the PostgreSQL of the tests that can be cut, or fall silent.
struct Gate {
    address: SocketAddr,
    let_in: Arc<AtomicUsize>,
    silence: watch::Sender<()>,
    task: JoinHandle<()>,
}

impl Gate {
    async fn open() -> Self {
        let server = Url::parse(&database::postgres().unwrap()).unwrap();
        let target = format!("{}:{}", server.host_str().unwrap(), server.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, let_in) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
        let count = Arc::clone(&let_in);
        let silence = watch::Sender::new(());
        let silences = silence.clone();
        let task = tokio::spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((mut client, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let target = target.clone();
                let mut silenced = silences.subscribe();
                open.spawn(async move {
                    let mut server = TcpStream::connect(target).await.unwrap();
                    tokio::select! {
                        // Either side may go at any time.
                        _cut = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                        _ = silenced.changed() => std::future::pending().await,
                    }
                });
            }
        });
        Self { address, let_in, silence, task }
    }

    /// Lets nothing more through what is open now, and tells nobody, as a firewall that forgot it.
    fn forget(&self) {
        self.silence.send_replace(());
    }

    /// Ends every connection, and refuses new ones.
    async fn cut(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

#[tokio::test]
async fn when_the_server_in_use_is_gone_the_connections_are_opened_at_the_next_one() {
    if database::postgres().is_none() {
        return;
    }
    let (first, second) = (Gate::open().await, Gate::open().await);
    let hosts = [&first, &second].map(|gate| gate.address.to_string());
    let server = TestServer::start_with_config(|config| config.database.hosts = hosts.to_vec()).await;
    let member = server.create_durand().await;
    let at_second = Arc::clone(&second.let_in);
    assert_eq!(at_second.load(Ordering::SeqCst), 0, "the first answers");
    first.cut().await;
    let over = async {
        while at_second.load(Ordering::SeqCst) == 0 || server.app.db.ping().await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(AT_LAST, over).await.expect("the second is not found");
    TestRelyingParty::new(&server, "ent").sign_in(&mut Browser::new(&server), &member).await;
}

/// Opens a database of two connections to read and two to write, behind a gate.
async fn open_behind(gate: &Gate, folder: &TempDir, pooled: bool) -> Db {
    let mut url = Url::parse(&Box::pin(database::empty_database_url(folder.path())).await).unwrap();
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(gate.address.port())).unwrap();
    let database = Database { url: url.into(), max_connections: 2, pooled, ..Database::default() };
    Db::open_configured(&database, AccessMode::ReadWrite).await.unwrap()
}

/// Takes every connection to read.
async fn take_every(db: &Db) -> [Tx; 2] {
    let mut every = [db.read().await.unwrap(), db.read().await.unwrap()];
    for tx in &mut every {
        tx.execute("SELECT 1", Vec::new()).await.unwrap();
    }
    every
}

/// Waits until the database is read again, by requests that are given up after half a second.
async fn expect_answer(db: &Db, otherwise: &str) {
    let until_answered = async {
        while !matches!(tokio::time::timeout(Duration::from_millis(500), db.ping()).await, Ok(Ok(()))) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(AT_LAST, until_answered).await.expect(otherwise);
}

#[tokio::test]
async fn fault_rt22_connections_that_hear_nothing_more_keep_no_place_in_the_pool() {
    if database::postgres().is_none() {
        return;
    }
    let folder = TempDir::new().unwrap();
    for pooled in [false, true] {
        let gate = Gate::open().await;
        let db = open_behind(&gate, &folder, pooled).await;
        let every = take_every(&db).await;
        gate.forget();
        for mut tx in every {
            let asked = tx.execute("SELECT 1", Vec::new());
            // As a request that is given up.
            assert!(tokio::time::timeout(Duration::from_millis(50), asked).await.is_err(), "it was answered");
        }
        expect_answer(&db, "they keep their places").await;
        drop(take_every(&db).await);
        gate.forget();
        // They are at hand, and after half a second are asked first whether they live.
        tokio::time::sleep(Duration::from_millis(600)).await;
        expect_answer(&db, "those at hand keep their places").await;
        db.close().await;
    }
}

#[tokio::test]
async fn fault_rt22_a_silent_pooler_keeps_no_place_at_the_beginning_of_a_read_nor_at_its_end() {
    if database::postgres().is_none() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let gate = Gate::open().await;
    let db = open_behind(&gate, &folder, true).await;
    drop(take_every(&db).await);
    let began = std::time::Instant::now();
    while db.pool_states().iter().any(|pool| pool.idle < pool.open) {
        assert!(began.elapsed() < AT_LAST, "a connection does not come back");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    gate.forget();
    for _ in 0..2 {
        // As requests that are given up at their BEGIN.
        assert!(tokio::time::timeout(Duration::from_millis(50), db.read()).await.is_err(), "it was answered");
    }
    expect_answer(&db, "those that begin keep their places").await;
    let every = take_every(&db).await;
    gate.forget();
    // The rollback is sent, and not answered.
    drop(every);
    expect_answer(&db, "those that end keep their places").await;
    db.close().await;
}

#[tokio::test]
async fn a_standby_is_passed_over() {
    if database::postgres().is_none() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let url = Box::pin(database::empty_database_url(folder.path())).await;
    let name = Url::parse(&url).unwrap().path().trim_start_matches('/').to_owned();
    // A server of which the driver believes that it is one.
    let answer = |word: &str| {
        format!("CREATE OR REPLACE FUNCTION said.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS 'SELECT {word}'")
    };
    let said = answer("true");
    let path = format!("ALTER DATABASE {name} SET search_path = said, pg_catalog, public");
    run_sql(&url, format!("CREATE SCHEMA said; {said}; {path}")).await.unwrap();
    let gate = Gate::open().await;
    let database = Database { url: url.clone(), hosts: vec![gate.address.to_string()], ..Database::default() };
    let refused = Db::open_configured(&database, AccessMode::ReadWrite).await.err().unwrap().to_string();
    assert!(refused.contains("is a standby"), "{refused}");
    run_sql(&url, answer("false")).await.unwrap();
    let db = Db::open_configured(&database, AccessMode::ReadWrite).await.unwrap();
    db.ping().await.unwrap();
    db.close().await;
}
