//! What others did for the people of a school since its head was last told, in words: whoever prints letters and knows
//! the roster could get into an account, and is found out by this.

use crate::administrators::roles::AdminRole;
use crate::administrators::territory::{RoleGrant, Territory};
use crate::app::Operation;
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::row_id_lower_bound;
use crate::base::lang::Lang;
use crate::base::typed_ids::AdministratorId;
use crate::base::uai::Uai;
use crate::console_mails::TOLD_WITHIN;
use crate::console_mails::store::acts::{self, ActsRow, AuditDays};
use crate::http::pages::dates;

/// Returns the beginning of the day of a time, in Paris; `None` beyond what a calendar has.
fn midnight(at: Timestamp) -> Option<Timestamp> {
    dates::beginning_of_day(dates::today(at)?, 0)
}

/// Returns the beginning of the day of somebody's last mail: it told the acts before that.
pub(super) fn told_before(mailed_on: &str) -> Option<Timestamp> {
    dates::beginning_of_day(mailed_on.parse().ok()?, 0)
}

/// Returns the days whose acts a mail tells: from the day of the last mail on, or a week back where that is later, to the
/// present one, which is not over. Days on which no server ran are among them. `None` beyond what a calendar has.
pub(super) fn untold(now: Timestamp, mailed_on: &str) -> Option<AuditDays> {
    let week = midnight(now.minus(TOLD_WITHIN))?;
    let from = told_before(mailed_on).map_or(week, |told| told.max(week));
    Some(AuditDays { from: row_id_lower_bound(from), before: row_id_lower_bound(midnight(now)?) })
}

/// The acts of others, as a mail tells them.
pub(super) struct ToldActs {
    /// A line for everybody who did something.
    pub lines: String,
    /// « Hier », or since which day.
    pub when: String,
}

/// Describes what others did at the schools of a head since the last mail, which was on `mailed_on`. Returns `None` if
/// nobody did anything, and for who is the head of no school.
pub(super) async fn describe(
    op: &Operation<'_>,
    id: &AdministratorId,
    (grants, mailed_on): (&[RoleGrant], &str),
) -> anyhow::Result<Option<ToldActs>> {
    let Some(days) = untold(op.now, mailed_on) else { return Ok(None) };
    let mut schools: Vec<&Uai> = Vec::new();
    for grant in grants.iter().filter(|grant| grant.role == AdminRole::SchoolHead) {
        if let Territory::School(uai) = &grant.territory
            && !schools.contains(&uai)
        {
            schools.push(uai);
        }
    }
    let pages = &op.app.pages;
    let operator = pages.message(Lang::Fr, "admin-by-operator", &[])?;
    let (mut lines, mut first) = (Vec::new(), op.now);
    for uai in schools {
        let mut rows = acts::list_of_school(&mut op.app.db.read().await?, uai, &days, id).await?;
        rows.retain(|row| row.letters + row.unblocked + row.phones > 0);
        rows.sort_by(|one, other| one.name.cmp(&other.name));
        for ActsRow { name, letters, unblocked, phones, first_at } in rows {
            first = first.min(Timestamp(first_at));
            // One line each, whatever a name has.
            let who = name.map_or(operator.clone(), |name| name.split_whitespace().collect::<Vec<_>>().join(" "));
            let [letters, unblocked, phones] = [letters, unblocked, phones].map(|count| count.to_string());
            let values = [("who", who.as_str()), ("letters", &letters), ("unblocked", &unblocked), ("phones", &phones)];
            lines.push(pages.message(Lang::Fr, "mail-console-act", &values)?);
        }
    }
    if lines.is_empty() {
        return Ok(None);
    }
    let is_of_yesterday = midnight(op.now.minus(Span::days(1))).is_some_and(|yesterday| first >= yesterday);
    let when = match is_of_yesterday {
        true => pages.message(Lang::Fr, "mail-console-acts-yesterday", &[])?,
        false => {
            pages.message(Lang::Fr, "mail-console-acts-since", &[("day", dates::day(Lang::Fr, first).as_str())])?
        }
    };
    Ok(Some(ToldActs { lines: lines.join("\n"), when }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_days_of_a_mail_are_the_calendar_s_also_when_the_clocks_change() {
        // Noon in Paris on 29 March 2027, the day after an hour was lost; and the days before it.
        let noon = Timestamp(1_806_314_400_000);
        let days = untold(noon, "2027-03-28").unwrap();
        assert_eq!(days.from, row_id_lower_bound(Timestamp(1_806_188_400_000)));
        assert_eq!(days.before, row_id_lower_bound(Timestamp(1_806_271_200_000)), "23 hours");
        assert!(days.from < days.before);
    }

    #[test]
    fn a_mail_goes_on_where_the_last_one_ended_and_a_week_back_at_most() {
        // Noon in Paris on 24 November 2026, and the midnights before it.
        let noon = Timestamp(1_795_518_000_000);
        let midnight = |days_ago: i64| row_id_lower_bound(Timestamp(1_795_474_800_000).minus(Span::days(days_ago)));
        for (mailed_on, days_ago) in [
            ("2026-11-24", 0),
            ("2026-11-23", 1),
            ("2026-11-20", 4),
            ("2026-11-17", 7),
            ("2026-11-16", 7),
            ("2025-11-24", 7),
            ("", 7),
        ] {
            let days = untold(noon, mailed_on).unwrap();
            assert_eq!((days.from, days.before), (midnight(days_ago), midnight(0)), "{mailed_on}");
        }
    }
}
