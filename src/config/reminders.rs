//! `[reminders]`: SMS and mails by which a school reminds the parents who have not activated an account.

use serde::{Deserialize, Serialize};

use super::ConfigError;

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Reminders {
    /// The share of the messages of a day, of an hour and of an academy, of a hundred, that may be reminders. The rest
    /// stays for codes, which somebody waits for. 0: no SMS reminds, and no page offers one.
    pub share_percent: u32,
    /// The maximum number of SMS, counted as billed, by which one school may remind within thirty days.
    pub school_budget: u32,
    /// The maximum number of mails by which one school may remind within thirty days. 0: no mail reminds, and no page
    /// offers one.
    pub school_mails: u32,
    /// The name of the portal's site as it stands in the text, such as `www.mon-ent.example`. Never a whole link: people
    /// would learn to open links of messages. Empty: the text names none.
    pub portal: String,
    /// The price of one billed SMS, in thousandths of a euro, as the operator's contract has it. 0: pages tell the number
    /// only.
    pub sms_price_thousandths: u32,
    /// The maximum number of reminders by mail in a day, of all schools together, where `[mail]` is set: a provider that
    /// suddenly sends many mails is taken for a spammer. 0: no mail reminds, and no page offers one.
    pub mail_daily_cap: u32,
}

impl Default for Reminders {
    fn default() -> Self {
        Self {
            share_percent: 20,
            school_budget: 1_500,
            school_mails: 2_000,
            portal: String::new(),
            sms_price_thousandths: 0,
            mail_daily_cap: 5_000,
        }
    }
}

/// The maximum share: codes keep half of every cap.
const MAX_SHARE_PERCENT: u32 = 50;
/// The maximum length of the portal's name, in characters: it is a part of an SMS.
const MAX_PORTAL_CHARS: usize = 60;

impl Reminders {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        if self.share_percent > MAX_SHARE_PERCENT {
            return Err(ConfigError::Invalid("reminders.share_percent is 50 at most: codes need the rest".into()));
        }
        let is_host = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
        let portal = &self.portal;
        if !portal.is_empty()
            && (portal.len() > MAX_PORTAL_CHARS || !portal.contains('.') || !portal.chars().all(is_host))
        {
            return Err(ConfigError::Invalid(
                "reminders.portal is the name of a site, such as \"www.mon-ent.example\": no https, no path".into(),
            ));
        }
        Ok(())
    }

    /// Returns the share of a cap that reminders may use.
    pub fn share_of(&self, cap: u32) -> u32 {
        let share = u64::from(cap) * u64::from(self.share_percent) / 100;
        u32::try_from(share).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_portal_is_a_name_and_never_a_link() {
        for (portal, is_taken) in [
            ("", true),
            ("www.mon-ent.example", true),
            ("https://www.mon-ent.example", false),
            ("mon-ent.example/entrer?jeton=1", false),
            ("mon ent.example", false),
            ("localhost", false),
            ("Mon-ENT.example", false),
        ] {
            let reminders = Reminders { portal: portal.to_owned(), ..Reminders::default() };
            assert_eq!(reminders.check().is_ok(), is_taken, "{portal}");
        }
        assert!(Reminders { share_percent: 51, ..Reminders::default() }.check().is_err());
    }

    #[test]
    fn a_share_is_rounded_down() {
        let reminders = Reminders { share_percent: 20, ..Reminders::default() };
        assert_eq!([0, 4, 5, 20_000, u32::MAX].map(|cap| reminders.share_of(cap)), [0, 0, 1, 4_000, 858_993_459]);
    }
}
