//! Test sign-ins of relying parties, and of those that are asked for: by whom, and with whom.
//!
//! What is written is one line of the journal, and that one more was made: an administrator makes so many an hour.

use super::ServiceFile;
use super::review::RequestFile;
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::Place;
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::uai::Uai;
use crate::client_admin::store::test_places;
use crate::clients::{Client, ClientState, Perimeter};
use crate::crypto::HmacPurpose;
use crate::db::Durability;
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::oidc::test_sign_in::outcome::TestSignIn;
use crate::oidc::test_sign_in::person::{FictitiousPerson, TestPerson, TestPlaces, invent};
use crate::oidc::test_sign_in::run::{self, TestedClient};
use crate::tenants::School;

/// The number of schools of other academies that are looked at for one outside of the perimeter.
const MAX_SCHOOLS_ELSEWHERE: i64 = 500;

/// A relying party to test, and whoever may.
#[derive(Clone, Debug)]
pub struct TestedService {
    pub client: Client,
    /// False for one that is only asked for.
    pub is_registered: bool,
    /// Whoever may test at one of the places may test it: nothing of a real person is shown, and nothing changes.
    pub places: Vec<Place>,
}

impl TestedService {
    pub fn of_service(file: &ServiceFile) -> Self {
        TestedService { client: file.record.client.clone(), is_registered: true, places: file.touched.clone() }
    }

    /// Returns the relying party that a request asks for, as if it were approved.
    pub fn of_request(file: &RequestFile) -> Self {
        let id = file.request.client_id.clone();
        let mut places = file.places.clone();
        if file.client.is_some() {
            places.push(Place { client: Some(id.clone()), ..Place::default() });
        }
        let client = Client {
            id,
            state: ClientState::Active,
            meta: file.new.clone(),
            secret_digest: None,
            previous_secret: None,
            secret_sealed: None,
            last_used_at: None,
            unprotected_at: None,
            probation_until: None,
        };
        TestedService { client, is_registered: false, places }
    }
}

/// Returns the schools of the fictitious persons: declared ones where there are some.
pub async fn find_places(op: &Operation<'_>, perimeter: &Perimeter) -> anyhow::Result<TestPlaces> {
    let mut tx = op.app.db.read().await?;
    let inside = match test_places::find_school_within(&mut tx, perimeter).await? {
        Some(school) => school,
        None => invented(perimeter)?,
    };
    let others = test_places::list_schools_elsewhere(&mut tx, &inside.academy, MAX_SCHOOLS_ELSEWHERE).await?;
    let is_outside = |school: &&School| !perimeter.covers(&school.uai, &school.academy, &school.ministry);
    let outside = match others.iter().find(is_outside) {
        Some(school) => school.clone(),
        None => invented(&Perimeter::default())?,
    };
    // The brother or sister is rather outside of the perimeter: that is what a test is to show.
    let elsewhere = match is_outside(&&outside) && outside.academy != inside.academy {
        true => outside.clone(),
        false => others.into_iter().next().unwrap_or_else(|| outside.clone()),
    };
    Ok(TestPlaces { inside, elsewhere, outside })
}

/// Returns a school that is declared nowhere, in a perimeter or, of an empty one, in none.
fn invented(perimeter: &Perimeter) -> anyhow::Result<School> {
    let first = |list: &[String]| list.first().cloned().unwrap_or_else(|| "exemple".to_owned());
    let named = perimeter.schools.first().and_then(|uai| Uai::parse(uai).ok());
    Ok(School {
        uai: match named {
            Some(uai) => uai,
            None => Uai::parse("9999999P")?,
        },
        name: "Collège Exemple".to_owned(),
        academy: first(&perimeter.academies),
        ministry: first(&perimeter.ministries),
        telephone: None,
        first_degree: false,
    })
}

/// The outcome of asking for a test sign-in.
#[derive(Debug)]
pub enum TestSignInRun {
    Done(Box<(TestPerson, TestSignIn)>),
    /// The hour's are used up: nothing was written, and nobody called.
    TooMany,
    /// The role ended meanwhile.
    NotPermitted,
}

/// Runs a test sign-in.
pub async fn run(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    tested: &TestedService,
    (kind, places): (FictitiousPerson, &TestPlaces),
) -> anyhow::Result<TestSignInRun> {
    let client = &tested.client;
    let mut tx = op.write(Durability::Relaxed).await?;
    let Some(grant) = on_duty.permitted(&mut tx, AdminAct::TestSignIn, &tested.places).await? else {
        tx.rollback().await?;
        return Ok(TestSignInRun::NotPermitted);
    };
    let who = format!("test-sign-in/{}", on_duty.administrator.id);
    let key = op.app.master_key.hmac(HmacPurpose::LimiterKey, &who);
    let decision = limits::store::consume(&mut tx, RateLimit::TestSignIn, &key).await?;
    if !matches!(decision, RateLimitDecision::Allowed { .. }) {
        tx.rollback().await?;
        op.app.metrics.record_limited(RateLimit::TestSignIn.name(), "budget");
        return Ok(TestSignInRun::TooMany);
    }
    tx.actor = on_duty.actor(Some(&grant));
    let about = AuditDetails {
        client: Some(&client.id),
        academy: client.meta.owner_academy(),
        detail: kind.name(),
        ..AuditDetails::default()
    };
    audit::store::record(&mut tx, AuditEvent::ClientTested, about).await?;
    tx.commit().await?;
    let person = invent(kind, &client.meta.perimeter, places, op.now);
    let tested = TestedClient { client, is_registered: tested.is_registered };
    let shown = Box::pin(run::run(op, tested, &person)).await?;
    Ok(TestSignInRun::Done(Box::new((person, shown))))
}
