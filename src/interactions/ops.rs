//! Keeping and finding interactions.

use super::{Interaction, LIFE};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::ids::{id128, is_id};
use crate::base::secret::{digest, same};
use crate::ephemeral::{Error, Kind};

/// Keeps a request. `None` when it is larger than what is kept.
pub async fn keep(app: &App, now: Timestamp, interaction: &Interaction) -> anyhow::Result<Option<String>> {
    let id = id128(app.rng.as_ref());
    Ok(restore(app, now, &id, interaction).await?.then_some(id))
}

/// Puts a request back under its id: an activation ends with it.
pub async fn restore(app: &App, now: Timestamp, id: &str, interaction: &Interaction) -> anyhow::Result<bool> {
    let text = serde_json::to_string(interaction)?;
    match app.ephemeral.put(Kind::Interaction, id, &text, interaction.created.plus(LIFE), now).await {
        Ok(()) => Ok(true),
        Err(Error::TooLarge(_)) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// The interaction of this id, if this browser brought it.
pub async fn find(app: &App, now: Timestamp, id: &str, nav: Option<&str>) -> Result<Option<Interaction>, Error> {
    let found = read(app, now, id).await?;
    Ok(found.filter(|found| nav.is_some_and(|n| same(&digest(n), &found.browser))))
}

/// As [`find`], for a page that only names the service and speaks its language. Such a page must not fail because the
/// store is away: it goes without, and the dispatcher asks again at the end.
pub async fn shown(app: &App, now: Timestamp, id: Option<&str>, nav: Option<&str>) -> Option<Interaction> {
    find(app, now, id?, nav).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "a page is shown without the request that waits");
        None
    })
}

/// The interaction of this id that no browser has yet; from now on it is this one's. Who is led to it by another
/// is where any link to `/oauth2/authorize` could lead: the relying party's `state` tells.
pub async fn claim(app: &App, now: Timestamp, id: &str, nav: &str) -> anyhow::Result<Option<Interaction>> {
    let Some(mut found) = read(app, now, id).await?.filter(|found| found.browser.is_empty()) else { return Ok(None) };
    found.browser = digest(nav);
    restore(app, now, id, &found).await?;
    Ok(Some(found))
}

async fn read(app: &App, now: Timestamp, id: &str) -> Result<Option<Interaction>, Error> {
    if !is_id(id, 22) {
        return Ok(None);
    }
    let text = app.ephemeral.get(Kind::Interaction, id, now).await?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}
