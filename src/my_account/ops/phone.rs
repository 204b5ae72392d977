//! « Ce n'est plus mon portable »: the person gives the roster's number up.

use super::closing::{GiveUpRefusal, check_proof};
use crate::accounts::{self, Account};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::lang::Lang;
use crate::credentials;
use crate::db::Durability;
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::outbox::JobKind;
use crate::roster;
use crate::sessions::Session;
use crate::tenants::{self, Notice, NoticeKind};

/// Stops messages to the account's number, by its password, and tells the schools, which alone write another one.
pub async fn disown_phone(
    op: &Operation<'_>,
    (session, account): (&Session, &Account),
    typed: (&str, &[String]),
    (support_code, lang): (&str, Lang),
) -> anyhow::Result<Result<(), GiveUpRefusal>> {
    let app = op.app;
    if let Err(why) = check_proof(op, (session, account), typed).await? {
        return Ok(Err(why));
    }
    let mut tx = op.write(Durability::Durable).await?;
    if let Err(why) = credentials::ops::lock_owner(&mut tx, (session, account)).await? {
        tx.rollback().await?;
        return Ok(Err(why.into()));
    }
    let persons = accounts::store::phones::disown_phones(&mut tx, &account.id).await?;
    // A code that was asked for before this proves nothing any more.
    accounts::store::phone_proofs::delete(&mut tx, &account.id).await?;
    for person_id in &persons {
        for uai in &roster::store::list_schools_of_person(&mut tx, person_id).await? {
            let kind = NoticeKind::PhoneDisowned;
            tenants::store::upsert_notice(&mut tx, &Notice { uai, person_id, pupil_id: None, kind, support_code })
                .await?;
        }
    }
    if !persons.is_empty() {
        let about = AuditDetails { account: Some(&account.id), detail: support_code, ..AuditDetails::default() };
        audit::store::record(&mut tx, AuditEvent::PhoneDisowned, about).await?;
        let (kind, device_id) = (AccountNoticeKind::PhoneDisowned, session.device_id.as_deref());
        let what = NoticeRequest { account_id: &account.id, kind, detail: "", device_id, lang };
        notify::ops::notify_person(&mut tx, app.into(), what).await?;
    }
    tx.commit().await?;
    app.job_notifier.notify(JobKind::Mail);
    Ok(Ok(()))
}
