//! `preau account`: shows accounts, suspends them, ends their sessions, removes their second factors, takes wrong pupils
//! out of them, and forces new passwords.

mod show;

use std::io::Write;

use chrono::NaiveDate;

use super::beginning_of_day;
use super::json::{self, JsonFlag};
use crate::app::StorageOperation;
use crate::base::clock::Clock;
use crate::base::profile::Profile;
use crate::base::uai::Uai;
use crate::bootstrap;
use crate::config::{Config, MailGatewayConfig};
use crate::db::AccessMode;
use crate::helpdesk::ops;
use crate::helpdesk::ops::factors::RemovedFactors;
use crate::helpdesk::ops::forced_change::{self, Cohort, ForcedChange};
use crate::http::pages::PageRenderer;
use crate::notify::ops::NoticeContext;
use crate::roster::store::same_pupil::PupilKey;
use crate::tenants::ops::TenantError;

#[derive(Debug, clap::Args)]
pub struct AccountArgs {
    #[command(subcommand)]
    action: AccountCommand,
}

#[derive(Debug, clap::Subcommand)]
enum AccountCommand {
    /// Shows what a help desk may see of an account: never a code, a whole number or an address.
    Show(ShowArgs),
    /// Suspends an account until `resume`: nobody signs in, its sessions end, relying parties are told.
    Suspend(AccountChangeArgs),
    /// Ends a suspension, whoever suspended.
    Resume(AccountChangeArgs),
    /// Ends the sessions and refresh tokens of an account, and tells relying parties. The password stays.
    EndSessions(EndSessionsArgs),
    /// Removes every second factor of an account whose person lost them, once the school has checked who asks: the
    /// password alone opens it from then on. Its sessions end, and the person is told.
    RemoveFactors(AccountChangeArgs),
    /// Takes a pupil's record out of the account that an import joined it to by a wrong INE. No import joins it again; the
    /// sessions and open letters of the account end, and its person is told.
    DetachPupil(DetachPupilArgs),
    /// Forces new passwords after passwords were stolen: the right one leads to a new one before any session, and the
    /// sessions end. Leaves out accounts without a password. The same command again continues one that stopped.
    ForceChange(ForceChangeArgs),
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).args(["identifiant", "code"]))]
struct ShowArgs {
    /// The account, by identifiant.
    #[arg(value_name = "IDENTIFIANT")]
    identifiant: Option<String>,
    /// The accounts to which a support code leads, such as K7P-4MX.
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    #[command(flatten)]
    form: JsonFlag,
}

#[derive(Debug, clap::Args)]
struct AccountChangeArgs {
    /// The account, by identifiant.
    #[arg(value_name = "IDENTIFIANT")]
    identifiant: String,
    /// The reason, for the audit.
    #[arg(long)]
    reason: String,
}

#[derive(Debug, clap::Args)]
struct EndSessionsArgs {
    #[command(flatten)]
    which: AccountChangeArgs,
    /// Forgets the known devices too.
    #[arg(long)]
    forget_devices: bool,
}

#[derive(Debug, clap::Args)]
struct DetachPupilArgs {
    #[command(flatten)]
    which: AccountChangeArgs,
    /// The academy of the record, by id.
    #[arg(long, value_name = "ID")]
    academy: String,
    /// The record's ELEVE_ID.
    #[arg(long, value_name = "ELEVE_ID")]
    eleve: String,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("cohort").required(true).args(["uai", "academy", "identifiants"]))]
struct ForceChangeArgs {
    /// The accounts, by identifiant.
    #[arg(value_name = "IDENTIFIANT")]
    identifiants: Vec<String>,
    /// A school: its pupils, and everybody with a link to one of them.
    #[arg(long)]
    uai: Option<String>,
    /// An academy, by id: everybody of its rosters.
    #[arg(long, value_name = "ID")]
    academy: Option<String>,
    /// Only passwords chosen before this day (AAAA-MM-JJ), in Paris.
    #[arg(long, value_name = "DATE")]
    before: Option<NaiveDate>,
    /// Only pupils, or only parents.
    #[arg(long, value_parser = ["eleve", "responsable"])]
    profile: Option<String>,
    /// Accounts to leave out.
    #[arg(long, value_name = "IDENTIFIANT", num_args = 1..)]
    except: Vec<String>,
    /// Counts and changes nothing.
    #[arg(long)]
    dry_run: bool,
    /// The reason, for the audit.
    #[arg(long)]
    reason: String,
}

pub async fn run(args: &AccountArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let around = super::operator_dependencies();
    if let AccountCommand::Show(args) = &args.action {
        let opened = bootstrap::open_existing_storage(config, &around, AccessMode::ReadOnly).await?;
        let found = show_accounts(opened.operation(&around), args, out).await?;
        opened.db.close().await;
        return Ok(found);
    }
    let opened = bootstrap::open_existing_storage(config, &around, AccessMode::ReadWrite).await?;
    let op = opened.operation(&around);
    match &args.action {
        AccountCommand::Show(_) => {}
        AccountCommand::Suspend(AccountChangeArgs { identifiant, reason }) => {
            let ended = ops::suspend(op, identifiant, reason).await?;
            let (name, sessions, devices) = (ended.identifiant, ended.sessions, ended.devices);
            writeln!(out, "{name}: suspended; {sessions} sessions ended, {devices} devices forgotten")?;
        }
        AccountCommand::Resume(AccountChangeArgs { identifiant, reason }) => {
            let account = ops::resume(op, identifiant, reason).await?;
            writeln!(out, "{}: {}", account.identifiant, account.state.name())?;
        }
        AccountCommand::EndSessions(EndSessionsArgs { which, forget_devices }) => {
            let ended = ops::end_sessions(op, &which.identifiant, &which.reason, *forget_devices).await?;
            let (name, sessions, devices) = (ended.identifiant, ended.sessions, ended.devices);
            writeln!(out, "{name}: {sessions} sessions ended, {devices} devices forgotten")?;
        }
        AccountCommand::RemoveFactors(args) => remove_factors(op, config, args, out).await?,
        AccountCommand::DetachPupil(args) => detach_pupil(op, config, args, out).await?,
        AccountCommand::ForceChange(args) => force_change(op, around.clock.as_ref(), args, out).await?,
    }
    opened.db.close().await;
    Ok(true)
}

/// Prints the accounts; false if the support code leads to none.
async fn show_accounts(
    op: StorageOperation<'_>,
    args: &ShowArgs,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let reports = match (&args.identifiant, &args.code) {
        (Some(identifiant), _) => vec![ops::show::show(op, identifiant).await?],
        (None, Some(code)) => ops::show::show_by_code(op, code).await?,
        (None, None) => Vec::new(),
    };
    for report in &reports {
        match args.form.json {
            true => json::write_line(out, report)?,
            false => show::print(report, out)?,
        }
    }
    if reports.is_empty() && !args.form.json {
        writeln!(out, "the code leads to no account: `preau doctor --code` says what stands behind it")?;
    }
    Ok(!reports.is_empty())
}

async fn remove_factors(
    op: StorageOperation<'_>,
    config: &Config,
    AccountChangeArgs { identifiant, reason }: &AccountChangeArgs,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let pages = PageRenderer::load(&config.deployment.name, &config.deployment.contact)?;
    let removed = ops::factors::remove_factors(op, notices(op, config, &pages), identifiant, reason).await?;
    let RemovedFactors { identifiant, applications, passkeys, sessions } = removed;
    writeln!(
        out,
        "{identifiant}: {applications} applications of codes and {passkeys} passkeys removed; {sessions} sessions ended"
    )?;
    Ok(())
}

async fn detach_pupil(
    op: StorageOperation<'_>,
    config: &Config,
    DetachPupilArgs { which: AccountChangeArgs { identifiant, reason }, academy, eleve }: &DetachPupilArgs,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let pages = PageRenderer::load(&config.deployment.name, &config.deployment.contact)?;
    let pupil = PupilKey { academy, key: eleve };
    let done = ops::pupils::detach_pupil(op, notices(op, config, &pages), identifiant, pupil, reason).await?;
    let (name, sessions) = (done.identifiant, done.sessions);
    writeln!(out, "{name}: ELEVE {eleve} of {academy} taken out; {sessions} sessions ended")?;
    Ok(())
}

/// Returns the means of telling the person of an account.
fn notices<'a>(op: StorageOperation<'a>, config: &'a Config, pages: &'a PageRenderer) -> NoticeContext<'a> {
    NoticeContext {
        pages,
        master_key: op.master_key,
        host: config.server.host(),
        mails: !matches!(config.mail.gateway, MailGatewayConfig::Absent),
    }
}

async fn force_change(
    op: StorageOperation<'_>,
    clock: &dyn Clock,
    args: &ForceChangeArgs,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let cohort = match (&args.uai, &args.academy) {
        (Some(uai), _) => {
            let text = uai.to_uppercase();
            Cohort::School(Uai::parse(&text).map_err(|_| TenantError::UnknownSchool(text))?)
        }
        (_, Some(id)) => Cohort::Academy(id.clone()),
        (None, None) => Cohort::Listed(args.identifiants.clone()),
    };
    let order = ForcedChange {
        cohort,
        profile: args.profile.as_deref().and_then(|name| name.parse::<Profile>().ok()),
        before: args.before.and_then(beginning_of_day),
        except: args.except.clone(),
        reason: args.reason.clone(),
        dry_run: args.dry_run,
    };
    let report = forced_change::force_change(op, clock, &order).await?;
    let (accounts, sessions) = (report.accounts, report.sessions);
    match args.dry_run {
        true => writeln!(out, "{accounts} accounts would have to choose a new password; nothing was changed")?,
        false => writeln!(out, "{accounts} accounts must choose a new password; {sessions} sessions ended")?,
    }
    if report.without_mobile > 0 {
        writeln!(
            out,
            "{} of them have no mobile for a code: print letters with `preau letters --also-active`",
            report.without_mobile
        )?;
    }
    Ok(())
}
