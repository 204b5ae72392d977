//! What people type: every form answers with the next step, keeps what was typed, and never breaks.

use axum::http::StatusCode;
use preau::base::clock::Span;

use crate::support::people::PASSWORD;
use crate::support::{Browser, TestFamily, TestServer, html};

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const PHONE: &str = "06 39 98 00 01";

/// The number that the worker would look for, once the form is taken.
async fn taken(server: &TestServer, phone: &str) -> Result<String, String> {
    let mut browser = Browser::at_activation(server).await;
    // Another name each time: one identity has five codes a day.
    let known = u8::try_from(server.query_count("SELECT COUNT(*) FROM activation").await).unwrap();
    let nom = format!("Inconnu {}", char::from(b'a' + known));
    browser.identify_as(&nom, "Personne", phone).await;
    if browser.page.status != StatusCode::SEE_OTHER {
        assert_eq!(browser.page.status, REFUSED, "{phone}");
        return Err(browser.page.visible_text());
    }
    browser.follow().await;
    let said = browser.page.visible_text();
    Ok(said.split("qui finit par ").nth(1).unwrap().chars().take(5).collect())
}

#[tokio::test]
async fn phones_as_parents_type_them() {
    let server = TestServer::start().await;
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
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    for (typed, n) in ["0639980001", "+33 6 39 98 00 01", "0033639980001", "06.39.98.00.01"].into_iter().zip(1..) {
        let mut browser = Browser::at_activation(&server).await;
        browser.identify_as("durand", "ANNE", typed).await;
        server.drain_outbox().await;
        assert_eq!(server.messages().len(), n, "{typed}");
    }
}

#[tokio::test]
async fn names_of_every_kind() {
    let server = TestServer::start().await;
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
        assert!(browser.page.visible_text().contains(said), "{}", browser.page.visible_text());
        assert!(browser.page.text().contains("<title>Erreur"), "the title says it");
        let kept = format!("input[name=telephone][value='{PHONE}']");
        assert!(browser.page.has_element(&kept), "what was typed is kept");
        assert!(
            prenom.is_empty() || browser.page.has_element(&format!("input[name=prenom][value='{prenom}']")),
            "{prenom}"
        );
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
        assert_eq!(browser.url.path(), "/activation/code", "{nom}: {}", browser.page.visible_text());
        // Back to correct it: shown as it was, harmless.
        browser.click("a[href^='/activation?']").await;
        assert!(browser.page.has_element("input[name=nom]") && !browser.page.text().contains("<script>alert"), "{nom}");
        server.drain_outbox().await;
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
        let family = TestFamily { nom, prenom, ..TestFamily::durand() };
        let server = TestServer::start_with_open_campaign(&[family]).await;
        let mut browser = Browser::at_activation(&server).await;
        browser.identify_as(typed.0, typed.1, PHONE).await;
        browser.follow().await;
        let code = server.read_code().await;
        browser.type_code(&code).await;
        assert!(browser.page.has_element("#confirmer"), "{nom}: {}", browser.page.visible_text());
        browser.answer_children(&["14/02/2013"]).await;
        let identifiant = browser.shown_identifiant();
        assert!(identifiant.is_ascii() && identifiant.contains('.'), "{identifiant}");
    }
}

#[tokio::test]
async fn codes_as_phones_paste_them_and_nonsense() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.identify(&TestFamily::durand()).await;
    let code = server.read_code().await;
    for typed in ["", "   ", "\t\u{a0}"] {
        browser.type_code(typed).await;
        assert_eq!(browser.page.status, REFUSED);
        assert!(browser.page.visible_text().contains("Veuillez renseigner le champ \"Code\""), "{typed}");
    }
    for typed in ["73", "abcdef", "739517395173951", "12345", "1234567", "+12345"] {
        browser.type_code(typed).await;
        assert_eq!(browser.page.status, REFUSED);
        assert!(
            browser.page.visible_text().contains("Le code a 6 chiffres."),
            "{typed}: {}",
            browser.page.visible_text()
        );
        assert!(!browser.page.has_element("input[name=code][value]"), "a code is not shown again");
    }
    // None of these cost one of the three tries (docs/threats.md#faults-e3).
    let wrong = if code == "739517" { "739518" } else { "739517" };
    browser.type_code(wrong).await;
    assert!(browser.page.visible_text().contains("Il reste 2 essais."), "{}", browser.page.visible_text());
    let (left, right) = code.split_at(3);
    browser.type_code(&format!(" {left} {right}\u{a0}")).await;
    assert!(browser.page.has_element("#confirmer"), "{}", browser.page.visible_text());
}

const EMPTY_DATE: &str = "Indiquez la date de naissance";
const WORDS: &str = "Écrivez la date en chiffres";
const SHORT_YEAR: &str = "Écrivez l'année avec quatre chiffres";
const NO_SUCH_DAY: &str = "Ce jour n'existe pas";
const LONG_AGO: &str = "elle est trop ancienne";
const TO_COME: &str = "cette date n'est pas encore passée";

#[tokio::test]
async fn faults_e2_dates_that_cannot_be_read_cost_no_try_and_each_fault_is_said() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &TestFamily::durand()).await;
    let long = "1".repeat(1_000);
    for (typed, said) in [
        ("", EMPTY_DATE),
        ("  ", EMPTY_DATE),
        ("14/02/13", SHORT_YEAR),
        ("31/02/2013", NO_SUCH_DAY),
        ("25/11/2126", TO_COME),
        ("14/02/1850", LONG_AGO),
        ("hier", WORDS),
        ("14/02/2013/1", WORDS),
        ("<b>", WORDS),
        ("14/02", "Il manque une partie de la date"),
        (&long, WORDS),
    ] {
        // Whole, as programs send it; and pasted into the first of the three fields.
        for field in ["date_naissance_1", "date_naissance_1_jour"] {
            browser.reload().await;
            browser.submit("confirmer", &[("representant_legal_1", "oui"), (field, typed)]).await;
            assert_eq!(browser.page.status, REFUSED, "{typed}");
            assert!(browser.page.visible_text().contains(said), "{typed}: {}", browser.page.visible_text());
            assert!(browser.page.has_element("input[value=oui][checked]"), "the answer is kept");
        }
    }
    // What was typed comes back taken apart, and only the part that is wrong is marked.
    browser.submit("confirmer", &[("representant_legal_1", "oui"), ("date_naissance_1_jour", "30/11/09")]).await;
    for (part, value, wrong) in [("jour", "30", false), ("mois", "11", false), ("annee", "09", true)] {
        let field = format!("input[name=date_naissance_1_{part}][inputmode=numeric][value='{value}']");
        assert!(browser.page.has_element(&field), "{part}");
        assert_eq!(browser.page.has_element(&format!("{field}[aria-invalid]")), wrong, "{part}");
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM budget WHERE action = 'birth_date'").await, 0);
}

#[tokio::test]
async fn faults_e3_a_missing_yes_or_no_does_not_accuse_the_date() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &TestFamily::durand()).await;
    for answer in ["", "peut-être"] {
        browser.submit("confirmer", &[("representant_legal_1", answer), ("date_naissance_1", "14/02/2013")]).await;
        assert!(
            browser.page.visible_text().contains("Répondez Oui ou Non pour Zoé."),
            "{}",
            browser.page.visible_text()
        );
        for (part, value) in [("jour", "14"), ("mois", "02"), ("annee", "2013")] {
            let kept = format!("input[name=date_naissance_1_{part}][value='{value}']");
            assert!(browser.page.has_element(&kept), "the date is kept");
            assert!(!browser.page.has_element(&format!("{kept}[aria-invalid]")), "nothing is wrong with the date");
        }
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM budget WHERE action = 'birth_date'").await, 0);
}

#[tokio::test]
async fn faults_e2_the_date_in_three_fields_or_whole_in_the_first() {
    let fields = |day: &'static str, month: &'static str, year: &'static str| {
        [("date_naissance_1_jour", day), ("date_naissance_1_mois", month), ("date_naissance_1_annee", year)]
    };
    for typed in [fields("14", "02", "2013"), fields("14", "2", "2013"), fields("14/02/2013", "", "")] {
        let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
        let mut browser = Browser::at_activation(&server).await;
        browser.prove_phone(&server, &TestFamily::durand()).await;
        let mut all = vec![("representant_legal_1", "oui")];
        all.extend(typed);
        browser.submit("confirmer", &all).await;
        browser.follow().await;
        assert!(browser.page.has_element("#terminer"), "{typed:?}: {}", browser.page.visible_text());
    }
}

#[tokio::test]
async fn faults_e3_a_password_refused_for_another_reason_shows_its_rules_as_met() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &TestFamily::durand()).await;
    browser.answer_children(&["14/02/2013"]).await;
    assert!(!browser.page.has_element("li.met"), "nothing was typed yet");
    for (first, second, met) in
        [("Durand-2013 !", "Durand-2013 !", 5), (PASSWORD, "Quatre-cerises 8 ?", 5), ("durand", "durand", 1)]
    {
        browser.submit("terminer", &[("mot_de_passe", first), ("confirmation", second)]).await;
        assert_eq!(browser.page.status, REFUSED, "{first}");
        assert_eq!(html::attributes(&browser.page.text(), "li.met", "data-rule").len(), met, "{first}");
    }
}

#[tokio::test]
async fn threat_s04_a_child_s_birth_date_or_a_word_with_a_year_is_no_password() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::ndiaye()]).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &TestFamily::ndiaye()).await;
    browser.answer_children(&["14/02/2013", "03/05/2011"]).await;
    let person = "il contient un prénom ou une date de naissance";
    for (typed, why) in [
        ("Mon-anais-7", person),
        ("Bisou.14/02/2013", person),
        ("Bisou 030511 !", person),
        ("Ecole2026!", "il est parmi les plus courants"),
    ] {
        browser.submit("terminer", &[("mot_de_passe", typed), ("confirmation", typed)]).await;
        assert_eq!(browser.page.status, REFUSED, "{typed}");
        assert!(browser.page.visible_text().contains(why), "{typed}: {}", browser.page.visible_text());
    }
    browser.submit("terminer", &[("mot_de_passe", PASSWORD), ("confirmation", PASSWORD)]).await;
    browser.follow().await;
    assert_eq!(browser.url.path(), "/activation/terminee");
}

#[tokio::test]
async fn faults_e3_correcting_name_or_number_opens_the_filled_form() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut browser = Browser::at_activation(&server).await;
    browser.identify_as("Durant", "Anne", "06 39 98 00 42").await;
    browser.follow().await;
    browser.type_code("12").await;
    browser.click("a[href^='/activation?']").await;
    for (name, value) in [("nom", "Durant"), ("prenom", "Anne"), ("telephone", "06 39 98 00 42")] {
        assert!(
            browser.page.has_element(&format!("input[name={name}][value='{value}']")),
            "{name}: {}",
            browser.page.text()
        );
    }
}

#[tokio::test]
async fn faults_e3_the_known_identifiant_is_taken_to_the_sign_in_page() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let identifiant = Browser::at_activation(&server).await.activate(&server, &TestFamily::durand()).await;
    server.clock.advance(Span::hours(1));
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &TestFamily::durand()).await;
    assert_eq!(browser.shown_identifiant(), identifiant);
    browser.click("#se-connecter").await;
    assert_eq!(browser.url.path(), "/connexion");
    assert!(
        browser.page.has_element(&format!("input[name=identifiant][value='{identifiant}']")),
        "{}",
        browser.page.text()
    );
    browser.click("header a[hreflang]").await;
    assert!(
        browser.page.has_element(&format!("input[name=identifiant][value='{identifiant}']")),
        "in the other language too"
    );
    browser.get("/connexion?identifiant=%22%3E%3Cb%3E").await;
    assert!(browser.page.has_element("input[name=identifiant]:not([value])"), "only what has the form of one");
}

#[tokio::test]
async fn dates_in_every_form_that_can_be_read() {
    for typed in ["14/02/2013", "14/2/2013", " 14 02 2013 ", "14.02.2013", "14-02-2013", "14022013", "2013-02-14"] {
        let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
        let mut browser = Browser::at_activation(&server).await;
        browser.prove_phone(&server, &TestFamily::durand()).await;
        browser.answer_children(&[typed]).await;
        assert!(browser.page.has_element("#terminer"), "{typed}: {}", browser.page.visible_text());
    }
}

#[tokio::test]
async fn fields_missing_doubled_or_of_another_form() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut browser = Browser::at_activation(&server).await;
    let identity = [("nom", "Durand"), ("prenom", "Anne"), ("telephone", PHONE)];
    let doubled = [identity[0], ("nom", "Petit"), identity[1], identity[2]];
    let (long, longer) = ("x".repeat(10_000), "x".repeat(3_000_000));
    let check = |browser: &Browser, what: &str| {
        let page = &browser.page;
        assert!(page.status.is_client_error() && page.is_html(), "{what}: {}", page.visible_text());
        assert!(!page.heading().is_empty() && page.visible_text().len() > 40, "{what}: {}", page.visible_text());
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
    browser.identify(&TestFamily::durand()).await;
    let code = server.read_code().await;
    let at = browser.url.to_string();
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
    let at = browser.url.to_string();
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
    browser.answer_children(&["14/02/2013"]).await;
    let at = browser.url.to_string();
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
    let server = TestServer::start().await;
    let mut browser = Browser::new(&server);
    browser.post("/activation", &[("nom", "Durand"), ("prenom", "Anne"), ("telephone", PHONE)]).await;
    assert_eq!(browser.page.status, REFUSED);
    assert!(browser.page.visible_text().contains("autorisez les cookies"), "{}", browser.page.visible_text());
    assert!(browser.page.has_element("input[name=nom][value=Durand]"));
    // Sent again with the cookie that came, it is taken.
    browser.submit("continuer", &[]).await;
    assert_eq!(browser.page.status, StatusCode::SEE_OTHER);
}
