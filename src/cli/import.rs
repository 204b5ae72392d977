//! `preau import`: imports the rosters of an academy's schools, with one line a finding.

mod accounts;
mod guess;
mod output;
mod runs;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::base::clock::Timestamp;
use crate::base::uai::Uai;
use crate::cli::format_paris_time;
use crate::cli::json::JsonFlag;
use crate::roster::formats::{RosterFormat, parse_export_time};
use crate::roster::ops::school_tables::TableRequest;
use crate::roster::ops::{ImportContext, ImportRequest, import_files};
use crate::roster::reconcile::{ReconcileError, RemovalPolicy};
use crate::roster::report::{FindingWithRemedy, ImportRejection};
use crate::roster::store::runs::ACCOUNTS_FORMAT;

pub use accounts::{AccountsRequest, import_accounts};
pub use output::{ProgressDisplay, ReportForm};

/// Imports rosters. Exit code 0 only if everything was imported.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXIT_CODES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ImportArgs {
    #[command(subcommand)]
    pub about_runs: Option<ImportRunCommand>,
    #[command(flatten)]
    pub files: Option<ImportFilesArgs>,
    #[command(flatten)]
    pub tables: TableArgs,
}

/// The commands about imports that were.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ImportRunCommand {
    /// Lists the imports, the last first: when, by whom, what became of them.
    History {
        /// The academy, as in academies.toml; without it, all.
        #[arg(long)]
        academy: Option<String>,
        #[command(flatten)]
        form: JsonFlag,
    },
    /// Undoes the last import of an academy, for 30 days, in each school into which nothing was imported since. All is
    /// as before it; who came by it and has an account, a letter or a notice meanwhile is kept, without a school.
    Undo {
        #[arg(long)]
        academy: String,
        /// One school alone: its own last import, whatever was imported into other schools since. People whom those have
        /// too stay as they wrote them.
        #[arg(long, value_parser = Uai::parse)]
        uai: Option<Uai>,
    },
}

/// The content of the files: rosters of a format, or accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ImportFormat {
    /// SIECLE's ElevesAvecAdresses and ResponsablesAvecAdresses, of any year.
    Siecle,
    /// The academy's ficAlimMENESR for an ENT, complet and delta.
    Aaf,
    /// ONDE's extractions of pupils and responsables, of one nursery or primary school.
    Onde,
    /// Tables of one school, by a mapping of their columns.
    Csv,
    /// Accounts that come from elsewhere, of people of the roster: cle, profil, identifiant, hash, sub:CLIENT.
    Comptes,
}

impl ImportFormat {
    /// Returns the name under which the database keeps runs of the format.
    pub fn name(self) -> &'static str {
        self.roster().map_or(ACCOUNTS_FORMAT, RosterFormat::name)
    }

    /// Returns the format of rosters; `None` for accounts.
    pub fn roster(self) -> Option<RosterFormat> {
        match self {
            ImportFormat::Siecle => Some(RosterFormat::Siecle),
            ImportFormat::Aaf => Some(RosterFormat::Aaf),
            ImportFormat::Onde => Some(RosterFormat::Onde),
            ImportFormat::Csv => Some(RosterFormat::Csv),
            ImportFormat::Comptes => None,
        }
    }
}

/// The files of an import, and how they are taken.
#[derive(Clone, Debug, clap::Args)]
pub struct ImportFilesArgs {
    /// The format of the files.
    #[arg(long, value_enum)]
    pub format: ImportFormat,
    /// The academy of these schools, as in academies.toml: montpellier.
    #[arg(long)]
    pub academy: String,
    /// Reports each change and its reason without writing them.
    #[arg(long)]
    pub dry_run: bool,
    /// Accepts a roster ending more than 5 % of a school's pupils or legal links (40 % at a new school year).
    #[arg(long)]
    pub accept_removals: bool,
    /// Makes the format the leading one of these schools. Without it, a school's first format leads: another one adds
    /// what is absent, and replaces only what the leading one has not confirmed for 48 hours.
    #[arg(long)]
    pub lead: bool,
    /// The form of the report.
    #[arg(long, value_enum, default_value_t)]
    pub report: ReportForm,
    /// The same as --report json; an error is an object on stderr.
    #[arg(long, conflicts_with = "report")]
    pub json: bool,
    /// siecle: both exports of each school, élèves and responsables, as XML or as ZIPs of the export screen, one or more.
    /// aaf: all files of a complet or delta of the academy, or of several days. Other exports are passed over.
    /// onde: the two extractions of one school, pupils and responsables. csv: the tables of one school.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// The facts that are said beside tables, which say neither their school nor their time.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TableArgs {
    /// Of tables: their school.
    #[arg(long, value_parser = Uai::parse, required_if_eq_any([("format", "onde"), ("format", "csv")]))]
    pub uai: Option<Uai>,
    /// Of tables: when they were exported, Paris time, such as 2025-09-08T18:42. Without it, each file is of the time at
    /// which it was last written.
    #[arg(long, value_name = "TIME", value_parser = read_time)]
    pub exported_at: Option<Timestamp>,
    /// Of tables that do not say who is a legal representative: all are. The answer is kept for the school, until
    /// --all-legal=no.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "yes", value_name = "ANSWER")]
    pub all_legal: Option<Answer>,
    /// Of csv: the mapping of the columns. It is kept for the school, so that the next import needs none.
    #[arg(long, value_name = "FILE.toml")]
    pub mapping: Option<PathBuf>,
    /// Of csv: prints a mapping for the files, with examples of their values, and imports nothing.
    #[arg(long)]
    pub guess_mapping: bool,
}

/// An answer that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Answer {
    Yes,
    No,
}

fn read_time(text: &str) -> Result<Timestamp, &'static str> {
    parse_export_time(text).ok_or("a time is written 2025-09-08T18:42 or 08/09/2025 18:42")
}

fn read_mapping(path: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))
}

impl TableArgs {
    /// Returns what is said of tables; an error if it is said of files that say it themselves.
    fn into_request(self, format: RosterFormat, now: Timestamp) -> anyhow::Result<Option<TableRequest>> {
        let Self { uai, exported_at, all_legal, mapping, .. } = self;
        if let Some(at) = exported_at.filter(|at| *at > now) {
            anyhow::bail!("--exported-at lies ahead: {}", format_paris_time(at));
        }
        if mapping.is_some() && format != RosterFormat::Csv {
            anyhow::bail!("--mapping is of --format csv: the columns of {} are known", format.name());
        }
        let all_legal = all_legal.map(|answer| answer == Answer::Yes);
        match (format.is_tables(), uai) {
            (true, Some(uai)) => {
                let mapping = mapping.map(|path| read_mapping(&path)).transpose()?;
                Ok(Some(TableRequest { uai, exported_at, all_legal, mapping }))
            }
            (true, None) => anyhow::bail!("--uai is missing: the files do not say their school"),
            (false, None) if exported_at.is_none() && all_legal.is_none() => Ok(None),
            (false, _) => anyhow::bail!(
                "files of {} say their school, their time and who is a legal representative: leave --uai, \
                 --exported-at and --all-legal out",
                format.name()
            ),
        }
    }
}

/// The exit codes for scripts.
const EXIT_CODES: &str = "\
Exit codes:
  0  all was taken, or would be with --dry-run; lines \"for the school\" and \"passed over\" change nothing of it
  1  not all was taken: lines with \"refused\" or \"not read, so unchanged\" say what; the rest was
  2  the command line was not understood

A file is taken or refused as a whole. Another school's fault holds nobody back.";

/// Returns the flag by which the operator accepts a rejected roster.
fn remedy(rejection: &ImportRejection) -> &'static str {
    match rejection {
        ImportRejection::Reconcile(ReconcileError::TooManyRemovals { .. }) => "; if this is right: --accept-removals",
        _ => "",
    }
}

/// Returns true if everything was imported, or undone. Every finding is reported to `out`, each school as soon as
/// finished.
pub async fn run(args: ImportArgs, ctx: ImportContext<'_>, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    match (args.about_runs, args.files) {
        (Some(ImportRunCommand::History { academy, form }), _) => {
            runs::history(academy.as_deref(), form, ctx, out).await
        }
        (Some(ImportRunCommand::Undo { academy, uai }), _) => runs::undo(&academy, uai.as_ref(), ctx, out).await,
        (None, Some(files)) => run_files(files, args.tables, ctx, out).await,
        (None, None) => anyhow::bail!("no files"),
    }
}

async fn run_files(
    args: ImportFilesArgs,
    tables: TableArgs,
    ctx: ImportContext<'_>,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let ImportFilesArgs { format, academy, dry_run, accept_removals, lead: takes_lead, report, json, files } = args;
    let report = if json { ReportForm::Json } else { report };
    if tables.guess_mapping {
        return guess::print_mapping(&files, out);
    }
    let Some(format) = format.roster() else {
        let request = AccountsRequest { academy: &academy, dry_run, report };
        return import_accounts(request, &files, ctx, out).await;
    };
    let tables = tables.into_request(format, ctx.storage.now)?;
    let removals = if accept_removals { RemovalPolicy::Accepted } else { RemovalPolicy::Guarded };
    let request = ImportRequest { format, academy, files, tables, removals, takes_lead, dry_run };
    // A failure to write the report must not stop an import half-way; the failure is reported at the end.
    let mut written = Ok(());
    let mut write = |text: &str| {
        let line = writeln!(out, "{text}");
        written = std::mem::replace(&mut written, Ok(())).and(line);
    };
    report.heading().into_iter().for_each(&mut write);
    let all = import_files(ctx, &request, &mut |finding| {
        let lines = FindingWithRemedy { finding: &finding, remedy }.lines();
        lines.iter().for_each(|line| write(&report.write(line)));
    })
    .await?;
    written?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::app::{DatabaseOperation, StorageOperation};
    use crate::base::actor::Actor;
    use crate::base::clock::Timestamp;
    use crate::base::phone::PhoneParser;
    use crate::base::rng::SystemRandom;
    use crate::crypto::MasterKey;
    use crate::db::{Db, Durability};
    use crate::demo::rosters;
    use crate::roster::report::{ImportFinding, SchoolImportOutcome, SchoolImportReport};
    use crate::tenants::{School, store};

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: ImportArgs,
    }

    const NOW: Timestamp = Timestamp(1_795_510_800_000);

    #[tokio::test]
    async fn the_demo_is_taken_and_a_report_has_a_line_a_school() {
        let folder = tempfile::TempDir::new().unwrap();
        let db = Db::open(&format!("sqlite:{}", folder.path().join("preau.db").display())).await.unwrap();
        db.migrate().await.unwrap();
        let mut tx = db.write(Durability::Durable).await.unwrap();
        for school in rosters::SCHOOLS {
            store::upsert_academy(&mut tx, school.academy, "00", school.academy).await.unwrap();
            let (uai, name) = (school.uai.parse().unwrap(), school.name.to_owned());
            let (academy, ministry) = (school.academy.to_owned(), school.ministry.to_owned());
            store::upsert_school(
                &mut tx,
                &School { uai, name, academy, ministry, telephone: None, first_degree: false },
            )
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
        let (master_key, numbering) = (
            MasterKey::new([7; 32]).unwrap(),
            PhoneParser { fictitious_prefixes: vec!["+3363998".into()], calls_landlines: false },
        );
        let actor = Actor::Operator("test".into());
        let database =
            DatabaseOperation { db: &db, rng: &SystemRandom, now: NOW, actor: &actor, request_id: None, commits: None };
        let storage = StorageOperation { database, master_key: &master_key };
        let ctx = ImportContext::new(storage, &numbering);
        let written = rosters::write_roster_files(folder.path(), NOW).unwrap();
        for (academy, schools) in [("montpellier", 3), ("toulouse", 2), ("agricole", 1)] {
            let files = written.iter().filter(|(of, _)| *of == academy).map(|(_, file)| file.display().to_string());
            let line =
                ["preau", "--format", "siecle", "--academy", academy].map(str::to_owned).into_iter().chain(files);
            let mut out = Vec::new();
            let all = run(Line::parse_from(line).args, ctx, &mut out).await.unwrap();
            let text = String::from_utf8(out).unwrap();
            assert!(all, "{text}");
            assert_eq!(text.lines().filter(|line| line.contains(": taken: ")).count(), schools, "{text}");
        }
        let line = ["preau", "--format", "siecle", "--academy", "montpellier", "--dry-run", "nowhere.xml"];
        let mut out = Vec::new();
        assert!(!run(Line::parse_from(line).args, ctx, &mut out).await.unwrap());
        assert!(String::from_utf8(out).unwrap().starts_with("refused: nowhere.xml: cannot be read: "));
        // A table of accounts stands in the history too.
        let table = folder.path().join("comptes.csv");
        std::fs::write(&table, "cle;profil\n777777;responsable\n").unwrap();
        let table = table.display().to_string();
        let line = ["preau", "--format", "comptes", "--academy", "montpellier", &table];
        assert!(!run(Line::parse_from(line).args, ctx, &mut Vec::new()).await.unwrap());
        let mut out = Vec::new();
        run(Line::parse_from(["preau", "history", "--academy", "montpellier"]).args, ctx, &mut out).await.unwrap();
        let text = String::from_utf8(out).unwrap();
        let told = "montpellier comptes by operator test: 0 accounts made; not all was taken";
        assert!(text.contains(told) && text.contains("montpellier siecle by"), "{text}");
    }

    #[test]
    fn a_roster_that_ends_too_many_is_refused_with_the_flag_that_accepts_it() {
        let error = ReconcileError::TooManyRemovals { what: "pupils", gone: 10, of: 38, percent: 5 };
        let line = |rejection: ImportRejection| {
            let finding = ImportFinding::School(Box::new(SchoolImportReport {
                uai: "0349999J".parse().unwrap(),
                format: RosterFormat::Siecle,
                dry_run: false,
                outcome: SchoolImportOutcome::Rejected(rejection),
                planned: Vec::new(),
                errors: Vec::new(),
                warnings: Vec::new(),
            }));
            FindingWithRemedy { finding: &finding, remedy }.to_string()
        };
        assert_eq!(
            line(ImportRejection::Reconcile(error)),
            "0349999J: refused: 10 of 38 current pupils would end, more than 5 %; if this is right: --accept-removals"
        );
        assert_eq!(
            line(ImportRejection::Conflict),
            "0349999J: refused: other imports of this school keep coming first; try again"
        );
    }

    #[tokio::test]
    async fn what_tables_do_not_say_is_asked_for_and_a_mapping_is_printed() {
        let line = |more: &[&'static str]| {
            let words = [&["preau", "--format", "csv", "--academy", "x"], more].concat();
            Line::try_parse_from(words).map(|line| line.args)
        };
        assert!(line(&["f.csv"]).is_err(), "the school");
        let read = line(&["--uai", "0349999J", "--all-legal", "--exported-at", "2025-09-08T18:42", "f.csv"]).unwrap();
        let now = Timestamp(NOW.0);
        let said = read.tables.into_request(RosterFormat::Onde, now).unwrap().unwrap();
        assert_eq!((said.all_legal, said.exported_at), (Some(true), Some(Timestamp(1_757_349_720_000))));
        for more in [
            &["--uai", "0349999A", "f.csv"][..],
            &["--uai", "0349999J", "--exported-at", "hier", "f.csv"],
            &["--uai", "0349999J", "--all-legal=peut-être", "f.csv"],
        ] {
            assert!(line(more).is_err(), "{more:?}");
        }
        let read = line(&["--uai", "0349999J", "--exported-at", "2099-01-01", "f.csv"]).unwrap();
        assert!(read.tables.clone().into_request(RosterFormat::Csv, now).is_err(), "a time ahead");
        assert!(read.tables.into_request(RosterFormat::Siecle, now).is_err(), "SIECLE says its school");
        let files = [PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples/tableur.csv"))];
        let mut out = Vec::new();
        assert!(guess::print_mapping(&files, &mut out).unwrap());
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("family = \"Nom élève\" # DURAND-FICTIF · =SOMME(A1)"), "{text}");
        assert!(crate::roster::formats::csv::mapping::ColumnMapping::parse(&text).is_ok(), "{text}");
    }

    #[test]
    fn format_academy_and_files_are_asked_for() {
        for line in [
            &["preau", "f.xml"][..],
            &["preau", "--format", "siecle", "--academy", "x"],
            &["preau", "--format", "csv", "--academy", "x", "f"],
        ] {
            assert!(Line::try_parse_from(line).is_err(), "{line:?}");
        }
    }
}
