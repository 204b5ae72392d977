//! Signing in with identifiant and password.

use crate::accounts::ops::Attempt;
use crate::accounts::{self, Account, AccountState, identifier, password};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::secret::{digest, same};
use crate::db::Durability;
use crate::limits::{self, Action};
use crate::seal::{Blind, Priority};
use crate::sessions::{self, Method};
use crate::tenants::{self, Office};

/// What comes of an attempt.
#[derive(Debug)]
pub enum SignIn {
    /// The new session's cookie.
    Done {
        cookie: String,
        /// What makes this device a known one of the account.
        mark: String,
    },
    Wrong,
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
    /// Marks of who signed in on this device.
    pub marks: &'a [String],
}

/// Signs somebody in. Counted before compared, by what was typed; an unknown identifiant costs and says the
/// same as a wrong password (ABUSE S-03, S-05, L1, L2, L6). Who signed in on this device before has a bucket apart,
/// so that a stranger cannot keep them out (ABUSE S-06, L5): a mark is given for the right password only.
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
    let mark = app.vault.blind(Blind::Budget, &format!("device/{folded}"));
    let known = brought.marks.iter().any(|m| same(m, &mark));
    let key = accounts::ops::password_budget(app, &folded, known);
    // Counted before compared and forgotten when right: fifty right ones at once must not count as fifty.
    let _turn = app.passwords.turn(&key).await;
    let account = accounts::store::by_identifiant(&mut app.db.read().await?, &folded).await?;
    let account = account.filter(|a| a.state == AccountState::Active);
    let stored = account.as_ref().and_then(|a| a.password.as_deref());
    let who = if known { Priority::Known } else { Priority::Stranger };
    let right = match accounts::ops::attempt(app, now, &key, &password, stored, who).await? {
        Attempt::Wait { until } => return Ok(SignIn::Waiting { until }),
        done => done == Attempt::Right,
    };
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
            let (cookie, _) =
                sessions::ops::begin(&mut tx, app, now, &current.id, Method::Password, former.as_deref()).await?;
            SignIn::Done { cookie, mark }
        }
        None => SignIn::Wrong,
    };
    tx.commit().await?;
    Ok(outcome)
}
