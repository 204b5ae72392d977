//! Letters with a single-use code: a pupil's first sign-in, and a parent whose mobile is not known.

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::base::actor::Actor;
use preau::base::clock::Span;
use preau::base::profile::Profile;
use preau::base::typed_ids::{AccountId, RecoveryId};
use preau::base::uai::Uai;
use preau::db::Durability;
use preau::letters;
use preau::letters::code::LetterCode;
use preau::letters::ops::batch::{self, LetterAccountChanged, LetterBatch, LetterBatchRequest, LetterPress};
use preau::letters::ops::recipients::{self, LeftOut, LetterJoinRequest, LetterPerson, LetterScope};
use preau::letters::ops::{LetterOrder, draw, issue};
use preau::notify::ops::NoticeContext;
use preau::recovery::{self, Recovery};
use preau::roster::store as roster_store;
use preau::school_admin::ops::withdrawal::withdraw_batch_by_command;

use crate::console_clients::administrator;
use crate::support::deployment::{LYCEE, MONOD};
use crate::support::masked::masked;
use crate::support::people::PASSWORD;
use crate::support::{Browser, TestFamily, TestResponse, TestServer};

const DATES: [&str; 2] = ["14/02/2013", "03/05/2011"];
const NEW: &str = "Autre-mot-99";

fn family() -> TestFamily {
    let children = vec![(900_010, "Anaïs", DATES[0], "6 A"), (900_011, "Élie", DATES[1], "4 C")];
    TestFamily { key: 500_010, nom: "N'DIAYE", prenom: "Fatou", phone: "04 67 00 00 10", children }
}

/// A printed letter.
#[derive(Clone, Debug)]
struct Printed {
    identifiant: String,
    code: LetterCode,
}

impl Printed {
    fn code(&self) -> String {
        self.code.to_printed_form()
    }
}

async fn start() -> TestServer {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[family()]).await;
    server
}

impl TestServer {
    /// Issues letters as the command does, for the people of one profile.
    async fn print(&self, scope: LetterScope, profile: Profile, also_active: bool) -> Vec<Printed> {
        let op = self.operation();
        let uai = Uai::parse(MONOD).unwrap();
        let mut tx = op.write(Durability::Durable).await.unwrap();
        let mut out = Vec::new();
        for recipient in recipients::list(&mut tx, &uai, &scope, profile, also_active).await.unwrap() {
            if recipient.left_out.is_some() {
                continue;
            }
            let account = recipients::account_for(&mut tx, &recipient).await.unwrap();
            let person_id = match &recipient.person {
                LetterPerson::Parent(id) => Some(id),
                LetterPerson::Pupil(_) => None,
            };
            let order = LetterOrder {
                account_id: &account.id,
                kind: recipient.kind(),
                uai: &uai,
                person_id,
                pupil_id: None,
                reason: "test",
            };
            let drawn = draw(&mut tx, order.kind, &uai).await.unwrap();
            issue(&mut tx, &self.app.master_key, order, &drawn).await.unwrap();
            out.push(Printed { identifiant: account.identifiant, code: drawn.code });
        }
        tx.commit().await.unwrap();
        out
    }

    async fn print_pupil(&self) -> Printed {
        self.print(LetterScope::Class("6a".into()), Profile::Eleve, true).await.remove(0)
    }

    async fn print_parent(&self) -> Printed {
        self.print(LetterScope::Family("900010".into()), Profile::Responsable, true).await.remove(0)
    }
}

impl Browser {
    async fn type_letter(&mut self, identifiant: &str, code: &str) {
        self.get("/lettre").await;
        self.submit("continuer", &[("identifiant", identifiant), ("code", code)]).await;
        self.follow().await;
    }

    pub(super) async fn type_own_date(&mut self, date: &str) {
        let parts: Vec<&str> = date.split('/').collect();
        let fields =
            [("date_naissance_jour", parts[0]), ("date_naissance_mois", parts[1]), ("date_naissance_annee", parts[2])];
        self.submit("confirmer", &fields).await;
        self.follow().await;
    }

    async fn type_password(&mut self, password: &str) {
        self.submit("terminer", &[("mot_de_passe", password), ("confirmation", password)]).await;
        self.follow().await;
    }
}

#[tokio::test]
async fn a_pupil_signs_in_for_the_first_time_with_the_sheet_and_the_own_birth_date() {
    let server = start().await;
    let letter = server.print_pupil().await;
    assert!(letter.identifiant.starts_with("a.ndiaye"), "{}", letter.identifiant);
    let mut browser = Browser::new(&server);
    browser.get("/connexion").await;
    browser.click("#feuille").await;
    // As people type it.
    let typed = letter.code().to_lowercase().replace('-', " ");
    browser
        .submit("continuer", &[("identifiant", &format!(" {} ", letter.identifiant.to_uppercase())), ("code", &typed)])
        .await;
    browser.follow().await;
    assert_eq!(browser.page.heading(), "C'est bien moi", "{}", browser.page.visible_text());
    let said = browser.page.visible_text();
    assert!(said.contains("Anaïs N.") && said.contains("Clg Théodore Monod"), "{said}");
    assert!(!said.contains("N'DIAYE"), "{said}");
    browser.type_own_date("31/02/2013").await;
    browser.type_own_date("15/02/2013").await;
    assert!(browser.page.visible_text().contains("Il reste 4 essais"), "{}", browser.page.visible_text());
    browser.type_own_date(DATES[0]).await;
    assert_eq!(browser.shown_identifiant(), letter.identifiant);
    let ideas = crate::support::html::attributes(&browser.page.text(), "#autres-idees", "href");
    browser.get(&ideas[0]).await;
    let said = browser.page.visible_text();
    assert!(said.contains("Trois idées"), "{said}");
    browser.type_password(NEW).await;
    assert_eq!(browser.page.heading(), "Votre compte est activé.", "{}", browser.page.visible_text());
    assert!(browser.has_session());
    assert_eq!(server.query_texts("SELECT state FROM letter").await, ["used"]);
    assert_eq!(server.query_texts("SELECT state FROM account").await, ["active"]);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE caution_until IS NOT NULL").await, 0);
    assert_eq!(server.query_texts("SELECT amr FROM session").await, ["pwd"]);

    let facts = server.audit_facts().await;
    for fact in ["letter_issued", "identifiant_given", "code_accepted", "password_chosen", "signed_in"] {
        assert!(facts.iter().any(|f| f == fact), "{fact}: {facts:?}");
    }
    let stored = server.query_texts("SELECT code FROM letter").await;
    assert!(!stored[0].contains(letter.code.as_str()));
}

#[tokio::test]
async fn a_parent_without_a_mobile_gets_an_account_by_a_letter_and_a_child_s_birth_date() {
    let server = start().await;
    let letter = server.print_parent().await;
    let mut browser = Browser::new(&server);
    browser.type_letter(&letter.identifiant, &letter.code()).await;
    assert_eq!(browser.page.heading(), "Mes enfants", "{}", browser.page.visible_text());
    browser.submit("confirmer", &[("date_naissance_1", DATES[0]), ("date_naissance_2", DATES[1])]).await;
    browser.follow().await;
    assert!(!browser.page.has_element(".ideas"));
    browser.type_password(PASSWORD).await;
    assert!(browser.has_session(), "{}", browser.page.visible_text());
    let mut again = Browser::new(&server);
    again.get("/connexion").await;
    again.sign_in_with(&letter.identifiant, PASSWORD).await;
    assert!(again.has_session());

    // An active parent without a usable mobile gets a letter for a new password; then caution.
    server.advance(Span::minutes(1));
    let reset = server.print(LetterScope::Identifiant(letter.identifiant.clone()), Profile::Responsable, false).await;
    assert_eq!(server.query_texts("SELECT kind FROM letter ORDER BY issued_at, id").await, ["first", "reset"]);
    server.advance(Span::minutes(1));
    browser.type_letter(&letter.identifiant, &reset[0].code()).await;
    browser.submit("confirmer", &[("date_naissance_1", DATES[0]), ("date_naissance_2", DATES[1])]).await;
    browser.follow().await;
    browser.type_password(NEW).await;
    assert_eq!(browser.page.heading(), "Votre nouveau mot de passe est enregistré.");
    let caution = server.query_count("SELECT caution_until FROM account").await;
    assert_eq!(caution, server.now().plus(Span::hours(48)).0);
    assert_eq!(again.get("/compte").await.status, StatusCode::SEE_OTHER, "the other session ended");
}

#[tokio::test]
async fn the_password_field_of_the_sign_in_takes_a_code() {
    let server = start().await;
    let letter = server.print_pupil().await;
    let mut browser = Browser::new(&server);
    browser.get("/connexion").await;
    let fields = [("identifiant", letter.identifiant.as_str()), ("mot_de_passe", letter.code.as_str())];
    let answer = browser.submit("se-connecter", &fields).await;
    assert_eq!(answer.status, StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(answer.headers["location"], "/lettre");
    // The browser posts the same fields again (RFC 9110 15.4.8).
    browser.post("/lettre", &fields).await;
    browser.follow().await;
    assert_eq!(browser.page.heading(), "C'est bien moi");
}

#[tokio::test]
async fn takeover_w8_a_used_a_replaced_and_an_expired_code_are_told_to_whoever_types_that_very_code() {
    let server = start().await;
    let first = server.print_pupil().await;
    server.advance(Span::days(1));
    let second = server.print_pupil().await;
    assert_eq!(first.identifiant, second.identifiant, "one account for life");
    let mut browser = Browser::new(&server);
    browser.type_letter(&first.identifiant, &first.code()).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(browser.page.visible_text().contains("Une feuille plus récente existe"), "{}", browser.page.visible_text());
    server.advance(Span::days(15));
    browser.type_letter(&second.identifiant, &second.code()).await;
    assert!(browser.page.visible_text().contains("Ce code n'est plus valable depuis le"));
    let third = server.print_pupil().await;
    browser.type_letter(&third.identifiant, &third.code()).await;
    browser.type_own_date(DATES[0]).await;
    browser.type_password(NEW).await;
    assert!(browser.has_session());
    let mut other = Browser::new(&server);
    other.type_letter(&third.identifiant, &third.code()).await;
    assert!(other.page.visible_text().contains("Ce code a déjà servi le"), "{}", other.page.visible_text());
    assert!(!other.page.has_element("#confirmer"));
    // None of them cost a try.
    other.type_letter(&third.identifiant, &LetterCode::draw(server.app.rng.as_ref()).to_printed_form()).await;
    assert!(other.page.visible_text().contains("Il reste 9 essais"), "{}", other.page.visible_text());
}

/// A letter that bears a wrong name, or went to somebody else.
#[tokio::test]
async fn takeover_w8_a_school_takes_a_letter_back_also_from_a_browser_that_typed_its_code() {
    let server = start().await;
    let letter = server.print_pupil().await;
    let mut taker = Browser::new(&server);
    taker.type_letter(&letter.identifiant, &letter.code()).await;
    taker.type_own_date(DATES[0]).await;
    assert!(taker.page.has_element("#terminer"));
    let id = server.query_texts("SELECT id FROM pupil WHERE account_id IS NOT NULL").await.remove(0);
    let page = format!("/admin/personnes/{id}");
    let mut desk = server.create_administrator(AdminRole::HelpDesk, "school:0349999J", "h@ecole.example").await;
    desk.browser.get(&page).await;
    assert_eq!(desk.browser.page.status, StatusCode::OK);
    assert!(!desk.browser.page.has_element("#retirer-lettre"), "whoever prints none takes none back");
    let fields = [("geste", "withdraw_letter"), ("raison", "x")];
    desk.browser.post(&format!("{page}/geste"), &fields).await;
    assert_eq!(desk.browser.page.status, StatusCode::NOT_FOUND);
    // Of another class, there is no such pupil.
    let mut other = server.create_administrator(AdminRole::Delegate, "class:0349999J/4 C", "e@ecole.example").await;
    other.browser.post(&format!("{page}/geste"), &fields).await;
    assert_eq!(other.browser.page.status, StatusCode::NOT_FOUND);
    let mut delegate = server.create_administrator(AdminRole::Delegate, "class:0349999J/6 A", "d@ecole.example").await;
    delegate.browser.get(&page).await;
    delegate.browser.submit("retirer-lettre", &[("raison", "")]).await;
    assert_eq!(delegate.browser.page.status, StatusCode::UNPROCESSABLE_ENTITY, "a reason is asked for");
    assert_eq!(server.query_texts("SELECT state FROM letter").await, ["taken"]);
    delegate.browser.submit("retirer-lettre", &[("raison", "Mauvais élève")]).await;
    assert_eq!(delegate.browser.page.location(), format!("{page}?fait=withdraw_letter"));
    assert_eq!(server.query_texts("SELECT state FROM letter").await, ["withdrawn"]);
    delegate.browser.follow().await;
    let said = delegate.browser.page.visible_text();
    assert!(said.contains("La lettre est retirée") && said.contains("Lettre retirée par l'établissement"), "{said}");
    assert!(!delegate.browser.page.has_element("#retirer-lettre"), "there is none any more");
    // Posted twice, by a page that is older than that.
    delegate.browser.post(&format!("{page}/geste"), &fields).await;
    assert_eq!(delegate.browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let journal = "SELECT fact || '/' || detail || '/' || reason || '/' || role FROM audit \
                   WHERE fact IN ('letter_withdrawn', 'person_unblocked') ORDER BY fact";
    let told = ["letter_withdrawn/first/Mauvais élève/delegate@0349999J/6 A"];
    assert_eq!(server.query_texts(journal).await, told, "and it unblocked nobody");
    // The browser that was on its way goes no further, and the code is answered like one whose time is over.
    taker.type_password(NEW).await;
    let said = taker.page.visible_text();
    assert!(!taker.has_session() && said.contains("L'établissement a retiré la feuille"), "{said}");
    let mut late = Browser::new(&server);
    late.type_letter(&letter.identifiant, &letter.code()).await;
    assert!(late.page.visible_text().contains("Ce code n'est plus valable depuis le"), "{}", late.page.visible_text());
    // Another one may be printed.
    let again = server.print_pupil().await;
    late.type_letter(&again.identifiant, &again.code()).await;
    late.type_own_date(DATES[0]).await;
    late.type_password(NEW).await;
    assert!(late.has_session());
}

#[tokio::test]
async fn a_school_takes_back_no_letter_of_another_school_and_none_that_was_used() {
    let server = start().await;
    let at_lycee = TestFamily { children: vec![(900_012, "Inès", "02/02/2010", "2 A")], ..family() };
    server.import_families("montpellier", LYCEE, &[at_lycee]).await;
    server.print_parent().await;
    let id = server.query_texts("SELECT id FROM person WHERE account_id IS NOT NULL").await.remove(0);
    let page = format!("/admin/personnes/{id}");
    let fields = [("geste", "withdraw_letter"), ("raison", "x")];
    let mut other = server.create_administrator(AdminRole::SchoolHead, "school:0349998H", "b@ecole.example").await;
    other.browser.get(&page).await;
    assert_eq!(other.browser.page.status, StatusCode::OK, "a child is there too");
    assert!(!other.browser.page.has_element("#retirer-lettre"));
    other.browser.post(&format!("{page}/geste"), &fields).await;
    assert_eq!(other.browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(server.query_texts("SELECT state FROM letter").await, ["issued"]);
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "a@ecole.example").await;
    head.browser.get(&page).await;
    server.execute_sql("UPDATE letter SET state = 'used', ended_at = issued_at", Vec::new()).await;
    head.browser.submit("retirer-lettre", &fields[1..]).await;
    assert_eq!(head.browser.page.status, StatusCode::UNPROCESSABLE_ENTITY, "it was used meanwhile");
    assert_eq!(server.query_texts("SELECT state FROM letter").await, ["used"]);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM audit WHERE fact = 'letter_withdrawn'").await, 0);
}

/// Four pupils of one class, born on the same day.
fn class() -> Vec<TestFamily> {
    let family = |(n, given): (u32, &'static str)| TestFamily {
        key: 600_000 + n,
        nom: "PETIT",
        prenom: "Paul",
        phone: "",
        children: vec![(700_000 + n, given, DATES[0], "6 A")],
    };
    (0..).zip(["Léo", "Zoé", "Inès", "Noé"]).map(family).collect()
}

/// Prints a batch of the class as the console does; its codes are known. Returns its id and the letters.
async fn print_batch(server: &TestServer) -> (String, Vec<Printed>) {
    let printed = server.print(LetterScope::Class("6a".into()), Profile::Eleve, true).await;
    let (id, now) = (format!("{:032x}", server.now().0), server.now().0);
    let batch = "INSERT INTO letter_batch (id, uai, class, part, profile, printed_by, printed_at, reason, letters) \
                 VALUES ($1, '0349999J', '6 A', 'class', 'eleve', 'x', $2, 'Rentrée', 4)";
    server.execute_sql(batch, vec![id.as_str().into(), now.into()]).await;
    let letters = "UPDATE letter SET batch_id = $1 WHERE ended_at IS NULL AND batch_id IS NULL";
    assert_eq!(server.execute_sql(letters, vec![id.as_str().into()]).await, 4);
    (id, printed)
}

async fn start_with_class() -> TestServer {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &class()).await;
    server
}

/// How many letters are in each state, as `state n`.
async fn states(server: &TestServer) -> Vec<String> {
    let sql = "SELECT state || ' ' || CAST(COUNT(*) AS TEXT) FROM letter GROUP BY state ORDER BY state";
    server.query_texts(sql).await
}

const BATCH_FACTS: &str = "SELECT fact || '/' || COALESCE(uai, '') || '/' || COALESCE(role, '') || '/' || \
                           COALESCE(actor_kind, '') || '/' || reason || '/' || before || '/' || after FROM audit \
                           WHERE fact IN ('letter_batch_withdrawn', 'letter_withdrawn', 'person_unblocked')";

/// Letters that were lost on the way to the school, or printed for the wrong class.
#[tokio::test]
async fn takeover_w8_a_school_takes_a_batch_back_also_from_a_browser_and_used_letters_stay_used() {
    let server = start_with_class().await;
    let (id, letters) = print_batch(&server).await;
    let mut user = Browser::new(&server);
    user.type_letter(&letters[0].identifiant, &letters[0].code()).await;
    user.type_own_date(DATES[0]).await;
    user.type_password(NEW).await;
    assert!(user.has_session(), "{}", user.page.visible_text());
    let mut taker = Browser::new(&server);
    taker.type_letter(&letters[1].identifiant, &letters[1].code()).await;
    taker.type_own_date(DATES[0]).await;
    assert!(taker.page.has_element("#terminer"), "{}", taker.page.visible_text());
    let page = format!("/admin/lettres/{id}");
    let fields = [("raison", "Perdues en route")];
    // Outside of the territory it is answered like what is not there.
    let unknown = format!("/admin/lettres/{}", "0".repeat(32));
    for (n, (role, territory)) in [
        (AdminRole::SchoolHead, "school:0349998H"),
        (AdminRole::Delegate, "class:0349999J/5 B"),
        (AdminRole::Academy, "academy:toulouse"),
        (AdminRole::HelpDesk, "school:0349999J"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut other = administrator(&server, role, territory, &format!("x{n}@ac.example")).await;
        let mut seen = Vec::new();
        for path in [&page, &unknown] {
            other.browser.get(path).await;
            assert_eq!(other.browser.page.status, StatusCode::NOT_FOUND, "{territory} {path}");
            seen.push(other.browser.page.text().replace(path.as_str(), ""));
            other.browser.post(path, &fields).await;
            assert_eq!(other.browser.page.status, StatusCode::NOT_FOUND, "{territory} {path}");
        }
        assert_eq!(seen[0], seen[1], "{territory}");
    }
    // Whoever prints one letter of the class sees the batch, and takes none back.
    let mut delegate = server.create_administrator(AdminRole::Delegate, "class:0349999J/6 A", "d@ecole.example").await;
    delegate.browser.get(&page).await;
    assert_eq!(delegate.browser.page.status, StatusCode::OK, "{}", delegate.browser.page.visible_text());
    assert!(!delegate.browser.page.has_element("#retirer-lot"));
    delegate.browser.post(&page, &fields).await;
    assert_eq!(delegate.browser.page.status, StatusCode::NOT_FOUND);
    assert_eq!(states(&server).await, ["issued 2", "taken 1", "used 1"]);
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    head.browser.get("/admin/lettres").await;
    head.browser.get(&page).await;
    let said = head.browser.page.visible_text();
    assert!(said.contains("3 lettres sont encore valables") && said.contains("Rentrée"), "{said}");
    let mut older = head.browser.clone_browser();
    older.get(&page).await;
    head.browser.submit("retirer-lot", &[("raison", " ")]).await;
    assert_eq!(head.browser.page.status, StatusCode::UNPROCESSABLE_ENTITY, "a reason is asked for");
    assert!(head.browser.page.visible_text().contains("Dites pourquoi"));
    assert_eq!(states(&server).await, ["issued 2", "taken 1", "used 1"]);
    head.browser.submit("retirer-lot", &fields).await;
    assert_eq!(head.browser.page.location(), page, "{}", head.browser.page.visible_text());
    assert_eq!(states(&server).await, ["used 1", "withdrawn 3"]);
    head.browser.follow().await;
    let said = head.browser.page.visible_text();
    assert!(said.contains("3 lettres ont été retirées aujourd'hui"), "{said}");
    assert!(!head.browser.page.has_element("#retirer-lot"), "there is none any more");
    head.browser.get("/admin/lettres").await;
    assert!(head.browser.page.visible_text().contains("3 lettres retirées aujourd'hui"));
    // Posted twice, by a page that is older than that: the same answer, and one line of the journal.
    older.submit("retirer-lot", &[("raison", "Encore")]).await;
    assert_eq!(older.page.location(), page, "{}", older.page.visible_text());
    let told = ["letter_batch_withdrawn/0349999J/school_head@0349999J/administrator/Perdues en route/3/0"];
    assert_eq!(server.query_texts(BATCH_FACTS).await, told);
    // The browser that was on its way goes no further, and a code is answered like one whose time is over.
    taker.type_password(NEW).await;
    let said = taker.page.visible_text();
    assert!(!taker.has_session() && said.contains("L'établissement a retiré la feuille"), "{said}");
    let mut late = Browser::new(&server);
    late.type_letter(&letters[2].identifiant, &letters[2].code()).await;
    assert!(late.page.visible_text().contains("Ce code n'est plus valable depuis le"), "{}", late.page.visible_text());
    // Others may be printed, and are of no batch that was taken back.
    let again = server.print(LetterScope::Identifiant(letters[2].identifiant.clone()), Profile::Eleve, true).await;
    late.type_letter(&again[0].identifiant, &again[0].code()).await;
    late.type_own_date(DATES[0]).await;
    late.type_password(NEW).await;
    assert!(late.has_session(), "{}", late.page.visible_text());
    // A proof of ten minutes ago is none.
    server.advance(Span::minutes(6));
    head.browser.post(&page, &fields).await;
    let proof = head.browser.page.location();
    assert!(proof.starts_with("/admin/preuve?") && proof.contains("lettres"), "{proof}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_taken_back_by_two_at_once_is_journalled_once() {
    let server = start_with_class().await;
    let (id, _) = print_batch(&server).await;
    let page = format!("/admin/lettres/{id}");
    let mut open = Vec::new();
    for (n, (role, territory)) in
        [(AdminRole::SchoolHead, "school:0349999J"), (AdminRole::Academy, "academy:montpellier")]
            .into_iter()
            .enumerate()
    {
        let mut one = administrator(&server, role, territory, &format!("a{n}@ac.example")).await;
        one.browser.get(&page).await;
        open.extend([one.browser.clone_browser(), one.browser.clone_browser()]);
    }
    let mut all = tokio::task::JoinSet::new();
    for mut browser in open {
        let page = page.clone();
        all.spawn(async move {
            browser.get(&page).await;
            browser.post(&page, &[("raison", "Mauvaise classe")]).await;
            (browser.page.status, browser.page.location().to_owned())
        });
    }
    for answer in all.join_all().await {
        assert_eq!(answer, (StatusCode::SEE_OTHER, page.clone()));
    }
    assert_eq!(states(&server).await, ["withdrawn 4"]);
    assert_eq!(server.query_texts(BATCH_FACTS).await.len(), 1);
    assert_eq!(server.query_count("SELECT letters_withdrawn FROM letter_batch").await, 4);
}

#[tokio::test]
async fn an_operator_takes_a_batch_back_once_and_none_of_which_nothing_serves() {
    let server = start_with_class().await;
    let (id, letters) = print_batch(&server).await;
    let take_back = async |id: &str, reason: &str| {
        withdraw_batch_by_command(server.operation().database(), id, reason).await.map_err(|error| error.to_string())
    };
    for (id, reason, why) in [
        ("0123", "x", "there is no batch 0123"),
        (&*"0".repeat(32), "x", "there is no batch"),
        (&*id, "  ", "the reason is empty"),
        (&*id, &*"x".repeat(301), "the reason is empty, or longer"),
    ] {
        let error = take_back(id, reason).await.unwrap_err();
        assert!(error.starts_with(why), "{why}: {error}");
    }
    assert_eq!(states(&server).await, ["issued 4"]);
    // An hour before its end a code is typed; an hour after it the browser is on its way, and the others are over.
    server.advance(Span(Span::days(15).0 - Span::hours(1).0));
    let mut taker = Browser::new(&server);
    taker.type_letter(&letters[3].identifiant, &letters[3].code()).await;
    taker.type_own_date(DATES[0]).await;
    assert!(taker.page.has_element("#terminer"), "{}", taker.page.visible_text());
    server.advance(Span::minutes(90));
    for _ in 0..2 {
        let batch = take_back(&id, "Perdues").await.unwrap();
        assert_eq!((batch.letters_withdrawn, batch.used, batch.open), (Some(1), 0, 0), "the same answer");
    }
    assert_eq!(states(&server).await, ["issued 3", "withdrawn 1"]);
    assert_eq!(server.query_texts(BATCH_FACTS).await, ["letter_batch_withdrawn/0349999J//operator/Perdues/1/0"]);
    taker.type_password(NEW).await;
    assert!(!taker.has_session() && taker.page.visible_text().contains("L'établissement a retiré la feuille"));
    // Of the next batch every letter was used, or is over.
    let (next, letters) = print_batch(&server).await;
    let mut user = Browser::new(&server);
    user.type_letter(&letters[0].identifiant, &letters[0].code()).await;
    user.type_own_date(DATES[0]).await;
    user.type_password(NEW).await;
    assert!(user.has_session(), "{}", user.page.visible_text());
    server.advance(Span::days(16));
    let error = take_back(&next, "Perdues").await.unwrap_err();
    assert!(error.starts_with("no letter of batch"), "{error}");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM letter_batch WHERE withdrawn_at IS NULL").await, 1);
    assert_eq!(server.query_texts(BATCH_FACTS).await.len(), 1);
    let mut head = server.create_administrator(AdminRole::SchoolHead, "school:0349999J", "c@ecole.example").await;
    head.browser.post(&format!("/admin/lettres/{next}"), &[("raison", "x")]).await;
    assert_eq!(head.browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(head.browser.page.visible_text().contains("il n'y a rien à retirer"));
}

#[tokio::test]
async fn what_cannot_be_a_code_costs_no_try_and_says_what_is_wrong() {
    let server = start().await;
    let letter = server.print_pupil().await;
    let code = letter.code();
    let mut browser = Browser::new(&server);
    let mut slip: Vec<char> = code.chars().collect();
    slip.swap(0, 1);
    if slip[0] == slip[1] {
        slip.swap(1, 2);
    }
    for (typed, said) in [
        (String::new(), "Indiquez le code"),
        (code[1..].to_owned(), "12 lettres et chiffres"),
        (format!("0{}", &code[1..]), "ni zéro ni lettre O"),
        (format!("i{}", &code[1..]), "ni zéro ni lettre O"),
        (format!("B{}", &code[1..]), "faute de frappe"),
        (slip.iter().collect(), "faute de frappe"),
        ("x".repeat(5_000), "12 lettres et chiffres"),
    ] {
        browser.type_letter(&letter.identifiant, &typed).await;
        assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(browser.page.visible_text().contains(said), "{typed}: {}", browser.page.visible_text());
        // What was typed stays, to be compared with the sheet.
        let kept: String = typed.chars().take(60).collect();
        assert!(kept.is_empty() || browser.page.text().contains(&format!("value=\"{kept}")), "{kept}");
        // Typed as a password, it is shown nowhere.
        let fields = [("identifiant", letter.identifiant.as_str()), ("mot_de_passe", typed.as_str())];
        browser.post("/lettre", &fields).await;
        assert!(kept.is_empty() || !browser.page.text().contains(&kept), "{kept}");
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM budget WHERE action = 'letter_code'").await, 0);
}

/// Everything that a visitor can do with wrong codes, and what each answer was.
async fn everything(identifiant: &str) -> Vec<String> {
    let server = start().await;
    let letter = server.print_pupil().await;
    let parent = server.print_parent().await;
    let identifiant = if identifiant.is_empty() { letter.identifiant.as_str() } else { identifiant };
    let shown = |page: &TestResponse| masked(page).replace(identifiant, "{identifiant}");
    let mut seen = Vec::new();
    let mut browser = Browser::new(&server);
    browser.get("/connexion").await;
    let wrong = LetterCode::draw(server.app.rng.as_ref());
    let fields = [("identifiant", identifiant), ("mot_de_passe", wrong.as_str())];
    seen.push(shown(browser.submit("se-connecter", &fields).await));
    seen.push(shown(browser.post("/lettre", &fields).await));
    // Another person's letter.
    browser.get("/lettre").await;
    seen.push(shown(browser.submit("continuer", &[("identifiant", identifiant), ("code", &parent.code())]).await));
    for _ in 0..10 {
        let wrong = LetterCode::draw(server.app.rng.as_ref()).to_printed_form();
        seen.push(shown(browser.submit("continuer", &[("identifiant", identifiant), ("code", &wrong)]).await));
    }
    seen
}

#[tokio::test]
async fn threat_s05_a_wrong_letter_code_is_answered_alike_for_known_and_unknown_identifiants() {
    let known = everything("").await;
    // As long as the real one, so that the pages are.
    let unknown = everything("a.ndiayz00").await;
    assert!(known.iter().any(|page| page.starts_with("429")), "the tries were used up");
    for (n, (known, unknown)) in known.iter().zip(&unknown).enumerate() {
        assert_eq!(known, unknown, "answer {n}");
    }
    assert_eq!(known.len(), unknown.len());
}

#[tokio::test]
async fn attack_l6_as_many_letters_are_read_for_an_account_without_one_and_for_nobody() {
    let server = start().await;
    let letter = server.print_pupil().await;
    let without = server.create_account_of("montpellier", &family()).await;
    let with = server.query_texts("SELECT account_id FROM letter").await.remove(0);
    for id in [with.as_str(), without.account_id.as_str(), ""] {
        let mut tx = server.app.db.read().await.unwrap();
        let read = letters::store::list_to_compare(&mut tx, &AccountId::new(id)).await.unwrap();
        assert_eq!(read.len(), 1, "{id}");
    }
    // What is read for others is theirs for all that.
    let mut browser = Browser::new(&server);
    for identifiant in [without.identifiant.as_str(), "a.ndiayz00"] {
        browser.type_letter(identifiant, &letter.code()).await;
        assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY, "{identifiant}");
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM letter WHERE state = 'issued'").await, 1);
    browser.type_letter(&letter.identifiant, &letter.code()).await;
    assert_eq!(browser.page.heading(), "C'est bien moi", "{}", browser.page.visible_text());
}

#[tokio::test]
async fn attack_l5_a_stranger_elsewhere_uses_up_no_tries_but_from_ten_networks() {
    let server = start().await;
    let letter = server.print_pupil().await;
    let wrong = async |address: [u8; 4]| {
        let mut stranger = Browser::new(&server);
        stranger.address = address.into();
        let code = LetterCode::draw(server.app.rng.as_ref()).to_printed_form();
        stranger.type_letter(&letter.identifiant, &code).await;
        stranger.page.status
    };
    for n in 0..10 {
        assert_eq!(wrong([198, 51, 100, n]).await, StatusCode::UNPROCESSABLE_ENTITY);
    }
    assert_eq!(wrong([198, 51, 100, 77]).await, StatusCode::TOO_MANY_REQUESTS, "one network");
    // The pupil at home is not concerned, and gets a known device.
    let mut home = Browser::new(&server);
    home.address = [192, 0, 2, 1].into();
    home.type_letter(&letter.identifiant, &letter.code()).await;
    assert_eq!(home.page.heading(), "C'est bien moi");
    home.submit("confirmer", &[("date_naissance", DATES[0])]).await;
    home.follow().await;
    home.type_password(NEW).await;
    assert!(home.has_session(), "{}", home.page.visible_text());
    // Nine networks more, and everybody waits: a code must not be guessed from a thousand places.
    let reset = server.print_pupil().await;
    for network in 1..10 {
        for n in 0..10 {
            let status = wrong([198, 51, 100 + network, n]).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{network} {n}");
        }
    }
    assert_eq!(wrong([203, 0, 113, 1]).await, StatusCode::TOO_MANY_REQUESTS, "all networks");
    // But a device that the account knows has tries of its own.
    let mut elsewhere = Browser::new(&server);
    elsewhere.address = [192, 0, 2, 1].into();
    elsewhere.type_letter(&reset.identifiant, &reset.code()).await;
    assert_eq!(elsewhere.page.status, StatusCode::TOO_MANY_REQUESTS);
    home.post("/deconnexion", &[]).await;
    home.type_letter(&reset.identifiant, &reset.code()).await;
    assert_eq!(home.page.heading(), "C'est bien moi");
}

#[tokio::test]
async fn ten_wrong_codes_and_the_right_one_waits_a_day() {
    let server = start().await;
    let letter = server.print_pupil().await;
    let mut browser = Browser::new(&server);
    for _ in 0..10 {
        let wrong = LetterCode::draw(server.app.rng.as_ref()).to_printed_form();
        browser.type_letter(&letter.identifiant, &wrong).await;
        assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    browser.type_letter(&letter.identifiant, &letter.code()).await;
    assert_eq!(browser.page.status, StatusCode::TOO_MANY_REQUESTS);
    server.advance(Span::hours(25));
    browser.type_letter(&letter.identifiant, &letter.code()).await;
    assert_eq!(browser.page.heading(), "C'est bien moi");
}

#[tokio::test]
async fn threat_s08_the_sheet_in_the_wrong_hands_stops_at_the_birth_date() {
    let server = start().await;
    let letter = server.print_pupil().await;
    let mut browser = Browser::new(&server);
    browser.type_letter(&letter.identifiant, &letter.code()).await;
    for _ in 0..5 {
        browser.type_own_date("01/01/2012").await;
    }
    assert_eq!(browser.page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(browser.page.visible_text().contains("Revenez demain"), "{}", browser.page.visible_text());
    browser.type_own_date(DATES[0]).await;
    assert_eq!(browser.page.status, StatusCode::TOO_MANY_REQUESTS, "nothing is compared any more");
    let told = "SELECT n.kind || ' ' || u.given_name || ' ' || n.uai FROM notice n JOIN pupil u ON u.id = n.pupil_id";
    assert_eq!(server.query_texts(told).await, [format!("recovery_failed Anaïs {MONOD}")], "the school is told, once");
    preau::bootstrap::settle_and_mail(&server.app, String::new()).await;
    let open = "SELECT COUNT(*) FROM notice WHERE kind = 'recovery_failed' AND settled_at IS NULL";
    assert_eq!(server.query_count(open).await, 1, "and sees to it");
    // A step is left by its proof only.
    browser.get(&format!("/mot-de-passe-oublie/mot-de-passe?{}", browser.url.query().unwrap())).await;
    browser.follow().await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/naissance");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE password IS NOT NULL").await, 0);
    server.advance(Span::hours(25));
    browser.type_letter(&letter.identifiant, &letter.code()).await;
    browser.type_own_date(DATES[0]).await;
    assert!(browser.page.has_element("#terminer"), "the letter still serves its pupil");
}

#[tokio::test]
async fn attack_s1_the_code_takes_its_letter_again_and_the_former_browser_gets_no_further() {
    let server = start().await;
    let letter = server.print_pupil().await;
    let mut first = Browser::new(&server);
    first.type_letter(&letter.identifiant, &letter.code()).await;
    first.type_own_date(DATES[0]).await;
    assert!(first.page.has_element("#terminer"));
    let mut second = Browser::new(&server);
    // The address alone is worth nothing in another browser.
    second.get("/lettre").await;
    let query = first.url.query().unwrap().to_owned();
    let answer = second.get(&format!("/mot-de-passe-oublie/mot-de-passe?{query}")).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    second.type_letter(&letter.identifiant, &letter.code()).await;
    assert_eq!(second.page.heading(), "C'est bien moi");
    first.type_password(NEW).await;
    assert!(!first.has_session(), "{}", first.page.visible_text());
    second.type_own_date(DATES[0]).await;
    second.type_password(PASSWORD).await;
    assert!(second.has_session());
}

#[tokio::test]
async fn fifty_redemptions_at_once_set_one_password() {
    let server = start().await;
    let letter = server.print_pupil().await;
    let mut browser = Browser::new(&server);
    browser.type_letter(&letter.identifiant, &letter.code()).await;
    browser.type_own_date(DATES[0]).await;
    // As if fifty browsers had been let in: the letter itself must refuse the others.
    let id = RecoveryId::new(server.query_texts("SELECT id FROM recovery").await.remove(0));
    let (op, key) = (server.operation(), &server.app.master_key);
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let held = recovery::store::find(&mut tx, key, &id).await.unwrap().unwrap();
    let id_of = |n: u32| RecoveryId::new(format!("{}{n}", &id[..20]));
    for n in 10..60 {
        let copy = Recovery { id: id_of(n), ..held.clone() };
        assert!(recovery::store::insert(&mut tx, key, &copy).await.unwrap());
    }
    tx.commit().await.unwrap();
    // Every page is open before the first is sent: the winner ends the others.
    let mut open = Vec::new();
    for n in 10..60 {
        let mut browser = browser.clone_browser();
        browser.get(&format!("/mot-de-passe-oublie/mot-de-passe?r={}", id_of(n))).await;
        open.push((n, browser));
    }
    let mut all = tokio::task::JoinSet::new();
    for (n, mut browser) in open {
        all.spawn(async move {
            let password = format!("Autre-mot-{n:02}");
            browser.type_password(&password).await;
            browser.has_session()
        });
    }
    let signed_in = all.join_all().await.into_iter().filter(|signed_in| *signed_in).count();
    assert_eq!(signed_in, 1);
    let facts = server.audit_facts().await;
    assert_eq!(facts.iter().filter(|fact| *fact == "password_chosen" || *fact == "password_replaced").count(), 1);
    assert_eq!(server.query_texts("SELECT state FROM letter").await, ["used"]);
}

#[tokio::test]
async fn only_people_without_an_account_or_a_mobile_get_letters_unless_asked_for() {
    let server = start().await;
    let mobile = TestFamily {
        key: 500_011,
        nom: "PETIT",
        phone: "06 39 98 00 11",
        children: vec![(900_012, "Léo", "03/05/2012", "6 A")],
        ..family()
    };
    server.import_families("montpellier", MONOD, &[family(), mobile.clone()]).await;
    server.create_account_of("montpellier", &mobile).await;
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let uai = Uai::parse(MONOD).unwrap();
    for (also, left_out) in [(false, 1), (true, 0)] {
        let class = LetterScope::Class("6A".into());
        let all = recipients::list(&mut tx, &uai, &class, Profile::Responsable, also).await.unwrap();
        assert_eq!(all.len(), 2, "{all:?}");
        assert_eq!(all.iter().filter(|r| r.left_out.is_some()).count(), left_out);
    }
    let nobody = LetterScope::Class("3 Z".into());
    assert!(recipients::list(&mut tx, &uai, &nobody, Profile::Eleve, true).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_password_by_another_way_ends_the_letter_that_waits() {
    let mobile = TestFamily { phone: "06 39 98 00 10", ..family() };
    let server = TestServer::start_with_open_campaign(std::slice::from_ref(&mobile)).await;
    let letter = server.print_parent().await;
    let mut browser = Browser::at_activation(&server).await;
    let identifiant = browser.activate(&server, &mobile).await;
    assert_eq!(identifiant, letter.identifiant, "the activation joins the letter's account");
    assert_eq!(server.query_texts("SELECT state FROM letter").await, ["withdrawn"]);
    let mut other = Browser::new(&server);
    other.type_letter(&letter.identifiant, &letter.code()).await;
    assert!(other.page.visible_text().contains("Ce code n'est plus valable depuis le"));
}

#[tokio::test]
async fn a_suspended_account_is_told_so_after_its_letter_s_code() {
    let server = start().await;
    let letter = server.print_pupil().await;
    server.execute_sql("UPDATE account SET suspended_by = 'school'", Vec::new()).await;
    let mut browser = Browser::new(&server);
    browser.type_letter(&letter.identifiant, &letter.code()).await;
    assert_eq!(browser.page.heading(), "Ce compte est suspendu");
    assert!(browser.page.visible_text().contains("Clg Théodore Monod"));
}

#[tokio::test]
async fn a_pupil_is_told_of_with_school_and_class_and_without_children() {
    let server = start().await;
    let letter = server.print_pupil().await;
    let ent = crate::support::TestRelyingParty::new(&server, "ent");
    let attempt = ent.attempt();
    let mut browser = Browser::new(&server);
    browser.open(&attempt.url).await;
    browser.click("#feuille").await;
    browser.submit("continuer", &[("identifiant", &letter.identifiant), ("code", &letter.code())]).await;
    browser.follow().await;
    browser.type_own_date(DATES[0]).await;
    browser.type_password(NEW).await;
    let to = browser.page.link_target("#continuer");
    let landed = browser.open(&to).await.expect_redirect_away();
    let tokens = ent.tokens(&attempt, &ent.code(&landed, &attempt)).await;
    let claims = ent.userinfo(&tokens.access_token).await.json();
    assert_eq!(claims["education_profile"], "eleve");
    assert_eq!((&claims["class"], &claims["schools"][0]["uai"]), (&"6 A".into(), &MONOD.into()));
    assert_eq!(claims["FrEduVecteur"][0], format!("4|N'DIAYE|Anaïs|900010|{MONOD}"));
    assert!(claims.get("children").is_none() && claims.get("birthdate").is_none(), "{claims}");
    server.execute_sql("UPDATE school SET first_degree = TRUE WHERE uai = $1", vec![MONOD.into()]).await;
    let claims = ent.userinfo(&tokens.access_token).await.json();
    assert_eq!(claims["FrEduVecteur"][0], format!("3|N'DIAYE|Anaïs|900010|{MONOD}"));
    // The own birth date is in the pupil's export, and in no claim.
    browser.get("/compte/donnees").await;
    browser.submit("telecharger", &[("mot_de_passe", NEW)]).await;
    assert_eq!(browser.page.json()["school_records"]["pupils"][0]["birth_date"], "2013-02-14");

    // The account page leads a pupil to the same portal, and names the school.
    let said = browser.get("/compte").await.visible_text();
    assert!(said.contains("Service ent") || said.contains("Clg"), "{said}");

    // Once the enrolment ends, nothing of the pupil is in the perimeter any more.
    server.execute_sql("UPDATE enrolment SET ended_at = 5", Vec::new()).await;
    let again = ent.attempt();
    browser.open(&again.url).await;
    assert_eq!(browser.page.status, StatusCode::FORBIDDEN);
    let said = browser.page.visible_text();
    assert!(said.contains("ne concerne pas votre établissement") && !said.contains("enfants"), "{said}");
}

#[tokio::test]
async fn threat_s04_codes_by_chance_from_one_place_are_stopped_and_a_class_in_one_room_is_not() {
    let server = TestServer::start_with_config(|config| config.limits.activations = 3).await;
    server.import_families("montpellier", MONOD, &[family()]).await;
    let letter = server.print_pupil().await;
    // Right codes give their place back.
    for _ in 0..5 {
        let mut browser = Browser::new(&server);
        browser.type_letter(&letter.identifiant, &letter.code()).await;
        assert!(browser.page.has_element("#confirmer"), "{}", browser.page.visible_text());
    }
    let statuses = async |n: usize| {
        let mut browser = Browser::new(&server);
        browser.get("/lettre").await;
        let identifiant = format!("x.nobody{n:02}");
        browser.submit("continuer", &[("identifiant", &identifiant), ("code", &letter.code())]).await.status
    };
    for n in 0..3 {
        assert_eq!(statuses(n).await, StatusCode::UNPROCESSABLE_ENTITY, "{n}");
    }
    let written = server.query_count("SELECT COUNT(*) FROM budget").await;
    assert_eq!(statuses(3).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM budget").await, written, "nothing is written any more");
}

/// Prints the letters of a request as the command does, up to the file.
async fn prepare(server: &TestServer, agent: &str, join: Option<LetterJoinRequest>) -> anyhow::Result<LetterBatch> {
    let op = server.operation().by(Actor::Operator(agent.to_owned()));
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let press = LetterPress { notices: NoticeContext::from(&*server.app), issuer: server.issuer(), by_pupil: false };
    let request = LetterBatchRequest {
        uai: Uai::parse(MONOD).unwrap(),
        scope: LetterScope::Class("6a".into()),
        profile: Profile::Responsable,
        also_active: true,
        past_factor: false,
        join,
        reason: "test".to_owned(),
        batch_id: None,
    };
    let batch = batch::prepare(&mut tx, press.notices.master_key, &request).await;
    if let Ok(batch) = &batch {
        batch::issue_all(&mut tx, press, &request, batch).await.unwrap().unwrap();
    }
    tx.commit().await.unwrap();
    batch
}

#[tokio::test]
async fn an_account_that_changes_while_its_letter_is_drawn_is_told_and_no_letter_of_the_batch_serves() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand(), TestFamily::petit()]).await;
    let press = LetterPress { notices: NoticeContext::from(&*server.app), issuer: server.issuer(), by_pupil: false };
    let request = LetterBatchRequest {
        uai: Uai::parse(MONOD).unwrap(),
        scope: LetterScope::Class("6a".into()),
        profile: Profile::Eleve,
        also_active: true,
        past_factor: false,
        join: None,
        reason: "Rentrée".to_owned(),
        batch_id: None,
    };
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let prepared = batch::prepare(&mut tx, press.notices.master_key, &request).await.unwrap();
    tx.commit().await.unwrap();
    assert!(!prepared.letters.is_empty());
    let last = prepared.letters.last().unwrap().account.id.to_string();
    server.execute_sql("UPDATE account SET suspended_by = 'school' WHERE id = $1", vec![last.as_str().into()]).await;
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let issued = batch::issue_all(&mut tx, press, &request, &prepared).await.unwrap();
    assert_eq!(issued, Err(LetterAccountChanged));
    tx.rollback().await.unwrap();
    server.execute_sql("UPDATE account SET suspended_by = NULL WHERE id = $1", vec![last.as_str().into()]).await;
    let mut tx = op.write(Durability::Durable).await.unwrap();
    assert_eq!(batch::issue_all(&mut tx, press, &request, &prepared).await.unwrap(), Ok(()));
    tx.commit().await.unwrap();
    let letters = i64::try_from(prepared.letters.len()).unwrap();
    assert_eq!(server.query_count("SELECT COUNT(*) FROM letter").await, letters, "each once, by the second time");
}

#[tokio::test]
async fn takeover_w7_twenty_letters_a_day_for_active_parents_and_an_alarm_for_the_others() {
    let server = TestServer::start().await;
    let families: Vec<TestFamily> = (0..22)
        .map(|n| TestFamily {
            key: 600_000 + n,
            nom: "PETIT",
            prenom: "Paul",
            phone: "06 39 98 00 02",
            children: vec![(700_000 + n, "Léo", "03/05/2012", "6 A")],
        })
        .collect();
    server.import_families("montpellier", MONOD, &families).await;
    for family in &families[..21] {
        server.create_account_of("montpellier", family).await;
    }
    let counts = async |agent: &str| {
        let batch = prepare(&server, agent, None).await.unwrap();
        let refused = batch.left_out.iter().filter(|(_, why)| *why == LeftOut::DailyLimit).count();
        (batch.letters.len(), refused)
    };
    // The twenty-second parent has no account: a first letter is not counted.
    assert_eq!(counts("chef").await, (21, 1));
    assert_eq!(server.audit_facts().await.iter().filter(|fact| *fact == "letters_refused").count(), 1);
    assert_eq!(counts("chef").await, (1, 21));
    assert_eq!(counts("secretaire").await, (21, 1), "each agent");
    server.advance(Span::hours(24));
    assert_eq!(counts("chef").await, (21, 1));
}

#[tokio::test]
async fn a_letter_adds_a_child_to_the_account_that_is_signed_in() {
    let server = start().await;
    let known = server.create_account("Fatou", "LEBŒUF").await;
    let other = server.create_account("Marc", "LEBŒUF").await;
    let join = |identifiant: &str| {
        let (identifiant, pupil_key) = (identifiant.to_owned(), "900010".to_owned());
        Some(LetterJoinRequest { identifiant, pupil_key, person_key: None })
    };
    assert!(prepare(&server, "chef", join("z.personne07")).await.is_err());
    let batch = prepare(&server, "chef", join(&known.identifiant)).await.unwrap();
    let code = batch.letters[0].letter.code.to_printed_form();
    let sign_in = async |identifiant: &str| {
        let mut browser = Browser::new(&server);
        browser.get("/connexion").await;
        browser.sign_in_with(identifiant, PASSWORD).await;
        browser.get("/compte/enfants").await;
        browser
    };
    let mut stranger = sign_in(&other.identifiant).await;
    stranger.submit("continuer", &[("code", &code)]).await;
    assert_eq!(stranger.page.status, StatusCode::UNPROCESSABLE_ENTITY, "bound to the account");
    // Nor does it lead to a password.
    let mut door = Browser::new(&server);
    door.type_letter(&known.identifiant, &code).await;
    assert_eq!(door.page.status, StatusCode::UNPROCESSABLE_ENTITY);

    let mut parent = sign_in(&known.identifiant).await;
    parent.submit("continuer", &[("code", "K7PM")]).await;
    assert_eq!(parent.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    parent.submit("continuer", &[("code", &code)]).await;
    parent.follow().await;
    assert_eq!(
        server.query_count("SELECT COUNT(*) FROM person WHERE account_id IS NOT NULL").await,
        0,
        "the code alone"
    );
    parent.submit("ajouter-1", &[("date_naissance", "15/02/2013")]).await;
    assert_eq!(parent.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    parent.submit("ajouter-1", &[("date_naissance", DATES[0])]).await;
    parent.follow().await;
    assert!(parent.page.has_element("#retirer-1"), "{}", parent.page.visible_text());
    assert_eq!(server.query_texts("SELECT state FROM letter").await, ["used"]);
    parent.submit("continuer", &[("code", &code)]).await;
    assert!(parent.page.visible_text().contains("a déjà servi"), "{}", parent.page.visible_text());
}

#[tokio::test]
async fn one_of_an_institutions_people_gets_one_child_by_a_letter() {
    let server = start().await;
    server.execute_sql("UPDATE link SET relation = '51'", Vec::new()).await;
    server.execute_sql("UPDATE person SET given_name = '', family_name = 'ASE 34'", Vec::new()).await;
    let batch = prepare(&server, "chef", None).await.unwrap();
    assert!(batch.letters.is_empty() && batch.left_out.iter().all(|(_, why)| *why == LeftOut::Institution));
    let educator = server.create_account("Nadia", "ROUX").await;
    let (identifiant, pupil_key) = (educator.identifiant.clone(), "900010".to_owned());
    let join = Some(LetterJoinRequest { identifiant, pupil_key, person_key: None });
    let batch = prepare(&server, "chef", join).await.unwrap();
    assert_eq!(batch.letters[0].recipient.full_name(), "Nadia ROUX", "for a named person");
    let mut browser = Browser::new(&server);
    browser.get("/connexion").await;
    browser.sign_in_with(&educator.identifiant, PASSWORD).await;
    browser.get("/compte/enfants").await;
    let code = batch.letters[0].letter.code.to_printed_form();
    browser.submit("continuer", &[("code", &code)]).await;
    browser.follow().await;
    assert!(!browser.page.has_element("#ajouter-2"), "one child by one letter: {}", browser.page.visible_text());
    assert!(!browser.page.visible_text().contains("Élie"), "nor is another one named");
    browser.submit("ajouter-1", &[("date_naissance", DATES[0])]).await;
    browser.follow().await;
    browser.get("/compte").await;
    let text = browser.page.visible_text();
    assert!(text.contains("Anaïs") && !text.contains("Élie"), "the other child of the service: {text}");
    browser.get("/compte/enfants").await;
    assert!(!browser.page.has_element("#ajouter-1"), "none is offered without a letter");
    // Whoever has the record asks for the child of the letter alone when the password is forgotten.
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let person = roster_store::list_persons_of_account(&mut tx, &educator.account_id).await.unwrap().remove(0);
    let asked = roster_store::list_children_of_person(&mut tx, &person).await.unwrap();
    assert_eq!(asked.iter().map(|child| child.given_name.as_str()).collect::<Vec<_>>(), ["Anaïs"]);
    tx.execute("UPDATE link SET ended_at = $1", vec![op.now.0.into()]).await.unwrap();
    let former = roster_store::list_former_children_of_account(&mut tx, &educator.account_id).await.unwrap();
    assert_eq!(former.iter().map(|child| child.given_name.as_str()).collect::<Vec<_>>(), ["Anaïs"]);
}

#[tokio::test]
async fn threat_s04_no_it_was_not_me_and_a_closing_withdraw_letters_for_one_more_child() {
    let server = start().await;
    let known = server.create_account("Fatou", "LEBŒUF").await;
    let print = async || {
        let (identifiant, pupil_key) = (known.identifiant.clone(), "900010".to_owned());
        let join = Some(LetterJoinRequest { identifiant, pupil_key, person_key: None });
        prepare(&server, "chef", join).await.unwrap().letters[0].letter.code.to_printed_form()
    };
    let sign_in = async || {
        let mut browser = Browser::new(&server);
        browser.get("/connexion").await;
        browser.sign_in_with(&known.identifiant, PASSWORD).await;
        browser.get("/compte/enfants").await;
        browser
    };
    let states = async || server.query_texts("SELECT state FROM letter ORDER BY issued_at, id").await;
    let mut home = sign_in().await;
    let code = print().await;
    server.advance(Span::minutes(1));
    let mut thief = sign_in().await;
    thief.submit("continuer", &[("code", &code)]).await;
    thief.follow().await;
    assert!(thief.page.has_element("#ajouter-1"), "{}", thief.page.visible_text());
    assert_eq!(states().await, ["taken"]);
    home.get("/compte").await;
    let id = home.page.values_of("evenement").remove(0);
    home.post("/compte/evenement", &[("evenement", &id), ("moi", "non")]).await;
    assert_eq!(states().await, ["withdrawn"]);
    home.get("/compte/enfants").await;
    assert!(!home.page.has_element("#ajouter-1"), "{}", home.page.visible_text());
    server.advance(Span::days(3));
    print().await;
    server.execute_sql("UPDATE account SET closes_at = $1", vec![server.now().0.into()]).await;
    assert_eq!(preau::my_account::ops::close_due(&server.operation()).await.unwrap(), 1);
    assert_eq!(states().await, ["withdrawn", "withdrawn"]);
}

#[tokio::test]
async fn the_link_decides_who_is_a_service_and_not_the_given_name() {
    let server = start().await;
    // A parent whom the school wrote without a given name joins by the letter of one child: the other is hidden.
    server.execute_sql("UPDATE person SET given_name = ''", Vec::new()).await;
    let known = server.create_account("Fatou", "LEBŒUF").await;
    let (identifiant, pupil_key) = (known.identifiant.clone(), "900010".to_owned());
    let join = Some(LetterJoinRequest { identifiant, pupil_key, person_key: None });
    let batch = prepare(&server, "chef", join).await.unwrap();
    let mut browser = Browser::new(&server);
    browser.get("/connexion").await;
    browser.sign_in_with(&known.identifiant, PASSWORD).await;
    browser.get("/compte/enfants").await;
    browser.submit("continuer", &[("code", &batch.letters[0].letter.code.to_printed_form())]).await;
    browser.follow().await;
    browser.submit("ajouter-1", &[("date_naissance", DATES[0])]).await;
    browser.follow().await;
    assert!(browser.page.has_element("#retirer-1") && !browser.page.has_element("#retirer-2"), "the own date each");
    assert!(browser.page.has_element("#ajouter-1"), "a sibling is offered");
    // With a given name, a service is one still.
    server.execute_sql("DELETE FROM link_withheld", Vec::new()).await;
    server.execute_sql("UPDATE person SET given_name = 'Nadia'", Vec::new()).await;
    server.execute_sql("UPDATE link SET relation = '51'", Vec::new()).await;
    browser.get("/compte/enfants").await;
    assert!(browser.page.has_element("#retirer-1") && !browser.page.has_element("#retirer-2"), "proven ones only");
    assert!(!browser.page.has_element("#ajouter-1"), "none is offered without a letter");
}

/// Prints a letter for one active parent, as the command does.
async fn print_for(server: &TestServer, identifiant: &str, past_factor: bool) -> String {
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    let press = LetterPress { notices: NoticeContext::from(&*server.app), issuer: server.issuer(), by_pupil: false };
    let request = LetterBatchRequest {
        uai: Uai::parse(MONOD).unwrap(),
        scope: LetterScope::Identifiant(identifiant.to_owned()),
        profile: Profile::Responsable,
        also_active: true,
        past_factor,
        join: None,
        reason: "vu par Mme Roux".to_owned(),
        batch_id: None,
    };
    let batch = batch::prepare(&mut tx, press.notices.master_key, &request).await.unwrap();
    batch::issue_all(&mut tx, press, &request, &batch).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    server.drain_outbox().await;
    batch.letters[0].letter.code.to_printed_form()
}

#[tokio::test]
async fn attack_m10_a_letter_printed_for_lost_factors_stands_for_them_from_the_next_morning() {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    server.advance(Span::days(4));
    server.enrol_application(&account).await;
    let with_letter = async |code: &str| {
        let mut browser = Browser::new(&server);
        browser.type_letter(&account.identifiant, code).await;
        browser.type_dates(&[DATES[0]]).await;
        browser
    };
    // A letter for a new password is no factor, however old.
    let plain = print_for(&server, &account.identifiant, false).await;
    server.advance(Span::hours(40));
    assert_eq!(with_letter(&plain).await.url.path(), "/mot-de-passe-oublie/preuve");

    let sent = server.messages().len();
    let code = print_for(&server, &account.identifiant, true).await;
    assert!(server.messages()[sent..].iter().any(|sms| sms.text.contains("a imprimé une lettre")), "told at once");
    let early = with_letter(&code).await;
    assert_eq!(early.url.path(), "/mot-de-passe-oublie/preuve");
    assert!(early.page.visible_text().contains("Votre lettre remplace cette preuve à partir du"));
    server.advance(Span::hours(40));
    let mut browser = with_letter(&code).await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/mot-de-passe", "{}", browser.page.visible_text());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM totp").await, 1, "until there is a new password");
    browser.type_new_password(NEW).await;
    assert_eq!(browser.url.path(), "/mot-de-passe-oublie/termine", "{}", browser.page.visible_text());
    assert_eq!(server.query_count("SELECT COUNT(*) FROM totp").await, 0);
    let told = server.query_texts("SELECT kind FROM account_notice ORDER BY kind").await;
    for kind in ["factor_removed", "letter_printed", "password_replaced"] {
        assert!(told.contains(&kind.to_owned()), "{told:?}");
    }
    let mut again = Browser::new(&server);
    again.type_letter(&account.identifiant, &code).await;
    assert_eq!(again.url.path(), "/lettre", "once: {}", again.page.visible_text());
    let mut elsewhere = Browser::new(&server);
    elsewhere.get("/connexion").await;
    elsewhere.sign_in_with(&account.identifiant, NEW).await;
    assert!(elsewhere.has_session(), "the password alone opens it again");
}

/// The pupil who carries the letter home knows every date. What is left is that it is found out.
#[tokio::test]
async fn takeover_w4_a_letter_that_a_pupil_kept_is_found_out_and_a_parent_with_a_mobile_gets_none() {
    let server = start().await;
    let letter = server.print_parent().await;
    let dates = [("date_naissance_1", DATES[0]), ("date_naissance_2", DATES[1])];
    let mut pupil = Browser::new(&server);
    pupil.type_letter(&letter.identifiant, &letter.code()).await;
    pupil.submit("confirmer", &dates).await;
    pupil.follow().await;
    pupil.type_password(PASSWORD).await;
    assert!(pupil.has_session(), "{}", pupil.page.visible_text());
    // A copy of the letter says when it served; the school prints another one, and the first password is over.
    server.advance(Span::days(1));
    let mut parent = Browser::new(&server);
    parent.type_letter(&letter.identifiant, &letter.code()).await;
    assert!(parent.page.visible_text().contains("Ce code a déjà servi le"), "{}", parent.page.visible_text());
    let again = server.print_parent().await;
    assert_eq!(again.identifiant, letter.identifiant);
    parent.type_letter(&again.identifiant, &again.code()).await;
    parent.submit("confirmer", &dates).await;
    parent.follow().await;
    parent.type_password(NEW).await;
    assert!(parent.has_session(), "{}", parent.page.visible_text());
    assert_eq!(pupil.get("/compte").await.status, StatusCode::SEE_OTHER, "the pupil's session ended");
    // Once the school knows a mobile, no letter is printed unless somebody asks for it.
    let reachable = TestFamily { phone: "06 39 98 00 10", ..family() };
    server.import_families("montpellier", MONOD, &[reachable]).await;
    let scope = LetterScope::Family("900010".into());
    assert!(server.print(scope, Profile::Responsable, false).await.is_empty());
}
