//! `[pupils]`: the accounts of pupils.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Pupils {
    /// The age in years until which a parent may get a code for a pupil who forgot the password. 15 is the digital
    /// majority in France: from then on a pupil has a private life in the account. 0: parents get no code, the school
    /// alone does.
    pub parent_reset_until: u32,
}

impl Default for Pupils {
    fn default() -> Self {
        Self { parent_reset_until: 15 }
    }
}

/// The age in years from which a pupil may recover by an own address, where parents' codes end earlier: the digital
/// majority in France.
const MIN_MAIL_RESET_AGE: u32 = 15;

impl Pupils {
    /// Returns the age in years from which a pupil recovers by an own e-mail address. Below it a parent or the school
    /// helps.
    pub fn mail_reset_from(&self) -> u32 {
        MIN_MAIL_RESET_AGE.max(self.parent_reset_until)
    }
}
