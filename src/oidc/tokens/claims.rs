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
use crate::protocol::scope::Scope;
use crate::roster;
use crate::roster::formats::siecle_key;
use crate::roster::store::{AafKey, RosterChild};
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

/// Returns the claims besides `sub` that were granted by scope or individually; claims without a value are left out,
/// never null or empty (OIDCC 5.3.2). The current registration of the client limits older grants.
pub async fn claims_for(
    app: &App,
    tx: &mut Tx,
    client: &Client,
    account: &Account,
    granted: &Disclosure,
    place: ClaimsTarget,
) -> anyhow::Result<Map<String, Value>> {
    let Disclosure { scopes, claims } = granted;
    let scopes = scopes.intersection(&client.meta.scopes);
    let place = match place {
        ClaimsTarget::IdToken if client.meta.tolerances.claims_in_id_token => ClaimsTarget::IdTokenOnly,
        place => place,
    };
    let asked = |claims: &[Claim], claim| client.meta.scopes.grants_claim(claim) && claims.contains(&claim);
    let wanted = |claim: Claim| match place {
        ClaimsTarget::Userinfo => scopes.grants_claim(claim) || asked(&claims.userinfo, claim),
        ClaimsTarget::IdToken => asked(&claims.id_token, claim),
        ClaimsTarget::IdTokenOnly => scopes.grants_claim(claim) || asked(&claims.id_token, claim),
    };
    let mut out = Map::new();
    let any = |scope: Scope| scope.claims().iter().any(|claim| wanted(*claim));
    if any(Scope::Profile) {
        insert(&mut out, Claim::Name, json!(account.full_name()));
        insert(&mut out, Claim::GivenName, json!(account.given_name));
        insert(&mut out, Claim::FamilyName, json!(account.family_name));
        insert(&mut out, Claim::UpdatedAt, json!(account.updated_at.as_seconds()));
    }
    if any(Scope::Email)
        && let Some(email) = accounts::store::emails::find_confirmed(tx, &app.master_key, &account.id).await?
    {
        insert(&mut out, Claim::Email, json!(email.address));
        insert(&mut out, Claim::EmailVerified, json!(true));
    }
    if any(Scope::Phone)
        && let Some(told) = roster::store::find_phone_of_account(tx, &account.id).await?
    {
        let number = roster::sealed_rows::open_mobile(&app.master_key, &told.person_id, &told.phone)?;
        insert(&mut out, Claim::PhoneNumber, json!(number.as_str()));
        insert(&mut out, Claim::PhoneNumberVerified, json!(told.is_proven));
    }
    if any(Scope::Education) && account.is_federated {
        insert(&mut out, Claim::EducationProfile, json!(account.profile));
        let origin = federation::store::find_origin(tx, &app.upstreams(), &account.id).await?;
        let schools = origin.iter().flat_map(|origin| origin.schools_within(&client.meta.perimeter));
        insert_schools(&mut out, schools.map(|s| (s.uai.as_str(), s.name.as_str(), s.academy.as_str())).collect());
    } else if any(Scope::Education) {
        let children = roster::store::pupils::list_pupils_of_account(tx, &account.id, account.profile).await?;
        let told = children_in_perimeter(&client.meta.perimeter, &children);
        add_education_claims(&mut out, account, &told);
        if wanted(Claim::FrEduCtRefId) && told.iter().any(|child| child.may_have_aaf_key) {
            let keys = roster::store::list_aaf_keys_of_account(tx, &account.id).await?;
            let references = list_references(&keys, &told);
            if !references.is_empty() {
                insert(&mut out, Claim::FrEduCtRefId, json!(references));
            }
        }
    }
    out.retain(|name, _| name.parse().is_ok_and(wanted));
    if client.meta.former_subs {
        let former = subjects::ops::list_former(tx, &client.meta, &account.id).await?;
        if !former.is_empty() {
            out.insert("former_subs".to_owned(), json!(former));
        }
    }
    Ok(out)
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
    let vectors: Vec<String> = children.iter().filter_map(vector).collect();
    if !vectors.is_empty() {
        insert(out, Claim::FrEduVecteur, json!(vectors));
    }
}
