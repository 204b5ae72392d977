//! A call of an endpoint, and its answer: what the endpoints of all features work with.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::atomic::AtomicBool;

use axum::body::Bytes;
use serde_json::Value;

use crate::admin_api::fields::ApiBody;
use crate::admin_api::ops::CursorPlace;
use crate::admin_api::ops::reads::count_read;
use crate::admin_api::problems::{ApiRefusal, ProblemCode};
use crate::admin_api::{DEFAULT_PAGE_LIMIT, EndpointDoc};
use crate::administrators::api_tokens::ApiToken;
use crate::administrators::ops::{OnDuty, record_refusal};
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::{Place, RoleGrant, may, may_everywhere};
use crate::app::{AppState, Operation};
use crate::http::error::PageError;
use crate::http::request_context::RequestContext;

/// The reason for which an endpoint did not succeed.
#[derive(Debug)]
pub enum ApiError {
    Refused(Box<ApiRefusal>),
    Failed(PageError),
}

impl From<ApiRefusal> for ApiError {
    fn from(refusal: ApiRefusal) -> Self {
        ApiError::Refused(Box::new(refusal))
    }
}

impl From<ProblemCode> for ApiError {
    fn from(code: ProblemCode) -> Self {
        ApiRefusal::from(code).into()
    }
}

impl From<anyhow::Error> for ApiError {
    fn from(error: anyhow::Error) -> Self {
        ApiError::Failed(error.into())
    }
}

impl From<crate::db::DbError> for ApiError {
    fn from(error: crate::db::DbError) -> Self {
        ApiError::Failed(error.into())
    }
}

/// An answer of an endpoint.
#[derive(Clone, Debug)]
pub struct ApiAnswer {
    pub value: Value,
    /// The version, without its quotation marks.
    pub version: Option<String>,
    /// The path of what was made.
    pub location: Option<String>,
}

impl ApiAnswer {
    pub fn of(value: Value) -> Self {
        ApiAnswer { value, version: None, location: None }
    }

    /// Adds the version.
    #[must_use]
    pub fn at_version(self, version: impl ToString) -> Self {
        ApiAnswer { version: Some(version.to_string()), ..self }
    }
}

pub type ApiResult = Result<ApiAnswer, ApiError>;
/// An endpoint at work.
pub type ApiFuture<'a> = Pin<Box<dyn Future<Output = ApiResult> + Send + 'a>>;

/// An endpoint: its row, and the function that answers.
#[derive(Clone, Copy)]
pub struct ApiEndpoint {
    pub doc: EndpointDoc,
    pub handler: for<'a> fn(&'a ApiCall<'a>) -> ApiFuture<'a>,
}

/// A file of a form.
#[derive(Clone, Debug)]
pub struct GivenPart {
    /// The name as the program gives it: a text to show, never a path.
    pub file_name: String,
    pub content: Bytes,
}

/// The versions of a thing that a request knows (RFC 9110 13.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownVersions {
    /// There is no `If-Match`.
    Unsaid,
    /// `*`: whichever it has. What is not there was answered before.
    Any,
    Named(Vec<String>),
}

impl KnownVersions {
    /// True if a thing of this version is the one that is meant.
    pub(super) fn admits(&self, version: &str) -> bool {
        match self {
            KnownVersions::Unsaid | KnownVersions::Any => true,
            KnownVersions::Named(known) => known.iter().any(|one| one == version),
        }
    }
}

/// A call of an endpoint, everything of it checked.
pub struct ApiCall<'a> {
    pub app: &'a AppState,
    pub ctx: &'a RequestContext,
    pub on_duty: &'a OnDuty,
    pub token: &'a ApiToken,
    pub doc: &'a EndpointDoc,
    pub path: &'a BTreeMap<String, String>,
    pub body: &'a ApiBody,
    /// The files of an endpoint that takes some.
    pub files: &'a [GivenPart],
    pub(super) if_match: KnownVersions,
    /// True once something was committed durably by [`ApiCall::op`].
    pub(super) commits: &'a AtomicBool,
}

impl<'a> ApiCall<'a> {
    /// Returns a parameter of the path.
    pub fn path(&self, name: &str) -> &'a str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// Returns a parameter of the query, trimmed; empty if it is not there.
    pub fn query(&self, name: &str) -> &'a str {
        self.ctx.query.get(name).unwrap_or_default().trim()
    }

    /// Returns the number of rows of a page.
    pub fn limit(&self) -> i64 {
        self.ctx.query.get("limit").and_then(|text| text.parse().ok()).unwrap_or(DEFAULT_PAGE_LIMIT)
    }

    /// Returns the operation, by a role that permits it.
    pub fn op(&self, grant: Option<&RoleGrant>) -> Operation<'a> {
        Operation::of_request(self.app, self.ctx).by(self.on_duty.actor(grant)).noting(self.commits)
    }

    /// Returns the role by which an act is permitted at one of the places. What is outside is answered like what is not
    /// there, and recorded. That the token was made after a fresh proof, for this very scope, is its proof.
    ///
    /// # Errors
    /// Not found.
    pub async fn permit(&self, act: AdminAct, places: &[Place]) -> Result<RoleGrant, ApiError> {
        match may(&self.on_duty.roles, act, places, self.ctx.now) {
            Some(grant) => Ok(grant.clone()),
            None => self.refuse(act, places).await,
        }
    }

    /// Returns the role by which an act is permitted at each one of the places, like [`ApiCall::permit`].
    ///
    /// # Errors
    /// Not found.
    pub async fn permit_everywhere(&self, act: AdminAct, places: &[Place]) -> Result<RoleGrant, ApiError> {
        match may_everywhere(&self.on_duty.roles, act, places, self.ctx.now) {
            Some(grant) => Ok(grant.clone()),
            None => self.refuse(act, places).await,
        }
    }

    /// Answers like what is not there, and records the refusal.
    ///
    /// # Errors
    /// Not found, always.
    pub async fn refuse<T>(&self, act: AdminAct, places: &[Place]) -> Result<T, ApiError> {
        let place = places.first().cloned().unwrap_or_default();
        record_refusal(&Operation::of_request(self.app, self.ctx), self.on_duty, act, &place).await?;
        Err(ProblemCode::NotFound.into())
    }

    /// Counts people whom the answer is about to show.
    ///
    /// # Errors
    /// Those of the hour are used up.
    pub async fn count_persons(&self, persons: usize) -> Result<(), ApiError> {
        match count_read(&self.op(None), self.token, persons).await? {
            None => Ok(()),
            Some(until) => Err(ApiRefusal::from(ProblemCode::TooManyPersons).until(until).into()),
        }
    }

    /// Compares the version of a thing with those that the caller knows.
    ///
    /// # Errors
    /// It changed since.
    pub fn compare(&self, version: impl ToString) -> Result<(), ApiError> {
        match self.if_match.admits(&version.to_string()) {
            true => Ok(()),
            false => Err(ProblemCode::Changed.into()),
        }
    }

    /// Returns the position at which a list goes on.
    ///
    /// # Errors
    /// The cursor is of another list.
    pub fn position(&self) -> Result<Option<String>, ApiError> {
        let cursor = self.query("cursor");
        match cursor.is_empty() {
            true => Ok(None),
            false => Ok(Some(self.cursor_place(&self.filter()).open(self.app, cursor)?)),
        }
    }

    /// Returns the cursor of a position.
    ///
    /// # Errors
    /// The library fails.
    pub fn cursor(&self, position: Option<&str>) -> Result<Value, ApiError> {
        let filter = self.filter();
        let sealed = position.map(|position| self.cursor_place(&filter).seal(self.app, position)).transpose()?;
        Ok(sealed.map_or(Value::Null, Value::from))
    }

    fn filter(&self) -> String {
        let names = self.ctx.query.names().filter(|name| !["cursor", "limit"].contains(name));
        names.map(|name| format!("{name}={}\n", self.ctx.query.form_value(name))).collect()
    }

    fn cursor_place<'b>(&'b self, filter: &'b str) -> CursorPlace<'b> {
        CursorPlace { token: &self.token.id, endpoint: self.doc.id, filter }
    }
}
