//! People: families of the roster, imported from files as exported by a school, and accounts.

use std::fmt::Write as _;

use preau::accounts::store::emails::NewEmail;
use preau::accounts::{self, SuspendedBy};
use preau::base::ids::row_id;
use preau::base::profile::Profile;
use preau::base::typed_ids::{AccountId, ChallengeId, PersonId, PupilId, SessionId, TotpId};
use preau::credentials::totp::{TotpSecret, first_step};
use preau::crypto::Priority;
use preau::db::Durability;
use preau::roster::formats::RosterFormat;
use preau::roster::ops::{ImportContext, ImportRequest, import_files};
use preau::roster::reconcile::RemovalPolicy;
use preau::roster::store::link_to_account;
use preau::roster::store::pupils::link_pupil_to_account;

use super::TestServer;

/// A responsable and the children of one school.
#[derive(Clone, Debug)]
pub struct TestFamily {
    /// PERSONNE_ID.
    pub key: u32,
    pub nom: &'static str,
    pub prenom: &'static str,
    pub phone: &'static str,
    /// ELEVE_ID, given name, birth date (JJ/MM/AAAA), class.
    pub children: Vec<(u32, &'static str, &'static str, &'static str)>,
}

impl TestFamily {
    /// Anne Durand, one child in 6 A.
    pub fn durand() -> Self {
        let children = vec![(900_001, "Zoé", "14/02/2013", "6 A")];
        Self { key: 500_001, nom: "DURAND", prenom: "Anne", phone: "06 39 98 00 01", children }
    }

    /// Fatou N'Diaye, two children in two classes, thirteen and fifteen years old.
    pub fn ndiaye() -> Self {
        let children = vec![(900_010, "Anaïs", "14/02/2013", "6 A"), (900_011, "Élie", "03/05/2011", "4 C")];
        Self { key: 500_010, nom: "N'DIAYE", prenom: "Fatou", phone: "06 39 98 00 10", children }
    }

    /// Paul Petit, one child in 5 B.
    pub fn petit() -> Self {
        let children = vec![(900_002, "Léo", "03/05/2012", "5 B")];
        Self { key: 500_002, nom: "PETIT", prenom: "Paul", phone: "06 39 98 00 02", children }
    }
}

/// The credentials of an active account.
#[derive(Clone, Debug)]
pub struct TestAccount {
    pub account_id: AccountId,
    pub identifiant: String,
    pub password: String,
}

pub const PASSWORD: &str = "Cheval-7-bleu";

impl TestServer {
    /// Imports a school's roster and asserts that everything was imported.
    pub async fn import_families(&self, academy: &str, uai: &str, families: &[TestFamily]) {
        self.import_with_ines(academy, uai, families, &[]).await;
    }

    /// Imports a school's roster in which pupils, by their ELEVE_ID, have an INE. Returns the report.
    pub async fn import_with_ines(
        &self,
        academy: &str,
        uai: &str,
        families: &[TestFamily],
        ines: &[(u32, &str)],
    ) -> String {
        self.import_texts(academy, uai, [pupils_xml(uai, families, ines), persons_xml(uai, families)]).await
    }

    /// Imports a school's roster in which responsables, by their PERSONNE_ID, have a mail address.
    pub async fn import_with_mails(&self, academy: &str, uai: &str, families: &[TestFamily], mails: &[(u32, &str)]) {
        let mut persons = persons_xml(uai, families);
        for (key, mail) in mails {
            let opening = format!("<PERSONNE PERSONNE_ID=\"{key}\">");
            assert!(persons.contains(&opening), "{key}");
            persons = persons.replace(&opening, &format!("{opening}<MEL>{mail}</MEL>"));
        }
        self.import_texts(academy, uai, [pupils_xml(uai, families, &[]), persons]).await;
    }

    /// Imports a school's roster as it was in September of the year before.
    pub async fn import_of_last_year(&self, academy: &str, uai: &str, families: &[TestFamily]) {
        let texts = [pupils_xml(uai, families, &[]), persons_xml(uai, families)].map(|text| {
            let (now, then) = (format!("{YEAR}{EXPORTED_ON}"), format!("{LAST_YEAR}{LAST_YEAR_EXPORTED_ON}"));
            assert!(text.contains(&now));
            text.replace(&now, &then)
        });
        self.import_texts(academy, uai, texts).await;
    }

    /// Imports a complet of an academy's export for ENT, a day after the schools' exports: kinds and documents.
    pub async fn import_delivery<const N: usize>(&self, academy: &str, documents: [(&str, String); N]) -> String {
        let files = documents.map(|(kind, text)| {
            let path = self.folder().join(format!("ENT_Complet_20261121_{kind}_0000.xml"));
            std::fs::write(&path, text).unwrap();
            path
        });
        self.import_files(RosterFormat::Aaf, academy, files.to_vec()).await
    }

    async fn import_texts(&self, academy: &str, uai: &str, [pupils, persons]: [String; 2]) -> String {
        let write = |what: &str, text: String| {
            let path = self.folder().join(format!("{uai}-{what}.xml"));
            std::fs::write(&path, text).unwrap();
            path
        };
        let files = vec![write("eleves", pupils), write("responsables", persons)];
        self.import_files(RosterFormat::Siecle, academy, files).await
    }

    async fn import_files(&self, format: RosterFormat, academy: &str, files: Vec<std::path::PathBuf>) -> String {
        let request = ImportRequest {
            format,
            academy: academy.to_owned(),
            files,
            tables: None,
            removals: RemovalPolicy::Accepted,
            takes_lead: false,
            dry_run: false,
        };
        let op = self.operation();
        let ctx = ImportContext::new(op.storage(), &self.app.phone_parser);
        let mut said = String::new();
        let taken = import_files(ctx, &request, &mut |finding| writeln!(said, "{finding}").unwrap()).await.unwrap();
        assert!(taken, "{said}");
        said
    }

    /// Creates an active account for a responsable of the roster.
    pub async fn create_account_of(&self, academy: &'static str, family: &TestFamily) -> TestAccount {
        let member = self.create_account(family.prenom, family.nom).await;
        self.link_person(&member, academy, family).await;
        member
    }

    /// Links one more person of the roster to the account.
    pub async fn link_person(&self, member: &TestAccount, academy: &'static str, family: &TestFamily) {
        let mut tx = self.app.db.write(Durability::Durable).await.unwrap();
        let sql = "SELECT id FROM person WHERE academy = $1 AND person_key = $2";
        let args = vec![academy.into(), family.key.to_string().into()];
        let (person,) = tx.fetch_one::<(String,)>(sql, args).await.unwrap();
        assert!(link_to_account(&mut tx, &PersonId::new(person), &member.account_id).await.unwrap());
        tx.commit().await.unwrap();
    }

    /// Creates an active account of a responsable without a roster entry.
    pub async fn create_account(&self, prenom: &str, nom: &str) -> TestAccount {
        let hash = self.app.password_hasher.hash(PASSWORD, self.app.rng.as_ref(), Priority::Known).await.unwrap();
        let op = self.operation();
        let mut tx = op.write(Durability::Durable).await.unwrap();
        let account = accounts::ops::create_account(&mut tx, Profile::Responsable, prenom, nom, None).await.unwrap();
        assert!(accounts::store::set_password(&mut tx, &account.id, &hash).await.unwrap());
        tx.commit().await.unwrap();
        TestAccount { account_id: account.id, identifiant: account.identifiant, password: PASSWORD.to_owned() }
    }

    /// Creates the account of Anne Durand of the collège Monod, the account used by most tests.
    pub async fn create_durand(&self) -> TestAccount {
        self.import_families("montpellier", super::deployment::MONOD, &[TestFamily::durand()]).await;
        self.create_account_of("montpellier", &TestFamily::durand()).await
    }

    /// Gives the account an application that gives codes, as one confirmed by its person.
    pub async fn enrol_application(&self, member: &TestAccount) -> TotpSecret {
        let op = self.operation();
        let secret = TotpSecret::draw(self.app.rng.as_ref());
        let id = TotpId::new(row_id(op.now, self.app.rng.as_ref()));
        let mut tx = op.write(Durability::Durable).await.unwrap();
        let place = (&id, &member.account_id, &SessionId::new("s"));
        preau::credentials::store::insert_totp(&mut tx, &self.app.master_key, place, &secret, first_step(op.now))
            .await
            .unwrap();
        assert!(preau::credentials::store::confirm_totp(&mut tx, &id).await.unwrap());
        tx.commit().await.unwrap();
        secret
    }

    /// Gives the account a confirmed address.
    pub async fn confirm_email(&self, member: &TestAccount, address: &str) {
        let op = self.operation();
        let mut tx = op.write(Durability::Durable).await.unwrap();
        let (challenge_id, session_id) = (&ChallengeId::new("c"), &SessionId::new("s"));
        let new = NewEmail {
            id: member.identifiant.as_str(),
            account_id: &member.account_id,
            address,
            challenge_id,
            session_id,
        };
        accounts::store::emails::insert(&mut tx, &self.app.master_key, new).await.unwrap();
        assert!(accounts::store::emails::confirm(&mut tx, &member.identifiant).await.unwrap());
        tx.commit().await.unwrap();
    }

    /// Creates the account of a pupil of the roster, active with a password.
    pub async fn create_account_of_pupil(&self, given_name: &'static str) -> TestAccount {
        let hash = self.app.password_hasher.hash(PASSWORD, self.app.rng.as_ref(), Priority::Known).await.unwrap();
        let op = self.operation();
        let mut tx = op.write(Durability::Durable).await.unwrap();
        let sql = "SELECT id, family_name FROM pupil WHERE given_name = $1";
        let (id, family) = tx.fetch_one::<(String, String)>(sql, vec![given_name.into()]).await.unwrap();
        let account = accounts::ops::create_account(&mut tx, Profile::Eleve, given_name, &family, None).await.unwrap();
        assert!(link_pupil_to_account(&mut tx, &PupilId::new(id), &account.id).await.unwrap());
        assert!(accounts::store::set_password(&mut tx, &account.id, &hash).await.unwrap());
        tx.commit().await.unwrap();
        TestAccount { account_id: account.id, identifiant: account.identifiant, password: PASSWORD.to_owned() }
    }

    pub async fn set_suspension(&self, member: &TestAccount, by: Option<&str>) {
        let op = self.operation();
        let mut tx = op.write(Durability::Durable).await.unwrap();
        accounts::store::resume(&mut tx, &member.account_id).await.unwrap();
        if let Some(by) = by {
            assert!(accounts::store::suspend(&mut tx, &member.account_id, SuspendedBy::from_name(by)).await.unwrap());
        }
        tx.commit().await.unwrap();
    }
}

const YEAR: &str = "<ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE>";
const EXPORTED_ON: &str = "<DATE_EXPORT>20/11/2026</DATE_EXPORT>";
const LAST_YEAR: &str = "<ANNEE_SCOLAIRE>2025</ANNEE_SCOLAIRE>";
const LAST_YEAR_EXPORTED_ON: &str = "<DATE_EXPORT>08/09/2025</DATE_EXPORT>";

fn document(root: &str, uai: &str, data: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root}><PARAMETRES><UAJ>{uai}</UAJ>\
         {YEAR}{EXPORTED_ON}</PARAMETRES>\n\
         <DONNEES>{data}</DONNEES></{root}>"
    )
}

/// Returns both exports of a school: pupils, then responsables.
pub fn school_exports(uai: &str, families: &[TestFamily]) -> [String; 2] {
    [pupils_xml(uai, families, &[]), persons_xml(uai, families)]
}

fn pupils_xml(uai: &str, families: &[TestFamily], ines: &[(u32, &str)]) -> String {
    let (mut pupils, mut classes) = (String::new(), String::new());
    // Two parents may share a child.
    let mut seen = std::collections::HashSet::new();
    for family in families {
        for (id, given, born, class) in family.children.iter().filter(|child| seen.insert(child.0)) {
            let ine = ines.iter().find(|(pupil, _)| pupil == id);
            let ine = ine.map_or_else(String::new, |(_, ine)| format!("<INE_RNIE>{ine}</INE_RNIE>"));
            write!(
                pupils,
                "<ELEVE ELEVE_ID=\"{id}\"><NOM_DE_FAMILLE>{}</NOM_DE_FAMILLE><PRENOM>{given}</PRENOM>\
                 <DATE_NAISS>{born}</DATE_NAISS>{ine}</ELEVE>",
                family.nom
            )
            .unwrap();
            write!(
                classes,
                "<STRUCTURES_ELEVE ELEVE_ID=\"{id}\"><STRUCTURE><CODE_STRUCTURE>{class}</CODE_STRUCTURE>\
                 <TYPE_STRUCTURE>D</TYPE_STRUCTURE></STRUCTURE></STRUCTURES_ELEVE>"
            )
            .unwrap();
        }
    }
    document("BEE_ELEVES", uai, &format!("<ELEVES>{pupils}</ELEVES><STRUCTURES>{classes}</STRUCTURES>"))
}

fn persons_xml(uai: &str, families: &[TestFamily]) -> String {
    let (mut persons, mut links) = (String::new(), String::new());
    for TestFamily { key, nom, prenom, phone, children } in families {
        write!(
            persons,
            "<PERSONNE PERSONNE_ID=\"{key}\"><NOM_DE_FAMILLE>{nom}</NOM_DE_FAMILLE><PRENOM>{prenom}</PRENOM>\
             <TEL_PORTABLE>{phone}</TEL_PORTABLE></PERSONNE>"
        )
        .unwrap();
        for (id, ..) in children {
            write!(
                links,
                "<RESPONSABLE_ELEVE><ELEVE_ID>{id}</ELEVE_ID><PERSONNE_ID>{key}</PERSONNE_ID>\
                 <NIVEAU_RESPONSABILITE>1</NIVEAU_RESPONSABILITE><CODE_PARENTE>10</CODE_PARENTE></RESPONSABLE_ELEVE>"
            )
            .unwrap();
        }
    }
    let data = format!("<PERSONNES>{persons}</PERSONNES><RESPONSABLES>{links}</RESPONSABLES>");
    document("BEE_RESPONSABLES", uai, &data)
}
