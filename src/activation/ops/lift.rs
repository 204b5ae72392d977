//! The school's act where a parent has no message left: what was asked for so far does not count
//! (docs/threats.md#faults-f1).

use std::collections::BTreeSet;

use super::find::{budget_of_person, phone_budget};
use crate::activation::{Typed, store};
use crate::app::App;
use crate::audit::{self, About, Fact};
use crate::base::clock::Timestamp;
use crate::db::{Durability, Tx};
use crate::limits::{self, Action};
use crate::otp;
use crate::roster::matching::{Candidate, meant};
use crate::roster::{self, sealed};
use crate::seal::Blind;

/// Lifts the SMS budgets of a person of the roster: the phone's, and those of what was typed to mean this person,
/// whoever typed it. Wrong codes and wrong dates still count. Whether the person has a mobile.
pub async fn lift_sms_budgets(app: &App, now: Timestamp, person_id: &str, by: &str) -> anyhow::Result<bool> {
    let mut tx = app.db.write(Durability::Durable).await?;
    let Some((phone, same)) = mobile_of(&mut tx, app, person_id).await? else { return Ok(false) };
    limits::store::reset(&mut tx, Action::SmsToPhone, &phone_budget(app, &phone, "")).await?;
    let mut typed: BTreeSet<String> = same.iter().flat_map(|person| spellings(app, person, &phone)).collect();
    for person in &same {
        let budget = budget_of_person(app, &person.id, "");
        typed.extend(store::typed_budgets_of(&mut tx, &budget).await?);
        otp::store::forgive_sends(&mut tx, now, Some(&budget)).await?;
    }
    for budget in &typed {
        limits::store::reset(&mut tx, Action::SmsAsked, budget).await?;
    }
    let about = About { detail: &format!("{person_id} by {by}"), ..About::default() };
    audit::store::record(&mut tx, app.rng.as_ref(), now, Fact::SmsBudgetsLifted, about).await?;
    tx.commit().await?;
    Ok(true)
}

/// The mobile, and the persons who are one with this one at it.
async fn mobile_of(tx: &mut Tx, app: &App, person_id: &str) -> anyhow::Result<Option<(String, Vec<Candidate>)>> {
    let Some(person) = roster::store::person(tx, person_id).await? else { return Ok(None) };
    let Some(text) = roster::store::phone_of(tx, person_id).await? else { return Ok(None) };
    let phone = sealed::mobile(&app.vault, person_id, &text)?.as_str().to_owned();
    let all = roster::store::by_phone(tx, &app.vault.blind(Blind::Phone, &phone)).await?;
    let family = person.usage_name.as_deref().unwrap_or(&person.family_name);
    Ok(Some((phone, meant(&all, family, &person.given_name))))
}

/// The budgets of what a person would type of this one: either name, the given name whole or by its first word.
fn spellings(app: &App, person: &Candidate, phone: &str) -> Vec<String> {
    let families = [Some(&person.family_name), person.usage_name.as_ref()];
    let first = person.given_name.split([' ', '-']).next().unwrap_or_default();
    let mut all = Vec::new();
    for nom in families.into_iter().flatten() {
        for prenom in [person.given_name.as_str(), first] {
            let (nom, prenom) = (nom.clone(), prenom.to_owned());
            let typed = Typed { nom, prenom, phone: phone.to_owned(), telephone: String::new() };
            all.push(app.vault.blind(Blind::Budget, &typed.key()));
        }
    }
    all
}
