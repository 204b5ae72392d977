//! Takes uploads, and decides on them; [`work`] reads and writes them while [`claims`] keeps other
//! servers away, [`undo`] takes one back.

pub mod claims;
pub mod undo;
pub mod work;

use super::files::{MAX_FILES, UploadFileFault};
use super::store::{self, NewUpload, UploadChange};
use super::{FullPlace, LEFT_LINE, NeededAgreement, RosterUpload, UploadReportLine, UploadState, UploadedFile};
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::administrators::scope::AdminScope;
use crate::administrators::territory::{Place, may};
use crate::app::Operation;
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::row_id;
use crate::base::secret::base64url;
use crate::base::typed_ids::AdministratorId;
use crate::base::uai::Uai;
use crate::db::{Durability, Tx};
use crate::roster::formats::RosterFormat;
use crate::roster::store::runs::find_last_run;
use crate::tenants::{self, School};

/// The uploads of a person within a day, and those of their programs.
const MAX_UPLOADS_A_DAY: i64 = 40;
/// The uploads of a school within a day that may need somebody else's agreement, those of persons and those of programs:
/// that one is needed tells whoever gave the files that somebody in them is known elsewhere, so nobody may ask again and
/// again.
const MAX_ASKING_OTHERS_A_DAY: i64 = 8;
/// The size of a sealed part of a file.
const PART_BYTES: usize = 512 * 1024;
/// The maximum length of a reason, in characters.
pub const MAX_REASON_CHARS: usize = 300;
/// The number of uploads of a page of the console.
pub const PAGE_UPLOADS: i64 = 50;

/// A file that was given.
#[derive(Clone, Copy, Debug)]
pub struct GivenFile<'a> {
    pub name: &'a str,
    /// Judged before, by [`super::files::judge`].
    pub content: &'a [u8],
}

/// The outcome of an upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadOutcome {
    /// The worker reads it.
    Received(String),
    Fault(UploadFileFault),
    TooMany,
    /// So many files wait for a decision that no more are kept.
    Full(FullPlace),
    NotPermitted,
}

/// Finds a school with its place.
pub async fn find_school(tx: &mut Tx, uai: &Uai) -> anyhow::Result<Option<(School, Place)>> {
    let Some(school) = tenants::store::find_school(tx, uai).await? else { return Ok(None) };
    let place = Place {
        academy: Some(school.academy.clone()),
        ministry: Some(school.ministry.clone()),
        uai: Some(uai.clone()),
        ..Place::default()
    };
    Ok(Some((school, place)))
}

/// Keeps the files of a school, sealed, for the worker. What is cut before its end leaves nothing that is read.
pub async fn receive(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    (school, place): (&School, &Place),
    (format, files): (RosterFormat, &[GivenFile<'_>]),
) -> anyhow::Result<UploadOutcome> {
    if files.is_empty() || files.len() > MAX_FILES {
        return Ok(UploadOutcome::Fault(UploadFileFault::Number));
    }
    let (keeper, key) = (on_duty.keeper(), &op.app.master_key);
    let id = row_id(op.now, op.app.rng.as_ref());
    let named = |file: &GivenFile<'_>| UploadedFile { name: file.name.to_owned(), bytes: file.content.len() };
    let listed: Vec<UploadedFile> = files.iter().map(named).collect();
    let mut tx = op.write(Durability::Relaxed).await?;
    let act = AdminAct::UploadRoster;
    if on_duty.permitted(&mut tx, act, std::slice::from_ref(place)).await?.is_none() {
        tx.rollback().await?;
        return Ok(UploadOutcome::NotPermitted);
    }
    if store::count_since(&mut tx, keeper, op.now.minus(Span::days(1))).await? >= MAX_UPLOADS_A_DAY {
        tx.rollback().await?;
        return Ok(UploadOutcome::TooMany);
    }
    let (uai, academy) = (&school.uai, school.academy.as_str());
    let agrees = may(&on_duty.roles, AdminAct::AcceptRemovals, std::slice::from_ref(place), op.now).is_some();
    let (since, is_program) = (op.now.minus(Span::days(1)), keeper.is_program());
    if !agrees && store::count_asking_others(&mut tx, uai, since, is_program).await? >= MAX_ASKING_OTHERS_A_DAY {
        tx.rollback().await?;
        return Ok(UploadOutcome::TooMany);
    }
    let bytes = i64::try_from(listed.iter().map(|file| file.bytes).sum::<usize>())?;
    // Two at the same moment may pass one by one: a server takes two bodies at once.
    let held = store::sum_undecided(&mut tx, (uai, academy), is_program).await?;
    if let Some(place) = held.full_for(bytes, is_program) {
        tx.rollback().await?;
        return Ok(UploadOutcome::Full(place));
    }
    let new = NewUpload { id: &id, uai, academy, format: format.name(), keeper, files: &listed, bytes };
    store::insert(&mut tx, new).await?;
    tx.commit().await?;
    for (number, file) in (0_i64..).zip(files) {
        for (part, bytes) in (0_i64..).zip(file.content.chunks(PART_BYTES)) {
            // Sealed before the writer is taken: others wait for it.
            let sealed = store::seal_part(key, &id, (number, part), &base64url(bytes))?;
            let mut tx = op.write(Durability::Relaxed).await?;
            store::insert_part(&mut tx, &id, (number, part), &sealed).await?;
            tx.commit().await?;
        }
    }
    let mut tx = op.write(Durability::Durable).await?;
    let held = store::find(&mut tx, &id).await?;
    let Some(held) = held.filter(|held| held.state == UploadState::Receiving) else {
        anyhow::bail!("an upload was stopped while it was received")
    };
    store::advance(&mut tx, &held, UploadState::Received, UploadChange::default()).await?;
    tx.commit().await?;
    Ok(UploadOutcome::Received(id))
}

/// An upload with what its page shows.
#[derive(Clone, Debug)]
pub struct UploadFile {
    pub upload: RosterUpload,
    pub school: School,
    pub place: Place,
    pub author: String,
    pub first: Option<String>,
    pub decider: Option<String>,
    /// The first of two persons who undo it, and whoever undid it.
    pub undo_first: Option<String>,
    pub undone_by: Option<String>,
    /// True if nothing was imported into the school after it, so that it can be undone.
    pub is_last: bool,
    /// True if its run was undone, by whichever way.
    pub is_run_undone: bool,
}

impl UploadFile {
    /// Returns the lines of the report that somebody may read.
    pub fn lines_for(&self, on_duty: &OnDuty, now: Timestamp) -> Vec<UploadReportLine> {
        let agrees = may(&on_duty.roles, AdminAct::AcceptRemovals, std::slice::from_ref(&self.place), now).is_some();
        let mut lines = self.upload.report_lines();
        lines.retain(|line| agrees || line.kind != LEFT_LINE);
        lines
    }
}

/// Finds an upload, whoever asks.
pub async fn find(op: &Operation<'_>, id: &str) -> anyhow::Result<Option<UploadFile>> {
    let mut tx = op.app.db.read().await?;
    let Some(upload) = store::find(&mut tx, id).await?.filter(|u| u.state != UploadState::Receiving) else {
        return Ok(None);
    };
    let Some((school, place)) = find_school(&mut tx, &upload.uai).await? else { return Ok(None) };
    let author = store::find_name(&mut tx, &upload.author_id).await?.unwrap_or_default();
    let mut names = [None, None, None, None];
    let ids = [&upload.first_by, &upload.decided_by, &upload.undo_first_by, &upload.undone_by];
    for (name, by) in names.iter_mut().zip(ids) {
        if let Some(by) = by {
            *name = store::find_name(&mut tx, by).await?;
        }
    }
    let [first, decider, undo_first, undone_by] = names;
    let last = match &upload.run_id {
        Some(_) => find_last_run(&mut tx, &upload.academy, Some(&upload.uai)).await?,
        None => None,
    };
    let last = last.filter(|run| Some(&run.id) == upload.run_id.as_ref());
    let is_run_undone = last.as_ref().is_some_and(|run| run.undone_at.is_some());
    let is_last = last.is_some();
    Ok(Some(UploadFile {
        upload,
        school,
        place,
        author,
        first,
        decider,
        undo_first,
        undone_by,
        is_last,
        is_run_undone,
    }))
}

/// Lists the uploads that the administrator may see, the last first: one more than a page has, if there are more.
pub async fn list(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    of: (&str, &str),
    page: i64,
) -> anyhow::Result<Vec<store::ListedUploadRow>> {
    let scope = AdminScope::of(&on_duty.roles, AdminAct::UploadRoster, op.now);
    let mut tx = op.app.db.read().await?;
    Ok(store::list(&mut tx, &scope, of, page.saturating_add(1)).await?)
}

/// Returns the act that the decision on an upload needs.
pub fn needed_act(upload: &RosterUpload) -> AdminAct {
    match upload.preview.as_ref().map(|preview| preview.needed) {
        Some(NeededAgreement::Confirmation) | None => AdminAct::UploadRoster,
        Some(NeededAgreement::Academy | NeededAgreement::TwoPersons) => AdminAct::AcceptRemovals,
    }
}

/// The choice of somebody who read a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum UploadChoice {
    Take,
    Refuse,
}

/// The outcome of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadDecision {
    Done,
    /// Noted; a second person decides.
    Partly,
    NoReason,
    /// The same person agreed already: somebody else has to.
    Own,
    /// Something changed since it was read.
    Changed,
    NotPermitted,
}

/// Decides on an upload. `seen` is the version and the digest of the page that was read.
pub async fn decide(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    file: &UploadFile,
    (choice, reason): (UploadChoice, &str),
    (version, digest): (i64, &str),
) -> anyhow::Result<UploadDecision> {
    let (own, reason) = (&on_duty.administrator.id, reason.trim());
    let mut tx = op.write(Durability::Durable).await?;
    let Some(upload) = store::find(&mut tx, &file.upload.id).await? else { return Ok(UploadDecision::Changed) };
    let act = needed_act(&upload);
    let Some(grant) = on_duty.permitted(&mut tx, act, std::slice::from_ref(&file.place)).await? else {
        tx.rollback().await?;
        return Ok(UploadDecision::NotPermitted);
    };
    tx.actor = on_duty.actor(Some(&grant));
    // Posted twice, the answer is the same.
    if upload.version == version.saturating_add(1)
        && let Some(answer) = answer_again(&upload, own, choice)
    {
        return Ok(answer);
    }
    if upload.state != UploadState::Waiting || upload.version != version || upload.digest != digest {
        return Ok(UploadDecision::Changed);
    }
    let needs_reason = choice == UploadChoice::Refuse || act == AdminAct::AcceptRemovals;
    if reason.chars().count() > MAX_REASON_CHARS || needs_reason && reason.is_empty() {
        return Ok(UploadDecision::NoReason);
    }
    let needs_two = upload.preview.as_ref().is_some_and(|p| p.needed == NeededAgreement::TwoPersons);
    let mut decided = UploadChange { decided_by: Some(own), reason: Some(reason), ..UploadChange::default() };
    decided.decided_token = on_duty.keeper().token;
    let (state, change, outcome) = match (choice, needs_two, &upload.first_by) {
        (UploadChoice::Refuse, ..) => (UploadState::Refused, decided, UploadDecision::Done),
        (UploadChoice::Take, true, None) => {
            let change = UploadChange { first_by: Some(own), reason: Some(reason), ..UploadChange::default() };
            (UploadState::Waiting, change, UploadDecision::Partly)
        }
        (UploadChoice::Take, true, Some(first)) if first == own => return Ok(UploadDecision::Own),
        (UploadChoice::Take, ..) => {
            let first_by = upload.first_by.as_ref();
            (UploadState::Writing, UploadChange { first_by, ..decided }, UploadDecision::Done)
        }
    };
    if !store::advance(&mut tx, &upload, state, change).await? {
        return Ok(UploadDecision::Changed);
    }
    if state == UploadState::Refused {
        store::delete_parts(&mut tx, &upload.id).await?;
    }
    let detail =
        format!("{}: {}", upload.format, if outcome == UploadDecision::Partly { "first" } else { state.name() });
    record(&mut tx, &upload, (&detail, Some(reason))).await?;
    tx.commit().await?;
    Ok(outcome)
}

/// Returns the answer to a choice that was the last act on the upload.
fn answer_again(upload: &RosterUpload, own: &AdministratorId, choice: UploadChoice) -> Option<UploadDecision> {
    let (decided, agreed) = (upload.decided_by.as_ref() == Some(own), upload.first_by.as_ref() == Some(own));
    match (choice, upload.state) {
        (UploadChoice::Refuse, UploadState::Refused) | (UploadChoice::Take, UploadState::Writing) if decided => {
            Some(UploadDecision::Done)
        }
        (UploadChoice::Take, UploadState::Waiting) if agreed => Some(UploadDecision::Partly),
        _ => None,
    }
}

async fn record(
    tx: &mut crate::db::UnitOfWork<'_>,
    upload: &RosterUpload,
    (detail, reason): (&str, Option<&str>),
) -> anyhow::Result<()> {
    use crate::audit::{self, AuditDetails, AuditEvent};
    let about = AuditDetails {
        uai: Some(&upload.uai),
        academy: Some(&upload.academy),
        detail,
        reason: reason.filter(|reason| !reason.is_empty()),
        ..AuditDetails::default()
    };
    Ok(audit::store::record(tx, AuditEvent::RosterUploadDecided, about).await?)
}

/// Takes an upload back before it is written. Returns false if it is too late.
pub async fn stop(op: &Operation<'_>, on_duty: &OnDuty, file: &UploadFile, version: i64) -> anyhow::Result<bool> {
    let mut tx = op.write(Durability::Durable).await?;
    let Some(upload) = store::find(&mut tx, &file.upload.id).await? else { return Ok(false) };
    let act = AdminAct::UploadRoster;
    let grant = on_duty.permitted(&mut tx, act, std::slice::from_ref(&file.place)).await?;
    let (Some(grant), true) = (grant, upload.version == version) else {
        return Ok(upload.state == UploadState::Stopped);
    };
    if !matches!(upload.state, UploadState::Received | UploadState::Waiting) {
        return Ok(upload.state == UploadState::Stopped);
    }
    tx.actor = on_duty.actor(Some(&grant));
    if !store::advance(&mut tx, &upload, UploadState::Stopped, UploadChange::default()).await? {
        return Ok(false);
    }
    store::delete_parts(&mut tx, &upload.id).await?;
    record(&mut tx, &upload, (&format!("{}: stopped", upload.format), None)).await?;
    tx.commit().await?;
    Ok(true)
}
