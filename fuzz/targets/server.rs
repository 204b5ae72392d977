//! Any request to the whole server: an answer that is no failure of ours, leads nowhere else, and repeats no markup.

use std::sync::{Arc, LazyLock};
use std::{fs, path};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderName, HeaderValue, Request, header};
use preau::base::actor::Actor;
use preau::base::clock::{ManualClock, Timestamp};
use preau::base::rng::SeededRandom;
use preau::bootstrap::{self, Dependencies};
use preau::config::Config;
use preau::crypto::PasswordCost;
use preau::router;
use preau::sms::SmsGateways;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

use super::text;

/// 2026-11-24T09:00:00Z
const START: Timestamp = Timestamp(1_795_510_800_000);
/// Where the relying party of the server wants its people back.
const BACK: &str = "https://rp.example/back";

/// What is called, chosen by the first byte.
const CALLS: [(&str, &str); 43] = [
    ("GET", "/oauth2/authorize"),
    ("POST", "/oauth2/authorize"),
    ("POST", "/oauth2/token"),
    ("GET", "/oauth2/userinfo"),
    ("POST", "/oauth2/userinfo"),
    ("POST", "/oauth2/par"),
    ("POST", "/oauth2/introspect"),
    ("POST", "/oauth2/revoke"),
    ("POST", "/oauth2/register"),
    ("GET", "/oauth2/register/rp"),
    ("PUT", "/oauth2/register/rp"),
    ("DELETE", "/oauth2/register/rp"),
    ("GET", "/oauth2/logout"),
    ("POST", "/oauth2/logout"),
    ("OPTIONS", "/oauth2/token"),
    ("GET", "/.well-known/openid-configuration"),
    ("GET", "/oauth2/jwks"),
    ("GET", "/"),
    ("GET", "/connexion"),
    ("POST", "/connexion"),
    ("GET", "/connexion/suite"),
    ("GET", "/compte"),
    ("POST", "/compte/services/retirer"),
    ("POST", "/consentement"),
    ("POST", "/deconnexion"),
    ("POST", "/deconnexion/confirmer"),
    ("GET", "/deconnexion/suite"),
    ("GET", "/activation"),
    ("POST", "/activation"),
    ("POST", "/activation/code"),
    ("POST", "/activation/code/renvoyer"),
    ("GET", "/activation/suite"),
    ("POST", "/activation/nouveau-mot-de-passe"),
    ("POST", "/activation/enfants"),
    ("POST", "/activation/mot-de-passe"),
    ("GET", "/activation/feuille"),
    ("GET", "/activation/terminee"),
    ("GET", "/aide"),
    ("GET", "/donnees"),
    ("GET", "/assets/preau.css"),
    ("GET", "/clients/rp/logo"),
    ("GET", "/identifiant-oublie"),
    ("GET", "/nowhere"),
];

struct Running {
    runtime: Runtime,
    router: Router,
    _folder: TempDir,
}

static SERVER: LazyLock<Running> = LazyLock::new(|| {
    let folder = TempDir::new().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = settings(folder.path());
    let around = Dependencies {
        actor: Actor::Job("fuzz"),
        clock: Arc::new(ManualClock::at(START)),
        rng: Arc::new(SeededRandom::new(1)),
        password_cost: PasswordCost::TEST,
        // The console: no log is installed.
        sms_gateways: SmsGateways::default(),
        mail_gateway: None,
        templates: None,
        demo_database: None,
    };
    let app = runtime.block_on(Box::pin(bootstrap::build_app(config, around, |_| {}))).unwrap();
    Running { runtime, router: router::public(app).unwrap(), _folder: folder }
});

fn settings(folder: &path::Path) -> Config {
    let deployment = folder.join("deployment");
    fs::create_dir_all(deployment.join("clients")).unwrap();
    let academies = "[[academy]]\nid = \"montpellier\"\ncode = \"11\"\nname = \"académie de Montpellier\"\n";
    fs::write(deployment.join("academies.toml"), academies).unwrap();
    fs::write(deployment.join("schools.toml"), "").unwrap();
    let client = format!(
        "client_id = \"rp\"\nclient_name = \"RP\"\nclient_secret = \"rp rp rp rp rp rp rp rp rp rp\"\n\
         redirect_uris = [\"{BACK}\"]\npost_logout_redirect_uris = [\"{BACK}\"]\n\
         token_endpoint_auth_method = \"client_secret_post\"\nscope = \"openid profile\"\nsector = \"rp\"\n\
         require_pkce = false\n"
    );
    fs::write(deployment.join("clients").join("rp.toml"), client).unwrap();
    let mut config = Config::default();
    config.database.url = format!("sqlite://{}", folder.join("preau.db").display());
    config.keys.directory = folder.join("keys");
    config.deployment.directory = deployment;
    config
}

/// One byte that chooses the call; then the query, headers a line each, an empty line, the body.
pub fn request(bytes: &[u8]) {
    let Some((which, rest)) = bytes.split_first() else { return };
    let (method, path) = CALLS[usize::from(*which) % CALLS.len()];
    let (head, body) = match rest.windows(2).position(|w| w == b"\n\n") {
        Some(at) => (&rest[..at], &rest[at + 2..]),
        None => (rest, &rest[rest.len()..]),
    };
    let head = text(head);
    let mut lines = head.split('\n');
    let query = lines.next().unwrap_or_default();
    let uri = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let mut request = Request::builder().method(method).uri(uri);
    let kind =
        if path.starts_with("/oauth2/register") { "application/json" } else { "application/x-www-form-urlencoded" };
    request = request.header(header::CONTENT_TYPE, kind);
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        let (Ok(name), Ok(value)) = (HeaderName::try_from(name.trim()), HeaderValue::try_from(value.trim())) else {
            continue;
        };
        request = request.header(name, value);
    }
    // What HTTP itself does not let through never comes to us.
    let Ok(request) = request.body(Body::from(body.to_vec())) else { return };
    let server = &*SERVER;
    let (parts, html) = server.runtime.block_on(async {
        let answer = server.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        (parts, to_bytes(body, 10 << 20).await.unwrap())
    });
    assert!(parts.status.as_u16() < 500, "{method} {path}: {}", parts.status);
    if let Some(to) = parts.headers.get(header::LOCATION) {
        let to = to.to_str().expect("a location is ASCII");
        let ours = to.starts_with('/') && !to.starts_with("//") && !to.starts_with("/\\");
        assert!(ours || to.starts_with("http://localhost:8080/") || to.starts_with(BACK), "it leads to {to}");
    }
    assert!(!text(&html).contains("<zz"), "markup of the request came back");
}
