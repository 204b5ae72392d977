//! Relying parties in the Admin API, by the use cases of the pages: read, asked for, their secrets, their suspension.

mod answers;
mod clients;
mod requests;
mod secrets;

pub use answers::check_value;
use serde_json::{Value, json};

use super::ops::{self, ServiceFile};
use super::standing::ServiceStanding;
use crate::admin_api::extract::{ApiCall, ApiEndpoint, ApiError};
use crate::admin_api::problems::ProblemCode;
use crate::admin_api::shapes::{Shape, maybe_time, time};
use crate::administrators::roles::AdminAct;
use crate::base::clock::Timestamp;
use crate::clients::store::registered::ClientRecord;
use crate::clients::{ClientOrigin, is_client_id, metadata};

/// The words of a standing.
const STANDINGS: [&str; 6] = ["requested", "trial", "in_use", "to_repair", "suspended", "gone"];

/// A relying party of a list.
const SUMMARY: Shape = Shape::Object(&[
    ("client_id", Shape::Text),
    ("name", Shape::Text),
    ("state", Shape::Word(&STANDINGS)),
    ("from_file", Shape::Flag),
    ("academies", Shape::List(&Shape::Text)),
    ("ministries", Shape::List(&Shape::Text)),
    ("schools", Shape::List(&Shape::Text)),
    ("profiles", Shape::List(&Shape::Text)),
    ("last_used_at", Shape::Maybe(&Shape::Time)),
    ("undelivered", Shape::Whole),
    ("version", Shape::Whole),
]);

/// A relying party.
const CLIENT: Shape = Shape::Object(&[
    ("client_id", Shape::Text),
    ("name", Shape::Text),
    ("state", Shape::Word(&STANDINGS)),
    ("from_file", Shape::Flag),
    ("academies", Shape::List(&Shape::Text)),
    ("ministries", Shape::List(&Shape::Text)),
    ("schools", Shape::List(&Shape::Text)),
    ("profiles", Shape::List(&Shape::Text)),
    ("last_used_at", Shape::Maybe(&Shape::Time)),
    ("undelivered", Shape::Whole),
    ("version", Shape::Whole),
    ("sector", Shape::Text),
    ("metadata", Shape::Open),
    ("created_at", Shape::Time),
    ("updated_at", Shape::Time),
    ("trial_until", Shape::Maybe(&Shape::Time)),
    ("secrets", Shape::List(&SECRET)),
]);

/// A secret that is taken, without itself.
const SECRET: Shape = Shape::Object(&[
    ("current", Shape::Flag),
    ("drawn_at", Shape::Maybe(&Shape::Time)),
    ("last_used_at", Shape::Maybe(&Shape::Time)),
    ("closes_at", Shape::Maybe(&Shape::Time)),
]);

pub fn endpoints() -> Vec<ApiEndpoint> {
    [clients::endpoints(), requests::endpoints(), secrets::endpoints()].concat()
}

/// Returns a relying party of a list as the API and the command line have it.
pub fn summary(record: &ClientRecord, standing: ServiceStanding, undelivered: i64) -> Value {
    let client = &record.client;
    let perimeter = &client.meta.perimeter;
    json!({
        "client_id": client.id,
        "name": client.meta.client_name,
        "state": standing.name(),
        "from_file": record.origin == ClientOrigin::File,
        "academies": perimeter.academies,
        "ministries": perimeter.ministries,
        "schools": perimeter.schools,
        "profiles": perimeter.profiles.iter().map(|profile| profile.name()).collect::<Vec<_>>(),
        "last_used_at": maybe_time(client.last_used_at),
        "undelivered": undelivered,
        "version": record.version,
    })
}

/// Returns a relying party as the API has it.
fn client_of(call: &ApiCall<'_>, file: &ServiceFile) -> Value {
    client(file, call.ctx.now)
}

/// Returns a relying party as the API and the command line have it.
pub fn client(file: &ServiceFile, now: Timestamp) -> Value {
    let client = &file.record.client;
    let mut value = summary(&file.record, file.standing, file.delivered.0 - file.delivered.1);
    if let Value::Object(members) = &mut value {
        let trial = client.probation_until.filter(|_| client.is_on_trial(now));
        members.insert("sector".to_owned(), json!(client.meta.sector));
        members.insert("metadata".to_owned(), json!(metadata::to_fields(&client.meta)));
        members.insert("created_at".to_owned(), time(file.record.created_at));
        members.insert("updated_at".to_owned(), time(file.record.updated_at));
        members.insert("trial_until".to_owned(), maybe_time(trial));
        members.insert("secrets".to_owned(), secrets::taken(file, now));
    }
    value
}

/// Finds a relying party of the path, whoever asks.
async fn find(call: &ApiCall<'_>) -> Result<ServiceFile, ApiError> {
    let id = call.path("client_id");
    if !is_client_id(id) {
        return Err(ProblemCode::NotFound.into());
    }
    Ok(ops::find(&call.op(None), id).await?.ok_or(ProblemCode::NotFound)?)
}

/// Finds a relying party of the path for an act on its whole perimeter.
async fn find_for(call: &ApiCall<'_>, act: AdminAct) -> Result<ServiceFile, ApiError> {
    let file = find(call).await?;
    call.permit_everywhere(act, &file.named).await?;
    call.compare(file.record.version)?;
    Ok(file)
}
