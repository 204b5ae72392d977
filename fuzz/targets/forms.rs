//! Forms, queries, header values, and what people type.

use axum::http::{HeaderMap, HeaderValue, header};
use preau::accounts::{identifier, password};
use preau::base::date::parse_typed;
use preau::base::lang::Lang;
use preau::base::names::{canonical_key, family_name_matches, fold, identifier_stem, match_given_name, normalize_name};
use preau::base::phone::PhoneParser;
use preau::base::uai::Uai;
use preau::http::cookies::{CookieJar, CookieName};
use preau::letters::code::{LetterCode, looks_like_a_code};
use preau::protocol::acr::Acr;
use preau::protocol::authorize::Prompt;
use preau::protocol::params::{MAX_PARAMETERS, MAX_VALUE_BYTES, Params, encode};
use preau::protocol::response::{ResponseMode, ResponseType};
use preau::protocol::scope::Scopes;
use preau::protocol::{claims_request, json, pkce, redirect};

use super::{text, two};

/// A query or a body: bounded, and what is read is read again from what is written.
pub fn form(bytes: &[u8]) {
    let read = Params::parse(&text(bytes));
    let names: Vec<String> = read.names().map(str::to_owned).collect();
    assert!(names.len() <= MAX_PARAMETERS);
    if read.error().is_some() {
        return;
    }
    for name in &names {
        let value = read.form_value(name);
        assert!(value.len() <= MAX_VALUE_BYTES && !value.contains('\0'));
        assert_eq!(read.get(name).is_none(), value.is_empty(), "only an empty value counts as absent");
    }
    let valued = names.iter().map(|name| (name.as_str(), read.form_value(name)));
    let written = encode(valued.chain(read.names_without_value().map(|name| (name, ""))));
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
        if redirect::validate(&registered, native).is_ok() {
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
    let _ = redirect::validate_other(&registered, true);
}

/// The small languages of a request's parameters.
pub fn words(bytes: &[u8]) {
    let text = text(bytes);
    if let Some(scopes) = Scopes::parse(&text) {
        assert_eq!(Scopes::parse(&scopes.to_scope_string()), Some(scopes));
    }
    if let Some(kind) = ResponseType::parse(&text) {
        assert_eq!(ResponseType::parse(kind.name()), Some(kind));
    }
    let _ = (Prompt::parse(&text), text.parse::<ResponseMode>(), text.parse::<Acr>());
    let _ = (claims_request::parse(&text), json::object(bytes));
    let _ = (pkce::is_challenge(&text), pkce::is_verifier(&text), Lang::from_ui_locales(&text));
}

/// Header values of any browser: bytes that HTTP lets through.
pub fn headers(bytes: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
    let mut headers = HeaderMap::new();
    headers.insert(header::COOKIE, value.clone());
    for secure in [false, true] {
        let jar = CookieJar { secure };
        for name in [CookieName::Session, CookieName::Navigation, CookieName::Language, CookieName::Device] {
            if let Some(id) = jar.id(&headers, name) {
                assert!(id.len() == 43 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)));
            }
        }
        let devices = jar.devices(&headers);
        assert!(devices.len() <= 4 && jar.device_cookie(&devices, "new").is_some());
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
        if let Ok(number) = PhoneParser::default().parse_mobile(typed) {
            assert_eq!(PhoneParser::default().parse_mobile(number.as_str()).as_ref(), Ok(&number), "{typed}");
        }
        if let Ok(date) = parse_typed(typed) {
            assert_eq!(parse_typed(&date.to_french_format()).as_ref(), Ok(&date), "{typed}");
        }
        if let Ok(uai) = Uai::parse(typed) {
            assert_eq!(Uai::parse(uai.as_str()).as_ref().map(Uai::as_str), Ok(uai.as_str()));
        }
        if let Ok(code) = LetterCode::parse(typed) {
            let again = LetterCode::parse(&code.to_printed_form()).map(|code| code.as_str().to_owned());
            assert_eq!(again.as_deref(), Ok(code.as_str()), "{typed:?}");
        }
        if looks_like_a_code(typed) {
            assert!(!password::unmet_rules(&password::normalize(typed)).is_empty(), "{typed:?} is a password");
        }
        assert_eq!(fold(&fold(typed)), fold(typed), "{typed:?}");
        assert_eq!(normalize_name(&normalize_name(typed)), normalize_name(typed), "{typed:?}");
        let normal = password::normalize(typed);
        assert_eq!(password::normalize(&normal), normal, "{typed:?}");
        let _ = (
            password::unmet_rules(typed),
            canonical_key(typed),
            identifier::is_identifiant(&identifier::normalize(typed)),
        );
    }
    let stem = identifier_stem(&one, &other, None);
    assert!(stem.bytes().all(|b| b.is_ascii_lowercase() || b == b'.'), "{stem:?}");
    // A name that lost more letters than it kept matches nobody, not even itself.
    if !fold(&one).is_empty() && !one.contains('?') {
        assert!(family_name_matches(&one, &one, None), "everybody agrees with his own name: {one:?}");
        assert!(match_given_name(&one, &one).is_some(), "{one:?}");
    }
    let _ = (family_name_matches(&one, &other, Some(&one)), match_given_name(&one, &other));
}
