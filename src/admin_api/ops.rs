//! Requests with an `Idempotency-Key`, and cursors; [`reads`] bounds the people whom a program reads.
//!
//! A key is bound to its token, method, path and body, for a day. A refusal that changed nothing is forgotten, and may be
//! tried again; of one that broke off after a commit the outcome is unknown.

pub mod reads;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::problems::{ApiRefusal, ProblemCode};
use super::store;
use crate::app::{App, Operation};
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::ApiTokenId;
use crate::crypto::AssociatedData;
use crate::db::Durability;

/// The time in which a request has ended: longer than the router waits for one.
const UNDERWAY_TTL: Span = Span::minutes(2);
/// The maximum length of a key, in characters.
const MAX_IDEMPOTENCY_KEY_CHARS: usize = 128;

/// An answer that is given again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RememberedAnswer {
    pub status: u16,
    pub body: Value,
    pub etag: Option<String>,
    pub location: Option<String>,
    /// True if a secret was shown: then the body is none.
    pub was_secret: bool,
}

/// A request with a key.
#[derive(Clone, Debug)]
pub struct KeyedRequest {
    token: ApiTokenId,
    /// The digest of the key.
    key: String,
    /// The digest of method, path and body.
    request: String,
}

/// The beginning of a request with a key.
#[derive(Debug)]
pub enum KeyedBeginning {
    New,
    Again(RememberedAnswer),
}

impl KeyedRequest {
    /// Reads the header.
    ///
    /// # Errors
    /// It is empty, too long, or has other signs than visible ones of ASCII.
    pub fn new(token: &ApiTokenId, key: &str, (what, body): (&str, &[u8])) -> Result<Self, ApiRefusal> {
        let is_key = (1..=MAX_IDEMPOTENCY_KEY_CHARS).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
        if !is_key {
            return Err(ProblemCode::BadIdempotencyKey.into());
        }
        let body = crate::base::secret::base64url(&crate::base::secret::sha256(body));
        let request = sha256_base64url(&format!("{what}\n{body}"));
        Ok(KeyedRequest { token: token.clone(), key: sha256_base64url(key), request })
    }

    fn place<'a>(&self, row: &'a str) -> AssociatedData<'a> {
        AssociatedData { table: "api_answer", column: "answer", row }
    }

    fn row(&self) -> String {
        format!("{}/{}", self.token, self.key)
    }

    /// Begins the request, once.
    pub async fn begin(&self, op: &Operation<'_>) -> anyhow::Result<Result<KeyedBeginning, ApiRefusal>> {
        let mut tx = op.write(Durability::Durable).await?;
        let is_new = store::insert(&mut tx, &self.token, &self.key, &self.request).await?;
        tx.commit().await?;
        if is_new {
            return Ok(Ok(KeyedBeginning::New));
        }
        let held = store::find(&mut op.app.db.read().await?, &self.token, &self.key).await?;
        // Forgotten between the two: as if it were under way.
        let Some(held) = held else { return Ok(Err(ProblemCode::InProgress.into())) };
        if held.request != self.request {
            return Ok(Err(ProblemCode::IdempotencyKeyReused.into()));
        }
        let Some(sealed) = held.answer else {
            let until = Timestamp(held.created_at).plus(UNDERWAY_TTL);
            return Ok(Err(match op.now < until {
                true => ApiRefusal::from(ProblemCode::InProgress).until(op.now.plus(Span::seconds(5)).min(until)),
                false => ProblemCode::OutcomeUnknown.into(),
            }));
        };
        let text = op.app.master_key.open(self.place(&self.row()), &sealed)?;
        let answer: RememberedAnswer = serde_json::from_str(&text)?;
        Ok(match answer.was_secret {
            true => Err(ProblemCode::SecretShown.into()),
            false => Ok(KeyedBeginning::Again(answer)),
        })
    }

    /// Remembers the answer; `None` for a refusal, which is forgotten.
    pub async fn end(&self, op: &Operation<'_>, answer: Option<&RememberedAnswer>) -> anyhow::Result<()> {
        let sealed = match answer {
            Some(answer) => {
                let text = serde_json::to_string(answer)?;
                Some(op.app.master_key.seal(self.place(&self.row()), &text)?)
            }
            None => None,
        };
        let mut tx = op.write(Durability::Durable).await?;
        match &sealed {
            Some(sealed) => store::set_answer(&mut tx, &self.token, &self.key, sealed).await?,
            None => store::delete(&mut tx, &self.token, &self.key).await?,
        }
        Ok(tx.commit().await?)
    }
}

/// The list that a cursor belongs to: of one token, endpoint and filter.
#[derive(Clone, Copy, Debug)]
pub struct CursorPlace<'a> {
    pub token: &'a ApiTokenId,
    pub endpoint: &'static str,
    /// The parameters beside the cursor and the limit.
    pub filter: &'a str,
}

impl CursorPlace<'_> {
    fn row(&self) -> String {
        format!("{}/{}", self.token, sha256_base64url(self.filter))
    }

    /// Returns the cursor of a position. It is opaque, and serves nowhere else.
    pub fn seal(&self, app: &App, position: &str) -> anyhow::Result<String> {
        let row = self.row();
        Ok(app.master_key.seal(AssociatedData { table: "api_cursor", column: self.endpoint, row: &row }, position)?)
    }

    /// Returns the position of a cursor.
    ///
    /// # Errors
    /// It is of another list, or none.
    pub fn open(&self, app: &App, cursor: &str) -> Result<String, ApiRefusal> {
        let row = self.row();
        let place = AssociatedData { table: "api_cursor", column: self.endpoint, row: &row };
        app.master_key.open(place, cursor).map_err(|_| ProblemCode::BadCursor.into())
    }
}
