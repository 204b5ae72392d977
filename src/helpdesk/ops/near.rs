//! Keeps that somebody asked in a parent's name with another number, which is why nothing was sent.

use crate::activation;
use crate::app::Operation;
use crate::base::names::{family_name_matches, match_given_name};
use crate::db::Durability;
use crate::helpdesk::store::near;
use crate::outbox::Job;
use crate::roster::search::name_words;
use crate::roster::store::words;

/// The number of people read of one name.
const MAX_NAMED_ROWS: i64 = 40;

/// Looks for parents without an account whose name an activation has, and whose number it has not. Called by the worker
/// after it found nobody by number and name, so that no answer to a browser depends on it.
pub async fn record(op: &Operation<'_>, job: &Job) -> anyhow::Result<()> {
    let app = op.app;
    let mut tx = app.db.read().await?;
    let id = activation::ops::activation_of(job)?;
    let Some(activation) = activation::store::find(&mut tx, &app.master_key, &id).await? else { return Ok(()) };
    let traces = activation::store::list_by_support_code(&mut tx, &activation.support_code).await?;
    if traces.iter().any(|trace| trace.found) {
        return Ok(());
    }
    let typed = &activation.identity;
    let longest = |name: &str| name_words(name).into_iter().max_by_key(|word| word.chars().count());
    let (Some(family), Some(given)) = (longest(&typed.nom), name_words(&typed.prenom).into_iter().next()) else {
        return Ok(());
    };
    let named = words::list_named(&mut tx, (&family, &given), MAX_NAMED_ROWS).await?;
    drop(tx);
    let is_same = |person: &&words::NamedPerson| {
        family_name_matches(&typed.nom, &person.family_name, person.usage_name.as_deref())
            && match_given_name(&typed.prenom, &person.given_name).is_some()
    };
    let same: Vec<&words::NamedPerson> = named.iter().filter(is_same).collect();
    // Of several, who was meant is not known, and the others' schools would see the end of a stranger's number.
    if same.len() != 1 {
        return Ok(());
    }
    let last2 = typed.phone.get(typed.phone.len().saturating_sub(2)..).unwrap_or_default();
    let mut tx = op.write(Durability::Relaxed).await?;
    for person in same {
        near::insert(&mut tx, &person.id, (&activation.support_code, last2)).await?;
    }
    tx.commit().await?;
    Ok(())
}
