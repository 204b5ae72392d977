//! The context of a use case, created where the work enters the program: by a request, a job or a command.

use std::ops::Deref;
use std::sync::atomic::AtomicBool;

use super::App;
use crate::base::actor::Actor;
use crate::base::clock::Timestamp;
use crate::base::rng::Random;
use crate::crypto::MasterKey;
use crate::db::{Db, Durability, Result, UnitOfWork};
use crate::http::request_context::RequestContext;

/// An operation of the running application: its time, and the party on whose behalf it is done.
#[derive(Clone)]
pub struct Operation<'a> {
    pub app: &'a App,
    pub now: Timestamp,
    pub actor: Actor,
    /// The id of the request in the log, if the operation belongs to a request.
    pub request_id: Option<&'a str>,
    /// Set before a durable commit, for a caller who must know whether something was done.
    pub commits: Option<&'a AtomicBool>,
}

impl<'a> Operation<'a> {
    /// Returns the operation of a request, of nobody signed in until [`Operation::by`] names the actor.
    pub fn of_request(app: &'a App, ctx: &'a RequestContext) -> Self {
        Self { app, now: ctx.now, actor: Actor::Anonymous, request_id: Some(&ctx.request_id), commits: None }
    }

    /// Returns the operation of a background job, at the current time.
    pub fn of_job(app: &'a App, name: &'static str) -> Self {
        Self { app, now: app.now(), actor: Actor::Job(name), request_id: None, commits: None }
    }

    /// Names the actor.
    #[must_use]
    pub fn by(self, actor: Actor) -> Self {
        Self { actor, ..self }
    }

    /// Notes durable commits.
    #[must_use]
    pub fn noting(self, commits: &'a AtomicBool) -> Self {
        Self { commits: Some(commits), ..self }
    }

    /// Returns the same operation without the application, for use cases shared with the command line.
    pub fn database(&self) -> DatabaseOperation<'_> {
        let (db, rng) = (&self.app.db, self.app.rng.as_ref());
        DatabaseOperation {
            db,
            rng,
            now: self.now,
            actor: &self.actor,
            request_id: self.request_id,
            commits: self.commits,
        }
    }

    /// Returns the same operation without the application, with the master key.
    pub fn storage(&self) -> StorageOperation<'_> {
        StorageOperation { database: self.database(), master_key: &self.app.master_key }
    }

    /// Begins the write transaction of the operation.
    pub async fn write(&self, durability: Durability) -> Result<UnitOfWork<'_>> {
        self.database().write(durability).await
    }
}

/// An operation that needs the database only: of a command, which has no [`App`], or shared with commands.
#[derive(Clone, Copy)]
pub struct DatabaseOperation<'a> {
    pub db: &'a Db,
    pub rng: &'a dyn Random,
    pub now: Timestamp,
    pub actor: &'a Actor,
    pub request_id: Option<&'a str>,
    pub commits: Option<&'a AtomicBool>,
}

impl<'a> DatabaseOperation<'a> {
    /// Begins the write transaction of the operation.
    pub async fn write(&self, durability: Durability) -> Result<UnitOfWork<'a>> {
        Ok(UnitOfWork {
            tx: self.db.write(durability).await?,
            now: self.now,
            rng: self.rng,
            actor: self.actor.clone(),
            request_id: self.request_id.map(str::to_owned),
            // What is lost with the power is no act: counters of limits, last uses.
            commits: self.commits.filter(|_| durability == Durability::Durable),
        })
    }
}

/// An operation on the database that also seals or opens values.
#[derive(Clone, Copy)]
pub struct StorageOperation<'a> {
    pub database: DatabaseOperation<'a>,
    pub master_key: &'a MasterKey,
}

impl<'a> Deref for StorageOperation<'a> {
    type Target = DatabaseOperation<'a>;
    fn deref(&self) -> &DatabaseOperation<'a> {
        &self.database
    }
}
