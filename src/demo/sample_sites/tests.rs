//! The sample sites in a browser, without a provider: invariants holding before any call to the provider.

mod back_channel;
mod provider;

use std::sync::{Arc, LazyLock};

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use tower::ServiceExt as _;

use super::attempts::{AuthorizationAttempt, cookie_name};
use super::relying_party::VerifiedUser;
use super::service::SampleService;
use super::{
    ACADEMIES, AcademyConfig, LetterFiles, SampleSites, SampleSitesClient, SampleSitesConfig, SharedSites, routes,
};
use crate::base::clock::{ManualClock, Span, Timestamp};
use crate::base::rng::SeededRandom;
use crate::jose::{Alg, generate};
use secrecy::SecretString;

const NOW: Timestamp = Timestamp(1_800_000_000_000);

/// An address without a listener: every call to the provider fails, and the test notices.
const ISSUER: &str = "http://127.0.0.1:9";

fn config(issuer: &str, clock: Arc<ManualClock>) -> SampleSitesConfig {
    let clients = super::client_ids();
    SampleSitesConfig {
        issuer: issuer.into(),
        base: "http://localhost:8090".into(),
        cookie_key: [3; 32],
        clients: clients
            .map(|id| SampleSitesClient { client_id: id.into(), secret: SecretString::from("s+e c") })
            .collect(),
        academies: academies(),
        letters: LetterFiles { pupils: "Cargo.toml".into(), parent: "target/no-such-letter.pdf".into() },
        clock,
        random: Arc::new(SeededRandom::new(1)),
        extra_ca: None,
    }
}

/// The academies' key is made once: it is RSA.
fn academies() -> AcademyConfig {
    static KEY: LazyLock<(String, String)> = LazyLock::new(|| generate(Alg::RS256).unwrap());
    let secrets = ACADEMIES.iter().map(|academy| (academy.slug.to_owned(), SecretString::from("s+e c")));
    AcademyConfig { secrets: secrets.collect(), key: (SecretString::from(KEY.0.clone()), KEY.1.clone()) }
}

fn neighbours() -> SharedSites {
    Arc::new(SampleSites::build(config(ISSUER, Arc::new(ManualClock::at(NOW)))).unwrap())
}

async fn send(state: &SharedSites, request: Request<Body>) -> Response {
    routes(Arc::clone(state)).oneshot(request).await.unwrap()
}

async fn get(state: &SharedSites, path: &str, cookie: &str) -> Response {
    send(state, Request::get(path).header(COOKIE, cookie).body(Body::empty()).unwrap()).await
}

async fn post(state: &SharedSites, path: &str, cookie: &str, form: &str) -> Response {
    let request = Request::post(path)
        .header(COOKIE, cookie)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()))
        .unwrap();
    send(state, request).await
}

fn location(response: &Response) -> &str {
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    response.headers().get(LOCATION).unwrap().to_str().unwrap()
}

fn set_cookies(response: &Response) -> Vec<&str> {
    response.headers().get_all(SET_COOKIE).iter().map(|value| value.to_str().unwrap()).collect()
}

async fn text(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap()
}

fn start_attempt(state: &SharedSites, client: &str, target: Option<&str>) -> String {
    let service = SampleService::of_client(client);
    let attempt = AuthorizationAttempt {
        client: client.into(),
        state: "the-state".into(),
        nonce: "n".repeat(43),
        verifier: "v".repeat(43),
        target: target.map(str::to_owned),
        until: NOW.plus(Span::hours(2)),
    };
    format!("{}={}", cookie_name(service, "the-state"), attempt.seal(&state.sealer, service).unwrap())
}

#[tokio::test]
async fn faults_e5_the_chooser_ticks_the_line_that_was_chosen_here_before() {
    let state = neighbours();
    let ticked = async |cookie: &str| {
        let page = text(get(&state, "/ent", cookie).await).await;
        let before = page.split(" checked").next().unwrap().to_owned();
        before.rsplit("value=\"").next().unwrap().trim_end_matches('"').to_owned()
    };
    assert_eq!(ticked("").await, "montpellier");
    let chosen = post(&state, "/ent/choix", "", "choix=toulouse").await;
    let kept: Vec<&str> = set_cookies(&chosen).iter().filter_map(|cookie| cookie.split(';').next()).collect();
    assert_eq!(ticked(&kept.join("; ")).await, "toulouse");
}

#[tokio::test]
async fn a_choice_goes_to_a_page_of_the_portal_and_never_straight_to_the_provider() {
    let state = neighbours();
    for (choice, page) in [
        ("montpellier", "/ent/vers?choix=montpellier"),
        ("mer", "/ent/vers?choix=mer"),
        ("montpellier-deconseille", "/ent/vers?choix=montpellier-deconseille"),
        ("invites", "/ent/vers?choix=invites"),
    ] {
        let response = post(&state, "/ent/choix", "", &format!("choix={choice}")).await;
        assert_eq!(location(&response), page);
        // Not a redirect: Chromium would include a redirect in the submission and apply `form-action`.
        assert_eq!(get(&state, page, "").await.status(), StatusCode::OK);
    }
    for form in ["", "choix=", "choix=administrateur", "choix=mer&choix=toulouse"] {
        let response = post(&state, "/ent/choix", "", form).await;
        assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        let html = text(response).await;
        assert!(html.contains("<title>Erreur : "), "{form}");
        assert!(html.contains("de l&#39;académie de Montpellier avec EduConnect (recommandé)"), "{html}");
    }
}

#[tokio::test]
async fn a_response_from_another_issuer_signs_nobody_in_and_uses_the_attempt_up() {
    let state = neighbours();
    let cookie = start_attempt(&state, "mon-ent-mer", None);
    for iss in ["http%3A%2F%2Fevil.example", "http%3A%2F%2F127.0.0.1%3A9%2F", "http%3A%2F%2F127.0.0.1%3A8080"] {
        for answer in ["code=c", "error=access_denied"] {
            let path = format!("/ent/retour?state=the-state&{answer}&iss={iss}");
            let response = get(&state, &path, &cookie).await;
            assert_eq!(location(&response), "/ent/echec?motif=emetteur&choix=mer");
            let cookies = set_cookies(&response);
            assert_eq!(cookies.len(), 1, "{cookies:?}");
            assert!(cookies[0].starts_with(&cookie_name(SampleService::Ent, "the-state")), "{cookies:?}");
            assert!(cookies[0].contains("Max-Age=0"), "{cookies:?}");
        }
    }
    // The same response with the right issuer is processed: its error is shown.
    let response =
        get(&state, "/ent/retour?state=the-state&error=access_denied&iss=http%3A%2F%2F127.0.0.1%3A9", &cookie).await;
    assert_eq!(location(&response), "/ent/echec?motif=refus&choix=mer");
}

#[tokio::test]
async fn a_response_without_an_attempt_of_this_browser_signs_nobody_in() {
    let state = neighbours();
    let cookie = start_attempt(&state, "mon-ent-mer", None);
    for (path, cookie) in [
        ("/ent/retour?state=the-state&code=c", ""),
        ("/ent/retour?state=another&code=c", cookie.as_str()),
        ("/ent/retour?code=c", cookie.as_str()),
        ("/ent/retour?state=the-state&state=the-state&code=c", cookie.as_str()),
    ] {
        assert_eq!(location(&get(&state, path, cookie).await), "/ent/echec?motif=inconnu", "{path}");
    }
    let at_bourses = get(&state, "/bourses/retour?state=the-state&code=c", &cookie).await;
    assert_eq!(location(&at_bourses), "/bourses/echec?motif=inconnu");
    let page = text(get(&state, "/ent/echec?motif=inconnu&choix=mer", "").await).await;
    assert!(page.contains("href=\"/ent/connexion?choix=mer\"") && page.contains("Recommencer"), "{page}");
}

#[tokio::test]
async fn a_foreign_start_must_name_our_issuer() {
    let state = neighbours();
    for query in ["", "&iss=http%3A%2F%2Fevil.example", "&iss=http%3A%2F%2F127.0.0.1%3A9&iss=x"] {
        let response = get(&state, &format!("/ent/initier?choix=mer{query}"), "").await;
        assert_eq!(location(&response), "/ent/echec?motif=emetteur&choix=mer", "{query}");
    }
    // With the right issuer the provider is called, and is unreachable.
    let response = get(&state, "/ent/initier?choix=mer&iss=http%3A%2F%2F127.0.0.1%3A9", "").await;
    assert_eq!(location(&response), "/ent/echec?motif=indisponible&choix=mer");
    let request = Request::post("/ent/initier?choix=mer")
        .header("sec-fetch-site", "cross-site")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from("iss=http%3A%2F%2F127.0.0.1%3A9&choix=toulouse&x=y"))
        .unwrap();
    let response = send(&state, request).await;
    assert_eq!(location(&response), "/ent/initier?choix=mer&iss=http%3A%2F%2F127.0.0.1%3A9");
}

#[tokio::test]
async fn the_two_buttons_end_the_own_session_and_one_goes_on_over_a_page() {
    let state = neighbours();
    let open = || {
        let id = state.sessions.create(SampleService::Ent, "mon-ent-mer", VerifiedUser::default(), NOW, &*state.random);
        format!("ent_session={id}")
    };
    let session = open();
    assert_eq!(get(&state, "/ent/accueil", &session).await.status(), StatusCode::OK);
    assert_eq!(location(&post(&state, "/ent/deconnexion", &session, "").await), "/ent");
    assert_eq!(location(&get(&state, "/ent/accueil", &session).await), "/ent");

    let session = open();
    let response = post(&state, "/ent/deconnexion-partout", &session, "").await;
    assert_eq!(location(&response), "/ent/sortie");
    let departure = set_cookies(&response).into_iter().find(|cookie| cookie.starts_with("ent_sortie=")).unwrap();
    let departure = departure.split(';').next().unwrap().to_owned();
    assert_eq!(location(&get(&state, "/ent/accueil", &session).await), "/ent");
    let page = text(get(&state, "/ent/sortie", &departure).await).await;
    assert!(page.contains("content=\"0; url=/ent/sortie/suite\""), "{page}");
    // The provider is unreachable: an error is shown.
    assert_eq!(location(&get(&state, "/ent/sortie/suite", &departure).await), "/ent/echec?motif=sortie&choix=mer");
    assert_eq!(location(&get(&state, "/ent/sortie/suite", &departure).await), "/ent");
}

#[tokio::test]
async fn a_foreign_form_cannot_sign_anybody_out() {
    let state = neighbours();
    let id = state.sessions.create(SampleService::Ent, "mon-ent-mer", VerifiedUser::default(), NOW, &*state.random);
    let request = Request::post("/ent/deconnexion")
        .header(COOKIE, format!("ent_session={id}"))
        .header("sec-fetch-site", "cross-site")
        .body(Body::empty())
        .unwrap();
    assert_eq!(send(&state, request).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(get(&state, "/ent/accueil", &format!("ent_session={id}")).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_gateway_takes_a_message_once_and_refuses_what_is_none() {
    let state = neighbours();
    let sms = |body: &str| {
        let request =
            Request::post("/sms/messages").header(CONTENT_TYPE, "application/json").body(Body::from(body.to_owned()));
        let state = Arc::clone(&state);
        async move { send(&state, request.unwrap()).await.status() }
    };
    let first = r#"{"id":"1","to":"+33639980001","text":"votre code <b> est 123456\n@localhost #123456"}"#;
    assert_eq!(sms(first).await, StatusCode::CREATED);
    assert_eq!(sms(first).await, StatusCode::OK);
    assert_eq!(sms(r#"{"id":"2","to":"+33639980001","text":"b"}"#).await, StatusCode::CREATED);
    for bad in [
        "",
        "{}",
        r#"{"id":"3","to":"0639980001","text":"c"}"#,
        r#"{"id":"3","to":"+336 39980001","text":"c"}"#,
        r#"{"id":"","to":"+33639980001","text":"c"}"#,
        r#"{"id":"3","to":"+33639980001","text":""}"#,
    ] {
        assert_eq!(sms(bad).await, StatusCode::BAD_REQUEST, "{bad}");
    }
    let list: serde_json::Value =
        serde_json::from_str(&text(get(&state, "/sms/messages.json", "").await).await).unwrap();
    let ids: Vec<_> = list.as_array().unwrap().iter().map(|message| message["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["2", "1"]);
    assert_eq!(list[1]["at"], NOW.0);
    let page = text(get(&state, "/sms", "").await).await;
    assert!(page.contains("+33 6 39 98 00 01") && page.contains("@localhost #123456"), "{page}");
    assert!(!page.contains("<b>"), "{page}");
}

#[tokio::test]
async fn a_file_of_letters_is_sent_as_it_is_and_a_missing_one_is_a_page() {
    let state = neighbours();
    let file = get(&state, "/lettres/eleves.pdf", "").await;
    assert_eq!(file.headers().get("content-type").unwrap(), "application/pdf");
    assert_eq!(file.headers().get("content-security-policy").unwrap(), "frame-ancestors 'none'");
    assert_eq!(file.headers().get("cache-control").unwrap(), "no-store");
    assert!(text(file).await.contains("name = \"preau\""));
    let missing = get(&state, "/lettres/responsable.pdf", "").await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert!(text(missing).await.contains("<h1>"));
}

#[tokio::test]
async fn every_page_is_there_in_both_languages_with_its_headers() {
    let state = neighbours();
    let ent = state.sessions.create(SampleService::Ent, "mon-ent-mer", VerifiedUser::default(), NOW, &*state.random);
    let bourses =
        state.sessions.create(SampleService::Bourses, "bourses", VerifiedUser::default(), NOW, &*state.random);
    let cookie = format!("ent_session={ent}; bourses_session={bourses}");
    for (path, cookie) in [
        ("/", ""),
        ("/ent", ""),
        ("/ent?choix=mer", cookie.as_str()),
        ("/ent/vers?choix=mer", ""),
        ("/academie/montpellier/au-revoir", ""),
        ("/academie/toulouse/fin", ""),
        ("/ent/accueil", cookie.as_str()),
        ("/ent/sortie", ""),
        ("/ent/echec?motif=refus", ""),
        ("/ent/echec?motif=non-connecte", ""),
        ("/ent/echec?motif=emetteur", ""),
        ("/ent/echec?motif=indisponible", ""),
        ("/ent/echec?motif=demande", ""),
        ("/ent/echec?motif=reponse", ""),
        ("/ent/echec?motif=sortie", ""),
        ("/bourses", ""),
        ("/bourses", cookie.as_str()),
        ("/bourses/echec?motif=refus", ""),
        ("/sms", ""),
        ("/courrier", ""),
    ] {
        let mut titles = Vec::new();
        for lang in ["fr", "en"] {
            let address = format!("{path}{}lang={lang}", if path.contains('?') { "&" } else { "?" });
            let response = get(&state, &address, cookie).await;
            assert_eq!(response.status(), StatusCode::OK, "{address}");
            let policy = response.headers().get("content-security-policy").unwrap().to_str().unwrap();
            assert!(policy.contains("form-action 'self'") && !policy.contains("unsafe"), "{policy}");
            assert_eq!(response.headers().get("referrer-policy").unwrap(), "same-origin");
            assert_eq!(response.headers().get("cache-control").unwrap(), "no-store");
            assert!(set_cookies(&response).iter().any(|c| c.starts_with(&format!("voisins_lang={lang}"))));
            let html = text(response).await;
            assert!(html.contains(&format!("<html lang=\"{lang}\">")), "{address}");
            assert!(!html.contains("<script") && !html.contains("style="), "{address}");
            titles.push(html.split("<h1>").nth(1).unwrap().split("</h1>").next().unwrap().to_owned());
        }
        assert_ne!(titles[0], titles[1], "{path} says the same in both languages");
    }
    assert_eq!(get(&state, "/ent/nulle-part", "").await.status(), StatusCode::NOT_FOUND);
    let reloaded = get(&state, "/ent/choix", "").await;
    assert_eq!(reloaded.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(text(reloaded).await.contains("href=\"/ent\">Accueil"));
    // A school missing in the claims has no page.
    assert_eq!(get(&state, "/ent/etablissement?uai=0349999J", &cookie).await.status(), StatusCode::NOT_FOUND);
}
