//! Tests of the catalogues against each other and against their use, and of the SMS alphabet.

use std::collections::{BTreeMap, BTreeSet};

use strum::IntoEnumIterator as _;

use super::super::{Files, Lang, PagesError, catalogue, embedded_text};
use super::{every_page, pages};
use crate::console_mails::ConsoleMailKind;
use crate::my_account::ops::EVENT_WORDS;
use crate::notify::AccountNoticeKind;

/// Returns the key and the argument names of every message of a catalogue.
fn messages(lang: Lang) -> BTreeMap<String, BTreeSet<String>> {
    let mut out = BTreeMap::new();
    let text = embedded_text(&catalogue::catalogue_file(lang)).unwrap();
    let mut key = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if let Some((name, _)) = line.split_once(" =").filter(|_| !line.starts_with([' ', '}'])) {
            key = name.to_owned();
            assert!(out.insert(key.clone(), BTreeSet::new()).is_none(), "{key} twice in {lang:?}");
        }
        for part in line.split('$').skip(1) {
            let name: String = part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            out.get_mut(&key).unwrap().insert(name);
        }
    }
    out
}

#[test]
fn both_catalogues_have_the_same_keys_and_arguments() {
    let (fr, en) = (messages(Lang::Fr), messages(Lang::En));
    assert!(fr.len() > 100);
    for (key, args) in &fr {
        assert_eq!(Some(args), en.get(key), "{key}");
    }
    assert_eq!(fr.len(), en.len(), "{:?}", en.keys().filter(|key| !fr.contains_key(*key)).collect::<Vec<_>>());
}

#[test]
fn no_message_and_no_template_is_unused() {
    // Messages used through `PageRenderer::message`.
    let mut used =
        BTreeSet::from(["sms-code", "call-code", "suspended-by-school", "suspended-by-operator"].map(str::to_owned));
    // Messages of printed pages, named in the sources that place them.
    for source in [
        include_str!("../../../letters/pdf.rs"),
        include_str!("../../../letters/pdf/compose.rs"),
        include_str!("../../../letters/pdf/letter.rs"),
        include_str!("../../../letters/pdf/leaflet.rs"),
    ] {
        let printed = |text: &&str| text.starts_with("printed-") || text.starts_with("leaflet-");
        used.extend(source.split('"').filter(printed).map(str::to_owned));
    }
    for mails in [
        include_str!("../../../emails/ops.rs"),
        include_str!("../../../recovery/ops/send_mail.rs"),
        include_str!("../../../administrators/ops/invite.rs"),
    ] {
        used.extend(mails.split('"').filter(|text| text.starts_with("mail-")).map(str::to_owned));
    }
    used.extend(["mail-admin-invitation-subject", "mail-admin-role-subject"].map(str::to_owned));
    used.extend(
        ["admin-col-parent", "admin-col-given-name", "admin-col-children", "admin-col-number"].map(str::to_owned),
    );
    used.extend(["sms-reminder", "sms-reminder-portal", "mail-reminder-subject", "mail-reminder"].map(str::to_owned));
    used.extend(["mail-reminder-where", "mail-reminder-where-portal"].map(str::to_owned));
    let mails = ConsoleMailKind::iter().map(ConsoleMailKind::message_key);
    used.extend(["mail-console-act", "mail-console-acts-yesterday", "mail-console-acts-since"].map(str::to_owned));
    for key in mails.chain(["mail-console-notices", "mail-console-notices-acts"].map(str::to_owned)) {
        used.extend([format!("{key}-subject"), key]);
    }
    for kind in AccountNoticeKind::iter() {
        let kind_key = kind.name().replace('_', "-");
        used.extend([format!("notice-{kind_key}"), format!("notice-{kind_key}-title")]);
        used.extend(kind.sms().map(|_| format!("sms-notice-{kind_key}")));
    }
    for source in [
        include_str!("../../../notify/ops.rs"),
        include_str!("../../../notify/ops/sms.rs"),
        include_str!("../../../devices/mod.rs"),
    ] {
        let told = ["notice-mail", "sms-notice-shared", "device-label"];
        let named = source.split('"').filter(|text| told.iter().any(|key| text.starts_with(key)));
        used.extend(named.map(str::to_owned));
    }
    let variants = [
        "notice-new-device-unnamed",
        "notice-closing-childless",
        "notice-closing-childless-title",
        "notice-closing-pending",
        "notice-closing-pending-childless",
        "notice-closing-pending-title",
        "notice-closing-pending-unenrolled",
        "notice-closing-unenrolled",
        "notice-closing-unenrolled-title",
        "notice-parent-codes-ended-mail",
    ];
    used.extend(variants.map(str::to_owned));
    used.extend(EVENT_WORDS.iter().map(|word| format!("event-{}", word.replace('_', "-"))));
    let mut prefixes = Vec::new();
    let mut templates = every_page(&pages()).1.into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    let html: Vec<String> =
        Files::iter().filter(|n| n.ends_with(".html") && !n.starts_with("demo/")).map(|n| n.to_string()).collect();
    let mut components = String::new();
    for name in &html {
        let text = embedded_text(name).unwrap();
        for part in text.split("t(k=\"").skip(1) {
            let (key, after) = part.split_once('"').unwrap();
            if after.starts_with(" ~") {
                prefixes.push(key.to_owned());
            } else {
                used.insert(key.to_owned());
            }
        }
        for word in ["extends", "include"] {
            for part in text.split(&format!("{{% {word} \"")).skip(1) {
                templates.insert(part.split_once('"').unwrap().0.to_owned());
            }
        }
        components.push_str(&text);
    }
    let keys = messages(Lang::Fr);
    for key in &used {
        assert!(keys.contains_key(key), "{key} is in no catalogue");
    }
    for key in keys.keys() {
        let built = prefixes.iter().any(|prefix| key.starts_with(prefix.as_str()));
        assert!(used.contains(key) || built, "{key} is used nowhere");
    }
    for name in html.iter().filter(|name| !templates.contains(*name)) {
        let text = embedded_text(name).unwrap();
        let defined: Vec<&str> =
            text.split("{% component ").skip(1).filter_map(|part| part.split('(').next()).collect();
        assert!(!defined.is_empty(), "{name} is used nowhere");
        for component in defined {
            assert!(components.contains(&format!("<{component} ")), "<{component}> of {name} is used nowhere");
        }
    }
}

#[test]
fn a_missing_message_or_argument_is_an_error() {
    let pages = pages();
    assert!(matches!(pages.message(Lang::Fr, "no-such-key", &[]), Err(PagesError::Message { .. })));
    assert!(matches!(pages.message(Lang::En, "back-to", &[]), Err(PagesError::Message { .. })));
    assert_eq!(pages.message(Lang::En, "back-to", &[("service", "<a> **b**")]).unwrap(), "Back to <a> **b**");
}

/// Counts the septets of a text in GSM 03.38: characters of the extension table take two. `None` for other characters.
fn septets(text: &str) -> Option<usize> {
    const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                         ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
    text.chars().try_fold(0, |sum, c| match c {
        c if BASIC.contains(c) => Some(sum + 1),
        '\u{c}' | '^' | '{' | '}' | '\\' | '[' | '~' | ']' | '|' | '€' => Some(sum + 2),
        _ => None,
    })
}

#[test]
fn the_text_message_is_one_gsm_segment() {
    assert_eq!(septets("ê"), None);
    assert_eq!(septets("a€"), Some(3));
    let service = "É".repeat(30);
    for lang in Lang::ALL {
        let args = [("service", service.as_str()), ("code", "123456"), ("host", "compte.ac-montpellier.example.fr")];
        let text = pages().message(lang, "sms-code", &args).unwrap();
        assert!(septets(&text).is_some_and(|n| n <= 160), "{:?} {text}", septets(&text));
        assert_eq!(text.lines().last(), Some("@compte.ac-montpellier.example.fr #123456"));
        assert_eq!(text.lines().count(), 2);
    }
    let args = [("service", "Mon compte École"), ("code", "123456"), ("host", "localhost")];
    let text = pages().message(Lang::Fr, "sms-code", &args).unwrap();
    let line = "Mon compte École : votre code est 123456. Valable 30 minutes. Ne le donnez à personne.";
    assert_eq!(text.lines().next(), Some(line));
}
