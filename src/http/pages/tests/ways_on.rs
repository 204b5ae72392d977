//! Tests that a page leads on, also in the other language.

use super::*;

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
