//! Tests of the forms: their fields, buttons and what stands beside them.

use super::*;

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
