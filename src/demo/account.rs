//! An account active from the beginning, so that signing in can be tried at once.
//!
//! Created as by an activation: identifiant generated, persons linked, password checked and hashed.

use anyhow::Context as _;

use super::folder::DemoFolder;
use super::rosters::{CastMember, SCHOOLS, cast};
use crate::accounts::{self, password};
use crate::app::{App, Operation};
use crate::base::profile::Profile;
use crate::base::rng::Random;
use crate::crypto::{HmacPurpose, Priority};
use crate::db::Durability;
use crate::roster;
use secrecy::{ExposeSecret as _, SecretString};

/// The account holder, with three children in two academies, to show one account for all children.
pub const ACCOUNT_HOLDER: &str = "Marie-Hélène DE LA TOUR D'OLT";

/// The credentials of the demo's account.
pub struct DemoAccount {
    pub member: CastMember,
    pub identifiant: String,
    /// The generated password; the person may have chosen another since.
    pub password: SecretString,
}

/// Finds the account, or creates the account.
pub async fn ensure(app: &App, folder: &DemoFolder) -> anyhow::Result<DemoAccount> {
    let who = cast()
        .into_iter()
        .find(|c| c.label == ACCOUNT_HOLDER)
        .context("the demo's cast lacks its own account's holder")?;
    let rng = app.rng.as_ref();
    let password = folder.load_or_create("account.password", || generate_password(rng, &who))?;
    let phone = app.phone_parser.parse_mobile(who.phone).map_err(|e| anyhow::anyhow!("{ACCOUNT_HOLDER}: {e}"))?;
    let blind = app.master_key.hmac(HmacPurpose::Phone, phone.as_str());

    let mut tx = app.db.read().await?;
    let candidates = roster::store::list_by_phone(&mut tx, &blind).await?;
    let persons = roster::matching::matching_candidates(&candidates, who.typed_name(), who.given_name);
    if let Some(id) = persons.iter().find_map(|p| p.account_id.as_ref()) {
        let account = accounts::store::find(&mut tx, id).await?.context("a person's account is not there")?;
        return Ok(DemoAccount { member: who, identifiant: account.identifiant, password });
    }
    drop(tx);

    let newest = persons.first().with_context(|| format!("the roster does not know {ACCOUNT_HOLDER}"))?;
    let hash = app.password_hasher.hash(&password::normalize(password.expose_secret()), rng, Priority::Known).await?;
    let op = Operation::of_job(app, "demo");
    let mut tx = op.write(Durability::Durable).await?;
    let (given, family, usage) = (&newest.given_name, &newest.family_name, newest.usage_name.as_deref());
    let account = accounts::ops::create_account(&mut tx, Profile::Responsable, given, family, usage).await?;
    for person in &persons {
        anyhow::ensure!(
            roster::store::link_to_account(&mut tx, &person.id, &account.id).await?,
            "{ACCOUNT_HOLDER} has an account already"
        );
    }
    accounts::store::set_password(&mut tx, &account.id, &hash).await?;
    tx.commit().await?;
    Ok(DemoAccount { member: who, identifiant: account.identifiant, password })
}

/// Words allowed by every password rule and easy to type on any keyboard.
const PASSWORD_WORDS: [&str; 16] = [
    "Abricot", "Ballon", "Cerise", "Dragon", "Fontaine", "Guitare", "Hamac", "Igloo", "Jardin", "Kiwi", "Lavande",
    "Mouette", "Navire", "Orage", "Papillon", "Rivage",
];

/// Generates a password easy to type and acceptable to an activation.
fn generate_password(rng: &dyn Random, who: &CastMember) -> String {
    let names = vec![who.family_name, who.typed_name(), who.given_name];
    let schools = SCHOOLS.iter().map(|school| school.name).collect();
    let known = password::PasswordContext { names, schools, ..Default::default() };
    loop {
        let word = || PASSWORD_WORDS.get(rng.below(16) as usize).copied().unwrap_or("Abricot");
        let drawn = format!("{}-{}-{}-{}", word(), word(), word(), 10 + rng.below(90));
        if password::validate(&drawn, &known).is_ok() {
            return drawn;
        }
    }
}
