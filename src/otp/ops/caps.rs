//! The caps of a day (of the deployment, of a foreign prefix, and of an academy), and the pace of an hour.
//!
//! Each bounds what a roster full of numbers that earn somebody money may cost (docs/threats.md#threat-s07). A prefix of
//! France has no cap of its own: whoever makes many parents ask could close it for everybody.

use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::destinations::is_domestic;
use crate::config::Config;
use crate::db::{Result, Tx, UnitOfWork};
use crate::http::pages::dates::date_key;
use crate::limits::{self, RateLimit};
use crate::otp::conversion::destination_prefix;
use crate::otp::outage::{OutageReason, cap_percent_reached};
use crate::otp::store::outages;

/// A limit of messages in a day, or of the pace of all messages.
pub(super) struct SmsCap {
    limit: RateLimit,
    /// The day, with what is capped.
    key: String,
    pub max: u32,
    pub reason: OutageReason,
    /// The kind of cap, in metrics.
    kind: &'static str,
    setting: &'static str,
}

/// The result of counting a message.
pub(super) enum CapCount {
    /// Counted on each of the caps; the day's new counts stand in their order.
    Counted(Vec<i64>),
    /// The message is one too many for the cap at this index.
    Exceeded(usize),
}

impl SmsCap {
    /// Returns the words for operators after the cap is used up.
    pub fn exhausted(&self) -> String {
        let (max, setting) = (self.max, self.setting);
        match self.limit {
            RateLimit::SmsPace => format!("{max} messages an hour, twice the forecast ({setting}), are used up"),
            _ => format!("the {max} messages of the day ({setting}) are used up"),
        }
    }

    pub fn name(&self) -> &'static str {
        self.limit.name()
    }
}

/// Returns the caps that hold for a message on a day. Released and counted by the same list.
pub(super) fn caps_of(config: &Config, day: Timestamp, to: &str, academy: Option<&str>) -> Vec<SmsCap> {
    let day = date_key(day);
    let mut caps = Vec::new();
    if !is_domestic(to) {
        let prefix = destination_prefix(to);
        caps.push(SmsCap {
            limit: RateLimit::DailySmsToPrefix,
            key: format!("{day}/{prefix}"),
            max: config.sms.foreign_prefix_daily_cap,
            reason: OutageReason::PrefixCap(prefix),
            kind: "prefix",
            setting: "sms.foreign_prefix_daily_cap",
        });
    }
    if let Some(academy) = academy.filter(|_| config.sms.academy_daily_cap > 0) {
        caps.push(SmsCap {
            limit: RateLimit::DailySmsOfAcademy,
            key: format!("{day}/{academy}"),
            max: config.sms.academy_daily_cap,
            reason: OutageReason::AcademyCap(academy.to_owned()),
            kind: "academy",
            setting: "sms.academy_daily_cap",
        });
    }
    caps.push(SmsCap {
        limit: RateLimit::DailySms,
        key: day,
        max: config.sms.daily_cap,
        reason: OutageReason::Cap,
        kind: "day",
        setting: "sms.daily_cap",
    });
    caps.push(SmsCap {
        limit: RateLimit::SmsPace,
        key: "all".to_owned(),
        max: config.sms.messages_per_hour(),
        reason: OutageReason::Pace,
        kind: "hour",
        setting: "sms.hourly_forecast",
    });
    caps
}

/// Counts a message on each cap. The caller rolls back unless all of them have room.
pub(super) async fn count_message(tx: &mut UnitOfWork<'_>, caps: &[SmsCap]) -> Result<CapCount> {
    let mut counts = Vec::new();
    for (index, cap) in caps.iter().enumerate() {
        if cap.limit == RateLimit::SmsPace {
            if !limits::store::pace::take(tx, cap.limit, &cap.key, cap.max).await? {
                return Ok(CapCount::Exceeded(index));
            }
            continue;
        }
        match limits::store::count_daily(tx, cap.limit, &cap.key, cap.max).await? {
            Some(count) => counts.push(count),
            None => return Ok(CapCount::Exceeded(index)),
        }
    }
    for cap in caps {
        outages::end(tx, &cap.reason).await?;
    }
    Ok(CapCount::Counted(counts))
}

/// The part of the pace of an hour, and of the messages of a day, that one kind of what is told to many may use: one in so
/// many. There are two kinds, and codes always have the rest.
const PART_OF_MANY: u32 = 3;

/// Returns the messages of a day of one such kind.
pub fn messages_of_many(config: &Config) -> u32 {
    config.sms.daily_cap.div_ceil(PART_OF_MANY)
}

/// Counts a message that is no code on the caps of the day; one of many that the house sends at once also on its part of
/// the caps. Returns false if one of them is used up: the caller rolls back.
pub async fn count_other_message(
    app: &App,
    tx: &mut UnitOfWork<'_>,
    now: Timestamp,
    (to, part): (&str, Option<&str>),
) -> Result<bool> {
    if let Some(part) = part {
        let hour = app.config.sms.messages_per_hour().div_ceil(PART_OF_MANY);
        let (key, day) = (format!("{}/{part}", date_key(now)), messages_of_many(&app.config));
        if !limits::store::pace::take(tx, RateLimit::NoticePace, part, hour).await?
            || limits::store::count_daily(tx, RateLimit::DailyNotices, &key, day).await?.is_none()
        {
            return Ok(false);
        }
    }
    let caps = caps_of(&app.config, now, to, None);
    match count_message(tx, &caps).await? {
        CapCount::Counted(counts) => {
            report_caps(app, &caps, &counts);
            Ok(true)
        }
        CapCount::Exceeded(_) => Ok(false),
    }
}

/// The outcome of counting a reminder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReminderCount {
    Counted,
    /// There is room again within the hour.
    Later,
    /// The share of the day is used up.
    Tomorrow,
    /// The cap of the number's foreign prefix, or the share of it, is used up: the others need not wait for it.
    NotThere,
}

/// Returns the shares of the caps of a day that reminders may use: the key, the share, and what it means that it is used
/// up. A foreign prefix has the smallest cap, which codes need most.
fn reminder_shares(config: &Config, day: &str, (to, academy): (&str, &str)) -> Vec<(String, u32, ReminderCount)> {
    let share_of = |cap| config.reminders.share_of(cap);
    let mut shares = Vec::new();
    if !is_domestic(to) {
        let key = format!("{day}/{}", destination_prefix(to));
        shares.push((key, share_of(config.sms.foreign_prefix_daily_cap), ReminderCount::NotThere));
    }
    shares.push((day.to_owned(), share_of(config.sms.daily_cap), ReminderCount::Tomorrow));
    if config.sms.academy_daily_cap > 0 {
        let key = format!("{day}/{academy}");
        shares.push((key, share_of(config.sms.academy_daily_cap), ReminderCount::Tomorrow));
    }
    shares
}

/// Counts a reminder on its share of the caps and on the caps themselves, so that codes always have the rest. Unless it
/// was counted, the caller rolls back.
pub async fn count_reminder(
    app: &App,
    tx: &mut UnitOfWork<'_>,
    now: Timestamp,
    (to, academy): (&str, &str),
) -> Result<ReminderCount> {
    let (config, day) = (&app.config, date_key(now));
    let of_hour = config.reminders.share_of(config.sms.messages_per_hour());
    if of_hour == 0 || !limits::store::pace::take(tx, RateLimit::ReminderPace, "all", of_hour).await? {
        return Ok(ReminderCount::Later);
    }
    for (key, share, exceeded) in reminder_shares(config, &day, (to, academy)) {
        if limits::store::count_daily(tx, RateLimit::DailyReminders, &key, share).await?.is_none() {
            return Ok(exceeded);
        }
    }
    let caps = caps_of(config, now, to, Some(academy));
    match count_message(tx, &caps).await? {
        CapCount::Counted(counts) => {
            report_caps(app, &caps, &counts);
            Ok(ReminderCount::Counted)
        }
        CapCount::Exceeded(index) => match caps.get(index).map(|cap| cap.limit) {
            Some(RateLimit::SmsPace) => Ok(ReminderCount::Later),
            Some(RateLimit::DailySmsToPrefix) => Ok(ReminderCount::NotThere),
            _ => Ok(ReminderCount::Tomorrow),
        },
    }
}

/// The caps of a message in the order in which it is counted on them: whoever takes several back waits for nobody who
/// waits for it.
const COUNTING_ORDER: [RateLimit; 4] =
    [RateLimit::DailySmsToPrefix, RateLimit::DailySmsOfAcademy, RateLimit::DailySms, RateLimit::SmsPace];

/// Takes reminders of an academy's people back that did not leave, each with the time at which it was counted and its
/// number, from their share of the caps and from the caps themselves.
pub async fn uncount_reminders(
    config: &Config,
    tx: &mut Tx,
    academy: &str,
    reminders: &[(Timestamp, String)],
) -> Result<()> {
    let of_hour = config.reminders.share_of(config.sms.messages_per_hour());
    // First of all, as it is counted first of all: other reminders wait here.
    for _ in reminders {
        limits::store::pace::give_back(tx, RateLimit::ReminderPace, "all", of_hour).await?;
    }
    for (at, to) in reminders {
        for (key, ..) in reminder_shares(config, &date_key(*at), (to, academy)) {
            limits::store::uncount_daily(tx, RateLimit::DailyReminders, &key).await?;
        }
    }
    let mut caps: Vec<SmsCap> = reminders.iter().flat_map(|(at, to)| caps_of(config, *at, to, Some(academy))).collect();
    caps.sort_by_cached_key(|cap| (COUNTING_ORDER.iter().position(|limit| *limit == cap.limit), cap.key.clone()));
    uncount_message(tx, &caps).await
}

/// Takes a message back from each cap.
pub(super) async fn uncount_message(tx: &mut Tx, caps: &[SmsCap]) -> Result<()> {
    for cap in caps {
        if cap.limit == RateLimit::SmsPace {
            limits::store::pace::give_back(tx, cap.limit, &cap.key, cap.max).await?;
        } else {
            limits::store::uncount_daily(tx, cap.limit, &cap.key).await?;
        }
    }
    Ok(())
}

/// Tells operators that half, four fifths or all of a cap is used, exactly when it is.
pub(super) fn report_caps(app: &App, caps: &[SmsCap], counts: &[i64]) {
    for (cap, count) in caps.iter().filter(|cap| cap.limit != RateLimit::SmsPace).zip(counts) {
        let Some(percent) = cap_percent_reached(*count, cap.max) else { continue };
        app.metrics.record_sms_cap(cap.kind, percent);
        let (reason, max, setting) = (cap.reason.name(), cap.max, cap.setting);
        if percent >= 100 {
            tracing::error!(percent, reason, max, setting, "SMS of the day: raise it, or see who asks for so many");
        } else {
            tracing::warn!(percent, reason, max, setting, "SMS of the day: see who asks for so many");
        }
    }
}

/// Returns the caps of today of which half or more is used, in words for operators.
pub async fn used_caps(tx: &mut Tx, config: &Config, now: Timestamp) -> Result<Vec<String>> {
    let mut words = Vec::new();
    for (limit, what, max) in [
        (RateLimit::DailySmsToPrefix, "prefix", config.sms.foreign_prefix_daily_cap),
        (RateLimit::DailySmsOfAcademy, "academy", config.sms.academy_daily_cap),
    ] {
        let day = format!("{}/", date_key(now));
        for (key, count) in limits::store::list_daily(tx, limit, &day).await? {
            let name = key.strip_prefix(&day).unwrap_or_default();
            if count.saturating_mul(2) >= i64::from(max) && max > 0 {
                words.push(format!("{what} {name}: {count} of {max}"));
            }
        }
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threat_s07_reminders_have_a_share_of_the_cap_of_a_foreign_prefix_too() {
        let mut config = Config::default();
        config.sms.foreign_prefix_daily_cap = 50;
        let keys = |to| {
            let shares = reminder_shares(&config, "2026-11-30", (to, "montpellier"));
            shares.into_iter().filter(|(.., exceeded)| *exceeded == ReminderCount::NotThere).collect::<Vec<_>>()
        };
        assert_eq!(keys("+33639980001"), Vec::new());
        let right = (
            format!("2026-11-30/{}", destination_prefix("+352621000001")),
            config.reminders.share_of(50),
            ReminderCount::NotThere,
        );
        assert_eq!(keys("+352621000001"), [right]);
    }
}
