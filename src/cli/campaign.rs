//! `preau campaign`: when the parents of a school may activate, and what the school must see to.

use std::io::Write;

use super::in_paris;
use crate::base::clock::Timestamp;
use crate::compose::{Opened, Surroundings};
use crate::tenants::ops::{CampaignChange, TenantError, change_campaign};
use crate::tenants::store;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Parents may activate from now on.
    Open(Opening),
    /// Parents may no longer activate.
    Close(Which),
    /// Parents may activate again, from now on.
    Reopen(Opening),
    /// What the school must see to, newest first.
    Notices(Notices),
}

#[derive(Debug, clap::Args)]
struct Notices {
    #[command(flatten)]
    which: Which,
    /// Also what was settled.
    #[arg(long)]
    all: bool,
}

#[derive(Debug, clap::Args)]
struct Which {
    /// The school: seven digits and a letter.
    #[arg(long)]
    uai: String,
}

#[derive(Debug, clap::Args)]
struct Opening {
    #[command(flatten)]
    which: Which,
    /// For how long.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(i64).range(1..=366))]
    days: i64,
}

pub async fn run(args: &Args, opened: &Opened, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let (which, change) = match &args.action {
        Action::Open(opening) | Action::Reopen(opening) => {
            (&opening.which, Some(CampaignChange::Open { days: opening.days }))
        }
        Action::Close(which) => (which, Some(CampaignChange::Close)),
        Action::Notices(notices) => (&notices.which, None),
    };
    let uai = which.uai.to_uppercase();
    match change {
        Some(change) => {
            let around = Surroundings::real();
            let now = around.clock.now();
            let campaign = change_campaign(&opened.db, around.rng.as_ref(), now, &uai, change).await?;
            match change {
                CampaignChange::Open { .. } => writeln!(out, "{uai}: open until {}", in_paris(campaign.closes))?,
                CampaignChange::Close => writeln!(out, "{uai}: closed")?,
            }
        }
        None => notices(opened, &uai, matches!(&args.action, Action::Notices(Notices { all: true, .. })), out).await?,
    }
    opened.db.close().await;
    Ok(true)
}

async fn notices(opened: &Opened, uai: &str, all: bool, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let mut tx = opened.db.read().await?;
    if store::school(&mut tx, uai).await?.is_none() {
        return Err(TenantError::UnknownSchool(uai.to_owned()).into());
    }
    let rows = store::notices(&mut tx, uai, all).await?;
    if rows.is_empty() {
        writeln!(out, "{uai}: nothing to see to")?;
    }
    for row in rows {
        let at = in_paris(Timestamp(row.at));
        let name = format!("{} {}", row.given_name.unwrap_or_default(), row.family_name.unwrap_or_default());
        let pupil = row.pupil.map(|given| format!("  pupil {given}")).unwrap_or_default();
        let settled = row.settled_at.map(|at| format!("  settled {}", in_paris(Timestamp(at)))).unwrap_or_default();
        writeln!(out, "{at}  {:<7}  {:<13}  {}{pupil}{settled}", row.support_code, row.kind, name.trim())?;
    }
    Ok(())
}
