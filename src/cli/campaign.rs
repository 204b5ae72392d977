//! `preau campaign`: when the parents of a school may activate, and what the school must see to.

use std::io::Write;

use super::in_paris;
use crate::base::clock::Timestamp;
use crate::compose::{self, Surroundings};
use crate::config::Config;
use crate::db::{Access, Db};
use crate::tenants::NoticeKind;
use crate::tenants::ops::{CampaignChange, TenantError, change_campaign};
use crate::tenants::store::{self, NoticeRow, NoticedChild};

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

pub async fn run(args: &Args, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let (which, change) = match &args.action {
        Action::Open(opening) | Action::Reopen(opening) => {
            (&opening.which, Some(CampaignChange::Open { days: opening.days }))
        }
        Action::Close(which) => (which, Some(CampaignChange::Close)),
        Action::Notices(notices) => (&notices.which, None),
    };
    let uai = which.uai.to_uppercase();
    let access = if change.is_some() { Access::Write } else { Access::Read };
    let db = compose::existing(config, access).await?;
    match change {
        Some(change) => {
            let around = Surroundings::real();
            compose::keep_time(&db, &around).await?;
            let now = around.clock.now();
            let campaign = change_campaign(&db, around.rng.as_ref(), now, &uai, change).await?;
            match change {
                CampaignChange::Open { .. } => writeln!(out, "{uai}: open until {}", in_paris(campaign.closes))?,
                CampaignChange::Close => writeln!(out, "{uai}: closed")?,
            }
        }
        None => notices(&db, &uai, matches!(&args.action, Action::Notices(Notices { all: true, .. })), out).await?,
    }
    db.close().await;
    Ok(true)
}

async fn notices(db: &Db, uai: &str, all: bool, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let mut tx = db.read().await?;
    if store::school(&mut tx, uai).await?.is_none() {
        return Err(TenantError::UnknownSchool(uai.to_owned()).into());
    }
    let rows = store::notices(&mut tx, uai, all).await?;
    if rows.is_empty() {
        writeln!(out, "{uai}: nothing to see to")?;
    }
    let children = store::noticed_children(&mut tx, uai).await?;
    for row in rows {
        writeln!(out, "{}", line(&row, &children))?;
    }
    Ok(())
}

/// When, support code, kind, who, which child in which class, and why.
fn line(row: &NoticeRow, children: &[NoticedChild]) -> String {
    let with_class = |given: &str, class: Option<&str>| match class {
        Some(class) => format!("{given}, {class}"),
        None => given.to_owned(),
    };
    let name = [&row.given_name, &row.family_name].map(|name| name.as_deref().unwrap_or_default()).join(" ");
    let theirs: Vec<_> = match &row.pupil {
        Some(given) => vec![with_class(given, row.class.as_deref())],
        None => children
            .iter()
            .filter(|child| child.person_id == row.person_id)
            .map(|child| with_class(&child.given_name, child.class.as_deref()))
            .collect(),
    };
    let mut parts = vec![
        in_paris(Timestamp(row.at)),
        format!("{:<7}", row.support_code),
        format!("{:<13}", row.kind),
        name.trim().to_owned(),
    ];
    if !theirs.is_empty() {
        parts.push(format!("child {}", theirs.join("; ")));
    }
    parts.extend(why(row));
    parts.extend(row.settled_at.map(|at| format!("settled {}", in_paris(Timestamp(at)))));
    parts.join("  ")
}

/// Why no code reaches the person today, and what the school can do in its base. The number's last two digits are all
/// that is known of one that takes no SMS.
fn why(row: &NoticeRow) -> Option<String> {
    if row.kind != NoticeKind::Unreachable.name() {
        return None;
    }
    let end = row.phone_end.as_ref().map(|end| format!(", which ends in {end},")).unwrap_or_default();
    let reason = match (row.phone_state.as_deref()?, row.phone_why.as_deref()) {
        ("none", _) => "TEL_PORTABLE is empty".to_owned(),
        ("unusable", Some("landline")) => format!("TEL_PORTABLE{end} is not a mobile number"),
        ("unusable", Some("incomplete")) => format!("TEL_PORTABLE{end} is not a complete number"),
        ("unusable", _) => "TEL_PORTABLE takes no SMS".to_owned(),
        _ => return None,
    };
    let hint = row.mobile_in.as_ref().map(|column| format!("; a mobile stands in {column}: enter it as TEL_PORTABLE"));
    Some(format!("{reason}{}", hint.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_c6_a_notice_says_child_class_the_numbers_end_and_the_reason() {
        let row = |kind: NoticeKind, state: &str, why: Option<&str>, end: Option<&str>| NoticeRow {
            kind: kind.name().into(),
            at: 1_795_510_800_000,
            person_id: "p".into(),
            family_name: Some("DURAND".into()),
            given_name: Some("Anne".into()),
            phone_state: Some(state.into()),
            phone_why: why.map(str::to_owned),
            phone_end: end.map(str::to_owned),
            ..NoticeRow::default()
        };
        let child = |person: &str, given: &str, class: Option<&str>| NoticedChild {
            person_id: person.into(),
            given_name: given.into(),
            class: class.map(str::to_owned),
        };
        let children = [child("p", "Léo", None), child("p", "Zoé", Some("6 A")), child("q", "Max", Some("3 B"))];
        let text = |row: &NoticeRow| line(row, &children);
        let unreachable = |state, why, end| row(NoticeKind::Unreachable, state, why, end);
        let begins = "2026-11-24 10:00           unreachable    Anne DURAND  child Léo; Zoé, 6 A  ";
        for (row, ends) in [
            (unreachable("none", None, None), "TEL_PORTABLE is empty"),
            (
                NoticeRow { mobile_in: Some("TEL_PERSONNEL".into()), ..unreachable("none", None, None) },
                "TEL_PORTABLE is empty; a mobile stands in TEL_PERSONNEL: enter it as TEL_PORTABLE",
            ),
            (
                unreachable("unusable", Some("landline"), Some("56")),
                "TEL_PORTABLE, which ends in 56, is not a mobile number",
            ),
            (unreachable("unusable", Some("incomplete"), None), "TEL_PORTABLE is not a complete number"),
            (unreachable("unusable", None, None), "TEL_PORTABLE takes no SMS"),
        ] {
            assert_eq!(text(&row), format!("{begins}{ends}"));
        }
        let contested = NoticeRow {
            support_code: "K7P-4MX".into(),
            pupil: Some("Élie".into()),
            class: Some("4 C".into()),
            settled_at: Some(1_795_510_860_000),
            ..row(NoticeKind::Contested, "mobile", None, None)
        };
        let right = "2026-11-24 10:00  K7P-4MX  contested      Anne DURAND  child Élie, 4 C  settled 2026-11-24 10:01";
        assert_eq!(text(&contested), right);
    }
}
