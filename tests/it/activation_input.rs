//! What people type: every form answers with the next step, keeps what was typed, and never breaks.

use axum::http::StatusCode;

use crate::support::people::PASSWORD;
use crate::support::{Browser, Family, Server};

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const PHONE: &str = "06 39 98 00 01";

/// The number that the worker would look for, once the form is taken.
async fn taken(server: &Server, phone: &str) -> Result<String, String> {
    let mut browser = Browser::at_activation(server).await;
    // Another name each time: one identity has five codes a day.
    let known = u8::try_from(server.count("SELECT COUNT(*) FROM activation").await).unwrap();
    let nom = format!("Inconnu {}", char::from(b'a' + known));
    browser.identify_as(&nom, "Personne", phone).await;
    if browser.page.status != StatusCode::SEE_OTHER {
        assert_eq!(browser.page.status, REFUSED, "{phone}");
        return Err(browser.page.shown());
    }
    browser.follow().await;
    let said = browser.page.shown();
    Ok(said.split("qui finit par ").nth(1).unwrap().chars().take(5).collect())
}

#[tokio::test]
async fn phones_as_parents_type_them() {
    let server = Server::start().await;
    for typed in [
        "0612345678",
        "06.12.34.56.78",
        "06 12 34 56 78",
        "06-12-34-56-78",
        "+33 6 12 34 56 78",
        "+33 (0)6 12 34 56 78",
        "0033612345678",
        "6 12 34 56 78",
        "0692 12 56 78",
        "+262 692 12 56 78",
        "+32 470 12 56 78",
        "0034 612 34 56 78",
    ] {
        assert_eq!(taken(&server, typed).await.as_deref(), Ok("56 78"), "{typed}");
    }
    for (typed, said) in [
        ("", "Indiquez votre numéro de portable."),
        ("   ", "Indiquez votre numéro de portable."),
        ("06 12 34 56", "Ce numéro n'est pas complet."),
        ("zéro six", "Ce numéro n'est pas complet."),
        ("06 12 34 56 78 90 12 34 56", "Ce numéro n'est pas complet."),
        ("<script>alert(1)</script>", "Ce numéro n'est pas complet."),
        ("04 67 12 34 56", "Ce numéro n'est pas celui d'un portable."),
        ("+33 1 42 34 56 78", "Ce numéro n'est pas celui d'un portable."),
        ("0262 12 34 56", "Ce numéro n'est pas celui d'un portable."),
    ] {
        let words = taken(&server, typed).await.expect_err(typed);
        assert!(words.contains(said), "{typed}: {words}");
    }
    let long = "0".repeat(1_000);
    assert!(taken(&server, &long).await.is_err());
}

#[tokio::test]
async fn one_number_however_it_is_typed_finds_the_parent() {
    let server = Server::college(&[Family::durand()]).await;
    for (typed, n) in ["0639980001", "+33 6 39 98 00 01", "0033639980001", "06.39.98.00.01"].into_iter().zip(1..) {
        let mut browser = Browser::at_activation(&server).await;
        browser.identify_as("durand", "ANNE", typed).await;
        server.work_off().await;
        assert_eq!(server.messages().len(), n, "{typed}");
    }
}

#[tokio::test]
async fn names_of_every_kind() {
    let server = Server::start().await;
    let (hundred, more) = ("é".repeat(100), "x".repeat(101));
    for (nom, prenom, said) in [
        ("", "", "Indiquez votre nom."),
        ("  \u{200b} ", "Anne", "Indiquez votre nom."),
        ("Durand", "", "Indiquez votre prénom."),
        (more.as_str(), "Anne", ""),
        ("Durand", more.as_str(), ""),
    ] {
        let mut browser = Browser::at_activation(&server).await;
        browser.identify_as(nom, prenom, PHONE).await;
        assert_eq!(browser.page.status, REFUSED, "{nom} {prenom}");
        assert!(browser.page.shown().contains(said), "{}", browser.page.shown());
        assert!(browser.page.text().contains("<title>Erreur"), "the title says it");
        let kept = format!("input[name=telephone][value='{PHONE}']");
        assert!(browser.page.has(&kept), "what was typed is kept");
        assert!(prenom.is_empty() || browser.page.has(&format!("input[name=prenom][value='{prenom}']")), "{prenom}");
    }
    for (nom, prenom) in [
        ("O", "B"),
        (hundred.as_str(), hundred.as_str()),
        ("N'Diaye", "M’Bala"),
        ("بن عيسى", "ليلى"),
        ("<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>"),
        ("{{ 7 * 7 }}", "{% raw %}"),
        ("' OR 1=1 --", "%00"),
        ("Durand\u{202e}", "A\u{ad}nne"),
        ("🙂", "1234"),
    ] {
        let mut browser = Browser::at_activation(&server).await;
        browser.identify_as(nom, prenom, PHONE).await;
        browser.follow().await;
        assert_eq!(browser.at.path(), "/activation/code", "{nom}: {}", browser.page.shown());
        // Back to correct it: shown as it was, harmless.
        browser.click("a[href^='/activation?']").await;
        assert!(browser.page.has("input[name=nom]") && !browser.page.text().contains("<script>alert"), "{nom}");
        server.work_off().await;
    }
    assert_eq!(server.messages(), []);
}

#[tokio::test]
async fn names_in_another_script_and_with_either_apostrophe_are_found() {
    for (nom, prenom, typed) in [
        ("بن عيسى", "ليلى", ("بن  عيسى", "ليلى")),
        ("N'DIAYE", "M'Bala", ("n’diaye", "m’bala")),
        ("LEBŒUF", "Zoë", ("Leboeuf", "ZOE")),
    ] {
        let family = Family { nom, prenom, ..Family::durand() };
        let server = Server::college(&[family]).await;
        let mut browser = Browser::at_activation(&server).await;
        browser.identify_as(typed.0, typed.1, PHONE).await;
        browser.follow().await;
        let code = server.code().await;
        browser.type_code(&code).await;
        assert!(browser.page.has("#confirmer"), "{nom}: {}", browser.page.shown());
        browser.answer(&["14/02/2013"]).await;
        let identifiant = browser.identifiant();
        assert!(identifiant.is_ascii() && identifiant.contains('.'), "{identifiant}");
    }
}

#[tokio::test]
async fn codes_as_phones_paste_them_and_nonsense() {
    let server = Server::college(&[Family::durand()]).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.identify(&Family::durand()).await;
    let code = server.code().await;
    for typed in ["", "   ", "\t\u{a0}"] {
        browser.type_code(typed).await;
        assert_eq!(browser.page.status, REFUSED);
        assert!(browser.page.shown().contains("Veuillez renseigner le champ \"Code\""), "{typed}");
    }
    for (typed, left) in [("abcdef", "Il reste 2 essais."), ("739517395173951", "Il reste 1 essai.")] {
        browser.type_code(typed).await;
        assert_eq!(browser.page.status, REFUSED);
        assert!(browser.page.shown().contains(left), "{}", browser.page.shown());
        assert!(!browser.page.text().contains(typed), "a code is not shown again");
    }
    let (left, right) = code.split_at(3);
    browser.type_code(&format!(" {left} {right}\u{a0}")).await;
    assert!(browser.page.has("#confirmer"), "{}", browser.page.shown());
}

#[tokio::test]
async fn dates_that_cannot_be_read_cost_no_try() {
    let server = Server::college(&[Family::durand()]).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &Family::durand()).await;
    let unreadable = "Nous ne lisons pas cette date.";
    let long = "1".repeat(1_000);
    for (typed, said) in [
        ("", "Indiquez la date de naissance"),
        ("  ", "Indiquez la date de naissance"),
        ("14/02/13", unreadable),
        ("31/02/2013", unreadable),
        ("25/11/2026", unreadable),
        ("14/02/1850", unreadable),
        ("hier", unreadable),
        ("14/02/2013/1", unreadable),
        ("<b>", unreadable),
        (&long, unreadable),
    ] {
        browser.submit("confirmer", &[("representant_legal_1", "oui"), ("date_naissance_1", typed)]).await;
        assert_eq!(browser.page.status, REFUSED, "{typed}");
        assert!(browser.page.shown().contains(said), "{typed}: {}", browser.page.shown());
        assert!(browser.page.has("input[value=oui][checked]"), "the answer is kept");
        assert!(typed.len() > 20 || typed.is_empty() || browser.page.text().contains("value=\""), "{typed}");
    }
    for answer in ["", "peut-être"] {
        browser.submit("confirmer", &[("representant_legal_1", answer), ("date_naissance_1", "14/02/2013")]).await;
        assert!(browser.page.shown().contains("Répondez Oui ou Non pour Zoé."), "{}", browser.page.shown());
        assert!(browser.page.has("input[value='14/02/2013']"), "the date is kept");
    }
    assert_eq!(server.count("SELECT COUNT(*) FROM budget WHERE action = 'birth_date'").await, 0);
}

#[tokio::test]
async fn dates_in_every_form_that_can_be_read() {
    for typed in ["14/02/2013", "14/2/2013", " 14 02 2013 ", "14.02.2013", "14-02-2013", "14022013", "2013-02-14"] {
        let server = Server::college(&[Family::durand()]).await;
        let mut browser = Browser::at_activation(&server).await;
        browser.prove_phone(&server, &Family::durand()).await;
        browser.answer(&[typed]).await;
        assert!(browser.page.has("#terminer"), "{typed}: {}", browser.page.shown());
    }
}

#[tokio::test]
async fn fields_missing_doubled_or_of_another_form() {
    let server = Server::college(&[Family::durand()]).await;
    let mut browser = Browser::at_activation(&server).await;
    let identity = [("nom", "Durand"), ("prenom", "Anne"), ("telephone", PHONE)];
    let doubled = [identity[0], ("nom", "Petit"), identity[1], identity[2]];
    let (long, longer) = ("x".repeat(10_000), "x".repeat(3_000_000));
    let check = |browser: &Browser, what: &str| {
        let page = &browser.page;
        assert!(page.status.is_client_error() && page.is_html(), "{what}: {}", page.shown());
        assert!(!page.heading().is_empty() && page.shown().len() > 40, "{what}: {}", page.shown());
    };
    for fields in [
        &[][..],
        &identity[..1],
        &identity[1..],
        &doubled,
        &[("nom", long.as_str())],
        &[("nom", longer.as_str())],
        &[("nom", "Durand\r\n\u{0}")],
        &[("a", "b")],
    ] {
        browser.get("/activation").await;
        browser.post("/activation", fields).await;
        check(&browser, "identity");
    }
    browser.get("/activation").await;
    browser.identify(&Family::durand()).await;
    let code = server.code().await;
    let at = browser.at.to_string();
    for fields in [
        &[][..],
        &[("code", code.as_str()), ("code", "1")],
        &[("code", long.as_str())],
        &[("code", longer.as_str())],
        &identity,
    ] {
        browser.post(&at, fields).await;
        check(&browser, "code");
    }
    browser.get(&at).await;
    browser.type_code(&code).await;
    let at = browser.at.to_string();
    let (yes, date) = (("representant_legal_1", "oui"), ("date_naissance_1", "14/02/2013"));
    for fields in [
        &[][..],
        &[yes],
        &[date],
        &[yes, yes, date],
        &[yes, ("date_naissance_1", long.as_str())],
        &[("representant_legal_2", "oui"), date],
    ] {
        browser.post(&at, fields).await;
        check(&browser, "children");
    }
    browser.get(&at).await;
    browser.answer(&["14/02/2013"]).await;
    let at = browser.at.to_string();
    let (first, second) = (("mot_de_passe", PASSWORD), ("confirmation", PASSWORD));
    for fields in [&[][..], &[first], &[second], &[first, first, second], &[("mot_de_passe", long.as_str())]] {
        browser.post(&at, fields).await;
        check(&browser, "password");
        assert!(!browser.page.text().contains(PASSWORD), "a password never comes back");
    }
    browser.get(&at).await;
    browser.choose_password(PASSWORD).await;
    assert_eq!(browser.page.heading(), "Votre compte est activé.");
}

#[tokio::test]
async fn a_form_without_our_cookie_says_what_to_do() {
    let server = Server::start().await;
    let mut browser = Browser::new(&server);
    browser.post("/activation", &[("nom", "Durand"), ("prenom", "Anne"), ("telephone", PHONE)]).await;
    assert_eq!(browser.page.status, REFUSED);
    assert!(browser.page.shown().contains("autorisez les cookies"), "{}", browser.page.shown());
    assert!(browser.page.has("input[name=nom][value=Durand]"));
    // Sent again with the cookie that came, it is taken.
    browser.submit("continuer", &[]).await;
    assert_eq!(browser.page.status, StatusCode::SEE_OTHER);
}
