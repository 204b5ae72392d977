//! Whether requests may come here, and what a disk that is full does: everybody is told to come back, nobody is lied to.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use preau::db::Durability;
use preau::{bootstrap, router};
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::support::{Browser, TestFamily, TestServer};

async fn ready(server: &TestServer) -> (StatusCode, String) {
    let request = Request::get("/readyz").body(Body::empty()).unwrap();
    let answer = router::operations(server.app.clone()).oneshot(request).await.unwrap();
    let status = answer.status();
    let text = to_bytes(answer.into_body(), 10_000).await.unwrap();
    (status, String::from_utf8(text.to_vec()).unwrap())
}

#[tokio::test]
async fn faults_f6_readiness_does_not_wait_for_a_database_that_hangs() {
    let server = TestServer::start_at_system_time().await;
    assert_eq!(ready(&server).await, (StatusCode::OK, "ready\n".to_owned()));
    // Every connection is taken and none comes back: what waits for one waits for five seconds.
    let mut taken = Vec::new();
    while let Ok(Ok(tx)) = tokio::time::timeout(Duration::from_millis(200), server.app.db.read()).await {
        taken.push(tx);
    }
    let health = bootstrap::check_health(&server.app).await;
    assert_eq!(health.failures, ["database: no answer in time"], "it waited for the time-out of the pool");
    assert_eq!(ready(&server).await.0, StatusCode::SERVICE_UNAVAILABLE);
    taken.clear();
    assert_eq!(ready(&server).await.0, StatusCode::OK);
}

#[tokio::test]
async fn faults_f6_messages_that_wait_are_said_and_take_nobody_out_of_rotation() {
    let family = TestFamily::durand();
    let server = TestServer::start_at_system_time().await;
    let mut browser = Browser::at_activation(&server).await;
    browser.identify(&family).await;
    assert_eq!(ready(&server).await, (StatusCode::OK, "ready\n".to_owned()));
    server.advance(preau::base::clock::Span::minutes(6));
    server.clock.step_wall_time(preau::base::clock::Span::minutes(-6));
    server.execute_sql("UPDATE outbox SET created_at = created_at - 600000", Vec::new()).await;
    let health = bootstrap::check_health(&server.app).await;
    assert!(health.degraded.iter().any(|what| what.contains("messages: 1 wait")), "{health:?}");
}

#[tokio::test]
async fn faults_f5_a_server_that_is_stopping_is_not_ready_and_answers() {
    let server = TestServer::start_at_system_time().await;
    server.app.start_draining();
    assert_eq!(ready(&server).await, (StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned()));
    assert_eq!(server.get("/connexion").await.status, StatusCode::OK);
}

/// A small disk of its own; its room is taken by a file.
struct Disk {
    folder: TempDir,
    filler: PathBuf,
}

impl Disk {
    fn mounted() -> Self {
        let folder = TempDir::new().unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(folder.path()).status();
        assert!(mount.is_ok_and(|status| status.success()), "this test mounts a small tmpfs: it is run as root");
        let filler = folder.path().join("filler");
        Self { folder, filler }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Until not one byte more fits.
    fn fill(&self) {
        let mut file = std::fs::File::create(&self.filler).unwrap();
        for size in [65_536, 4_096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn make_room(&self) {
        std::fs::remove_file(&self.filler).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

/// Writes until there is no room in what SQLite has already, either.
async fn until_full(server: &TestServer) {
    loop {
        let mut tx = server.app.db.write(Durability::Relaxed).await.unwrap();
        let sql = "INSERT INTO budget (action, key, marks, touched_at) \
                   WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) \
                   SELECT 'filler', hex(randomblob(16)), hex(randomblob(1000)), 0 FROM n";
        let Ok(_) = tx.execute(sql, Vec::new()).await else { return };
        if tx.commit().await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn fault_rt03_a_disk_that_is_full_while_a_code_is_checked_is_said_and_survived() {
    let disk = Disk::mounted();
    let family = TestFamily::durand();
    let at = disk.path().join("preau.db");
    let server = TestServer::start_with_config(|config| config.database.url = format!("sqlite:{}", at.display())).await;
    server.import_families("montpellier", crate::support::deployment::MONOD, std::slice::from_ref(&family)).await;
    server.open_campaign(crate::support::deployment::MONOD).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.identify(&family).await;
    let code = server.read_code().await;
    assert_eq!(ready(&server).await.0, StatusCode::OK);

    disk.fill();
    until_full(&server).await;
    let answer = browser.submit("continuer", &[("code", &code)]).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.visible_text());
    assert_eq!(answer.header("retry-after"), "5");
    let wrong = bootstrap::check_health(&server.app).await.failures;
    assert!(wrong.iter().any(|why| why.starts_with("database: the database cannot be written")), "{wrong:?}");
    assert_eq!(ready(&server).await.0, StatusCode::SERVICE_UNAVAILABLE);
    let fields = [("grant_type", "client_credentials")];
    let token = server.post("/oauth2/token", &[], &fields).await;
    assert_ne!(token.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", token.visible_text());

    disk.make_room();
    // A few seconds later somebody tries whether it is over.
    let over = async {
        while ready(&server).await.0 != StatusCode::OK {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), over).await.expect("it does not recover");
    let mut again = Browser::at_activation(&server).await;
    std::mem::swap(&mut again, &mut browser);
    again.open("/activation").await;
    again.identify(&family).await;
    again.type_code(&code).await;
    assert_eq!(
        again.page.heading(),
        "Mes enfants",
        "the code was neither used nor counted: {}",
        again.page.visible_text()
    );
}
