//! `[passwords]`: how password hashes are computed. Their cost is no configuration.

use serde::{Deserialize, Serialize};

use crate::crypto::PasswordHashing;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// `fast` (the default) or `reference`: two programs for the same hashes, see
    /// docs/decisions/0057-a-faster-argon2id.md. The stored hashes are the same with either.
    pub hashing: PasswordHashing,
}
