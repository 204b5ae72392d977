//! The claims that a client receives about an account, besides `sub` ([`crate::subjects`]).
//!
//! Claims are limited to the perimeter of the client and read from the database at each request. The sign-in
//! identifiant is a credential and is never disclosed.

use serde_json::{Map, Value, json};

use crate::accounts::{self, Account};
use crate::app::App;
use crate::base::profile::Profile;
use crate::clients::{Client, Perimeter};
use crate::db::Tx;
use crate::federation::{self, FederatedOrigin};
use crate::protocol::claim::Claim;
use crate::protocol::disclosure::Disclosure;
use crate::protocol::scope::{Scope, Scopes};
use crate::roster;
use crate::roster::formats::siecle_key;
use crate::roster::store::RosterChild;
use crate::roster::store::account_keys::AafKey;
use crate::subjects;

/// Returns the children in the perimeter of a client.
pub fn children_in_perimeter<'a>(perimeter: &Perimeter, children: &'a [RosterChild]) -> Vec<&'a RosterChild> {
    children.iter().filter(|c| perimeter.covers(&c.uai, &c.academy, &c.ministry)).collect()
}

/// True if the account is in the perimeter of the client. A client without academies, ministries and schools has no
/// school perimeter: every account of its profiles may sign in, and the client learns of no child. An upstream's person
/// is in it by the upstream's academy or ministry, or by a school; a parent or pupil of an upstream only where the client's
/// file takes the upstream's word.
pub fn is_in_perimeter(
    client: &Client,
    account: &Account,
    children: &[RosterChild],
    origin: Option<&FederatedOrigin>,
) -> bool {
    let p = &client.meta.perimeter;
    let reaches = || match origin {
        Some(origin) => origin.is_within(p),
        None => !children_in_perimeter(p, children).is_empty(),
    };
    let has_profile = match account.is_federated {
        true => p.includes_federated_profile(account.profile),
        false => p.includes_profile(account.profile),
    };
    has_profile && (!p.is_about_schools() || reaches())
}

/// The place where claims are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimsTarget {
    /// Claims of the scopes, and claims requested for userinfo.
    Userinfo,
    /// Claims requested for the ID token only, because the access token gives access to userinfo (OIDCC 5.4).
    IdToken,
    /// Claims of the scopes too: no access token is issued (`response_type=id_token`), or the client never calls
    /// userinfo.
    IdTokenOnly,
}

/// The claims that are told of those granted: the current registration of the client limits older grants.
#[derive(Clone, Debug)]
pub struct WantedClaims<'a> {
    registered: &'a Scopes,
    scopes: Scopes,
    granted: &'a Disclosure,
    place: ClaimsTarget,
}

impl<'a> WantedClaims<'a> {
    pub fn of(client: &'a Client, granted: &'a Disclosure, place: ClaimsTarget) -> Self {
        let place = match place {
            ClaimsTarget::IdToken if client.meta.tolerances.claims_in_id_token => ClaimsTarget::IdTokenOnly,
            place => place,
        };
        let registered = &client.meta.scopes;
        WantedClaims { registered, scopes: granted.scopes.intersection(registered), granted, place }
    }

    /// True if the claim is told, where there is a value.
    pub fn contains(&self, claim: Claim) -> bool {
        let asked = |claims: &[Claim]| self.registered.grants_claim(claim) && claims.contains(&claim);
        let (by_scope, claims) = (self.scopes.grants_claim(claim), &self.granted.claims);
        match self.place {
            ClaimsTarget::Userinfo => by_scope || asked(&claims.userinfo),
            ClaimsTarget::IdToken => asked(&claims.id_token),
            ClaimsTarget::IdTokenOnly => by_scope || asked(&claims.id_token),
        }
    }

    fn any(&self, scope: Scope) -> bool {
        scope.claims().iter().any(|claim| self.contains(*claim))
    }
}

/// The facts of a person that claims tell beside the account itself: read from the database, or invented for a test sign-in.
#[derive(Clone, Debug, Default)]
pub struct PersonFacts {
    /// The confirmed address.
    pub email: Option<String>,
    /// The mobile number, and whether a right code came from it.
    pub phone: Option<(String, bool)>,
    /// The children of a parent; of a pupil, one entry a school.
    pub children: Vec<RosterChild>,
    /// The upstream of a federated account.
    pub origin: Option<FederatedOrigin>,
    pub aaf_keys: Vec<AafKey>,
    /// The `sub` of accounts that were joined to this one.
    pub former_subs: Vec<String>,
}

/// Returns the claims besides `sub` that were granted by scope or individually.
pub async fn claims_for(
    app: &App,
    tx: &mut Tx,
    client: &Client,
    account: &Account,
    granted: &Disclosure,
    place: ClaimsTarget,
) -> anyhow::Result<Map<String, Value>> {
    let wanted = WantedClaims::of(client, granted, place);
    let facts = read_facts(app, tx, client, account, &wanted).await?;
    Ok(tell(client, account, &wanted, &facts))
}

/// Reads what the wanted claims say, and nothing else.
async fn read_facts(
    app: &App,
    tx: &mut Tx,
    client: &Client,
    account: &Account,
    wanted: &WantedClaims<'_>,
) -> anyhow::Result<PersonFacts> {
    let mut facts = PersonFacts::default();
    if wanted.any(Scope::Email) {
        let email = accounts::store::emails::find_confirmed(tx, &app.master_key, &account.id).await?;
        facts.email = email.map(|email| email.address);
    }
    if wanted.any(Scope::Phone)
        && let Some(told) = roster::store::find_phone_of_account(tx, &account.id).await?
    {
        let number = roster::sealed_rows::open_mobile(&app.master_key, &told.person_id, &told.phone)?;
        facts.phone = Some((number.as_str().to_owned(), told.is_proven));
    }
    if wanted.any(Scope::Education) && account.is_federated {
        facts.origin = federation::store::find_origin(tx, &app.upstreams(), &account.id).await?;
    } else if wanted.any(Scope::Education) {
        facts.children = roster::store::pupils::list_pupils_of_account(tx, &account.id, account.profile).await?;
        let told = children_in_perimeter(&client.meta.perimeter, &facts.children);
        if wanted.contains(Claim::FrEduCtRefId) && told.iter().any(|child| child.may_have_aaf_key) {
            facts.aaf_keys = roster::store::account_keys::list_aaf_keys_of_account(tx, &account.id).await?;
        }
    }
    if client.meta.former_subs {
        facts.former_subs = subjects::ops::list_former(tx, &client.meta, &account.id).await?;
    }
    Ok(facts)
}

/// Returns the wanted claims; those without a value are left out, never null or empty (OIDCC 5.3.2). The only place where
/// claims are made: tokens, userinfo and test sign-ins have theirs from here.
pub fn tell(client: &Client, account: &Account, wanted: &WantedClaims<'_>, facts: &PersonFacts) -> Map<String, Value> {
    let mut out = Map::new();
    insert(&mut out, Claim::Name, json!(account.full_name()));
    insert(&mut out, Claim::GivenName, json!(account.given_name));
    insert(&mut out, Claim::FamilyName, json!(account.family_name));
    insert(&mut out, Claim::UpdatedAt, json!(account.updated_at.as_seconds()));
    if let Some(address) = &facts.email {
        insert(&mut out, Claim::Email, json!(address));
        insert(&mut out, Claim::EmailVerified, json!(true));
    }
    if let Some((number, is_proven)) = &facts.phone {
        insert(&mut out, Claim::PhoneNumber, json!(number));
        insert(&mut out, Claim::PhoneNumberVerified, json!(is_proven));
    }
    if account.is_federated {
        insert(&mut out, Claim::EducationProfile, json!(account.profile));
        let schools = facts.origin.iter().flat_map(|origin| origin.schools_within(&client.meta.perimeter));
        insert_schools(&mut out, schools.map(|s| (s.uai.as_str(), s.name.as_str(), s.academy.as_str())).collect());
    } else {
        let told = children_in_perimeter(&client.meta.perimeter, &facts.children);
        add_education_claims(&mut out, account, &told);
        let references = list_references(&facts.aaf_keys, &told);
        if !references.is_empty() {
            insert(&mut out, Claim::FrEduCtRefId, json!(references));
        }
    }
    out.retain(|name, _| name.parse().is_ok_and(|claim| wanted.contains(claim)));
    if !facts.former_subs.is_empty() {
        out.insert("former_subs".to_owned(), json!(facts.former_subs));
    }
    out
}

fn insert(out: &mut Map<String, Value>, claim: Claim, value: Value) {
    out.insert(claim.name().to_owned(), value);
}

/// Returns `{AAF}code|UAI|ENTPersonJointure` of each person of the account with a child told, or of the pupil. The UAI in
/// the middle is ours: that of the first of the schools told.
fn list_references(keys: &[AafKey], told: &[&RosterChild]) -> Vec<String> {
    let school = |key: &AafKey| {
        let is_of = |c: &&&RosterChild| c.person_id.as_str() == key.row_id || c.pupil_id.as_str() == key.row_id;
        told.iter().filter(is_of).map(|c| &c.uai).min()
    };
    let reference = |key: &AafKey| Some(format!("{{AAF}}{}|{}|{}", key.academy_code, school(key)?, key.key));
    keys.iter().filter_map(reference).collect()
}

/// Inserts the schools (UAI, name, academy), each once; none is no claim.
fn insert_schools(out: &mut Map<String, Value>, mut schools: Vec<(&str, &str, &str)>) {
    schools.sort_unstable();
    schools.dedup();
    let told = |(uai, name, academy): (&str, &str, &str)| json!({ "uai": uai, "name": name, "academy": academy });
    if !schools.is_empty() {
        insert(out, Claim::Schools, schools.into_iter().map(told).collect());
    }
}

fn add_education_claims(out: &mut Map<String, Value>, account: &Account, children: &[&RosterChild]) {
    insert(out, Claim::EducationProfile, json!(account.profile));
    if children.is_empty() {
        return;
    }
    let is_pupil = account.profile == Profile::Eleve;
    let told = children.iter().map(|c| {
        let mut child = json!({ "given_name": c.given_name, "uai": c.uai, "school": c.school, "academy": c.academy });
        if let (Some(class), Some(map)) = (&c.class, child.as_object_mut()) {
            map.insert("class".to_owned(), json!(class));
        }
        child
    });
    if is_pupil {
        // A pupil of two schools at once has the class of the first.
        if let Some(class) = children.iter().find_map(|c| c.class.as_deref()) {
            insert(out, Claim::Class, json!(class));
        }
    } else {
        insert(out, Claim::Children, told.collect());
    }
    insert_schools(out, children.iter().map(|c| (c.uai.as_str(), c.school.as_str(), c.academy.as_str())).collect());
    // The format of the ATEN generation is profil|nom|prenom|eleveId|UAI: profiles 1 and 3 are a parent and a pupil of the
    // first degree, 2 and 4 of the second. The names are those of the account; entcore compares folded names. A pupil
    // whose ELEVE_ID no roster told has none.
    let vector = |c: &&RosterChild| {
        let eleve_id = siecle_key(&c.pupil_key)?;
        let clean = |t: &str| t.replace(['|', '$'], " ");
        let (family, given) = (clean(&account.family_name), clean(&account.given_name));
        let number = match (is_pupil, c.first_degree) {
            (false, true) => 1,
            (false, false) => 2,
            (true, true) => 3,
            (true, false) => 4,
        };
        Some(format!("{number}|{family}|{given}|{eleve_id}|{}", c.uai))
    };
    // Only parents may have several vectors: entcore refuses a pupil with two. Theirs is that of the class that is told.
    let of_class = children.iter().filter(|c| c.class.is_some()).chain(children);
    let vectors: Vec<String> = match is_pupil {
        true => of_class.filter_map(vector).take(1).collect(),
        false => children.iter().filter_map(vector).collect(),
    };
    if !vectors.is_empty() {
        insert(out, Claim::FrEduVecteur, json!(vectors));
    }
}
