//! What happened to an account, read from the audit for its person.

use crate::audit;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::AccountId;
use crate::db::Tx;

/// The events that a person reads, by their stored names: each has a message `event-…`. What concerns tokens and
/// clients only is none of them.
pub const EVENT_WORDS: [&str; 48] = [
    "signed_in",
    "signed_out",
    "upstream_linked",
    "upstream_unlinked",
    "passwords_failed",
    "codes_failed",
    "factors_failed",
    "birth_dates_failed",
    "locked_out",
    "activation_started",
    "recovery_started",
    "email_confirmed",
    "email_removed",
    "email_taken_back",
    "letter_issued",
    "letter_withdrawn",
    "children_confirmed",
    "child_contested",
    "child_set_aside",
    "password_chosen",
    "password_replaced",
    "consent_given",
    "consent_withdrawn",
    "factor_added",
    "factor_removed",
    "factor_proven",
    "backup_codes_renewed",
    "device_forgotten",
    "phone_disowned",
    "phone_proof_asked",
    "phone_proven",
    "phone_restored",
    "phone_kept",
    "passkey_added",
    "passkey_removed",
    "passkey_copied",
    "data_exported",
    "closing_requested",
    "closing_withdrawn",
    "accounts_joined",
    "accounts_separated",
    "not_mine_reported",
    "identifiant_given",
    "pupil_recognised",
    "pupil_detached",
    "account_suspended",
    "account_resumed",
    "password_change_forced",
];
/// The number of audit rows read for a page.
const PAGE_ROWS: i64 = 100;

/// An event with its place in the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalEvent {
    /// One of [`EVENT_WORDS`].
    pub word: &'static str,
    pub at: Timestamp,
}

/// Lists the events before an audit id, the newest first, and the id before which older ones may stand.
pub async fn list_events(
    tx: &mut Tx,
    account_id: &AccountId,
    before: Option<&str>,
) -> anyhow::Result<(Vec<PersonalEvent>, Option<String>)> {
    // After any id: they are hexadecimal.
    let rows = audit::store::list_latest_of_account(tx, account_id, before.unwrap_or("g"), PAGE_ROWS).await?;
    let full = i64::try_from(rows.len()).is_ok_and(|n| n == PAGE_ROWS);
    let older = rows.last().filter(|_| full).map(|(id, ..)| id.clone());
    let known = |(_, at, fact): (String, i64, String)| {
        let word = EVENT_WORDS.into_iter().find(|word| *word == fact)?;
        Some(PersonalEvent { word, at: Timestamp(at) })
    };
    Ok((rows.into_iter().filter_map(known).collect(), older))
}
