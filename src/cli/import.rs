//! `preau import`: imports the rosters of an academy's schools, with one line a finding.

mod output;
mod runs;

use std::io::Write;
use std::path::PathBuf;

use crate::roster::formats::RosterFormat;
use crate::roster::ops::{ImportContext, ImportRequest, import_files};
use crate::roster::reconcile::{ReconcileError, RemovalPolicy};
use crate::roster::report::{FindingWithRemedy, ImportRejection};

pub use output::{ProgressDisplay, ReportForm};

/// Imports rosters. Exit code 0 only if everything was imported.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXIT_CODES, args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct ImportArgs {
    #[command(subcommand)]
    pub about_runs: Option<ImportRunCommand>,
    #[command(flatten)]
    pub files: Option<ImportFilesArgs>,
}

/// The commands about imports that were.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum ImportRunCommand {
    /// Lists the imports, the last first: when, by whom, what became of them.
    History {
        /// The academy, as in academies.toml; without it, all.
        #[arg(long)]
        academy: Option<String>,
    },
    /// Undoes the last import of an academy, for 30 days, in each school into which nothing was imported since. All is
    /// as before it; who came by it and has an account, a letter or a notice meanwhile is kept, without a school.
    Undo {
        #[arg(long)]
        academy: String,
    },
}

/// The files of an import, and how they are taken.
#[derive(Clone, Debug, clap::Args)]
pub struct ImportFilesArgs {
    /// The format of the files.
    #[arg(long, value_enum)]
    pub format: RosterFormat,
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
    /// siecle: both exports of each school, élèves and responsables, as XML or as ZIPs of the export screen, one or more.
    /// aaf: all files of a complet or delta of the academy, or of several days. Other exports are passed over.
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
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
        (Some(ImportRunCommand::History { academy }), _) => runs::history(academy.as_deref(), ctx, out).await,
        (Some(ImportRunCommand::Undo { academy }), _) => runs::undo(&academy, ctx, out).await,
        (None, Some(files)) => run_files(files, ctx, out).await,
        (None, None) => anyhow::bail!("no files"),
    }
}

async fn run_files(
    args: ImportFilesArgs,
    ctx: ImportContext<'_>,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let ImportFilesArgs { format, academy, dry_run, accept_removals, lead: takes_lead, report, files } = args;
    let removals = if accept_removals { RemovalPolicy::Accepted } else { RemovalPolicy::Guarded };
    let request = ImportRequest { format, academy, files, removals, takes_lead, dry_run };
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
        let database = DatabaseOperation { db: &db, rng: &SystemRandom, now: NOW, actor: &actor, request_id: None };
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
