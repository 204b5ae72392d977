//! Requests for relying parties in the console: asked for by one, read and decided by another, on trial, then in use.

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::base::clock::Span;
use preau::clients::ClientState;
use preau::clients::store::find;

use crate::console_clients::{administrator, end_role_of, end_roles};
use crate::support::deployment::{MONOD, TOULOUSE};
use crate::support::{TestAdministrator, TestServer};

const REFUSED: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
pub const FORM: &str = "/admin/services/demander";

/// The answers of a canteen of one school.
const CANTEEN: [(&str, &str); 11] = [
    ("client_name", "Cantine en ligne"),
    ("client_id", "cantine"),
    ("contacts", "numerique@herault.example"),
    ("redirect_uris", "https://cantine.example/retour"),
    ("token_endpoint_auth_method", "either"),
    ("scope_education", "oui"),
    ("raison_education", "Réserver les repas"),
    ("profil_responsable", "oui"),
    ("perimeter_schools", "0349999J Clg Théodore Monod"),
    ("subject_type", "pairwise"),
    ("geste", "relire"),
];

/// Returns the answers with some replaced, or left out by an empty one.
pub fn answers<'a>(change: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all: Vec<(&str, &str)> = CANTEEN.to_vec();
    for (name, value) in change {
        all.retain(|(other, _)| other != name);
        if !value.is_empty() {
            all.push((name, value));
        }
    }
    all
}

impl TestAdministrator {
    /// Saves a draft that is sound, and returns the address of its reading.
    pub async fn save_draft(&mut self, change: &[(&str, &str)]) -> String {
        self.browser.post(FORM, &answers(change)).await;
        assert_eq!(self.browser.page.status, StatusCode::SEE_OTHER, "{}", self.browser.page.visible_text());
        self.browser.page.location().to_owned()
    }

    /// Saves a draft and sends it; returns the address of its reading.
    pub async fn send_request(&mut self, change: &[(&str, &str)]) -> String {
        let review = self.save_draft(change).await;
        self.browser.get(&review).await;
        self.browser.submit("envoyer", &[]).await;
        assert_eq!(self.browser.page.location(), format!("{review}?fait=sent"), "{}", self.browser.page.visible_text());
        review
    }

    pub async fn decide(&mut self, review: &str, decision: &str, words: &str) -> StatusCode {
        self.browser.get(review).await;
        assert_eq!(self.browser.page.status, StatusCode::OK, "{}", self.browser.page.visible_text());
        self.browser.submit("decider", &[("decision", decision), ("mot", words)]).await;
        self.browser.page.status
    }

    pub fn says(&self, words: &str) {
        let seen = self.browser.page.visible_text();
        assert!(seen.contains(words), "{words}: {seen}");
    }
}

pub async fn academy(server: &TestServer, email: &str) -> TestAdministrator {
    administrator(server, AdminRole::Academy, "academy:montpellier", email).await
}

#[tokio::test]
async fn a_service_is_asked_for_read_by_another_tried_by_a_hundred_and_then_in_use() {
    let server = TestServer::start().await;
    let (mut author, mut reader) =
        (academy(&server, "julien@ac.example").await, academy(&server, "nadia@ac.example").await);
    let review = author.save_draft(&[]).await;
    // Nothing is there yet for anybody, and a draft is its author's alone.
    assert!(find(&mut server.app.db.read().await.unwrap(), "cantine").await.unwrap().is_none());
    reader.browser.get(&review).await;
    assert_eq!(reader.browser.page.status, StatusCode::NOT_FOUND);
    author.browser.get(&review).await;
    author.says("Le service apprendra : enfants, établissements et classes du périmètre");
    author.says("0 responsables et 0 élèves aujourd'hui");
    author.says("Qui tient le nom de domaine cantine.example pourra recevoir des connexions.");
    let form = author.browser.page.form_of("envoyer").fields;
    author.browser.submit("envoyer", &[]).await;
    assert_eq!(author.browser.page.location(), format!("{review}?fait=sent"));
    let again: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    author.browser.post(&format!("{review}/envoyer"), &again).await;
    assert_eq!(author.browser.page.location(), format!("{review}?fait=sent"), "posted twice");
    reader.browser.get("/admin").await;
    reader.says("Cantine en ligne : une demande attend votre décision.");
    assert!(reader.browser.page.has_element(&format!("ul.todo a[href='{review}']")), "one click from the home");
    author.browser.get("/admin").await;
    assert!(!author.browser.page.visible_text().contains("attend votre décision"), "it is the author's own");
    reader.browser.get("/admin/services").await;
    reader.says("Cantine en ligne : À relire");
    reader.browser.get(&review).await;
    reader.says("Réserver les repas");
    reader.says("Nom de julien, non : c'est sa demande");
    let form = reader.browser.page.form_of("decider").fields;
    // A question goes back, the answer comes again.
    assert_eq!(reader.decide(&review, "ask", " ").await, REFUSED);
    assert_eq!(reader.decide(&review, "ask", "La classe sert-elle ?").await, StatusCode::SEE_OTHER);
    author.browser.get("/admin").await;
    author.says("Cantine en ligne : votre demande attend une réponse de votre part.");
    author.browser.get(&review).await;
    author.says("Précision demandée");
    author.says("La classe sert-elle ?");
    let id = review.rsplit('/').next().unwrap().to_owned();
    author.browser.get(&format!("{FORM}?d={id}")).await;
    author.says("La classe sert-elle ?");
    let version = crate::support::html::attribute(&author.browser.page.text(), "input[name=version]", "value").unwrap();
    let more = [("d", id.as_str()), ("version", version.as_str()), ("mot", "Oui, pour le badge")];
    author.browser.post(FORM, &answers(&more)).await;
    assert_eq!(author.browser.page.location(), review);
    author.browser.get(&review).await;
    author.browser.submit("envoyer", &[]).await;
    assert_eq!(author.browser.page.location(), format!("{review}?fait=sent"));
    // What was read first is stale.
    let mut stale: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    stale.push(("decision", "approve"));
    reader.browser.post(&format!("{review}/decision"), &stale).await;
    assert_eq!(reader.browser.page.status, REFUSED);
    reader.says("Cela a changé depuis : voici la nouvelle différence.");
    reader.says("Oui, pour le badge");
    reader.browser.get(&review).await;
    let form = reader.browser.page.form_of("decider").fields;
    assert_eq!(reader.decide(&review, "approve", "").await, StatusCode::SEE_OTHER);
    assert_eq!(reader.browser.page.location(), format!("{review}?fait=decided"));
    let mut twice: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    twice.push(("decision", "approve"));
    reader.browser.post(&format!("{review}/decision"), &twice).await;
    assert_eq!(reader.browser.page.location(), format!("{review}?fait=decided"), "posted twice");
    // It is on trial, with a secret still to be drawn.
    let client = find(&mut server.app.db.read().await.unwrap(), "cantine").await.unwrap().unwrap();
    assert_eq!((client.state, client.secret_digest.is_none()), (ClientState::Active, true));
    assert!(client.is_on_trial(server.now()) && client.meta.consent);
    author.browser.get("/admin/services/cantine").await;
    author.says("À l'essai");
    author.browser.submit("tirer", &[("delai", "0")]).await;
    assert!(author.browser.page.has_element("#secret"), "{}", author.browser.page.visible_text());
    author.browser.get("/admin/services?etat=trial").await;
    author.says("cantine");
    let journal = "SELECT detail || '|' || role FROM audit WHERE client_id = 'cantine' ORDER BY id";
    let by = |what: &str| format!("{what}|academy@montpellier");
    let mut seen = server.query_texts(journal).await;
    seen.sort();
    assert_eq!(seen, ["approved", "asked about", "requested", "requested", "secret rotated"].map(by));
    server.advance(Span::hours(72));
    let client = find(&mut server.app.db.read().await.unwrap(), "cantine").await.unwrap().unwrap();
    assert!(!client.is_on_trial(server.now()) && client.is_usable());
}

#[tokio::test]
async fn threat_s10_nobody_approves_their_own_request_and_a_form_of_it_does_nothing() {
    let server = TestServer::start().await;
    let mut author = academy(&server, "julien@ac.example").await;
    let review = author.send_request(&[]).await;
    author.browser.get(&review).await;
    assert!(!author.browser.page.has_element("#decider"));
    author.says("C'est votre demande : une autre personne décide.");
    let version = server.query_count("SELECT version FROM client_request").await.to_string();
    author.browser.post(&format!("{review}/decision"), &[("decision", "approve"), ("version", &version)]).await;
    assert_eq!(author.browser.page.status, REFUSED);
    author.says("C'est votre demande");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client WHERE client_id = 'cantine'").await, 0);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client_approval").await, 0);
}

#[tokio::test]
async fn threat_s15_attack_p1_each_role_asks_and_decides_on_its_territory_only() {
    let server = TestServer::start().await;
    let mut author = academy(&server, "julien@ac.example").await;
    let review = author.send_request(&[]).await;
    for (n, (role, territory, asks, decides)) in [
        (AdminRole::National, "all", true, true),
        (AdminRole::National, "ministry:en", true, true),
        (AdminRole::National, "ministry:agriculture", true, false),
        (AdminRole::Academy, "academy:montpellier", true, true),
        (AdminRole::Academy, "academy:toulouse", true, false),
        (AdminRole::SchoolHead, "school:0349999J", false, false),
        (AdminRole::Delegate, "school:0349999J", false, false),
        (AdminRole::HelpDesk, "all", false, false),
        (AdminRole::ServiceContact, "client:ent", false, false),
        (AdminRole::Auditor, "all", false, false),
    ]
    .into_iter()
    .enumerate()
    {
        let mut who = administrator(&server, role, territory, &format!("a{n}@ac.example")).await;
        who.browser.get(FORM).await;
        let right = if asks { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(who.browser.page.status, right, "{role:?} {territory} asks");
        who.browser.post(FORM, &answers(&[("client_id", "autre"), ("client_name", "Autre")])).await;
        let inside = decides;
        let right = match (asks, inside) {
            (false, _) => StatusCode::NOT_FOUND,
            (true, true) => StatusCode::SEE_OTHER,
            (true, false) => REFUSED,
        };
        assert_eq!(who.browser.page.status, right, "{role:?} {territory} saves {}", who.browser.page.visible_text());
        if right == REFUSED {
            who.says("0349999J n'est pas dans votre territoire.");
        }
        who.browser.get(&review).await;
        let right = if decides { StatusCode::OK } else { StatusCode::NOT_FOUND };
        assert_eq!(who.browser.page.status, right, "{role:?} {territory} reads");
        assert_eq!(who.browser.page.has_element("#decider"), decides, "{role:?} {territory}");
        if !decides {
            let fields = [("decision", "approve"), ("version", "2"), ("empreinte", "x")];
            who.browser.post(&format!("{review}/decision"), &fields).await;
            assert_eq!(who.browser.page.status, StatusCode::NOT_FOUND, "{role:?} {territory} decides");
        }
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client_approval").await, 0);
}

#[tokio::test]
async fn threat_s10_a_perimeter_of_two_academies_needs_somebody_of_each() {
    let server = TestServer::start().await;
    let mut author = academy(&server, "julien@ac.example").await;
    let mut first = academy(&server, "nadia@ac.example").await;
    let mut second = administrator(&server, AdminRole::Academy, "academy:toulouse", "t@ac.example").await;
    let wide = [("perimeter_schools", ""), ("academies", "montpellier toulouse")];
    let review = author.send_request(&wide).await;
    assert_eq!(first.decide(&review, "approve", "").await, StatusCode::SEE_OTHER);
    assert_eq!(first.browser.page.location(), format!("{review}?fait=partly"));
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client WHERE client_id = 'cantine'").await, 0);
    // Alone, however often.
    assert_eq!(first.decide(&review, "approve", "").await, StatusCode::SEE_OTHER);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client WHERE client_id = 'cantine'").await, 0);
    // What was agreed counts as long as the role does.
    end_roles(&server, "nadia@ac.example").await;
    assert_eq!(second.decide(&review, "approve", "").await, StatusCode::SEE_OTHER);
    assert_eq!(second.browser.page.location(), format!("{review}?fait=partly"));
    let mut third = academy(&server, "laure@ac.example").await;
    assert_eq!(third.decide(&review, "approve", "").await, StatusCode::SEE_OTHER);
    assert_eq!(third.browser.page.location(), format!("{review}?fait=decided"));
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client WHERE client_id = 'cantine'").await, 1);
}

#[tokio::test]
async fn attack_p1_a_decision_stops_with_the_role_and_says_so() {
    let server = TestServer::start().await;
    let mut author = academy(&server, "julien@ac.example").await;
    let review = author.send_request(&[]).await;
    // Somebody with two roles keeps the session when one of them ends.
    let mut reader = academy(&server, "nadia@ac.example").await;
    reader.browser.get(&review).await;
    let form = reader.browser.page.form_of("decider").fields;
    let mut fields: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    fields.push(("decision", "approve"));
    server.invite_administrator(AdminRole::Auditor, "all", "nadia@ac.example").await;
    end_role_of(&server, "nadia@ac.example", AdminRole::Academy).await;
    reader.browser.post(&format!("{review}/decision"), &fields).await;
    assert_eq!(reader.browser.page.status, REFUSED, "{}", reader.browser.page.visible_text());
    reader.says("Votre rôle sur académie de Montpellier est terminé depuis");
    reader.says("rien n'a été fait");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client_approval").await, 0);
    reader.browser.get(&review).await;
    assert_eq!(reader.browser.page.status, StatusCode::NOT_FOUND, "nothing more is shown");
    // Without a proof of these minutes, nothing either.
    let mut other = academy(&server, "laure@ac.example").await;
    server.advance(Span::minutes(6));
    other.browser.post(&format!("{review}/decision"), &fields).await;
    assert!(other.browser.page.location().starts_with("/admin/preuve?vers="), "{}", other.browser.page.location());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM client_approval").await, 0);
}

#[tokio::test]
async fn threat_s10_five_requests_a_person_leave_in_a_day_and_one_of_a_client_waits() {
    let server = TestServer::start().await;
    let mut author = academy(&server, "julien@ac.example").await;
    for n in 0..5 {
        let (id, name) = (format!("cantine-{n}"), format!("Cantine {n} {}", "abcde".chars().nth(n).unwrap()));
        author.send_request(&[("client_id", &id), ("client_name", &name)]).await;
    }
    let review = author.save_draft(&[("client_id", "encore"), ("client_name", "Encore")]).await;
    author.browser.get(&review).await;
    author.browser.submit("envoyer", &[]).await;
    assert_eq!(author.browser.page.status, REFUSED);
    author.says("Cinq demandes par personne et vingt par académie");
    let mut other = academy(&server, "nadia@ac.example").await;
    let review = other.save_draft(&[("client_id", "cantine-1"), ("client_name", "Une autre")]).await;
    other.browser.get(&review).await;
    other.browser.submit("envoyer", &[]).await;
    assert_eq!(other.browser.page.status, REFUSED);
    other.says("Une autre demande pour ce service attend déjà une décision.");
}

#[tokio::test]
async fn attack_x3_a_bad_answer_is_said_kept_and_never_becomes_markup() {
    let server = TestServer::start().await;
    let mut author = academy(&server, "julien@ac.example").await;
    for (change, words) in [
        (vec![("redirect_uris", "https://*.cantine.example/retour")], "une étoile laisserait revenir"),
        (vec![("redirect_uris", "http://cantine.example/retour")], "il faut https"),
        (vec![("redirect_uris", "https://cantine.example/retour#a")], "retirez ce qui suit #"),
        (vec![("redirect_uris", "https://x@cantine.example/")], "un nom d'utilisateur est dans l'adresse"),
        (vec![("redirect_uris", "https://cantine.example/a/../b")], "retirez .."),
        (vec![("redirect_uris", "https://cantine.example/?code=1")], "réservés à notre réponse"),
        (vec![("redirect_uris", "https://192.0.2.7/retour")], "adresse de développement"),
        (vec![("redirect_uris", "javascript:alert(1)")], "il faut https"),
        (vec![("redirect_uris", "")], "au moins une adresse de retour"),
        (vec![("client_name", "Service ent")], "Un autre service porte ce nom"),
        (vec![("client_name", "Préau")], "Ce nom est réservé"),
        (vec![("client_name", "Cantine \u{202e}enil")], "tous visibles"),
        (vec![("client_id", "ent")], "déjà pris"),
        (vec![("client_id", "<script>alert(1)</script>")], "Le nom technique a des lettres"),
        (vec![("perimeter_schools", "0349999K")], "la lettre devrait être J"),
        (vec![("perimeter_schools", "034")], "n'est pas un UAI"),
        (vec![("perimeter_schools", TOULOUSE)], "0319999A n'est pas dans votre territoire"),
        (vec![("perimeter_schools", "0340000R")], "0340000R n'est pas dans votre territoire"),
        (
            vec![("perimeter_schools", ""), ("academies", "toulouse")],
            "Rien de ce périmètre n'est dans votre territoire",
        ),
        (vec![("perimeter_schools", ""), ("academies", "\"><script>")], "n'est pas une académie connue ici"),
        (vec![("perimeter_schools", "")], "Dites pour quels établissements"),
        (vec![("raison_education", " ")], "Réponse qui manque : Pourquoi les enfants"),
        (vec![("contacts", "personne")], "Indiquez une adresse e-mail"),
        (vec![("fapi", "oui"), ("token_endpoint_auth_method", "private_key_jwt")], "Indiquez où sont les clés"),
        (vec![("subject_type", "roster")], "subject_type : roster is for a perimeter of one academy"),
    ] {
        author.browser.post(FORM, &answers(&change)).await;
        assert_eq!(author.browser.page.status, REFUSED, "{change:?}");
        author.says(words);
        assert!(!author.browser.page.text().contains("<script>alert"), "{change:?}");
        // Else the twenty drafts that somebody may have are there.
        server.execute_sql("DELETE FROM client_request", Vec::new()).await;
    }
    // A name that is markup is a name.
    let review = author.send_request(&[("client_name", "<script>alert(1)</script>")]).await;
    let mut reader = academy(&server, "nadia@ac.example").await;
    for path in [review.as_str(), "/admin/services"] {
        reader.browser.get(path).await;
        assert!(reader.browser.page.text().contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{path}");
        assert!(!reader.browser.page.text().contains("<script>alert"), "{path}");
    }
    assert_eq!(MONOD, "0349999J");
}

#[tokio::test]
async fn attack_p6_a_change_serves_only_once_it_is_approved_and_the_old_one_until_then() {
    let server = TestServer::start().await;
    let (mut author, mut reader) =
        (academy(&server, "julien@ac.example").await, academy(&server, "nadia@ac.example").await);
    let review = author.send_request(&[]).await;
    reader.decide(&review, "approve", "").await;
    let uris =
        async || find(&mut server.app.db.read().await.unwrap(), "cantine").await.unwrap().unwrap().meta.redirect_uris;
    // The contact goes at once.
    author.browser.get("/admin/services/cantine/modifier").await;
    assert_eq!(author.browser.page.status, StatusCode::OK, "{}", author.browser.page.visible_text());
    let base = [("client", "cantine"), ("contacts", "equipe@herault.example")];
    let review = author.save_draft(&base).await;
    author.browser.get(&review).await;
    author.says("Ce changement ne demande l'accord de personne d'autre");
    author.browser.submit("envoyer", &[]).await;
    assert_eq!(
        author.browser.page.location(),
        format!("{review}?fait=applied"),
        "{}",
        author.browser.page.visible_text()
    );
    let contact = find(&mut server.app.db.read().await.unwrap(), "cantine").await.unwrap().unwrap().meta.contacts;
    assert_eq!(contact, ["equipe@herault.example"]);
    // An address waits.
    let two = "https://cantine.example/retour\nhttps://cantine.example/deux";
    let more = [("client", "cantine"), ("contacts", "equipe@herault.example"), ("redirect_uris", two)];
    let review = author.send_request(&more).await;
    assert_eq!(uris().await.len(), 1);
    reader.browser.get(&review).await;
    let seen = reader.browser.page.text();
    assert!(seen.contains("<ins class=\"mono\">https://cantine.example/deux</ins>"), "{seen}");
    // Changed by another way meanwhile, it is read again.
    server.execute_sql("UPDATE client SET version = version + 1 WHERE client_id = 'cantine'", Vec::new()).await;
    assert_eq!(reader.decide(&review, "approve", "").await, REFUSED);
    reader.says("Cela a changé depuis");
    server.execute_sql("UPDATE client SET version = version - 1 WHERE client_id = 'cantine'", Vec::new()).await;
    assert_eq!(reader.decide(&review, "approve", "").await, StatusCode::SEE_OTHER);
    assert_eq!(uris().await.len(), 2);
    // A technician asks for changes of their own service; a file decides on others.
    let mut technician = administrator(&server, AdminRole::ServiceContact, "client:cantine", "t@herault.example").await;
    technician.browser.get("/admin/services/cantine/modifier").await;
    assert_eq!(technician.browser.page.status, StatusCode::OK);
    technician.browser.get("/admin/services/ent/modifier").await;
    assert_eq!(technician.browser.page.status, StatusCode::NOT_FOUND);
    author.browser.get("/admin/services/ent/modifier").await;
    assert_eq!(author.browser.page.location(), "/admin/services/ent");
    let review = author.send_request(&[("client", "cantine"), ("client_name", "Cantine 34")]).await;
    author.browser.get(&review).await;
    author.browser.submit("retirer", &[]).await;
    assert_eq!(author.browser.page.location(), "/admin/services");
    reader.browser.get(&review).await;
    assert!(!reader.browser.page.has_element("#decider"));
}

#[tokio::test]
async fn threat_s10_a_trial_lets_a_hundred_persons_in() {
    use preau::clients::store::trial::{count, enter, is_in};
    use preau::db::Durability;
    let server = TestServer::start().await;
    let client = preau::base::typed_ids::ClientId::new("ent");
    let mut tx = server.app.db.write(Durability::Relaxed).await.unwrap();
    for n in 0..103 {
        let account = preau::base::typed_ids::AccountId::new(format!("account-{n}"));
        let admitted = enter(&mut tx, server.now(), (&client, &account), 100).await.unwrap();
        assert_eq!(admitted, n < 100, "{n}");
        assert_eq!(is_in(&mut tx, &client, &account).await.unwrap(), n < 100);
        assert!(n >= 100 || enter(&mut tx, server.now(), (&client, &account), 100).await.unwrap(), "again");
    }
    assert_eq!(count(&mut tx, &client).await.unwrap(), 100);
    tx.commit().await.unwrap();
    // At the authorization endpoint, whoever is beyond is told on a page (client_trial.rs).
    let until = server.now().plus(Span::hours(72)).0;
    server.execute_sql("UPDATE client SET probation_until = $1 WHERE client_id = 'ent'", vec![until.into()]).await;
    let rp = crate::support::TestRelyingParty::new(&server, "ent");
    let account = server.create_durand().await;
    let mut person = crate::support::Browser::new(&server);
    person.open(&rp.attempt().url).await;
    person.sign_in(&account).await;
    assert_eq!(person.page.status, StatusCode::FORBIDDEN, "{}", person.page.visible_text());
    server.advance(Span::hours(72));
    let mut person = crate::support::Browser::new(&server);
    person.open(&rp.attempt().url).await;
    let landed = person.sign_in(&account).await.expect_redirect_away();
    assert!(landed.query_pairs().any(|(name, _)| name == "code"), "{landed}");
}

#[tokio::test]
async fn settings_and_the_file_of_a_service_name_no_secret_and_stop_at_the_territory() {
    let server = TestServer::start().await;
    let mut who = academy(&server, "nadia@ac.example").await;
    who.browser.get("/admin/services/ent/fichier").await;
    assert_eq!(who.browser.page.status, StatusCode::OK);
    let file = who.browser.page.text();
    for words in ["client_id = \"ent\"", "client_secret_file = \"ent.secret\"", "sector = \"mon-ent\"", "[perimeter]"] {
        assert!(file.contains(words), "{words}: {file}");
    }
    assert!(!file.contains(&crate::support::deployment::secret("ent")));
    assert_eq!(who.browser.page.header("content-disposition"), "attachment; filename=\"ent.toml\"");
    for (library, words) in [
        ("", "new URL(\"http://localhost:8080\"), \"ent\", process.env.PREAU_SECRET"),
        ("?b=oauth2-proxy", "oidc_email_claim = \"sub\""),
        ("?b=spring", "redirect-uri: \"https://ent.example/retour\""),
        ("?b=apache", "OIDCPKCEMethod S256"),
        ("?b=keycloak", "\"issuer\": \"http://localhost:8080\""),
        ("?b=ode", "\"authorizeUrn\": \"/oauth2/authorize\""),
        ("?b=valeurs", "http://localhost:8080/oauth2/jwks"),
        ("?b=%3Cscript%3E", "openid-client 6"),
    ] {
        who.browser.get(&format!("/admin/services/ent{library}")).await;
        let shown = crate::support::html::text(&who.browser.page.text(), "pre").unwrap();
        assert!(shown.contains(words), "{library}: {shown}");
    }
    let review = who.save_draft(&[]).await;
    who.browser.get(&format!("{review}/fichier")).await;
    assert!(who.browser.page.text().contains("schools = [\"0349999J\"]"), "{}", who.browser.page.text());
    let mut other = administrator(&server, AdminRole::Academy, "academy:toulouse", "t@ac.example").await;
    for path in ["/admin/services/ent/fichier", &format!("{review}/fichier")] {
        other.browser.get(path).await;
        assert_eq!(other.browser.page.status, StatusCode::NOT_FOUND, "{path}");
    }
}
