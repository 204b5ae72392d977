//! `preau client token`: the tokens for registering clients.

use std::io::Write;

use secrecy::ExposeSecret as _;

use super::NewTokenArgs;
use crate::app::StorageOperation;
use crate::base::clock::{Span, Timestamp};
use crate::cli::format_paris_time;
use crate::clients::ops::lifecycle::{self, InitialTokenRequest};
use crate::clients::store::tokens;
use crate::db::Db;

/// Draws an initial access token and prints it, once.
pub(super) async fn create_token(
    ctx: StorageOperation<'_>,
    drawing: &NewTokenArgs,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let label = match drawing.label.trim() {
        "" => drawing.academy.clone(),
        label => label.chars().filter(|c| !c.is_control()).take(80).collect(),
    };
    let wanted = InitialTokenRequest {
        academy: drawing.academy.clone(),
        uses: drawing.uses,
        ttl: Span::days(drawing.days),
        auto_approves: drawing.approves,
        label,
    };
    let (token, id) = lifecycle::issue_initial_token(ctx, wanted).await?;
    let until = format_paris_time(ctx.now.plus(Span::days(drawing.days)));
    writeln!(out, "initial access token, not shown again: {}", token.expose_secret())?;
    writeln!(out, "id {id}, {} uses until {until}", drawing.uses)?;
    Ok(())
}

/// Lists the tokens.
pub(super) async fn print_tokens(db: &Db, now: Timestamp, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    for t in tokens::list(&mut db.read().await?).await? {
        let state = match t.revoked_at {
            Some(at) => format!("revoked {}", format_paris_time(Timestamp(at))),
            None if t.expires_at <= now.0 => "expired".to_owned(),
            None => format!("{} left until {}", t.remaining, format_paris_time(Timestamp(t.expires_at))),
        };
        let approves = if t.approves { "approves" } else { "asks" };
        writeln!(out, "{}  {}  {approves:<8}  {state}  {}", t.id, t.academy, t.label)?;
    }
    Ok(())
}
