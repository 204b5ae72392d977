//! The application on a database of its own, called without sockets.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, header};
use preau::app::AppState;
use preau::base::clock::{Clock as _, ManualClock, Span, SteadyClock, SystemClock, Timestamp};
use preau::base::rng::SeededRandom;
use preau::clients::{self, Metadata};
use preau::compose::{self, Surroundings};
use preau::config::Config;
use preau::seal::{self, PasswordCost};
use preau::sms::{Gateway, Message};
use preau::{db, router};
use tempfile::TempDir;
use tower::ServiceExt as _;

use super::{Answer, database, deployment, redis};

/// 2026-11-24T09:00:00Z
pub const START: Timestamp = Timestamp(1_795_510_800_000);

#[derive(Clone)]
pub struct Server {
    pub app: AppState,
    pub clock: Arc<ManualClock>,
    router: Router,
    folder: Arc<TempDir>,
    seed: u64,
}

impl Server {
    /// A new server on a new database.
    pub async fn start() -> Self {
        Self::start_as(|_| {}).await
    }

    /// As [`Server::start`], at the time that it is: what the database's own clock says is compared with ours.
    pub async fn start_now() -> Self {
        let folder = TempDir::new().unwrap();
        let config = config(&folder).await;
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        Box::pin(Self::build(config, clock, Arc::new(folder), 1)).await
    }

    /// As [`Server::start`], with another configuration.
    pub async fn start_as(change: impl FnOnce(&mut Config)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut config = config(&folder).await;
        change(&mut config);
        Box::pin(Self::build(config, Arc::new(ManualClock::at(START)), Arc::new(folder), 1)).await
    }

    /// Another server of the same house: same database, keys and Redis. A restart, or a neighbour. Where the store is
    /// in memory it is its own.
    pub async fn again(&self) -> Self {
        let config = self.app.config.clone();
        Self::build(config, Arc::clone(&self.clock), Arc::clone(&self.folder), self.seed + 1).await
    }

    /// As [`Server::again`], with another configuration.
    pub async fn again_as(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.app.config.clone();
        change(&mut config);
        Self::build(config, Arc::clone(&self.clock), Arc::clone(&self.folder), self.seed + 1).await
    }

    /// A restart with which the store was emptied, in memory or not.
    pub async fn after_a_loss(&self) -> Self {
        let mut config = self.app.config.clone();
        config.ephemeral.prefix = redis::drawn();
        Self::build(config, Arc::clone(&self.clock), Arc::clone(&self.folder), self.seed + 1).await
    }

    pub async fn build(config: Config, clock: Arc<ManualClock>, folder: Arc<TempDir>, seed: u64) -> Self {
        Box::pin(Self::build_costing(config, clock, folder, seed, PasswordCost::TEST)).await
    }

    /// A new server whose passwords cost that much.
    pub async fn start_costing(cost: PasswordCost) -> Self {
        let folder = TempDir::new().unwrap();
        let config = config(&folder).await;
        Self::build_costing(config, Arc::new(ManualClock::at(START)), Arc::new(folder), 1, cost).await
    }

    /// A new server whose messages go to a gateway of their own.
    pub async fn start_sending(gateway: Gateway) -> Self {
        let folder = TempDir::new().unwrap();
        let config = config(&folder).await;
        let (clock, folder) = (Arc::new(ManualClock::at(START)), Arc::new(folder));
        Box::pin(Self::build_around(config, clock, folder, 1, (PasswordCost::TEST, gateway))).await
    }

    async fn build_costing(
        config: Config,
        clock: Arc<ManualClock>,
        folder: Arc<TempDir>,
        seed: u64,
        cost: PasswordCost,
    ) -> Self {
        Box::pin(Self::build_around(config, clock, folder, seed, (cost, Gateway::kept()))).await
    }

    async fn build_around(
        config: Config,
        clock: Arc<ManualClock>,
        folder: Arc<TempDir>,
        seed: u64,
        (cost, gateway): (PasswordCost, Gateway),
    ) -> Self {
        let around = Surroundings {
            clock: Arc::new(SteadyClock::over(Arc::clone(&clock))),
            rng: Arc::new(SeededRandom::new(seed)),
            cost,
            sms: Some(gateway),
        };
        let app = Box::pin(compose::build(config, around)).await.unwrap();
        let router = router::public(app.clone()).unwrap();
        Self { app, clock, router, folder, seed }
    }

    /// The folder of this server's files.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub fn issuer(&self) -> &str {
        self.app.issuer()
    }

    pub fn now(&self) -> Timestamp {
        self.app.now()
    }

    pub fn advance(&self, by: Span) {
        self.clock.advance(by);
    }

    /// Runs the jobs that are due.
    pub async fn work_off(&self) -> usize {
        compose::work_off(&self.app).await
    }

    /// The messages that were handed over so far.
    pub fn messages(&self) -> Vec<Message> {
        self.app.sms.messages()
    }

    /// Calls the application, and holds what must hold of every answer.
    pub async fn call(&self, request: Request<Body>) -> Answer {
        let answer = self.call_unchecked(request).await;
        answer.1.check(&answer.0.0, &answer.0.1, self.app.config.server.is_https());
        answer.1
    }

    async fn call_unchecked(&self, mut request: Request<Body>) -> ((Method, String), Answer) {
        // As the listener does. Who does not say where they call from calls from this machine.
        if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4711))));
        }
        let what = (request.method().clone(), request.uri().to_string());
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, 10 << 20).await.unwrap().to_vec();
        (what, Answer { status: parts.status, headers: parts.headers, bytes })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Posts a form without cookies: a relying party's call, or another site's form.
    pub async fn post(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.call(request.body(Body::from(encode(fields))).unwrap()).await
    }

    /// Registers a client otherwise than its file says.
    pub async fn change_client(&self, id: &str, change: impl FnOnce(&mut Metadata)) {
        let mut tx = self.app.db.write(db::Durability::Durable).await.unwrap();
        let mut meta = clients::store::find(&mut tx, id).await.unwrap().unwrap().meta;
        change(&mut meta);
        let text = serde_json::to_string(&meta).unwrap();
        let args = vec![id.into(), text.into()];
        tx.execute("UPDATE client SET metadata = $2 WHERE client_id = $1", args).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Runs SQL of a test's own.
    pub async fn sql(&self, sql: &'static str, args: Vec<db::Value>) -> u64 {
        let mut tx = self.app.db.write(db::Durability::Durable).await.unwrap();
        let rows = tx.execute(sql, args).await.unwrap();
        tx.commit().await.unwrap();
        rows
    }

    /// One number out of the database.
    pub async fn count(&self, sql: &'static str) -> i64 {
        self.app.db.read().await.unwrap().one::<(i64,)>(sql, Vec::new()).await.unwrap().0
    }

    /// Every text of a column.
    pub async fn texts(&self, sql: &'static str) -> Vec<String> {
        let rows = self.app.db.read().await.unwrap().all::<(String,)>(sql, Vec::new()).await.unwrap();
        rows.into_iter().map(|(text,)| text).collect()
    }
}

pub fn encode(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A configuration with everything in one folder, and the master key that PostgreSQL wants to find there.
pub async fn config(folder: &TempDir) -> Config {
    let at = |name: &str| folder.path().join(name);
    deployment::write(&at("deployment"));
    seal::write_new(&at("keys"), &SeededRandom::new(7)).unwrap();
    let mut config = Config::default();
    config.database.url = database::fresh(folder.path()).await;
    config.ephemeral = redis::fresh();
    config.keys.directory = at("keys");
    config.deployment.directory = at("deployment");
    config.phones.fictitious = vec!["+3363998".to_owned()];
    config.outgoing.allow_private = true;
    config
}
