//! `preau client check`: the checks of the console on a client that is there.

use std::io::Write;

use crate::app::StorageOperation;
use crate::base::lang::Lang;
use crate::cli::client::CheckArgs;
use crate::cli::json;
use crate::client_admin::api::check_value;
use crate::clients::answers::ClientAnswers;
use crate::clients::checks::has_bad;
use crate::clients::ops::checks::{CheckMeans, check};
use crate::clients::ops::lifecycle::LifecycleError;
use crate::clients::store::registered;
use crate::config::Config;
use crate::config::deployment::ServerIdentity;
use crate::http::outgoing::OutgoingClient;
use crate::http::pages::PageRenderer;

/// Runs the checks of the console on a client that is there. Returns false if one of them is bad.
pub(super) async fn check_client(
    ctx: StorageOperation<'_>,
    config: &Config,
    CheckArgs { which, form }: &CheckArgs,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let id = which.id.as_str();
    let found = registered::find(&mut ctx.db.read().await?, id).await?;
    let meta = found.ok_or_else(|| LifecycleError::Unknown(id.to_owned()))?.client.meta;
    let mut answers = ClientAnswers::of(id, &meta);
    // Nobody was asked why.
    answers.reasons = answers.scopes.iter().map(|scope| (scope.clone(), "-".to_owned())).collect();
    let (outgoing, server) = (OutgoingClient::new(&config.outgoing)?, ServerIdentity::of(config));
    let means = CheckMeans {
        db: ctx.db,
        outgoing: &outgoing,
        rng: ctx.rng,
        server: &server,
        algorithms: &config.keys.algorithms,
        // The signing keys are the servers': a sign-out is tried by them.
        keys: None,
        now: ctx.now,
    };
    let results = Box::pin(check(&means, &answers, Some(&meta))).await?;
    if form.json {
        let pages = PageRenderer::load(&config.deployment.name, &config.deployment.contact)?;
        for result in &results {
            json::write_line(out, &check_value(&pages, Lang::default(), result))?;
        }
        return Ok(!has_bad(&results));
    }
    for result in &results {
        let (verdict, code) = (result.verdict.name(), &result.code);
        writeln!(out, "{verdict:<4}  {:<26}  {code:<22}  {}  {}", result.field, result.value, result.detail)?;
    }
    Ok(!has_bad(&results))
}
