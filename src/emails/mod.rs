//! The e-mail address of an account: optional, confirmed by a code, never a way to find an account or to sign in.
//!
//! An address that was typed has no power until its six digits are typed in the session that asked
//! (docs/threats.md#attack-a8). A confirmed address is told what happens to the account (`src/notify/`), a replaced one
//! that it was. Several accounts may have one address.

pub mod ops;
pub mod pages;
pub mod views;

use crate::base::clock::Span;

/// The TTL of a confirmation code.
pub const CONFIRMATION_TTL: Span = Span::hours(24);
/// The time in which a replaced or removed address may be taken back.
pub const UNDO_TTL: Span = Span::days(7);
