//! The chart of the days of a campaign: whose account became active, and who began without an end.

use std::collections::BTreeMap;

use crate::app::CampaignStep;
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::http::pages::dates;
use crate::http::pages::day_chart::{self, ShownCount};
use crate::school_admin::ops::reminders::orders::SeenReminderOrder;
use crate::school_admin::store::CampaignDayRow;
use crate::school_admin::views::CampaignChart;

/// Draws the days from one to another, both included.
pub fn draw(
    lang: Lang,
    (from, to): (Timestamp, Timestamp),
    rows: &[CampaignDayRow],
    reminders: &[SeenReminderOrder],
) -> CampaignChart {
    let mut reminded: BTreeMap<String, i64> = BTreeMap::new();
    for order in reminders.iter().filter(|order| order.sent() > 0) {
        *reminded.entry(dates::date_key(Timestamp(order.row.ordered_at))).or_default() += order.sent();
    }
    let mut numbers: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for row in rows {
        let day = numbers.entry(&row.day).or_default();
        if row.step == CampaignStep::Activated.name() {
            day.0 += row.n;
        } else if row.step == CampaignStep::Asked.name() {
            day.1 += row.n;
        }
    }
    let of = |key: &str| {
        let (active, asked) = numbers.get(key).copied().unwrap_or_default();
        (ShownCount::exact(active), ShownCount::exact((asked - active).max(0)))
    };
    let chart = day_chart::draw(lang, (from, to), of).with_marks(&reminded);
    let active = chart.bars.iter().map(|bar| bar.low.n).sum();
    let reminders = chart.marks;
    CampaignChart { chart, active, reminders }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Span;
    use crate::base::uai::Uai;
    use crate::school_admin::store::reminders::orders::ReminderBatchRow;

    #[test]
    fn each_day_has_the_activated_and_those_who_asked_without_an_end() {
        let from = Timestamp(1_795_510_800_000);
        let row = |day: &str, step: &str, n| CampaignDayRow { day: day.to_owned(), step: step.to_owned(), n };
        let rows = [
            row("2026-11-24", "asked", 12),
            row("2026-11-24", "active", 10),
            row("2026-11-25", "active", 3),
            row("2026-11-25", "asked", 1),
            row("2026-11-25", "code", 50),
        ];
        let order = |days, (sent, in_outbox)| SeenReminderOrder {
            row: ReminderBatchRow {
                id: String::new(),
                uai: Uai::parse("0349999J").unwrap(),
                academy: String::new(),
                channel: "sms".to_owned(),
                people: 9,
                position: 9,
                sent,
                state: "done".to_owned(),
                ordered_at: from.plus(Span::days(days)).0,
                ended_at: None,
                cancelled_at: None,
                ordered_by: None,
            },
            in_outbox,
        };
        let orders = [order(1, (4, 0)), order(1, (5, 3)), order(2, (7, 7)), order(-3, (5, 0))];
        let drawn = draw(Lang::Fr, (from, from.plus(Span::days(9))), &rows, &orders);
        let CampaignChart { chart, active, reminders } = drawn;
        let marked: Vec<i64> = chart.bars.iter().map(|bar| bar.marks).collect();
        assert_eq!((&marked[..4], reminders), (&[0, 6, 0, 0][..], 6));
        assert_eq!((chart.bars.len(), active), (10, 13));
        assert_eq!((chart.bars[0].low.n, chart.bars[0].high.n), (10, 2));
        assert_eq!((chart.bars[1].low.n, chart.bars[1].high.n), (3, 0), "nobody is below zero");
    }
}
