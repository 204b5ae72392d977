//! The identifiant is given, a password is chosen, and that is a sign-in.

use crate::accounts::ops::Attempt;
use crate::accounts::{self, Account, AccountState, password};
use crate::activation::binding::{self, Held};
use crate::activation::views::{Purpose, Settled};
use crate::activation::{Activation, Outcome, Step, store};
use crate::app::App;
use crate::audit::{self, About, Fact};
use crate::base::clock::Timestamp;
use crate::base::secret::digest;
use crate::base::source::Source;
use crate::db::{Durability, Tx};
use crate::devices;
use crate::interactions::{self, Interaction};
use crate::limits::{self, Action};
use crate::roster;
use crate::seal::{Blind, Priority};
use crate::sessions::ops::Around;
use crate::sessions::{self, Method};
use crate::tenants;

/// How often two activations of one person may meet before we call it our fault.
const ENCOUNTERS: usize = 4;

/// From proven children to an identifiant. Two activations of one person at once end with one account: attaching a
/// person is compare-and-set, and whoever comes second starts this transaction over and finds the account. `false`:
/// another request of this browser did all this.
pub async fn give(app: &App, now: Timestamp, proven: &Held) -> anyhow::Result<bool> {
    for _ in 0..ENCOUNTERS {
        let mut next = proven.activation.clone();
        next.browser = digest(&binding::next(&app.vault, &next.id, Step::Children, &proven.secret));
        let mut tx = app.db.write(Durability::Durable).await?;
        if !attached(&mut tx, app, now, &mut next).await? {
            tx.rollback().await?;
            continue;
        }
        lift(&mut tx, now, &next).await?;
        next.step = Step::Password;
        if !store::advance(&mut tx, Step::Children, &next).await? {
            tx.rollback().await?;
            return Ok(false);
        }
        let about = About { account: next.account_id.as_deref(), detail: &next.support_code, ..About::default() };
        audit::store::record(&mut tx, app.rng.as_ref(), now, Fact::ChildrenConfirmed, about).await?;
        tx.commit().await?;
        app.metrics.activation(next.step.name());
        return Ok(true);
    }
    anyhow::bail!("two activations of one person met {ENCOUNTERS} times")
}

/// Gives the found persons an account, an old or a new one. `false`: somebody else is doing the same right now.
async fn attached(tx: &mut Tx, app: &App, now: Timestamp, next: &mut Activation) -> anyhow::Result<bool> {
    if next.purpose == Purpose::NewPassword {
        return Ok(true);
    }
    let mut free = Vec::new();
    let mut account = next.account_id.clone();
    for id in &next.persons {
        let Some(person) = roster::store::person(tx, id).await? else { continue };
        match person.account_id {
            Some(theirs) => account = account.or(Some(theirs)),
            None => free.push(person),
        }
    }
    let account = match account {
        Some(id) => {
            // Activated meanwhile, from another browser: what follows replaces a password, and says so.
            let known = accounts::store::by_id(tx, &id).await?;
            if known.is_some_and(|a| a.state == AccountState::Active) {
                next.purpose = Purpose::NewPassword;
            }
            id
        }
        None => {
            // Found ones come exported last first: that one names the account.
            let Some(person) = free.first() else { anyhow::bail!("a proven activation without a person") };
            let (given, family, usage) = (&person.given_name, &person.family_name, person.usage_name.as_deref());
            // Also a pupil who is his own responsable (link 70): an ordinary one whose child is himself.
            let opened =
                accounts::ops::open_account(tx, app.rng.as_ref(), now, "responsable", given, family, usage).await?;
            let about = About { account: Some(&opened.id), detail: &next.support_code, ..About::default() };
            audit::store::record(tx, app.rng.as_ref(), now, Fact::IdentifiantGiven, about).await?;
            opened.id
        }
    };
    for person in &free {
        if !roster::store::attach(tx, &person.id, &account).await? {
            return Ok(false);
        }
    }
    next.account_id = Some(account);
    Ok(true)
}

/// A right date lifts what an earlier activation withheld, and what the school was told of it is settled.
async fn lift(tx: &mut Tx, now: Timestamp, next: &Activation) -> anyhow::Result<()> {
    for child in next.children.iter().filter(|c| c.settled == Some(Settled::Right)) {
        for person_id in &child.person_ids {
            roster::store::lift(tx, person_id, &child.pupil_id).await?;
            tenants::store::settle_child(tx, now, person_id, &child.pupil_id).await?;
        }
    }
    Ok(())
}

/// The end of an activation: what the browser is given.
#[derive(Debug)]
pub struct SignedIn {
    /// The cookie of the new session.
    pub cookie: String,
    /// The secret of the device that the browser is from now on.
    pub device: String,
}

/// What the browser brought along.
#[derive(Clone, Copy, Debug, Default)]
pub struct Brought<'a> {
    /// The session's cookie: that session ends.
    pub session: Option<&'a str>,
    pub source: Source,
    /// `User-Agent`.
    pub agent: &'a str,
}

/// What comes of a chosen password.
#[derive(Debug)]
pub enum Chosen {
    Done(SignedIn),
    Different,
    Refused(password::Refused),
    /// The step was left meanwhile, by another tab or another activation.
    Elsewhere(Step),
}

/// Sets the password and signs in. A replaced one ends every session and every other open activation of the account.
pub async fn choose_password(
    app: &App,
    now: Timestamp,
    held: &Held,
    account: &Account,
    typed: (&str, &str),
    brought: Brought<'_>,
) -> anyhow::Result<Chosen> {
    let (first, second) = (password::normal(typed.0), password::normal(typed.1));
    let schools = super::known_schools(held);
    let known = password::Known {
        identifiant: &account.identifiant,
        names: vec![&account.given_name, &account.family_name],
        schools: schools.iter().map(String::as_str).collect(),
    };
    if let Err(why) = password::judge(&first, &known) {
        return Ok(Chosen::Refused(why));
    }
    if first != second {
        return Ok(Chosen::Different);
    }
    let hash = app.passwords.hash(&first, app.rng.as_ref(), Priority::Known).await?;

    let mut tx = app.db.write(Durability::Durable).await?;
    let browser = digest(&binding::next(&app.vault, &held.id, Step::Password, &held.secret));
    let mut next = Activation { step: Step::Done, browser, ..held.activation.clone() };
    let current = accounts::store::by_id(&mut tx, &account.id).await?;
    // The account's row is the first that is written: two activations of one account choose one after the other, and
    // neither waits for a row that the other holds.
    if !accounts::store::set_password(&mut tx, now, &account.id, &hash).await? {
        let by = current.and_then(|a| a.suspended_by).unwrap_or_else(|| "school".to_owned());
        next = Activation { step: Step::Ended, ..held.activation.clone() };
        next.outcome = Some(Outcome::Suspended { by, school: schools.into_iter().next() });
        store::advance(&mut tx, Step::Password, &next).await?;
        tx.commit().await?;
        return Ok(Chosen::Elsewhere(Step::Ended));
    }
    if !store::advance(&mut tx, Step::Password, &next).await? {
        tx.rollback().await?;
        let fresh = store::find(&mut app.db.read().await?, &app.vault, &next.id).await?;
        return Ok(Chosen::Elsewhere(fresh.map_or(Step::Ended, |a| a.step)));
    }
    let replaces = current.is_some_and(|a| a.state == AccountState::Active);
    let fact = if replaces { Fact::PasswordReplaced } else { Fact::PasswordChosen };
    let about = About { account: Some(&account.id), detail: &next.support_code, ..About::default() };
    audit::store::record(&mut tx, app.rng.as_ref(), now, fact, about).await?;
    if replaces {
        sessions::ops::end_all(&mut tx, app, now, &account.id).await?;
    }
    store::end_others(&mut tx, &account.id, &next.id).await?;
    tenants::store::settle_reopening(&mut tx, now, &account.id).await?;
    // Who knew the former password is known nowhere any more; this browser is.
    devices::store::forget_all(&mut tx, now, &account.id).await?;
    let signed_in = begin(&mut tx, app, now, &next, &account.id, brought).await?;
    tx.commit().await?;
    app.metrics.activation(next.step.name());
    put_back(app, now, &next).await;
    Ok(Chosen::Done(signed_in))
}

/// The sign-in that an activation ends with, on a device that is known from now on.
async fn begin(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    activation: &Activation,
    account: &str,
    brought: Brought<'_>,
) -> anyhow::Result<SignedIn> {
    let identity = app.vault.blind(Blind::Budget, &activation.typed.key());
    let label = devices::label(brought.agent);
    let (id, device) = devices::ops::remember(tx, app, now, account, None, (&label, Some(&identity))).await?;
    let former = brought.session.map(digest);
    // Of an activation that nobody waits for there is none.
    let request = activation.request.as_deref().and_then(|text| serde_json::from_str::<Interaction>(text).ok());
    let client = request.as_ref().map(|waiting| waiting.request.client_id.as_str());
    let with = Around { former: former.as_deref(), device: Some(&id), client };
    let (cookie, _) = sessions::ops::begin(tx, app, now, account, Method::Activation, with).await?;
    limits::ops::seen(tx, app, now, brought.source, account).await?;
    Ok(SignedIn { cookie, device })
}

/// A double click on « Terminer »: the first answer, with its cookie, was thrown away by the browser. The same password
/// again in the same browser signs in again; it counts as any password does. `None`: it is not that password.
pub async fn once_more(
    app: &App,
    now: Timestamp,
    activation: &Activation,
    account: &Account,
    typed: &str,
    brought: Brought<'_>,
) -> anyhow::Result<Option<SignedIn>> {
    let key = accounts::ops::password_budget(app, &account.identifiant, None);
    let password = password::normal(typed);
    let _turn = app.passwords.turn(&key).await;
    if accounts::ops::attempt(app, now, &key, &password, Some(account), Priority::Known).await? != Attempt::Right {
        return Ok(None);
    }
    let mut tx = app.db.write(Durability::Relaxed).await?;
    limits::store::refund(&mut tx, Action::Password, &key, now).await?;
    // Read again inside: it may have been suspended, or its password replaced, while the hash was computed.
    let current = accounts::store::held(&mut tx, &account.id).await?;
    if !current.is_some_and(|c| c.is_live() && c.password == account.password) {
        tx.commit().await?;
        return Ok(None);
    }
    let signed_in = begin(&mut tx, app, now, activation, &account.id, brought).await?;
    tx.commit().await?;
    put_back(app, now, activation).await;
    Ok(Some(signed_in))
}

/// The request that started it all: perhaps the store was emptied by a restart meanwhile.
async fn put_back(app: &App, now: Timestamp, activation: &Activation) {
    let (Some(i), Some(request)) = (&activation.interaction, &activation.request) else { return };
    let restored = match serde_json::from_str::<Interaction>(request) {
        Ok(interaction) => interactions::ops::restore(app, now, i, &interaction).await,
        Err(e) => Err(e.into()),
    };
    if !matches!(restored, Ok(true)) {
        // The person is signed in all the same, and gets the page with one button to the service.
        tracing::warn!(activation = %activation.support_code, "the waiting request could not be put back");
    }
}
