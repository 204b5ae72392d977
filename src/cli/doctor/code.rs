//! Explains a support code: state, school, time and outcome, never the typed data.

use std::collections::BTreeSet;
use std::io::Write;

use crate::activation::{self, ActivationOutcome};
use crate::base::clock::Timestamp;
use crate::bootstrap;
use crate::cli::format_paris_time;
use crate::config::Config;
use crate::db::AccessMode;
use crate::{roster, support, tenants};

/// Explains a support code: state, school, time and outcome, never the typed data.
pub async fn explain_support_code(code: &str, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let code = code.trim().to_uppercase();
    let db = bootstrap::open_existing_database(config, AccessMode::ReadOnly).await?;
    let mut tx = db.read().await?;
    let activations = activation::store::list_by_support_code(&mut tx, &code).await?;
    let notices = tenants::store::list_notices_by_code(&mut tx, &code).await?;
    for row in &activations {
        let began = format_paris_time(Timestamp(row.created_at));
        let found = match (row.found, row.sends) {
            (true, sends) => format!("{sends} codes sent, {} tries left", row.tries_left),
            (false, _) => "nobody found in the roster, no code sent".to_owned(),
        };
        let outcome = row.outcome.as_deref().and_then(|text| serde_json::from_str::<ActivationOutcome>(text).ok());
        let outcome = outcome.map(|o| format!("; ended: {}", o.name())).unwrap_or_default();
        writeln!(out, "activation of {began}: {found}; at step {}{outcome}", row.state)?;
        if let Some(account) = &row.account_id {
            let children = roster::store::list_children_of_account(&mut tx, account).await?;
            let schools: BTreeSet<_> = children.into_iter().map(|child| (child.uai, child.school)).collect();
            for (uai, name) in schools {
                writeln!(out, "  school {uai} {name}")?;
            }
        }
    }
    for tenants::store::NoticeTrace { uai, school, kind, at, settled_at } in &notices {
        let settled =
            settled_at.map(|at| format!(", settled {}", format_paris_time(Timestamp(at)))).unwrap_or_default();
        writeln!(out, "notice to {uai} {school} of {}: {kind}{settled}", format_paris_time(Timestamp(*at)))?;
    }
    let events = support::store::list_by_code(&mut tx, &code).await?;
    for event in &events {
        let whose = match (&event.account_id, &event.activation_id) {
            (Some(_), _) => "somebody with an account",
            (None, Some(_)) => "an activation",
            (None, None) => "nobody that is known",
        };
        let client = event.client_id.as_ref().map(|id| format!(", for {id}")).unwrap_or_default();
        let (at, page, path) = (format_paris_time(Timestamp(event.at)), &event.page, &event.path);
        writeln!(out, "page {page} of {at}{client}, at {path}, of {whose}: request_id {}", event.request_id)?;
    }
    let found = !activations.is_empty() || !notices.is_empty() || !events.is_empty();
    if !found {
        writeln!(out, "no activation and no notice has the code {code}, and no page that is kept")?;
    }
    // Most pages requested by unauthenticated visitors are not stored: see `support/`.
    writeln!(out, "a page that was nobody's may stand in the log only, under its support_code: grep '{code}'")?;
    drop(tx);
    db.close().await;
    Ok(found)
}
