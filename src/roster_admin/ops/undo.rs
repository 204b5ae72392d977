//! Puts a school back as it was before an upload.

use super::{UploadFile, needed_act};
use crate::administrators::ops::{OnDuty, permitted};
use crate::administrators::roles::AdminAct;
use crate::app::Operation;
use crate::db::Durability;
use crate::roster::ops::ImportContext;
use crate::roster::ops::undo::{ImportUndo, undo_run};
use crate::roster_admin::store::{self, UploadChange};
use crate::roster_admin::{RosterUpload, UploadPreview, UploadState};

/// Returns the act that an undo needs: the one of the decision, or the academy's if much goes.
pub fn undo_act(upload: &RosterUpload) -> AdminAct {
    match upload.preview.as_ref().is_some_and(UploadPreview::undo_takes_much) {
        _ if upload.state != UploadState::Taken => AdminAct::UploadRoster,
        true => AdminAct::AcceptRemovals,
        false => needed_act(upload),
    }
}

/// The outcome of an undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadUndo {
    Done,
    /// Something was imported since, or it is too old.
    TooLate,
    NotPermitted,
}

/// Puts the school back as it was before an upload, as long as nothing was imported into it since.
pub async fn undo(op: &Operation<'_>, on_duty: &OnDuty, file: &UploadFile, version: i64) -> anyhow::Result<UploadUndo> {
    // The role is read with the writer: it may have ended since the page.
    let mut tx = op.write(Durability::Relaxed).await?;
    let held = store::find(&mut tx, &file.upload.id).await?;
    let act = held.as_ref().map_or(AdminAct::AcceptRemovals, undo_act);
    let grant = permitted(&mut tx, &on_duty.administrator.id, act, std::slice::from_ref(&file.place)).await?;
    tx.rollback().await?;
    let (Some(grant), Some(upload)) = (grant, held) else { return Ok(UploadUndo::NotPermitted) };
    if upload.state == UploadState::Undone {
        return Ok(UploadUndo::Done);
    }
    let Some(run_id) = upload.run_id.as_deref().filter(|_| upload.state == UploadState::Taken) else {
        return Ok(UploadUndo::TooLate);
    };
    if upload.version != version || !file.is_last {
        return Ok(UploadUndo::TooLate);
    }
    let op = &op.clone().by(on_duty.actor(Some(&grant)));
    // After an interruption the run is undone, and only the upload does not say so.
    if !file.is_run_undone {
        let ctx = ImportContext::new(op.storage(), &op.app.phone_parser);
        let undone = Box::pin(undo_run(ctx, &upload.academy, &upload.uai, run_id)).await?;
        let ImportUndo::Done { schools, .. } = undone else { return Ok(UploadUndo::TooLate) };
        if schools.iter().any(|(_, undone)| !undone) {
            return Ok(UploadUndo::TooLate);
        }
    }
    let mut tx = op.write(Durability::Durable).await?;
    let change = UploadChange { first_by: upload.first_by.as_ref(), ..UploadChange::default() };
    store::advance(&mut tx, &upload, UploadState::Undone, change).await?;
    tx.commit().await?;
    Ok(UploadUndo::Done)
}
