//! Computes the service links.

mod disclosed;

pub use disclosed::disclosed_data;

use super::ServiceLink;
use crate::app::App;
use crate::base::profile::Profile;
use crate::clients::Client;
use crate::db::Tx;
use crate::protocol::redirect::with_query;
use crate::roster::store::RosterChild;
use crate::{clients, tenants};

/// Returns links to the deployment's own services that cover any of these children, sorted by name.
pub async fn service_links(
    tx: &mut Tx,
    app: &App,
    profile: Profile,
    children: &[RosterChild],
) -> anyhow::Result<Vec<ServiceLink>> {
    let all = clients::store::list_from_files(tx).await?;
    let mut doors: Vec<ServiceLink> =
        all.iter().filter_map(|client| service_link(client, profile, children, app.issuer())).collect();
    for place in doors.iter_mut().flat_map(|door| &mut door.places) {
        if let Some(name) = tenants::store::find_academy_name(tx, place).await? {
            *place = name;
        }
    }
    doors.sort_by(|a, b| (&a.name, &a.places).cmp(&(&b.name, &b.places)));
    Ok(doors)
}

/// Returns the link to a client for these children; `None` if the client covers none of the children or has no URL.
fn service_link(client: &Client, profile: Profile, children: &[RosterChild], issuer: &str) -> Option<ServiceLink> {
    let perimeter = &client.meta.perimeter;
    if !client.is_usable() || client.meta.consent || !perimeter.includes_profile(profile) {
        return None;
    }
    let within = |c: &&RosterChild| perimeter.covers(&c.uai, &c.academy, &c.ministry);
    let (mut places, mut names) = (Vec::new(), Vec::new());
    for child in children.iter().filter(within) {
        let by_academy = perimeter.academies.contains(&child.academy);
        let place = if by_academy { &child.academy } else { &child.school };
        for (list, text) in [(&mut places, place), (&mut names, &child.given_name)] {
            if !list.contains(text) {
                list.push(text.clone());
            }
        }
    }
    let initiate = client.meta.initiate_login_uri.as_deref().map(|uri| with_query(uri, &[("iss", issuer)]));
    let href = initiate.or_else(|| client.meta.client_uri.clone())?;
    (!places.is_empty()).then(|| ServiceLink {
        client_id: client.id.clone(),
        sector: client.meta.sector.clone(),
        name: client.meta.client_name.clone(),
        href,
        places,
        children: names,
    })
}
