//! Takes a pupil's record out of an account that an import joined it to by a wrong INE.

use super::{find_and_lock, stated};
use crate::app::StorageOperation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::lang::Lang;
use crate::db::Durability;
use crate::helpdesk::AccountChangeError;
use crate::notify::ops::{NoticeContext, NoticeRequest};
use crate::notify::{self, AccountNoticeKind};
use crate::roster::store::pupils::list_enrolments_of_account;
use crate::roster::store::same_pupil::{PupilKey, detach};
use crate::{letters, recovery, sessions};

/// The result of a detachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetachedPupil {
    pub identifiant: String,
    pub sessions: u64,
}

/// Takes a record out of the account, which no import joins again; the record has no account then, and the school's
/// next letter gives it one of its own. Sessions, refresh tokens, open letters and recoveries of the account end, because
/// that school may have printed one for somebody else; its person is told by banner and mail.
pub async fn detach_pupil(
    op: StorageOperation<'_>,
    notices: NoticeContext<'_>,
    identifiant: &str,
    pupil: PupilKey<'_>,
    reason: &str,
) -> anyhow::Result<DetachedPupil> {
    let reason = stated(reason)?;
    let mut tx = op.write(Durability::Durable).await?;
    let account = find_and_lock(&mut tx, identifiant).await?;
    let enrolled = list_enrolments_of_account(&mut tx, &account.id).await?;
    let mut of_record = enrolled.into_iter().filter(|e| e.academy == pupil.academy && e.pupil_key == pupil.key);
    let school = of_record.next().map_or_else(|| pupil.academy.to_owned(), |enrolment| enrolment.school);
    if !detach(&mut tx, &account.id, pupil).await? {
        return Err(AccountChangeError::NotJoined {
            account: account.identifiant,
            academy: pupil.academy.to_owned(),
            pupil_key: pupil.key.to_owned(),
        }
        .into());
    }
    let detail = format!("{} ELEVE {}", pupil.academy, pupil.key);
    let about =
        AuditDetails { account: Some(&account.id), detail: &detail, reason: Some(reason), ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::PupilDetached, about).await?;
    let sessions = sessions::ops::end_all(&mut tx, op.master_key, &account.id, Some(reason)).await?;
    letters::store::withdraw_all(&mut tx, &account.id).await?;
    recovery::store::end_others(&mut tx, &account.id, None).await?;
    let (account_id, kind) = (&account.id, AccountNoticeKind::PupilDetached);
    let what = NoticeRequest { account_id, kind, detail: &school, device_id: None, lang: Lang::default() };
    notify::ops::notify_person(&mut tx, notices, what).await?;
    tx.commit().await?;
    Ok(DetachedPupil { identifiant: account.identifiant, sessions })
}
