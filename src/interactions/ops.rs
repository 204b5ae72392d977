//! Carrying and finding interactions.

use super::{Interaction, LIFE, POSTED};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::secret::digest;
use crate::ephemeral::{Carried, Error, Kind};

/// Gives the `i` that carries a request through the pages. `None` when it is larger than what is taken. `owner`: the
/// network that pays where it is too long for an address.
pub async fn keep(app: &App, now: Timestamp, owner: &str, interaction: &Interaction) -> anyhow::Result<Option<String>> {
    let text = serde_json::to_string(interaction)?;
    match app.ephemeral.carry(&app.vault, app.rng.as_ref(), now, &carried(interaction, owner, &text)).await {
        Ok(i) => Ok(Some(i)),
        Err(Error::TooLarge(_)) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

fn carried<'a>(interaction: &'a Interaction, owner: &'a str, text: &'a str) -> Carried<'a> {
    let life = if interaction.browser.is_empty() { POSTED } else { LIFE };
    let expires = interaction.created.plus(life);
    Carried { kind: Kind::Interaction, browser: &interaction.browser, owner, text, expires }
}

/// At the end of an activation, which has a copy: where the request had to be kept, the store may have lost it meanwhile.
pub async fn restore(app: &App, now: Timestamp, i: &str, interaction: &Interaction) -> anyhow::Result<bool> {
    let text = serde_json::to_string(interaction)?;
    match app.ephemeral.keep_again(i, now, &carried(interaction, "", &text)).await {
        Ok(()) => Ok(true),
        Err(Error::TooLarge(_)) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

/// The interaction of this `i`, if this browser brought it.
pub async fn find(app: &App, now: Timestamp, i: &str, nav: Option<&str>) -> Result<Option<Interaction>, Error> {
    match nav {
        Some(nav) => read(app, now, i, &digest(nav)).await,
        None => Ok(None),
    }
}

/// As [`find`], for a page that only names the service and speaks its language. Such a page must not fail because the
/// store is away: it goes without, and the dispatcher asks again at the end.
pub async fn shown(app: &App, now: Timestamp, i: Option<&str>, nav: Option<&str>) -> Option<Interaction> {
    find(app, now, i?, nav).await.unwrap_or_else(|error| {
        tracing::warn!(%error, "a page is shown without the request that waits");
        None
    })
}

/// The interaction of this `i` that no browser has yet; from now on it is this one's, under the `i` that is given. Who
/// is led to it by another is where any link to `/oauth2/authorize` could lead: the relying party's `state` tells.
pub async fn claim(
    app: &App,
    now: Timestamp,
    owner: &str,
    i: &str,
    nav: &str,
) -> anyhow::Result<Option<(String, Interaction)>> {
    let Some(mut found) = read(app, now, i, "").await? else { return Ok(None) };
    found.browser = digest(nav);
    let Some(own) = keep(app, now, owner, &found).await? else { return Ok(None) };
    app.ephemeral.let_go(Kind::Interaction, "", i).await?;
    Ok(Some((own, found)))
}

async fn read(app: &App, now: Timestamp, i: &str, browser: &str) -> Result<Option<Interaction>, Error> {
    let text = app.ephemeral.carried(&app.vault, Kind::Interaction, browser, i, now).await?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}
