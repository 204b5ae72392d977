//! What others did yesterday for the people of a school, in words for its head: whoever prints letters and knows the
//! roster could get into an account, and is found out by this.

use crate::administrators::roles::AdminRole;
use crate::administrators::territory::{RoleGrant, Territory};
use crate::app::Operation;
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::row_id_lower_bound;
use crate::base::lang::Lang;
use crate::base::typed_ids::AdministratorId;
use crate::base::uai::Uai;
use crate::console_mails::store::acts::{self, ActsRow, AuditDay};
use crate::http::pages::dates;

/// Returns the day before the present one, in Paris; `None` beyond what a calendar has.
pub(super) fn yesterday(now: Timestamp) -> Option<AuditDay> {
    let beginning = |at| dates::beginning_of_day(dates::today(at)?, 0);
    let (from, before) = (beginning(now.minus(Span::days(1)))?, beginning(now)?);
    Some(AuditDay { from: row_id_lower_bound(from), before: row_id_lower_bound(before) })
}

/// Returns a line for everybody who did something at the schools of a head; empty for who is the head of none.
pub(super) async fn describe(op: &Operation<'_>, id: &AdministratorId, grants: &[RoleGrant]) -> anyhow::Result<String> {
    let Some(day) = yesterday(op.now) else { return Ok(String::new()) };
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
    let mut lines = Vec::new();
    for uai in schools {
        let mut rows = acts::list_of_school(&mut op.app.db.read().await?, uai, &day, id).await?;
        rows.retain(|row| row.letters + row.unblocked + row.phones > 0);
        rows.sort_by(|one, other| one.name.cmp(&other.name));
        for ActsRow { name, letters, unblocked, phones } in rows {
            // One line each, whatever a name has.
            let who = name.map_or(operator.clone(), |name| name.split_whitespace().collect::<Vec<_>>().join(" "));
            let [letters, unblocked, phones] = [letters, unblocked, phones].map(|count| count.to_string());
            let values = [("who", who.as_str()), ("letters", &letters), ("unblocked", &unblocked), ("phones", &phones)];
            lines.push(pages.message(Lang::Fr, "mail-console-act", &values)?);
        }
    }
    Ok(lines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yesterday_is_the_calendar_s_also_when_the_clocks_change() {
        // Noon in Paris on 29 March 2027, the day after an hour was lost; and the days before it.
        let noon = Timestamp(1_806_314_400_000);
        let day = yesterday(noon).unwrap();
        assert_eq!(day.from, row_id_lower_bound(Timestamp(1_806_188_400_000)));
        assert_eq!(day.before, row_id_lower_bound(Timestamp(1_806_271_200_000)), "23 hours");
        assert!(day.from < day.before);
    }
}
