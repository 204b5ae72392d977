//! The page of the journal: its context and samples.

use serde::Serialize;
use strum::IntoEnumIterator as _;

use super::JournalKind;
use super::{ChainStanding, FilterRefusal};
use crate::administrators::roles::{AdminAct, AdminRole};
use crate::administrators::views::ConsoleFrame;
use crate::audit::AuditEvent;
use crate::http::pages::Page;

/// A role that was given or ended, in words.
#[derive(Clone, Debug, Serialize)]
pub struct RecordedRole {
    /// The end of the message's key.
    pub role: &'static str,
    /// The territory; empty for all.
    pub place: String,
}

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
    pub before: String,
    pub after: String,
    /// Shown in the place of `before` and `after` where these are roles.
    pub before_role: Option<RecordedRole>,
    pub after_role: Option<RecordedRole>,
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
        before: if n % 5 == 0 { "26 novembre".to_owned() } else { String::new() },
        after: if n % 5 != 1 { "28 novembre".to_owned() } else { String::new() },
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
    let recorded = |role: AdminRole, place: &str| Some(RecordedRole { role: role.name(), place: place.to_owned() });
    lines.extend(AdminRole::iter().map(|role| JournalLine {
        id: role.name().to_owned(),
        actor_kind: "operator",
        fact: AuditEvent::AdministratorRoleApproved.name(),
        before_role: recorded(AdminRole::Delegate, "0349999J/6 <b>A</b>"),
        after_role: recorded(role, ""),
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
