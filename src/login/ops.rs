//! Signing in with identifiant and password.

use crate::accounts::ops::Attempt;
use crate::accounts::{self, Account, AccountState, identifier, password};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::secret::digest;
use crate::base::source::Source;
use crate::db::Durability;
use crate::devices;
use crate::limits::{self, Action, Refused};
use crate::seal::Priority;
use crate::sessions::ops::Around;
use crate::sessions::{self, Method};
use crate::tenants::{self, Office};

/// What comes of an attempt.
#[derive(Debug)]
pub enum SignIn {
    /// The new session's cookie.
    Done {
        cookie: String,
        /// The secret that makes this device a known one of the account.
        device: String,
        /// Whether the next page tells that the password was changed: once, on a device that knew the account before.
        changed: bool,
    },
    Wrong,
    /// The password before this one, on a device that knew the account: when it was changed
    /// (docs/threats.md#faults-a17).
    Replaced {
        at: Timestamp,
    },
    /// Too many wrong ones from here, or of this password: nothing was compared.
    Limited(Refused),
    Waiting {
        until: Timestamp,
    },
    /// Only after the right password.
    Suspended {
        by: String,
        school: Option<String>,
        /// Whom to call.
        offices: Vec<Office>,
    },
}

impl SignIn {
    /// The outcome in a word, for the operator.
    pub fn name(&self) -> &'static str {
        match self {
            SignIn::Done { .. } => "done",
            SignIn::Wrong => "wrong",
            SignIn::Replaced { .. } => "replaced",
            SignIn::Limited(_) => "limited",
            SignIn::Waiting { .. } => "waiting",
            SignIn::Suspended { .. } => "suspended",
        }
    }
}

/// What the browser brought along.
#[derive(Clone, Copy, Debug, Default)]
pub struct Brought<'a> {
    /// The session's cookie: that session ends.
    pub session: Option<&'a str>,
    /// Secrets of who is known on this device.
    pub devices: &'a [String],
    pub source: Source,
    /// `User-Agent`.
    pub agent: &'a str,
    /// The client that waits.
    pub client: Option<&'a str>,
}

/// Signs somebody in. Counted before compared, by what was typed; an unknown identifiant costs and says the same as a
/// wrong password (docs/threats.md#threat-s03, #threat-s05, #attack-l1, #attack-l2, #attack-l6). A device on which this
/// person is known has a bucket apart, and none of the limits of its source (docs/threats.md#threat-s06, #attack-l5):
/// nobody elsewhere can keep them out of it.
pub async fn sign_in(
    app: &App,
    now: Timestamp,
    identifiant: &str,
    typed: &str,
    brought: Brought<'_>,
) -> anyhow::Result<SignIn> {
    let folded = identifier::folded(identifiant);
    let password = password::normal(typed);
    // What no account can have is not worth a hash, whoever it is typed for.
    if password.chars().count() > password::LONGEST || folded.len() > 200 {
        return Ok(SignIn::Wrong);
    }
    let mut tx = app.db.read().await?;
    let account = accounts::store::by_identifiant(&mut tx, &folded).await?;
    let account = account.filter(|a| a.state == AccountState::Active);
    let id = account.as_ref().map(|a| a.id.as_str());
    let device = devices::ops::known(&mut tx, now, brought.devices, id).await?;
    drop(tx);
    let known = device.as_ref().map(|d| d.id.as_str());
    let asked = limits::ops::sign_in(app, now, brought.source, (&folded, &password), known.is_some()).await?;
    let judging = match asked {
        Ok(judging) => judging,
        Err(refused) => return Ok(SignIn::Limited(refused)),
    };
    let key = accounts::ops::password_budget(app, &folded, known);
    // Counted before compared and forgotten when right: fifty right ones at once must not count as fifty.
    let _turn = app.passwords.turn(&key).await;
    let who = if known.is_some() { Priority::Known } else { Priority::Stranger };
    let right = match accounts::ops::attempt(app, now, &key, &password, account.as_ref(), who).await? {
        Attempt::Wait { until } => return Ok(SignIn::Waiting { until }),
        done => done == Attempt::Right,
    };
    if !right {
        judging.wrong(app, now).await?;
    }
    // A new password makes every device a stranger's; this one still knew the account.
    let knew = devices::ops::knew(&mut app.db.read().await?, brought.devices, id).await?;
    if let Some(account) = account.as_ref().filter(|_| knew && !right)
        && let Some(at) = replaced(app, &account.id, &password).await?
    {
        return Ok(SignIn::Replaced { at });
    }
    let Some(account) = account.filter(|_| right) else { return Ok(SignIn::Wrong) };

    let mut tx = app.db.write(Durability::Relaxed).await?;
    limits::store::reset(&mut tx, Action::Password, &key).await?;
    // Read again inside: it may have been suspended, or its password replaced, while the hash was computed.
    let current = accounts::store::held(&mut tx, &account.id).await?;
    let outcome = match current.filter(|c| c.state == AccountState::Active && c.password == account.password) {
        Some(Account { suspended_by: Some(by), id, .. }) => {
            let children = crate::roster::store::children_of_account(&mut tx, &id).await?;
            let uais: Vec<String> = children.iter().map(|c| c.uai.clone()).collect();
            let offices = tenants::store::offices(&mut tx, &uais).await?;
            SignIn::Suspended { by, school: children.into_iter().next().map(|c| c.school), offices }
        }
        Some(current) => {
            let former = brought.session.map(digest);
            let label = devices::label(brought.agent);
            let (device_id, device) =
                devices::ops::remember(&mut tx, app, now, &current.id, device.as_ref(), (&label, None)).await?;
            let with = Around { former: former.as_deref(), device: Some(&device_id), client: brought.client };
            let (cookie, _) = sessions::ops::begin(&mut tx, app, now, &current.id, Method::Password, with).await?;
            limits::ops::seen(&mut tx, app, now, brought.source, &current.id).await?;
            let changed = knew && accounts::store::take_password_change(&mut tx, &current.id).await?;
            SignIn::Done { cookie, device, changed }
        }
        None => SignIn::Wrong,
    };
    tx.commit().await?;
    Ok(outcome)
}

/// When the password was replaced that is typed here, if it is the one before. It costs a second hash, and says that
/// the account exists: asked only where the device knew it before, which tells a stranger nothing.
async fn replaced(app: &App, account: &str, typed: &str) -> anyhow::Result<Option<Timestamp>> {
    let former = accounts::store::former_password(&mut app.db.read().await?, account).await?;
    let Some((hash, at)) = former else { return Ok(None) };
    Ok(app.passwords.verify(typed, Some(&hash), Priority::Known).await?.then_some(at))
}
