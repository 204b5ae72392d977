//! The code that a parent hands over to a pupil who forgot the password.

use super::children::{ChildReset, ParentContext, PupilAccount, find_reset};
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::base::date::BirthDate;
use crate::base::typed_ids::PupilId;
use crate::credentials::{self, OwnerRefusal, ProofRefusal};
use crate::crypto::HmacPurpose;
use crate::db::Durability;
use crate::guardianship::{self, DateComparison, ProofContext};
use crate::http::pages::dates;
use crate::letters::code::LetterCode;
use crate::letters::ops::LetterOrder;
use crate::letters::{self, LetterKind};
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::outbox::JobKind;
use crate::roster;
use crate::roster::store::RosterChild;

/// The parent's typed proofs for a code.
#[derive(Clone, Copy, Debug)]
pub struct ChildCodeRequest<'a> {
    pub password: &'a str,
    pub device_secrets: &'a [String],
    /// The child's birth date; needed only where the parent never gave it.
    pub date: Option<BirthDate>,
}

/// The outcome of a request for a code.
#[derive(Debug)]
pub enum ChildCodeOutcome {
    /// The only place where the code is readable.
    Issued {
        identifiant: String,
        code: LetterCode,
        until: Timestamp,
    },
    NotProven(ProofRefusal),
    Caution {
        until: Timestamp,
    },
    WrongDate {
        tries_left: usize,
    },
    NoTriesLeft {
        until: Timestamp,
    },
    /// The pupil's codes of the day are used up.
    TooMany {
        until: Timestamp,
    },
    /// This child gets no code from a parent.
    NotThisWay,
}

/// True if the parent once gave this child's right birth date.
pub async fn is_proven(op: &Operation<'_>, parent: ParentContext<'_>, pupil_id: &PupilId) -> anyhow::Result<bool> {
    let mut tx = op.app.db.read().await?;
    Ok(roster::store::pupils::has_proof(&mut tx, &parent.account.id, pupil_id).await?)
}

/// Issues the code, after the parent's password and, where it was never given, the child's birth date. The pupil is
/// told that a parent asked, not which; the pupil's password serves until the new one.
pub async fn issue_child_code(
    op: &Operation<'_>,
    parent: ParentContext<'_>,
    child: &RosterChild,
    typed: ChildCodeRequest<'_>,
) -> anyhow::Result<ChildCodeOutcome> {
    let (app, account) = (op.app, parent.account);
    let person = (parent.session, account);
    if let Some(until) = account.caution(op.now) {
        return Ok(ChildCodeOutcome::Caution { until });
    }
    if let Err(why) = credentials::ops::prove_owner(op, person, typed.password, typed.device_secrets).await? {
        return Ok(ChildCodeOutcome::NotProven(why));
    }
    let today = dates::today(op.now);
    let mut tx = op.write(Durability::Durable).await?;
    if let Err(why) = credentials::ops::lock_owner(&mut tx, person).await? {
        tx.rollback().await?;
        return Ok(match why {
            OwnerRefusal::NotProven(why) => ChildCodeOutcome::NotProven(why),
            OwnerRefusal::Caution { until } => ChildCodeOutcome::Caution { until },
        });
    }
    let ChildReset::Code(pupil) = find_reset(op, &mut tx, child, today).await? else {
        tx.rollback().await?;
        return Ok(ChildCodeOutcome::NotThisWay);
    };
    let PupilAccount { id, identifiant } = *pupil;
    if !roster::store::pupils::has_proof(&mut tx, &account.id, &child.pupil_id).await? {
        let questions = guardianship::ops::questions_for(vec![child.clone()]);
        let (Some(question), Some(date)) = (questions.first(), typed.date) else {
            tx.rollback().await?;
            return Ok(ChildCodeOutcome::NotThisWay);
        };
        let proof = ProofContext { account: Some(&account.id), support_code: parent.support_code };
        match guardianship::ops::compare_birth_date(op, &mut tx, proof, question.guardianship(), date).await? {
            DateComparison::Equal => {
                guardianship::ops::confirm(&mut tx, Some(&account.id), question.guardianship()).await?;
            }
            DateComparison::Different { tries_left } => {
                tx.commit().await?;
                return Ok(ChildCodeOutcome::WrongDate { tries_left });
            }
            DateComparison::NoTriesLeft => {
                let until = guardianship::ops::next_try_at(op, &mut tx, question.guardianship()).await?;
                tx.commit().await?;
                return Ok(ChildCodeOutcome::NoTriesLeft { until });
            }
        }
    }
    let key = app.master_key.hmac(HmacPurpose::LimiterKey, &format!("parent_code/{}", child.pupil_id));
    if let RateLimitDecision::Limited { until } = limits::store::consume(&mut tx, RateLimit::ParentCode, &key).await? {
        tx.commit().await?;
        app.metrics.record_limited(RateLimit::ParentCode.name(), "budget");
        return Ok(ChildCodeOutcome::TooMany { until });
    }
    let kind = LetterKind::ParentForPupil;
    let drawn = letters::ops::draw(&mut tx, kind, &child.uai).await?;
    let person_id = Some(&child.person_id);
    let order = LetterOrder {
        account_id: &id,
        kind,
        uai: &child.uai,
        person_id,
        pupil_id: None,
        reason: "asked for by a parent",
    };
    letters::ops::issue(&mut tx, &app.master_key, order, &drawn).await?;
    let what = NoticeRequest {
        account_id: &id,
        kind: AccountNoticeKind::CodeRequested,
        detail: "",
        device_id: None,
        lang: parent.lang,
    };
    notify::ops::notify_person(&mut tx, app.into(), what).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::Mail);
    Ok(ChildCodeOutcome::Issued { identifiant, code: drawn.code, until: drawn.expires_at })
}
