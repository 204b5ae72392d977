//! What the console shows of relying parties; [`decide`] suspends and resumes them, [`secrets`] draws their secrets,
//! [`request`] and [`review`] bring new ones and changes.

pub mod decide;
pub mod request;
mod request_checks;
pub mod review;
pub mod secrets;
pub mod test_sign_in;

pub use request_checks::check_only;

use std::collections::BTreeSet;

use super::extent::SchoolPlaces;
use super::standing::ServiceStanding;
use super::store::{self, ClientChangeRow};
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::{Place, may};
use crate::app::Operation;
use crate::base::clock::{Span, Timestamp};
use crate::base::names;
use crate::base::typed_ids::ClientId;
use crate::clients::store::registered::{self, ClientRecord};
use crate::clients::store::secrets::ClientSecretRow;
use crate::clients::{self, Perimeter};
use crate::db::Tx;
use crate::logouts;
use crate::logouts::LogoutDelivery;

/// The number of relying parties of a page of the console.
pub const PAGE_SERVICES: usize = 50;
/// The number of rows read by one query.
const BATCH_ROWS: i64 = 200;
/// The number of rows looked at for one page: whoever sees few of many goes on by « Suite ».
const MAX_SCANNED: usize = 5_000;
/// Sign-outs of this time are counted.
pub const DELIVERIES_SINCE: Span = Span::days(7);
/// The maximum number of sign-outs, and of changes, on the page of a relying party.
const MAX_LINES: i64 = 20;

/// The filter of a list.
#[derive(Clone, Copy, Debug)]
pub struct ServiceFilter<'a> {
    /// A part of the name, of the `client_id` or of a host.
    pub words: &'a str,
    pub standing: Option<ServiceStanding>,
    /// The list goes on after this `client_id`.
    pub after: &'a str,
    /// The number of relying parties of a page.
    pub most: usize,
}

/// A relying party of a list.
#[derive(Clone, Debug)]
pub struct ListedService {
    pub record: ClientRecord,
    pub standing: ServiceStanding,
    /// The sign-outs of the last days that it did not take.
    pub undelivered: i64,
}

/// A page of the list.
#[derive(Clone, Debug, Default)]
pub struct ServiceList {
    pub services: Vec<ListedService>,
    /// The list goes on after this `client_id`.
    pub next: Option<ClientId>,
}

/// True if the typed words are a part of the name, the `client_id` or a host.
fn fits(record: &ClientRecord, words: &str) -> bool {
    if words.is_empty() {
        return true;
    }
    let folded = names::fold(words);
    let meta = &record.client.meta;
    let typed = words.to_lowercase();
    let uris = meta.redirect_uris.iter().chain(&meta.client_uri);
    !folded.is_empty() && names::fold(&meta.client_name).contains(&folded)
        || record.client.id.as_str().to_lowercase().contains(&typed)
        || uris.filter_map(|uri| crate::protocol::redirect::host(uri)).any(|host| host.contains(&typed))
}

/// Lists the relying parties that the administrator may see, in the order of their ids.
pub async fn list(op: &Operation<'_>, on_duty: &OnDuty, filter: ServiceFilter<'_>) -> anyhow::Result<ServiceList> {
    let mut tx = op.app.db.read().await?;
    let undelivered = store::count_undelivered(&mut tx, op.now.minus(DELIVERIES_SINCE)).await?;
    let mut found = ServiceList::default();
    // Asked for by each home page: most of the time there is none.
    if filter.standing == Some(ServiceStanding::ToRepair) && undelivered.is_empty() {
        return Ok(found);
    }
    let (mut after, mut scanned) = (ClientId::new(filter.after), 0);
    loop {
        let batch = registered::list_after(&mut tx, &after, BATCH_ROWS).await?;
        let places = school_places(&mut tx, &batch).await?;
        let size = batch.len();
        for record in batch {
            after.clone_from(&record.client.id);
            scanned += 1;
            let touched = places.touched(&record.client.id, &record.client.meta);
            if may(&on_duty.roles, AdminAct::SeeServices, &touched, op.now).is_none() || !fits(&record, filter.words) {
                continue;
            }
            let undelivered = undelivered.get(&record.client.id).copied().unwrap_or_default();
            let standing = ServiceStanding::of(&record.client, undelivered, op.now);
            if filter.standing.is_some_and(|wanted| wanted != standing) {
                continue;
            }
            if found.services.len() == filter.most {
                found.next = found.services.last().map(|last| last.record.client.id.clone());
                return Ok(found);
            }
            found.services.push(ListedService { record, standing, undelivered });
        }
        if i64::try_from(size)? < BATCH_ROWS {
            return Ok(found);
        }
        if scanned >= MAX_SCANNED {
            found.next = Some(after);
            return Ok(found);
        }
    }
}

/// Reads the places of the schools that the perimeters of some relying parties name.
async fn school_places(tx: &mut Tx, records: &[ClientRecord]) -> anyhow::Result<SchoolPlaces> {
    let named: BTreeSet<&String> = records.iter().flat_map(|r| &r.client.meta.perimeter.schools).collect();
    let named: Vec<String> = named.into_iter().cloned().collect();
    school_places_of(tx, &named).await
}

/// Reads the places of some schools.
async fn school_places_of(tx: &mut Tx, uais: &[String]) -> anyhow::Result<SchoolPlaces> {
    let schools = store::list_schools(tx, uais).await?;
    Ok(SchoolPlaces {
        pairs: store::list_pairs(tx).await?,
        schools: schools.into_iter().map(|s| (s.uai, (s.academy, s.ministry))).collect(),
    })
}

/// Returns the places that the perimeter of a request names.
pub async fn named_places(op: &Operation<'_>, id: &ClientId, perimeter: &Perimeter) -> anyhow::Result<Vec<Place>> {
    let mut tx = op.app.db.read().await?;
    Ok(school_places_of(&mut tx, &perimeter.schools).await?.named(id, perimeter))
}

/// Everything of one relying party.
#[derive(Clone, Debug)]
pub struct ServiceFile {
    pub record: ClientRecord,
    pub standing: ServiceStanding,
    /// The places that its perimeter touches: whoever has one of them sees it.
    pub touched: Vec<Place>,
    /// The places that its perimeter names: whoever has all of them may act on it.
    pub named: Vec<Place>,
    /// The schools of the perimeter, by UAI, with their names.
    pub schools: Vec<(String, String)>,
    pub deliveries: Vec<LogoutDelivery>,
    /// The sign-outs of the last days that ended, and those of them that it took.
    pub delivered: (i64, i64),
    pub changes: Vec<ClientChangeRow>,
    /// The dates of its secrets.
    pub secrets: Vec<ClientSecretRow>,
    /// The persons of its trial.
    pub trial_persons: i64,
}

/// Finds a relying party, whoever asks.
pub async fn find(op: &Operation<'_>, id: &str) -> anyhow::Result<Option<ServiceFile>> {
    find_in(&mut op.app.db.read().await?, op.now, id).await
}

/// Finds a relying party, for the command line too.
pub async fn find_in(tx: &mut Tx, now: Timestamp, id: &str) -> anyhow::Result<Option<ServiceFile>> {
    let Some(record) = registered::find(tx, id).await? else { return Ok(None) };
    let client_id = &record.client.id;
    let places = school_places(tx, std::slice::from_ref(&record)).await?;
    let since = now.minus(DELIVERIES_SINCE);
    let delivered = store::count_deliveries(tx, client_id, since).await?;
    let schools = store::list_schools(tx, &record.client.meta.perimeter.schools).await?;
    Ok(Some(ServiceFile {
        standing: ServiceStanding::of(&record.client, delivered.0 - delivered.1, now),
        touched: places.touched(client_id, &record.client.meta),
        named: places.named(client_id, &record.client.meta.perimeter),
        schools: schools.into_iter().map(|school| (school.uai, school.name)).collect(),
        deliveries: logouts::store::list_for_client(tx, client_id, MAX_LINES).await?,
        delivered,
        changes: store::list_changes(tx, client_id, MAX_LINES).await?,
        secrets: clients::store::secrets::list(tx, client_id).await?,
        trial_persons: clients::store::trial::count(tx, client_id).await?,
        record,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::{Client, ClientOrigin, ClientState, metadata};

    #[test]
    fn a_list_is_narrowed_by_a_part_of_the_name_the_id_or_a_host() {
        let mut meta = metadata::sample(Perimeter::default());
        meta.client_name = "Cantine de l'Hérault".to_owned();
        let client = Client {
            id: ClientId::new("cantine-34"),
            state: ClientState::Active,
            meta,
            secret_digest: None,
            previous_secret: None,
            secret_sealed: None,
            last_used_at: None,
            unprotected_at: None,
            probation_until: None,
        };
        let record = ClientRecord {
            client,
            origin: ClientOrigin::Registered,
            version: 1,
            registration_digest: None,
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            unapproved: false,
            self_approves: false,
        };
        for (words, right) in [
            ("", true),
            ("herault", true),
            ("HÉRAULT", true),
            ("tine-3", true),
            ("cantine.example", true),
            ("retour", false),
            ("%", false),
            ("<script>", false),
        ] {
            assert_eq!(fits(&record, words), right, "{words}");
        }
    }
}
