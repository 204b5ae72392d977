//! The values before and after an event, as the page of the journal tells them: states, dates and lists in words.
//!
//! Pure. The audit keeps short words for machines, which exports and the Admin API give as they are; a word that this
//! release does not know is shown as it is stored.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::accounts::{AccountState, SuspendedBy};
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::AdminRole;
use crate::audit::AuditEvent;
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::clients::ClientState;
use crate::clients::metadata::NAMED_FIELDS;
use crate::http::pages::dates;

/// A field of a relying party and its values, in words where there are some.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordedField {
    /// The name of the field, and whether there are words for it.
    pub field: String,
    pub is_named: bool,
    pub values: Vec<String>,
}

/// A scope of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RecordedScope {
    pub name: String,
    /// The end of the message's key; `None` for a scope of a newer release.
    pub key: Option<String>,
}

/// A value before or after an event, as the page tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RecordedValue {
    /// A text of somebody, or a word of a newer release.
    Text { text: String },
    /// A state; `word` is the end of the message's key.
    Word { word: String },
    /// A role and its territory, empty for all.
    Role { role: &'static str, place: String },
    /// The days of a campaign.
    Campaign { opens: String, closes: String },
    /// The second factors of an account, by their numbers.
    Factors { applications: u32, passkeys: u32, codes: u32 },
    /// Letters whose codes serve.
    Letters { n: u32 },
    /// The scopes of a token of the Admin API and its territory, empty for all.
    Token { scopes: Vec<RecordedScope>, place: String },
    /// The answers of a relying party that a request changes.
    Client { fields: Vec<RecordedField> },
    /// A message to visitors; `level` is the end of the message's key.
    Announcement { level: &'static str, text: String, begins: String, ends: String },
}

/// Returns a day with its year and hour, as the journal tells it; empty beyond what a calendar has.
pub fn exact_time(lang: Lang, at: Timestamp) -> String {
    match dates::day_and_year(lang, at) {
        day if day.is_empty() => day,
        day => format!("{day}, {}", dates::hour(lang, at)),
    }
}

/// Splits a stored role into the role and its territory; nothing of a role of a newer release.
pub fn role_of(stored: Option<&str>) -> (Option<&'static str>, String) {
    let Some((role, territory)) = stored.and_then(|stored| stored.split_once('@')) else {
        return (None, String::new());
    };
    (role.parse::<AdminRole>().ok().map(AdminRole::name), place_of(territory))
}

/// Returns a stored territory as it is shown; empty for all.
fn place_of(territory: &str) -> String {
    if territory == "all" { String::new() } else { territory.to_owned() }
}

fn word(kind: &str, name: &str) -> RecordedValue {
    RecordedValue::Word { word: format!("{kind}-{name}") }
}

fn account_state(stored: &str) -> Option<RecordedValue> {
    if stored == "suspended" {
        return Some(word("account", stored));
    }
    Some(match stored.strip_prefix("suspended by ") {
        Some(by) => word("account-suspended", by.parse::<SuspendedBy>().ok()?.name()),
        None => word("account", stored.parse::<AccountState>().ok()?.name()),
    })
}

/// Reads the state of a relying party, or one side of a difference.
fn client_values(stored: &str) -> Option<RecordedValue> {
    if let Ok(state) = stored.parse::<ClientState>() {
        return Some(word("client", state.name()));
    }
    let fields: BTreeMap<String, Vec<String>> = serde_json::from_str(stored).ok()?;
    let told = |(field, values): (String, Vec<String>)| RecordedField {
        is_named: NAMED_FIELDS.contains(&field.as_str()),
        field,
        values,
    };
    Some(RecordedValue::Client { fields: fields.into_iter().map(told).collect() })
}

/// Reads the number of each kind of factors: `1 applications, 0 passkeys, 8 backup codes`.
fn factors(stored: &str) -> Option<RecordedValue> {
    if stored == "none" {
        return Some(word("factors", stored));
    }
    let mut parts = stored.split(", ");
    let mut number = |of: &str| parts.next()?.strip_suffix(of)?.parse::<u32>().ok();
    let (applications, passkeys) = (number(" applications")?, number(" passkeys")?);
    Some(RecordedValue::Factors { applications, passkeys, codes: number(" backup codes")? })
}

/// Reads the first and the last moment of a campaign.
fn campaign(lang: Lang, stored: &str) -> Option<RecordedValue> {
    if stored == "none" {
        return Some(word("campaign", stored));
    }
    let time = |text: &str| Some(exact_time(lang, Timestamp(text.parse().ok()?))).filter(|told| !told.is_empty());
    let (opens, closes) = stored.split_once(' ')?;
    Some(RecordedValue::Campaign { opens: time(opens)?, closes: time(closes)? })
}

fn token(stored: &str) -> Option<RecordedValue> {
    let (scopes, territory) = stored.split_once(" @ ")?;
    let told = |name: &str| RecordedScope {
        name: name.to_owned(),
        key: name.parse::<ApiScope>().ok().map(|scope| scope.name().replace(':', "-")),
    };
    Some(RecordedValue::Token { scopes: scopes.split(' ').map(told).collect(), place: place_of(territory) })
}

/// Reads a message to visitors, which is recorded whole: its text in the language of the page.
fn announcement(lang: Lang, stored: &str) -> Option<RecordedValue> {
    let message: serde_json::Value = serde_json::from_str(stored).ok()?;
    let time = |name: &str| Some(exact_time(lang, Timestamp(message.get(name)?.as_i64()?)));
    Some(RecordedValue::Announcement {
        level: match message.get("level")?.as_str()? {
            "disturbance" => "disturbance",
            "information" => "information",
            _ => return None,
        },
        text: message.get(lang.tag())?.as_str()?.to_owned(),
        begins: time("from").filter(|told| !told.is_empty())?,
        ends: time("to").filter(|told| !told.is_empty())?,
    })
}

/// Returns a value before or after an event as it is told; `None` where nothing is to be told.
pub fn tell(lang: Lang, event: Option<AuditEvent>, stored: Option<&str>) -> Option<RecordedValue> {
    use AuditEvent as Fact;
    let stored = stored.filter(|stored| !stored.is_empty())?;
    let told = match event {
        Some(Fact::AccountSuspended | Fact::AccountResumed) => account_state(stored),
        Some(Fact::ClientChanged) => client_values(stored),
        Some(Fact::FactorRemoved) => factors(stored),
        Some(Fact::CampaignOpened | Fact::CampaignClosed) => campaign(lang, stored),
        Some(Fact::LetterBatchWithdrawn) => stored.parse().ok().map(|n| RecordedValue::Letters { n }),
        Some(Fact::ApiTokenMade) => token(stored),
        Some(Fact::AnnouncementPublished | Fact::AnnouncementEnded) => announcement(lang, stored),
        Some(Fact::AdministratorRoleGiven | Fact::AdministratorRoleApproved | Fact::AdministratorRoleEnded) => {
            let (role, place) = role_of(Some(stored));
            role.map(|role| RecordedValue::Role { role, place })
        }
        // Elsewhere it is a text: of reminders, the SMS.
        _ => None,
    };
    match told {
        Some(RecordedValue::Client { fields }) if fields.is_empty() => None,
        Some(told) => Some(told),
        None => Some(RecordedValue::Text { text: stored.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::*;
    use crate::announcements::AnnouncementLevel;
    use crate::http::pages::PageRenderer;

    const NOON: i64 = 1_795_510_800_000;

    fn told(event: AuditEvent, stored: &str) -> RecordedValue {
        tell(Lang::Fr, Some(event), Some(stored)).unwrap()
    }

    fn text(text: &str) -> RecordedValue {
        RecordedValue::Text { text: text.to_owned() }
    }

    /// Every value of a closed list that an event records.
    fn closed_values() -> Vec<(AuditEvent, String)> {
        let mut all: Vec<(AuditEvent, String)> = Vec::new();
        for event in [AuditEvent::AccountSuspended, AuditEvent::AccountResumed] {
            all.extend(AccountState::iter().map(|state| (event, state.name().to_owned())));
            all.extend(SuspendedBy::iter().map(|by| (event, format!("suspended by {}", by.name()))));
            all.push((event, "suspended".to_owned()));
        }
        all.extend(ClientState::iter().map(|state| (AuditEvent::ClientChanged, state.name().to_owned())));
        all.extend([AuditEvent::CampaignOpened, AuditEvent::CampaignClosed].map(|event| (event, "none".to_owned())));
        all.push((AuditEvent::FactorRemoved, "none".to_owned()));
        all
    }

    #[test]
    fn every_recorded_word_is_told_in_both_languages() {
        let pages = PageRenderer::load("Mon compte École", "assistance@academie.example").unwrap();
        let message =
            |lang: Lang, key: &str| pages.message(lang, key, &[]).unwrap_or_else(|_| panic!("{key} in {lang:?}"));
        for lang in Lang::ALL {
            for (event, stored) in closed_values() {
                let told = tell(lang, Some(event), Some(&stored));
                let Some(RecordedValue::Word { word }) = told else { panic!("{event:?} {stored}") };
                message(lang, &format!("admin-recorded-{word}"));
            }
            for scope in ApiScope::iter() {
                let stored = format!("{} @ all", scope.name());
                let told = tell(lang, Some(AuditEvent::ApiTokenMade), Some(&stored));
                let Some(RecordedValue::Token { scopes, place }) = told else { panic!("{stored}") };
                message(lang, &format!("api-scope-{}", scopes[0].key.as_deref().unwrap()));
                assert_eq!((scopes.len(), place.as_str()), (1, ""));
            }
            for role in AdminRole::iter() {
                let stored = format!("{}@montpellier", role.name());
                let told = tell(lang, Some(AuditEvent::AdministratorRoleEnded), Some(&stored));
                assert_eq!(told, Some(RecordedValue::Role { role: role.name(), place: "montpellier".to_owned() }));
                message(lang, &format!("admin-role-{}", role.name()));
            }
            for level in AnnouncementLevel::iter() {
                let stored = serde_json::json!({"level": level.name(), "from": NOON, "to": NOON, "fr": "à", "en": "a"});
                let told = tell(lang, Some(AuditEvent::AnnouncementPublished), Some(&stored.to_string()));
                let Some(RecordedValue::Announcement { level, .. }) = told else { panic!("{stored}") };
                message(lang, &format!("announcement-{level}"));
            }
            for field in NAMED_FIELDS {
                message(lang, &format!("admin-field-{field}"));
            }
        }
    }

    #[test]
    fn dates_numbers_and_differences_are_told() {
        use AuditEvent as Fact;
        let (opens, closes) = ("24\u{a0}novembre 2026, 10\u{a0}h", "25\u{a0}novembre 2026, 10\u{a0}h");
        assert_eq!(
            told(Fact::CampaignOpened, &format!("{NOON} {}", NOON + 86_400_000)),
            RecordedValue::Campaign { opens: opens.to_owned(), closes: closes.to_owned() }
        );
        assert_eq!(
            told(Fact::FactorRemoved, "1 applications, 2 passkeys, 8 backup codes"),
            RecordedValue::Factors { applications: 1, passkeys: 2, codes: 8 }
        );
        assert_eq!(told(Fact::LetterBatchWithdrawn, "28"), RecordedValue::Letters { n: 28 });
        let stored = serde_json::json!({"level": "information", "from": NOON, "to": NOON, "fr": "Bonjour", "en": "Hi"});
        assert_eq!(
            told(Fact::AnnouncementEnded, &stored.to_string()),
            RecordedValue::Announcement {
                level: "information",
                text: "Bonjour".to_owned(),
                begins: opens.to_owned(),
                ends: opens.to_owned(),
            }
        );
        let field = |field: &str, is_named, value: &str| RecordedField {
            field: field.to_owned(),
            is_named,
            values: vec![value.to_owned()],
        };
        assert_eq!(
            told(Fact::ClientChanged, r#"{"client_name":["Cantine"],"tos_uri":["https://a.example"]}"#),
            RecordedValue::Client {
                fields: vec![field("client_name", true, "Cantine"), field("tos_uri", false, "https://a.example")]
            }
        );
        // Of a new relying party nothing was there before.
        assert_eq!(tell(Lang::Fr, Some(Fact::ClientChanged), Some("{}")), None);
        assert_eq!(tell(Lang::Fr, Some(Fact::ClientChanged), None), None);
    }

    #[test]
    fn a_word_of_a_newer_release_is_shown_as_it_is_stored() {
        use AuditEvent as Fact;
        for (event, stored) in [
            (Fact::AccountSuspended, "frozen"),
            (Fact::AccountResumed, "suspended by ministry"),
            (Fact::ClientChanged, "frozen"),
            (Fact::ClientChanged, "{\"client_name\":[\"Cut in the mid"),
            (Fact::FactorRemoved, "1 applications, 2 passkeys"),
            (Fact::CampaignOpened, "tomorrow"),
            (Fact::CampaignOpened, "9223372036854775807 0"),
            (Fact::ApiTokenMade, "audit:read"),
            (Fact::AnnouncementPublished, "{\"level\":\"alarm\",\"from\":0,\"to\":0,\"fr\":\"à\",\"en\":\"a\"}"),
            (Fact::AdministratorRoleGiven, "of a newer release@x"),
            (Fact::RemindersOrdered, "active"),
        ] {
            assert_eq!(told(event, stored), text(stored), "{event:?}");
        }
        assert_eq!(tell(Lang::Fr, None, Some("active")), Some(text("active")));
        let newer = told(Fact::ApiTokenMade, "all:write @ school:0349999J");
        let scope = RecordedScope { name: "all:write".to_owned(), key: None };
        assert_eq!(newer, RecordedValue::Token { scopes: vec![scope], place: "school:0349999J".to_owned() });
    }

    #[test]
    fn a_stored_role_is_told_in_its_two_parts() {
        assert_eq!(role_of(Some("school_head@0349999J")), (Some("school_head"), "0349999J".to_owned()));
        assert_eq!(role_of(Some("national@all")), (Some("national"), String::new()));
        for other in [Some("of a newer release@x"), Some(""), None] {
            assert_eq!(role_of(other).0, None, "{other:?}");
        }
        let given = told(AuditEvent::AdministratorRoleGiven, "delegate@0349999J/6 A");
        assert_eq!(given, RecordedValue::Role { role: "delegate", place: "0349999J/6 A".to_owned() });
        // A name that somebody typed elsewhere is no role.
        let elsewhere = tell(Lang::Fr, Some(AuditEvent::ClientChanged), Some("delegate@0349999J"));
        assert_eq!(elsewhere, Some(text("delegate@0349999J")));
    }
}
