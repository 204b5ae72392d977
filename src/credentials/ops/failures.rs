//! Wrong passwords, told to the person whose account they were typed for.

use crate::accounts;
use crate::app::Operation;
use crate::base::clock::Span;
use crate::base::lang::Lang;
use crate::db::Durability;
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};

/// The time within which a person is told of wrong passwords once.
const MIN_INTERVAL: Span = Span::days(1);

/// Writes the failures of past hours into the audit, and tells the persons for whose accounts many wrong passwords were
/// typed. A job does this when the hour is over: a sign-in takes the same time whether the account exists or not.
/// Processes one batch, and returns the number of limits read.
pub async fn record_failures(op: &Operation<'_>) -> anyhow::Result<u64> {
    let mut tx = op.write(Durability::Relaxed).await?;
    let recorded = accounts::ops::record_failures(&mut tx).await?;
    let since = op.now.minus(MIN_INTERVAL);
    for account_id in &recorded.attacked {
        let kind = AccountNoticeKind::PasswordsFailed;
        if !notify::store::exists_since(&mut tx, account_id, kind, since).await? {
            let what = NoticeRequest { account_id, kind, detail: "", device_id: None, lang: Lang::default() };
            notify::ops::notify_person(&mut tx, op.app.into(), what).await?;
        }
    }
    tx.commit().await?;
    Ok(recorded.read)
}
