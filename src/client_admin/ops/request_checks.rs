//! The checks of a request: those that everybody shares, and those of the author's territory.

use super::request::{FormSubject, id_of};
use super::school_places_of;
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::may;
use crate::app::Operation;
use crate::base::typed_ids::ClientId;
use crate::client_admin::store::requests as rows;
use crate::clients::ClientMetadata;
use crate::clients::answers::ClientAnswers;
use crate::clients::checks::{CheckResult, Verdict, has_bad};
use crate::clients::ops::checks::{CheckMeans, check};
use crate::config::deployment::ServerIdentity;
use crate::crypto::HmacPurpose;
use crate::db::{Durability, Tx};
use crate::limits::{self, RateLimit, RateLimitDecision};

/// The maximum number of persons of a school that are counted.
const MAX_COUNTED: i64 = 10_000;

/// Counts one more time that an administrator, or a program of theirs, has addresses called. Returns false if the hour's are used up: then nothing
/// is called.
pub(super) async fn may_call(op: &Operation<'_>, on_duty: &OnDuty) -> anyhow::Result<bool> {
    let keeper = on_duty.keeper();
    let door = if keeper.is_program() { "/programs" } else { "" };
    let who = format!("client-checks/{}{door}", keeper.author);
    let key = op.app.master_key.hmac(HmacPurpose::LimiterKey, &who);
    let mut tx = op.write(Durability::Relaxed).await?;
    let decision = limits::store::consume(&mut tx, RateLimit::ClientChecks, &key).await?;
    tx.commit().await?;
    let allowed = matches!(decision, RateLimitDecision::Allowed { .. });
    if !allowed {
        op.app.metrics.record_limited(RateLimit::ClientChecks.name(), "budget");
    }
    Ok(allowed)
}

/// Checks what a form says, and saves nothing. Returns `None` if the checks of this hour are used up.
pub async fn check_only(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    subject: FormSubject<'_>,
    mut answers: ClientAnswers,
) -> anyhow::Result<Option<Vec<CheckResult>>> {
    if let FormSubject::Change(file) = subject {
        answers.client_id = file.record.client.id.to_string();
    }
    if answers.client_id.is_empty() {
        answers.client_id = id_of(&answers.client_name);
    }
    if !may_call(op, on_duty).await? {
        return Ok(None);
    }
    check_all(op, Some(on_duty), subject, &answers).await.map(Some)
}

/// Runs the checks that everybody shares, and for the author those of the own territory.
pub(super) async fn check_all(
    op: &Operation<'_>,
    author: Option<&OnDuty>,
    subject: FormSubject<'_>,
    answers: &ClientAnswers,
) -> anyhow::Result<Vec<CheckResult>> {
    let app = op.app;
    let server = ServerIdentity::of(&app.config);
    let means = CheckMeans {
        db: &app.db,
        outgoing: &app.outgoing,
        rng: app.rng.as_ref(),
        server: &server,
        algorithms: &app.config.keys.algorithms,
        keys: Some(app.key_ring()),
        now: op.now,
    };
    let mut out = Box::pin(check(&means, answers, subject.metadata())).await?;
    let mut tx = app.db.read().await?;
    if let (FormSubject::New, Some(on_duty)) = (subject, author) {
        territory(&mut tx, (op, on_duty), answers, &mut out).await?;
    }
    // A change may name schools of others: how many people they have is not the author's to know.
    let is_same = |old: &ClientMetadata| old.perimeter.schools == answers.perimeter().schools;
    if subject.metadata().is_none_or(is_same) {
        persons(&mut tx, answers, &mut out).await?;
    }
    Ok(out)
}

/// A school of others is refused; a whole academy of others may be asked for, and is theirs to agree with.
async fn territory(
    tx: &mut Tx,
    (op, on_duty): (&Operation<'_>, &OnDuty),
    answers: &ClientAnswers,
    out: &mut Vec<CheckResult>,
) -> anyhow::Result<()> {
    let client = ClientId::new(answers.client_id.as_str());
    let perimeter = answers.perimeter();
    let places = school_places_of(tx, &perimeter.schools).await?;
    let mut inside = false;
    for place in places.named(&client, &perimeter) {
        let ours = may(&on_duty.roles, AdminAct::RequestClient, std::slice::from_ref(&place), op.now).is_some();
        inside |= ours;
        let Some(uai) = place.uai.filter(|_| !ours) else { continue };
        // One that is not there was said before, in the same words for whoever has it not.
        if places.schools.contains_key(uai.as_str()) {
            out.push(CheckResult::new("perimeter", Verdict::Bad, "uai_outside", &uai, ""));
        }
    }
    if !inside && !has_bad(out) {
        out.push(CheckResult::new("perimeter", Verdict::Bad, "perimeter_outside", "", ""));
    }
    Ok(())
}

/// Counts who the perimeter is about: the persons of schools, the schools of academies.
async fn persons(tx: &mut Tx, answers: &ClientAnswers, out: &mut Vec<CheckResult>) -> anyhow::Result<()> {
    if out.iter().any(|result| result.field == "perimeter" && result.verdict == Verdict::Bad) {
        return Ok(());
    }
    if !answers.schools.is_empty() {
        let (parents, pupils) = rows::count_persons(tx, &answers.schools, MAX_COUNTED).await?;
        let (parents, pupils) = (parents.to_string(), pupils.to_string());
        out.push(CheckResult::new("perimeter", Verdict::Ok, "persons", &parents, &pupils));
    }
    for id in &answers.academies {
        let schools = rows::count_schools(tx, id, "").await?.to_string();
        out.push(CheckResult::new("perimeter", Verdict::Ok, "schools_counted", id, &schools));
    }
    for id in &answers.ministries {
        let schools = rows::count_schools(tx, "", id).await?.to_string();
        out.push(CheckResult::new("perimeter", Verdict::Ok, "schools_counted", id, &schools));
    }
    Ok(())
}
