//! What a support code stands for: state, school, when, outcome; never what was typed.

use std::collections::BTreeSet;
use std::io::Write;

use crate::activation::{self, Outcome};
use crate::base::clock::Timestamp;
use crate::cli::in_paris;
use crate::compose;
use crate::config::Config;
use crate::db::Access;
use crate::{roster, support, tenants};

/// What a support code stands for: state, school, when, outcome; never what was typed.
pub async fn find(code: &str, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let code = code.trim().to_uppercase();
    let db = compose::existing(config, Access::Read).await?;
    let mut tx = db.read().await?;
    let activations = activation::store::by_support_code(&mut tx, &code).await?;
    let notices = tenants::store::notices_of_code(&mut tx, &code).await?;
    for row in &activations {
        let began = in_paris(Timestamp(row.created_at));
        let found = match (row.found, row.sends) {
            (true, sends) => format!("{sends} codes sent, {} tries left", row.tries_left),
            (false, _) => "nobody found in the roster, no code sent".to_owned(),
        };
        let outcome = row.outcome.as_deref().and_then(|text| serde_json::from_str::<Outcome>(text).ok());
        let outcome = outcome.map(|o| format!("; ended: {}", o.name())).unwrap_or_default();
        writeln!(out, "activation of {began}: {found}; at step {}{outcome}", row.state)?;
        if let Some(account) = &row.account_id {
            let children = roster::store::children_of_account(&mut tx, account).await?;
            let schools: BTreeSet<_> = children.into_iter().map(|child| (child.uai, child.school)).collect();
            for (uai, name) in schools {
                writeln!(out, "  school {uai} {name}")?;
            }
        }
    }
    for (uai, name, kind, at, settled) in &notices {
        let settled = settled.map(|at| format!(", settled {}", in_paris(Timestamp(at)))).unwrap_or_default();
        writeln!(out, "notice to {uai} {name} of {}: {kind}{settled}", in_paris(Timestamp(*at)))?;
    }
    let events = support::store::of_code(&mut tx, &code).await?;
    for event in &events {
        let whose = match (&event.account_id, &event.activation_id) {
            (Some(_), _) => "somebody with an account",
            (None, Some(_)) => "an activation",
            (None, None) => "nobody that is known",
        };
        let client = event.client_id.as_ref().map(|id| format!(", for {id}")).unwrap_or_default();
        let (at, page, path) = (in_paris(Timestamp(event.at)), &event.page, &event.path);
        writeln!(out, "page {page} of {at}{client}, at {path}, of {whose}: request_id {}", event.request_id)?;
    }
    let found = !activations.is_empty() || !notices.is_empty() || !events.is_empty();
    if !found {
        writeln!(out, "no activation and no notice has the code {code}, and no page that is kept")?;
    }
    // Most pages that strangers call up are not kept: see `support/`.
    writeln!(out, "a page that was nobody's may stand in the log only, under its support_code: grep '{code}'")?;
    drop(tx);
    db.close().await;
    Ok(found)
}
