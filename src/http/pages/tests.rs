//! Tests of every page in every state and language.

mod messages;

use std::collections::BTreeSet;

use scraper::{Html, Selector};

use super::*;
use crate::{activation, clients, emails, http, interactions, login, my_account, oidc, recovery};

const HERE: &str = "/connexion?i=abc&lang=fr&client_id=mon-ent";

fn pages() -> PageRenderer {
    PageRenderer::load("Mon compte École", "assistance@academie.example").unwrap()
}

struct RenderedPage {
    name: String,
    lang: Lang,
    html: String,
}

fn draw<P: Page>(pages: &PageRenderer, out: &mut Vec<RenderedPage>) {
    for lang in Lang::ALL {
        for (n, sample) in P::samples().iter().enumerate() {
            let view = View { lang, path_and_query: HERE };
            let name = format!("{}-{n}-{}", P::TEMPLATE.trim_end_matches(".html").replace('/', "-"), lang.tag());
            let html = pages.render(&view, sample).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(html, pages.render(&view, sample).unwrap(), "{name} is drawn differently the second time");
            out.push(RenderedPage { name, lang, html });
        }
    }
}

macro_rules! every_page {
    ($pages:expr, $($page:ty),* $(,)?) => {{
        let mut out = Vec::new();
        $(draw::<$page>($pages, &mut out);)*
        let named: BTreeSet<&str> = [$(<$page as Page>::TEMPLATE),*].into();
        (out, named)
    }};
}

fn every_page(pages: &PageRenderer) -> (Vec<RenderedPage>, BTreeSet<&'static str>) {
    use activation::views as act;
    every_page!(
        pages,
        login::views::LoginPage,
        login::views::MustChangePasswordPage,
        emails::views::EmailPage,
        my_account::views::ChangePasswordPage,
        my_account::views::ChildCodePage,
        my_account::views::MyChildrenPage,
        my_account::views::CloseAccountPage,
        my_account::views::DisownPhonePage,
        my_account::views::EventsPage,
        my_account::views::OwnDataPage,
        my_account::views::SecurityPage,
        my_account::views::ServicesPage,
        recovery::views::ForgottenPasswordPage,
        recovery::views::RecoveryCodePage,
        recovery::views::RecoveryChildrenPage,
        recovery::views::NewPasswordPage,
        recovery::views::LetterPage,
        recovery::views::OwnBirthPage,
        recovery::views::NewPasswordDone,
        recovery::views::RecoveryEnded,
        recovery::views::RecoveryExpired,
        recovery::views::UnknownRecovery,
        act::IdentityPage,
        act::CodePage,
        act::ChildrenPage,
        act::PasswordPage,
        act::SheetPage,
        act::DonePage,
        act::CampaignNotOpen,
        act::CampaignClosed,
        act::AlreadyActive,
        act::AccountSuspended,
        act::NobodyToAttach,
        act::NoBirthDateRight,
        act::AllChildrenDenied,
        act::ActivationExpired,
        act::UnknownActivation,
        act::ActivationSuperseded,
        my_account::views::AccountPage,
        oidc::views::NothingInPerimeter,
        oidc::views::RequestRefused,
        oidc::views::RequestExpired,
        interactions::views::Continue,
        oidc::views::ContinueLogout,
        oidc::views::LogoutConfirm,
        oidc::views::LoggedOut,
        oidc::views::FormPost,
        oidc::views::ConsentPage,
        http::views::NotFound,
        http::views::InternalError,
        http::views::Overloaded,
        http::views::Forbidden,
        http::views::TooLarge,
        http::views::BadForm,
        http::views::InternetExplorer,
        http::views::MethodNotAllowed,
        http::views::Help,
        http::views::PasswordHelp,
        http::views::Privacy,
        http::views::Accessibility,
    )
}

fn texts(html: &Html, selector: &str) -> Vec<String> {
    let selector = Selector::parse(selector).unwrap();
    html.select(&selector).map(|found| found.text().collect::<String>().trim().to_owned()).collect()
}

fn attributes<'a>(html: &'a Html, selector: &str, name: &str) -> Vec<&'a str> {
    let selector = Selector::parse(selector).unwrap();
    html.select(&selector).filter_map(|found| found.value().attr(name)).collect()
}

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
        let refused = !texts(&doc, ".wrong").is_empty();
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
fn forms_have_the_fields_and_buttons_of_the_contract() {
    let pages = pages();
    let drawn = every_page(&pages).0;
    let find = |name: &str| Html::parse_document(&drawn.iter().find(|d| d.name == name).unwrap().html);
    for (name, fields, button) in [
        ("login-login-0-fr", vec!["identifiant", "mot_de_passe"], "se-connecter"),
        ("activation-identity-0-fr", vec!["nom", "prenom", "telephone"], "continuer"),
        ("activation-code-0-fr", vec!["code"], "continuer"),
        ("activation-password-0-fr", vec!["mot_de_passe", "confirmation"], "terminer"),
        (
            "activation-children-0-fr",
            vec![
                "representant_legal_1",
                "representant_legal_1",
                "date_naissance_1_jour",
                "date_naissance_1_mois",
                "date_naissance_1_annee",
                "representant_legal_2",
                "representant_legal_2",
                "date_naissance_2_jour",
                "date_naissance_2_mois",
                "date_naissance_2_annee",
            ],
            "confirmer",
        ),
    ] {
        let doc = find(name);
        assert_eq!(attributes(&doc, "form input[name]", "name"), fields, "{name}");
        assert_eq!(attributes(&doc, "form button", "id").first(), Some(&button), "{name}");
        assert!(attributes(&doc, "form", "action").is_empty(), "{name}: posts to its own address");
        assert_eq!(attributes(&doc, "form", "method"), ["post"], "{name}");
    }
    for name in ["activation-password-0-fr", "activation-done-0-fr", "activation-already_active-0-fr"] {
        assert_eq!(texts(&find(name), "#identifiant"), ["f.leboeuf47"], "{name}");
    }
    let done = find("activation-done-0-fr");
    assert_eq!(texts(&done, "#continuer"), ["Continuer vers mon ENT Occitanie"]);
    let refresh = find("interactions-continue-0-fr");
    let to = "0;url=/oauth2/authorize?i=0123456789abcdefghijkl&client_id=mon-ent";
    assert_eq!(attributes(&refresh, "meta[http-equiv=refresh]", "content"), [to]);
    let resend = find("activation-code-0-en");
    assert_eq!(
        attributes(&resend, "#renvoyer", "formaction"),
        ["/activation/code/renvoyer?i=0123456789abcdefghijkl&a=lkjihgfedcba9876543210"]
    );
    assert!(drawn.iter().filter(|d| d.name.contains("sheet")).all(|d| !d.html.contains("type=\"password\"")));
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
    let refused = oidc::views::RequestRefused { service: Some(evil()), code: evil(), client_uri: Some(evil()) };
    for lang in Lang::ALL {
        let view = View { lang, path_and_query: &evil() };
        for html in [pages.render(&view, &login), pages.render(&view, &children), pages.render(&view, &refused)] {
            let html = html.unwrap();
            let doc = Html::parse_document(&html);
            // The only picture is the service's logo; its address is a value too.
            assert!(attributes(&doc, "img", "src").iter().all(|src| *src == evil()), "{html}");
            assert_eq!(texts(&doc, "[onerror]").len(), 0, "{html}");
            assert_eq!(texts(&doc, "script").len(), 1, "only our own: {html}");
            assert!(texts(&doc, "strong").iter().all(|bold| bold != "gras"), "{html}");
            assert!(html.contains("**gras**"), "stars of a value stay stars: {html}");
        }
    }
    let doc = Html::parse_document(&pages.render(&View { lang: Lang::Fr, path_and_query: "/" }, &login).unwrap());
    assert_eq!(attributes(&doc, "#identifiant", "value"), [evil()]);
    assert!(texts(&doc, ".soft strong").contains(&evil()), "our own stars still make bold");
}

#[test]
fn faults_e1_the_support_code_stands_on_a_line_of_its_own_and_alike_everywhere() {
    let pages = pages();
    let mut seen = 0;
    for RenderedPage { name, html, .. } in every_page(&pages).0 {
        let doc = Html::parse_document(&html);
        let all = html.matches("K7P-4MX").count();
        assert_eq!(texts(&doc, "p.support > strong").iter().filter(|t| *t == "K7P-4MX").count(), all, "{name}");
        seen += usize::from(all > 0);
    }
    assert!(seen > 20, "{seen} pages with a code");
}

#[test]
fn faults_e1_what_was_forgotten_comes_after_its_field() {
    let pages = pages();
    let login = &login::views::LoginPage::samples()[0];
    let html = pages.render(&View { lang: Lang::Fr, path_and_query: "/connexion" }, login).unwrap();
    let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("no {text}"));
    assert!(at("<input id=\"identifiant\"") < at("/identifiant-oublie"));
    assert!(at("/identifiant-oublie") < at("<input id=\"mot-de-passe\""));
    assert!(at("<input id=\"mot-de-passe\"") < at("/mot-de-passe-oublie"));
}

#[test]
fn faults_e1_the_line_for_the_password_is_printed_from_a_dark_phone_and_no_support_code_breaks() {
    let css = String::from_utf8(asset("preau.css").unwrap().bytes.into_owned()).unwrap();
    let dark: Vec<&str> = css.lines().filter(|line| line.contains("prefers-color-scheme: dark")).collect();
    assert!(!dark.is_empty() && dark.iter().all(|line| line.contains("@media screen and ")), "{dark:?}");
    let print = css.lines().find(|line| line.starts_with("@media print")).unwrap();
    assert!(print.contains("--paper: #fff;") && print.contains("--ink: #000;"), "{print}");
    let line = css.lines().find(|line| line.starts_with(".sheet .line {")).unwrap();
    assert!(line.contains("border-bottom: ") && line.contains("var(--ink)"), "{line}");
    let code = css.split(".support strong {").nth(1).and_then(|rule| rule.split('}').next()).unwrap();
    assert!(code.contains("white-space: nowrap;"), "{code}");
}

#[test]
fn faults_e4_every_page_leads_on() {
    let pages = pages();
    for RenderedPage { name, html, .. } in every_page(&pages).0 {
        let doc = Html::parse_document(&html);
        let on = "main button, main a.button, main a[href^='/'], [role=main] a";
        assert!(!texts(&doc, on).is_empty() || name.starts_with("http-"), "{name}: a dead end");
    }
    let phoned = [
        "no_birth_date_right",
        "campaign_closed",
        "campaign_not_open",
        "nobody_to_attach-0",
        "account_suspended",
        "all_children_denied",
    ];
    let drawn = every_page(&pages).0;
    assert!(phoned.iter().all(|part| drawn.iter().any(|page| page.name.contains(part))), "a page has another name");
    for RenderedPage { name, html, .. } in every_page(&pages).0 {
        if phoned.iter().any(|part| name.contains(part)) {
            let doc = Html::parse_document(&html);
            assert_eq!(attributes(&doc, "a[href^='tel:']", "href"), ["tel:0467000000"], "{name}");
        }
    }
}

#[test]
fn faults_e4_help_keeps_the_service_and_comes_back_to_the_step() {
    let pages = pages();
    let footer = |here: &str| {
        let html = pages.render(&View { lang: Lang::Fr, path_and_query: here }, &http::views::NotFound {}).unwrap();
        attributes(&Html::parse_document(&html), "footer a", "href").into_iter().map(str::to_owned).next().unwrap()
    };
    let at_code = "/activation/code?i=abc&client_id=mon-ent&a=def&renvoi=envoye";
    let help = footer(at_code);
    assert_eq!(help, "/aide?i=abc&client_id=mon-ent&a=def&retour=activation%2Fcode");
    let html = pages.render(&View { lang: Lang::Fr, path_and_query: &help }, &http::views::Help {}).unwrap();
    let doc = Html::parse_document(&html);
    assert_eq!(attributes(&doc, "#revenir", "href"), ["/activation/code?i=abc&client_id=mon-ent&a=def"]);
    for start in ["/identifiant-oublie", "/mot-de-passe-oublie"] {
        let links = attributes(&doc, &format!("main a[href^='{start}']"), "href");
        assert_eq!(links, [format!("{start}?i=abc&client_id=mon-ent")]);
    }
    let recovering = "/mot-de-passe-oublie/enfants?i=abc&r=def";
    assert_eq!(footer(recovering), "/aide?i=abc&r=def&retour=mot-de-passe-oublie%2Fenfants");
    assert!(href_in_language(recovering, Lang::En).contains("r=def"));
    // The links to other help pages and to the other language keep the way back.
    assert!(html.contains("/donnees?i=abc&amp;client_id=mon-ent&amp;a=def&amp;retour=activation%2Fcode"), "{html}");
    assert!(attributes(&doc, "header a", "href")[0].contains("retour=activation%2Fcode"));
    // The pending request is sealed in the address, and long (docs/threats.md#faults-a6).
    let long = format!("/activation/code?i={}&a=def", "b".repeat(1_500));
    assert!(
        footer(&long).contains(&"b".repeat(1_500)) && href_in_language(&long, Lang::En).contains(&"b".repeat(1_500))
    );
    // The way back leads only to known steps.
    for elsewhere in ["/aide", "/aide?retour=//evil.example", "/aide?retour=https://evil.example", "/aide?retour=admin"]
    {
        let html = pages.render(&View { lang: Lang::Fr, path_and_query: elsewhere }, &http::views::Help {}).unwrap();
        assert!(texts(&Html::parse_document(&html), "#revenir").is_empty(), "{elsewhere}");
    }
}

#[test]
fn faults_e6_no_page_promises_what_is_not_there_or_speaks_to_men_only() {
    let pages = pages();
    for RenderedPage { name, html, .. } in every_page(&pages).0 {
        let words = Html::parse_document(&html).root_element().text().collect::<String>().replace('\u{a0}', " ");
        for wrong in [
            "transmise",
            "en une minute",
            "in a minute",
            "partiellement conforme",
            "6e to terminale",
            "n'a qu'un fixe",
            "Il manque :",
            "n'est pas encore accepté",
            "connecté.",
            "connecté,",
            "connecté ",
            "le représentant légal des",
            "L'activation est terminée",
            "following schooling",
            "partially",
        ] {
            assert!(!words.contains(wrong), "{name}: {wrong}");
        }
        // The leaflet's own label stays as it is.
        let words = words.replace("Je suis le représentant légal de cet élève ?", "");
        for stem in ["connecté", "esponsable légal", "eprésentant légal"] {
            for (_, after) in words.match_indices(stem).map(|(at, _)| words.split_at(at + stem.len())) {
                assert!(after.starts_with("(e)"), "{name}: {stem}{}", after.chars().take(10).collect::<String>());
            }
        }
    }
}

#[test]
fn faults_e6_buttons_are_called_what_they_do_and_help_calls_them_so_in_its_language() {
    let pages = pages();
    let drawn = every_page(&pages).0;
    for lang in Lang::ALL {
        let of = |page: &str| {
            let name = format!("{page}-0-{}", lang.tag());
            Html::parse_document(&drawn.iter().find(|d| d.name == name).unwrap().html)
        };
        let help = of("http-help").root_element().text().collect::<String>().replace('\u{a0}', " ");
        for (page, button) in [("login-login", "#pas-de-compte"), ("activation-code", "summary")] {
            let label = texts(&of(page), button).concat();
            assert!(help.contains(&format!("“{label}”")) || help.contains(&format!("« {label} »")), "{lang:?} {label}");
        }
    }
}

#[test]
fn faults_e2_the_example_of_a_date_is_no_childs_of_the_demo() {
    let pages = pages();
    let example: crate::base::date::BirthDate = "2012-08-27".parse().unwrap();
    for lang in Lang::ALL {
        let hint = pages.message(lang, "child-born-hint", &[]).unwrap();
        let typed = hint.split_once("xample ").or_else(|| hint.split_once("xemple ")).unwrap().1;
        assert_eq!(crate::base::date::parse_typed(typed), Ok(example), "{hint}");
    }
    let demo = include_str!("../../demo/rosters/families.rs");
    assert!(demo.contains("\"14\" / \"02\" / 2013") && !demo.contains("\"27\" / \"08\" / 2012"));
}

#[test]
fn the_other_language_keeps_what_is_ours_and_never_leaves_the_site() {
    let here = "/connexion?i=a-b&lang=fr&client_id=mon.ent&motif=encore";
    assert_eq!(href_in_language(here, Lang::En), "/connexion?i=a-b&client_id=mon.ent&motif=encore&lang=en");
    assert_eq!(href_in_language("/aide", Lang::En), "/aide?lang=en");
    assert_eq!(href_in_language("//evil.example/x?a=1", Lang::En), "?a=1&lang=en");
    assert_eq!(href_in_language("/\\evil.example", Lang::En), "?lang=en");
    assert_eq!(href_in_language("javascript:alert(1)", Lang::Fr), "?lang=fr");
    // Untrusted parameters are not repeated.
    assert_eq!(href_in_language("/a?redirect_uri=https://evil.example&id_token_hint=x.y.z", Lang::Fr), "/a?lang=fr");
    assert_eq!(href_in_language("/a?i=\"><script>&client_id=a%26b&a=é#y", Lang::Fr), "/a?lang=fr");
}

#[test]
fn assets_are_served_under_a_name_that_changes_with_them() {
    let css = asset("preau.css").unwrap();
    assert_eq!(css.content_type, "text/css; charset=utf-8");
    assert!(assets::link("preau.css").ends_with(css.etag.trim_matches('"')));
    assert_eq!(asset("preau.js").unwrap().content_type, "text/javascript; charset=utf-8");
    for name in ["../messages/fr.ftl", "fr.ftl", "nothing.css", "", "x/../preau.css"] {
        assert!(asset(name).is_none(), "{name}");
    }
}

/// Writes every sample to a file, for viewing in a browser: `cargo test --lib dump -- --ignored`.
#[test]
#[ignore = "writes files for the eye"]
fn dump_every_page() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/pages");
    std::fs::create_dir_all(folder.join("assets")).unwrap();
    for name in ["preau.css", "preau.js", "favicon.svg"] {
        std::fs::write(folder.join("assets").join(name), asset(name).unwrap().bytes).unwrap();
    }
    for RenderedPage { name, html, .. } in every_page(&pages()).0 {
        // The pages are opened as files: assets are in the same folder, and the redirecting page must not redirect.
        let html = html.replace("\"/assets/", "\"assets/").replace("http-equiv=\"refresh\"", "name=\"refresh\"");
        std::fs::write(folder.join(format!("{name}.html")), html).unwrap();
    }
}

#[test]
fn the_page_on_data_counts_the_cookies_that_there_are() {
    use http::cookies::CookieName;
    // A cookie more is an arm more here, and a word more on the page.
    let number = |name: CookieName| match name {
        CookieName::Session => 1,
        CookieName::Navigation => 2,
        CookieName::Activation => 3,
        CookieName::Language => 4,
        CookieName::Device => 5,
    };
    assert_eq!(number(CookieName::Device), 5);
    let pages = pages();
    for (lang, count) in [(Lang::Fr, "Cinq, tous"), (Lang::En, "Five, all")] {
        let html = pages.render(&View { lang, path_and_query: "/donnees" }, &http::views::Privacy {}).unwrap();
        assert!(html.contains(count), "{lang:?}");
    }
}
