//! Administrators of the demo, whom its console lets in without a passkey: on this machine only.

use crate::administrators::ops::invite::{InvitationContext, RoleGiver, RoleOrder, RoleRefusal, give_role};
use crate::administrators::ops::{AdminDoor, OnDuty};
use crate::administrators::roles::AdminRole;
use crate::administrators::territory::Territory;
use crate::administrators::{self, AdminProof, AdminSession};
use crate::app::{App, Operation};
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::base::typed_ids::AdminSessionId;
use crate::base::uai::Uai;
use crate::roster::formats::RosterFormat;
use crate::roster_admin::ops::{GivenFile, UploadOutcome, find_school, receive};
use crate::roster_admin::store::count_since;

use super::folder::DemoFolder;

/// The school whose head administers; most of the demo's families are there.
pub const HEAD_SCHOOL_UAI: &str = "0349999J";

/// The administrator of the academy, and the head of the school.
pub const ADMINISTRATORS: [(&str, &str); 2] =
    [("Nadia Kaci", "n.kaci@ac-montpellier.example"), ("Anne Vidal", "a.vidal@ac-montpellier.example")];

/// Another administrator of the academy, who asks for a service: nobody decides on their own request.
pub const COLLEAGUE: (&str, &str) = ("Paul Faure", "p.faure@ac-montpellier.example");

/// Whoever runs the whole deployment, and sees how it stands.
const OPERATOR: (&str, &str) = ("Yves Blanc", "y.blanc@compte.example");

/// Gives all of them their roles, once.
pub async fn ensure(app: &App) -> anyhow::Result<()> {
    let roles = [
        (AdminRole::Academy, Territory::Academy("montpellier".to_owned())),
        (AdminRole::SchoolHead, Territory::School(Uai::parse(HEAD_SCHOOL_UAI)?)),
        (AdminRole::Academy, Territory::Academy("montpellier".to_owned())),
        (AdminRole::National, Territory::All),
    ];
    for ((name, email), (role, territory)) in ADMINISTRATORS.into_iter().chain([COLLEAGUE, OPERATOR]).zip(roles) {
        let order = RoleOrder {
            name: name.to_owned(),
            email: email.to_owned(),
            role,
            territory,
            pupils_only: false,
            until: None,
        };
        let context =
            InvitationContext { pages: &app.pages, issuer: app.issuer(), mails: false, lang: Lang::default() };
        let op = Operation::of_job(app, "demo");
        match give_role(op.storage(), context, RoleGiver::Operator("demo"), &order).await? {
            Ok(_) | Err(RoleRefusal::Already) => {}
            Err(why) => anyhow::bail!("the demo's administrator {name}: {why}"),
        }
    }
    Ok(())
}

/// The number of pupils whom the export of the demo's upload leaves out.
const LEFT_OUT_PUPILS: usize = 4;

/// Returns an export of pupils without its last ones, as one that was made of a group.
fn without_last_pupils(export: &[u8], left_out: usize) -> Vec<u8> {
    let opening = b"<ELEVE ";
    let mut begins = export.windows(opening.len()).enumerate().filter(|(_, found)| found == opening).map(|(at, _)| at);
    let cut = begins.by_ref().collect::<Vec<usize>>().into_iter().rev().nth(left_out.saturating_sub(1));
    let closing = b"</ELEVES>";
    let end = export.windows(closing.len()).position(|found| found == closing);
    let (Some(cut), Some(end)) = (cut, end) else { return export.to_vec() };
    let (Some(head), Some(tail)) = (export.get(..cut), export.get(end..)) else { return export.to_vec() };
    [head, tail].concat()
}

/// Returns an administrator as somebody who has just signed in.
pub async fn on_duty(app: &App, email: &str, now: Timestamp) -> anyhow::Result<Option<OnDuty>> {
    let mut tx = app.db.read().await?;
    let found = administrators::store::find_by_email(&mut tx, &app.master_key, email).await?;
    let Some(administrator) = found else { return Ok(None) };
    let roles = administrators::store::roles::list_current(&mut tx, &administrator.id, now).await?;
    let session = AdminSession {
        id: AdminSessionId::new("demo"),
        administrator_id: administrator.id.clone(),
        method: AdminProof::Passkey,
        authenticated_at: now,
        proven_at: now,
        seen_at: now,
        ended: false,
    };
    Ok(Some(OnDuty { door: AdminDoor::Session(session), administrator, roles }))
}

/// Gives the files of the head's school on screen, without some pupils. Returns the id of the upload; `None` where the
/// files are not there, as in a folder of an earlier release.
pub async fn upload(
    op: &Operation<'_>,
    head: &OnDuty,
    folder: &DemoFolder,
    left_out: usize,
) -> anyhow::Result<Option<String>> {
    let uai = Uai::parse(HEAD_SCHOOL_UAI)?;
    let Some((school, place)) = find_school(&mut op.app.db.read().await?, &uai).await? else { return Ok(None) };
    let read = |export: &str| {
        let name = format!("{uai}-{export}.xml");
        std::fs::read(folder.rosters().join("montpellier").join(&name)).map(|content| (name, content))
    };
    let (Ok(pupils), Ok(persons)) = (read("ElevesAvecAdresses"), read("ResponsablesAvecAdresses")) else {
        return Ok(None);
    };
    let fewer = without_last_pupils(&pupils.1, left_out);
    let files = [GivenFile { name: &pupils.0, content: &fewer }, GivenFile { name: &persons.0, content: &persons.1 }];
    match receive(op, head, (&school, &place), (RosterFormat::Siecle, &files)).await? {
        UploadOutcome::Received(id) => Ok(Some(id)),
        other => anyhow::bail!("the demo's upload was not received: {other:?}"),
    }
}

/// Gives the files of the head's school: an upload that waits for the academy. Once.
pub async fn give_roster(app: &App, folder: &DemoFolder) -> anyhow::Result<()> {
    let op = Operation::of_job(app, "demo");
    let Some(head) = on_duty(app, ADMINISTRATORS[1].1, op.now).await? else { return Ok(()) };
    if count_since(&mut app.db.read().await?, head.keeper(), Timestamp(0)).await? == 0 {
        upload(&op, &head, folder, LEFT_OUT_PUPILS).await?;
    }
    Ok(())
}
