//! Reset of a parent's SMS rate limits by the school, after all messages of the day are used up
//! (docs/threats.md#faults-f1).

use std::collections::BTreeSet;

use crate::activation::{SubmittedIdentity, store};
use crate::app::{App, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::typed_ids::PersonId;
use crate::crypto::HmacPurpose;
use crate::db::{Durability, Tx};
use crate::limits::{self, RateLimit};
use crate::otp;
use crate::otp::ops::{person_budget_key, phone_budget_key};
use crate::roster::matching::{Candidate, matching_candidates};
use crate::roster::{self, sealed_rows};

/// Resets the SMS budgets of a roster person: of the phone, and of every submitted identity that matches the person.
/// The budgets for wrong codes and wrong dates remain. Returns true if the person has a mobile number.
pub async fn reset_sms_budgets(op: &Operation<'_>, person_id: &PersonId, by: &str) -> anyhow::Result<bool> {
    let app = op.app;
    let mut tx = op.write(Durability::Durable).await?;
    let Some((phone, same)) = find_mobile(&mut tx, app, person_id).await? else { return Ok(false) };
    limits::store::reset(&mut tx, RateLimit::SmsToPhone, &phone_budget_key(app, &phone, "")).await?;
    let mut typed: BTreeSet<String> = same.iter().flat_map(|person| identity_budgets(app, person, &phone)).collect();
    for person in &same {
        let budget = person_budget_key(app, &person.id, "");
        typed.extend(store::list_identity_budgets(&mut tx, &budget).await?);
        otp::store::discount_sends(&mut tx, Some(&budget)).await?;
    }
    for budget in &typed {
        limits::store::reset(&mut tx, RateLimit::SmsPerIdentity, budget).await?;
    }
    let about =
        AuditDetails { person: Some(person_id), detail: &format!("{person_id} by {by}"), ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::SmsLimitsReset, about).await?;
    tx.commit().await?;
    Ok(true)
}

/// Returns the mobile number, and the person records with the same number and name.
async fn find_mobile(tx: &mut Tx, app: &App, person_id: &PersonId) -> anyhow::Result<Option<(String, Vec<Candidate>)>> {
    let Some(person) = roster::store::find_person(tx, person_id).await? else { return Ok(None) };
    let Some(text) = roster::store::sealed_contacts::find_phone(tx, person_id).await? else { return Ok(None) };
    let phone = sealed_rows::open_mobile(&app.master_key, person_id, &text)?.as_str().to_owned();
    let all = roster::store::list_by_phone(tx, &app.master_key.hmac(HmacPurpose::Phone, &phone)).await?;
    let family = person.usage_name.as_deref().unwrap_or(&person.family_name);
    Ok(Some((phone, matching_candidates(&all, family, &person.given_name))))
}

/// Returns the budget keys of the likely spellings: either family name, with the whole given name or its first word.
fn identity_budgets(app: &App, person: &Candidate, phone: &str) -> Vec<String> {
    let families = [Some(&person.family_name), person.usage_name.as_ref()];
    let first = person.given_name.split([' ', '-']).next().unwrap_or_default();
    let mut all = Vec::new();
    for nom in families.into_iter().flatten() {
        for prenom in [person.given_name.as_str(), first] {
            let (nom, prenom) = (nom.clone(), prenom.to_owned());
            let typed = SubmittedIdentity { nom, prenom, phone: phone.to_owned(), telephone: String::new() };
            all.push(app.master_key.hmac(HmacPurpose::LimiterKey, &typed.budget_key()));
        }
    }
    all
}
