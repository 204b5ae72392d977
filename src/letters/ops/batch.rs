//! Letters for a class, a family or one person: issued and drawn in one transaction.

use super::recipients::{self, LeftOut, LetterPerson, LetterScope, Recipient};
use super::{IssuedLetter, LetterOrder, issue};
use crate::accounts::Account;
use crate::base::lang::Lang;
use crate::base::profile::Profile;
use crate::base::uai::Uai;
use crate::crypto::MasterKey;
use crate::db::UnitOfWork;
use crate::http::pages::{PageRenderer, dates};
use crate::letters::LetterKind;
use crate::letters::pdf::{LetterReader, LetterUse, Letterhead, PdfFile, PrintedLetter, print_letters};
use crate::tenants;

/// The letters that somebody of the school or the operator asks for.
#[derive(Clone, Debug)]
pub struct LetterBatchRequest {
    pub uai: Uai,
    pub scope: LetterScope,
    pub profile: Profile,
    pub also_active: bool,
    pub reason: String,
}

/// The service that prints.
#[derive(Clone, Copy)]
pub struct LetterPress<'a> {
    pub pages: &'a PageRenderer,
    pub master_key: &'a MasterKey,
    pub issuer: &'a str,
}

/// A person who has a letter now.
pub struct BatchLetter {
    pub recipient: Recipient,
    pub account: Account,
    pub letter: IssuedLetter,
}

/// The letters of a batch. Nothing is valid until the transaction is committed.
pub struct LetterBatch {
    /// The file; `None` if there is nobody to print a letter for.
    pub pdf: Option<PdfFile>,
    pub letters: Vec<BatchLetter>,
    /// The people without a letter, each with the reason.
    pub left_out: Vec<(Recipient, LeftOut)>,
}

/// Issues the letters and draws them; accounts are created where there is none.
pub async fn issue_batch(
    tx: &mut UnitOfWork<'_>,
    press: LetterPress<'_>,
    request: &LetterBatchRequest,
) -> anyhow::Result<LetterBatch> {
    let uai = &request.uai;
    let Some(school) = tenants::store::find_school(tx, uai).await? else {
        return Err(tenants::ops::TenantError::UnknownSchool(uai.to_string()).into());
    };
    let academy = tenants::store::find_academy_name(tx, &school.academy).await?.unwrap_or_default();
    let (mut letters, mut left_out) = (Vec::new(), Vec::new());
    for recipient in recipients::list(tx, uai, &request.scope, request.profile, request.also_active).await? {
        if let Some(why) = recipient.left_out {
            left_out.push((recipient, why));
            continue;
        }
        let account = recipients::account_for(tx, &recipient).await?;
        let person_id = match &recipient.person {
            LetterPerson::Parent(id) => Some(id),
            LetterPerson::Pupil(_) => None,
        };
        let (kind, reason) = (recipient.kind(), request.reason.as_str());
        let order = LetterOrder { account_id: &account.id, kind, uai, person_id, reason };
        let letter = issue(tx, press.master_key, order).await?;
        letters.push(BatchLetter { recipient, account, letter });
    }
    let printed_on = dates::day_and_year(Lang::Fr, tx.now);
    let head = Letterhead {
        lang: Lang::Fr,
        service: press.pages.service_name(),
        school: &school.name,
        academy: &academy,
        issuer: press.issuer,
        printed_on: &printed_on,
    };
    let pdf = if letters.is_empty() { None } else { Some(draw(press.pages, &head, &letters)?) };
    Ok(LetterBatch { pdf, letters, left_out })
}

fn draw(pages: &PageRenderer, head: &Letterhead<'_>, letters: &[BatchLetter]) -> anyhow::Result<PdfFile> {
    let words: Vec<(String, String)> = letters
        .iter()
        .map(|l| (l.recipient.full_name(), dates::weekday_and_day(head.lang, l.letter.expires_at)))
        .collect();
    let printed: Vec<PrintedLetter<'_>> = letters
        .iter()
        .zip(&words)
        .map(|(one, (name, valid_until))| PrintedLetter {
            purpose: match one.recipient.kind() {
                LetterKind::Reset => LetterUse::Reset,
                _ => LetterUse::First,
            },
            reader: match one.recipient.person {
                LetterPerson::Pupil(_) => LetterReader::Pupil,
                LetterPerson::Parent(_) => LetterReader::Parent,
            },
            name,
            class: one.recipient.class.as_deref(),
            identifiant: &one.account.identifiant,
            code: &one.letter.code,
            valid_until,
        })
        .collect();
    Ok(print_letters(pages, head, &printed)?)
}
