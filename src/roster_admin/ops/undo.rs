//! Puts a school back as it was before an upload: for a reason, and by two persons where an upload of that size needs two.

use super::{MAX_REASON_CHARS, UploadFile, record};
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::administrators::store::roles::list_current;
use crate::administrators::territory::may;
use crate::app::Operation;
use crate::base::typed_ids::AdministratorId;
use crate::db::{Durability, UnitOfWork};
use crate::roster::ops::ImportContext;
use crate::roster::ops::undo::{ImportUndo, RowsLeft, undo_run};
use crate::roster_admin::store::{self, UploadChange};
use crate::roster_admin::{LEFT_LINE, NeededAgreement, RosterUpload, UploadReportLine, UploadState};

/// Returns the act that an undo needs: the one of the decision, or the academy's if much goes.
pub fn undo_act(upload: &RosterUpload) -> AdminAct {
    match upload.undo_agreement() {
        _ if upload.state != UploadState::Taken => AdminAct::UploadRoster,
        NeededAgreement::Confirmation => AdminAct::UploadRoster,
        NeededAgreement::Academy | NeededAgreement::TwoPersons => AdminAct::AcceptRemovals,
    }
}

/// The outcome of an undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadUndo {
    Done,
    /// Noted; a second person does it.
    Partly,
    NoReason,
    /// The same person agreed already: somebody else has to.
    Own,
    /// It changed since it was read.
    Changed,
    /// Something was imported since, or it is too old.
    TooLate,
    NotPermitted,
}

/// Puts the school back as it was before an upload, as long as nothing was imported into it since. `version` is that of
/// the page that was read.
pub async fn undo(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    file: &UploadFile,
    (version, reason): (i64, &str),
) -> anyhow::Result<UploadUndo> {
    let (own, reason) = (&on_duty.administrator.id, reason.trim());
    // The role is read with the writer: it may have ended since the page.
    let mut tx = op.write(Durability::Durable).await?;
    let held = store::find(&mut tx, &file.upload.id).await?;
    let act = held.as_ref().map_or(AdminAct::AcceptRemovals, undo_act);
    let grant = on_duty.permitted(&mut tx, act, std::slice::from_ref(&file.place)).await?;
    let (Some(grant), Some(upload)) = (grant, held) else { return Ok(UploadUndo::NotPermitted) };
    if upload.state == UploadState::Undone {
        return Ok(UploadUndo::Done);
    }
    let Some(run_id) = upload.run_id.as_deref().filter(|_| upload.state == UploadState::Taken && file.is_last) else {
        return Ok(UploadUndo::TooLate);
    };
    let agreed_first = agreed_first(&mut tx, file, &upload).await?;
    if upload.version != version {
        // Posted twice, the answer is the same.
        let is_again = upload.version == version.saturating_add(1) && agreed_first == Some(own);
        return Ok(if is_again { UploadUndo::Partly } else { UploadUndo::Changed });
    }
    if reason.is_empty() || reason.chars().count() > MAX_REASON_CHARS {
        return Ok(UploadUndo::NoReason);
    }
    tx.actor = on_duty.actor(Some(&grant));
    let kept =
        UploadChange { first_by: upload.first_by.as_ref(), undo_reason: Some(reason), ..UploadChange::default() };
    match (upload.undo_agreement(), agreed_first) {
        (NeededAgreement::TwoPersons, Some(first)) if first == own => return Ok(UploadUndo::Own),
        (NeededAgreement::TwoPersons, None) => {
            let change = UploadChange { undo_first_by: Some(own), ..kept };
            if !store::advance(&mut tx, &upload, UploadState::Taken, change).await? {
                return Ok(UploadUndo::Changed);
            }
            record(&mut tx, &upload, (&format!("{}: undo first", upload.format), Some(reason))).await?;
            tx.commit().await?;
            return Ok(UploadUndo::Partly);
        }
        _ => tx.rollback().await?,
    }
    let op = &op.clone().by(on_duty.actor(Some(&grant)));
    // After an interruption the run is undone, and only the upload does not say so.
    let mut report = None;
    if !file.is_run_undone {
        let ctx = ImportContext::new(op.storage(), &op.app.phone_parser).with_clock(op.app.clock.as_ref());
        let undone = Box::pin(undo_run(ctx, &upload.academy, &upload.uai, run_id)).await?;
        let ImportUndo::Done { schools, left, .. } = undone else { return Ok(UploadUndo::TooLate) };
        if schools.iter().any(|(_, undone)| !undone) {
            return Ok(UploadUndo::TooLate);
        }
        report = with_rows_left(&upload, &left);
    }
    let mut tx = op.write(Durability::Durable).await?;
    let change = UploadChange { undone_by: Some(own), report: report.as_deref(), ..kept };
    if !store::advance(&mut tx, &upload, UploadState::Undone, change).await? {
        tx.rollback().await?;
        // The run is undone: whoever reads the page again and asks again has that recorded.
        return Ok(UploadUndo::Changed);
    }
    record(&mut tx, &upload, (&format!("{}: undone", upload.format), Some(reason))).await?;
    tx.commit().await?;
    Ok(UploadUndo::Done)
}

/// Returns the report of an upload with what its undo left as other schools have it; `None` if it left nothing.
fn with_rows_left(upload: &RosterUpload, left: &RowsLeft) -> Option<Vec<UploadReportLine>> {
    if left.by.is_empty() {
        return None;
    }
    let by = left.by.iter().map(|uai| uai.as_str()).collect::<Vec<_>>().join(", ");
    let (persons, pupils) = (left.persons.len(), left.pupils.len());
    let message = format!("{persons} persons and {pupils} pupils stay as later imports of {by} have them");
    let line = UploadReportLine { kind: LEFT_LINE.to_owned(), message };
    Some(std::iter::once(line).chain(upload.report_lines()).collect())
}

/// Returns the first of two persons who undo an upload, if the role still permits it.
async fn agreed_first<'a>(
    tx: &mut UnitOfWork<'_>,
    file: &UploadFile,
    upload: &'a RosterUpload,
) -> anyhow::Result<Option<&'a AdministratorId>> {
    let Some(first) = &upload.undo_first_by else { return Ok(None) };
    let now = tx.now;
    let roles = list_current(tx, first, now).await?;
    Ok(may(&roles, undo_act(upload), std::slice::from_ref(&file.place), now).map(|_| first))
}
