//! Tells parents that a school names them as a child's legal representative no more. An import ends the link, a running
//! server tells it; the children's page says it from the first moment.

use crate::app::Operation;
use crate::base::clock::Span;
use crate::base::lang::Lang;
use crate::db::Durability;
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::outbox::JobKind;
use crate::roster::store::ended_links;

/// The time after which an end is told by mail and banner: a child who changes schools is in neither file for some days.
const END_TOLD_AFTER: Span = Span::days(7);

/// Tells of the ends that are not told yet, one transaction each. Returns their number. A parent who has the child by
/// another link, or was never shown the child, is told nothing.
pub async fn tell_ended_links(op: &Operation<'_>) -> anyhow::Result<u64> {
    let untold = ended_links::list_untold_ends(&mut op.app.db.read().await?, op.now.minus(END_TOLD_AFTER)).await?;
    let mut told = 0;
    for end in untold {
        let mut tx = op.write(Durability::Durable).await?;
        if !ended_links::mark_end_told(&mut tx, &end).await? {
            tx.rollback().await?;
            continue;
        }
        if !end.has_child && !end.is_hidden {
            let detail = match &end.given_name {
                Some(name) => format!("{name}, {}", end.school),
                None => end.school.clone(),
            };
            let (account_id, kind) = (&end.account_id, AccountNoticeKind::ChildGone);
            let what = NoticeRequest { account_id, kind, detail: &detail, device_id: None, lang: Lang::default() };
            notify::ops::notify_person(&mut tx, op.app.into(), what).await?;
            told += 1;
        }
        tx.commit().await?;
    }
    if told > 0 {
        op.app.job_notifier.notify(JobKind::Mail);
    }
    Ok(told)
}
