//! Takes a pupil's record out of an account that an import joined it to by a wrong INE.

use std::slice;

use super::{find_and_lock, stated};
use crate::app::StorageOperation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::lang::Lang;
use crate::db::Durability;
use crate::helpdesk::AccountChangeError;
use crate::notify::ops::{NoticeContext, NoticeRequest};
use crate::notify::{self, AccountNoticeKind};
use crate::recovery::CAUTION;
use crate::roster::store::pupils::list_enrolments_of_account;
use crate::roster::store::same_pupil::{PupilKey, detach};
use crate::tenants::store::find_academy_name;
use crate::{accounts, credentials, devices, letters, login, recovery, sessions};

/// The result of a detachment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DetachedPupil {
    pub identifiant: String,
    pub sessions: u64,
}

/// Takes a record out of the account, which no import joins again; the record has no account then, and the school's
/// next letter gives it one of its own. That school may have printed a letter for somebody else, who came in by it: so
/// everything ends that such a person may have left there. Sessions, refresh tokens, letters, recoveries and known devices
/// end, second factors and e-mail addresses are removed, and the password opens nothing until it is replaced by a sheet of
/// the pupil's own school. The person is told by banner and mail.
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
    let school = match of_record.next() {
        Some(enrolment) => enrolment.school,
        None => find_academy_name(&mut tx, pupil.academy).await?.unwrap_or_else(|| pupil.academy.to_owned()),
    };
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
    login::store::end_of_account(&mut tx, &account.id).await?;
    devices::store::forget_others(&mut tx, &account.id, None).await?;
    if credentials::store::find_factors(&mut tx, &account.id).await?.is_required() {
        credentials::ops::remove_all_factors(&mut tx, &account.id, Some(reason)).await?;
    }
    let (until, now) = (tx.now.plus(CAUTION), tx.now);
    accounts::store::set_caution(&mut tx, &account.id, until).await?;
    accounts::store::cohorts::force_change(&mut tx, slice::from_ref(&account.id), now).await?;
    let (account_id, kind) = (&account.id, AccountNoticeKind::PupilDetached);
    let what = NoticeRequest { account_id, kind, detail: &school, device_id: None, lang: Lang::default() };
    notify::ops::notify_person(&mut tx, notices, what).await?;
    // After the notice, which goes to them.
    accounts::store::emails::delete_all(&mut tx, &account.id).await?;
    tx.commit().await?;
    Ok(DetachedPupil { identifiant: account.identifiant, sessions })
}
