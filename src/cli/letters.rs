//! `preau letters`: letters with a code for people without an account or without a mobile, the leaflet of a school, and the
//! batches that the console printed.

mod batches;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::accounts::identifier::normalize;
use crate::base::lang::Lang;
use crate::base::profile::Profile;
use crate::base::uai::Uai;
use crate::bootstrap;
use crate::cli::json::JsonFlag;
use crate::config::{Config, MailGatewayConfig};
use crate::credentials::factors::HeldFactors;
use crate::db::{AccessMode, Db};
use crate::http::pages::{PageRenderer, dates};
use crate::letters::LetterKind;
use crate::letters::ops::batch::{LetterBatch, LetterBatchRequest, LetterPress};
use crate::letters::ops::file::{PendingFile, print_to_file};
use crate::letters::ops::recipients::{LetterJoinRequest, LetterScope};
use crate::letters::pdf::{LeafletPortal, Letterhead, PdfFile, print_leaflet};
use crate::notify::ops::NoticeContext;
use crate::tenants::ops::TenantError;
use crate::tenants::store as tenant_store;
use crate::{accounts, credentials};

/// Prints letters, or with --leaflet the leaflet of the school.
#[derive(Clone, Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct LettersArgs {
    #[command(subcommand)]
    about_batches: Option<LetterBatchCommand>,
    #[command(flatten)]
    printing: Option<PrintLettersArgs>,
}

/// The commands about batches that were printed in the console.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum LetterBatchCommand {
    /// Lists the batches that were printed in the console, the last first.
    Batches {
        /// The school; without it, all.
        #[arg(long, value_parser = Uai::parse)]
        uai: Option<Uai>,
        #[command(flatten)]
        form: JsonFlag,
    },
    /// Takes back the letters of a batch that were not used: lost on the way, or printed for the wrong class. Their codes
    /// serve no more, also in a browser that typed one; letters that were used stay used.
    Withdraw {
        /// The batch, by the id that `preau letters batches` prints.
        #[arg(long, value_name = "ID")]
        batch: String,
        /// The reason, for the audit.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        form: JsonFlag,
    },
}

/// The people for whom letters are printed, and the file.
#[derive(Clone, Debug, clap::Args)]
pub struct PrintLettersArgs {
    /// The school: seven digits and a letter.
    #[arg(long)]
    uai: String,
    /// The people of a class: 6A.
    #[arg(long, group = "scope")]
    class: Option<String>,
    /// The family of a pupil, by ELEVE_ID.
    #[arg(long, value_name = "ELEVE_ID", group = "scope")]
    family: Option<String>,
    /// One person.
    #[arg(long, value_name = "p.nomXX", group = "scope")]
    identifiant: Option<String>,
    /// Prints a letter by which a representative of the pupil of --family joins this account of a parent: one more child.
    #[arg(long, value_name = "p.nomXX", requires = "family")]
    join: Option<String>,
    /// PERSONNE_ID of the representative who joins, where the pupil has several.
    #[arg(long, value_name = "PERSONNE_ID", requires = "join")]
    person: Option<String>,
    /// The people for whom the letters are.
    #[arg(long = "for", value_enum, required_unless_present = "leaflet")]
    readers: Option<LetterReaders>,
    /// The reason, for the audit.
    #[arg(long, required_unless_present = "leaflet")]
    reason: Option<String>,
    /// Also prints letters for a new password, for people who have one.
    #[arg(long)]
    also_active: bool,
    /// Prints a letter for somebody who lost every second factor, once the school has checked who asks, and --reason says
    /// who did: from 9 the next morning it leads to a new password without them, and removes them.
    #[arg(long, requires = "identifiant", conflicts_with_all = ["class", "family"])]
    past_factor: bool,
    /// Prints the leaflet, the steps of an activation, in place of letters.
    #[arg(long, conflicts_with_all = ["scope", "readers", "reason", "also_active", "past_factor"])]
    leaflet: bool,
    /// The language of the leaflet.
    #[arg(long, value_parser = ["fr", "en"], default_value = "fr", requires = "leaflet")]
    lang: String,
    /// The new file; an existing one is never replaced.
    #[arg(long, value_name = "FILE.pdf")]
    out: PathBuf,
}

/// The people for whom letters are.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum LetterReaders {
    Eleves,
    Responsables,
}

pub async fn run(args: &LettersArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    match (&args.about_batches, &args.printing) {
        (Some(command), _) => batches::run(command, config, out).await,
        (None, Some(printing)) => print(printing, config, out).await,
        (None, None) => anyhow::bail!("for whom: --uai, and --class, --family or --identifiant"),
    }
}

/// Prints letters, or the leaflet.
async fn print(args: &PrintLettersArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let text = args.uai.to_uppercase();
    let uai = Uai::parse(&text).map_err(|_| TenantError::UnknownSchool(text))?;
    let pages = PageRenderer::load(&config.deployment.name, &config.deployment.contact)?;
    if args.leaflet {
        return write_leaflet(args, config, (&pages, &uai), out).await;
    }
    let scope = match (&args.class, &args.family, &args.identifiant) {
        (Some(class), ..) => LetterScope::Class(class.clone()),
        (_, Some(family), _) => LetterScope::Family(family.clone()),
        (.., Some(identifiant)) => LetterScope::Identifiant(identifiant.clone()),
        _ => anyhow::bail!("for whom: --class, --family or --identifiant"),
    };
    let (Some(readers), Some(reason)) = (args.readers, args.reason.as_deref().map(str::trim)) else {
        anyhow::bail!("for whom: --for eleves or --for responsables, and --reason")
    };
    anyhow::ensure!(!reason.is_empty(), "--reason is empty: the audit names the reason of each letter");
    let profile = match readers {
        LetterReaders::Eleves => Profile::Eleve,
        LetterReaders::Responsables => Profile::Responsable,
    };
    let request = LetterBatchRequest {
        uai: uai.clone(),
        scope,
        profile,
        also_active: args.also_active || args.past_factor,
        past_factor: args.past_factor,
        join: args.join.as_ref().map(|identifiant| LetterJoinRequest {
            identifiant: identifiant.clone(),
            pupil_key: args.family.clone().unwrap_or_default(),
            person_key: args.person.clone(),
        }),
        reason: reason.to_owned(),
        batch_id: None,
    };
    let around = super::operator_dependencies();
    let opened = bootstrap::open_existing_storage(config, &around, AccessMode::ReadWrite).await?;
    let op = opened.operation(&around);
    if args.past_factor {
        require_factor(&opened.db, args.identifiant.as_deref().unwrap_or_default()).await?;
    }
    let notices = NoticeContext {
        pages: &pages,
        master_key: op.master_key,
        host: config.server.host(),
        mails: !matches!(config.mail.gateway, MailGatewayConfig::Absent),
    };
    let press = LetterPress { notices, issuer: &config.server.issuer, by_pupil: config.letters.by_pupil };
    let (batch, pdf) = print_to_file(&op, press, &request, &args.out).await?;
    opened.db.close().await;
    report(&batch, pdf.as_ref(), (&uai, &args.out), out)?;
    if pdf.is_some() && profile == Profile::Responsable && !config.letters.by_pupil {
        writeln!(
            out,
            "hand them over in person or post them: pupils know the birth dates that are asked (letters.by_pupil)"
        )?;
    }
    Ok(pdf.is_some())
}

/// Refuses a letter past a second factor for an account without one.
async fn require_factor(db: &Db, identifiant: &str) -> anyhow::Result<()> {
    let mut tx = db.read().await?;
    let account = accounts::store::find_by_identifiant(&mut tx, &normalize(identifiant)).await?;
    let factors = match &account {
        Some(account) => credentials::store::find_factors(&mut tx, &account.id).await?,
        None => HeldFactors::default(),
    };
    anyhow::ensure!(factors.is_required(), "{identifiant} has no second factor: --also-active prints a letter");
    Ok(())
}

/// Says how many letters there are, and who has none and why; never a code.
fn report(
    batch: &LetterBatch,
    pdf: Option<&PdfFile>,
    (uai, file): (&Uai, &Path),
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    for (person, why) in &batch.left_out {
        writeln!(out, "no letter for {}: {}", person.full_name(), why.label())?;
    }
    match pdf {
        Some(pdf) => {
            let new = batch.letters.iter().filter(|one| one.recipient.kind() == LetterKind::First).count();
            let joining = batch.letters.iter().filter(|one| one.recipient.kind() == LetterKind::Child).count();
            let again = batch.letters.len() - new - joining;
            if joining > 0 {
                writeln!(out, "{uai}: {} for one more child in {}", letters(joining), file.display())?;
            } else {
                writeln!(
                    out,
                    "{uai}: {} for a first password and {again} for a new one in {}",
                    letters(new),
                    file.display()
                )?;
            }
            report_unprintable(pdf, out)?;
        }
        None => writeln!(out, "{uai}: nobody to print a letter for; no file was written")?,
    }
    Ok(())
}

fn letters(count: usize) -> String {
    if count == 1 { "1 letter".to_owned() } else { format!("{count} letters") }
}

fn report_unprintable(pdf: &PdfFile, out: &mut (dyn Write + Send)) -> io::Result<()> {
    for found in &pdf.unprintable {
        writeln!(out, "page {}: no font has the sign {:?}; a box is printed", found.sheet, found.sign)?;
    }
    Ok(())
}

async fn write_leaflet(
    args: &PrintLettersArgs,
    config: &Config,
    (pages, uai): (&PageRenderer, &Uai),
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let db = bootstrap::open_existing_database(config, AccessMode::ReadOnly).await?;
    let mut tx = db.read().await?;
    let Some(school) = tenant_store::find_school(&mut tx, uai).await? else {
        return Err(TenantError::UnknownSchool(uai.to_string()).into());
    };
    let academy = tenant_store::find_academy_name(&mut tx, &school.academy).await?.unwrap_or_default();
    drop(tx);
    db.close().await;
    let lang = Lang::from_tag(&args.lang).unwrap_or_default();
    let printed_on = dates::day_and_year(lang, super::operator_dependencies().clock.now());
    let head = Letterhead {
        lang,
        service: pages.service_name(),
        school: &school.name,
        academy: &academy,
        issuer: &config.server.issuer,
        printed_on: &printed_on,
    };
    let pdf = print_leaflet(pages, &head, &LeafletPortal { school_site: "", choice: "" })?;
    PendingFile::write(&args.out, &pdf.bytes)?.finish()?;
    writeln!(out, "{uai}: the leaflet is in {}", args.out.display())?;
    report_unprintable(&pdf, out)?;
    Ok(true)
}
