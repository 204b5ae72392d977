//! `[letters]`: how letters with a code travel.

use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Letters {
    /// True if pupils may carry the first letters of their parents home. Whoever has the letter and knows the birth dates
    /// opens the account, and a pupil knows all of them: without it, letters for parents say that they are handed over in
    /// person or posted.
    pub by_pupil: bool,
}
