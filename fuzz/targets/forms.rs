//! Forms, queries, header values, and what people type.

use axum::http::{HeaderMap, HeaderValue, header};
use preau::accounts::{identifier, password};
use preau::base::date::parse_typed;
use preau::base::lang::Lang;
use preau::base::names::{clean, family_agrees, fold, given_agrees, stem, typed_key};
use preau::base::phone::Numbering;
use preau::base::uai::Uai;
use preau::http::cookies::{Jar, Name};
use preau::protocol::acr::Acr;
use preau::protocol::authorize::Prompt;
use preau::protocol::params::{LONGEST, MOST, Params, encode};
use preau::protocol::response::{ResponseMode, ResponseType};
use preau::protocol::scope::Scopes;
use preau::protocol::{claims_request, json, pkce, redirect};

use super::{text, two};

/// A query or a body: bounded, and what is read is read again from what is written.
pub fn form(bytes: &[u8]) {
    let read = Params::parse(&text(bytes));
    let names: Vec<String> = read.names().map(str::to_owned).collect();
    assert!(names.len() <= MOST);
    if read.flaw().is_some() {
        return;
    }
    for name in &names {
        let value = read.raw(name);
        assert!(value.len() <= LONGEST && !value.contains('\0'));
        assert_eq!(read.get(name).is_none(), value.is_empty(), "only an empty value counts as absent");
    }
    let written = encode(names.iter().map(|name| (name.as_str(), read.raw(name))));
    assert_eq!(Params::parse(&written), read);
}

/// What is asked for, then what is registered: a match is equality but for a native client's port, and what may be
/// registered leads where it says.
pub fn redirect(bytes: &[u8]) {
    let (asked, registered) = two(bytes);
    let known = [registered.clone()];
    assert_eq!(redirect::matches(&asked, &known, false), asked == registered);
    if redirect::matches(&asked, &known, true) && asked != registered {
        assert!(asked.starts_with("http://127.0.0.1") || asked.starts_with("http://[::1]"), "{asked}");
    }
    for native in [false, true] {
        if redirect::vet(&registered, native).is_ok() {
            assert!(registered.is_ascii() && !registered.contains(['#', '*', '\\', '<', '"', ' ']), "{registered}");
            let back = redirect::with_query(&registered, &[("code", &asked)]);
            assert!(back.starts_with(&registered), "{back}");
            // The registered query and ours, and nothing that the value smuggled in (docs/threats.md#attack-r5).
            let query = back.split_once('?').expect("a query").1;
            assert_eq!(query.split('&').filter(|pair| pair.starts_with("code=")).count(), 1, "{back}");
            if let Some(host) = redirect::host(&registered) {
                let rest = registered.split_once("://").expect("a host is of a URI with an authority").1;
                assert!(rest.to_ascii_lowercase().starts_with(&host), "{registered} is at {host}");
            }
        }
    }
    let _ = redirect::vet_other(&registered, true);
}

/// The small languages of a request's parameters.
pub fn words(bytes: &[u8]) {
    let text = text(bytes);
    if let Some(scopes) = Scopes::parse(&text) {
        assert_eq!(Scopes::parse(&scopes.text()), Some(scopes));
    }
    if let Some(kind) = ResponseType::parse(&text) {
        assert_eq!(ResponseType::parse(kind.name()), Some(kind));
    }
    let _ = (Prompt::parse(&text), ResponseMode::from_name(&text), Acr::from_name(&text));
    let _ = (claims_request::parse(&text), json::object(bytes));
    let _ = (pkce::is_challenge(&text), pkce::is_verifier(&text), Lang::from_ui_locales(&text));
}

/// Header values of any browser: bytes that HTTP lets through.
pub fn headers(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let mut headers = HeaderMap::new();
    headers.insert(header::COOKIE, value.clone());
    for secure in [false, true] {
        let jar = Jar { secure };
        for name in [Name::Session, Name::Navigation, Name::Language, Name::Device] {
            if let Some(id) = jar.id(&headers, name) {
                assert!(id.len() == 43 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
            }
        }
        let devices = jar.devices(&headers);
        assert!(devices.len() <= 4 && jar.device(&devices, "new").is_some());
        let _ = jar.language(&headers);
    }
    if let Ok(text) = value.to_str() {
        let _ = Lang::from_accept_language(text);
    }
}

/// What people type into the pages.
pub fn typed(bytes: &[u8]) {
    let (one, other) = two(bytes);
    for typed in [&one, &other] {
        if let Ok(number) = Numbering::default().mobile(typed) {
            assert_eq!(Numbering::default().mobile(number.as_str()).as_ref(), Ok(&number), "{typed}");
        }
        if let Ok(date) = parse_typed(typed) {
            assert_eq!(parse_typed(&date.french()).as_ref(), Ok(&date), "{typed}");
        }
        if let Ok(uai) = Uai::parse(typed) {
            assert_eq!(Uai::parse(uai.as_str()).as_ref().map(Uai::as_str), Ok(uai.as_str()));
        }
        assert_eq!(fold(&fold(typed)), fold(typed), "{typed:?}");
        assert_eq!(clean(&clean(typed)), clean(typed), "{typed:?}");
        let normal = password::normal(typed);
        assert_eq!(password::normal(&normal), normal, "{typed:?}");
        let _ = (password::missing(typed), typed_key(typed), identifier::is_identifiant(&identifier::folded(typed)));
    }
    let stem = stem(&one, &other, None);
    assert!(stem.bytes().all(|b| b.is_ascii_lowercase() || b == b'.'), "{stem:?}");
    if !fold(&one).is_empty() {
        assert!(family_agrees(&one, &one, None), "everybody agrees with his own name: {one:?}");
        assert!(given_agrees(&one, &one).is_some(), "{one:?}");
    }
    let _ = (family_agrees(&one, &other, Some(&one)), given_agrees(&one, &other));
}
