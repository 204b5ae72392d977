//! The deployment of the matrix: one thing of each kind inside a territory, and everybody of [`PEOPLE`] signed in.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::administrators::store::{find_by_email, roles};
use preau::audit::{self, AuditDetails, AuditEvent};
use preau::base::clock::Span;
use preau::base::uai::Uai;
use preau::db::Durability;
use preau::http::pages::dates::field_value;
use preau::roster::ops::words::index_batch;

use super::people::{AUTHOR, FORMER, PEOPLE, Somebody};
use crate::console_clients::{administrator, end_role_of};
use crate::console_rosters::{crowd, work};
use crate::support::deployment::{LYCEE, MONOD};
use crate::support::{TestAdministrator, TestFamily, TestServer};

/// An id that nothing has.
pub const NOBODY: &str = "ffffffffffffffffffffffffffffffff";
/// The holder of the role that is ended, approved and invited anew.
const HOLDER: &str = "marque-equipe@ecole.example";

/// An order of reminders whose id nothing else has.
const REMINDER_ORDER: &str = "0123456789abcdef0123456789abcdef";

/// The words by which a thing is known in a list.
pub const HOLDER_NAME: &str = "Nom de marque-equipe";
pub const LETTERS_REASON: &str = "MARQUE-LETTRES";
pub const ANNOUNCEMENT_TEXT: &str = "MARQUE-ANNONCE";
pub const JOURNAL_REASON: &str = "MARQUE-JOURNAL";

/// Something that a door is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Thing {
    Nothing,
    /// The support code of a notice about the parent.
    Code,
    Parent,
    Pupil,
    School,
    Client,
    FileClient,
    /// A request that was sent.
    Request,
    RequestDraft,
    CampaignDraft,
    ReminderDraft,
    AnnouncementDraft,
    Upload,
    Announcement,
    Academy,
    Role,
    /// A batch of letters, of which none serves.
    LetterBatch,
    /// An order of reminders, of which nothing waits.
    ReminderOrder,
}

impl Thing {
    /// Returns the id that an address or a form has where there is no such thing.
    pub fn absent(self) -> Option<&'static str> {
        match self {
            Thing::Nothing | Thing::Code => None,
            Thing::School => Some("0349997G"),
            // As long as the others: an answer says its length.
            Thing::Client => Some("inconnu"),
            Thing::FileClient => Some("nul"),
            Thing::Academy => Some("nulle-part"),
            _ => Some(NOBODY),
        }
    }
}

/// The ids of all things.
#[derive(Clone, Debug)]
pub struct Things(BTreeMap<Thing, String>);

impl Things {
    pub fn id(&self, thing: Thing) -> &str {
        self.0.get(&thing).map_or("", String::as_str)
    }
}

/// The server with its people and things.
pub struct House {
    pub server: TestServer,
    pub things: Things,
    pub people: Vec<(Somebody, TestAdministrator)>,
    /// The pages of the drafts of whoever had a role.
    pub former_drafts: Vec<String>,
}

impl House {
    pub async fn build() -> Self {
        let server = Box::pin(start()).await;
        let (former, former_drafts) = Box::pin(meet_former(&server)).await;
        let mut former = Some(former);
        let mut people = Vec::new();
        for who in PEOPLE {
            let met = match who.name {
                FORMER => former.take().unwrap(),
                _ => Box::pin(administrator(&server, who.role, who.territory, &who.email())).await,
            };
            if who.pupils_only {
                let sql = "UPDATE admin_role SET pupils_only = TRUE WHERE id = $1";
                server.execute_sql(sql, vec![role_of(&server, &who.email()).await.into()]).await;
            }
            people.push((who, met));
        }
        let mut things = Box::pin(things_of_nobody(&server)).await;
        let (_, author) = people.iter_mut().find(|(who, _)| who.name == AUTHOR).unwrap();
        things.extend(Box::pin(things_of_author(&server, author)).await);
        House { server, things: Things(things), people, former_drafts }
    }
}

/// Anne Durand has an account; a family of another school bears a name like hers.
async fn start() -> TestServer {
    let families = [TestFamily::durand(), TestFamily::ndiaye()];
    let server = TestServer::start_with_open_campaign(&families).await;
    let children = vec![(900_090, "Inès", "02/02/2010", "2 A")];
    let elsewhere = TestFamily { key: 500_090, nom: "DURANDEL", prenom: "Paule", phone: "06 39 98 00 90", children };
    server.import_families("montpellier", LYCEE, &[elsewhere]).await;
    server.create_account_of("montpellier", &TestFamily::durand()).await;
    while index_batch(server.operation().storage()).await.unwrap() > 0 {}
    let copy = "INSERT INTO client (client_id, origin, state, metadata, updated_at) \
                SELECT 'atelier', 'registered', state, metadata, updated_at FROM client WHERE client_id = $1";
    assert_eq!(server.execute_sql(copy, vec!["ent".into()]).await, 1);
    server
}

/// Returns the id of the first role of somebody.
async fn role_of(server: &TestServer, email: &str) -> String {
    let mut tx = server.app.db.read().await.unwrap();
    let found = find_by_email(&mut tx, &server.app.master_key, email).await.unwrap().unwrap();
    roles::list(&mut tx, &found.id).await.unwrap()[0].id.to_string()
}

/// Returns the id at the end of the page to which a form led.
fn led_to(who: &TestAdministrator) -> String {
    let page = &who.browser.page;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.visible_text());
    page.location().rsplit('/').next().unwrap().to_owned()
}

async fn post(who: &mut TestAdministrator, path: &str, fields: &[(&str, &str)]) -> String {
    who.browser.post(path, fields).await;
    led_to(who)
}

async fn draft_announcement(server: &TestServer, who: &mut TestAdministrator) -> String {
    let until = field_value(server.now().plus(Span::hours(2)));
    let fields = [
        ("academie", "montpellier"),
        ("niveau", "information"),
        ("texte_fr", "Un message."),
        ("texte_en", "A message."),
        ("fin", until.as_str()),
    ];
    post(who, "/admin/annonces", &fields).await
}

async fn draft_campaign(who: &mut TestAdministrator) -> String {
    let fields = [("ecole-0349999J", "1"), ("geste", "extend"), ("jours", "7")];
    post(who, "/admin/etablissements/campagne", &fields).await
}

async fn draft_reminder(who: &mut TestAdministrator) -> String {
    post(who, "/admin/etablissements/0349999J/rappel", &[]).await
}

/// Meets somebody who was of the academy and wrote drafts, a day after that role ended: two other roles that would reach
/// everything have expired, and wait for agreement.
async fn meet_former(server: &TestServer) -> (TestAdministrator, Vec<String>) {
    let who = PEOPLE.into_iter().find(|who| who.name == FORMER).unwrap();
    let email = who.email();
    let mut former = administrator(server, who.role, who.territory, &email).await;
    server.invite_administrator(AdminRole::Academy, "academy:montpellier", &email).await;
    former.add_second_passkey().await;
    let request = former.save_draft(&[("client_id", "ancien"), ("client_name", "Ancien service")]).await;
    let drafts = vec![
        request,
        format!("/admin/etablissements/relire/{}", draft_campaign(&mut former).await),
        format!("/admin/etablissements/rappel/{}", draft_reminder(&mut former).await),
        format!("/admin/annonces/relire/{}", draft_announcement(server, &mut former).await),
    ];
    end_role_of(server, &email, AdminRole::Academy).await;
    server.invite_administrator(AdminRole::National, "all", &email).await;
    server.invite_administrator(AdminRole::National, "ministry:en", &email).await;
    let expired = "UPDATE admin_role SET ends_at = $1 WHERE role = 'national' AND territory_kind = 'all'";
    assert_eq!(server.execute_sql(expired, vec![server.now().0.into()]).await, 1);
    let waits = "UPDATE admin_role SET approved_by = NULL, approved_at = NULL WHERE territory = $1";
    assert_eq!(server.execute_sql(waits, vec!["en".into()]).await, 1);
    // For half a day it would be said that the role has ended.
    server.advance(Span::hours(24));
    former.sign_in().await;
    assert_eq!(former.browser.page.location(), "/admin", "{}", former.browser.page.visible_text());
    (former, drafts)
}

async fn one(server: &TestServer, sql: &'static str) -> String {
    let found = server.query_texts(sql).await;
    assert_eq!(found.len(), 1, "{sql}: {found:?}");
    found.into_iter().next().unwrap()
}

/// Makes the things that are of the roster and the deployment, and those that leave no way of refusing an act upon them:
/// the message to visitors has ended already.
async fn things_of_nobody(server: &TestServer) -> BTreeMap<Thing, String> {
    let parent = one(server, "SELECT id FROM person WHERE person_key = '500001'").await;
    let pupil = one(server, "SELECT id FROM pupil WHERE given_name = 'Zoé'").await;
    let now = server.now().0;
    let notice = "INSERT INTO notice (id, uai, person_id, kind, support_code, at) \
                  VALUES ('marque', '0349999J', $1, 'reopening', 'K7P-4MX', $2)";
    server.execute_sql(notice, vec![parent.as_str().into(), now.into()]).await;
    let batch = "INSERT INTO letter_batch (id, uai, class, part, profile, printed_by, printed_at, reason, letters, form_id) \
                 VALUES ($1, '0349999J', '6 A', 'class', 'eleve', 'x', $2, $3, 1, 'marque')";
    server.execute_sql(batch, vec!["0".repeat(32).into(), now.into(), LETTERS_REASON.into()]).await;
    let order = "INSERT INTO reminder_batch (id, uai, academy, channel, text, segments, people, persons, position, \
                 sent, state, ordered_by, ordered_at, due_at, expires_at, ended_at) \
                 VALUES ($1, '0349999J', 'montpellier', 'mail', '', 0, 2, '', 2, 2, 'done', 'x', $2, $2, $2, $2)";
    server.execute_sql(order, vec![REMINDER_ORDER.into(), now.into()]).await;
    let announcement = "0".repeat(32);
    let said = "INSERT INTO announcement (id, academy, level, fr, en, begins_at, ends_at, author_id, created_at) \
                VALUES ($1, 'montpellier', 'information', $2, $2, 1, 2, 'x', 1)";
    server.execute_sql(said, vec![announcement.as_str().into(), ANNOUNCEMENT_TEXT.into()]).await;
    let school: Uai = MONOD.parse().unwrap();
    let about = AuditDetails { uai: Some(&school), reason: Some(JOURNAL_REASON), ..AuditDetails::default() };
    let op = server.operation();
    let mut tx = op.write(Durability::Durable).await.unwrap();
    audit::store::record(&mut tx, AuditEvent::RosterUploadDecided, about).await.unwrap();
    tx.commit().await.unwrap();
    server.invite_administrator(AdminRole::Delegate, "class:0349999J/6 A", HOLDER).await;
    BTreeMap::from([
        (Thing::Code, "K7P-4MX".to_owned()),
        (Thing::Parent, parent),
        (Thing::Pupil, pupil),
        (Thing::School, MONOD.to_owned()),
        (Thing::Client, "atelier".to_owned()),
        (Thing::FileClient, "ent".to_owned()),
        (Thing::Announcement, announcement),
        (Thing::Academy, "montpellier".to_owned()),
        (Thing::Role, role_of(server, HOLDER).await),
        (Thing::LetterBatch, "0".repeat(32)),
        (Thing::ReminderOrder, REMINDER_ORDER.to_owned()),
    ])
}

/// Makes what somebody of the academy wrote: a request that waits for a decision, drafts, and an upload by which
/// everybody of the school would be gone, so that the academy has to agree.
async fn things_of_author(server: &TestServer, author: &mut TestAdministrator) -> BTreeMap<Thing, String> {
    let request = author.send_request(&[]).await;
    let answers =
        [("client_id", "gouter"), ("client_name", "Goûter"), ("redirect_uris", "https://gouter.example/retour")];
    let draft = author.save_draft(&answers).await;
    let upload = author.give_school(MONOD, &crowd(3)).await;
    work(server).await;
    assert_eq!(one(server, "SELECT state FROM roster_upload").await, "waiting");
    let end = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    BTreeMap::from([
        (Thing::Request, end(&request)),
        (Thing::RequestDraft, end(&draft)),
        (Thing::Upload, end(&upload)),
        (Thing::CampaignDraft, draft_campaign(author).await),
        (Thing::ReminderDraft, draft_reminder(author).await),
        (Thing::AnnouncementDraft, draft_announcement(server, author).await),
    ])
}
