//! The messages of a page, by the request that waits in its address.

use super::ShownAnnouncement;
use super::ops::list_shown;
use crate::app::App;
use crate::clients::ops::find_recent;
use crate::http::request_context::RequestContext;
use crate::interactions::extract::pending_interaction;

/// Returns the messages of a page: by the client whose request waits, if there is one.
pub async fn page_announcements(app: &App, ctx: &RequestContext) -> Vec<ShownAnnouncement> {
    let client = match pending_interaction(app, ctx).await {
        Some(waiting) => {
            let found = find_recent(app, ctx.now, &waiting.request.client_id).await.unwrap_or_else(|error| {
                tracing::warn!(error = format!("{error:#}"), "a page is shown without its academy's announcements");
                None
            });
            // Of a client out of use the page knows nothing else either.
            found.filter(|client| client.is_usable())
        }
        None => None,
    };
    list_shown(app, ctx.now, client.as_deref(), ctx.lang).await
}
