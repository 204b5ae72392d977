//! The worker of uploads: reads them and keeps the difference, and writes what was decided.
//!
//! An upload is claimed for some minutes, and the claim is renewed while the work goes on. Interrupted by a restart it is
//! claimed again, by any server; a server that lost its claim writes nothing more. What was confirmed is compared once
//! more before it is written: if the difference is another one now, it waits for a decision again.

use super::claims::{claim_next, hold_claim, renew_claim};
use super::find_school;
use crate::administrators::DraftKeeper;
use crate::administrators::ops::permitted_later;
use crate::app::Operation;
use crate::base::actor::{ActingAdministrator, ActingToken, Actor};
use crate::base::secret::{decode_base64url, sha256_base64url};
use crate::db::Durability;
use crate::roster::formats::RosterFormat;
use crate::roster::ops::school_tables::TableRequest;
use crate::roster::ops::{ImportBounds, ImportContext, ImportRequest, import_files};
use crate::roster::reconcile::RemovalPolicy;
use crate::roster::report::{
    FindingWithRemedy, ImportFinding, ImportRejection, SchoolImportOutcome, SchoolImportReport,
};
use crate::roster::store::runs::find_run_of_upload;
use crate::roster_admin::files::MemoryFile;
use crate::roster_admin::store::{self, UploadChange, UploadClaim};
use crate::roster_admin::{
    NeededAgreement, PreviewClass, PreviewCounts, RosterUpload, UploadPreview, UploadReportLine, UploadState,
};

/// The number of tries after which an upload is refused: something in it ends the program.
const MAX_ATTEMPTS: i64 = 4;
/// The maximum number of changes, and of lines, that are kept.
const MAX_KEPT_CHANGES: usize = 300;
const MAX_KEPT_LINES: usize = 2_000;

/// The kind of the line by which the console refuses an upload.
const REFUSED: &str = "refused";

/// Reads or writes one upload. Returns false if none waits.
pub async fn work_once(op: &Operation<'_>) -> anyhow::Result<bool> {
    let Some(claim) = claim_next(op).await? else { return Ok(false) };
    let mut holding = hold_claim(op, &claim);
    tokio::select! {
        done = Box::pin(work_on(op, &claim)) => done?,
        _ = holding.join_next() => {}
    }
    Ok(true)
}

/// Reads or writes a claimed upload. Does nothing with a claim that is lost.
pub async fn work_on(op: &Operation<'_>, claim: &UploadClaim) -> anyhow::Result<()> {
    let upload = store::find(&mut op.app.db.read().await?, &claim.id).await?;
    let Some(upload) = upload.filter(|upload| upload.attempts == claim.number) else { return Ok(()) };
    if upload.attempts > MAX_ATTEMPTS {
        return refuse(op, &upload, "interrupted too often").await;
    }
    let files = open_files(op, &upload).await?;
    match upload.state {
        UploadState::Received => Box::pin(read(op, &upload, &files)).await,
        UploadState::Writing => Box::pin(write(op, &upload, &files)).await,
        _ => Ok(()),
    }
}

/// Opens the sealed files in memory.
async fn open_files(op: &Operation<'_>, upload: &RosterUpload) -> anyhow::Result<Vec<MemoryFile>> {
    let mut out = Vec::new();
    for (number, file) in (0_i64..).zip(&upload.files) {
        let mut content = Vec::with_capacity(file.bytes);
        for part in 0_i64.. {
            let mut tx = op.app.db.read().await?;
            let Some(text) = store::find_part(&mut tx, &op.app.master_key, &upload.id, (number, part)).await? else {
                break;
            };
            content.extend(decode_base64url(&text).unwrap_or_default());
        }
        anyhow::ensure!(content.len() == file.bytes, "a file of an upload is not whole");
        out.push(MemoryFile::new(file.name.clone(), &content)?);
    }
    Ok(out)
}

/// Refuses an upload with a line of its report.
async fn refuse(op: &Operation<'_>, upload: &RosterUpload, why: &str) -> anyhow::Result<()> {
    refuse_with(op, upload, vec![UploadReportLine { kind: REFUSED.to_owned(), message: why.to_owned() }]).await
}

async fn refuse_with(op: &Operation<'_>, upload: &RosterUpload, lines: Vec<UploadReportLine>) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Durable).await?;
    let change = UploadChange { report: Some(&lines), first_by: upload.first_by.as_ref(), ..UploadChange::default() };
    if store::advance(&mut tx, upload, UploadState::Refused, change).await? {
        store::delete_parts(&mut tx, &upload.id).await?;
    }
    Ok(tx.commit().await?)
}

fn format_of(upload: &RosterUpload) -> anyhow::Result<RosterFormat> {
    Ok(match upload.format.as_str() {
        "siecle" => RosterFormat::Siecle,
        "onde" => RosterFormat::Onde,
        "csv" => RosterFormat::Csv,
        other => anyhow::bail!("an upload of the format {other}"),
    })
}

/// The findings of an import about the files.
struct Said {
    /// The report of the school, if the files are of it.
    school: Option<SchoolImportReport>,
    lines: Vec<UploadReportLine>,
    /// True if the files name another school.
    is_of_others: bool,
}

/// Runs the import of the files: dry, or writing the plan that was agreed with. What may go was weighed before.
async fn run(
    op: &Operation<'_>,
    upload: &RosterUpload,
    files: &[MemoryFile],
    agreed: Option<&str>,
) -> anyhow::Result<Said> {
    let format = format_of(upload)?;
    let tables = format.is_tables().then(|| TableRequest {
        uai: upload.uai.clone(),
        exported_at: Some(upload.created_at),
        all_legal: None,
        mapping: None,
    });
    let request = ImportRequest {
        format,
        academy: upload.academy.clone(),
        files: files.iter().map(MemoryFile::path).collect(),
        tables,
        removals: RemovalPolicy::Accepted,
        takes_lead: false,
        dry_run: agreed.is_none(),
    };
    let mut said = Said { school: None, lines: Vec::new(), is_of_others: false };
    let ctx = ImportContext::new(op.storage(), &op.app.phone_parser)
        .with_clock(op.app.clock.as_ref())
        .with_bounds(ImportBounds { upload_id: &upload.id, agreed });
    let mut tell = |finding: ImportFinding| {
        for line in (FindingWithRemedy { finding: &finding, remedy: |_| "" }).lines() {
            let mut message = line.message;
            for file in files {
                message = message.replace(&*file.path().to_string_lossy(), &file.name);
            }
            if line.kind.name() != "change" && said.lines.len() < MAX_KEPT_LINES {
                said.lines.push(UploadReportLine { kind: line.kind.name().to_owned(), message });
            }
        }
        if let ImportFinding::School(report) = finding {
            match report.uai == upload.uai {
                true => said.school = Some(*report),
                false => said.is_of_others = true,
            }
        }
    };
    Box::pin(import_files(ctx, &request, &mut tell)).await?;
    Ok(said)
}

/// The difference of an upload; the lines that refuse it otherwise.
type Difference = Result<(UploadPreview, String, String), Vec<UploadReportLine>>;

/// Compares the files with what is known now. Returns the difference, the digest of the page, and that of the plan.
async fn compare(op: &Operation<'_>, upload: &RosterUpload, files: &[MemoryFile]) -> anyhow::Result<Difference> {
    let said = run(op, upload, files, None).await?;
    if said.is_of_others {
        let message = "the files are of another school".to_owned();
        return Ok(Err(vec![UploadReportLine { kind: REFUSED.to_owned(), message }]));
    }
    let lines = said.lines;
    let Some(report) = said.school else { return Ok(Err(lines)) };
    let SchoolImportOutcome::Imported(summary) = &report.outcome else { return Ok(Err(lines)) };
    let counts = |gone, new, changed| PreviewCounts { gone, new, changed };
    let c = summary.changes;
    let departures = summary.leaving.departures.iter().map(|one| PreviewClass {
        class: one.class.clone(),
        known: one.known,
        gone: one.gone,
    });
    let mut preview = UploadPreview {
        needed: NeededAgreement::Confirmation,
        pupils_gone: summary.leaving.removals.pupils.removed,
        pupils_known: summary.leaving.removals.pupils.total,
        links_gone: summary.leaving.removals.legal_links.removed,
        links_known: summary.leaving.removals.legal_links.total,
        pupils: counts(0, c.pupils_new, c.pupils_changed),
        persons: counts(0, c.persons_new, c.persons_changed),
        enrolments: counts(c.enrolments_ended, c.enrolments_started, c.enrolments_moved),
        links: counts(c.links_ended, c.links_started, c.links_changed),
        departures: departures.collect(),
        changes: report.planned.iter().take(MAX_KEPT_CHANGES).map(ToString::to_string).collect(),
        all_changes: report.planned.len(),
        elsewhere: summary.bounded.elsewhere,
        lines,
    };
    preview.needed = preview.agreement();
    let plan = summary.bounded.digest.clone();
    let digest = sha256_base64url(&format!("{}\n{}\n{plan}", upload.id, preview.needed.name()));
    Ok(Ok((preview, digest, plan)))
}

/// Reads an upload, and keeps its difference for whoever decides.
async fn read(op: &Operation<'_>, upload: &RosterUpload, files: &[MemoryFile]) -> anyhow::Result<()> {
    let (preview, digest, _) = match compare(op, upload, files).await? {
        Ok(found) => found,
        Err(lines) => return refuse_with(op, upload, lines).await,
    };
    wait_for_decision(op, upload, (&preview, &digest)).await
}

async fn wait_for_decision(
    op: &Operation<'_>,
    upload: &RosterUpload,
    (preview, digest): (&UploadPreview, &str),
) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Durable).await?;
    let change = UploadChange { preview: Some(preview), digest: Some(digest), ..UploadChange::default() };
    store::advance(&mut tx, upload, UploadState::Waiting, change).await?;
    Ok(tx.commit().await?)
}

/// Returns the actor by whose decision an upload is written, if the role, and the token of a program, still permit it.
async fn decider(op: &Operation<'_>, upload: &RosterUpload, by: DraftKeeper<'_>) -> anyhow::Result<Option<Actor>> {
    let mut tx = op.write(Durability::Relaxed).await?;
    let Some((_, place)) = find_school(&mut tx, &upload.uai).await? else { return Ok(None) };
    let act = super::needed_act(upload);
    let grant = permitted_later(&mut tx, by, act, std::slice::from_ref(&place)).await?;
    tx.rollback().await?;
    let acting = |role| match by.token {
        Some(token) => Actor::Token(ActingToken::new(token, by.author.clone(), role)),
        None => Actor::Administrator(ActingAdministrator { id: by.author.clone(), role, proof: "console" }),
    };
    Ok(grant.map(|grant| acting(grant.name())))
}

/// Writes an upload that was decided.
async fn write(op: &Operation<'_>, upload: &RosterUpload, files: &[MemoryFile]) -> anyhow::Result<()> {
    let Some(by) = &upload.decided_by else { return refuse(op, upload, "decided by nobody").await };
    let by = DraftKeeper { author: by, token: upload.decided_token.as_ref() };
    let Some(actor) = decider(op, upload, by).await? else {
        return refuse(op, upload, "the role of whoever decided has ended").await;
    };
    if let Some(first) = &upload.first_by
        && decider(op, upload, DraftKeeper { author: first, token: None }).await?.is_none()
    {
        return refuse(op, upload, "the role of whoever agreed first has ended").await;
    }
    let (preview, digest, plan) = match written_or_compared(op, upload, files).await? {
        Err(run_id) => return finish(op, upload, (&run_id, &[])).await,
        Ok(Ok(found)) => found,
        Ok(Err(lines)) => return refuse_with(op, upload, lines).await,
    };
    if digest != upload.digest {
        return wait_for_decision(op, upload, (&preview, &digest)).await;
    }
    // Reading may have taken long: another server has it then, and writes it.
    let claim = UploadClaim { id: upload.id.clone(), number: upload.attempts };
    if !renew_claim(&op.app.db, op.app.clock.as_ref(), &claim).await? {
        return Ok(());
    }
    let by_decider = op.clone().by(actor);
    let said = run(&by_decider, upload, files, Some(&plan)).await?;
    match said.school.as_ref().map(|school| &school.outcome) {
        Some(SchoolImportOutcome::Imported(_)) => {
            let run_id = find_run_of_upload(&mut op.app.db.read().await?, &upload.id).await?.unwrap_or_default();
            finish(op, upload, (&run_id, &said.lines)).await
        }
        // Something else was imported since the comparison: the new difference is read before anything is written.
        Some(SchoolImportOutcome::Rejected(ImportRejection::Changed)) => {
            match written_or_compared(op, upload, files).await? {
                Err(run_id) => finish(op, upload, (&run_id, &[])).await,
                Ok(Ok((preview, digest, _))) => wait_for_decision(op, upload, (&preview, &digest)).await,
                Ok(Err(lines)) => refuse_with(op, upload, lines).await,
            }
        }
        _ => refuse_with(op, upload, said.lines).await,
    }
}

/// Compares the files, unless the upload was written already, before an interruption: then returns that run.
async fn written_or_compared(
    op: &Operation<'_>,
    upload: &RosterUpload,
    files: &[MemoryFile],
) -> anyhow::Result<Result<Difference, String>> {
    match find_run_of_upload(&mut op.app.db.read().await?, &upload.id).await? {
        Some(run_id) => Ok(Err(run_id)),
        None => Ok(Ok(compare(op, upload, files).await?)),
    }
}

async fn finish(
    op: &Operation<'_>,
    upload: &RosterUpload,
    (run_id, lines): (&str, &[UploadReportLine]),
) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Durable).await?;
    let change = UploadChange {
        run_id: Some(run_id).filter(|id| !id.is_empty()),
        report: Some(lines),
        first_by: upload.first_by.as_ref(),
        ..UploadChange::default()
    };
    if store::advance(&mut tx, upload, UploadState::Taken, change).await? {
        store::delete_parts(&mut tx, &upload.id).await?;
    }
    Ok(tx.commit().await?)
}
