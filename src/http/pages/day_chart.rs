//! A chart of days with two stacked numbers each: places and heights of SVG, so that no script draws it.
//!
//! Widths are per cent and heights pixels: the words keep their size on a phone. The numbers stand in a table beside.

use std::collections::BTreeMap;

use serde::Serialize;

use super::dates;
use crate::base::clock::{Span, Timestamp};
use crate::base::lang::Lang;

/// The lines of the highest bar and of the ground, in pixels.
const TOP: i64 = 18;
const GROUND: i64 = 150;
/// The number of days from which a phone has no room for each day's words.
const CROWDED_DAYS: usize = 8;
/// The number of days from which no screen has; then each week has its words, and no bar its number.
const WEEKLY_DAYS: usize = 32;
/// The maximum number of days.
const MAX_DAYS: usize = 92;

/// A count as it is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ShownCount {
    pub n: i64,
    /// True for a count that is too small to be told; `n` is 0 then.
    pub is_few: bool,
}

impl ShownCount {
    pub fn exact(n: i64) -> Self {
        ShownCount { n, is_few: false }
    }

    pub fn few() -> Self {
        ShownCount { n: 0, is_few: true }
    }

    /// Returns the number as which it is drawn: the same for each one that is not told.
    pub fn drawn(self) -> i64 {
        if self.is_few { 2 } else { self.n }
    }
}

/// A day of the chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DayBar {
    /// The beginning of the day of the week, and the day of the month; empty where there is no room.
    pub weekday: String,
    pub number: String,
    pub day: String,
    /// The count at the ground, and the one on top of it.
    pub low: ShownCount,
    pub high: ShownCount,
    pub x: String,
    pub middle: String,
    pub width: String,
    pub low_y: String,
    pub low_height: String,
    pub high_y: String,
    pub high_height: String,
    pub label_y: String,
    /// The number beside the two, such as reminders of the day; drawn as a line.
    pub marks: i64,
    /// True if a phone leaves the words out.
    pub is_thin: bool,
    /// True if the number stands above the bar.
    pub is_numbered: bool,
}

/// The days, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DayChart {
    pub bars: Vec<DayBar>,
    /// The first day in words.
    pub since: String,
    /// The sum of the marks; without any, the chart does not speak of them.
    pub marks: i64,
    #[serde(skip)]
    keys: Vec<String>,
}

impl DayChart {
    /// Marks days, by their keys.
    #[must_use]
    pub fn with_marks(mut self, marks: &BTreeMap<String, i64>) -> Self {
        for (bar, key) in self.bars.iter_mut().zip(&self.keys) {
            bar.marks = marks.get(key).copied().unwrap_or_default();
        }
        self.marks = self.bars.iter().map(|bar| bar.marks).sum();
        self
    }

    /// Returns an example of so many days, for the samples of pages.
    pub fn sample(days: i64) -> Self {
        let from = Timestamp(1_795_510_800_000);
        let count = |key: &str| {
            let n = key.bytes().map(i64::from).sum::<i64>() % 23;
            (ShownCount::exact(n), if n % 3 == 0 { ShownCount::few() } else { ShownCount::exact(n % 3) })
        };
        let marks = BTreeMap::from([(dates::date_key(from.plus(Span::days(1))), 12)]);
        draw(Lang::Fr, (from, from.plus(Span::days(days - 1))), count).with_marks(&marks)
    }
}

/// Formats thousandths as a number with a point.
fn decimal(thousandths: i64) -> String {
    format!("{}.{:03}", thousandths / 1000, thousandths.rem_euclid(1000))
}

/// Formats a part of a whole in per cent.
pub fn percent(part: i64, whole: i64) -> String {
    format!("{}%", decimal(part.saturating_mul(100_000).checked_div(whole).unwrap_or_default()))
}

/// Splits « lundi 16 novembre » into the beginning of the day of the week, and the number.
fn short(day: &str) -> (String, String) {
    let mut words = day.split([' ', '\u{a0}']);
    let weekday: String = words.next().unwrap_or_default().chars().take(3).collect();
    let number: String = words.next().unwrap_or_default().chars().filter(char::is_ascii_digit).collect();
    (weekday.to_lowercase(), number)
}

/// Lists the days from one to another, both included, by their keys.
pub fn list_days(from: Timestamp, to: Timestamp) -> Vec<(String, Timestamp)> {
    let mut days: Vec<(String, Timestamp)> = Vec::new();
    let mut at = from;
    while dates::date_key(at) <= dates::date_key(to) && days.len() < MAX_DAYS {
        let key = dates::date_key(at);
        // The night of summer time has a day of 25 hours.
        if days.last().is_none_or(|(last, _)| *last != key) {
            days.push((key, at));
        }
        at = at.plus(Span::hours(24));
    }
    days
}

/// Draws the days from one to another, both included; `count` gives the two numbers of a day by its key.
pub fn draw(
    lang: Lang,
    (from, to): (Timestamp, Timestamp),
    count: impl Fn(&str) -> (ShownCount, ShownCount),
) -> DayChart {
    let days = list_days(from, to);
    let drawn = |(low, high): (ShownCount, ShownCount)| low.drawn() + high.drawn();
    let most = days.iter().map(|(key, _)| drawn(count(key))).max().unwrap_or(0).max(1);
    let width = i64::try_from(days.len().max(1)).unwrap_or(1);
    let height = |n: i64| n.saturating_mul((GROUND - TOP) * 1000) / most;
    let is_weekly = days.len() >= WEEKLY_DAYS;
    let bar = |(place, (key, at)): (usize, &(String, Timestamp))| {
        let (low, high) = count(key);
        let day = dates::weekday_and_day(lang, *at);
        let (weekday, number) = if is_weekly && place % 7 != 0 { Default::default() } else { short(&day) };
        let left = i64::try_from(place).unwrap_or(0);
        let (low_height, high_height) = (height(low.drawn()), height(high.drawn()));
        let ground = GROUND * 1000;
        DayBar {
            weekday,
            number,
            day,
            low,
            high,
            x: percent(left * 100 + 18, width * 100),
            middle: percent(left * 100 + 50, width * 100),
            width: percent(64, width * 100),
            low_y: decimal(ground - low_height),
            low_height: decimal(low_height),
            high_y: decimal(ground - low_height - high_height),
            high_height: decimal((high_height - 1000).max(0)),
            label_y: decimal(ground - low_height - high_height - 5000),
            marks: 0,
            is_thin: if is_weekly { place % 21 != 0 } else { days.len() > CROWDED_DAYS && place % 3 != 0 },
            is_numbered: !is_weekly,
        }
    };
    let bars = days.iter().enumerate().map(bar).collect();
    let keys = days.iter().map(|(key, _)| key.clone()).collect();
    DayChart { bars, since: dates::weekday_and_day(lang, from), marks: 0, keys }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FROM: Timestamp = Timestamp(1_795_510_800_000);

    #[test]
    fn the_highest_day_reaches_the_top_and_each_day_has_a_bar() {
        let exact = |low, high| (ShownCount::exact(low), ShownCount::exact(high));
        let count = |key: &str| match key {
            "2026-11-24" => exact(10, 2),
            "2026-11-25" => exact(3, 0),
            _ => exact(0, 0),
        };
        let chart = draw(Lang::Fr, (FROM, FROM.plus(Span::days(9))), count);
        assert_eq!(chart.bars.len(), 10);
        let (first, second) = (&chart.bars[0], &chart.bars[1]);
        assert_eq!((first.weekday.as_str(), first.number.as_str()), ("mar", "24"));
        assert_eq!((first.low.n, first.high.n, first.high_y.as_str()), (10, 2, "18.000"));
        assert_eq!((second.low.n, second.high.n), (3, 0));
        assert_eq!((first.x.as_str(), first.width.as_str()), ("1.800%", "6.400%"));
        assert!(!chart.bars[3].is_thin && chart.bars[4].is_thin);
        let empty = draw(Lang::En, (FROM, FROM), |_| exact(0, 0));
        assert_eq!((empty.bars.len(), empty.bars[0].low_height.as_str()), (1, "0.000"));
        // October's last night has 25 hours.
        let october = Timestamp(1_792_710_000_000);
        let keys: Vec<String> =
            list_days(october, october.plus(Span::days(9))).into_iter().map(|(key, _)| key).collect();
        let mut once = keys.clone();
        once.dedup();
        assert_eq!(once, keys);
    }

    #[test]
    fn a_count_that_is_not_told_is_drawn_like_every_other_such_one_and_many_days_have_words_by_week() {
        let few = |_: &str| (ShownCount::few(), ShownCount::exact(0));
        let chart = draw(Lang::Fr, (FROM, FROM.plus(Span::days(89))), few);
        assert_eq!(chart.bars.len(), 90);
        let first = &chart.bars[0];
        assert!(chart.bars.iter().all(|bar| bar.low_height == first.low_height && bar.low.n == 0 && bar.low.is_few));
        assert_eq!(chart.bars.iter().filter(|bar| !bar.number.is_empty()).count(), 13);
        assert!(!first.is_numbered);
    }
}
