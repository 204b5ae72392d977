//! One account that is active from the beginning, so that signing in can be tried at once.
//!
//! Opened as an activation opens one: identifiant drawn, persons attached, password judged and hashed.

use anyhow::Context as _;

use super::folder::Folder;
use super::rosters::{Cast, SCHOOLS, cast};
use crate::accounts::{self, password};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::rng::Random;
use crate::base::secret::Secret;
use crate::db::Durability;
use crate::roster;
use crate::seal::{Blind, Priority};

/// Three children in two academies: what one account for all is good for.
pub const WHO: &str = "Marie-Hélène DE LA TOUR D'OLT";

/// Somebody who can sign in.
pub struct Account {
    pub who: Cast,
    pub identifiant: String,
    /// As it was drawn; the person may have chosen another since.
    pub password: Secret,
}

/// Finds the account, or opens it.
pub async fn ensure(app: &App, folder: &Folder, now: Timestamp) -> anyhow::Result<Account> {
    let who = cast().into_iter().find(|c| c.who == WHO).context("the demo's cast lacks its own account's holder")?;
    let rng = app.rng.as_ref();
    let password = folder.once("account.password", || draw(rng, &who))?;
    let phone = app.numbering.mobile(who.phone).map_err(|e| anyhow::anyhow!("{WHO}: {e}"))?;
    let blind = app.vault.blind(Blind::Phone, phone.as_str());

    let mut tx = app.db.read().await?;
    let candidates = roster::store::by_phone(&mut tx, &blind).await?;
    let persons = roster::matching::meant(&candidates, who.typed_name(), who.given_name);
    if let Some(id) = persons.iter().find_map(|p| p.account_id.as_deref()) {
        let account = accounts::store::by_id(&mut tx, id).await?.context("a person's account is not there")?;
        return Ok(Account { who, identifiant: account.identifiant, password });
    }
    drop(tx);

    let newest = persons.first().with_context(|| format!("the roster does not know {WHO}"))?;
    let hash = app.passwords.hash(&password::normal(password.expose()), rng, Priority::Known).await?;
    let mut tx = app.db.write(Durability::Durable).await?;
    let (given, family, usage) = (&newest.given_name, &newest.family_name, newest.usage_name.as_deref());
    let account = accounts::ops::open_account(&mut tx, rng, now, "responsable", given, family, usage).await?;
    for person in &persons {
        anyhow::ensure!(roster::store::attach(&mut tx, &person.id, &account.id).await?, "{WHO} has an account already");
    }
    accounts::store::set_password(&mut tx, now, &account.id, &hash).await?;
    tx.commit().await?;
    Ok(Account { who, identifiant: account.identifiant, password })
}

/// Words that no rule of passwords minds, and that are typed easily on any keyboard.
const WORDS: [&str; 16] = [
    "Abricot", "Ballon", "Cerise", "Dragon", "Fontaine", "Guitare", "Hamac", "Igloo", "Jardin", "Kiwi", "Lavande",
    "Mouette", "Navire", "Orage", "Papillon", "Rivage",
];

/// A password that a person can type and that an activation would take.
fn draw(rng: &dyn Random, who: &Cast) -> String {
    let names = vec![who.family_name, who.typed_name(), who.given_name];
    let schools = SCHOOLS.iter().map(|school| school.name).collect();
    let known = password::Known { identifiant: "", names, schools };
    loop {
        let word = || WORDS.get(rng.below(16) as usize).copied().unwrap_or("Abricot");
        let drawn = format!("{}-{}-{}-{}", word(), word(), word(), 10 + rng.below(90));
        if password::judge(&drawn, &known).is_ok() {
            return drawn;
        }
    }
}
