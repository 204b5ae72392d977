//! The page of the journal: its context and samples.

use serde::Serialize;
use strum::IntoEnumIterator as _;

use super::JournalKind;
use super::recorded::{RecordedField, RecordedScope, RecordedValue};
use super::{ChainStanding, FilterRefusal};
use crate::accounts::{AccountState, SuspendedBy};
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::{AdminAct, AdminRole};
use crate::administrators::views::ConsoleFrame;
use crate::audit::AuditEvent;
use crate::clients::ClientState;
use crate::clients::metadata::NAMED_FIELDS;
use crate::http::pages::Page;

/// A row, in words.
#[derive(Clone, Debug, Default, Serialize)]
pub struct JournalLine {
    pub id: String,
    /// The day and the hour; and with the year.
    pub time: String,
    pub exact: String,
    /// The end of the message's key, where no administrator is named.
    pub actor_kind: &'static str,
    /// The name of an administrator, of a user of the operating system, of a job or of a relying party.
    pub actor: String,
    pub actor_href: String,
    /// The end of the message's key of the role, and the territory.
    pub role: Option<&'static str>,
    pub role_place: String,
    /// The end of the message's key.
    pub fact: &'static str,
    pub is_refused: bool,
    /// The end of the message's key of what was refused.
    pub act: Option<&'static str>,
    pub has_person: bool,
    /// Empty for somebody whom the reader may not see.
    pub person: String,
    pub person_href: String,
    /// The name of the school, or of the academy.
    pub place: String,
    pub place_href: String,
    pub uai: String,
    pub client: String,
    pub detail: String,
    pub reason: String,
    pub before: Option<RecordedValue>,
    pub after: Option<RecordedValue>,
    pub proof: String,
    pub request_id: String,
}

/// A filter that a link set.
#[derive(Clone, Debug, Serialize)]
pub struct FilterChip {
    /// The end of the message's key.
    pub key: &'static str,
    pub name: String,
    /// The page without it.
    pub href: String,
}

/// The words about the seals.
#[derive(Clone, Debug, Serialize)]
pub struct ChainWords {
    /// The end of the message's key.
    pub standing: &'static str,
    pub when: String,
    pub events: i64,
}

/// `/admin/journal`.
#[derive(Clone, Debug, Serialize)]
pub struct JournalPage {
    pub frame: ConsoleFrame,
    pub is_own_only: bool,
    pub kinds: Vec<&'static str>,
    pub kind: &'static str,
    pub from: String,
    pub to: String,
    pub place: String,
    /// A part of a name; an id stands in `actor_id`.
    pub actor: String,
    pub actor_id: String,
    pub person_id: String,
    pub chips: Vec<FilterChip>,
    /// The end of the message's key.
    pub refusal: Option<&'static str>,
    pub is_one_day: bool,
    /// True if the page does not begin with the newest rows.
    pub is_older: bool,
    pub lines: Vec<JournalLine>,
    pub next: Option<String>,
    pub chain: ChainWords,
    pub csv_href: String,
    pub json_href: String,
}

/// Every kind of value before or after an event, with each of its words.
fn sample_values() -> Vec<RecordedValue> {
    let word = |kind: &str, name: &str| RecordedValue::Word { word: format!("{kind}-{name}") };
    let role = |role: AdminRole, place: &str| RecordedValue::Role { role: role.name(), place: place.to_owned() };
    let scope =
        |scope: ApiScope| RecordedScope { name: scope.name().to_owned(), key: Some(scope.name().replace(':', "-")) };
    let field = |(n, field): (usize, &str)| RecordedField {
        field: field.to_owned(),
        is_named: NAMED_FIELDS.contains(&field),
        values: if n % 2 == 0 { vec!["true".to_owned()] } else { vec!["<b>".to_owned(), "fapi2".to_owned()] },
    };
    let time = "26\u{a0}novembre 2026, 14\u{a0}h\u{a0}41".to_owned();
    let newer = RecordedScope { name: "all:write".to_owned(), key: None };
    let mut all = vec![
        word("account", "suspended"),
        word("campaign", "none"),
        word("factors", "none"),
        role(AdminRole::Delegate, "0349999J/6 <b>A</b>"),
        RecordedValue::Campaign { opens: time.clone(), closes: time.clone() },
        RecordedValue::Factors { applications: 0, passkeys: 1, codes: 8 },
        RecordedValue::Factors { applications: 1, passkeys: 2, codes: 1 },
        RecordedValue::Token { scopes: ApiScope::iter().map(scope).chain([newer]).collect(), place: String::new() },
        RecordedValue::Token { scopes: vec![scope(ApiScope::AuditRead)], place: "0349999J".to_owned() },
        RecordedValue::Client { fields: NAMED_FIELDS.into_iter().chain(["tos_uri"]).enumerate().map(field).collect() },
    ];
    all.extend(AccountState::iter().map(|state| word("account", state.name())));
    all.extend(SuspendedBy::iter().map(|by| word("account-suspended", by.name())));
    all.extend(ClientState::iter().map(|state| word("client", state.name())));
    all.extend(AdminRole::iter().map(|one| role(one, "")));
    all.extend(["disturbance", "information"].map(|level| RecordedValue::Announcement {
        level,
        text: "Le service est <b>ralenti</b>.".to_owned(),
        begins: time.clone(),
        ends: time.clone(),
    }));
    all
}

fn sample_lines() -> Vec<JournalLine> {
    let kinds = ["administrator", "token", "operator", "job", "client", "account", "anonymous", "unknown"];
    let mut kinds = kinds.into_iter().cycle();
    let mut roles = AdminRole::iter().map(AdminRole::name).cycle();
    let mut line = |(n, event): (usize, AuditEvent)| JournalLine {
        id: format!("{n:032x}"),
        time: "26\u{a0}novembre, 14\u{a0}h\u{a0}41".to_owned(),
        exact: "26\u{a0}novembre 2026, 14\u{a0}h\u{a0}41".to_owned(),
        actor_kind: kinds.next().unwrap_or_default(),
        actor: if n % 2 == 0 { "Hélène <b>Roque</b>".to_owned() } else { String::new() },
        actor_href: if n % 7 == 0 { "/admin/journal?qui=x".to_owned() } else { String::new() },
        role: if n % 7 == 0 { roles.next() } else { None },
        role_place: "0349999J".to_owned(),
        fact: event.name(),
        has_person: n % 3 == 0,
        person: if n % 6 == 0 { "Sandrine LEBŒUF".to_owned() } else { String::new() },
        person_href: if n % 6 == 0 { "/admin/personnes/x".to_owned() } else { String::new() },
        place: if n % 4 == 0 { "Clg Théodore Monod".to_owned() } else { String::new() },
        place_href: if n % 8 == 0 { "/admin/journal?lieu=0349999J".to_owned() } else { String::new() },
        uai: if n % 8 == 0 { "0349999J".to_owned() } else { String::new() },
        client: if n % 5 == 0 { "mon-ent".to_owned() } else { String::new() },
        detail: "late: 3".to_owned(),
        reason: if n % 2 == 0 { "Numéro fixe dans SIECLE".to_owned() } else { String::new() },
        before: (n % 5 == 0).then(|| RecordedValue::Text { text: "26 novembre".to_owned() }),
        after: (n % 5 != 1).then(|| RecordedValue::Text { text: "28 <b>novembre</b>".to_owned() }),
        proof: if n % 7 == 0 { "passkey".to_owned() } else { String::new() },
        request_id: "abc".to_owned(),
        ..JournalLine::default()
    };
    let mut lines: Vec<JournalLine> = AuditEvent::iter().enumerate().map(&mut line).collect();
    let refused = |act: AdminAct| JournalLine {
        id: act.name().to_owned(),
        actor_kind: "administrator",
        fact: AuditEvent::AdministratorRefused.name(),
        is_refused: true,
        act: Some(act.name()),
        ..JournalLine::default()
    };
    lines.extend(AdminAct::iter().map(refused));
    lines.extend(sample_values().into_iter().enumerate().map(|(n, value)| JournalLine {
        id: format!("value {n}"),
        actor_kind: "operator",
        fact: AuditEvent::ClientChanged.name(),
        before: Some(RecordedValue::Text { text: "of a newer <b>release</b>".to_owned() }),
        after: Some(value),
        ..JournalLine::default()
    }));
    lines.push(JournalLine { fact: "unknown", actor_kind: "unknown", ..JournalLine::default() });
    lines
}

impl Page for JournalPage {
    const TEMPLATE: &'static str = "journal/journal.html";
    fn samples() -> Vec<Self> {
        let chain = |standing: ChainStanding| ChainWords {
            standing: standing.name(),
            when: "aujourd'hui à 4\u{a0}h".to_owned(),
            events: 1_284_402,
        };
        let page = JournalPage {
            frame: ConsoleFrame::sample().in_room("journal"),
            is_own_only: false,
            kinds: JournalKind::iter().map(JournalKind::name).collect(),
            kind: JournalKind::Acts.name(),
            from: "2026-11-26".to_owned(),
            to: "2026-11-26".to_owned(),
            place: String::new(),
            actor: String::new(),
            actor_id: String::new(),
            person_id: String::new(),
            chips: Vec::new(),
            refusal: None,
            is_one_day: true,
            is_older: false,
            lines: sample_lines(),
            next: Some("/admin/journal?avant=x".to_owned()),
            chain: chain(ChainStanding::Whole),
            csv_href: "/admin/journal/export.csv".to_owned(),
            json_href: "/admin/journal/export.jsonl".to_owned(),
        };
        let empty = JournalPage { lines: Vec::new(), next: None, ..page.clone() };
        let chip = |key, name: &str| FilterChip { key, name: name.to_owned(), href: "/admin/journal".to_owned() };
        let mut all = vec![
            page,
            empty.clone(),
            JournalPage { is_one_day: false, is_own_only: true, is_older: true, ..empty.clone() },
            JournalPage { next: Some("/admin/journal?avant=x".to_owned()), ..empty.clone() },
            JournalPage {
                actor: "\"><script>".to_owned(),
                place: "'\"".to_owned(),
                actor_id: "0".repeat(32),
                person_id: "0".repeat(32),
                chips: vec![chip("actor", "Nadia Kaci"), chip("person", ""), chip("actor", "")],
                ..empty.clone()
            },
        ];
        all.extend(ChainStanding::iter().map(|standing| JournalPage { chain: chain(standing), ..empty.clone() }));
        all.extend(FilterRefusal::iter().map(|refusal| JournalPage { refusal: Some(refusal.name()), ..empty.clone() }));
        all
    }
}
