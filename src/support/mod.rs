//! What a support code on a page stands for.
//!
//! An activation's code leads to the activation, a notice's to the notice; the code of any other page leads here. The
//! frame notes such a page in memory (`http/support.rs`), the worker writes it: always where the page stood in
//! somebody's activation or session, else within a bound for each source, because a stranger can call up an error page
//! as often as they like. The log has every one under its request id, which begins with the code.

pub mod ops;
pub mod store;

use crate::base::clock::Span;

/// How long an event is kept.
pub const KEPT: Span = Span::days(30);
/// Rows at most; the oldest go.
pub const MOST: i64 = 200_000;

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq, crate::db::FromRow)]
pub struct SupportEvent {
    pub code: String,
    pub at: i64,
    /// Which page, by its template.
    pub page: String,
    pub path: String,
    pub request_id: String,
    pub account_id: Option<String>,
    pub activation_id: Option<String>,
    pub client_id: Option<String>,
}
