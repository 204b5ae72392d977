//! Finds the doors.

use super::Door;
use crate::app::App;
use crate::clients::Client;
use crate::db::Tx;
use crate::protocol::redirect::with_query;
use crate::roster::store::Child;
use crate::{clients, tenants};

/// The services of the house that concern one of these children, by name.
pub async fn doors(tx: &mut Tx, app: &App, profile: &str, children: &[Child]) -> anyhow::Result<Vec<Door>> {
    let all = clients::store::of_files(tx).await?;
    let mut doors: Vec<Door> = all.iter().filter_map(|client| door(client, profile, children, app.issuer())).collect();
    for place in doors.iter_mut().flat_map(|door| &mut door.places) {
        if let Some(name) = tenants::store::academy_name(tx, place).await? {
            *place = name;
        }
    }
    doors.sort_by(|a, b| (&a.name, &a.places).cmp(&(&b.name, &b.places)));
    Ok(doors)
}

/// The door of a client to some of these children; none where it is not about them, or leads nowhere.
fn door(client: &Client, profile: &str, children: &[Child], issuer: &str) -> Option<Door> {
    let perimeter = &client.meta.perimeter;
    if !client.is_usable() || client.meta.consent || !perimeter.takes_profile(profile) {
        return None;
    }
    let within = |c: &&Child| perimeter.covers(&c.uai, &c.academy, &c.ministry);
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
    (!places.is_empty()).then(|| Door {
        client_id: client.id.clone(),
        sector: client.meta.sector.clone(),
        name: client.meta.client_name.clone(),
        href,
        places,
        children: names,
    })
}
