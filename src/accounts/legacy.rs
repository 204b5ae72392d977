//! Passwords of accounts that come from elsewhere: the hash of the other program, sealed, until the first sign-in makes
//! a hash of ours of it (docs/decisions/0054-accounts-from-elsewhere.md).

use super::Account;
use crate::base::typed_ids::AccountId;
use crate::crypto::{AssociatedData, LegacyHash, MasterKey, SealError};

/// The beginning of a stored password that is sealed; no hash of ours begins so.
const PREFIX: &str = "sealed:";

/// The error of a sealed hash that does not open, or is none.
#[derive(Debug, thiserror::Error)]
pub enum LegacyPasswordError {
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error("the sealed hash of an account is none")]
    Malformed,
}

fn associated_data(account_id: &AccountId) -> AssociatedData<'_> {
    AssociatedData { table: "account", column: "password", row: account_id.as_str() }
}

/// Returns the stored form of a hash.
pub fn seal(master_key: &MasterKey, account_id: &AccountId, hash: &LegacyHash) -> Result<String, SealError> {
    Ok(format!("{PREFIX}{}", master_key.seal(associated_data(account_id), hash.as_text())?))
}

/// True if a stored password is a hash of another program.
pub fn is_legacy(stored: &str) -> bool {
    stored.starts_with(PREFIX)
}

/// Opens the hash of another program; `None` if the account has none.
pub fn open(master_key: &MasterKey, account: &Account) -> Result<Option<LegacyHash>, LegacyPasswordError> {
    let Some(sealed) = account.password.as_deref().and_then(|stored| stored.strip_prefix(PREFIX)) else {
        return Ok(None);
    };
    let text = master_key.open(associated_data(&account.id), sealed)?;
    LegacyHash::parse(&text).map(Some).map_err(|_| LegacyPasswordError::Malformed)
}
