//! Tests of each rule, with a client that satisfies all the others.

use serde_json::{Value, json};

use super::*;
use crate::protocol::algorithms::Alg;

fn registered() -> RegistrationPolicy {
    RegistrationPolicy::Registered {
        client_id: "drawn".to_owned(),
        academy: "montpellier".to_owned(),
        has_own_sector: false,
    }
}

fn file(secret_len: Option<usize>) -> RegistrationPolicy {
    RegistrationPolicy::File {
        secret_len,
        profile: SecurityProfile::Plain,
        sector: "mon-ent".to_owned(),
        require_pkce: None,
        tolerances: Tolerances::default(),
        consent: false,
        offline_agreed: false,
        former_subs: false,
        roster_key: None,
        audiences: Vec::new(),
        academy: None,
        perimeter: Perimeter { academies: vec!["montpellier".to_owned()], ..Perimeter::default() },
    }
}

/// Returns the fields of a valid client, with changes.
fn fields_with(change: Value) -> ClientMetadataFields {
    let mut all = json!({ "client_name": "Cantine", "redirect_uris": ["https://rp.example/cb"] });
    let (Some(all), Some(change)) = (all.as_object_mut(), change.as_object()) else { panic!("no objects") };
    all.extend(change.clone());
    ClientMetadataFields::read(all).unwrap()
}

fn validated(change: Value) -> ClientMetadata {
    validate(&fields_with(change.clone()), &registered()).unwrap_or_else(|flaw| panic!("{change}: {flaw}"))
}

fn rejected_field(change: Value) -> &'static str {
    let flaw = validate(&fields_with(change.clone()), &registered()).expect_err(&change.to_string());
    assert!(flaw.to_string().bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E)), "{flaw}");
    flaw.field
}

/// Returns an RSA public key (RFC 7517 A.1).
fn keys() -> Value {
    json!({"keys": [
        {"kty":"RSA","kid":"r","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB"},
    ]})
}

#[test]
fn oidcr_2_what_is_not_said_has_the_defaults_of_openid() {
    let meta = validated(json!({}));
    assert_eq!(meta.auth_method, AuthMethod::ClientSecretBasic);
    assert_eq!(
        (meta.grant_types.as_slice(), meta.response_types.as_slice()),
        ([GrantType::AuthorizationCode].as_slice(), [ResponseType::CODE].as_slice())
    );
    assert!(meta.consent && !meta.require_pkce && !meta.native && !meta.offline_agreed);
    assert_eq!((meta.subject_type, meta.sector.as_str()), (SubjectType::Pairwise, "host:rp.example"));
    assert_eq!(meta.perimeter.academies, ["montpellier"]);
    assert_eq!(meta.scopes.to_scope_string(), "openid profile email phone");
    assert!(validated(json!({"token_endpoint_auth_method": "none"})).require_pkce, "a public client");
    // RFC 7592 2.2: `null` means absent.
    assert_eq!(validated(json!({"grant_types": null, "logo_uri": null})), meta);
}

#[test]
fn rfc_7591_3_2_1_what_is_told_back_is_taken_as_the_same() {
    for change in [
        json!({}),
        json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": keys(), "token_endpoint_auth_signing_alg": "PS256",
               "id_token_encrypted_response_alg": "RSA-OAEP-256", "userinfo_signed_response_alg": "ES256",
               "request_object_signing_alg": "RS256", "require_signed_request_object": true}),
        json!({"token_endpoint_auth_method": "client_secret_jwt", "contacts": ["a@rp.example"], "default_max_age": 60,
               "grant_types": ["authorization_code", "implicit", "refresh_token"],
               "response_types": ["code", "id_token token", "code id_token"], "scope": "openid offline_access",
               "policy_uri": "https://rp.example/p", "tos_uri": "https://rp.example/t",
               "request_uris": ["https://rp.example/r#abc"], "initiate_login_uri": "https://rp.example/i"}),
        json!({"application_type": "native", "redirect_uris": ["fr.exemple.app:/retour", "http://127.0.0.1/retour"]}),
    ] {
        let meta = validated(change.clone());
        // A client that sends the response back names the default method explicitly.
        let named = ClientMetadata { secret_either_way: false, ..meta.clone() };
        assert_eq!(validate(&to_fields(&meta), &registered()).unwrap(), named, "{change}");
    }
}

#[test]
fn oidcr_2_grants_and_response_types_need_each_other() {
    for change in [
        json!({"response_types": ["id_token"]}),
        json!({"response_types": ["code id_token"]}),
        json!({"grant_types": ["implicit"]}),
        json!({"grant_types": ["implicit"], "response_types": ["code"]}),
        json!({"grant_types": ["authorization_code", "implicit"], "response_types": ["id_token"]}),
        json!({"response_types": ["token"]}),
        json!({"response_types": ["none"]}),
        json!({"response_types": []}),
    ] {
        assert_eq!(rejected_field(change.clone()), "response_types", "{change}");
    }
    for change in [
        json!({"grant_types": []}),
        json!({"grant_types": ["password"]}),
        json!({"grant_types": ["refresh_token"]}),
        json!({"grant_types": ["client_credentials"], "token_endpoint_auth_method": "none", "redirect_uris": []}),
    ] {
        assert_eq!(rejected_field(change.clone()), "grant_types", "{change}");
    }
    validated(json!({"grant_types": ["implicit"], "response_types": ["id_token", "id_token token"]}));
    let machine = validated(json!({"grant_types": ["client_credentials"], "redirect_uris": []}));
    assert_eq!((machine.response_types.len(), machine.sector.as_str()), (0, "client:drawn"));
}

#[test]
fn attack_r1_to_r8_redirect_uris_are_vetted_and_never_missing() {
    let many: Vec<String> = (0..21).map(|n| format!("https://rp.example/{n}")).collect();
    for uris in [
        json!([]),
        json!(["https://rp.example/cb#f"]),
        json!(["https://*.example/cb"]),
        json!(["http://rp.example/cb"]),
        json!(["javascript:alert(1)"]),
        json!(["https://rp.example\\@evil.example/"]),
        json!(["https://rp.example/cb", "https://rp.example/a/../cb"]),
        json!(["fr.exemple.app:/retour"]),
        json!(many),
    ] {
        assert_eq!(rejected_field(json!({"redirect_uris": uris})), "redirect_uris", "{uris}");
    }
    let implicit = json!({"grant_types": ["implicit"], "response_types": ["id_token"],
                          "redirect_uris": ["http://localhost:1/cb"]});
    assert_eq!(rejected_field(implicit), "redirect_uris", "the front channel of a web client");
    let flaw = validate(&fields_with(json!({"redirect_uris": null})), &registered()).unwrap_err();
    assert!(flaw.is_redirect_uri_error());
}

#[test]
fn attack_r6_every_other_uri_is_vetted_too() {
    for field in [
        "client_uri",
        "logo_uri",
        "policy_uri",
        "tos_uri",
        "initiate_login_uri",
        "jwks_uri",
        "sector_identifier_uri",
        "backchannel_logout_uri",
        "frontchannel_logout_uri",
    ] {
        for uri in ["javascript:alert(1)", "data:text/html,x", "http://rp.example/", "https://rp.example/#f", "/x", ""]
        {
            assert_eq!(rejected_field(json!({field: uri})), field, "{uri}");
        }
        validated(json!({field: "https://rp.example/x"}));
    }
    for field in ["post_logout_redirect_uris", "request_uris"] {
        assert_eq!(rejected_field(json!({field: ["https://rp.example/", "JaVaScript:alert(1)"]})), field);
        assert_eq!(rejected_field(json!({field: vec!["https://rp.example/"; 21]})), field);
    }
    // OIDCC 4: https is required for registrations, loopback hosts included; a file (the demo) may use http.
    let local = json!({"initiate_login_uri": "http://localhost:8090/initier"});
    assert_eq!(rejected_field(local.clone()), "initiate_login_uri");
    assert!(validate(&fields_with(local), &file(Some(43))).is_ok());
}

#[test]
fn keys_and_algorithms_fit() {
    let private = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "d": "x", "x": "y"}]});
    for (change, field) in [
        (json!({"token_endpoint_auth_method": "private_key_jwt"}), "jwks"),
        (json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": []}}), "jwks"),
        (
            json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": keys(), "token_endpoint_auth_signing_alg": "ES256"}),
            "jwks",
        ),
        (json!({"jwks": keys(), "jwks_uri": "https://rp.example/jwks"}), "jwks"),
        (json!({"jwks": private}), "jwks"),
        (json!({"jwks": []}), "jwks"),
        (json!({"jwks": {"keys": vec![json!({}); 21]}}), "jwks"),
        (json!({"token_endpoint_auth_method": "tls_client_auth"}), "token_endpoint_auth_method"),
        (
            json!({"token_endpoint_auth_method": "client_secret_jwt", "token_endpoint_auth_signing_alg": "RS256"}),
            "token_endpoint_auth_signing_alg",
        ),
        (json!({"id_token_signed_response_alg": "none"}), "id_token_signed_response_alg"),
        (json!({"id_token_signed_response_alg": "HS256"}), "id_token_signed_response_alg"),
        (json!({"userinfo_signed_response_alg": "none"}), "userinfo_signed_response_alg"),
        (json!({"introspection_signed_response_alg": "none"}), "introspection_signed_response_alg"),
        (json!({"request_object_signing_alg": "none"}), "request_object_signing_alg"),
        (json!({"require_signed_request_object": true}), "jwks"),
        (json!({"id_token_encrypted_response_alg": "RSA-OAEP-256"}), "jwks"),
        (json!({"jwks": keys(), "id_token_encrypted_response_alg": "ECDH-ES"}), "jwks"),
        (json!({"jwks": keys(), "id_token_encrypted_response_alg": "RSA1_5"}), "id_token_encrypted_response_alg"),
        (
            json!({"jwks": keys(), "userinfo_encrypted_response_alg": "PBES2-HS256+A128KW"}),
            "userinfo_encrypted_response_alg",
        ),
        (json!({"jwks": keys(), "id_token_encrypted_response_enc": "A256GCM"}), "id_token_encrypted_response_enc"),
    ] {
        assert_eq!(rejected_field(change.clone()), field, "{change}");
    }
    let by_address = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks_uri": "https://rp.example/jwks",
                            "id_token_encrypted_response_alg": "ECDH-ES", "id_token_signed_response_alg": "PS256"});
    assert_eq!(validated(by_address).id_token.signed, Some(Alg::PS256));
}

#[test]
fn faults_a14_a_key_that_is_not_its_owner_s_alone_is_refused_and_not_passed_over() {
    let mut set = keys();
    let sound = set["keys"][0].clone();
    let point = |crv: &str, x: &str| json!({ "kty": "OKP", "crv": crv, "x": x });
    let small = "A".repeat(43);
    for weak in [
        point("Ed25519", &small),
        point("X25519", &small),
        json!({ "kty": "EC", "crv": "P-256", "x": small, "y": small }),
        json!({ "kty": "RSA", "n": sound["n"], "e": "Aw" }),
        json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" }),
        json!({ "kty": "RSA", "n": sound["n"] }),
    ] {
        set["keys"] = json!([sound, weak]);
        assert_eq!(rejected_field(json!({ "jwks": set })), "jwks", "{weak}");
        assert_eq!(
            validate(&fields_with(json!({ "jwks": set })), &file(Some(43))).unwrap_err().field,
            "jwks",
            "{weak}"
        );
    }
    // A key of an unknown type cannot be checked.
    set["keys"] = json!([sound, { "kty": "AKP", "pub": "AA" }]);
    validated(json!({ "jwks": set }));
}

#[test]
fn faults_d1_several_hosts_get_a_sector_of_their_own_and_no_registration_enters_one_of_the_files() {
    let two = json!(["https://a.example/cb", "https://b.example/cb"]);
    let meta = validated(json!({"redirect_uris": two}));
    assert_eq!((meta.subject_type, meta.sector.as_str()), (SubjectType::Pairwise, "client:drawn"));
    let by_name = json!({"redirect_uris": two, "subject_type": "pairwise"});
    assert_eq!(rejected_field(by_name.clone()), "sector_identifier_uri", "OIDCC 8.1");
    // A client may resend the metadata received at registration (RFC 7592 2.2).
    let again = RegistrationPolicy::Registered {
        client_id: "drawn".into(),
        academy: "montpellier".into(),
        has_own_sector: true,
    };
    assert_eq!(validate(&fields_with(by_name), &again).unwrap(), meta);
    validated(json!({"redirect_uris": two, "subject_type": "public"}));
    let sector = json!({"redirect_uris": two, "sector_identifier_uri": "https://group.example/uris"});
    assert_eq!(validated(sector).sector, "host:group.example");
    assert_eq!(validated(json!({"redirect_uris": ["https://mon-ent/cb"]})).sector, "host:mon-ent");
    // Any application can register a loopback redirect URI.
    let native = json!({"application_type": "native", "redirect_uris": ["http://127.0.0.1/cb"]});
    assert_eq!(validated(native).sector, "client:drawn");
}

#[test]
fn subjects_of_the_roster_are_for_files_of_one_academy() {
    let roster = json!({"subject_type": "roster"});
    assert_eq!(rejected_field(roster.clone()), "subject_type");
    assert!(validate(&fields_with(roster.clone()), &file(Some(43))).is_ok());
    let mut wider = file(Some(43));
    if let RegistrationPolicy::File { perimeter, .. } = &mut wider {
        perimeter.schools.push("0349999J".to_owned());
    }
    assert_eq!(validate(&fields_with(roster), &wider).unwrap_err().field, "subject_type");
}

#[test]
fn faults_d5_a_file_demands_pkce_of_public_clients_unless_it_says_more() {
    let demands = |method: &str, require: Option<bool>| {
        let secret = (method != "none").then_some(43);
        let mut terms = file(secret);
        if let RegistrationPolicy::File { require_pkce, .. } = &mut terms {
            *require_pkce = require;
        }
        validate(&fields_with(json!({"token_endpoint_auth_method": method})), &terms).map(|meta| meta.require_pkce)
    };
    assert_eq!(demands("client_secret_basic", None), Ok(false));
    assert_eq!(demands("client_secret_basic", Some(true)), Ok(true));
    assert_eq!(demands("none", None), Ok(true));
    assert_eq!(demands("none", Some(false)).unwrap_err().field, "require_pkce");
}

#[test]
fn faults_d15_a_file_gives_tolerances_and_a_registration_takes_none() {
    use crate::protocol::tolerance::AccessTokenTyp;
    let wanted = json!({"access_token_typ": "JWT", "logout_token_typ": "JWT", "claims_in_id_token": true});
    assert_eq!(validated(wanted).tolerances, Tolerances::default());
    let mut terms = file(Some(43));
    let given = Tolerances { access_token_typ: AccessTokenTyp::Jwt, ..Tolerances::default() };
    if let RegistrationPolicy::File { tolerances, .. } = &mut terms {
        *tolerances = given;
    }
    assert_eq!(validate(&fields_with(json!({})), &terms).unwrap().tolerances, given);
    if let RegistrationPolicy::File { profile, .. } = &mut terms {
        *profile = SecurityProfile::Fapi2;
    }
    assert_eq!(validate(&fields_with(json!({})), &terms).unwrap_err().field, "access_token_typ", "not beside FAPI 2.0");
    let old: ClientMetadata = {
        let mut stored = serde_json::to_value(validated(json!({}))).unwrap();
        stored.as_object_mut().unwrap().remove("tolerances");
        serde_json::from_value(stored).unwrap()
    };
    assert_eq!(old.tolerances, Tolerances::default(), "a row of an older version");
}

#[test]
fn faults_d17_every_uri_of_a_client_is_refused_with_the_reason() {
    let why = |change: Value| validate(&fields_with(change), &registered()).unwrap_err().to_string();
    let native = json!({"application_type": "native", "redirect_uris": ["fr.exemple.app://retour"]});
    assert!(why(native).contains("write one, as in fr.exemple.app:/retour (RFC 8252 7.1)"));
    assert!(why(json!({"redirect_uris": ["fr.exemple.app:/retour"]})).contains("application_type native"));
    assert_eq!(
        why(json!({"logo_uri": "http://rp.example/a.png"})),
        "logo_uri: http, which is for this machine only: https"
    );
    assert!(why(json!({"post_logout_redirect_uris": ["https://rp.example/#x"]})).ends_with(": a fragment"));
    assert!(why(json!({"request_uris": ["rp.example/r"]})).contains("not an absolute URI"));
    assert!(why(json!({"redirect_uris": []})).contains("none is named"));
}

#[test]
fn names_and_numbers_are_bounded() {
    for name in ["", " ", "a\nb", "\u{202E}drolpe", "\u{2060}", "\u{61c}abc", "\u{3164}", &"x".repeat(101)] {
        assert_eq!(rejected_field(json!({"client_name": name})), "client_name", "{name:?}");
    }
    validated(json!({"client_name": "é".repeat(100)}));
    assert_eq!(rejected_field(json!({"default_max_age": -1})), "default_max_age");
    assert_eq!(rejected_field(json!({"contacts": vec!["a"; 11]})), "contacts");
    validated(json!({"contacts": ["é".repeat(500)]}));
    assert_eq!(rejected_field(json!({"contacts": ["é".repeat(501)]})), "contacts");
    assert_eq!(rejected_field(json!({"application_type": "desktop"})), "application_type");
    assert_eq!(rejected_field(json!({"scope": "openid \u{e9}"})), "scope");
}

#[test]
fn a_registration_gets_the_scopes_of_registered_clients_only() {
    assert_eq!(
        validated(json!({"scope": "openid profile phone education email offline_access"})).scopes.to_scope_string(),
        "openid profile email phone"
    );
    let refreshing =
        json!({"scope": "openid offline_access education", "grant_types": ["authorization_code", "refresh_token"]});
    assert_eq!(validated(refreshing).scopes.to_scope_string(), "openid offline_access");
    assert_eq!(
        validate(&fields_with(json!({"scope": "openid education"})), &file(Some(43))).unwrap().scopes.to_scope_string(),
        "openid education"
    );
    let refused = validate(&fields_with(json!({"scope": "openid address"})), &file(Some(43))).unwrap_err().to_string();
    assert_eq!(
        refused, "scope: address is not known here; there are openid, profile, email, phone, education, offline_access",
        "faults D14: the word is named"
    );
}

#[test]
fn a_files_secret_is_there_if_its_method_has_one_and_long_enough() {
    for (method, secret, right) in [
        ("client_secret_basic", None, false),
        ("client_secret_basic", Some(23), false),
        ("client_secret_basic", Some(24), true),
        ("client_secret_jwt", Some(31), false),
        ("client_secret_jwt", Some(32), true),
        ("none", None, true),
        ("none", Some(43), false),
        ("private_key_jwt", Some(43), false),
        ("private_key_jwt", None, true),
    ] {
        let mut all = fields_with(json!({"token_endpoint_auth_method": method}));
        all.jwks = (method == "private_key_jwt").then(keys);
        assert_eq!(validate(&all, &file(secret)).is_ok(), right, "{method} {secret:?}");
    }
}

#[test]
fn faults_d2_only_what_is_offered_is_promised() {
    let offers = [Alg::RS256, Alg::ES256];
    assert_eq!(check_offered_algorithms(&validated(json!({})), &offers), Ok(()), "RS256 is the default");
    for field in ["id_token_signed_response_alg", "userinfo_signed_response_alg", "introspection_signed_response_alg"] {
        for (alg, right) in [("ES256", true), ("EdDSA", false), ("PS256", false)] {
            let said = check_offered_algorithms(&validated(json!({ field: alg })), &offers);
            assert_eq!(said.err().map(|flaw| flaw.field), (!right).then_some(field), "{field} {alg}");
        }
    }
}
