//! The state of an e-mail address of an account.

/// The state of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum EmailState {
    /// Typed, and not confirmed yet.
    Asked,
    Confirmed,
    /// A newer address was confirmed.
    Replaced,
    /// The person removed it.
    Removed,
    /// It gave way to an older address that the person took back.
    Undone,
}

impl EmailState {
    pub fn name(self) -> &'static str {
        self.into()
    }
}
