//! Tells persons that the school replaced their mobile number. An import writes the change, a running server tells it.

use crate::accounts::store::phones::{self, PhoneChange};
use crate::app::Operation;
use crate::base::clock::Span;
use crate::base::lang::Lang;
use crate::base::phone::E164;
use crate::db::Durability;
use crate::outbox::JobKind;
use crate::{notify, roster};

/// A number that was not told by then may be a stranger's: the person is told by mail and on the account page only.
const FORMER_PHONE_RETENTION: Span = Span::hours(72);

/// Tells of the changes that are not told yet, one transaction each. Returns their number.
pub async fn tell_phone_changes(op: &Operation<'_>) -> anyhow::Result<u64> {
    let app = op.app;
    // Whose number does not open is told without it, and the others are told as ever.
    let open = |change: &PhoneChange, sealed: &Option<String>| -> Option<E164> {
        let opened = roster::sealed_rows::open_mobile(&app.master_key, &change.person_id, sealed.as_deref()?);
        opened.inspect_err(|error| tracing::error!(person = %change.person_id, %error, "a number does not open")).ok()
    };
    let mut tx = op.write(Durability::Relaxed).await?;
    phones::forget_former_phones(&mut tx, op.now.minus(FORMER_PHONE_RETENTION)).await?;
    tx.commit().await?;
    let untold = phones::list_untold_changes(&mut app.db.read().await?).await?;
    let mut told = 0;
    for change in untold {
        let (former, current) = (open(&change, &change.former_phone), open(&change, &change.phone));
        let mut tx = op.write(Durability::Durable).await?;
        if !phones::mark_change_told(&mut tx, &change).await? {
            tx.rollback().await?;
            continue;
        }
        // A school that corrected its own mistake at once has changed nothing.
        if former.is_none() || former != current {
            let whom = (&change.account_id, Lang::default());
            notify::ops::notify_phone_change(&mut tx, app.into(), whom, former.as_ref()).await?;
            told += 1;
        }
        tx.commit().await?;
    }
    if told > 0 {
        app.job_notifier.notify(JobKind::Mail);
        app.job_notifier.notify(JobKind::NoticeSms);
    }
    Ok(told)
}
