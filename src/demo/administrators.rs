//! Administrators of the demo, whom its console lets in without a passkey: on this machine only.

use crate::administrators::ops::invite::{InvitationContext, RoleGiver, RoleOrder, RoleRefusal, give_role};
use crate::administrators::roles::AdminRole;
use crate::administrators::territory::Territory;
use crate::app::{App, Operation};
use crate::base::lang::Lang;
use crate::base::uai::Uai;

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
