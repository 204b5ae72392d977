//! Work that goes through a whole table once a day, in steps: one server at a time, and wherever it is cut, another one
//! goes on. It knows nothing of the work itself.

pub mod store;

use crate::base::clock::Span;

/// The time for which a server holds a pass without a step: a step takes milliseconds, and a server that died must not
/// hold up the others for long.
pub const CLAIM_TTL: Span = Span::minutes(10);
/// The least time from the end of a pass to the next one. The hourly work comes a little later each day.
pub const PASS_INTERVAL: Span = Span::hours(23);

/// The passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum DailyPass {
    /// Asks for the closings that the house asks for, and closes accounts that nobody ever used.
    Closings,
    /// Erases people whom no school names any more.
    Erasure,
    /// Tells pupils what an age changes.
    Ages,
}

impl DailyPass {
    pub fn name(self) -> &'static str {
        self.into()
    }
}
