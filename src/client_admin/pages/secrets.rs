//! The secrets of a relying party: drawn and shown once, closed.

use axum::extract::State;
use axum::response::IntoResponse as _;
use secrecy::ExposeSecret as _;

use super::{GatedResult, day_of, permit_everywhere, service, service_path};
use crate::administrators::extract::{Opened, OpenedByPath as _};
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, refused, shown};
use crate::administrators::roles::AdminAct;
use crate::app::AppState;
use crate::base::clock::{Span, Timestamp};
use crate::client_admin::ops::ServiceFile;
use crate::client_admin::ops::secrets::{SecretOutcome, close_former, draw};
use crate::client_admin::views::{SecretLine, ServiceFormError, ServicePage};
use crate::clients::store::secrets::ClientSecretRow;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::request_context::{RequestContext, see_other};

/// For how many days the former secret may be taken beside a new one.
pub(super) const OVERLAP_DAYS: [i64; 4] = [14, 30, 1, 0];

/// Returns the secrets that are taken now, the current one first.
pub(super) fn lines(ctx: &RequestContext, file: &ServiceFile) -> Vec<SecretLine> {
    let client = &file.record.client;
    let former = client.previous_secret.as_ref().filter(|(_, until)| ctx.now < *until);
    let row = |digest: &str| file.secrets.iter().find(|row| row.digest == digest);
    let line = |digest: &String, until: Option<Timestamp>| {
        let row: Option<&ClientSecretRow> = row(digest);
        SecretLine {
            is_current: until.is_none(),
            drawn: row.and_then(|row| row.drawn_at).map(|at| day_of(ctx.lang, Timestamp(at), ctx.now)),
            used: row.and_then(|row| row.last_used_at).map(|at| dates::moment(ctx.lang, Timestamp(at), ctx.now)),
            closes: until.map(|at| dates::day(ctx.lang, at)),
        }
    };
    let current = client.secret_digest.iter().map(|digest| line(digest, None));
    current.chain(former.map(|(digest, until)| line(digest, Some(*until)))).collect()
}

/// POST: draws a secret. The answer shows it, once.
pub async fn submit(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, id: client_id }: Opened<ServiceFile>,
    form: Form,
) -> GatedResult {
    let grant = permit_everywhere(&app, &ctx, (&on_duty, &file), AdminAct::DrawSecret).await?;
    let number = |name: &str| form.0.get(name).and_then(|text| text.parse::<i64>().ok());
    let days = number("delai").filter(|days| OVERLAP_DAYS.contains(days));
    let (Some(days), Some(version)) = (days, number("version")) else {
        return refuse(&app, &ctx, (&on_duty, &file), ServiceFormError::Changed).await;
    };
    let op = on_duty.operation(&app, &ctx, Some(&grant));
    match draw(&op, &on_duty, &file, (Span::days(days), version)).await.map_err(failed)? {
        SecretOutcome::Drawn(secret) => {
            let file = ServiceFile::open(&app, &ctx, &on_duty, &client_id).await?;
            let page = service::page(&app, &ctx, (&on_duty, &file))
                .await
                .map(|page| ServicePage { secret: Some(secret.expose_secret().to_owned()), ..page });
            Ok(shown(&app, &ctx, page))
        }
        outcome => answer(&app, &ctx, (&on_duty, &file), outcome).await,
    }
}

/// POST: closes the former secret.
pub async fn close(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, .. }: Opened<ServiceFile>,
    form: Form,
) -> GatedResult {
    let grant = permit_everywhere(&app, &ctx, (&on_duty, &file), AdminAct::DrawSecret).await?;
    let Some(version) = form.0.get("version").and_then(|text| text.parse::<i64>().ok()) else {
        return refuse(&app, &ctx, (&on_duty, &file), ServiceFormError::Changed).await;
    };
    let op = on_duty.operation(&app, &ctx, Some(&grant));
    let outcome = close_former(&op, &on_duty, &file, version).await.map_err(failed)?;
    answer(&app, &ctx, (&on_duty, &file), outcome).await
}

async fn answer(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, file): (&OnDuty, &ServiceFile),
    outcome: SecretOutcome,
) -> GatedResult {
    let error = match outcome {
        SecretOutcome::Drawn(_) | SecretOutcome::Closed => {
            return Ok(see_other(&format!("{}?fait=secret_closed", service_path(&file.record.client.id))));
        }
        SecretOutcome::NotPermitted => return Err(PageError::NotFound.into_response()),
        SecretOutcome::TwoSecrets => ServiceFormError::TwoSecrets,
        SecretOutcome::NoOverlap => ServiceFormError::NoOverlap,
        SecretOutcome::NoSecret => ServiceFormError::NoSecret,
        SecretOutcome::Shown => ServiceFormError::SecretShown,
        SecretOutcome::Changed => ServiceFormError::Changed,
    };
    refuse(app, ctx, (on_duty, file), error).await
}

async fn refuse(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, file): (&OnDuty, &ServiceFile),
    error: ServiceFormError,
) -> GatedResult {
    let page = service::page(app, ctx, (on_duty, file)).await.map(|page| ServicePage { error: Some(error), ..page });
    Ok(refused(app, ctx, page))
}
