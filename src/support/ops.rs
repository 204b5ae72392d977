//! Writes the buffered support pages.

use super::{SupportEvent, store};
use crate::activation::ops::ActivationLookup;
use crate::app::Operation;
use crate::base::typed_ids::{AccountId, ActivationId};
use crate::db::Durability;
use crate::http::support::SupportPageView;
use crate::{activation, sessions};

/// Writes the buffered pages: pages within an activation or a session always, other pages within the limit of their
/// source.
pub async fn flush(op: &Operation<'_>) -> anyhow::Result<()> {
    let app = op.app;
    let noted = app.support_pages.drain();
    if noted.is_empty() {
        return Ok(());
    }
    let mut rows = Vec::new();
    for page in noted {
        let session = match page.session.as_deref() {
            Some(cookie) => sessions::ops::current(op, Some(cookie)).await?,
            None => None,
        };
        let found = match &page.activation {
            Some(a) => activation::ops::find(op, Some(a), page.secrets.iter().map(String::as_str)).await?,
            None => ActivationLookup::Unknown,
        };
        let (activation_id, account_id) = match found {
            ActivationLookup::Active(known) | ActivationLookup::LeftByProof(_, known) => {
                (Some(known.id.clone()), known.account_id.clone())
            }
            ActivationLookup::Expired | ActivationLookup::Unknown => (None, None),
        };
        let account_id = session.map(|(_, account)| account.id).or(account_id);
        let somebodys = activation_id.is_some() || account_id.is_some();
        if somebodys || app.support_pages.allow_anonymous(page.source, page.at) {
            rows.push(row(page, account_id, activation_id));
        }
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    for event in &rows {
        store::insert(&mut tx, event).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn row(page: SupportPageView, account_id: Option<AccountId>, activation_id: Option<ActivationId>) -> SupportEvent {
    SupportEvent {
        code: page.code,
        at: page.at.0,
        page: page.page.to_owned(),
        path: page.path,
        request_id: page.request_id,
        account_id,
        activation_id,
        client_id: page.client_id,
    }
}
