//! What a client is told of a person: one function for `sub`, one for the claims.
//!
//! Only what lies in the client's perimeter, read live. The identifiant is a credential and is never told.

use serde_json::{Map, Value, json};

use crate::accounts::Account;
use crate::app::App;
use crate::clients::{Client, Perimeter, SubjectType};
use crate::db::Tx;
use crate::protocol::claims_request::ClaimsRequest;
use crate::protocol::scope::{Scope, Scopes};
use crate::roster;
use crate::roster::store::Child;
use crate::seal::{Blind, Vault};

/// The `sub` of an account for a client, the same in every place (OIDCC 8): tokens, userinfo, introspection, logout.
pub async fn subject(vault: &Vault, tx: &mut Tx, client: &Client, account_id: &str) -> anyhow::Result<String> {
    let space = match client.meta.subject_type {
        SubjectType::Pairwise => format!("pairwise/{}", client.meta.sector),
        SubjectType::Public => "public".to_owned(),
        SubjectType::Roster => {
            // The key is unique in its academy, so with it in the issuer. Who has none there is out of the perimeter,
            // and would be named as for any other client.
            let academy = client.meta.perimeter.academies.first().map_or("", String::as_str);
            if let Some(key) = roster::store::key_of_account(tx, account_id, academy).await? {
                return Ok(format!("{}-{key}", academy.to_uppercase()));
            }
            format!("pairwise/{}", client.meta.sector)
        }
    };
    Ok(vault.blind(Blind::Subject, &format!("{space}/{account_id}")))
}

/// The children that a client may learn of.
pub fn within<'a>(perimeter: &Perimeter, children: &'a [Child]) -> Vec<&'a Child> {
    children.iter().filter(|c| perimeter.covers(&c.uai, &c.academy, &c.ministry)).collect()
}

/// Whether the client has anything to do with the person. A client without academies, ministries and
/// schools is not about schools: everybody may sign in there, and it learns of no child.
pub fn concerns(client: &Client, account: &Account, children: &[Child]) -> bool {
    let p = &client.meta.perimeter;
    let about_schools = !(p.academies.is_empty() && p.ministries.is_empty() && p.schools.is_empty());
    p.takes_profile(&account.profile) && (!about_schools || !within(p, children).is_empty())
}

/// Which claims a grant gives in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// What the scopes give, and what was asked for there.
    Userinfo,
    /// Only what was asked for there, while an access token opens userinfo (OIDCC 5.4).
    IdToken,
    /// The only place that there is (`response_type=id_token`), or that the client's program looks at.
    IdTokenAlone,
}

/// The claims besides `sub` that were granted by scopes and one by one (OIDCC 5.3.2: absent ones are left out, never
/// null or empty). The client's registration is the bound, whatever was granted before it was narrowed.
pub async fn told(
    app: &App,
    tx: &mut Tx,
    client: &Client,
    account: &Account,
    (scopes, claims): (&Scopes, &ClaimsRequest),
    place: Where,
) -> anyhow::Result<Map<String, Value>> {
    let scopes = scopes.within(&client.meta.scopes);
    let place = match place {
        Where::IdToken if client.meta.tolerances.claims_in_id_token => Where::IdTokenAlone,
        place => place,
    };
    let asked = |names: &[String], name: &str| client.meta.scopes.gives(name) && names.iter().any(|n| n == name);
    let wanted = |name: &str| match place {
        Where::Userinfo => scopes.gives(name) || asked(&claims.userinfo, name),
        Where::IdToken => asked(&claims.id_token, name),
        Where::IdTokenAlone => scopes.gives(name) || asked(&claims.id_token, name),
    };
    let mut out = Map::new();
    let any = |scope: Scope| scope.claims().iter().any(|name| wanted(name));
    if any(Scope::Profile) {
        out.insert("name".to_owned(), json!(account.full_name()));
        out.insert("given_name".to_owned(), json!(account.given_name));
        out.insert("family_name".to_owned(), json!(account.family_name));
        out.insert("updated_at".to_owned(), json!(account.updated_at.seconds()));
    }
    if any(Scope::Phone)
        && let Some((id, sealed)) = roster::store::phone_of_account(tx, &account.id).await?
    {
        let number = roster::sealed::mobile(&app.vault, &id, &sealed)?;
        out.insert("phone_number".to_owned(), json!(number.as_str()));
        out.insert("phone_number_verified".to_owned(), json!(true));
    }
    if any(Scope::Education) {
        let children = roster::store::children_of_account(tx, &account.id).await?;
        education(&mut out, account, &within(&client.meta.perimeter, &children));
    }
    out.retain(|name, _| wanted(name));
    Ok(out)
}

fn education(out: &mut Map<String, Value>, account: &Account, children: &[&Child]) {
    out.insert("education_profile".to_owned(), json!(account.profile));
    if children.is_empty() {
        return;
    }
    let told = children.iter().map(|c| {
        let mut child = json!({ "given_name": c.given_name, "uai": c.uai, "school": c.school, "academy": c.academy });
        if let (Some(class), Some(map)) = (&c.class, child.as_object_mut()) {
            map.insert("class".to_owned(), json!(class));
        }
        child
    });
    out.insert("children".to_owned(), told.collect());
    let mut schools: Vec<(&str, &str, &str)> =
        children.iter().map(|c| (c.uai.as_str(), c.school.as_str(), c.academy.as_str())).collect();
    schools.sort_unstable();
    schools.dedup();
    let schools: Vec<Value> = schools
        .into_iter()
        .map(|(uai, name, academy)| json!({ "uai": uai, "name": name, "academy": academy }))
        .collect();
    out.insert("schools".to_owned(), Value::Array(schools));
    // profil|nom|prenom|eleveId|UAI of the ATEN generation: 2 is a responsable of the second degree. The names
    // are the responsable's; entcore compares them folded.
    let vector = |c: &&Child| {
        let clean = |t: &str| t.replace(['|', '$'], " ");
        let (family, given) = (clean(&account.family_name), clean(&account.given_name));
        format!("2|{family}|{given}|{}|{}", c.pupil_key, c.uai)
    };
    out.insert("FrEduVecteur".to_owned(), children.iter().map(vector).collect());
}
