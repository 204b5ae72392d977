//! The pending authorization request of a page's address, and the page in its language.

use super::{Interaction, ops};
use crate::app::{App, Operation};
use crate::http::request_context::RequestContext;
use crate::telemetry;

/// Returns the pending request of a page that only shows the client's name and uses the request's language.
pub async fn pending_interaction(app: &App, ctx: &RequestContext) -> Option<Interaction> {
    let op = Operation::of_request(app, ctx);
    let waiting = ops::find_for_display(&op, ctx.query.get("i"), ctx.navigation_id.as_deref()).await;
    if let Some(waiting) = &waiting {
        telemetry::record_client_id(&waiting.request.client_id);
    }
    waiting
}

/// Returns the request context in the language of the pending authorization request, unless the user chose a language.
pub async fn in_request_language(app: &App, ctx: RequestContext) -> RequestContext {
    let waiting = pending_interaction(app, &ctx).await;
    ctx.with_ui_locales(waiting.as_ref().and_then(|w| w.request.ui_locales.as_deref()))
}
