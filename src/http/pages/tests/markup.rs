//! Tests of every page as a document: whole, in one language, without what comes from elsewhere.

use super::*;

#[test]
fn every_page_is_whole_in_both_languages() {
    let pages = pages();
    for RenderedPage { name, lang, html } in every_page(&pages).0 {
        let doc = Html::parse_document(&html);
        assert_eq!(attributes(&doc, "html", "lang"), [lang.tag()], "{name}");
        assert_eq!(texts(&doc, "h1").len(), 1, "{name}: one h1");
        assert!(!texts(&doc, "h1").concat().is_empty(), "{name}: an empty h1");
        let title = texts(&doc, "head > title").concat();
        assert!(title.ends_with("– Mon compte École") && !title.starts_with('–'), "{name}: {title}");
        assert!(
            !html.contains("**") && !html.contains(catalogue::STAR_PLACEHOLDER),
            "{name}: stars of a message are left"
        );
        let refused = !texts(&doc, ".wrong[role=alert]").is_empty();
        let said = title.starts_with("Erreur\u{a0}: ") || title.starts_with("Error: ");
        assert_eq!(refused, said, "{name}: the title says whether the form was refused: {title}");
        for why in texts(&doc, ".why, .wrong h2, label, legend, button, a") {
            assert!(!why.is_empty(), "{name}: an empty label, reason, button or link");
        }
        if lang == Lang::Fr {
            let words = doc.root_element().text().collect::<String>();
            let words = words.replace("+ - * / & @ . ! ? ; : ( ) [ ] $ £ , % µ", "");
            for sign in [" :", " ;", " ?", " »", "« "] {
                assert!(!words.contains(sign), "{name}: a breaking space at {sign:?}");
            }
        }
    }
}

#[test]
fn ids_are_unique_and_whatever_refers_to_one_finds_it() {
    let pages = pages();
    for RenderedPage { name, html, .. } in every_page(&pages).0 {
        let doc = Html::parse_document(&html);
        let ids = attributes(&doc, "[id]", "id");
        let unique: BTreeSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "{name}: an id twice");
        for attribute in ["for", "aria-describedby", "aria-labelledby", "data-rules-for", "data-said"] {
            for value in attributes(&doc, &format!("[{attribute}]"), attribute) {
                for id in value.split(' ') {
                    assert!(unique.contains(id), "{name}: {attribute} names {id:?}");
                }
            }
        }
        for href in attributes(&doc, "a[href^='#']", "href") {
            assert!(unique.contains(href.trim_start_matches('#')), "{name}: no {href}");
        }
        let labelled: BTreeSet<&str> = attributes(&doc, "label[for]", "for").into_iter().collect();
        let inputs = "input:not([type=hidden]):not([type=radio]):not([aria-hidden])";
        for id in attributes(&doc, inputs, "id") {
            assert!(labelled.contains(id), "{name}: no label for {id}");
        }
    }
}

#[test]
fn nothing_is_inline_and_nothing_comes_from_elsewhere() {
    let pages = pages();
    for RenderedPage { name, html, .. } in every_page(&pages).0 {
        let doc = Html::parse_document(&html);
        assert!(texts(&doc, "style").is_empty() && texts(&doc, "[style]").is_empty(), "{name}: inline style");
        assert!(texts(&doc, "script").iter().all(String::is_empty), "{name}: inline script");
        assert!(!html.contains("javascript:"), "{name}");
        let every = Selector::parse("*").unwrap();
        for element in doc.select(&every) {
            for (attribute, value) in element.value().attrs() {
                assert!(!attribute.starts_with("on"), "{name}: {attribute}");
                let fetched = attribute == "src" || (attribute == "href" && element.value().name() == "link");
                // FCL 2: the only page with iframes sandboxes every iframe without top-level navigation.
                let framed = element.value().name() == "iframe" && name.starts_with("oidc-");
                let logo = value.starts_with("/clients/") && element.value().name() == "img";
                assert!(!fetched || framed || logo || value.starts_with("/assets/"), "{name}: fetches {value}");
                assert!(
                    !framed || element.value().attr("sandbox") == Some("allow-scripts allow-same-origin"),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn a_value_from_outside_never_becomes_markup() {
    let pages = pages();
    let evil = || r#"**gras** <script>alert(1)</script> "'><img src=x onerror=y>{{ t }}"#.to_owned();
    let login = login::views::LoginPage {
        query: format!("?i={}", evil()),
        service: Some(evil()),
        shown: clients::branding::ClientBranding {
            logo: Some(evil()),
            policy_uri: Some(evil()),
            tos_uri: Some(evil()),
        },
        identifiant: evil(),
        refusal: Some(login::views::LoginFormError::Suspended {
            by: evil(),
            school: evil(),
            code: evil(),
            offices: vec![crate::tenants::SchoolContact::new(evil(), Some(evil()))],
        }),
        passkey: Some(crate::passkeys::PasskeyChallenge { options: evil(), state: evil() }),
        doors: vec![federation::views::UpstreamDoor { id: evil(), label: evil(), href: evil() }],
        franceconnect: Some(federation::views::UpstreamDoor { id: evil(), label: evil(), href: evil() }),
        hint_refused: true,
        announcements: vec![crate::announcements::ShownAnnouncement {
            level: crate::announcements::AnnouncementLevel::Disturbance,
            text: evil(),
        }],
    };
    let name = || activation::views::ChildCard {
        n: 1,
        name: evil(),
        given_name: evil(),
        school: evil(),
        answer: None,
        date: crate::http::pages::date_fields::DateFields { jour: evil(), mois: evil(), annee: evil() },
        error: Some(activation::views::ChildError::AnswerMissing),
        settled: None,
    };
    let children = activation::views::ChildrenPage { query: evil(), children: vec![name()] };
    let refused = oidc::views::RequestRefused {
        is_suspended: false,
        service: Some(evil()),
        code: evil(),
        client_uri: Some(evil()),
    };
    for lang in Lang::ALL {
        let view = View { lang, path_and_query: &evil() };
        for html in [pages.render(&view, &login), pages.render(&view, &children), pages.render(&view, &refused)] {
            let html = html.unwrap();
            let doc = Html::parse_document(&html);
            // The only picture is the service's logo; its address is a value too.
            assert!(attributes(&doc, "img", "src").iter().all(|src| *src == evil()), "{html}");
            assert_eq!(texts(&doc, "[onerror]").len(), 0, "{html}");
            let scripts = attributes(&doc, "script", "src");
            assert!(scripts.iter().all(|src| src.starts_with("/assets/")), "only our own: {html}");
            assert_eq!(texts(&doc, "script").len(), scripts.len(), "{html}");
            assert!(texts(&doc, "strong").iter().all(|bold| bold != "gras"), "{html}");
            assert!(html.contains("**gras**"), "stars of a value stay stars: {html}");
        }
    }
    let doc = Html::parse_document(&pages.render(&View { lang: Lang::Fr, path_and_query: "/" }, &login).unwrap());
    assert_eq!(attributes(&doc, "#identifiant", "value"), [evil()]);
    assert!(texts(&doc, ".soft strong").contains(&evil()), "our own stars still make bold");
}
