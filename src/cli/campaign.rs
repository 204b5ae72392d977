//! `preau campaign`: the activation campaign of a school, and the notices for the school.

use std::io::Write;

use serde_json::Value;

use super::format_paris_time;
use super::json::{self, JsonFlag, maybe_time, time};
use crate::base::clock::Timestamp;
use crate::base::phone::{PhoneState, UnusableReason};
use crate::base::uai::Uai;
use crate::bootstrap;
use crate::config::Config;
use crate::db::{AccessMode, Db};
use crate::school_admin::api::school;
use crate::school_admin::orders::CampaignWord;
use crate::tenants::NoticeKind;
use crate::tenants::ops::{CampaignChange, TenantError, change_campaign};
use crate::tenants::store::{self, NoticeRow, NoticedChild};

#[derive(Debug, clap::Args)]
pub struct CampaignArgs {
    #[command(subcommand)]
    action: CampaignCommand,
}

#[derive(Debug, clap::Subcommand)]
enum CampaignCommand {
    /// Opens the campaign: parents may activate from now on.
    Open(OpenArgs),
    /// Closes the campaign: parents may no longer activate.
    Close(SchoolArgs),
    /// Reopens the campaign: parents may activate again, from now on.
    Reopen(OpenArgs),
    /// Shows the school and its campaign.
    Show(ShowArgs),
    /// Lists the notices for the school, newest first.
    Notices(NoticesArgs),
}

#[derive(Debug, clap::Args)]
struct ShowArgs {
    #[command(flatten)]
    which: SchoolArgs,
    #[command(flatten)]
    form: JsonFlag,
}

#[derive(Debug, clap::Args)]
struct NoticesArgs {
    #[command(flatten)]
    which: SchoolArgs,
    /// Includes settled notices.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    form: JsonFlag,
}

#[derive(Debug, clap::Args)]
struct SchoolArgs {
    /// The school: seven digits and a letter.
    #[arg(long)]
    uai: String,
}

#[derive(Debug, clap::Args)]
struct OpenArgs {
    #[command(flatten)]
    which: SchoolArgs,
    /// The number of days for which the campaign stays open.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(i64).range(1..=366))]
    days: i64,
}

pub async fn run(args: &CampaignArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let (which, change) = match &args.action {
        CampaignCommand::Open(opening) | CampaignCommand::Reopen(opening) => {
            (&opening.which, Some(CampaignChange::Open { days: opening.days }))
        }
        CampaignCommand::Close(which) => (which, Some(CampaignChange::Close)),
        CampaignCommand::Show(shown) => (&shown.which, None),
        CampaignCommand::Notices(notices) => (&notices.which, None),
    };
    let access = if change.is_some() { AccessMode::ReadWrite } else { AccessMode::ReadOnly };
    let db = bootstrap::open_existing_database(config, access).await?;
    let text = which.uai.to_uppercase();
    let uai = Uai::parse(&text).map_err(|_| TenantError::UnknownSchool(text))?;
    match change {
        Some(change) => {
            let around = super::operator_dependencies();
            bootstrap::sync_clock(&db, &around).await?;
            let campaign = change_campaign(around.operation(&db), &uai, change).await?;
            match change {
                CampaignChange::Open { .. } => {
                    writeln!(out, "{uai}: open until {}", format_paris_time(campaign.closes_at))?
                }
                CampaignChange::Close => writeln!(out, "{uai}: closed")?,
            }
        }
        None => read(&db, (&args.action, &uai), super::operator_dependencies().clock.now(), out).await?,
    }
    db.close().await;
    Ok(true)
}

/// Runs a command that only reads.
async fn read(
    db: &Db,
    (action, uai): (&CampaignCommand, &Uai),
    now: Timestamp,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let mut tx = db.read().await?;
    let found = store::find_school(&mut tx, uai).await?;
    let found = found.ok_or_else(|| TenantError::UnknownSchool(uai.to_string()))?;
    match action {
        CampaignCommand::Show(ShowArgs { form, .. }) => {
            let campaign = store::find_campaign(&mut tx, uai).await?;
            if form.json {
                return json::write_line(out, &school(&found, campaign, now));
            }
            let word = CampaignWord::of(campaign, now).name().replace('_', " ");
            let until = campaign.map(|campaign| {
                let (opens, closes) = (format_paris_time(campaign.opens_at), format_paris_time(campaign.closes_at));
                format!(", from {opens} until {closes}")
            });
            writeln!(out, "{uai}  {}: {word}{}", found.name, until.unwrap_or_default())?;
            Ok(())
        }
        CampaignCommand::Notices(NoticesArgs { all, form, .. }) => {
            let rows = store::list_notices(&mut tx, uai, *all).await?;
            let children = store::list_noticed_children(&mut tx, uai).await?;
            match form.json {
                true => rows.iter().try_for_each(|row| json::write_line(out, &notice(row, &children))),
                false => print_notices(uai, &rows, &children, out),
            }
        }
        CampaignCommand::Open(_) | CampaignCommand::Close(_) | CampaignCommand::Reopen(_) => Ok(()),
    }
}

fn print_notices(
    uai: &Uai,
    rows: &[NoticeRow],
    children: &[NoticedChild],
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    if rows.is_empty() {
        writeln!(out, "{uai}: nothing to see to")?;
    }
    for row in rows {
        writeln!(out, "{}", notice_line(row, children))?;
    }
    Ok(())
}

/// Returns the children whom a notice is about, with their classes.
fn children_of(row: &NoticeRow, children: &[NoticedChild]) -> Vec<(String, Option<String>)> {
    match &row.pupil {
        Some(given) => vec![(given.clone(), row.class.clone())],
        None => children
            .iter()
            .filter(|child| child.person_id == row.person_id)
            .map(|child| (child.given_name.clone(), child.class.clone()))
            .collect(),
    }
}

/// Returns a notice as programs have it.
fn notice(row: &NoticeRow, children: &[NoticedChild]) -> Value {
    let child = |(name, class): (String, Option<String>)| serde_json::json!({ "given_name": name, "class": class });
    let children: Vec<Value> = children_of(row, children).into_iter().map(child).collect();
    serde_json::json!({
        "at": time(Timestamp(row.at)),
        "support_code": row.support_code,
        "kind": row.kind.name(),
        "person": row.person_id,
        "family_name": row.family_name,
        "given_name": row.given_name,
        "children": children,
        "why": unreachable_reason(row),
        "settled_at": maybe_time(row.settled_at.map(Timestamp)),
        "settled_why": row.settled_why.map(|why| why.name()),
    })
}

/// Formats a notice: time, support code, kind, person, children with classes, and reason.
fn notice_line(row: &NoticeRow, children: &[NoticedChild]) -> String {
    let with_class = |(given, class): (String, Option<String>)| match class {
        Some(class) => format!("{given}, {class}"),
        None => given,
    };
    let name = [&row.given_name, &row.family_name].map(|name| name.as_deref().unwrap_or_default()).join(" ");
    let theirs: Vec<String> = children_of(row, children).into_iter().map(with_class).collect();
    let mut parts = vec![
        format_paris_time(Timestamp(row.at)),
        format!("{:<7}", row.support_code),
        format!("{:<13}", row.kind.name()),
        name.trim().to_owned(),
    ];
    if !theirs.is_empty() {
        parts.push(format!("child {}", theirs.join("; ")));
    }
    parts.extend(unreachable_reason(row));
    let why = row.settled_why.map(|why| format!(" ({})", why.name().replace('_', " "))).unwrap_or_default();
    parts.extend(row.settled_at.map(|at| format!("settled {}{why}", format_paris_time(Timestamp(at)))));
    parts.join("  ")
}

/// Returns the reason for which no code currently reaches the person, with the remedy for the school. Of a number to
/// which no SMS can be sent, only the last two digits are stored.
fn unreachable_reason(row: &NoticeRow) -> Option<String> {
    match row.kind {
        NoticeKind::Unreachable => {}
        NoticeKind::CountryRefused => {
            let why = "the number's country is none of sms.countries: enter another mobile, or print a letter";
            return Some(why.to_owned());
        }
        _ => return None,
    }
    let end = row.phone_end.as_ref().map(|end| format!(", which ends in {end},")).unwrap_or_default();
    let reason = match (row.phone_state?, row.phone_why) {
        (PhoneState::Absent, _) => "TEL_PORTABLE is empty".to_owned(),
        (PhoneState::Unusable, Some(UnusableReason::Landline)) => format!("TEL_PORTABLE{end} is not a mobile number"),
        (PhoneState::Unusable, Some(UnusableReason::Incomplete)) => {
            format!("TEL_PORTABLE{end} is not a complete number")
        }
        (PhoneState::Unusable, None) => "TEL_PORTABLE takes no SMS".to_owned(),
        (PhoneState::Mobile, _) => return None,
    };
    let hint = row.mobile_in.as_ref().map(|column| format!("; a mobile stands in {column}: enter it as TEL_PORTABLE"));
    Some(format!("{reason}{}", hint.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::typed_ids::PersonId;
    use crate::tenants::SettledReason;

    #[test]
    fn faults_c6_a_notice_says_child_class_the_numbers_end_and_the_reason() {
        let row = |kind: NoticeKind, state: PhoneState, why: Option<UnusableReason>, end: Option<&str>| NoticeRow {
            uai: Uai::parse("0349999J").unwrap(),
            kind,
            support_code: String::new(),
            at: 1_795_510_800_000,
            settled_at: None,
            settled_why: None,
            person_id: PersonId::new("p"),
            family_name: Some("DURAND".into()),
            given_name: Some("Anne".into()),
            phone_state: Some(state),
            phone_why: why,
            phone_end: end.map(str::to_owned),
            mobile_in: None,
            pupil: None,
            class: None,
        };
        let child = |person: &str, given: &str, class: Option<&str>| NoticedChild {
            person_id: PersonId::new(person),
            given_name: given.into(),
            class: class.map(str::to_owned),
        };
        let children = [child("p", "Léo", None), child("p", "Zoé", Some("6 A")), child("q", "Max", Some("3 B"))];
        let text = |row: &NoticeRow| notice_line(row, &children);
        let unreachable = |state, why, end| row(NoticeKind::Unreachable, state, why, end);
        let begins = "2026-11-24 10:00           unreachable    Anne DURAND  child Léo; Zoé, 6 A  ";
        for (row, ends) in [
            (unreachable(PhoneState::Absent, None, None), "TEL_PORTABLE is empty"),
            (
                NoticeRow { mobile_in: Some("TEL_PERSONNEL".into()), ..unreachable(PhoneState::Absent, None, None) },
                "TEL_PORTABLE is empty; a mobile stands in TEL_PERSONNEL: enter it as TEL_PORTABLE",
            ),
            (
                unreachable(PhoneState::Unusable, Some(UnusableReason::Landline), Some("56")),
                "TEL_PORTABLE, which ends in 56, is not a mobile number",
            ),
            (
                unreachable(PhoneState::Unusable, Some(UnusableReason::Incomplete), None),
                "TEL_PORTABLE is not a complete number",
            ),
            (unreachable(PhoneState::Unusable, None, None), "TEL_PORTABLE takes no SMS"),
        ] {
            assert_eq!(text(&row), format!("{begins}{ends}"));
        }
        let contested = NoticeRow {
            support_code: "K7P-4MX".into(),
            pupil: Some("Élie".into()),
            class: Some("4 C".into()),
            settled_at: Some(1_795_510_860_000),
            ..row(NoticeKind::Contested, PhoneState::Mobile, None, None)
        };
        let abroad = row(NoticeKind::CountryRefused, PhoneState::Mobile, None, None);
        let why = "the number's country is none of sms.countries: enter another mobile, or print a letter";
        assert!(text(&abroad).ends_with(why), "{}", text(&abroad));
        let right = "2026-11-24 10:00  K7P-4MX  contested      Anne DURAND  child Élie, 4 C  settled 2026-11-24 10:01";
        assert_eq!(text(&contested), right);
        let by_itself = NoticeRow { settled_why: Some(SettledReason::ChildConfirmed), ..contested };
        assert_eq!(text(&by_itself), format!("{right} (child confirmed)"));
    }
}
