//! The families of a campaign of ten days, and those with something in their way.

use std::collections::BTreeSet;

use super::{CAMPAIGN_AGE_DAYS, at};
use crate::accounts::{self, Account};
use crate::app::{App, CampaignStep, SignInResult};
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::{id256, support_code};
use crate::base::profile::Profile;
use crate::base::typed_ids::{ClientId, PersonId};
use crate::base::uai::Uai;
use crate::crypto::Priority;
use crate::db::{Durability, UnitOfWork};
use crate::demo::rosters::cast;
use crate::demo::setup::CLOSED_SCHOOL_UAI;
use crate::helpdesk;
use crate::helpdesk::store::near;
use crate::limits::{self, RateLimit};
use crate::otp::ops::person_budget_key;
use crate::roster::store::{hide_child, link_to_account};
use crate::school_admin::figures::CountedLink;
use crate::school_admin::store::list_links;
use crate::tenants::store::upsert_notice;
use crate::tenants::{Notice, NoticeKind};

/// The furthest steps of the parents of the campaign, one after the other; most of them on the first days.
const STEPS: [CampaignStep; 14] = {
    use CampaignStep::{Activated, Asked, ChildrenConfirmed, CodeRight};
    [
        Activated,
        Activated,
        Asked,
        Activated,
        CodeRight,
        Activated,
        Activated,
        ChildrenConfirmed,
        Activated,
        Asked,
        Activated,
        ChildrenConfirmed,
        Activated,
        CodeRight,
    ]
};
/// The wrong codes of a person within a day.
const WRONG_CODES: u32 = 10;

/// Returns a legal link of each parent with a mobile, no account and no child of the cast; in the order of the persons.
async fn crowd(app: &App, uai: &Uai) -> anyhow::Result<Vec<CountedLink>> {
    let links = list_links(&mut app.db.read().await?, uai).await?;
    let cast = cast();
    let is_cast = |link: &CountedLink| {
        let named = |name: &str| link.family_name == name;
        cast.iter().any(|who| {
            who.given_name == link.given_name && (named(who.family_name) || who.usage_name.is_some_and(named))
        })
    };
    let children: BTreeSet<_> = links.iter().filter(|link| is_cast(link)).map(|link| link.pupil_id.clone()).collect();
    let near: BTreeSet<PersonId> =
        links.iter().filter(|link| children.contains(&link.pupil_id)).map(|link| link.person_id.clone()).collect();
    let mut seen: BTreeSet<PersonId> = BTreeSet::new();
    let is_free = |link: &CountedLink| {
        link.phone_state == "mobile" && !link.institution && !link.disowned && link.account_state.is_none()
    };
    let apart = links.into_iter().filter(|link| !near.contains(&link.person_id) && is_free(link));
    Ok(apart.filter(|link| seen.insert(link.person_id.clone())).collect())
}

/// Creates the account of a parent; with a password if one is given.
async fn create_account(tx: &mut UnitOfWork<'_>, link: &CountedLink, hash: Option<&str>) -> anyhow::Result<Account> {
    let (given, family) = (&link.given_name, &link.family_name);
    let account = accounts::ops::create_account(tx, Profile::Responsable, given, family, None).await?;
    anyhow::ensure!(link_to_account(tx, &link.person_id, &account.id).await?, "a parent has an account already");
    if let Some(hash) = hash {
        accounts::store::set_password(tx, &account.id, hash).await?;
    }
    Ok(account)
}

/// Counts a sign-in or two of a parent to the portal on most days from one on, and now and then a password that was wrong.
fn sign_in_daily(app: &App, account: &Account, (place, from): (i64, i64), opened: Timestamp) {
    let portal = ClientId::new("mon-ent-montpellier");
    for day in (from..CAMPAIGN_AGE_DAYS).filter(|day| (day + place) % 4 != 0) {
        let evening = opened.plus(Span::days(day)).plus(Span::minutes(50));
        let note = |result| app.sign_ins.note(result, (Some(&account.id), Some(&portal)), evening);
        (0..=(day + place) % 2).for_each(|_| note(SignInResult::SignedIn));
        if (day + 2 * place) % 7 == 0 {
            note(SignInResult::WrongPassword);
        }
    }
}

/// Lets parents activate over the days since the campaign opened, and others stop on the way.
pub async fn run_campaign(app: &App, uai: &Uai, now: Timestamp) -> anyhow::Result<()> {
    // Nobody knows the password of these accounts.
    let secret = id256(app.rng.as_ref());
    let hash = app.password_hasher.hash(&secret, app.rng.as_ref(), Priority::Known).await?;
    let opened = now.minus(Span::days(CAMPAIGN_AGE_DAYS));
    let last = CAMPAIGN_AGE_DAYS - 1;
    for ((place, step), link) in (0_i64..).zip(STEPS).zip(&crowd(app, uai).await?) {
        let day = place * place * last / (14 * 14);
        let when = opened.plus(Span::days(day)).plus(Span::minutes(20 + 7 * place));
        let password = (step == CampaignStep::Activated).then_some(hash.as_str());
        app.campaign_steps.note(std::slice::from_ref(&link.person_id), step, when);
        if step >= CampaignStep::ChildrenConfirmed {
            let op = at(app, when);
            let mut tx = op.write(Durability::Durable).await?;
            let account = create_account(&mut tx, link, password).await?;
            tx.commit().await?;
            if password.is_some() {
                sign_in_daily(app, &account, (place, day), opened);
            }
        }
    }
    Ok(())
}

/// Puts something in the way of some parents who have not begun, each something else, with the notices of their schools.
pub async fn meet_obstacles(app: &App, uai: &Uai, now: Timestamp) -> anyhow::Result<()> {
    let secret = id256(app.rng.as_ref());
    let hash = app.password_hasher.hash(&secret, app.rng.as_ref(), Priority::Known).await?;
    let free = crowd(app, uai).await?;
    let mut free = free.iter();
    // One has another number than the school knows: tried since the school's number was imported, which was just now.
    if let Some(link) = free.next() {
        let op = at(app, now);
        let mut tx = op.write(Durability::Durable).await?;
        near::insert(&mut tx, &link.person_id, (&support_code(app.rng.as_ref()), "88")).await?;
        tx.commit().await?;
    }
    let op = at(app, now.minus(Span::hours(20)));
    let mut tx = op.write(Durability::Durable).await?;
    let tell = async |tx: &mut UnitOfWork<'_>, link: &CountedLink, kind: NoticeKind, with_child: bool| {
        let code = support_code(app.rng.as_ref());
        let pupil_id = with_child.then_some(&link.pupil_id);
        upsert_notice(tx, &Notice { uai, person_id: &link.person_id, pupil_id, kind, support_code: &code }).await
    };
    // Two have an account and no child in it: one said Non, one gave wrong dates.
    for kind in [NoticeKind::Contested, NoticeKind::BirthDateFailed] {
        let Some(link) = free.next() else { break };
        create_account(&mut tx, link, Some(&hash)).await?;
        hide_child(&mut tx, &link.person_id, &link.pupil_id, kind).await?;
        tell(&mut tx, link, kind, true).await?;
    }
    // What else schools are told.
    for (kind, with_child) in [
        (NoticeKind::RecoveryFailed, false),
        (NoticeKind::CountryRefused, false),
        (NoticeKind::PhoneDisowned, false),
        (NoticeKind::LinkRepeated, true),
    ] {
        let Some(link) = free.next() else { break };
        tell(&mut tx, link, kind, with_child).await?;
    }
    let suspended = match free.next() {
        Some(link) => Some(create_account(&mut tx, link, Some(&hash)).await?.identifiant),
        None => None,
    };
    tx.commit().await?;
    if let Some(identifiant) = suspended {
        helpdesk::ops::suspend(op.storage(), &identifiant, "Demande du chef d'établissement").await?;
    }
    // The tries of one are used up for today.
    if let Some(link) = free.next() {
        let key = person_budget_key(app, &link.person_id, "");
        let op = at(app, now);
        let mut tx = op.write(Durability::Durable).await?;
        for _ in 0..WRONG_CODES {
            limits::store::consume(&mut tx, RateLimit::SmsCode, &key).await?;
        }
        tx.commit().await?;
    }
    // One came too late, where the campaign has closed.
    let closed = Uai::parse(CLOSED_SCHOOL_UAI)?;
    let mut tx = op.write(Durability::Durable).await?;
    if let Some(link) = crowd(app, &closed).await?.first() {
        let code = support_code(app.rng.as_ref());
        let (person_id, kind) = (&link.person_id, NoticeKind::Reopening);
        upsert_notice(&mut tx, &Notice { uai: &closed, person_id, pupil_id: None, kind, support_code: &code }).await?;
    }
    tx.commit().await?;
    Ok(())
}
