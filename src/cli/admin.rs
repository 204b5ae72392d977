//! `preau admin`: invites administrators, lists them, ends their roles.

use std::io::Write;

use anyhow::Context as _;

use super::json::{self, JsonFlag};
use crate::admin_api::api::administrator;
use crate::administrators::ops::invite::{self, InvitationContext, RoleGiver, RoleOrder};
use crate::administrators::roles::AdminRole;
use crate::administrators::store::{self, roles};
use crate::administrators::territory::Territory;
use crate::base::actor::Actor;
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::bootstrap;
use crate::config::{Config, MailGatewayConfig};
use crate::db::AccessMode;
use crate::http::pages::PageRenderer;
use crate::mail::parse_address;

#[derive(Debug, clap::Args)]
pub struct AdminArgs {
    #[command(subcommand)]
    action: AdminCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AdminCommand {
    /// Gives a role. Whoever has none yet gets a link that serves once within seven days; a former one ends.
    Invite(InviteArgs),
    /// Lists every administrator with each role.
    List(JsonFlag),
    /// Ends the roles of an administrator: all of them, or one. With the last one the sessions end.
    Revoke(RevokeArgs),
}

#[derive(Debug, clap::Args)]
struct InviteArgs {
    /// national, academy, school_head, delegate, help_desk, service_contact or auditor.
    #[arg(long)]
    role: String,
    /// The territory: all, ministry:ID, academy:ID, school:UAI, class:UAI/CLASS or client:ID.
    #[arg(long, default_value = "all")]
    territory: String,
    /// The e-mail address.
    #[arg(long)]
    email: String,
    /// The name, as others see it in the console; by default what stands before the @.
    #[arg(long)]
    name: Option<String>,
    /// Of a delegate: pupils only, without their parents.
    #[arg(long)]
    pupils_only: bool,
}

#[derive(Debug, clap::Args)]
struct RevokeArgs {
    /// The e-mail address.
    #[arg(long)]
    email: String,
    /// One role only, as `list` writes it: school_head@0349999J.
    #[arg(long)]
    role: Option<String>,
}

pub async fn run(args: &AdminArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let around = super::operator_dependencies();
    let mode = match args.action {
        AdminCommand::List(_) => AccessMode::ReadOnly,
        AdminCommand::Invite(_) | AdminCommand::Revoke(_) => AccessMode::ReadWrite,
    };
    let opened = bootstrap::open_existing_storage(config, &around, mode).await?;
    let op = opened.operation(&around);
    let operator = match op.actor {
        Actor::Operator(name) => name.clone(),
        _ => String::new(),
    };
    let giver = RoleGiver::Operator(&operator);
    let done = match &args.action {
        AdminCommand::Invite(args) => {
            let pages = PageRenderer::load(&config.deployment.name, &config.deployment.contact)?;
            let mails = !matches!(config.mail.gateway, MailGatewayConfig::Absent);
            let context =
                InvitationContext { pages: &pages, issuer: &config.server.issuer, mails, lang: Lang::default() };
            let order = order(args)?;
            let given = invite::give_role(op, context, giver, &order).await??;
            match &given.link {
                Some(link) => writeln!(out, "{link}\nserves once, within seven days")?,
                None => writeln!(out, "{}: {}@{} added", order.email, order.role.name(), order.territory)?,
            }
            if given.mailed {
                writeln!(out, "a mail to {} says so too", order.email)?;
            }
            true
        }
        AdminCommand::List(form) => {
            let rows = roles::list_all(&mut op.db.read().await?).await?;
            for row in &rows {
                match form.json {
                    true => json::write_line(out, &administrator(row))?,
                    false => print(row, out)?,
                }
            }
            !rows.is_empty()
        }
        AdminCommand::Revoke(args) => {
            let address = parse_address(&args.email).with_context(|| format!("{} is no e-mail address", args.email))?;
            let mut tx = op.db.read().await?;
            let found = store::find_by_email(&mut tx, op.master_key, &address).await?;
            let found = found.with_context(|| format!("no administrator has the address {address}"))?;
            let held = roles::list(&mut tx, &found.id).await?;
            drop(tx);
            let mut ended = 0;
            for grant in held.iter().filter(|grant| args.role.as_ref().is_none_or(|only| *only == grant.name())) {
                if invite::end_role(op, giver, &grant.id).await?.is_some() {
                    writeln!(out, "{address}: {} ended", grant.name())?;
                    ended += 1;
                }
            }
            if ended == 0 {
                writeln!(out, "{address} has no such role")?;
            }
            ended > 0
        }
    };
    opened.db.close().await;
    Ok(done)
}

fn order(args: &InviteArgs) -> anyhow::Result<RoleOrder> {
    let role = args.role.parse::<AdminRole>().ok().with_context(|| {
        let known: Vec<&str> = AdminRole::National.may_give().into_iter().map(AdminRole::name).collect();
        format!("{} is no role: there are {}", args.role, known.join(", "))
    })?;
    let territory = Territory::parse(&args.territory).with_context(|| {
        format!("{} is no territory: write all, academy:ID, school:UAI, class:UAI/CLASS or client:ID", args.territory)
    })?;
    let local = args.email.split('@').next().unwrap_or_default().to_owned();
    Ok(RoleOrder {
        name: args.name.clone().unwrap_or(local),
        email: args.email.clone(),
        role,
        territory,
        pupils_only: args.pupils_only,
        until: None,
    })
}

fn print(row: &roles::TeamRow, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let place = if row.class.is_empty() { row.territory.clone() } else { format!("{}/{}", row.territory, row.class) };
    let place = if place.is_empty() { "all".to_owned() } else { place };
    let state = match (row.is_active(), row.approved_at) {
        (_, None) => "waits for agreement",
        (true, _) => "active",
        (false, _) => "invited",
    };
    let seen = row.seen_at.map_or_else(|| "never seen".to_owned(), |at| super::format_paris_time(Timestamp(at)));
    let proof = if row.has_totp { "password and application".to_owned() } else { format!("{} passkeys", row.passkeys) };
    Ok(writeln!(out, "{}  {}@{place}  {state}  {proof}  {seen}", row.name, row.role)?)
}
