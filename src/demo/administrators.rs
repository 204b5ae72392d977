//! Administrators of the demo, whom its console lets in without a passkey: on this machine only.

use crate::administrators::ops::OnDuty;
use crate::administrators::ops::invite::{InvitationContext, RoleGiver, RoleOrder, RoleRefusal, give_role};
use crate::administrators::roles::AdminRole;
use crate::administrators::territory::Territory;
use crate::administrators::{self, AdminProof, AdminSession};
use crate::app::{App, Operation};
use crate::base::lang::Lang;
use crate::base::typed_ids::AdminSessionId;
use crate::base::uai::Uai;
use crate::roster::formats::RosterFormat;
use crate::roster_admin::ops::{GivenFile, UploadOutcome, find_school, receive};
use crate::roster_admin::store::count_since;

use super::folder::DemoFolder;

/// The school whose head administers; most of the demo's families are there.
const HEAD_SCHOOL_UAI: &str = "0349999J";

/// The administrator of the academy, and the head of the school.
pub const ADMINISTRATORS: [(&str, &str); 2] =
    [("Nadia Kaci", "n.kaci@ac-montpellier.example"), ("Anne Vidal", "a.vidal@ac-montpellier.example")];

/// Gives both their roles, once.
pub async fn ensure(app: &App) -> anyhow::Result<()> {
    let roles = [
        (AdminRole::Academy, Territory::Academy("montpellier".to_owned())),
        (AdminRole::SchoolHead, Territory::School(Uai::parse(HEAD_SCHOOL_UAI)?)),
    ];
    for ((name, email), (role, territory)) in ADMINISTRATORS.into_iter().zip(roles) {
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
fn without_last_pupils(export: &[u8]) -> Vec<u8> {
    let opening = b"<ELEVE ";
    let mut begins = export.windows(opening.len()).enumerate().filter(|(_, found)| found == opening).map(|(at, _)| at);
    let cut = begins.by_ref().collect::<Vec<usize>>().into_iter().rev().nth(LEFT_OUT_PUPILS - 1);
    let closing = b"</ELEVES>";
    let end = export.windows(closing.len()).position(|found| found == closing);
    let (Some(cut), Some(end)) = (cut, end) else { return export.to_vec() };
    let (Some(head), Some(tail)) = (export.get(..cut), export.get(end..)) else { return export.to_vec() };
    [head, tail].concat()
}

/// Gives the files of the head's school on screen, without some pupils: an upload that waits for the academy. Once.
pub async fn give_roster(app: &App, folder: &DemoFolder) -> anyhow::Result<()> {
    let op = Operation::of_job(app, "demo");
    let (uai, email) = (Uai::parse(HEAD_SCHOOL_UAI)?, ADMINISTRATORS[1].1);
    let mut tx = app.db.read().await?;
    let found = administrators::store::find_by_email(&mut tx, &app.master_key, email).await?;
    let (Some(administrator), Some((school, place))) = (found, find_school(&mut tx, &uai).await?) else {
        return Ok(());
    };
    if count_since(&mut tx, &administrator.id, crate::base::clock::Timestamp(0)).await? > 0 {
        return Ok(());
    }
    let roles = administrators::store::roles::list_current(&mut tx, &administrator.id, op.now).await?;
    drop(tx);
    let read = |export: &str| {
        let name = format!("{uai}-{export}.xml");
        std::fs::read(folder.rosters().join("montpellier").join(&name)).map(|content| (name, content))
    };
    // A folder of an earlier release may lack them.
    let (Ok(pupils), Ok(persons)) = (read("ElevesAvecAdresses"), read("ResponsablesAvecAdresses")) else {
        return Ok(());
    };
    let session = AdminSession {
        id: AdminSessionId::new("demo"),
        administrator_id: administrator.id.clone(),
        method: AdminProof::Passkey,
        authenticated_at: op.now,
        proven_at: op.now,
        seen_at: op.now,
        ended: false,
    };
    let on_duty = OnDuty { session, administrator, roles };
    let fewer = without_last_pupils(&pupils.1);
    let files = [GivenFile { name: &pupils.0, content: &fewer }, GivenFile { name: &persons.0, content: &persons.1 }];
    match receive(&op, &on_duty, (&school, &place), (RosterFormat::Siecle, &files)).await? {
        UploadOutcome::Received(_) => Ok(()),
        other => anyhow::bail!("the demo's upload was not received: {other:?}"),
    }
}
