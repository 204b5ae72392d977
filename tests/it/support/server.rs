//! A test server: the application on a separate database, called without sockets.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Method, Request, header};
use preau::app::{AppState, Operation};
use preau::base::actor::Actor;
use preau::base::clock::{Clock, ManualClock, Span, SteadyClock, SystemClock, Timestamp};
use preau::base::rng::SeededRandom;
use preau::bootstrap::{self, Dependencies};
use preau::clients::{self, ClientMetadata};
use preau::config::{Config, MailGatewayConfig, SmsFallback, SmsGatewayConfig, SmsGatewayRole};
use preau::crypto::{self, PasswordCost};
use preau::ephemeral::Namespace;
use preau::http::pages::PageTemplates;
use preau::mail::{MailMessage, MailSendError};
use preau::sms::{SmsGateway, SmsGateways, SmsMessage};
use preau::{db, router};
use tempfile::TempDir;
use tokio::task::JoinSet;
use tower::ServiceExt as _;

use super::{RecordingGateway, RecordingMailGateway, TestResponse, database, deployment, redis};

/// The seed of the master key of each test server.
pub const MASTER_KEY_SEED: u64 = 7;

/// 2026-11-24T09:00:00Z
pub const START_TIME: Timestamp = Timestamp(1_795_510_800_000);

#[derive(Clone)]
pub struct TestServer {
    pub app: AppState,
    pub clock: Arc<ManualClock>,
    router: Router,
    folder: Arc<TempDir>,
    seed: u64,
    /// The gateway of a server that was started without one of its own.
    recorded: Arc<RecordingGateway>,
    mails: Arc<RecordingMailGateway>,
}

impl TestServer {
    /// Starts a new server on a new database.
    pub async fn start() -> Self {
        Self::start_with_config(|_| {}).await
    }

    /// Starts a server at the system time, for comparisons with the database's own clock.
    pub async fn start_at_system_time() -> Self {
        let folder = TempDir::new().unwrap();
        let mut config = test_config(&folder).await;
        // The signing keys of the prepared database belong to another time.
        config.database.url = Box::pin(database::empty_database_url(folder.path())).await;
        let clock = Arc::new(ManualClock::at(SystemClock.now()));
        Box::pin(Self::build(config, clock, Arc::new(folder), 1)).await
    }

    /// Starts a server of another deployment: with signing keys and ids of its own, and the same files.
    pub async fn start_elsewhere() -> Self {
        let folder = TempDir::new().unwrap();
        let mut config = test_config(&folder).await;
        config.database.url = Box::pin(database::empty_database_url(folder.path())).await;
        Box::pin(Self::build(config, Arc::new(ManualClock::at(START_TIME)), Arc::new(folder), 2)).await
    }

    /// Starts a server with a changed configuration.
    pub async fn start_with_config(change: impl FnOnce(&mut Config)) -> Self {
        let folder = TempDir::new().unwrap();
        let mut config = test_config(&folder).await;
        change(&mut config);
        Box::pin(Self::build(config, Arc::new(ManualClock::at(START_TIME)), Arc::new(folder), 1)).await
    }

    /// Returns an operation of the operator `test`.
    pub fn operation(&self) -> Operation<'_> {
        let actor = Actor::Operator("test".to_owned());
        Operation { app: &self.app, now: self.now(), actor, request_id: None, commits: None }
    }

    /// Starts another server with the same database, keys and Redis: a restart, or a second server. An in-memory store
    /// is not shared.
    pub async fn restart(&self) -> Self {
        let config = self.app.config.clone();
        Self::build(config, Arc::clone(&self.clock), Arc::clone(&self.folder), self.seed + 1).await
    }

    /// Starts another server as [`TestServer::restart`] does, with a changed configuration.
    pub async fn restart_with_config(&self, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = self.app.config.clone();
        change(&mut config);
        Self::build(config, Arc::clone(&self.clock), Arc::clone(&self.folder), self.seed + 1).await
    }

    /// Restarts the server with an empty ephemeral store, in memory or in Redis.
    pub async fn restart_with_empty_store(&self) -> Self {
        let mut config = self.app.config.clone();
        config.ephemeral.prefix = redis::random_prefix();
        Self::build(config, Arc::clone(&self.clock), Arc::clone(&self.folder), self.seed + 1).await
    }

    pub async fn build(config: Config, clock: Arc<ManualClock>, folder: Arc<TempDir>, seed: u64) -> Self {
        Box::pin(Self::build_with_password_cost(config, clock, folder, seed, PasswordCost::TEST)).await
    }

    /// Starts a new server with a given password cost.
    pub async fn start_with_password_cost(cost: PasswordCost) -> Self {
        let folder = TempDir::new().unwrap();
        let config = test_config(&folder).await;
        Self::build_with_password_cost(config, Arc::new(ManualClock::at(START_TIME)), Arc::new(folder), 1, cost).await
    }

    /// Starts a new server with a given SMS gateway.
    pub async fn start_with_gateway(gateway: Arc<dyn SmsGateway>) -> Self {
        let folder = TempDir::new().unwrap();
        let config = test_config(&folder).await;
        let (clock, folder) = (Arc::new(ManualClock::at(START_TIME)), Arc::new(folder));
        let gateways = SmsGateways::default().with(SmsGatewayRole::Primary, gateway);
        Box::pin(Self::build_with_gateway(config, clock, folder, 1, (PasswordCost::TEST, gateways))).await
    }

    /// Starts a new server with two given SMS gateways.
    pub async fn start_with_gateways(primary: Arc<dyn SmsGateway>, fallback: Arc<dyn SmsGateway>) -> Self {
        let folder = TempDir::new().unwrap();
        let mut config = test_config(&folder).await;
        config.sms.fallback = Some(SmsFallback { gateway: SmsGatewayConfig::Console, after_seconds: 5 });
        let (clock, folder) = (Arc::new(ManualClock::at(START_TIME)), Arc::new(folder));
        let gateways = SmsGateways::default().with(SmsGatewayRole::Primary, primary);
        let gateways = gateways.with(SmsGatewayRole::Fallback, fallback);
        Box::pin(Self::build_with_gateway(config, clock, folder, 1, (PasswordCost::TEST, gateways))).await
    }

    /// Starts a server as [`TestServer::build`] does, with a given SMS gateway.
    pub async fn build_with_sms(
        config: Config,
        clock: Arc<ManualClock>,
        folder: Arc<TempDir>,
        seed: u64,
        gateway: Arc<dyn SmsGateway>,
    ) -> Self {
        let gateways = SmsGateways::default().with(SmsGatewayRole::Primary, gateway);
        Box::pin(Self::build_with_gateway(config, clock, folder, seed, (PasswordCost::TEST, gateways))).await
    }

    async fn build_with_password_cost(
        config: Config,
        clock: Arc<ManualClock>,
        folder: Arc<TempDir>,
        seed: u64,
        cost: PasswordCost,
    ) -> Self {
        Box::pin(Self::build_with_gateway(config, clock, folder, seed, (cost, SmsGateways::default()))).await
    }

    async fn build_with_gateway(
        mut config: Config,
        clock: Arc<ManualClock>,
        folder: Arc<TempDir>,
        seed: u64,
        (cost, given): (PasswordCost, SmsGateways),
    ) -> Self {
        database::go_through_pooler(&mut config.database);
        let recorded = Arc::new(RecordingGateway::default());
        let mails = Arc::new(RecordingMailGateway::default());
        let around = Dependencies {
            clock: Arc::new(SteadyClock::new(Arc::clone(&clock))),
            rng: Arc::new(SeededRandom::new(seed)),
            password_cost: cost,
            actor: Actor::Job("test"),
            sms_gateways: match given.get(SmsGatewayRole::Primary) {
                Some(_) => given,
                None => given.with(SmsGatewayRole::Primary, recorded.clone()),
            },
            mail_gateway: Some(mails.clone()),
            templates: Some(parsed_templates()),
            demo_database: None,
        };
        let app = Box::pin(bootstrap::build_app(config, around, |_| {})).await.unwrap();
        let router = router::public(app.clone()).unwrap();
        Self { app, clock, router, folder, seed, recorded, mails }
    }

    /// Returns the folder of this server's files.
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

    /// Runs due jobs until none is left.
    pub async fn drain_outbox(&self) -> usize {
        bootstrap::drain_outbox(&self.app).await
    }

    /// Returns the messages given to the recording gateway so far.
    pub fn messages(&self) -> Vec<SmsMessage> {
        self.recorded.messages()
    }

    /// Returns the mails given to the recording gateway so far.
    pub fn mails(&self) -> Vec<MailMessage> {
        self.mails.mails()
    }

    /// Has mails refused from now on, for the reason that a function says.
    pub fn refuse_mails(&self, refusal: impl Fn(&MailMessage) -> Option<MailSendError> + Send + 'static) {
        self.mails.refuse(refusal);
    }

    /// Returns the number of mails that were handed over so far, taken or not.
    pub fn tried_mails(&self) -> usize {
        self.mails.tried()
    }

    /// Calls the application, and asserts the invariants of every response.
    pub async fn call(&self, request: Request<Body>) -> TestResponse {
        let answer = self.call_unchecked(request).await;
        answer.1.assert_invariants(&answer.0.0, &answer.0.1, self.app.config.server.is_https());
        answer.1
    }

    async fn call_unchecked(&self, mut request: Request<Body>) -> ((Method, String), TestResponse) {
        // The listener adds the address; a request without one comes from this machine.
        if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4711))));
        }
        let what = (request.method().clone(), request.uri().to_string());
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, 10 << 20).await.unwrap().to_vec();
        (what, TestResponse { status: parts.status, headers: parts.headers, bytes })
    }

    pub async fn get(&self, path: &str) -> TestResponse {
        self.call(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Posts a form without cookies: a relying party's call, or a cross-site form.
    pub async fn post(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> TestResponse {
        let mut request = Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.call(request.body(Body::from(encode_form(fields))).unwrap()).await
    }

    /// Changes the stored metadata of a client.
    pub async fn change_client(&self, id: &str, change: impl FnOnce(&mut ClientMetadata)) {
        let mut tx = self.app.db.write(db::Durability::Durable).await.unwrap();
        let mut meta = clients::store::find(&mut tx, id).await.unwrap().unwrap().meta;
        change(&mut meta);
        let text = serde_json::to_string(&meta).unwrap();
        let args = vec![id.into(), text.into()];
        tx.execute("UPDATE client SET metadata = $2 WHERE client_id = $1", args).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// Claims keys for an owner until its place is full, many at once: tens of thousands of round trips to a Redis.
    pub async fn fill_with_claims(&self, owner: &'static str, namespace: Namespace, expires_at: Timestamp) {
        const AT_ONCE: usize = 64;
        const MOST: usize = 40_000;
        let (mut claims, now) = (JoinSet::new(), self.now());
        for first in 0..AT_ONCE {
            let app = self.app.clone();
            claims.spawn(async move {
                for n in (first..MOST).step_by(AT_ONCE) {
                    let key = format!("{owner}{n}");
                    if app.ephemeral.claim_once(owner, namespace, &key, expires_at, now).await.is_err() {
                        return true;
                    }
                }
                false
            });
        }
        assert!(claims.join_all().await.contains(&true), "{owner} has room left");
    }

    /// Executes an SQL statement.
    pub async fn execute_sql(&self, sql: &'static str, args: Vec<db::Value>) -> u64 {
        let mut tx = self.app.db.write(db::Durability::Durable).await.unwrap();
        let rows = tx.execute(sql, args).await.unwrap();
        tx.commit().await.unwrap();
        rows
    }

    /// Queries one number.
    pub async fn query_count(&self, sql: &'static str) -> i64 {
        self.app.db.read().await.unwrap().fetch_one::<(i64,)>(sql, Vec::new()).await.unwrap().0
    }

    /// Queries the texts of a column.
    pub async fn query_texts(&self, sql: &'static str) -> Vec<String> {
        let rows = self.app.db.read().await.unwrap().fetch_all::<(String,)>(sql, Vec::new()).await.unwrap();
        rows.into_iter().map(|(text,)| text).collect()
    }
}

/// Says two minutes later each time: of work of which every part takes long.
pub struct SlowClock(pub TestServer);

impl Clock for SlowClock {
    fn now(&self) -> Timestamp {
        self.0.advance(Span::minutes(2));
        self.0.now()
    }
}

/// Returns the templates, parsed once a run: parsing them took longer than most tests.
fn parsed_templates() -> Arc<PageTemplates> {
    static TEMPLATES: LazyLock<Arc<PageTemplates>> = LazyLock::new(|| Arc::new(PageTemplates::load().unwrap()));
    Arc::clone(&TEMPLATES)
}

pub fn encode_form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A configuration with everything in one folder, and the master key, which PostgreSQL does not create by itself.
pub async fn test_config(folder: &TempDir) -> Config {
    let at = |name: &str| folder.path().join(name);
    deployment::write_deployment(&at("deployment"));
    crypto::write_new_master_key(&at("keys"), &SeededRandom::new(MASTER_KEY_SEED)).unwrap();
    let mut config = Config::default();
    config.database.url = Box::pin(database::new_database_url(folder.path())).await;
    config.ephemeral = redis::new_store();
    config.keys.directory = at("keys");
    config.deployment.directory = at("deployment");
    config.phones.fictitious = vec!["+3363998".to_owned()];
    config.outgoing.allow_private = true;
    config.mail.gateway = MailGatewayConfig::Console;
    config.mail.from = "Mon compte École <ne-pas-repondre@id.example>".to_owned();
    config
}
