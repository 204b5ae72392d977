//! An upload that the academy refused.

use anyhow::Context as _;

use crate::administrators::ops::OnDuty;
use crate::app::{App, Operation};
use crate::demo::administrators::upload;
use crate::demo::folder::DemoFolder;
use crate::roster_admin::UploadState;
use crate::roster_admin::ops::work::work_once;
use crate::roster_admin::ops::{UploadChoice, UploadDecision, decide, find};

/// The number of pupils whom the refused export leaves out.
const LEFT_OUT_PUPILS: usize = 9;

/// Gives a roster in which a part of the school is missing, and refuses it. What the head gave before is read, too.
pub async fn refuse_one(app: &App, folder: &DemoFolder, (head, academy): (&OnDuty, &OnDuty)) -> anyhow::Result<()> {
    let op = Operation::of_job(app, "demo");
    let Some(id) = upload(&op, head, folder, LEFT_OUT_PUPILS).await? else { return Ok(()) };
    while work_once(&op).await? {}
    let file = find(&op, &id).await?.context("the demo's upload is not there")?;
    if file.upload.state == UploadState::Refused {
        return Ok(());
    }
    let seen = (file.upload.version, file.upload.digest.as_str());
    let reason = "Il manque une classe : exportez toute la base.";
    match decide(&op, academy, &file, (UploadChoice::Refuse, reason), seen).await? {
        UploadDecision::Done => Ok(()),
        other => anyhow::bail!("the demo's upload was not refused: {other:?}"),
    }
}
