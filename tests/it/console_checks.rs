//! The live checks of a request: what they find of addresses that answer, and where they never go.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::routing::{any, get, post};
use preau::clients::answers::ClientAnswers;
use preau::clients::checks::{CheckResult, Verdict};
use preau::clients::ops::checks::{CheckMeans, check, domain_proof};
use preau::config::deployment::ServerIdentity;
use preau::http::outgoing::OutgoingClient;
use tokio::net::TcpListener;

use crate::support::TestServer;

/// A site of a service, on loopback.
async fn site(issuer: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let leads = |to: String| get(async move || (StatusCode::FOUND, [("location", to)]).into_response());
    let key = |kid: &str| format!("{{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"{kid}\",{POINT}}}");
    let keys = |all: Vec<String>| get(async move || format!("{{\"keys\":[{}]}}", all.join(",")));
    let routes = Router::new()
        .route("/retour", get(async || StatusCode::BAD_REQUEST))
        .route("/panne", get(async || StatusCode::SERVICE_UNAVAILABLE))
        .route("/fin", post(async || StatusCode::OK))
        .route("/fin-404", post(async || StatusCode::NOT_FOUND))
        .route("/connexion", leads(format!("{issuer}/oauth2/authorize?client_id=cantine&state=x")))
        .route("/ailleurs", leads("https://evil.example/?client_id=cantine".to_owned()))
        .route("/autre", leads(format!("{issuer}/oauth2/authorize?client_id=autre")))
        .route("/jwks", keys(vec![key("a")]))
        .route("/jwks-deux", keys(vec![key("a"), key("a")]))
        .route("/jwks-vide", keys(Vec::new()))
        .route("/jwks-page", get(async || "<html>"))
        .route("/logo.svg", get(async || "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"))
        .route("/logo-grand", get(async || vec![0_u8; 20_000_000]))
        .route("/logo-faux", get(async || "GIF89a"));
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    base
}

/// The generator of P-256, which is a point on it.
const POINT: &str =
    "\"x\":\"axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY\",\"y\":\"T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU\"";

async fn checked(server: &TestServer, outgoing: &OutgoingClient, answers: &ClientAnswers) -> Vec<CheckResult> {
    let app = &server.app;
    let identity = ServerIdentity::of(&app.config);
    let means = CheckMeans {
        db: &app.db,
        outgoing,
        rng: app.rng.as_ref(),
        server: &identity,
        algorithms: &app.config.keys.algorithms,
        keys: Some(app.key_ring()),
        now: server.now(),
    };
    check(&means, answers, None).await.unwrap()
}

fn canteen(base: &str) -> ClientAnswers {
    ClientAnswers {
        client_id: "cantine".to_owned(),
        client_name: "Cantine".to_owned(),
        contact: "a@b.example".to_owned(),
        redirect_uris: vec![format!("{base}/retour")],
        method: "either".to_owned(),
        schools: vec!["0349999J".to_owned()],
        profiles: vec!["responsable".to_owned()],
        subject: "pairwise".to_owned(),
        ..ClientAnswers::default()
    }
}

#[tokio::test]
async fn each_live_check_has_a_good_and_a_bad_address() {
    let server = TestServer::start().await;
    let base = site(server.issuer().to_owned()).await;
    let uri = |path: &str| format!("{base}{path}");
    for (change, code, verdict) in [
        (canteen(&base), "uri_form", Verdict::Ok),
        (ClientAnswers { backchannel_logout_uri: uri("/fin"), ..canteen(&base) }, "logout_taken", Verdict::Ok),
        (ClientAnswers { backchannel_logout_uri: uri("/fin-404"), ..canteen(&base) }, "logout_lost", Verdict::Look),
        (ClientAnswers { initiate_login_uri: uri("/connexion"), ..canteen(&base) }, "initiate_leads", Verdict::Ok),
        (ClientAnswers { initiate_login_uri: uri("/ailleurs"), ..canteen(&base) }, "initiate_elsewhere", Verdict::Look),
        (ClientAnswers { initiate_login_uri: uri("/autre"), ..canteen(&base) }, "initiate_elsewhere", Verdict::Look),
        (ClientAnswers { initiate_login_uri: uri("/retour"), ..canteen(&base) }, "initiate_elsewhere", Verdict::Look),
        (ClientAnswers { jwks_uri: uri("/jwks"), ..canteen(&base) }, "keys_found", Verdict::Ok),
        (ClientAnswers { jwks_uri: uri("/jwks-deux"), ..canteen(&base) }, "keys_twice", Verdict::Bad),
        (ClientAnswers { jwks_uri: uri("/jwks-vide"), ..canteen(&base) }, "keys_none", Verdict::Bad),
        (ClientAnswers { jwks_uri: uri("/jwks-page"), ..canteen(&base) }, "keys_none", Verdict::Bad),
        (ClientAnswers { jwks_uri: uri("/rien"), ..canteen(&base) }, "keys_silent", Verdict::Look),
        (ClientAnswers { logo_uri: uri("/logo.svg"), ..canteen(&base) }, "logo_svg", Verdict::Bad),
        (ClientAnswers { logo_uri: uri("/logo-grand"), ..canteen(&base) }, "logo_large", Verdict::Bad),
        (ClientAnswers { logo_uri: uri("/logo-faux"), ..canteen(&base) }, "logo_form", Verdict::Bad),
        (ClientAnswers { logo_uri: uri("/rien"), ..canteen(&base) }, "logo_silent", Verdict::Look),
        (ClientAnswers { schools: vec!["0349999K".to_owned()], ..canteen(&base) }, "uai_letter", Verdict::Bad),
        (ClientAnswers { client_name: "Service ENT".to_owned(), ..canteen(&base) }, "name_twin", Verdict::Bad),
        (ClientAnswers { client_id: "ent".to_owned(), ..canteen(&base) }, "client_id_taken", Verdict::Bad),
    ] {
        let found = checked(&server, &server.app.outgoing, &change).await;
        let right = found.iter().any(|result| result.code == code && result.verdict == verdict);
        assert!(right, "{code}: {found:?}");
    }
    let (one, other) = ("https://compte.example", "cantine.example");
    assert_ne!(domain_proof(one, "cantine", other), domain_proof(one, "autre", other), "a proof names the client");
}

#[tokio::test]
async fn attack_f1_the_checks_call_no_address_inside() {
    let server = TestServer::start().await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = any(async move || {
        counted.fetch_add(1, Ordering::SeqCst);
        "here"
    });
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(count)).await.unwrap() });
    // As it runs outside of a development machine.
    let mut config = server.app.config.outgoing.clone();
    config.allow_private = false;
    let outgoing = OutgoingClient::new(&config).unwrap();
    for host in ["localhost", "127.0.0.1", "[::1]", "169.254.169.254", "10.0.0.1", "0x7f.1", "2130706433"] {
        for scheme in ["http", "https"] {
            let uri = format!("{scheme}://{host}:{port}/x");
            let answers = ClientAnswers {
                redirect_uris: vec![uri.clone()],
                backchannel_logout_uri: uri.clone(),
                initiate_login_uri: uri.clone(),
                jwks_uri: uri.clone(),
                logo_uri: uri.clone(),
                sector_identifier_uri: uri.clone(),
                ..canteen(&uri)
            };
            let found = checked(&server, &outgoing, &answers).await;
            assert!(!found.iter().any(|result| result.code == "answers"), "{uri}: {found:?}");
        }
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}
