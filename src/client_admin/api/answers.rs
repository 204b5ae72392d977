//! The answers of a form that asks for a relying party, as members of a body; and the results of their checks.

use serde_json::{Value, json};

use crate::admin_api::extract::ApiCall;
use crate::admin_api::fields::{ApiBody, BodyField, FieldKind};
use crate::admin_api::shapes::Shape;
use crate::base::lang::Lang;
use crate::client_admin::views::request_form::{LIBRARIES, METHODS, SUBJECTS};
use crate::clients::answers::ClientAnswers;
use crate::clients::checks::CheckResult;
use crate::http::pages::PageRenderer;

/// The length of an address, and of a text.
const URI: FieldKind = FieldKind::Text(2_000);
const URIS: FieldKind = FieldKind::Texts(20, 2_000);
const IDS: FieldKind = FieldKind::Texts(20, 60);
const SCOPES: [&str; 5] = ["profile", "education", "email", "phone", "offline_access"];
const PROFILES: [&str; 5] = ["responsable", "eleve", "enseignant", "personnel", "invite"];

/// The answers of the form. The last ones are no answers: the relying party that is changed, and the step.
const ANSWERS: [BodyField; 23] = [
    BodyField::new("client_id", FieldKind::Text(100)),
    BodyField::new("client_name", FieldKind::Text(100)),
    BodyField::new("client_uri", URI),
    BodyField::new("logo_uri", URI),
    BodyField::new("contact", FieldKind::Text(254)),
    BodyField::new("redirect_uris", URIS),
    BodyField::new("post_logout_redirect_uris", URIS),
    BodyField::new("backchannel_logout_uri", URI),
    BodyField::new("initiate_login_uri", URI),
    BodyField::new("sector_identifier_uri", URI),
    BodyField::new("jwks_uri", URI),
    BodyField::new("method", FieldKind::Word(&METHODS)),
    BodyField::new("library", FieldKind::Word(&LIBRARIES)),
    BodyField::new("require_pkce", FieldKind::Flag),
    BodyField::new("fapi", FieldKind::Flag),
    BodyField::new("scopes", FieldKind::Words(&SCOPES)),
    BodyField::new("reasons", FieldKind::TextsByWord(&SCOPES, 2_000)),
    BodyField::new("profiles", FieldKind::Words(&PROFILES)),
    BodyField::new("academies", IDS),
    BodyField::new("ministries", IDS),
    BodyField::new("schools", FieldKind::Texts(500, 8)),
    BodyField::new("subject", FieldKind::Word(&SUBJECTS)),
    BodyField::new("note", FieldKind::Text(2_000)),
];

const fn with<const N: usize, const M: usize>(more: [BodyField; M]) -> [BodyField; N] {
    let mut out = [BodyField::new("", FieldKind::Flag); N];
    let mut at = 0;
    while at < N {
        #[expect(clippy::indexing_slicing, reason = "a constant: an index out of bounds does not compile")]
        let field = if at < ANSWERS.len() { ANSWERS[at] } else { more[at - ANSWERS.len()] };
        #[expect(clippy::indexing_slicing, reason = "a constant: an index out of bounds does not compile")]
        {
            out[at] = field;
        }
        at += 1;
    }
    out
}

const CHANGED_CLIENT: BodyField = BodyField::new("changes", FieldKind::Text(100));
pub(super) const CHECK_FIELDS: [BodyField; 24] = with([CHANGED_CLIENT]);
pub(super) const NEW_FIELDS: [BodyField; 25] = with([CHANGED_CLIENT, BodyField::new("send", FieldKind::Flag)]);
pub(super) const PATCH_FIELDS: [BodyField; 24] =
    with([BodyField::new("state", FieldKind::Word(&["requested", "withdrawn"]))]);

/// The result of a check.
pub(super) const CHECK: Shape = Shape::Object(&[
    ("field", Shape::Text),
    ("verdict", Shape::Word(&["ok", "look", "bad"])),
    ("code", Shape::Text),
    ("value", Shape::Text),
    ("detail", Shape::Text),
    ("sentence", Shape::Text),
]);

/// Puts what a body says over answers.
pub(super) fn filled(mut a: ClientAnswers, body: &ApiBody) -> ClientAnswers {
    let put = |to: &mut String, name: &str| {
        if let Some(text) = body.text(name) {
            text.trim().clone_into(to);
        }
    };
    put(&mut a.client_id, "client_id");
    put(&mut a.client_name, "client_name");
    put(&mut a.client_uri, "client_uri");
    put(&mut a.logo_uri, "logo_uri");
    put(&mut a.contact, "contact");
    put(&mut a.backchannel_logout_uri, "backchannel_logout_uri");
    put(&mut a.initiate_login_uri, "initiate_login_uri");
    put(&mut a.sector_identifier_uri, "sector_identifier_uri");
    put(&mut a.jwks_uri, "jwks_uri");
    put(&mut a.method, "method");
    put(&mut a.library, "library");
    put(&mut a.subject, "subject");
    put(&mut a.note, "note");
    let put_all = |to: &mut Vec<String>, name: &str| {
        if let Some(all) = body.texts(name) {
            *to = all.into_iter().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty()).collect();
        }
    };
    put_all(&mut a.redirect_uris, "redirect_uris");
    put_all(&mut a.post_logout_redirect_uris, "post_logout_redirect_uris");
    put_all(&mut a.scopes, "scopes");
    put_all(&mut a.profiles, "profiles");
    put_all(&mut a.academies, "academies");
    put_all(&mut a.ministries, "ministries");
    put_all(&mut a.schools, "schools");
    for uai in &mut a.schools {
        *uai = uai.to_uppercase();
    }
    a.require_pkce = body.flag("require_pkce").unwrap_or(a.require_pkce);
    a.fapi = body.flag("fapi").unwrap_or(a.fapi);
    if let Some(reasons) = body.texts_by_word("reasons") {
        a.reasons = reasons.into_iter().collect();
    }
    a
}

/// Returns the result of a check, with the sentence of the page, as the API and the command line have it.
pub fn check_value(pages: &PageRenderer, lang: Lang, result: &CheckResult) -> Value {
    let key = format!("admin-check-{}", result.code);
    let args = [("value", result.value.as_str()), ("detail", result.detail.as_str())];
    json!({
        "field": result.field,
        "verdict": result.verdict.name(),
        "code": result.code,
        "value": result.value,
        "detail": result.detail,
        "sentence": pages.message(lang, &key, &args).unwrap_or_default(),
    })
}

/// Returns the results of checks.
pub(super) fn check_values(call: &ApiCall<'_>, results: &[CheckResult]) -> Value {
    results.iter().map(|result| check_value(&call.app.pages, call.ctx.lang, result)).collect()
}
