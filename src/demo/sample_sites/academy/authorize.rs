//! The pages of an academy: who is there, and the sign-out.
//!
//! A person is chosen by a link: a form never redirects to another site.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use super::people::{AcademyPerson, AcademySite};
use super::{AcademyGrant, CLIENT_ID, GRANT_TTL, issuer, keep, redirect_uri};
use crate::base::clock::Span;
use crate::base::ids::id256;
use crate::base::lang::Lang;
use crate::demo::sample_sites::pages::{Site, see_other, with_cookies};
use crate::demo::sample_sites::site_request::{FormParameters, SiteRequest};
use crate::demo::sample_sites::{SampleSites, SharedSites, college, cookies};
use crate::jose;

/// The lifetime of the session at an academy.
const SESSION_TTL: Span = Span::hours(8);
/// The parameters of an authorization request that are kept while somebody chooses.
const REQUEST_PARAMETERS: [&str; 6] =
    ["client_id", "redirect_uri", "state", "nonce", "code_challenge", "code_challenge_method"];

fn site(academy: &AcademySite) -> Site {
    Site::Academy { fr: academy.fr, en: academy.en }
}

/// Returns the path of an academy's pages and cookies.
fn path(academy: &AcademySite) -> String {
    format!("/academie/{}", academy.slug)
}

/// The name of the cookie that says who has a session at an academy.
fn session_cookie(academy: &AcademySite) -> String {
    format!("academie_{}", academy.slug)
}

/// Returns the person with a session at the academy in this browser.
fn signed_in(state: &SampleSites, visitor: &SiteRequest, academy: &AcademySite) -> Option<&'static AcademyPerson> {
    let name = session_cookie(academy);
    let sub = state.sealer.open(&name, visitor.cookie(&name)?)?;
    academy.person(std::str::from_utf8(&sub).ok()?)
}

/// True for a request of Préau, whose redirect URI is registered here.
fn is_known_request(state: &SampleSites, query: &FormParameters, academy: &AcademySite) -> bool {
    query.single("client_id") == Some(CLIENT_ID)
        && query.single("redirect_uri") == Some(redirect_uri(state, academy).as_str())
        && query.single("code_challenge_method").is_none_or(|method| method == "S256")
}

fn refused(state: &SampleSites, visitor: &SiteRequest, academy: &AcademySite) -> Response {
    state.page(visitor, StatusCode::BAD_REQUEST, site(academy), "academy_refused.html", &json!({}))
}

/// GET: the people of the academy, one of whom is chosen.
pub async fn show(State(state): State<SharedSites>, visitor: SiteRequest, Path(slug): Path<String>) -> Response {
    let Some(academy) = AcademySite::find(&slug) else {
        return college::not_found_page(&state, &visitor, StatusCode::NOT_FOUND);
    };
    if !is_known_request(&state, &visitor.query, academy) {
        return refused(&state, &visitor, academy);
    }
    let mut kept = form_urlencoded::Serializer::new(String::new());
    for name in REQUEST_PARAMETERS {
        if let Some(value) = visitor.query.single(name) {
            kept.append_pair(name, value);
        }
    }
    let kept = kept.finish();
    let door = |person: &&AcademyPerson| {
        json!({
            "id": person.sub,
            "name": format!("{} {}", person.given_name, person.family_name),
            "about": if visitor.lang == Lang::En { person.en } else { person.fr },
            "href": format!("{}/entrer?{kept}&qui={}", path(academy), person.sub),
        })
    };
    // The person who is signed in comes first.
    let here = signed_in(&state, &visitor, academy);
    let mut people: Vec<&AcademyPerson> = academy.people.iter().collect();
    people.sort_by_key(|person| here.is_none_or(|here| here.sub != person.sub));
    let words = json!({
        "people": people.iter().map(door).collect::<Vec<_>>(),
        "here": here.map(|person| format!("{} {}", person.given_name, person.family_name)),
    });
    state.page(&visitor, StatusCode::OK, site(academy), "academy.html", &words)
}

/// GET: signs the chosen person in, and goes back with a code.
pub async fn enter(State(state): State<SharedSites>, visitor: SiteRequest, Path(slug): Path<String>) -> Response {
    let Some(academy) = AcademySite::find(&slug) else {
        return college::not_found_page(&state, &visitor, StatusCode::NOT_FOUND);
    };
    let person = visitor.query.single("qui").and_then(|sub| academy.person(sub));
    let (Some(person), true) = (person, is_known_request(&state, &visitor.query, academy)) else {
        return refused(&state, &visitor, academy);
    };
    let back = redirect_uri(&state, academy);
    let code = id256(&*state.random);
    let grant = AcademyGrant {
        academy: academy.slug,
        person,
        redirect_uri: back.clone(),
        nonce: visitor.query.single("nonce").map(str::to_owned),
        challenge: visitor.query.single("code_challenge").map(str::to_owned),
        authenticated_at: visitor.now,
        until: visitor.now.plus(GRANT_TTL),
    };
    keep(&state.academies.codes, &code, grant, visitor.now);
    let mut answer = form_urlencoded::Serializer::new(String::new());
    answer.append_pair("code", &code).append_pair("iss", &issuer(&state, academy));
    if let Some(value) = visitor.query.single("state") {
        answer.append_pair("state", value);
    }
    let mut response = see_other(&format!("{back}?{}", answer.finish()));
    let name = session_cookie(academy);
    let sealed = state.sealer.seal(&name, person.sub.as_bytes()).unwrap_or_default();
    with_cookies(&mut response, [cookies::set(&state.base, &name, &sealed, &path(academy), Some(SESSION_TTL))]);
    response
}

/// GET (RPIL 2): ends the session of whoever brings an ID token of this academy; others are asked first.
pub async fn end_session(State(state): State<SharedSites>, visitor: SiteRequest, Path(slug): Path<String>) -> Response {
    let Some(academy) = AcademySite::find(&slug) else {
        return college::not_found_page(&state, &visitor, StatusCode::NOT_FOUND);
    };
    let hint = visitor.query.single("id_token_hint").and_then(|token| {
        let claims = jose::verify(&state.academies.ring, "JWT", token).ok()?;
        let own = claims.get("iss").and_then(|iss| iss.as_str()) == Some(issuer(&state, academy).as_str());
        own.then_some(claims)
    });
    if hint.is_none() {
        let words = json!({ "action": format!("{}/fin", path(academy)) });
        return state.page(&visitor, StatusCode::OK, site(academy), "academy_leave.html", &words);
    }
    let registered = format!("{}/connexion", state.issuer);
    let back = visitor.query.single("post_logout_redirect_uri").filter(|uri| *uri == registered);
    let to = match (back, visitor.query.single("state")) {
        (Some(back), Some(value)) => {
            let mut query = form_urlencoded::Serializer::new(String::new());
            format!("{back}?{}", query.append_pair("state", value).finish())
        }
        (Some(back), None) => back.to_owned(),
        (None, _) => format!("{}/au-revoir", path(academy)),
    };
    leave(&state, academy, &to)
}

fn leave(state: &SampleSites, academy: &AcademySite, to: &str) -> Response {
    let mut response = see_other(to);
    with_cookies(&mut response, [cookies::clear(&state.base, &session_cookie(academy), &path(academy))]);
    response
}

/// POST: ends the session, asked for on the page.
pub async fn confirm_end(State(state): State<SharedSites>, visitor: SiteRequest, Path(slug): Path<String>) -> Response {
    match AcademySite::find(&slug) {
        Some(academy) => leave(&state, academy, &format!("{}/au-revoir", path(academy))),
        None => college::not_found_page(&state, &visitor, StatusCode::NOT_FOUND),
    }
}

/// GET: says that the session is over.
pub async fn goodbye(State(state): State<SharedSites>, visitor: SiteRequest, Path(slug): Path<String>) -> Response {
    match AcademySite::find(&slug) {
        Some(academy) => state.page(&visitor, StatusCode::OK, site(academy), "academy_left.html", &json!({})),
        None => college::not_found_page(&state, &visitor, StatusCode::NOT_FOUND),
    }
}
