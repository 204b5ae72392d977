//! The chart of the days of a campaign: places and heights of SVG, so that no script draws it.

use std::collections::BTreeMap;

use crate::app::CampaignStep;
use crate::base::clock::{Span, Timestamp};
use crate::base::lang::Lang;
use crate::http::pages::dates;
use crate::school_admin::store::CampaignDayRow;
use crate::school_admin::views::{CampaignChart, DayBar};

/// The lines of the highest bar and of the ground, in pixels.
const TOP: i64 = 18;
const GROUND: i64 = 150;
/// The number of days from which a phone has no room for each day's words.
const CROWDED_DAYS: usize = 8;

/// Formats thousandths as a number with a point.
fn decimal(thousandths: i64) -> String {
    format!("{}.{:03}", thousandths / 1000, thousandths.rem_euclid(1000))
}

/// Formats a part of a whole in per cent.
fn percent(part: i64, whole: i64) -> String {
    format!("{}%", decimal(part.saturating_mul(100_000).checked_div(whole).unwrap_or_default()))
}

/// Splits « lundi 16 novembre » into the beginning of the day of the week, and the number.
fn short(day: &str) -> (String, String) {
    let mut words = day.split([' ', '\u{a0}']);
    let weekday: String = words.next().unwrap_or_default().chars().take(3).collect();
    let number: String = words.next().unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
    (weekday.to_lowercase(), number)
}

/// Draws the days from one to another, both included.
pub fn draw(lang: Lang, (from, to): (Timestamp, Timestamp), rows: &[CampaignDayRow]) -> CampaignChart {
    let mut numbers: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for row in rows {
        let day = numbers.entry(&row.day).or_default();
        if row.step == CampaignStep::Activated.name() {
            day.0 += row.n;
        } else if row.step == CampaignStep::Asked.name() {
            day.1 += row.n;
        }
    }
    let mut days: Vec<(String, Timestamp)> = Vec::new();
    let mut at = from;
    while dates::date_key(at) <= dates::date_key(to) && days.len() < 40 {
        let key = dates::date_key(at);
        // The night of summer time has a day of 25 hours.
        if days.last().is_none_or(|(last, _)| *last != key) {
            days.push((key, at));
        }
        at = at.plus(Span::hours(24));
    }
    let of = |key: &str| {
        let (active, asked) = numbers.get(key).copied().unwrap_or_default();
        (active, (asked - active).max(0))
    };
    let most = days.iter().map(|(key, _)| of(key)).map(|(active, unfinished)| active + unfinished).max().unwrap_or(0);
    let (most, width) = (most.max(1), i64::try_from(days.len().max(1)).unwrap_or(1));
    let height = |n: i64| n.saturating_mul((GROUND - TOP) * 1000) / most;
    let bar = |(place, (key, at)): (usize, &(String, Timestamp))| {
        let (active, unfinished) = of(key);
        let day = dates::weekday_and_day(lang, *at);
        let (weekday, number) = short(&day);
        let left = i64::try_from(place).unwrap_or(0);
        let (low, high) = (height(active), height(unfinished));
        let ground = GROUND * 1000;
        DayBar {
            weekday,
            number,
            day,
            active,
            unfinished,
            x: percent(left * 100 + 18, width * 100),
            middle: percent(left * 100 + 50, width * 100),
            width: percent(64, width * 100),
            active_y: decimal(ground - low),
            active_height: decimal(low),
            unfinished_y: decimal(ground - low - high),
            unfinished_height: decimal((high - 1000).max(0)),
            label_y: decimal(ground - low - high - 5000),
            is_thin: days.len() > CROWDED_DAYS && place % 3 != 0,
        }
    };
    let bars: Vec<DayBar> = days.iter().enumerate().map(bar).collect();
    let active = bars.iter().map(|bar| bar.active).sum();
    CampaignChart { bars, active, since: dates::weekday_and_day(lang, from) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_day_reaches_the_top_and_each_day_has_a_bar() {
        let from = Timestamp(1_795_510_800_000);
        let row = |day: &str, step: &str, n| CampaignDayRow { day: day.to_owned(), step: step.to_owned(), n };
        let rows = [
            row("2026-11-24", "asked", 12),
            row("2026-11-24", "active", 10),
            row("2026-11-25", "active", 3),
            row("2026-11-25", "asked", 1),
            row("2026-11-25", "code", 50),
        ];
        let chart = draw(Lang::Fr, (from, from.plus(Span::days(9))), &rows);
        assert_eq!((chart.bars.len(), chart.active), (10, 13));
        let (first, second) = (&chart.bars[0], &chart.bars[1]);
        assert_eq!((first.weekday.as_str(), first.number.as_str()), ("mar", "24"));
        assert_eq!((first.active, first.unfinished, first.unfinished_y.as_str()), (10, 2, "18.000"));
        assert_eq!((second.active, second.unfinished), (3, 0), "nobody is below zero");
        assert_eq!((first.x.as_str(), first.width.as_str()), ("1.800%", "6.400%"));
        assert!(!chart.bars[3].is_thin && chart.bars[4].is_thin);
        let empty = draw(Lang::En, (from, from), &[]);
        assert_eq!((empty.bars.len(), empty.bars[0].active_height.as_str()), (1, "0.000"));
        // October's last night has 25 hours.
        let october = Timestamp(1_792_710_000_000);
        let keys: Vec<String> =
            draw(Lang::Fr, (october, october.plus(Span::days(9))), &[]).bars.into_iter().map(|b| b.number).collect();
        let mut once = keys.clone();
        once.dedup();
        assert_eq!(once, keys);
    }
}
