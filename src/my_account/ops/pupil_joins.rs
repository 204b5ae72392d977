//! Tells pupils that another school has their account too. An import joins the records, a running server tells it.

use crate::app::Operation;
use crate::base::lang::Lang;
use crate::db::Durability;
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::outbox::JobKind;
use crate::roster::store::same_pupil;

/// Tells of the joins that are not told yet, one transaction each. Returns their number. A pupil who left that school
/// again is told nothing.
pub async fn tell_pupil_joins(op: &Operation<'_>) -> anyhow::Result<u64> {
    let untold = same_pupil::list_untold_joins(&mut op.app.db.read().await?).await?;
    let mut told = 0;
    for join in untold {
        let mut tx = op.write(Durability::Durable).await?;
        if !same_pupil::mark_join_told(&mut tx, &join).await? {
            tx.rollback().await?;
            continue;
        }
        if let Some(school) = &join.school {
            let (account_id, kind) = (&join.account_id, AccountNoticeKind::PupilRecognised);
            let what = NoticeRequest { account_id, kind, detail: school, device_id: None, lang: Lang::default() };
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
