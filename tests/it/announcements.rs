//! Messages to visitors: who writes them for which academy, what they may say, who sees them and until when.

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::base::clock::Span;
use preau::http::pages::dates::field_value;

use crate::console_clients::{administrator, end_role_of};
use crate::support::html::texts;
use crate::support::{Browser, TestAdministrator, TestFamily, TestRelyingParty, TestServer};

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
const LIST: &str = "/admin/annonces";
/// The places for which somebody may write: all, and the academies of the tests' files.
const PLACES: [&str; 4] = ["", "montpellier", "toulouse", "agricole"];

/// Each role with a territory, and the places for which it writes.
const MATRIX: [(AdminRole, &str, &[&str]); 10] = [
    (AdminRole::National, "all", &PLACES),
    (AdminRole::National, "ministry:en", &[]),
    (AdminRole::Academy, "academy:montpellier", &["montpellier"]),
    (AdminRole::Academy, "academy:toulouse", &["toulouse"]),
    (AdminRole::SchoolHead, "school:0349999J", &[]),
    (AdminRole::Delegate, "class:0349999J/6 A", &[]),
    (AdminRole::HelpDesk, "all", &[]),
    (AdminRole::HelpDesk, "academy:montpellier", &[]),
    (AdminRole::ServiceContact, "client:ent", &[]),
    (AdminRole::Auditor, "all", &[]),
];

/// Returns the fields of a form that is right: shown from now on, for some hours.
fn fields(server: &TestServer, academy: &str, fr: &str, hours: i64) -> Vec<(&'static str, String)> {
    vec![
        ("academie", academy.to_owned()),
        ("niveau", "disturbance".to_owned()),
        ("texte_fr", fr.to_owned()),
        ("texte_en", format!("{fr} (en)")),
        ("debut", String::new()),
        ("fin", field_value(server.now().plus(Span::hours(hours)))),
    ]
}

async fn post(who: &mut TestAdministrator, fields: &[(&'static str, String)]) {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    who.browser.post(LIST, &fields).await;
}

/// Writes a message and confirms it.
async fn publish(who: &mut TestAdministrator, fields: &[(&'static str, String)]) {
    post(who, fields).await;
    assert_eq!(who.browser.page.status, StatusCode::SEE_OTHER, "{}", who.browser.page.visible_text());
    let review = who.browser.page.location().to_owned();
    who.open(&review).await;
    assert_eq!(who.browser.page.status, StatusCode::OK, "{}", who.browser.page.visible_text());
    who.browser.submit("confirmer", &[]).await;
    assert_eq!(who.browser.page.location(), "/admin/annonces?fait=published", "{}", who.browser.page.visible_text());
}

/// Returns the messages that a visitor sees who comes from a client, or from nowhere.
async fn seen(server: &TestServer, client: Option<&'static str>) -> Vec<String> {
    let mut browser = Browser::new(server);
    match client {
        Some(client) => {
            let attempt = TestRelyingParty::new(server, client).attempt();
            browser.open(&attempt.url).await;
            assert_eq!(browser.url.path(), "/connexion", "{}", browser.page.visible_text());
        }
        None => {
            browser.get("/connexion").await;
        }
    }
    texts(&browser.page.text(), "#annonces bdi")
}

#[tokio::test]
async fn threat_s15_attack_p1_each_role_writes_for_its_own_academy_only() {
    let server = TestServer::start().await;
    for (n, (role, territory, may)) in MATRIX.into_iter().enumerate() {
        let mut who = administrator(&server, role, territory, &format!("a{n}@ac.example")).await;
        who.browser.get(LIST).await;
        let status = if may.is_empty() { StatusCode::NOT_FOUND } else { StatusCode::OK };
        assert_eq!(who.browser.page.status, status, "{role:?} {territory} lists");
        let mut unknown = Vec::new();
        for place in PLACES.into_iter().chain(["nulle-part", "' OR 1=1"]) {
            post(&mut who, &fields(&server, place, "Un message.", 2)).await;
            let right = may.contains(&place);
            let status = if right { StatusCode::SEE_OTHER } else { StatusCode::NOT_FOUND };
            assert_eq!(who.browser.page.status, status, "{role:?} {territory} writes for {place:?}");
            if !right {
                unknown.push(who.browser.page.text());
            }
            // Nothing is told of the fields either.
            post(&mut who, &[("academie", place.to_owned())]).await;
            let status = if right { REFUSED } else { StatusCode::NOT_FOUND };
            assert_eq!(who.browser.page.status, status, "{role:?} {territory} {place:?}");
        }
        assert!(unknown.windows(2).all(|two| two[0] == two[1]), "the same bytes as what is not there");
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM announcement").await, 0, "a draft shows nothing");
    assert!(server.audit_facts().await.iter().any(|fact| fact == "administrator_refused"));
}

#[tokio::test]
async fn an_academys_message_is_seen_where_its_academy_is_known_until_it_ends() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut academy = administrator(&server, AdminRole::Academy, "academy:montpellier", "m@ac.example").await;
    let mut nation = administrator(&server, AdminRole::National, "all", "n@ac.example").await;
    assert_eq!(seen(&server, Some("ent")).await, Vec::<String>::new());
    publish(&mut academy, &fields(&server, "montpellier", "Panne à Montpellier.", 2)).await;
    let own = ["Panne à Montpellier."];
    // This server's own change is seen at once; whoever comes from elsewhere sees nothing of it.
    assert_eq!(seen(&server, Some("ent")).await, own);
    for client in [None, Some("ent-toulouse"), Some("bourses"), Some("ent-agricole"), Some("strict")] {
        assert_eq!(seen(&server, client).await, Vec::<String>::new(), "{client:?}");
    }
    let later = server.now().plus(Span::hours(1));
    let mut all = fields(&server, "", "Pour tous.", 3);
    all[1].1 = "information".to_owned();
    all[4].1 = field_value(later);
    publish(&mut nation, &all).await;
    assert_eq!(seen(&server, None).await, Vec::<String>::new(), "it has not begun");
    server.advance(Span::minutes(61));
    assert_eq!(seen(&server, None).await, ["Pour tous."]);
    assert_eq!(seen(&server, Some("ent-toulouse")).await, ["Pour tous."]);
    assert_eq!(seen(&server, Some("ent")).await, ["Panne à Montpellier.", "Pour tous."], "disturbances first");
    // On each page of it, in both languages, refused forms too; for the known and the unknown alike.
    let attempt = TestRelyingParty::new(&server, "ent").attempt();
    let mut browser = Browser::new(&server);
    browser.open(&attempt.url).await;
    let activation = browser.page.link_target("#pas-de-compte");
    browser.submit("se-connecter", &[("identifiant", "n.obody12"), ("mot_de_passe", "Rien-du-tout 9")]).await;
    assert_eq!(browser.page.status, REFUSED);
    assert!(browser.page.visible_text().contains("Panne à Montpellier."), "{}", browser.page.visible_text());
    browser.get(&activation).await;
    assert_eq!(texts(&browser.page.text(), "#annonces bdi").len(), 2);
    assert!(browser.page.has_element("#annonces[role=status] .note"), "{}", browser.page.text());
    browser.submit("continuer", &[]).await;
    assert_eq!(texts(&browser.page.text(), "#annonces bdi").len(), 2, "{}", browser.page.visible_text());
    browser.get(&activation).await;
    browser.identify(&TestFamily { nom: "INCONNU", ..TestFamily::durand() }).await;
    assert_eq!(texts(&browser.page.text(), "#annonces bdi").len(), 2, "where one waits for the code");
    browser.get("/connexion?lang=en").await;
    assert_eq!(texts(&browser.page.text(), "#annonces bdi"), ["Pour tous. (en)"]);
    assert!(texts(&browser.page.text(), "#annonces strong") == ["Information"]);
    // The end is exact.
    server.advance(Span::minutes(60));
    assert_eq!(seen(&server, Some("ent")).await, ["Pour tous."]);
    server.advance(Span::hours(1));
    assert_eq!(seen(&server, Some("ent")).await, Vec::<String>::new());
}

#[tokio::test]
async fn another_server_shows_and_forgets_a_message_within_ten_seconds_and_asks_nothing_meanwhile() {
    let server = TestServer::start().await;
    let other = server.restart().await;
    assert_eq!(seen(&other, None).await, Vec::<String>::new());
    let mut nation = administrator(&server, AdminRole::National, "all", "n@ac.example").await;
    publish(&mut nation, &fields(&server, "", "Pour tous.", 3)).await;
    assert_eq!(seen(&other, None).await, Vec::<String>::new(), "it is kept for ten seconds");
    server.advance(Span::seconds(10));
    assert_eq!(seen(&other, None).await, ["Pour tous."]);
    // Without its table a page still shows what it has, and then none: it never fails for want of messages.
    server.execute_sql("ALTER TABLE announcement RENAME TO announcement_away", Vec::new()).await;
    assert_eq!(seen(&other, None).await, ["Pour tous."]);
    server.advance(Span::seconds(10));
    assert_eq!(seen(&other, None).await, Vec::<String>::new());
    server.execute_sql("ALTER TABLE announcement_away RENAME TO announcement", Vec::new()).await;
    assert_eq!(seen(&other, None).await, ["Pour tous."]);
    // Ended early by one button, without another proof.
    nation.browser.get(LIST).await;
    let id = nation.browser.page.values_of("annonce").concat();
    server.advance(Span::minutes(6));
    nation.browser.post("/admin/annonces/terminer", &[("annonce", &id)]).await;
    assert_eq!(nation.browser.page.location(), "/admin/annonces?fait=ended");
    assert_eq!(seen(&server, None).await, Vec::<String>::new());
    server.advance(Span::seconds(10));
    assert_eq!(seen(&other, None).await, Vec::<String>::new());
    nation.browser.post("/admin/annonces/terminer", &[("annonce", &id)]).await;
    assert_eq!(nation.browser.page.location(), "/admin/annonces?fait=ended", "posted twice, the same answer");
    let journal = "SELECT role || '|' || fact || '|' || COALESCE(before, '') || '|' || after FROM audit \
                   WHERE fact LIKE 'announcement%' ORDER BY id";
    let journal = server.query_texts(journal).await;
    assert_eq!(journal.len(), 2, "{journal:?}");
    assert!(journal[0].starts_with("national@all|announcement_published||{"), "{journal:?}");
    assert!(journal[0].contains("Pour tous.") && journal[1].contains("announcement_ended|{"), "{journal:?}");
}

#[tokio::test]
async fn threat_s12_hostile_texts_and_times_are_refused_with_what_was_typed() {
    let server = TestServer::start().await;
    let mut who = administrator(&server, AdminRole::Academy, "academy:montpellier", "m@ac.example").await;
    let good = fields(&server, "montpellier", "Un message.", 2);
    let (past, far) = (field_value(server.now()), field_value(server.now().plus(Span::days(40))));
    let (long, huge) = ("é".repeat(281), "x".repeat(1_500));
    for (name, typed, words) in [
        ("niveau", "", "Choisissez la nature"),
        ("niveau", "danger", "Choisissez la nature"),
        ("texte_fr", "", "Écrivez le message"),
        ("texte_en", " \r\n", "Écrivez le message"),
        ("texte_fr", &long, "plus de 280 signes"),
        ("texte_fr", &huge, "plus de 280 signes"),
        ("texte_fr", "gauche \u{202e}etiord", "ne se voient pas"),
        ("texte_en", "a\u{200b}b", "ne se voient pas"),
        ("texte_fr", "a\u{1b}[31mb", "ne se voient pas"),
        ("texte_fr", "Allez sur https://evil.example/", "Retirez l'adresse"),
        ("texte_en", "Go to evil.example now", "Retirez l'adresse"),
        ("debut", "demain", "Indiquez un jour et une heure"),
        ("fin", "", "Indiquez un jour et une heure"),
        ("fin", "31/02/2027 10:00", "Indiquez un jour et une heure"),
        ("fin", &past, "Cette heure est passée"),
        ("fin", &far, "plus de 31 jours"),
        ("debut", &far, "avant le début"),
    ] {
        let mut fields = good.clone();
        fields.iter_mut().find(|(field, _)| *field == name).unwrap().1 = typed.to_owned();
        post(&mut who, &fields).await;
        let said = who.browser.page.visible_text();
        assert_eq!(who.browser.page.status, REFUSED, "{name} {typed:?}");
        assert!(said.contains(words), "{name} {typed:?}: {said}");
        let kept = if name == "texte_fr" { "Un message. (en)" } else { "Un message." };
        assert!(said.contains(kept), "what was typed is kept: {said}");
    }
    // NUL is no text, a field twice no form.
    who.browser.post(LIST, &[("texte_fr", "a\0b")]).await;
    assert_eq!(who.browser.page.status, StatusCode::BAD_REQUEST);
    // Markup is text: in the console, in the reading, and where visitors are.
    let evil = "<script>alert(1)</script> & \"'><b>gras</b> {{ t }} **x**";
    publish(&mut who, &fields(&server, "montpellier", evil, 2)).await;
    assert_eq!(seen(&server, Some("ent")).await, [evil]);
    who.browser.get(LIST).await;
    assert!(!who.browser.page.text().contains("<script>alert"), "{}", who.browser.page.text());
    assert!(who.browser.page.visible_text().contains(evil));
    for query in ["?avant=%27", "?avant=ffffffffffffffffffffffffffffffff", "?fait=%3Cb%3E"] {
        who.browser.get(&format!("{LIST}{query}")).await;
        assert_eq!(who.browser.page.status, StatusCode::OK, "{query}");
    }
}

#[tokio::test]
async fn attack_p6_a_draft_shows_what_was_read_once_and_nothing_after_a_change_or_the_role() {
    let server = TestServer::start().await;
    let mut who = administrator(&server, AdminRole::Academy, "academy:montpellier", "m@ac.example").await;
    post(&mut who, &fields(&server, "montpellier", "Premier.", 2)).await;
    let review = who.browser.page.location().to_owned();
    who.open(&review).await;
    assert!(who.browser.page.visible_text().contains("Premier. (en)"), "{}", who.browser.page.visible_text());
    // Nobody else reads or confirms it.
    let mut other = administrator(&server, AdminRole::National, "all", "n@ac.example").await;
    for typed in [None, Some([("version", "1"), ("empreinte", "x")])] {
        match &typed {
            None => other.browser.get(&review).await,
            Some(fields) => other.browser.post(&review, fields).await,
        };
        assert_eq!(other.browser.page.status, StatusCode::NOT_FOUND);
    }
    // Another message of the place is shown between the page and its form.
    let mut tab = who.browser.clone_browser();
    tab.get(&review).await;
    publish(&mut other, &fields(&server, "montpellier", "Autre.", 2)).await;
    tab.submit("confirmer", &[]).await;
    assert_eq!(tab.page.status, REFUSED, "{}", tab.page.visible_text());
    assert!(tab.page.visible_text().contains("Cela a changé depuis") && tab.page.visible_text().contains("Autre."));
    for typed in [("version", "9"), ("version", "x"), ("empreinte", "")] {
        let mut bent = tab.clone_browser();
        bent.get(&review).await;
        bent.submit("confirmer", &[typed]).await;
        assert_eq!(bent.page.status, REFUSED, "{typed:?}");
    }
    // Confirmed twice it is shown once.
    who.browser.get(&review).await;
    let mut twice = who.browser.clone_browser();
    twice.get(&review).await;
    who.browser.submit("confirmer", &[]).await;
    twice.submit("confirmer", &[]).await;
    assert_eq!(twice.page.location(), "/admin/annonces?fait=published", "{}", twice.page.visible_text());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM announcement").await, 2);
    // An academy has three at a time; one of all counts for itself.
    publish(&mut who, &fields(&server, "montpellier", "Troisième.", 2)).await;
    post(&mut who, &fields(&server, "montpellier", "Quatrième.", 2)).await;
    let fourth = who.browser.page.location().to_owned();
    who.open(&fourth).await;
    assert!(who.browser.page.visible_text().contains("Trois annonces"), "{}", who.browser.page.visible_text());
    assert!(!who.browser.page.has_element("#confirmer"));
    publish(&mut other, &fields(&server, "", "Pour tous.", 2)).await;
    // An academy sees those of all, and ends its own only; the answer for others' is that of what is not there.
    who.browser.get(LIST).await;
    assert!(who.browser.page.visible_text().contains("Pour tous."));
    assert_eq!(who.browser.page.values_of("annonce").len(), 3);
    let of_all = server.query_texts("SELECT id FROM announcement WHERE academy = ''").await.concat();
    for id in [of_all.as_str(), "0", "", &"0".repeat(32)] {
        who.browser.post("/admin/annonces/terminer", &[("annonce", id)]).await;
        assert_eq!(who.browser.page.status, StatusCode::NOT_FOUND, "{id}");
    }
    // The role ends meanwhile, another one stays.
    server.execute_sql("DELETE FROM announcement", Vec::new()).await;
    server.advance(Span::seconds(10));
    who.open(&fourth).await;
    server.invite_administrator(AdminRole::HelpDesk, "academy:montpellier", "m@ac.example").await;
    end_role_of(&server, "m@ac.example", AdminRole::Academy).await;
    who.browser.submit("confirmer", &[]).await;
    assert_eq!(who.browser.page.status, REFUSED);
    let said = who.browser.page.visible_text();
    assert!(
        said.contains("Votre rôle sur académie de Montpellier est terminé") && !said.contains("Quatrième"),
        "{said}"
    );
    assert_eq!(server.query_count("SELECT COUNT(*) FROM announcement").await, 0);
}
