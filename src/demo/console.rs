//! What a console shows after ten days of use: a campaign, requests of services, uploads, letters, people with something
//! in their way. Made once, by the use cases of those who do it, at times in the past.
//!
//! Nobody of the cast is touched: people try them, and tests sign in as them. The accounts made here have a password that
//! nobody knows. What answers of other programs would have caused (a service that refuses a sign-out) is written as the
//! worker writes it.

mod people;
mod services;
mod uploads;

use std::collections::BTreeMap;

use anyhow::Context as _;

use super::administrators::{ADMINISTRATORS, COLLEAGUE, HEAD_SCHOOL_UAI, on_duty};
use super::folder::DemoFolder;
use super::rosters::cast;
use crate::administrators::ops::OnDuty;
use crate::announcement_admin::AnnouncementOrder;
use crate::announcement_admin::ops::{self as announcements, AnnouncementConfirmation, AnnouncementDraftOutcome};
use crate::announcements::AnnouncementLevel;
use crate::app::{App, AppState, Operation};
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::row_id;
use crate::base::profile::Profile;
use crate::base::uai::Uai;
use crate::figures::ops::write_sign_ins;
use crate::roster::store::pupils::list_enrolled_pupils;
use crate::school_admin::ops::figures::{count_schools, write_steps};
use crate::school_admin::ops::find_school;
use crate::school_admin::ops::letters::{BatchOrder, BatchOutcome, BatchPart, print_batch};

/// The file that says that all of this was made.
const MADE_FILE: &str = "console.made";
/// The number of days for which the collège's campaign has been open at the first start.
pub const CAMPAIGN_AGE_DAYS: i64 = 10;

/// Returns an operation of the demo at a time in the past.
fn at(app: &App, now: Timestamp) -> Operation<'_> {
    Operation { now, ..Operation::of_job(app, "demo") }
}

/// Makes what the console shows, once.
pub async fn ensure(app: &AppState, folder: &DemoFolder) -> anyhow::Result<()> {
    if folder.load(MADE_FILE)?.is_some() {
        return Ok(());
    }
    let now = app.now();
    let duty = async |email: &str| on_duty(app, email, now).await?.with_context(|| format!("{email} is not there"));
    let (academy, head, colleague) =
        (duty(ADMINISTRATORS[0].1).await?, duty(ADMINISTRATORS[1].1).await?, duty(COLLEAGUE.1).await?);
    let college = Uai::parse(HEAD_SCHOOL_UAI)?;
    people::run_campaign(app, &college, now).await?;
    // Before some of them get an account by other ways: whoever has one is in no campaign.
    write_steps(&Operation::of_job(app, "demo")).await?;
    write_sign_ins(&Operation::of_job(app, "demo")).await?;
    people::meet_obstacles(app, &college, now).await?;
    uploads::refuse_one(app, folder, (&head, &academy)).await?;
    services::ask(app, (&academy, &colleague), now).await?;
    services::fail_sign_outs(app, now).await?;
    print_letters(app, &head, &college, now.minus(Span::days(2))).await?;
    announce(app, &academy, now.minus(Span::days(5))).await?;
    let op = Operation::of_job(app, "demo");
    while count_schools(&op).await? > 0 {}
    folder.keep(MADE_FILE, "1")?;
    Ok(())
}

/// Prints the letters of the pupils of the class in which the fewest of the cast are: their own letters stay as they are.
async fn print_letters(app: &AppState, head: &OnDuty, uai: &Uai, now: Timestamp) -> anyhow::Result<()> {
    let op = at(app, now);
    let mut tx = app.db.read().await?;
    let pupils = list_enrolled_pupils(&mut tx, uai).await?;
    let place = find_school(&mut tx, head, uai).await?.context("the head's school is not there")?;
    drop(tx);
    let cast = cast();
    let children: Vec<(&str, &str)> =
        cast.iter().flat_map(|who| &who.children).map(|child| (child.given_name, child.family_name)).collect();
    let mut of_cast: BTreeMap<&String, usize> = BTreeMap::new();
    for pupil in &pupils {
        if let Some(class) = &pupil.class {
            let is_one = children.contains(&(pupil.given_name.as_str(), pupil.family_name.as_str()));
            *of_cast.entry(class).or_default() += usize::from(is_one);
        }
    }
    let class = of_cast.iter().min_by_key(|(_, children)| **children).map(|(class, _)| (*class).clone());
    let class = class.context("the head's school has no class")?;
    let order = BatchOrder {
        id: &row_id(now, app.rng.as_ref()),
        part: BatchPart::Class(class),
        profile: Profile::Eleve,
        reason: "Rentrée",
    };
    match print_batch((&op, app), head, &place, &order).await? {
        BatchOutcome::Printed(_) => Ok(()),
        other => anyhow::bail!("the demo's batch of letters was not printed: {other:?}"),
    }
}

/// Shows a message of the academy for an evening, some days ago.
async fn announce(app: &AppState, academy: &OnDuty, now: Timestamp) -> anyhow::Result<()> {
    let op = at(app, now);
    let order = AnnouncementOrder {
        academy: Some("montpellier".to_owned()),
        level: AnnouncementLevel::Disturbance,
        fr: "Les codes par SMS arrivent avec retard ce soir : comptez dix minutes.".to_owned(),
        en: "Codes by text message are late this evening: allow ten minutes.".to_owned(),
        begins_at: None,
        ends_at: now.plus(Span::hours(5)).0,
    };
    let AnnouncementDraftOutcome::Saved(id) = announcements::draft(&op, academy, &order).await? else {
        anyhow::bail!("the demo's announcement was not kept")
    };
    let draft = announcements::find(&op, academy, &id).await?.context("the demo's announcement is not there")?;
    let seen = (draft.row.version, draft.digest.as_str());
    match announcements::confirm(&op, academy, &id, seen).await? {
        AnnouncementConfirmation::Done => Ok(()),
        other => anyhow::bail!("the demo's announcement was not shown: {other:?}"),
    }
}
